"""Confirmed orders are kept for some days and then given up, unless they were released or paid (ORD-26, X-20)."""

from datetime import timedelta
from itertools import islice

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import or_, select

from app.core import facts, settings
from app.core.errors import BusinessError
from app.rules import order_terms, orders
from models.orders import Order

FLOW = orders.FLOW
CHUNK = 200  # orders of one transaction
FREE = (Order.payment == "unpaid", Order.billing == "none", Order.shipping == "none")


def overdue(order, work):
    """Guard, asked under the order's lock: its time is over, and nobody has paid, billed or shipped any of it."""
    until = kept_until(order)
    if until is None or until > work.now:
        raise BusinessError("not_expired", _l("This order has not expired."))


def kept_until(order):
    """When a confirmed order expires; None where it is kept for ever, or somebody has paid, billed or shipped of it."""
    bound = order.payment != "unpaid" or order.billing != "none" or order.shipping != "none"
    return None if bound else order.expires_at


@FLOW.transition(
    "expire", source={"confirmed"}, target="cancelled", as_house=True, hidden=True, guards=(overdue,),
    label=_lp("order", "Expire"), told=_lp("history", "Expired"),
)  # fmt: skip
def expire(order, work):
    """Give the goods of an order back that was not released in time; it is cancelled, and by setting deleted too."""
    orders.give_back(order, work)
    order.cancelled_at = work.now
    if order_terms.term("EXPIRED_ORDERS", order, work) == "mark_deleted":
        order.deleted_at, order.deleted_by, order.deleted_reason = work.now, work.actor.user_id, "expired"


def due(work, limit=CHUNK):
    """Ids of confirmed orders whose time is over, the oldest first."""
    asked = select(Order.id).where(Order.state == "confirmed", Order.expires_at <= work.now, *FREE)
    return list(work.session.scalars(asked.order_by(Order.expires_at, Order.id).limit(limit)))


def run_out(work, limit=CHUNK):
    """Let one portion of overdue orders expire.

    :returns: how many expired
    """
    return len(FLOW.run("expire", due(work, limit)).done)


def warn(work, limit=CHUNK):
    """Say of orders that they are going to expire, once per confirmation, as many days before as TTL_WARN_DAYS says.

    :returns: the orders customers are told about
    """
    horizon = settings.most("TTL_WARN_DAYS", work)
    if horizon <= 0:
        return []
    asked = select(Order).where(
        Order.state == "confirmed", Order.expires_at > work.now, Order.expires_at <= work.now + timedelta(days=horizon),
        or_(Order.expiry_warned_at.is_(None), Order.expiry_warned_at < Order.confirmed_at), *FREE,
    )  # fmt: skip
    asked = asked.order_by(Order.expires_at, Order.id).with_for_update(of=Order, skip_locked=True)
    found = work.session.scalars(asked, execution_options={"yield_per": limit})  # no more are read than are told
    told = list(islice((order for order in found if _near(order, work)), limit))
    found.close()
    for order in told:
        order.expiry_warned_at = work.now
        facts.publish(work, "order.expiring", "order", order)
    return told


def _near(order, work):
    days = order_terms.term("TTL_WARN_DAYS", order, work)
    return days > 0 and order.expires_at <= work.now + timedelta(days=days)
