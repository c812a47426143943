"""What every test may ask for: a database of its own, somebody who acts, the application."""

import contextlib
import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from app.core import work as work_
from app.core.work import Actor
from tests import cluster, template

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def database_name():
    """The name of this process's database."""
    return f"serai_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


@pytest.fixture(scope="session")
def template_name():
    """A migrated and seeded database, made once per run, that the others are copies of."""
    return template.ready()


@pytest.fixture
def database(database_name, template_name):
    """The URL of a fresh copy of the template: what a test commits, the next one does not see."""
    yield cluster.make_database(database_name, template_name)


@pytest.fixture
def engine(database):
    """An engine as web and worker have it: every connection starts as the role that sees nothing."""
    import config

    found = create_engine(database, **config.engine_options(database))
    yield found
    found.dispose()


@pytest.fixture
def open_work(engine):
    """`open_work(actor)` opens a unit of work in a session of its own and commits at its end."""
    factory = sessionmaker(engine)

    @contextlib.contextmanager
    def opened(actor=None, now=NOW, **more):
        with factory() as session, work_.work(actor or Actor.system("test"), session, now=now, **more) as one:
            yield one

    return opened


@pytest.fixture
def work(open_work):
    """A unit of work of the house itself."""
    with open_work() as one:
        yield one
