"""Runs one job: its own application context, its own session, its own unit of work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app import access
from app.core.errors import BusinessError, Forbidden
from app.core.work import Actor, Work, work
from app.jobs.registry import JOBS, Job

log = logging.getLogger("serai.jobs")


class Runner:
    """Runs jobs by name.

    :param sessions: makes a session per job
    :param app: Flask application whose context each job gets: languages and settings come from it
    :param actor_of: (user id, session) -> Actor, for jobs that run as whoever asked for them
    :param screens: makes the application with all its screens, for the few jobs that need them
    """

    def __init__(
        self,
        sessions: Callable[[], Any],
        app: Any = None,
        actor_of: Callable[[int, Any], Actor] = access.actor_of,
        screens: Callable[[], Any] | None = None,
    ) -> None:
        self.sessions, self.app, self.actor_of = sessions, app, actor_of
        self._screens, self._whole, self._one_at_a_time = screens, None, Lock()

    def run(self, name: str, arguments: dict[str, Any], now: datetime | None = None) -> Any:
        """Run one job and commit what it did.

        :raises BusinessError: a rule refused; running it again would not change that
        """
        one = JOBS[name]
        app = self._with_screens() if one.screens else self.app
        with app.app_context() if app else nullcontext(), self.sessions() as session:
            actor = self._actor(one, session, arguments)
            try:
                with work(actor, session, now=now or datetime.now(UTC), source=f"job:{name}"[:80]) as open_work:
                    return one.handler(open_work, **arguments)
            except BusinessError as refusal:
                log.warning("%s %s was refused: %s", name, arguments, refusal.code)
                raise
            except Exception as error:
                log.warning("%s %s failed: %s", name, arguments, type(error).__name__, exc_info=error)
                raise

    def _with_screens(self) -> Any:
        with self._one_at_a_time:
            if self._whole is None and self._screens is not None:
                self._whole = self._screens()
            return self._whole or self.app

    def _actor(self, one: Job, session: Any, arguments: dict[str, Any]) -> Actor:
        house = Actor.system((one.called(arguments) if one.called else one.name)[:100])
        if one.by is None:
            return house
        with work(house, session, commit=False) as looking:
            actor = self.actor_of(one.by(looking, **arguments), session)
        if actor.kind == "nobody":
            raise Forbidden("requester_gone", _l("Whoever asked for this may no longer sign in."))
        return actor


def run_pending(
    sessions: Callable[[], Any],
    *,
    app: Any = None,
    actor_of: Callable[[int, Any], Actor] = access.actor_of,
    now: datetime | None = None,
    ahead: bool = False,
    limit: int = 1000,
) -> list[str]:
    """Run every job that is due, in this thread, and those that they promise in turn.

    For tests and commands that end before a worker would come round. A failing job raises.

    :param now: the clock the jobs see, and by which they are due
    :param ahead: also run what is due only later (retries, reminders)
    :returns: names of the jobs that ran, in their order
    """
    runner, ran = Runner(sessions, app, actor_of), []
    with sessions() as session:
        worker = _queue(session, "select worker_id from procrastinate_register_worker_v1()").worker_id
        try:
            while found := _queue(session, _TAKE, worker=worker, now=now, ahead=ahead):
                if len(ran) >= limit:
                    raise RuntimeError(f"more than {limit} jobs: one promises itself for ever")
                ran.append(found.task_name)
                _run_one(runner, session, found, now)
            return ran
        finally:
            _queue(session, "select 1 from procrastinate_unregister_worker_v1(:worker)", worker=worker)


_TAKE = """
with alive as (select cast(procrastinate_update_heartbeat_v1(:worker) as text))
update procrastinate_jobs set status = 'doing', worker_id = :worker where id = (
    select id from procrastinate_jobs
    where status = 'todo'
      and (cast(:ahead as boolean) or scheduled_at is null
           or scheduled_at <= coalesce(cast(:now as timestamptz), now()))
    order by priority desc, id limit 1 for update skip locked)
returning id, task_name, args, (select count(*) from alive)
"""


def _run_one(runner: Runner, session: Any, found: Any, now: datetime | None) -> None:
    state = "failed"
    try:
        runner.run(found.task_name, found.args, now)
        state = "succeeded"
    finally:
        finish = "select 1 from procrastinate_finish_job_v1(:job, cast(:state as procrastinate_job_status), false)"
        _queue(session, finish, job=found.id, state=state)


def _queue(session: Any, statement: str, **values: Any) -> Any:
    """One statement about the queue, committed at once."""
    with work(Actor.system("queue"), session) as one:
        return _first(one, statement, values)


def _first(one: Work, statement: str, values: dict[str, Any]) -> Any:
    return one.session.execute(text(statement), values).first()
