"""The people of a test: staff of every role, buyers of two customers."""

from types import SimpleNamespace

from app.rules import people
from models.people import AccessGroup
from tests import makers

PASSWORD = "correct horse battery"
_HASHED = {}


def make(work):
    """Make them; gives {name: user} and the customers as attributes `one` and `two`."""
    one = makers.make_customer(work, "Acme Ltd", credit_limit=100_000)
    two = makers.make_customer(work, "Rival Ltd", credit_limit=100_000)
    group = AccessGroup(name="Customers")
    work.session.add(group)
    found = SimpleNamespace(one=one.id, two=two.id, group=None, ids={})
    staff = {"admin": "Admin", "reviewer": "Reviewer", "supervisor": "Supervisor", "finance": "Finance",
             "warehouse": "Warehouse", "support": "Support", "editor": "Editor"}  # fmt: skip
    for name, role in staff.items():
        found.ids[name] = _user(work, name, kind="staff", roles=(role,))
    for name, customer in (("buyer1", one), ("buyer2", one), ("buyer3", two)):
        found.ids[name] = _user(
            work, name, kind="external", roles=("Customer",), customers=(customer,), access_group=group
        )
    found.ids["nobody"] = _user(work, "nobody", kind="external", roles=())
    found.group = group.id
    return found


def _user(work, name, **more):
    user = people.create_user(work, name, first_name=name.capitalize(), **more)
    if PASSWORD not in _HASHED:
        _HASHED[PASSWORD] = people.hashed(PASSWORD)
    user.password = _HASHED[PASSWORD]
    people.FLOW.move(user.person, "active")
    return user.id
