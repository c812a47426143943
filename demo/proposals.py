"""Orders whose lines are negotiated: proposals that wait, were answered, or were taken back."""

from datetime import timedelta
from decimal import Decimal

from app.rules import order_proposals, orders
from models.orders import Order


def make(stage):
    """For customers 1 and 2: one proposal of theirs and one of ours wait, and one was withdrawn."""
    for customer, buyer in ((1, "buyer1"), (2, "buyer3")):
        _asked(stage, customer, buyer)
        _offered(stage, customer, buyer)


def _order(stage, customer, reference, *rows):
    wanted = [{"sku": sku, "quantity": Decimal(number)} for sku, number in rows]
    with stage.scene("support", 1, "11:05") as work:
        return orders.create(work, customer=customer, lines=wanted, submit=True, reference=reference).id


def _propose(stage, who, clock, pk, *rows, note=""):
    with stage.scene(who, 1, clock) as work:
        order = work.session.get(Order, pk)
        lines = [{**row, "id": order.lines[number].id} for number, row in enumerate(rows) if row]
        orders.FLOW.run_one("propose", order, lines=lines, note=note)


def _asked(stage, customer, buyer):
    """The customer wants a better price and another day; we have not answered yet."""
    pk = _order(stage, customer, "PO-4810", ("TX-702", 6), ("SP-606", 4))
    first = {"unit_price": "7.50", "requested_on": (stage.at(0).date() + timedelta(days=14)).isoformat()}
    _propose(stage, buyer, "11:20", pk, {"quantity": "12"}, None)
    with stage.scene(buyer, 1, "11:25") as work:
        orders.FLOW.run_one("withdraw", work.session.get(Order, pk))
    _propose(stage, buyer, "11:30", pk, first, {"quantity": "5"})


def _offered(stage, customer, buyer):
    """We proposed a substitute; the customer refused one line and countered the other, so did we."""
    pk = _order(stage, customer, "PO-4811", ("TX-702", 3), ("SP-606", 2))
    _propose(stage, "reviewer", "12:00", pk, {"quantity": "2"}, {"substitute": "TE-403"})
    _answer(stage, buyer, "12:20", pk, {"answer": "accept"}, {"answer": "counter", "unit_price": "3.20"})
    _answer(stage, "reviewer", "12:40", pk, {"answer": "counter", "unit_price": "3.60"})


def _answer(stage, who, clock, pk, *said):
    with stage.scene(who, 1, clock) as work:
        order = work.session.get(Order, pk)
        found = order_proposals.open_one(order, work)
        lines = [{**row, "id": line.id} for row, line in zip(said, found.lines, strict=True)]
        orders.FLOW.run_one("answer", order, lines=lines)
