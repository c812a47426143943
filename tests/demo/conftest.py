"""A database with the demo company, made once per run; every test here finds it as it was made."""

import pytest

import config
from app.extensions import db
from app.jobs.__main__ import light_app
from tests import company, template


@pytest.fixture
def database(own_database):
    """The URL of this process's database, with the demo company in it."""
    return own_database.fresh(company.ready())


@pytest.fixture
def site(database):
    """An application without screens: what the commands need."""
    found = light_app()
    found.config.update(template.settings(database))
    db.init_app(found)
    yield found
    with found.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def demo(site, monkeypatch, database, tmp_path):
    """The application on the demo company."""
    monkeypatch.setattr(config, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(config, "STORAGE_URL", company.files())
    monkeypatch.setattr(config, "DATABASE_OWNER_URL", database)
    with site.app_context():
        yield site


@pytest.fixture
def look(demo, open_work):
    """The house's eyes on it."""
    with open_work() as work:
        yield work
