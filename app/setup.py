"""What `init` does to a database: roles, migrations, seeds. Safe to run twice and at the same time."""

from alembic import command
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

import app
from app import database, roles
from app.core import work
from app.rules import organisation, people
from migrations.new import configuration

LOCK = 0x5E4A1  # advisory lock: one init at a time on one database


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
            connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            command.upgrade(configuration(connection), "head")
            connection.commit()
            seed(engine)
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()
    finally:
        engine.dispose()


def seed(engine):
    """Rows every installation needs: head office, countries, currencies, units, series, order type."""
    with Session(engine) as session, work.work(work.Actor.system("init"), session):
        organisation.seed(work.current())


def sync_permissions(url, web):
    """Write the permissions of the screens of `web` and reset the managed roles."""
    engine = create_engine(url)
    try:
        with Session(engine) as session, work.work(work.Actor.system("init"), session), web.app_context():
            session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            roles.sync(web.appbuilder, session)
    finally:
        engine.dispose()


def users(one):
    """How many users there are."""
    return one.session.scalar(select(func.count()).select_from(User))


def create_admin(one, password):
    """Make the first administrator, unless there is one."""
    if one.session.scalar(select(User.id).where(User.username == "admin")) is None:
        people.create_user(one, "admin", kind="staff", password=password, first_name="Admin", roles=("Admin",))
