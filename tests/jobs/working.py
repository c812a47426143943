"""A worker for tests as a process of its own: `python -m tests.jobs.working URL FOLDER`."""

import logging
import pathlib
import sys
import time

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
import config
from app.core.numbering import NumberCounter
from app.jobs import Runner, every, job
from app.jobs.__main__ import light_app
from app.jobs.worker import Worker

SERIES = 1  # its counters of years long gone are the marks: nobody else writes them
FOLDER = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None


@job("test.mark")
def mark(work, number, pause=0):
    """Its effect is one row; a second one breaks the unique key of the table."""
    work.session.add(NumberCounter(series_id=SERIES, year=number, last=0))
    work.session.flush()
    with open(FOLDER / f"started-{number}", "a") as file:
        file.write("x")
    time.sleep(pause)


@every("* * * * * */1", "test.tick")
def tick(work):
    with open(FOLDER / "ticks", "a") as file:
        file.write("x")


@job("test.flaky", tries=5)
def flaky(work):
    with open(FOLDER / "flaky", "a") as file:
        file.write("x")
    if (FOLDER / "flaky").stat().st_size < 2:
        raise RuntimeError("not yet")


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    app.load_engine()
    url = sys.argv[1]
    engine = create_engine(url, **config.engine_options(url))
    Worker(Runner(sessionmaker(engine), light_app()), url, heartbeat=0.3, stalled=1.5).run()
