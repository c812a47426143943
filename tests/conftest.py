"""What every test may ask for: a database of its own, somebody who acts, the application."""

import contextlib
import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from tests import cluster, fresh, template
from tests import people as tests_people
from tests.clients import Client, Rest

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def database_name():
    """The name of this process's database."""
    return f"serai_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


@pytest.fixture(scope="session")
def template_name():
    """A migrated and seeded database, made once per run, that the others are copies of."""
    return template.ready()


@pytest.fixture(scope="session")
def own_database(database_name, template_name):
    """This process's database, empty again for every test."""
    found = fresh.Database(database_name, template_name)
    yield found
    found.close()


@pytest.fixture
def database(own_database):
    """The URL of a database as the template made it: what a test commits, the next one does not see."""
    return own_database.fresh()


@pytest.fixture
def engine(database):
    """An engine as web and worker have it: every connection starts as the role that sees nothing."""
    import config

    app.load_engine()  # another process may have made the template: reports and listeners belong to this one
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


@pytest.fixture(scope="session")
def web(database_name, template_name):
    """The application, made once per process; its database is a fresh copy for every test."""
    url = cluster.url_of(database_name)
    return app.create_app(**template.settings(url))


@pytest.fixture
def site(web, database):
    """The application on this test's database."""
    with web.app_context():
        db.engine.dispose()
    yield web
    with web.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def people(site, open_work):
    """Users of every role and two customers: see `tests.people`."""
    with open_work() as work:
        return tests_people.make(work)


@pytest.fixture
def sign_in(site, people):
    """`sign_in("reviewer")` gives a browser-like client with that user's cookie."""

    def signed(username):
        client = Client(site, username)
        client.enter()
        return client

    return signed


@pytest.fixture
def rest(site, people):
    """`rest("buyer1")` gives a client with that user's bearer token."""
    return lambda username: Rest(site, username)
