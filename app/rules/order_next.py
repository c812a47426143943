"""What comes next for an order, in words, for whoever looks at it (UI-13)."""

from flask_babel import lazy_gettext as _l

from app.core.localized import Reader, format_date, local
from app.rules import approvals, order_expiry, work_plan
from models.orders import Order

NEXT_STEPS = {  # (state, who looks): what comes next, in words
    ("draft", "inside"): _l("Submit the order, or change it."),
    ("draft", "outside"): _l("Waiting for you: submit the order."),
    ("submitted", "inside"): _l("Review the order: approve or reject it."),
    ("submitted", "outside"): _l("We are reviewing your order."),
    ("changed", "inside"): _l("The order was changed: reconfirm it."),
    ("changed", "outside"): _l("Waiting for you: reconfirm the changed order."),
    ("changed by customer", "inside"): _l("The customer is changing the order and will send it for confirmation."),
    ("changed by customer", "outside"): _l("Waiting for you: send your changes for confirmation."),
    ("changed by staff", "inside"): _l("Waiting for the customer: to accept our changes."),
    ("changed by staff", "outside"): _l("Waiting for you: accept our changes, or change the order."),
    ("changed by system", "inside"): _l("Waiting for the customer: to accept what is in stock."),
    ("changed by system", "outside"): _l("Waiting for you: accept what is in stock, or change the order."),
    ("proposed by customer", "inside"): _l("Waiting for you: answer the customer's proposal."),
    ("proposed by customer", "outside"): _l("We are looking at your proposal."),
    ("proposed by staff", "inside"): _l("Waiting for the customer: to answer our proposal."),
    ("proposed by staff", "outside"): _l("Waiting for you: answer our proposal."),
    ("confirmed", "inside"): _l("Release the order when it may be shipped."),
    ("confirmed", "outside"): _l("Confirmed: we keep the goods for you."),
    ("released", "inside"): _l("Complete the order when the customer has received everything."),
    ("released", "outside"): _l("Your order is being prepared. Confirm receipt once you have everything."),
    ("received", "inside"): _l("The customer has confirmed receipt: the order is completed by itself."),
    ("received", "outside"): _l("You have confirmed receipt. Thank you."),
    ("rejected", "inside"): _l("Amend the order, or cancel it."),
    ("rejected", "outside"): _l("Rejected: see the reason in the history."),
}
SERVICE_STEPS = {  # the same where work is done and nothing shipped
    ("confirmed", "inside"): _l("Start the work when everything for it is there."),
    ("confirmed", "outside"): _l("Confirmed: the work can begin."),
}


def next_step(order, work, reader=None):
    """What comes next, in words, for whoever looks.

    :param reader: how he writes days
    """
    who = "inside" if work.actor.inside else "outside"
    side = f"changed by {order.changed_side}" if order.state == "changed" and order.changed_side else order.state
    side = "received" if side == "released" and order.received_at else side
    if order.proposed_side:
        side = f"proposed by {order.proposed_side}"
    if (side, who) == ("submitted", "inside") and not work.actor.may("order.supervise"):
        rule = approvals.supervised(order, work)
        if rule:
            return approvals.needs_supervisor(rule)
    if (side, who) == ("confirmed", "outside") and sends(order, work):
        return _send(order, reader or Reader())
    words = NEXT_STEPS | SERVICE_STEPS if order.by_work else NEXT_STEPS
    return words.get((side, who))


def sends(order, work):
    """Whether it is the customer who says of a confirmed order of his that it goes on, and not the house."""
    return work.actor.may("order.release") and not work_plan.paid_first(order, work)


def to_send(work):
    """The criterion of the orders that wait for a customer to say so."""
    return (Order.state == "confirmed") & Order.proposed_side.is_(None) & work_plan.released_by_hand(work)


def _send(order, reader):
    until, service = order_expiry.kept_until(order), order.by_work
    day = None if until is None else format_date(local(until, reader).date(), "long", reader)
    if service and day is None:
        return _l("Waiting for you: start the work.")
    if service:
        return _l("Waiting for you: start the work. We keep the order until %(day)s.", day=day)
    if day is None:
        return _l("Waiting for you: send the order for shipment.")
    return _l("Waiting for you: send the order for shipment. We keep the goods until %(day)s.", day=day)
