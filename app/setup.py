"""What `init` does to a database: roles, migrations, seeds. Safe to run twice and at the same time."""

import time

from alembic import command
from alembic.script import ScriptDirectory
from flask_appbuilder.security.sqla.models import User
from psycopg import errors
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

import app
from app import database, prepared, roles
from app.core import passwords, work
from app.rules import organisation, people
from migrations.new import configuration

LOCK = 0x5E4A1  # advisory lock: one init at a time on one database


def standing(url):
    """How far `init` has come with a database: 'new' (never to its end), 'older' (a former version's) or 'ready'."""
    with database.connect(url) as connection:
        try:
            found = {row[0] for row in connection.execute("select version_num from alembic_version")}
            if found != heads():
                return "older" if found else "new"
            ended = connection.execute("select prepared <> '' from access_stamp").fetchone()
        except errors.UndefinedTable:
            return "new"
        return "ready" if ended and ended[0] and database.has_roles(connection) else "new"


def heads():
    """The last migrations of this version."""
    return set(ScriptDirectory.from_config(configuration()).get_heads())


def prepare(url):
    """Bring the database behind the owner's `url` to this version.

    :raises Trouble: too old or newer database, roles that may not be made
    """
    app.load_engine()
    with database.connect(url) as connection:
        database.check_server(connection)
        database.refuse_newer(connection)
        database.ensure_roles(connection)
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            _wait_for_lock(connection)
            command.upgrade(configuration(connection), "head")
            connection.commit()
            seed(engine)
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()
    finally:
        engine.dispose()


def _wait_for_lock(connection):
    """Asked again and again: who waits inside a statement has a snapshot, which building an index waits for."""
    while True:
        taken = connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        if taken:
            return
        time.sleep(0.1)


def seed(engine):
    """Rows every installation needs: head office, countries, currencies, units, series, order type."""
    with Session(engine) as session, work.work(work.Actor.system("init"), session):
        organisation.seed(work.current())


def sync_permissions(url, web):
    """Write the permissions of the screens of `web` and reset the managed roles.

    :returns: the fingerprint of what stands there now, for `prepared.remember`
    """
    engine = create_engine(url)
    try:
        with Session(engine) as session, work.work(work.Actor.system("init"), session), web.app_context():
            session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            roles.sync(web.appbuilder, session)
            session.flush()
            session.execute(text("reset role"))  # only the owner reads the revision
            return prepared.fingerprint(session.connection())
    finally:
        engine.dispose()


def users(one):
    """How many users there are; of two that ask at once the second waits for what the first one makes of it."""
    one.session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    return one.session.scalar(select(func.count()).select_from(User))


def create_admin(one, password, at_least=passwords.AT_LEAST):
    """Make the first administrator, unless there is one.

    :param at_least: characters of his password
    """
    if one.session.scalar(select(User.id).where(User.username == "admin")) is None:
        people.create_user(one, "admin", kind="staff", password=password, first_name="Admin", roles=("Admin",),
                           at_least=at_least)  # fmt: skip
