"""Who hears that an order was changed, sent on, released or completed, is running out, or is to be deleted."""

from decimal import Decimal

import config
from app.notices.core import notice
from app.notices.orders import READ, both, line_values, of_all, reviewers, values
from app.notices.readers import handlers, holders, one_user, staff
from app.notices.reasons import reason
from app.rules import approvals, order_changes, order_checks, order_lines

SHOWN = 20  # lines a message names; the order shows all


def _changed(order, work):
    """The quantities the last step changed: {"sku", "before", "after"}; none of an order that was only opened."""
    found = order_changes.change_sets(order, work, limit=1)
    rows = [one for one in found[0].values if one.field == "quantity_ordered"] if found else []
    return [{"sku": one.line, "before": Decimal(one.before or 0), "after": Decimal(one.after or 0)}
            for one in rows[:SHOWN]]  # fmt: skip


def _told(order, work, side):
    """What is told about a change; nothing where the order was only opened or another side changed it."""
    if order.state != "changed" or order.changed_side != side or not order_changes.change_sets(order, work, limit=1):
        return {}
    return values(order, work) | {"changed": _changed(order, work)}


@notice("order.amend", name="order_changed_by_customer", to=handlers("order.approve"))
def order_changed_by_customer(order, work):
    """The customer changed it and will send it for confirmation (ORD-06)."""
    return _told(order, work, "customer")


@notice("order.amend", name="order_changed", to=READ, changes=True)
def order_changed(order, work):
    """We changed it: the customer accepts that, or changes it himself (ORD-30)."""
    return _told(order, work, "staff")


@notice("order.adjust", name="order_cut", to=READ, changes=True)
def order_cut(order, work):
    """What is in stock of it, with approved and rejected lines: the customer accepts that (NTF-05, ORD-25)."""
    if order.state != "changed":
        return {}
    lines = [line_values(line) for line in order.lines]
    return values(order, work) | {
        "whole": [one for one in lines if one["approved"] == one["ordered"]][:SHOWN],
        "cut": [one for one in lines if one["approved"] < one["ordered"]][:SHOWN],
        "ordered_total": order_lines.ordered_total(order),
    }


@notice("order.reconfirm", name="order_reconfirmed", to=reviewers)
def order_reconfirmed(order, work):
    """It waits for its review again (ORD-28); where the system confirms, nobody has to act."""
    if order.state != "submitted" or order_checks.by_itself(order, work):
        return {}
    return values(order, work) | {"rule": approvals.supervised(order, work)}


@notice("order.release", name="order_released", to=READ, changes=True)
def order_released(order, work):
    """It is saved for shipment, or its work has begun, and it can no longer be changed (NTF-06, ORD-29)."""
    return values(order, work) | {"by_work": order.by_work}


@notice("order.complete", name="order_completed", to=READ, changes=True)
def order_completed(order, work):
    """Everything has been delivered: the customer is asked whether he received it, and to rate it (NTF-12, ORD-23).

    Who confirmed receipt himself is not asked.
    """
    if order.received_at is not None:
        return {}
    return values(order, work) | {"rate": f"{config.SITE_URL}/ratings/rate/{order.id}"}


@notice("order.expiring", name="order_expiring", to=READ, changes=True)
def order_expiring(order, work):
    """It is kept for some days only, if nobody releases it (X-20)."""
    if order.state != "confirmed" or order.expires_at is None:
        return {}
    return values(order, work) | {"until": order.expires_at, "by_work": order.by_work}


@notice("order.expire", name="order_expired", to=both, changes=True)
def order_expired(order, work):
    """Its time is over; its goods, where it has any, are free again (ORD-26)."""
    gone = order.deleted_at is not None  # as EXPIRED_ORDERS says: its page is no longer there
    return values(order, work) | {"by_work": order.by_work, "gone": gone, **(of_all() if gone else {})}


@notice(
    "order.request_deletion", name="deletion_requested",
    to=lambda order, work: staff(holders("order.approve_deletion", work), work, order.branch_id),
)  # fmt: skip
def deletion_requested(order, work):
    """Somebody asks for its deletion; a second person decides (ORD-45, ORD-46)."""
    return values(order, work) | {"reason": reason("order", order, "request_deletion", work)}


def _asked(order, work):
    found = order.deletions
    return one_user(found[-1].created_by, work) if found else []


@notice("order.refuse_deletion", name="deletion_refused", to=_asked)
def deletion_refused(order, work):
    """It is kept; who asked for its deletion reads why."""
    return values(order, work) | {"reason": reason("order", order, "refuse_deletion", work)}


@notice("order.delete", name="order_deleted", to=both, changes=True)
def order_deleted(order, work):
    """It is gone; when, by whom and why stays in its history (ORD-08)."""
    return values(order, work) | of_all()
