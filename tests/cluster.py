"""The database server of a test run, and databases on it.

`cluster()` is one server for the run: that of TEST_DATABASE_URL, else an embedded one that the first process
to ask starts and that all processes of the run (pytest-xdist) share. It is stopped when the run ends.
"""

import atexit
import contextlib
import os
import pathlib
import shutil
import tempfile
import time
import urllib.parse

import psycopg
from psycopg import errors, sql

from app import embedded, leash

_run = contextlib.ExitStack()
_url = None
_folder = None  # the data directory of the embedded server


def cluster():
    """The owner's URL of the server; its database is only for making and dropping others."""
    global _url
    if _url is None:
        _url = os.environ.get("TEST_DATABASE_URL") or _embedded()
    return _url


def close():
    """Stop the server when this process started it; waits until the other processes of the run are done."""
    global _url, _folder
    _run.close()
    _url = _folder = None


def strongest(url):
    """The address of the same database for psycopg: for the superuser of the embedded server, else the owner's."""
    if _folder is not None:
        url = embedded.Cluster(_folder).url(embedded.SUPERUSER, urllib.parse.urlsplit(url).path[1:])
    return url.replace("+psycopg", "", 1)


def _embedded():
    global _folder
    base = pathlib.Path(tempfile.gettempdir(), f"serai-tests-{os.getuid()}")
    base.mkdir(mode=0o711, exist_ok=True)
    for folder in base.iterdir():
        # what runs that were killed have left behind; a young folder may be about to be locked
        if time.time() - folder.stat().st_mtime > 60:
            _remove(folder)
    folder = base / os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    _run.callback(_remove, folder)
    _folder = folder
    url = _run.enter_context(embedded.lease(folder, fast=True, tell=lambda text: None))
    atexit.register(close)
    return url


def _remove(folder):
    """Remove a data directory that nobody uses."""
    if not folder.exists():
        return
    locks = [leash.Lock(folder / name) for name in ("owner.lock", "postgres.lock", "users.lock")]
    if all(lock.take() for lock in locks):
        shutil.rmtree(folder, ignore_errors=True)
    for lock in locks:
        lock.release()


def _server():
    url = cluster().replace("+psycopg", "", 1).replace("postgres://", "postgresql://", 1)
    return psycopg.connect(url, autocommit=True)


def url_of(name, url=None):
    """The URL of another database of the same server."""
    parts = urllib.parse.urlsplit(url or cluster())
    return parts._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()


def make_database(name, template=None):
    """The URL of a new, empty database or copy of a template; waits while somebody uses the template."""
    drop_database(name)
    _on_server(sql.SQL("create database {} template {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")))  # fmt: skip
    return url_of(name)


def drop_database(name):
    """Drop it, connections or not; waits for those of a superuser, autovacuum's among them, which nobody may end."""
    _on_server(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _on_server(statement):
    """Run it as soon as whoever is in the way has gone, in 20 s at most."""
    for tries_left in reversed(range(200)):
        try:
            with _server() as connection:
                connection.execute(statement)
            return
        except (errors.ObjectInUse, errors.InsufficientPrivilege):
            if not tries_left:
                raise
            time.sleep(0.1)
