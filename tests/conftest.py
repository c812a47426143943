"""What every test may ask for: a database of its own, somebody who acts, the application."""

import contextlib
import os
import weakref

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from tests import cluster, fresh, template
from tests import people as tests_people
from tests.browser import chromium
from tests.clients import Client, Rest

app.load_engine()  # as in every process: all rules, and their steps, are there before any screen is imported
NOW = template.NOW


_connected = weakref.WeakKeyDictionary()  # engine -> to which copy of the database its connections lead


def connected(engine, own_database):
    """The engine, without connections to a database that has been made anew since."""
    if _connected.get(engine) != own_database.copies:
        engine.dispose()
        _connected[engine] = own_database.copies
    return engine


@pytest.fixture(scope="session")
def database_name():
    """The name of this process's database."""
    return f"serai_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


@pytest.fixture(scope="session")
def template_name():
    """A migrated and seeded database, made once per run, that the others are copies of."""
    return template.ready()


@pytest.fixture(scope="session")
def own_database(database_name):
    """This process's database, put back for every test."""
    found = fresh.Database(database_name)
    yield found
    found.close()


@pytest.fixture
def database(own_database, template_name, request):
    """The URL of a database as its template was made: what a test commits, the next one does not see."""
    populated = "populated" in request.fixturenames
    return own_database.fresh(template.with_people() if populated else template_name)


@pytest.fixture
def populated():
    """Whoever asks for this finds `tests.people` in the database from the beginning."""


@pytest.fixture(scope="session")
def own_engine(database_name):
    """The engine behind `engine`: what it has learned about statements serves all tests of the process."""
    import config

    app.load_engine()  # another process may have made the template: reports and listeners belong to this one
    url = cluster.url_of(database_name)
    found = create_engine(url, **config.engine_options(url))
    yield found
    found.dispose()


@pytest.fixture
def engine(database, own_engine, own_database):
    """An engine as web and worker have it: every connection starts as the role that sees nothing."""
    yield connected(own_engine, own_database)
    assert own_engine.pool.checkedout() == 0, "the test has left a session or a connection open"


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
    found = app.create_app(**template.settings(cluster.url_of(database_name)))
    yield found
    with found.app_context():
        db.engine.dispose()


@pytest.fixture
def site(web, database, own_database):
    """The application on this test's database."""
    with web.app_context():
        connected(db.engine, own_database)
    yield web
    with web.app_context():
        db.session.remove()
        assert db.engine.pool.checkedout() == 0, "the test has left a session or a connection open"


@pytest.fixture
def people(populated, site, open_work):
    """Users of every role and two customers: see `tests.people`."""
    with open_work() as work:
        return tests_people.found(work)


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


@pytest.fixture(scope="module")
def browser():
    """A browser for the tests of a module, gone before another module's: two cannot run in one process.

    Without a browser the tests fail.
    """
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright)
        yield opened
        opened.close()
