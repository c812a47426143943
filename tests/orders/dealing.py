"""An order two sides negotiate about in a test, and what has become of it."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.errors import BusinessError
from app.rules import entry, order_proposals, orders, settings_pages, stock
from models.orders import Order, Reservation
from tests import makers
from tests.orders.joining import STAFF, buyer

FLOW = orders.FLOW


class Deal:
    """An order of 6 A-1 at 2.50 and 3 B-2 at 10, and both sides of it."""

    def __init__(self, open_work, state="submitted"):
        self.open_work = open_work
        with open_work() as work:
            customer = makers.make_customer(work)
            for sku, price in (("A-1", "2.50"), ("B-2", "10"), ("C-3", "4")):
                makers.make_product(work, sku, price=price, stock_of=20)
            self.customer = customer.id
            self.pk = orders.create(work, customer=customer.id, submit=True, lines=[
                {"sku": "A-1", "quantity": Decimal(6)}, {"sku": "B-2", "quantity": Decimal(3)}]).id  # fmt: skip
            self.ids = [line.id for line in work.session.get(Order, self.pk).lines]

    def who(self, name):
        return buyer(self.customer) if name == "customer" else STAFF

    def take(self, name, verb, version=None, **data):
        with self.open_work(self.who(name)):
            outcome = FLOW.run(verb, [self.pk], versions={self.pk: version} if version else None, **data)
            if outcome.refused:
                raise outcome.refused[0].error

    def propose(self, name, *rows, **more):
        self.take(name, "propose", lines=[{**row, "id": self.ids[row["id"]]} for row in rows], **more)

    def answer(self, name, *rows, **more):
        with self.open_work() as work:
            ids = [line.id for line in order_proposals.open_one(work.session.get(Order, self.pk), work).lines]
        self.take(name, "answer", lines=[{**row, "id": ids[row["id"]]} for row in rows], **more)

    def refused(self, call, *args, **more):
        with pytest.raises(BusinessError) as error:
            call(*args, **more)
        return error.value

    def lines(self):
        """{item code: (quantity, price, approved)}, the sum of the lines, state, what is kept back."""
        with self.open_work() as work:
            order = work.session.get(Order, self.pk)
            assert stock.check(work) == []
            assert order.total_net == sum(line.net for line in order.lines)
            assert order.total_gross == sum(line.gross for line in order.lines)
            assert all(line.net == line.unit_price * entry.agreed(line) for line in order.lines)
            kept = dict(work.session.execute(select(Reservation.order_line_id, Reservation.quantity)).all())
            expected = {line.id: line.quantity_approved for line in order.lines if line.quantity_approved}
            assert kept == (expected if order.state in ("confirmed", "released") else {})
            found = {line.sku: (line.quantity_ordered, line.unit_price, line.quantity_approved) for line in order.lines}
            return found, order.total_net, order.state, order.proposed_side

    def proposals(self):
        with self.open_work() as work:
            found = order_proposals.of_order(work.session.get(Order, self.pk), work)
            work.session.expunge_all()  # to be read afterwards
            return found


def cut(deal, state):
    """The deal in that state, after 4 of 6 A-1 were in stock; they are all there again."""
    with deal.open_work() as work:
        settings_pages.put("PARTIAL_QTY", "system", 0, "approve_available", work)
        product = work.session.scalars(select(makers.Product).where(makers.Product.sku == "A-1")).one()
        stock.move(product, makers.main_warehouse(work), Decimal(-16), "adjustment", work)
        steps = {"confirmed": ["approve"], "changed": ["adjust"], "submitted": ["adjust", "reconfirm"]}[state]
        for step in steps:
            FLOW.run_one(step, deal.pk, **({"partial": True} if step == "approve" else {}))
        stock.move(product, makers.main_warehouse(work), Decimal(16), "adjustment", work)
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), 4), "B-2": (3, 10, 3)}, 40, state, None)
    return deal
