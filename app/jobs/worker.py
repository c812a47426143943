"""The worker process: takes jobs from PostgreSQL, runs them in threads, rescues those of dead workers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException

import config
from app.core.errors import BusinessError
from app.jobs.registry import JOBS, TRIES, Job
from app.jobs.runner import Runner

log = logging.getLogger("serai.jobs")

THREADS = 4
HEARTBEAT = 5.0  # seconds between two signs of life of a worker
STALLED = 30.0  # seconds without one after which its jobs are given to others
POLL = 5.0  # seconds; new jobs announce themselves, retried ones are found by looking
LONGEST_PAUSE = 3600  # seconds between two attempts, at most
MISSED = 26 * 3600  # seconds: a nightly job missed while the machine was off runs when it is on again

# A job that takes its worker down with it (out of memory) is not given to the next one for ever.
_RESCUE = """
with stalled as (
    select j.id, j.attempts from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
    where j.status = 'doing'
      and (w.id is null or w.last_heartbeat < now() - make_interval(secs => %(seconds)s))
    for update of j skip locked
), again as (
    select id, procrastinate_retry_job_v2(id, now(), null, null, null)::text from stalled where attempts < %(tries)s
), enough as (
    select id, procrastinate_finish_job_v1(id, 'failed', false)::text from stalled where attempts >= %(tries)s
)
select id, true as again from again union all select id, false from enough
"""


class Backoff(procrastinate.BaseRetryStrategy):
    """Again after 2, 4, 8 ... seconds, an hour at most; a refusal by a rule is final."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> procrastinate.RetryDecision | None:
        if isinstance(exception, BusinessError) or job.attempts + 1 >= self.tries:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_PAUSE)})


class Worker:
    """Takes jobs until it is told to stop; survives a database that goes and comes back.

    :param url: of the database, for the queue's own connections
    """

    def __init__(
        self,
        runner: Runner,
        url: str,
        *,
        threads: int = THREADS,
        heartbeat: float = HEARTBEAT,
        stalled: float = STALLED,
    ) -> None:
        self.runner, self.url, self.threads = runner, url, threads
        self.heartbeat, self.stalled = heartbeat, stalled
        self.stopping: asyncio.Event | None = None

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; running jobs are finished first."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self.threads + 1, thread_name_prefix="job"))
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stopping.set)
        pause = 1.0
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                await self._until_broken()
            except (ConnectorException, psycopg.Error, OSError) as error:
                log.warning("the queue cannot be reached: %s", error.__cause__ or error)
            pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, 30.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)

    async def _until_broken(self) -> None:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=_libpq(self.url), kwargs=_options(self.url), **_POOL),
            periodic_defaults={"max_delay": MISSED},
        )
        for one in JOBS.values():
            _register(app, one, self.runner)
        async with app.open_async():
            working = asyncio.create_task(self._work(app))
            helpers = [asyncio.create_task(self._rescue(app)), asyncio.create_task(self.stopping.wait())]
            try:
                await asyncio.wait({working, helpers[1]}, return_when=asyncio.FIRST_COMPLETED)
                working.cancel()  # once: a second time would not wait for running jobs
                with contextlib.suppress(asyncio.CancelledError):
                    await working
            finally:
                for helper in helpers:
                    helper.cancel()

    async def _work(self, app: procrastinate.App) -> None:
        await app.run_worker_async(
            name="serai",
            concurrency=self.threads,
            install_signal_handlers=False,
            fetch_job_polling_interval=POLL,
            update_heartbeat_interval=self.heartbeat,
            stalled_worker_timeout=self.stalled,
        )

    async def _rescue(self, app: procrastinate.App) -> None:
        """Give the jobs of workers that died to others. A coroutine, not a job: no row every few seconds."""
        while True:
            with contextlib.suppress(ConnectorException):
                found = await app.connector.execute_query_all_async(_RESCUE, seconds=self.stalled, tries=TRIES)
                for row in found:
                    fate = "again" if row["again"] else "given up"
                    log.warning("job %s was left by a dead worker; %s", row["id"], fate)
                await app.job_manager.prune_stalled_workers(self.stalled)
            await asyncio.sleep(min(10.0, self.stalled / 2))


_POOL = {"min_size": 1, "max_size": 3, "timeout": 15.0}


def _libpq(url: str) -> str:
    return config.sqlalchemy_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def _options(url: str) -> dict[str, Any]:
    """As the application connects, but with the eyes of staff: the queue's tables are theirs."""
    arguments: dict[str, Any] = dict(config.engine_options(url)["connect_args"])
    arguments["options"] = arguments["options"].replace("role=serai_none", "role=serai_staff")
    return arguments


def _register(app: procrastinate.App, one: Job, runner: Runner) -> None:
    def run(**arguments: Any) -> None:
        runner.run(one.name, arguments)

    run.__name__ = one.name
    once = {"queueing_lock": one.name, "lock": one.name} if one.cron else {}
    task = app.task(name=one.name, retry=Backoff(one.tries), **once)(run)
    if one.cron:
        app.periodic(cron=one.cron)(task)


class Quiet(logging.Filter):
    """Drops what the runner has said already about a job that failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "action", "") not in ("job_error", "job_error_retry")
