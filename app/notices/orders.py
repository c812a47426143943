"""Who hears about orders."""

import config
from app.core import facts
from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import buyer, holders, responsible, staff
from app.notices.reasons import reason
from app.rules import approvals, order_checks, orders

READ = buyer("order.read")


def values(order, work):
    return {
        "number": order.number or f"#{order.id}",
        "reference": order.reference,
        "customer": order.customer.name,
        "total": Money(order.total_gross, order.currency_code),
        "link": link("orders", order.id),
    }


def of_all():
    """Where a message leads whose order is no longer there."""
    return {"link": f"{config.SITE_URL}/orders/list/"}


def line_values(line):
    return {"sku": line.sku, "name": line.name, "ordered": line.quantity_ordered,
            "approved": line.quantity_approved, "reason": orders.reason_of(line)}  # fmt: skip


def supervisors(order, work):
    """Who of us decides where a rule asks for a supervisor; nobody where none does, or it is answered."""
    if order.state != "submitted" or not approvals.supervised(order, work):
        return []
    return staff(holders("order.supervise", work), work, order.branch_id)


def reviewers(order, work):
    """Who of us looks at a submitted order; supervisors hear by a message of their own."""
    told = {one.user_id for one in supervisors(order, work)}
    return [one for one in responsible(order, "order.approve", work) if one.user_id not in told]


@notice("order.submit", name="order_received", to=READ, changes=True)
def order_received(order, work):
    """It has arrived and will be reviewed (NTF-01); of a merged one people hear by itself."""
    if order.made_as == "merge":
        return {}
    return values(order, work) | {"lines": len(order.lines)}


@notice("order.submit", name="order_submitted", to=reviewers)
def order_submitted(order, work):
    """An order waits for its review; where the system confirms, nobody has to act."""
    if order_checks.by_itself(order, work) or order.made_as == "merge":
        return {}
    return values(order, work) | {"lines": len(order.lines), "rule": approvals.supervised(order, work)}


@notice(
    ("order.submit", "order.reconfirm", "order.answer", "order.correct", "order.split_off"),
    name="order_needs_supervisor", to=supervisors,
)  # fmt: skip
def order_needs_supervisor(order, work):
    """A rule asks for a supervisor, and which one (ORD-40)."""
    rule, fact = approvals.supervised(order, work), facts.heard(work)
    if not rule or (fact is not None and not _asked_by(fact, order)):
        return {}
    return values(order, work) | {"rule": rule}


def _asked_by(fact, order):
    """Whether this very step had somebody asked: steps may follow each other faster than their messages.

    An answer to a proposal may have a confirmed order sent for confirmation again, which is a fact of its own.
    """
    again = fact.name == "order.answer" and fact.payload["before"] != "submitted"
    return not again and fact.at in {one.created_at for one in approvals.pending(order)}


@notice("order.approve", name="order_confirmed", to=READ, attach=("order_confirmation",), changes=True)
def order_confirmed(order, work):
    """What we deliver, and which lines we cut or rejected (NTF-05, ORD-25)."""
    cut = [line_values(line) for line in order.lines if line.quantity_approved < line.quantity_ordered]
    return values(order, work) | {"cut": cut, "approved": len(order.lines) - len(cut)}


@notice("order.reject", name="order_rejected", to=READ, changes=True)
def order_rejected(order, work):
    """The result of its review (NTF-08, ORD-41)."""
    return values(order, work) | {"reason": reason("order", order, "reject", work)}


def both(order, work):
    return [*READ(order, work), *responsible(order, "order.approve", work)]


@notice("order.cancel", name="order_cancelled", to=both, changes=True)
def order_cancelled(order, work):
    """It will not be delivered; of a draft nobody has heard yet."""
    if order.submitted_at is None:
        return {}
    return values(order, work) | {"reason": reason("order", order, "cancel", work)}
