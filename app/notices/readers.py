"""To whom a notice goes: people of a customer, or those of us who have to act."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla import models as framework
from sqlalchemy import or_, select

from app.core import localized
from models.customers import Contact, Customer
from models.organisation import Branch
from models.people import NO_MAIL, Membership, Person


@dataclass(frozen=True)
class Reader:
    """Somebody who is told something.

    :param customer_id: for whom he acts; 0 for one of ours
    """

    address: str
    name: str
    locale: str = localized.DEFAULT
    calendar: str = ""
    digits: str = ""
    tz: str = ""
    mobile: str = ""
    user_id: int | None = None
    customer_id: int = 0

    @property
    def eyes(self) -> localized.Reader:
        """How figures and dates look to him."""
        return localized.Reader(self.locale, self.calendar, self.digits, self.tz)


To = Callable[[Any, Any], list[Reader]]


def buyer(permission: str) -> To:
    """The customer's people: users who may see the record, contacts who get documents, else its own address."""

    def to(record: Any, work: Any) -> list[Reader]:
        return of_customer(record.customer_id, permission, work)

    return to


def of_customer(customer_id: int, permission: str, work: Any) -> list[Reader]:
    """The people of one customer who are told about records that `permission` lets them see."""
    customer = work.session.get(Customer, customer_id)
    if customer is None:
        return []
    rows = work.session.execute(
        select(framework.User, Person)
        .join(Person, Person.id == framework.User.id)
        .join(Membership, Membership.user_id == framework.User.id)
        .where(Membership.customer_id == customer_id, Person.kind == "external", framework.User.active)
        .order_by(framework.User.id)
    ).all()
    may = holders(permission, work, {user.id for user, _ in rows})
    found = [_user(user, person, "", customer_id) for user, person in rows if user.id in may]
    contacts = select(Contact).where(Contact.customer_id == customer_id, Contact.gets_documents).order_by(Contact.id)
    for contact in work.session.scalars(contacts):
        locale = known(contact.language or customer.language)
        found.append(Reader(contact.email, contact.name, locale, customer_id=customer_id))
    if not any(mailable(one.address) for one in found):
        found.append(Reader(customer.email, customer.name, known(customer.language), customer_id=customer_id))
    return found


def staff(user_ids: Iterable[int | None], work: Any, branch_id: int | None = None) -> list[Reader]:
    """Those of our people who are still with us and see records of the branch."""
    rows = work.session.execute(
        select(framework.User, Person, Branch)
        .join(Person, Person.id == framework.User.id)
        .outerjoin(Branch, Branch.id == Person.branch_id)
        .where(framework.User.id.in_({one for one in user_ids if one}), Person.kind == "staff", framework.User.active)
        .order_by(framework.User.id)
    ).all()
    seen = _branch_and_above(branch_id, work)
    return [
        _user(user, person, branch.timezone if branch else "", 0)
        for user, person, branch in rows
        if not person.branch_limited or branch_id is None or person.branch_id in seen
    ]


def responsible(record: Any, permission: str, work: Any) -> list[Reader]:
    """Who of us has to act on a record: its handler and the customer's manager, else all who hold the permission."""
    branch = getattr(record, "branch_id", None)
    customer = work.session.get(Customer, record.customer_id)
    found = staff([getattr(record, "handler_id", None), customer and customer.manager_id], work, branch)
    return found or staff(holders(permission, work), work, branch)


def handlers(permission: str) -> To:
    """As `responsible`, for a notice."""
    return lambda record, work: responsible(record, permission, work)


def one_user(user_id: int | None, work: Any) -> list[Reader]:
    """One active user, whoever he is."""
    row = work.session.execute(
        select(framework.User, Person)
        .outerjoin(Person, Person.id == framework.User.id)
        .where(framework.User.id == user_id, framework.User.active)
    ).first()
    return [_user(row[0], row[1], "", 0)] if row else []


def holders(permission: str, work: Any, among: set[int] | None = None) -> set[int]:
    """Ids of the users who hold a permission such as 'order.approve', by a role of theirs or of a group."""
    noun, _, verb = permission.partition(".")
    pair = framework.PermissionView
    granted = framework.Role.permissions.any(
        pair.permission.has(name=f"can_{verb}") & pair.view_menu.has(name=noun.title().replace("_", ""))
    )
    own, by_group = framework.User.roles.any(granted), framework.User.groups.any(framework.Group.roles.any(granted))
    ids = set(work.session.scalars(select(framework.User.id).where(or_(own, by_group))))
    return ids if among is None else ids & among


def mailable(address: str) -> bool:
    """Whether there is an address at all: accounts without one carry a placeholder."""
    return bool(address.strip()) and not address.strip().lower().endswith("@" + NO_MAIL)


def known(locale: str | None) -> str:
    """One of our languages, the nearest to what was noted."""
    return locale if locale in localized.LOCALES else localized.match_locale(locale)


def _user(user: Any, person: Any, zone: str, customer_id: int) -> Reader:
    if person is None:
        return Reader(user.email, user.get_full_name(), user_id=user.id, customer_id=customer_id)
    return Reader(
        address=user.email,
        name=user.get_full_name(),
        locale=known(person.locale),
        calendar=person.calendar,
        digits=person.digits,
        tz=person.timezone or zone,
        mobile=person.mobile,
        user_id=user.id,
        customer_id=customer_id,
    )


def _branch_and_above(branch_id: int | None, work: Any) -> set[int]:
    seen: set[int] = set()
    while branch_id is not None and branch_id not in seen:
        seen.add(branch_id)
        branch = work.session.get(Branch, branch_id)
        branch_id = branch.parent_id if branch else None
    return seen
