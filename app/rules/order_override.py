"""The state of an order set by hand: what the steps to it would have done with goods, days and decisions (X-40).

Between confirmed and released the goods stay; out of both and of completed they are given back, into them they are
kept back in full, or the state is refused as an approval would be. Who wants a part of them approves in part.
"""

from decimal import Decimal

from app.rules import approvals, order_terms, orders, stock

FLOW = orders.FLOW
AGREED = ("confirmed", "released", "completed")  # states in which something is approved
UNSENT = ("draft", "cancelled")


def follow(order, before, after, work):
    """Let goods, days and decisions follow a state set by hand.

    :raises BusinessError: 'invoiced', 'shipped', 'no_lines', 'number_missing', 'out_of_stock', 'work_not_finished'
    """
    with work.session.no_autoflush:  # one update of each row at the end
        _leave(order, before, after, work)
        if after == "submitted":
            _submit(order, work)
        elif after not in UNSENT:
            _sent(order, work)
        if after in AGREED:
            _agree(order, before, after, work)
        elif after == "rejected":
            approvals.answer(order, "rejected", work.note, work)
        elif after == "cancelled":
            orders.stopped(order, work)
        elif after == "changed":
            order.changed_side = None  # nobody has changed anything that the other side would have to accept


FLOW.by_hand.append(follow)


def _leave(order, before, after, work):
    """Take back what holds no longer."""
    if after not in AGREED:
        orders.nothing_invoiced(order, work)
    order.cancelled_at = order.cancelled_by = None
    if before == "completed":
        stock.take_back("order", order.id, work)
        for line in order.lines:
            line.quantity_shipped = Decimal(0)
        order.shipping, order.completed_at = "none", None
    if after != "completed":
        order.received_at = order.received_by = None
    if after not in AGREED and (before in AGREED or after in UNSENT):
        orders.nothing_shipped(order, work)
        orders.give_back(order, work)


def _submit(order, work):
    """Have it reviewed anew; who sent it before stays the one who sent it, and approves it no more than before."""
    orders.has_lines(order, work)
    sent = order.submitted_at, order.submitted_by
    orders.submit(order, work)
    if sent[0] is not None:
        order.submitted_at, order.submitted_by = sent


def _sent(order, work):
    """An order that is no draft any more has a number and a day."""
    orders.take_number(order, work)
    if order.submitted_at is None:
        order.submitted_at, order.submitted_by = work.now, work.actor.user_id


def _agree(order, before, after, work):
    """Keep its goods back, and let them go where it is completed."""
    if before not in AGREED:
        orders.has_lines(order, work)
        orders.approve(order, work, note=work.note)
    elif before == "completed":
        products = orders.products_of(order, work)
        stock.reserve([(line, products[line.product_id], line.quantity_approved) for line in order.lines], work)
    order.expires_at = order_terms.expiry(order, work) if after == "confirmed" else None
    if after == "completed":
        orders.all_done(order, work)
        orders.complete(order, work)
