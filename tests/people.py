"""The people of a test: staff of every role, buyers of two customers."""

from types import SimpleNamespace

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import generate_password_hash

from app.rules import people
from models.customers import Customer
from models.people import AccessGroup
from tests import makers

PASSWORD = "correct horse battery"
HASHED = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")  # quick to check: nobody guesses it here
ONE, TWO, GROUP = "Acme Ltd", "Rival Ltd", "Customers"


def make(work):
    """Make them, once per run: what `found` finds in every copy of the database."""
    # numbers of their own: another process counts from one for what its tests make beside them
    one = makers.make_customer(work, ONE, number="P-1", credit_limit=100_000)
    two = makers.make_customer(work, TWO, number="P-2", credit_limit=100_000)
    group = AccessGroup(name=GROUP)
    work.session.add(group)
    staff = {"admin": "Admin", "reviewer": "Reviewer", "supervisor": "Supervisor", "finance": "Finance",
             "warehouse": "Warehouse", "support": "Support", "editor": "Editor"}  # fmt: skip
    for name, role in staff.items():
        _user(work, name, kind="staff", roles=(role,))
    for name, customer in (("buyer1", one), ("buyer2", one), ("buyer3", two)):
        _user(work, name, kind="external", roles=("Customer",), customers=(customer,), access_group=group)
    _user(work, "nobody", kind="external", roles=())


def found(work):
    """Their ids by name, and the ids of the customers as `one` and `two`."""
    users = dict(work.session.execute(select(User.username, User.id)).all())
    customers = dict(work.session.execute(select(Customer.name, Customer.id)).all())
    group = work.session.scalars(select(AccessGroup.id).filter_by(name=GROUP)).one()
    return SimpleNamespace(one=customers[ONE], two=customers[TWO], group=group, ids=users)


def _user(work, name, **more):
    user = people.create_user(work, name, first_name=name.capitalize(), **more)
    user.password = HASHED
    people.FLOW.move(user.person, "active")
