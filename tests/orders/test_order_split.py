"""Splitting a placed order in two: lines, parts of lines, what is kept back of the stock, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core import facts
from app.core.errors import BusinessError, Malformed
from app.core.history import History
from app.core.work import Actor
from app.rules import documents, entry, order_expiry, order_split, orders, settings_pages, stock
from benchmarks.statements import counted
from models.approvals import ApprovalRule
from models.orders import Order, OrderType, Reservation
from models.stock import StockLevel
from tests import makers
from tests.conftest import NOW

FLOW = orders.FLOW


def buyer(customer_id):
    return Actor("Bea", kind="external", customers=frozenset({customer_id}), may=lambda permission: True)


@pytest.fixture
def place(open_work):
    """`place("confirmed", A1=6)` places an order and takes it to that state: its id."""
    with open_work() as work:
        shop = makers.make_customer(work).id
        for sku, price in (("A-1", "2.50"), ("B-2", "10"), ("C-3", "0.335")):
            makers.make_product(work, sku, price=price, stock_of=10)

    def placed(state="submitted", **wanted):
        with open_work() as work:
            lines = [{"sku": f"{name[0]}-{name[1]}", "quantity": Decimal(many)} for name, many in wanted.items()]
            order = orders.create(work, customer=shop, lines=lines, submit=True, reference="PO-1",
                                  promotion_code="SUMMER")  # fmt: skip
            for verb in {"submitted": (), "confirmed": ("approve",), "changed": ("amend",)}[state]:
                FLOW.run_one(verb, order)
            return order.id

    placed.shop = shop
    return placed


def split(open_work, pk, actor=None, **wanted):
    """Move quantities by item code, None for the whole line; the id of the new order, or the refusal's code."""
    try:
        with open_work(actor) as work:
            known = {line.sku: line.id for line in work.session.get(Order, pk).lines}
            rows = [{"id": known[f"{name[0]}-{name[1]}"], **({} if many is None else {"quantity": Decimal(many)})}
                    for name, many in wanted.items()]  # fmt: skip
            return FLOW.run_one("split", pk, lines=rows).id
    except BusinessError as error:
        return error.code, [one["error"] for one in error.details.get("lines", ())]


def told(order):
    return [(one.sku, one.quantity_ordered, one.quantity_approved, one.net) for one in order.lines]


def held(work, order):
    rows = work.session.execute(
        select(Reservation.order_line_id, Reservation.quantity).where(
            Reservation.order_line_id.in_([line.id for line in order.lines]))
    )  # fmt: skip
    names = {line.id: line.sku for line in order.lines}
    return {names[line]: quantity for line, quantity in rows}


@pytest.mark.parametrize("state", ["submitted", "changed"])
def test_lines_and_parts_of_lines_go_to_an_order_of_their_own(open_work, place, state):
    pk = place(state, A1=6, B2=3, C3=2)
    made = split(open_work, pk, buyer(place.shop), A1=2, C3=None)
    with open_work() as work:
        order, new = work.session.get(Order, pk), work.session.get(Order, made)
        assert told(order) == [("A-1", 4, 0, Decimal(10)), ("B-2", 3, 0, Decimal(30))]
        assert told(new) == [("A-1", 2, 0, Decimal(5)), ("C-3", 2, 0, Decimal("0.67"))]
        assert (order.total_net, new.total_net) == (Decimal(40), Decimal("5.67"))
        assert (new.state, new.made_as, new.reference, new.submitted_at) == (state, "split", "PO-1", NOW)
        assert (new.changed_side, new.handler_id) == (order.changed_side, order.handler_id)
        assert new.promotion_code == order.promotion_code == "SUMMER"
        assert new.number not in (None, order.number)
        assert [line.position for line in order.lines] == [1, 2]
        (link,) = documents.links_of(new, work)
        assert (link.kind, link.from_id, link.to_id) == ("split", pk, made)
        assert [(one.origins[0]["order"], one.origins[0]["quantity"]) for one in new.lines] == [(pk, "2"), (pk, "2")]


def test_a_confirmed_order_stays_confirmed_on_both_sides_with_its_goods(open_work, place):
    pk = place("confirmed", A1=6, B2=3)
    with open_work() as work:
        expires = work.session.get(Order, pk).expires_at
        levels = [(one.reserved, one.version if hasattr(one, "version") else None)
                  for one in work.session.scalars(select(StockLevel).order_by(StockLevel.id))]  # fmt: skip
    made = split(open_work, pk, A1=2, B2=None)
    with open_work() as work:
        order, new = work.session.get(Order, pk), work.session.get(Order, made)
        assert (order.state, new.state) == ("confirmed", "confirmed")
        assert told(order) == [("A-1", 4, 4, Decimal(10))] and held(work, order) == {"A-1": 4}
        assert told(new) == [("A-1", 2, 2, Decimal(5)), ("B-2", 3, 3, Decimal(30))]
        assert held(work, new) == {"A-1": 2, "B-2": 3} and stock.check(work) == []
        assert (order.expires_at, new.expires_at) == (expires, expires)
        assert levels == [(one.reserved, one.version if hasattr(one, "version") else None)
                          for one in work.session.scalars(select(StockLevel).order_by(StockLevel.id))]  # fmt: skip
        FLOW.run("release", [pk, made])
        FLOW.run("complete", [pk, made])
        assert (order.state, new.state) == ("completed", "completed") and stock.check(work) == []


def test_a_line_that_was_cut_goes_as_a_whole_or_not_at_all(open_work, place):
    with open_work() as work:
        settings_pages.put("PARTIAL_QTY", "system", 0, "approve_available", work)
    pk = place(A1=12, B2=1)
    with open_work():
        FLOW.run_one("adjust", pk)
    assert split(open_work, pk, A1=2) == ("lines_refused", ["cut_line"])
    made = split(open_work, pk, A1=None)
    with open_work() as work:
        order, new = work.session.get(Order, pk), work.session.get(Order, made)
        (line,) = new.lines
        assert (line.quantity_ordered, entry.agreed(line), line.net, line.reason) == (12, 10, 25, "part_in_stock")
        assert (order.total_net, new.total_net) == (10, 25)  # the same as before, together


def test_something_goes_and_something_stays(open_work, place):
    pk = place(A1=6, B2=3)
    assert split(open_work, pk) == ("nothing_chosen", [])
    assert split(open_work, pk, A1=None, B2=3) == ("everything_chosen", [])
    assert split(open_work, pk, A1=7, B2=0) == ("lines_refused", ["too_much", "bad_quantity"])
    assert split(open_work, pk, A1="0.5") == ("lines_refused", ["uneven_quantity"])
    with open_work() as work, pytest.raises(BusinessError) as refused:
        FLOW.run_one("split", pk, lines=[{"id": 999999}, {"id": work.session.get(Order, pk).lines[0].id},
                                         {"id": work.session.get(Order, pk).lines[0].id}])  # fmt: skip
    found = [(one["index"], one["error"]) for one in refused.value.details["lines"]]
    assert found == [(0, "unknown_line"), (2, "twice")]
    with open_work() as work:
        assert told(work.session.get(Order, pk)) == [("A-1", 6, 0, Decimal(15)), ("B-2", 3, 0, Decimal(30))]
        assert len(work.session.scalars(select(Order)).all()) == 1


def test_both_parts_of_an_order_are_kept_as_long_as_the_customer_was_told(open_work, place):
    pk = place("confirmed", A1=6)
    with open_work() as work:
        settings_pages.put("TTL_WARN_DAYS", "system", 0, 3, work)
        work.session.get(Order, pk).expires_at = NOW + timedelta(days=2)
        assert [one.id for one in order_expiry.warn(work)] == [pk]
    with open_work(now=NOW + timedelta(hours=1)) as work:
        line = work.session.get(Order, pk).lines[0].id
        FLOW.run_one("split", pk, lines=[{"id": line, "quantity": Decimal(2)}])
    with open_work(now=NOW + timedelta(hours=2)) as work:
        assert order_expiry.warn(work) == []


def test_paid_orders_and_those_on_their_way_are_not_split(open_work, place):
    pk = place("confirmed", A1=6)
    with open_work() as work:
        work.session.get(Order, pk).payment = "part"
    assert split(open_work, pk, A1=2)[0] == "paid"
    with open_work() as work:
        work.session.get(Order, pk).payment = "unpaid"
        FLOW.run_one("release", pk)
    assert split(open_work, pk, A1=2)[0] == "wrong_state"


def test_nothing_gets_past_an_approval_rule_by_being_split(open_work, place):
    with open_work() as work:
        work.session.add(ApprovalRule(name="Large", noun="order", level="supervisor", over_amount=Decimal(40),
                                      currency_code="GBP"))  # fmt: skip
    pk = place(A1=6, B2=3)
    made = split(open_work, pk, B2=None)
    with open_work(Actor("Rita", kind="staff", user_id=None, may=lambda permission: permission != "order.supervise")):
        refused = FLOW.run("approve", [pk, made]).refused
    assert [one.error.code for one in refused] == ["needs_supervisor", "needs_supervisor"]


def test_a_type_numbered_by_hand_asks_for_the_number(open_work, place):
    pk = place(A1=6)
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "manual"
        line = work.session.get(Order, pk).lines[0].id
    assert split(open_work, pk, A1=2)[0] == "number_missing"
    with open_work() as work:
        assert FLOW.run_one("split", pk, lines=[{"id": line, "quantity": Decimal(2)}], number="M-1").number == "M-1"


def test_history_tells_it_on_both_sides_and_one_fact_of_each(open_work, place):
    pk = place(A1=6)
    made = split(open_work, pk, A1=2)
    with open_work() as work:
        order, new = work.session.get(Order, pk), work.session.get(Order, made)
        rows = [work.session.scalars(select(History).where(History.record_id == one, History.noun == "order")
                                     .order_by(History.id.desc())).first() for one in (pk, made)]  # fmt: skip
        assert [(one.action, one.note) for one in rows] == [("order.split", new.number), ("order.split", order.number)]
        assert rows[0].changes["total_net"] == ["15", "10"] and rows[1].changes["state"] == [None, "submitted"]
        names = work.session.execute(select(facts.Fact.name, facts.Fact.record_id).order_by(facts.Fact.id)).all()
        assert sorted(map(tuple, names[-2:])) == [("order.split", pk), ("order.split_off", made)]


@pytest.mark.parametrize("row", [
    {"id": "1"}, {"id": True}, {"id": 0}, {"id": 1, "quantity": 1.5}, {"id": 1, "quantity": "many"}, {"sku": "A-1"},
    {"id": 1, "price": "1"}, 7, None, {"id": 1, "quantity": True}, {"id": 1, "quantity": "NaN"},
])  # fmt: skip
def test_rows_that_are_none_are_malformed(row):
    with pytest.raises(Malformed):
        order_split._row(row)


def test_splitting_sends_the_same_however_many_lines_there_are(open_work, place):
    def sent(count):
        with open_work() as work:
            goods = [makers.make_product(work, price="2", stock_of=1000) for _ in range(count)]
            wanted = [{"sku": one.sku, "quantity": Decimal(4)} for one in goods]
            order = orders.create(work, customer=place.shop, lines=wanted, submit=True)
            FLOW.run_one("approve", order)
            pk, rows = order.id, [{"id": line.id, "quantity": Decimal(1)} for line in order.lines]
        with counted() as found, open_work():
            FLOW.run_one("split", pk, lines=rows)
        return found

    sent(2)
    few, many = sent(3), sent(60)
    assert len(many) <= len(few) + 3, "\n".join(" ".join(one.split())[:150] for one in many)
