"""What comes after an order: receipt, ratings, calls that were noted, money that has to go back."""

from datetime import timedelta

from sqlalchemy import select

from app.rules import invoices, log_entries, orders, paid_orders, payments, ratings, refund_proposals
from models.orders import Order
from models.refund_proposals import RefundProposal

RATINGS = (  # who, which of his orders, stars, what he says
    ("buyer1", 96, 5, "Everything arrived in one box, well packed."),
    ("buyer1", 64, 4, "Good tea glasses, but two days late."),
    ("buyer1", 52, 2, "One lamp was damaged in transit."),
    ("buyer3", 90, 5, "As always."),
    ("buyer3", 44, 3, ""),
    ("fa", 80, 5, "بسته‌بندی عالی بود."),
    ("ro", 78, 4, "Livrare rapidă."),
    ("ru", 75, 5, "Всё пришло вовремя."),
    ("tr", 74, 3, "Kutu biraz ezilmişti."),
    ("zh", 70, 5, "包装很好。"),
)
NOTED = (("buyer1", 11, 4), ("buyer3", 10, 3))  # orders whose satisfaction we have noted ourselves
CALLS = (  # about which order, channel, direction, what was said, whether the customer may read it
    ("phone", "in", "Asks whether the glasses can come a day earlier. Promised to ask the warehouse.", False),
    ("email", "out", "The warehouse confirms that we ship one day earlier, on Thursday morning.", True),
    ("meeting", "out", "Showed the new summer range at the fair; a larger order is planned for spring.", False),
)


def make(stage, made):
    """Add it to the orders that were made: {(user, days): order id}."""
    for user, days, stars, comment in RATINGS:
        with stage.scene(user, max(days - 4, 0), "18:10") as work:
            ratings.rate(work.session.get(Order, made[user, days]), stars, comment, work)
    for user, days, stars in NOTED:
        with stage.scene("reviewer", max(days - 3, 0), "10:30") as work:
            ratings.rate(work.session.get(Order, made[user, days]), stars, "Said so on the telephone.", work)
    for user, contact in (("buyer1", "Ms Harrington, purchasing"), ("buyer3", "Mr Doyle")):
        _calls(stage, made[user, 4], contact)
    for user, decided in (("buyer1", False), ("buyer3", True)):
        _paid_and_cancelled(stage, made, user, decided)
    _split(stage, made["buyer1", 4])


def _split(stage, source):
    """An order of two lines, one of which the customer wants later: it became an order of its own."""
    with stage.scene("buyer1", 2, "16:20") as work:
        wanted = [{"sku": line.sku, "quantity": line.quantity_ordered}
                  for line in work.session.get(Order, source).lines[:2]]  # fmt: skip
        pk = orders.create(work, lines=wanted, submit=True, reference="PO-4831").id
    with stage.scene("reviewer", 1, "10:05") as work:
        order = work.session.get(Order, pk)
        orders.FLOW.run_one("split", order, lines=[{"id": order.lines[1].id}])


def _calls(stage, order_id, contact):
    for number, (channel, direction, text, told) in enumerate(CALLS):
        with stage.scene("reviewer", 3 - number, "11:20") as work:
            order = work.session.get(Order, order_id)
            entry = log_entries.enter(order, "order", work, channel=channel, direction=direction, contact=contact,
                                      held_at=work.now - timedelta(minutes=20), text=text)  # fmt: skip
            if told:
                log_entries.FLOW.run_one("publish", entry)


def _paid_and_cancelled(stage, made, user, decided):
    """An order paid in advance that we had to cancel: finance decides what becomes of the money."""
    source = made[user, 4]
    with stage.scene(user, 3, "09:30") as work:
        wanted = [{"sku": line.sku, "quantity": line.quantity_ordered}
                  for line in work.session.get(Order, source).lines[:1]]  # fmt: skip
        pk = orders.create(work, lines=wanted, submit=True, reference="PO-4820").id
    with stage.scene("supervisor", 3, "10:00"):
        orders.FLOW.run_one("approve", pk)
    with stage.scene("finance", 3, "10:30") as work:
        asked = invoices.from_order(work.session.get(Order, pk), work, "payment_request")
        work.session.flush()
        invoices.FLOW.run_one("issue", asked)
        paid = payments.begin(work, invoice=asked, amount=asked.total_gross, reference="PO-4820")
        payments.FLOW.run_one("confirm", paid)
    with stage.scene(days=3, clock="10:31") as work:
        paid_orders.payment_of_order(pk, work)
    with stage.scene("supervisor", 2, "12:00"):
        orders.FLOW.run_one("cancel", pk, reason="The maker has stopped making it.")
    if decided:
        with stage.scene("finance", 1, "09:15") as work:
            proposal = work.session.scalars(select(RefundProposal).filter_by(order_id=pk)).one()
            refund_proposals.FLOW.run_one("confirm", proposal)
        with stage.scene(days=1, clock="09:16") as work:
            paid_orders.payment_of_order(pk, work)
