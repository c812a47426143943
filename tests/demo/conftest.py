"""A database with the demo company, made once per run; every test here gets a copy of it."""

import os
import pathlib
import tempfile

import fasteners
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import config
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from app.jobs.__main__ import light_app
from demo import company
from tests import cluster, template

PASSWORD = "a demo password"


def _run():
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]


@pytest.fixture(scope="session")
def files():
    """Where the demo's files lie, the same for all processes of the run."""
    return pathlib.Path(tempfile.gettempdir(), f"serai-demo-{_run()}")


@pytest.fixture(scope="session")
def filled(files):
    """The name of the database with the demo company; the first process to ask makes it."""
    name = f"serai_demo_{_run()}"
    with fasteners.InterProcessLock(f"{tempfile.gettempdir()}/serai-demo-{_run()}.lock"):
        if not template._exists(name):
            _make(name, files)
    return name


@pytest.fixture
def database(filled, database_name):
    """The URL of a copy of it, for one test."""
    name = f"{database_name}_demo"
    yield cluster.make_database(name, filled)
    cluster.drop_database(name)


@pytest.fixture
def site(database):
    """An application without screens on the copy: what the commands need."""
    found = light_app()
    found.config.update(template.settings(database))
    db.init_app(found)
    yield found
    with found.app_context():
        db.session.remove()
        db.engine.dispose()


def _make(name, files):
    url = cluster.make_database(f"{name}_making", template.ready())
    engine = create_engine(url, **config.engine_options(url))
    before, config.STORAGE_URL = config.STORAGE_URL, files.as_uri()
    try:
        with (
            light_app().app_context(),
            sessionmaker(engine)() as session,
            work_.work(Actor.system("init"), session) as work,
        ):
            company.fill(work, PASSWORD)
    finally:
        config.STORAGE_URL = before
        engine.dispose()
    with cluster._server() as connection:
        connection.execute(f'alter database "{name}_making" rename to "{name}"')


@pytest.fixture
def demo(site, files, monkeypatch, database):
    """The application on a copy of the demo company."""
    monkeypatch.setattr(config, "STORAGE_URL", files.as_uri())
    monkeypatch.setattr(config, "DATABASE_OWNER_URL", database)
    with site.app_context():
        yield site


@pytest.fixture
def look(demo, open_work):
    """The house's eyes on it."""
    with open_work() as work:
        yield work
