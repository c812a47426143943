"""One demo company per process for all attacks: nothing of the victim may change, so nobody needs a fresh one."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
import config
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from tests import cluster, company, template
from tests.attack import world
from tests.clients import Client, Rest


@pytest.fixture(scope="module")
def stage(database_name):
    """A database of its own with the demo company; its application; the victim's ids and canaries."""
    name = f"{database_name}_attack"
    url = cluster.make_database(name, company.ready())
    site = app.create_app(**template.settings(url))
    engine = create_engine(url, **config.engine_options(url))
    factory = sessionmaker(engine)
    with site.app_context(), factory() as session:
        with work_.work(Actor.system("attack"), session) as work:
            world.make(work)
        with work_.work(Actor.system("attack"), session) as work:
            victims, secrets = world.victims(work), world.canaries(work)
    with company.stored():
        yield type(
            "Stage", (), {"site": site, "engine": engine, "victims": victims, "secrets": secrets, "factory": factory}
        )
    engine.dispose()
    with site.app_context():
        db.engine.dispose()
    cluster.drop_database(name)


@pytest.fixture(scope="module")
def enter(stage):
    """`enter("buyer3")`: that attacker's browser and bearer token, signed in once."""
    known = {}

    def entered(username):
        if username not in known:
            client = Client(stage.site, username)
            client.enter()
            known[username] = client, Rest(stage.site, username)
        return known[username]

    return entered
