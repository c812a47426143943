"""One demo company per run of these tests: they only read, in one language after another."""

from types import SimpleNamespace

import pytest
from flask_appbuilder import Model
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
import config
from app import catalogues
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from app.rules import people
from tests import cluster, company, template
from tests.clients import Client
from tests.people import PASSWORD
from tests.translations import english
from translations import update


@pytest.fixture(scope="session")
def demo(database_name):
    """The application on a database with the demo company; `sessions` opens sessions of the house."""
    name = f"{database_name}_languages"
    url = cluster.make_database(name, company.ready())
    catalogues.compile_stale(update.HERE)
    site = app.create_app(**template.settings(url))
    engine = create_engine(url, **config.engine_options(url))
    sessions = sessionmaker(engine)
    try:
        with site.app_context(), sessions() as session, work_.work(Actor.system("translations"), session) as work:
            people.create_user(work, "admin", kind="staff", password=PASSWORD, roles=("Admin",))
        with company.stored():
            yield SimpleNamespace(site=site, sessions=sessions, engine=engine)
    finally:
        engine.dispose()
        with site.app_context():
            db.engine.dispose()
        cluster.drop_database(name)


@pytest.fixture
def house(demo):
    """A unit of work of the house on the demo company; nothing of it is kept."""
    with demo.sessions() as session:
        opened = work_.work(Actor.system("translations"), session)
        work = opened.__enter__()
        yield work
        session.rollback()
        opened.__exit__(RuntimeError, RuntimeError(), None)


@pytest.fixture(scope="session")
def visitor(demo):
    """`visitor("buyer1")`: that user's browser, signed in once."""
    known = {}

    def entered(username):
        if username not in known:
            known[username] = Client(demo.site, username)
            known[username].enter()
        return known[username]

    return entered


@pytest.fixture(scope="session")
def entered(demo):
    """Every text somebody entered."""
    with demo.engine.connect() as connection:
        connection.exec_driver_sql("select set_config('role', 'serai_staff', true)")
        return english.data_of(connection, [mapper.class_ for mapper in Model.registry.mappers])
