"""Random merges, splits and their undoing among other steps: no piece, no penny and no promise gets lost or doubled."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.core.errors import BusinessError
from app.core.history import History, plain
from app.core.work import Actor
from app.rules import entry, order_unmerge, orders, settings_pages, stock
from models.orders import DocumentLink, Order, Reservation
from models.products import Product
from tests import makers
from tests.conftest import NOW

FLOW = orders.FLOW
PENNY = Decimal("0.01")
HOLDING = ("confirmed", "released")
ALIVE = ("submitted", "changed", "confirmed", "released", "rejected")
KEPT = ("state", "number", "total_net", "total_tax", "total_gross", "confirmed_at", "expires_at")
LINE = ("sku", "quantity_ordered", "unit_price", "net", "tax", "gross")
PLENTY = 12  # of each product: every order gets all it asks for


class Together(RuleBasedStateMachine):
    """Some orders of one customer, who merges, splits and takes back, as do our people."""

    open_work = None  # set by the test

    @initialize(rate=st.sampled_from((0, 9, 20)), quantities=st.lists(st.integers(1, 6), min_size=6, max_size=6),
                has=st.sampled_from((PLENTY, 4)))  # fmt: skip
    def begin(self, rate, quantities, has):
        self.now, self.short = NOW, has < PLENTY
        self.slack = 0  # pennies by which parted lines may be rounded otherwise
        with self.open_work() as work:
            settings_pages.put("PARTIAL_QTY", "system", 0, "approve_available", work)
            customer = makers.make_customer(work)
            number = work.session.scalar(select(func.count()).select_from(Product))
            goods = [makers.make_product(work, f"P-{number}-{price}", price=price, stock_of=has)
                     for price in ("2.50", "0.335", "9.99")]  # fmt: skip
            for at in range(3):
                first, second = quantities[2 * at : 2 * at + 2]
                wanted = (goods[at], first, "2.50"), (goods[(at + 1) % 3], second, "0.335")
                order = makers.make_order(work, customer, *wanted)
                for line in order.lines:
                    line.tax_rate = Decimal(rate)
                    entry.count(line, order)
                entry.sum_up(order)
                FLOW.run_one("submit", order)
                FLOW.run("adjust", [order])  # refused where everything is there
            self.customer = customer.id
        with self.open_work() as work:
            self.goods, self.sums = self._goods(work), self._sums(work)
        self.before = {}

    def _orders(self, work):
        rows = select(Order).where(Order.customer_id == self.customer).order_by(Order.id)
        return work.session.scalars(rows).all()

    def _alive(self, work):
        return [order for order in self._orders(work) if order.state in ALIVE]

    def _goods(self, work):
        """{product: how much of it is ordered}."""
        found = {}
        for order in self._alive(work):
            for line in order.lines:
                found[line.product_id] = found.get(line.product_id, 0) + line.quantity_ordered
        return found

    def _sums(self, work):
        rows = self._alive(work)
        return [sum((getattr(row, f"total_{part}") for row in rows), Decimal(0)) for part in ("net", "tax", "gross")]

    def _try(self, call, outside):
        """Take a step; a refusal is an answer too, and leaves everything as it was."""
        inside = Actor("Rita", kind="staff", may=lambda permission: True)
        buyer = Actor("Bea", kind="external", customers=frozenset({self.customer}), may=lambda permission: True)
        try:
            with self.open_work(buyer if outside else inside, now=self.now) as work:
                return call(work)
        except BusinessError:
            return None

    def _picked(self, work, at, count=1):
        rows = [row.id for row in self._orders(work)]
        return [rows[(at + step) % len(rows)] for step in range(min(count, len(rows)))] if rows else []

    @rule(at=st.integers(0, 9), count=st.integers(2, 3), outside=st.booleans())
    def merge(self, at, count, outside):
        def call(work):
            ids = self._picked(work, at, count)
            kept = {pk: self._print(work.session.get(Order, pk)) for pk in ids}
            outcome = FLOW.run("merge", ids)
            if outcome.made:
                self.before |= kept

        self._try(call, outside)

    @rule(at=st.integers(0, 9), outside=st.booleans())
    def unmerge(self, at, outside):
        def call(work):
            pk = self._picked(work, at)[0]
            FLOW.run_one("unmerge", pk)

        self._try(call, outside)
        self._cut_anew()

    @rule(at=st.integers(0, 9), share=st.integers(1, 5), whole=st.booleans(), outside=st.booleans())
    def split(self, at, share, whole, outside):
        def call(work):
            order = work.session.get(Order, self._picked(work, at)[0])
            line = order.lines[share % len(order.lines)]
            part = {} if whole else {"quantity": min(Decimal(share), line.quantity_ordered)}
            FLOW.run_one("split", order, lines=[{"id": line.id, **part}])
            self.slack += 2

        self._try(call, outside)

    @rule(at=st.integers(0, 9), partial=st.booleans(),
          verb=st.sampled_from(("approve", "adjust", "release", "reconfirm", "amend", "reject")))  # fmt: skip
    def step(self, at, verb, partial):
        data = {"reject": {"reason": "x"}, "approve": {"partial": partial}}

        def call(work):
            FLOW.run_one(verb, self._picked(work, at)[0], **data.get(verb, {}))

        self._try(call, outside=False)
        self._cut_anew()

    def _cut_anew(self):
        """Where goods are short such steps change what is delivered, and what it costs; merging and splitting never."""
        if self.short:
            with self.open_work() as work:
                self.sums, self.slack = self._sums(work), 0

    @rule(minutes=st.integers(1, 6))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)
        self._try(order_unmerge.clean_up, outside=False)

    def _print(self, order):
        lines = [tuple(getattr(line, name) for name in LINE) for line in order.lines]
        return [getattr(order, name) for name in KEPT], lines

    @invariant()
    def everything_agrees(self):
        with self.open_work() as work:
            assert self._goods(work) == self.goods
            for now, once in zip(self._sums(work), self.sums, strict=True):
                assert abs(now - once) <= self.slack * PENNY
            self._held(work)
            for order in self._alive(work):
                self._adds_up(order)
                self._came_back(order)
            self._linked(work)

    def _held(self, work):
        assert stock.check(work) == []
        rows = work.session.execute(select(Reservation.order_line_id, func.sum(Reservation.quantity))
                                    .where(Reservation.customer_id == self.customer)
                                    .group_by(Reservation.order_line_id)).all()  # fmt: skip
        wanted = {line.id: line.quantity_approved for order in self._alive(work) if order.state in HOLDING
                  for line in order.lines if line.quantity_approved}  # fmt: skip
        assert dict(rows) == wanted

    def _adds_up(self, order):
        for part in ("net", "tax", "gross"):
            sums = sum((getattr(line, part) for line in order.lines), Decimal(0))
            assert getattr(order, f"total_{part}") == sums, part
        for line in order.lines:
            kept = [getattr(line, name) for name in ("net", "tax", "gross")]
            entry.count(line, order)  # what is stored is what price and quantity give
            assert kept == [getattr(line, name) for name in ("net", "tax", "gross")]
            assert 0 <= line.quantity_approved <= line.quantity_ordered and line.quantity_ordered > 0

    def _came_back(self, order):
        """Who was merged and is there again is as it was, or says that its goods are gone."""
        before = self.before.pop(order.id, None)
        if before is not None:
            now = self._print(order)
            cut = (before[0][0], now[0][0], order.changed_side) == ("confirmed", "changed", "system")
            assert now == before or cut
            assert [line[:3] for line in now[1]] == [line[:3] for line in before[1]]

    def _linked(self, work):
        """Sources and links to them agree; the history tells the state of each order."""
        rows = self._orders(work)
        links = set(work.session.scalars(select(DocumentLink.from_id).where(
            DocumentLink.kind == "merged", DocumentLink.customer_id == self.customer)))  # fmt: skip
        assert {row.id for row in rows if row.merged_at is not None} <= links
        for row in rows:
            told = [one.changes["state"][1] for one in work.session.scalars(
                select(History).where(History.noun == "order", History.record_id == row.id).order_by(History.id))
                if "state" in one.changes]  # fmt: skip
            assert plain(row.state) == told[-1]
        work.session.rollback()


@pytest.mark.usefixtures("database")
def test_whatever_is_merged_split_and_taken_back_nothing_is_lost(open_work):
    class Here(Together):
        pass

    Here.open_work = staticmethod(open_work)
    limits = settings(max_examples=20, stateful_step_count=12, deadline=None, derandomize=True,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(Here, settings=limits)
