"""Who reads: users of ours and of a customer, and a folder for the mails of one test."""

import pytest
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

import app
import config
from app.jobs import run_pending
from app.jobs.__main__ import light_app
from models.people import Membership, Person
from tests.conftest import NOW


@pytest.fixture(scope="session")
def flask_app():
    """Languages and settings, no screens."""
    app.load_engine()
    return light_app()


@pytest.fixture
def sessions(engine):
    return sessionmaker(engine)


@pytest.fixture
def run_jobs(sessions, flask_app):
    """Run what is due (`ahead=True`: and what is due later); names of the jobs that ran."""

    def run(**more):
        return run_pending(sessions, app=flask_app, **{"now": NOW} | more)

    return run


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    """Where mails of this test lie as files."""
    monkeypatch.setattr(config, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(config, "MAIL_URL", "")
    monkeypatch.setattr(config, "SMS_URL", "")
    monkeypatch.setattr(config, "SECRET_KEY", "a key for tests")
    monkeypatch.setattr(config, "SITE_URL", "https://orders.example.com")
    return tmp_path / "mail"


def make_user(work, name, permissions=(), *, customer=None, email=None, locale="en", **person):
    """A user with exactly these permissions; with a customer he is one of its people, else one of ours."""
    role = Role(name=f"role of {name}")
    role.permissions = [_permission(work, one) for one in permissions]
    user = User(first_name=name, last_name="Doe", username=name, active=True,
                email=f"{name}@example.com" if email is None else email)  # fmt: skip
    user.roles = [role]
    work.session.add_all([role, user])
    work.session.flush()
    kind = {"kind": "staff", "branch_id": 1} if customer is None else {"kind": "external"}
    work.session.add(Person(id=user.id, locale=locale, **kind | person))
    if customer is not None:
        work.session.add(Membership(user_id=user.id, customer_id=customer.id))
    work.session.flush()
    return user


def _permission(work, name):
    noun, _, verb = name.partition(".")
    pair = [_named(work, Permission, f"can_{verb}"), _named(work, ViewMenu, noun.title().replace("_", ""))]
    found = work.session.scalars(
        select(PermissionView).filter_by(permission_id=pair[0].id, view_menu_id=pair[1].id)
    ).first()
    return found or PermissionView(permission=pair[0], view_menu=pair[1])


def _named(work, model, name):
    found = work.session.scalars(select(model).filter_by(name=name)).first() or model(name=name)
    work.session.add(found)
    work.session.flush()
    return found
