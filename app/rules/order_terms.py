"""What an order type, a branch or a portal says about its orders: settings, the side somebody is on, preconditions."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.core import kept, scope, settings
from app.core.errors import BusinessError
from app.rules import customers
from models.orders import Order, OrderType
from models.people import Membership, Person

BY_TYPE = ("order_type", "portal", "branch", "system")
PARTIAL_QTY = ("reject_line", "approve_available")
EXPIRED_ORDERS = ("mark_deleted", "cancel_order")
MERGE_CONFIRMATION = ("by_manager", "by_order_type")

settings.setting(
    "PARTIAL_QTY", PARTIAL_QTY, "reject_line",
    _l("What is approved by itself of a line that is not wholly in stock"), BY_TYPE,
)  # fmt: skip
settings.setting(
    "CONFIRMED_ORDER_TTL_DAYS", int, 10,
    _l("Days for which a confirmed order is kept until it is released; 0: for ever"),
    ("order_type", "branch", "system"),
)  # fmt: skip
settings.setting(
    "TTL_WARN_DAYS", int, 0, _l("Days before a confirmed order expires on which the customer is warned; 0: never"),
    ("order_type", "branch", "system"),
)  # fmt: skip
settings.setting(
    "EXPIRED_ORDERS", EXPIRED_ORDERS, "mark_deleted", _l("What becomes of an order that has expired"),
    ("order_type", "branch", "system"),
)  # fmt: skip
settings.setting(
    "MERGE_CONFIRMATION", MERGE_CONFIRMATION, "by_manager", _l("Who confirms an order that was merged"), BY_TYPE
)
settings.setting(
    "CUSTOMER_ACCEPTS_CHANGES", bool, True, _l("What we change waits until the customer has accepted it"),
    ("customer", *BY_TYPE),
)  # fmt: skip
settings.setting(
    "CUSTOMER_DELETES_SUBMITTED", bool, True, _l("Customers may delete orders they have submitted, while unpaid"),
    ("customer", *BY_TYPE),
)  # fmt: skip
settings.setting(
    "ALLOW_DELETE_PAID", bool, False, _l("Orders that are paid, invoiced or shipped may be deleted as any other"),
    BY_TYPE,
)  # fmt: skip
settings.setting(
    "PURGE_DELETED_AFTER_DAYS", int, 0, _l("Days after which deleted orders are removed for good; 0: never")
)
settings.setting(
    "LINE_TERMS", bool, False, _l("Lines say when they start, how long they run, and what an advertisement shows"),
    ("order_type", "system"),
)  # fmt: skip
settings.setting(
    "HANDLING_WORDS", bool, True, _l("Show whether somebody is working on a submitted order already"),
    ("portal", "branch", "system"),
)  # fmt: skip
settings.setting(
    "ORDER_NEEDS_ACCOUNT", bool, False, _l("Orders need a customer with an active user account"), BY_TYPE
)  # fmt: skip
settings.setting(
    "ORDER_NEEDS_DATA", bool, False, _l("Orders need a customer whose basic data are complete"), BY_TYPE
)
settings.setting(
    "ORDER_NEEDS_REVIEW", bool, False, _l("Orders need a customer whose data we have reviewed"), BY_TYPE
)  # fmt: skip


def term(name, order, work):
    """What holds for an order: the narrowest of customer, order type, portal, branch, system."""
    return settings.get(
        name, work, customer=order.customer_id, order_type=order.order_type_id, portal=order.portal_id,
        branch=order.branch_id,
    )  # fmt: skip


def side(actor):
    """On which side somebody is: customer, branch (staff who see their branch only), staff, or system."""
    if actor.kind == "staff":
        return "staff" if actor.branches is None else "branch"
    return "system" if actor.kind == "system" else "customer"


def expiry(order, work):
    """Until when an order that is confirmed now is kept; None where it is kept for ever (ORD-26, X-20)."""
    days = term("CONFIRMED_ORDER_TTL_DAYS", order, work)
    return work.now + timedelta(days=days) if days > 0 else None


# --- before anything is ordered (CRT-22) -------------------------------------------------------


def ready(order, work):
    """Refuse an order of a customer who may not order yet, and say everything that is missing.

    :raises BusinessError: 'not_ready' with `missing`: a sentence each
    """
    missing = []
    if term("ORDER_NEEDS_ACCOUNT", order, work) and not has_account(order.customer_id, work):
        missing.append(_l("The customer has no active user account."))
    if term("ORDER_NEEDS_DATA", order, work):
        missing += customers.missing(order.customer)
    if term("ORDER_NEEDS_REVIEW", order, work) and order.customer.reviewed_at is None:
        missing.append(_l("We have not reviewed the customer's data yet."))
    if missing:
        found = [str(one) for one in missing]
        raise BusinessError("not_ready", " ".join(found), missing=found)


def has_account(customer_id, work):
    """Whether the customer has somebody who signs in to the portal."""
    user = select(Membership.id).join(Person, Person.id == Membership.user_id)
    return work.session.scalar(
        select(exists(user.where(Membership.customer_id == customer_id, Person.state == "active")))
    )


# --- how an order gets its number (X-16) -------------------------------------------------------


class NumberField(StringField):
    """The number of the order that a step makes; most houses take it from their series (X-16)."""

    def __init__(self, **more):
        checks = [Optional(), Length(max=40)]
        super().__init__(_l("Order number, where orders are numbered by hand"), checks, **more)

    def asked(self, work):
        """Whether people are shown the field: orders of some type are numbered by hand here."""
        return any(one.number_mode != "auto" for one in kept.rows(work, OrderType))


def number_mode(order_type_id, work):
    """How orders of a type get their number: auto, manual or auto_overridable; the usual type where none is named."""
    return work.session.get(OrderType, order_type_id or 1).number_mode


def kind_of(order, work):
    """The type of an order, as it is kept."""
    return next(one for one in kept.rows(work, OrderType) if one.id == order.order_type_id)


def check_number(order, number, work):
    """A number given by hand: only where the order's type allows it, and never twice.

    :raises BusinessError: 'number_given', 'number_taken'
    """
    kind = kind_of(order, work)
    if kind.number_mode == "auto":
        raise _number("number_given", _l("Orders of this type are numbered by the series."))
    if number_taken(number, work, but=order.id):
        raise _number("number_taken", _l("There is an order with this number already."))


def _number(code, text):
    return BusinessError(code, text, field="number", fields={"number": str(text)})


def number_taken(number, work, but=None):
    """Whether any order of the house has this number; it is unique in all modes."""
    with scope.lifted(work, "a number is unique among the orders of all customers"):
        asked = select(Order.id).where(Order.number == number, Order.id != (but or 0)).limit(1)
        return work.session.scalars(asked).first() is not None
