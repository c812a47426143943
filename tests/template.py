"""The template database of a test run: migrated and seeded once, then copied."""

import fasteners

from app import database, embedded  # noqa: F401
from tests import cluster

NAME = "serai_template"


def ready():
    """The template's name; the first process to ask makes it, the others wait."""
    import os
    import tempfile

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    name = f"{NAME}_{run[:12]}"
    with fasteners.InterProcessLock(f"{tempfile.gettempdir()}/serai-template-{run}.lock"):
        if not _exists(name):
            _make(name)
    return name


def _exists(name):
    with cluster._server() as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
    return found is not None


def _make(name):
    from app import setup

    making = f"{name}_making"
    url = cluster.make_database(making)
    setup.prepare(url)
    with cluster._server() as connection:
        connection.execute(f'alter database "{making}" rename to "{name}"')
