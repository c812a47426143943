"""The template database of a test run: migrated and seeded once, then copied."""

import os
import tempfile

import fasteners

import app
import config
from app import setup
from tests import cluster

NAME = "serai_template"


def ready():
    """The template's name; the first process to ask makes it, the others wait."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    name = f"{NAME}_{run[:12]}"
    with fasteners.InterProcessLock(f"{tempfile.gettempdir()}/serai-template-{run}.lock"):
        if not _exists(name):
            _make(name)
    return name


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


def _make(name):
    making = f"{name}_making"
    url = cluster.make_database(making)
    setup.prepare(url)
    web = app.create_app(**settings(url))
    setup.sync_permissions(url, web)
    with cluster._server() as connection:
        connection.execute(f'alter database "{making}" rename to "{name}"')
