"""The worker as a process: stopped, killed, two at once, without a database for a while."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from sqlalchemy import select, text

import config
from app.core import queue
from app.core.numbering import NumberCounter
from tests import cluster

SERIES = 1  # as in tests.jobs.working

PATIENCE = 40  # seconds; the machine may be busy with other tests


@pytest.fixture
def worker(database, tmp_path):
    """`worker()` starts one; all are killed at the end."""
    started = []

    def start():
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "SERAI_DATA": str(tmp_path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.working", database, str(tmp_path)],
            cwd=config.ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def promise(open_work):
    def promise(task, *arguments, **more):
        with open_work() as work:
            queue.defer(work, task, *(arguments or ({},)), **more)

    return promise


@pytest.fixture
def marks(open_work):
    """The numbers whose effect is there."""

    def look():
        with open_work() as work:
            mine = NumberCounter.series_id == SERIES, NumberCounter.year < 1000
            return sorted(work.session.scalars(select(NumberCounter.year).where(*mine)))

    return look


@pytest.fixture
def jobs(open_work):
    """{state: count} of the jobs of the test."""

    def look():
        asked = "select status::text, count(*) from procrastinate_jobs where task_name ~ 'mark|flaky' group by 1"
        with open_work() as work:
            return {row[0]: row[1] for row in work.session.execute(text(asked))}

    return look


@pytest.fixture
def queued(database):
    """`queued(sql)` changes the queue past everybody."""

    def run(statement):
        with psycopg.connect(database.replace("+psycopg", "", 1)) as owner:
            owner.execute(statement)

    return run


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE} seconds: {what}")


def test_a_job_runs_as_soon_as_its_cause_is_committed(worker, promise, marks, jobs):
    worker()
    promise("test.mark", {"number": 1})
    until(lambda: marks() == [1], "the job ran")
    until(lambda: jobs() == {"succeeded": 1}, "the job is done")


def test_what_is_rolled_back_never_runs(worker, promise, open_work, marks, jobs):
    worker()
    with contextlib.suppress(ZeroDivisionError), open_work() as work:
        queue.defer(work, "test.mark", {"number": 1})
        raise ZeroDivisionError
    promise("test.mark", {"number": 2})
    until(lambda: jobs() == {"succeeded": 1}, "the other one ran")
    assert marks() == [2]


def test_sigterm_lets_a_running_job_finish(worker, promise, marks, jobs, tmp_path):
    process = worker()
    promise("test.mark", {"number": 1, "pause": 2}, {"number": 2, "pause": 2})
    until((tmp_path / "started-1").exists, "it began")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)  # the supervisor says it twice
    assert process.wait(PATIENCE) == 0
    assert marks() in ([1], [1, 2])
    assert jobs().get("doing") is None


def test_a_killed_worker_loses_nothing_and_doubles_nothing(worker, promise, marks, jobs, queued, tmp_path):
    first = worker()
    promise("test.mark", {"number": 1, "pause": 60})
    promise("test.mark", *({"number": number} for number in range(2, 8)))
    until((tmp_path / "started-1").exists, "it began")
    until(lambda: marks() == [2, 3, 4, 5, 6, 7], "the others are done")
    until(lambda: jobs() == {"doing": 1, "succeeded": 6}, "the worker has said so, too")
    first.kill()
    first.wait()
    assert marks() == [2, 3, 4, 5, 6, 7] and jobs()["doing"] == 1
    # the job is short the second time
    queued("""update procrastinate_jobs set args = args || '{"pause": 0}' where status = 'doing'""")
    worker()
    until(lambda: marks() == [1, 2, 3, 4, 5, 6, 7], "the lost one was taken up again")
    until(lambda: jobs() == {"succeeded": 7}, "all are done")
    assert (tmp_path / "started-1").read_text() == "xx"


def test_a_job_that_kills_its_worker_is_given_up(worker, promise, jobs, queued):
    promise("test.mark", {"number": 1})
    queued("update procrastinate_jobs set status = 'doing', attempts = 20")
    worker()
    until(lambda: jobs() == {"failed": 1}, "it was given up")


def test_two_workers_share_the_work(worker, promise, marks, jobs, tmp_path):
    two = [worker(), worker()]
    promise("test.mark", *({"number": number, "pause": 0.05} for number in range(1, 61)))
    until(lambda: jobs() == {"succeeded": 60}, "all are done")
    assert marks() == list(range(1, 61))
    assert all((tmp_path / f"started-{number}").read_text() == "x" for number in range(1, 61))
    assert all(process.poll() is None for process in two)


def test_the_timetable_runs_once_per_tick_with_two_workers(worker, open_work, tmp_path):
    worker(), worker()
    ticks = tmp_path / "ticks"
    until(lambda: ticks.exists() and ticks.stat().st_size >= 4, "four ticks")
    with open_work() as work:
        asked = "select args->>'timestamp' from procrastinate_jobs where task_name = 'test.tick'"
        stamps = work.session.execute(text(asked)).scalars().all()
    assert len(stamps) == len(set(stamps)) and len(stamps) >= 4


def test_a_failing_job_is_tried_again(worker, promise, jobs, tmp_path):
    worker()
    promise("test.flaky")
    until(lambda: jobs() == {"succeeded": 1}, "the second try went well")
    assert (tmp_path / "flaky").read_text() == "xx"


def test_the_worker_outlives_its_connections(worker, promise, marks, database_name):
    process = worker()
    promise("test.mark", {"number": 1})
    until(lambda: marks() == [1], "it works")
    with cluster._server() as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename = current_user",
            [database_name],
        )
    promise("test.mark", {"number": 2})
    until(lambda: marks() == [1, 2], "it works again")
    assert process.poll() is None


def test_the_worker_is_small(worker, promise, marks):
    process = worker()
    promise("test.mark", {"number": 1})
    until(lambda: marks() == [1], "it works")
    with open(f"/proc/{process.pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert resident < 200 * 1024


def test_the_real_entry_point_starts_and_stops(database, tmp_path, promise, open_work):
    environment = os.environ | {"DATABASE_URL": database, "SERAI_DATA": str(tmp_path), "SERAI_SECRET_KEY": "k"}
    process = subprocess.Popen([sys.executable, "-m", "app.jobs", "worker"], cwd=config.ROOT, env=environment)
    try:
        promise("notices.send", {"notification_id": 1})

        def done():
            asked = "select status::text from procrastinate_jobs where task_name = 'notices.send'"
            with open_work() as work:
                return work.session.scalar(text(asked)) == "succeeded"

        until(done, "it works")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
