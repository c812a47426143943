"""The template databases of a test run: migrated and seeded once, the second with people in it, then copied."""

import os
import tempfile
from datetime import UTC, datetime

import fasteners
import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import app
import config
from app import setup
from app.core import work
from app.core.work import Actor
from tests import cluster, people

NAME = "serai_template"
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def ready():
    """The template's name; the first process to ask makes it, the others wait."""
    return once(NAME, _fill)


def with_people():
    """The name of a copy of it that holds the people of `tests.people`."""
    return once(f"{NAME}_people", _fill_people, ready())


def once(name, fill, template=None):
    """The name of a database that the first process of the run to ask makes, by `fill(url)`; the others wait."""
    whole = f"{name}_{run()}"
    with fasteners.InterProcessLock(f"{tempfile.gettempdir()}/{whole}.lock"):
        if not _exists(whole):
            fill(cluster.make_database(f"{whole}_making", template))
            with cluster._server() as connection:
                connection.execute(f'alter database "{whole}_making" rename to "{whole}"')
    return whole


def run():
    """What tells this run of the tests from another one at the same time."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]


def settings(url):
    """Deployment settings of an application under test."""
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": config.engine_options(url),
        "SECRET_KEY": "a key for tests only, long enough to sign with",
        "TESTING": True,
    }


def _exists(name):
    with cluster._server() as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
    return found is not None


def _fill(url):
    setup.prepare(url)
    setup.sync_permissions(url, app.create_app(**settings(url)))
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        connection.execute("truncate history restart identity")  # every test writes there: it must begin empty


def _fill_people(url):
    app.load_engine()
    engine = create_engine(url, **config.engine_options(url))
    with Session(engine) as session, work.work(Actor.system("test"), session, now=NOW) as one:
        people.make(one)
    engine.dispose()
