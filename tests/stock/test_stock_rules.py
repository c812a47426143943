"""Goods move and are kept back; nothing goes below zero and nothing is promised twice."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import scope
from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import stock
from models.orders import Reservation
from models.organisation import Branch
from models.stock import StockLevel, StockMovement, Warehouse
from tests import makers
from tests.expect import refused, statements


@pytest.fixture
def main(work):
    return makers.main_warehouse(work)


def level(work, product):
    return work.session.scalars(select(StockLevel).where(StockLevel.product_id == product.id)).one()


def lines_of(order):
    return [(line, line.product, line.quantity_ordered) for line in order.lines]


def test_on_hand_is_the_sum_of_movements(work, main):
    bolt = makers.make_product(work, stock_of=10)
    stock.move(bolt, main, Decimal(-4), "shipment", work, noun="order", record_id=7)
    assert level(work, bolt).on_hand == 6
    rows = work.session.scalars(select(StockMovement).order_by(StockMovement.id)).all()
    assert [(row.kind, row.quantity, row.noun, row.record_id) for row in rows] == [
        ("opening", 10, "", None), ("shipment", -4, "order", 7)]  # fmt: skip
    assert stock.check(work) == []


def test_stock_never_goes_below_zero(work, main):
    bolt = makers.make_product(work, sku="BOLT", stock_of=3)
    with refused("out_of_stock", work) as caught:
        stock.move(bolt, main, Decimal(-4), "shipment", work)
    assert caught.value.details["skus"] == ["BOLT"]
    assert str(caught.value) == "There is not enough stock of BOLT."
    assert level(work, bolt).on_hand == 3


def test_a_product_that_allows_back_orders_may_be_promised_beyond_its_stock(work, main):
    bolt = makers.make_product(work, backorder=True, stock_of=1)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 5))
    stock.reserve(lines_of(order), work)
    assert level(work, bolt).free == -4
    stock.consume(lines_of(order), work)
    assert level(work, bolt).on_hand == -4
    bolt.backorder = False
    stock.move(bolt, main, Decimal(2), "receipt", work)
    with refused("out_of_stock", work):
        stock.move(bolt, main, Decimal(-1), "adjustment", work)
    stock.move(bolt, main, Decimal(3), "receipt", work)
    assert level(work, bolt).on_hand == 1 and not level(work, bolt).backorder


def test_goods_promised_to_orders_cannot_be_moved_away(work, main):
    bolt = makers.make_product(work, stock_of=5)
    stock.reserve(lines_of(makers.make_order(work, makers.make_customer(work), (bolt, 4))), work)
    with refused("out_of_stock", work):
        stock.move(bolt, main, Decimal(-2), "adjustment", work)
    stock.move(bolt, main, Decimal(-1), "adjustment", work)
    assert level(work, bolt).free == 0


@pytest.mark.parametrize("quantity, code", [("0", "quantity_zero"), ("0.5", "uneven_quantity")])
def test_a_movement_is_a_whole_number_of_pieces(work, main, quantity, code):
    bolt = makers.make_product(work)
    with refused(code):
        stock.move(bolt, main, Decimal(quantity), "receipt", work)


def test_a_count_books_the_difference(work, main):
    bolt = makers.make_product(work, stock_of=10)
    assert stock.adjust(bolt, main, Decimal(10), work) is None
    made = stock.adjust(bolt, main, Decimal(7), work, reason="counted")
    assert (made.kind, made.quantity, made.reason) == ("adjustment", -3, "counted")
    assert level(work, bolt).on_hand == 7


def test_a_service_has_no_stock_and_is_always_there(work, main):
    hour, bolt = makers.make_product(work, service=True), makers.make_product(work, stock_of=2)
    order = makers.make_order(work, makers.make_customer(work), (hour, 9), (bolt, 1))
    stock.reserve(lines_of(order), work)
    assert stock.available([hour.id, bolt.id], work) == {hour.id: None, bolt.id: 1}
    stock.consume(lines_of(order), work)
    with refused("service_has_no_stock"):
        stock.move(hour, main, Decimal(1), "receipt", work)


def test_a_refused_reservation_names_every_item_that_is_short(work):
    short, gone, plenty = (makers.make_product(work, sku=sku, stock_of=n or None)
                           for sku, n in (("S", 2), ("G", 0), ("P", 9)))  # fmt: skip
    order = makers.make_order(work, makers.make_customer(work), (short, 3), (plenty, 3), (gone, 1))
    with refused("out_of_stock", work) as caught:
        stock.reserve(lines_of(order), work)
    assert caught.value.details["skus"] == ["G", "S"]
    work.session.expire_all()
    assert level(work, plenty).reserved == 0 and work.session.scalars(select(Reservation)).all() == []


def test_two_lines_of_one_product_count_together(work):
    bolt = makers.make_product(work, stock_of=5)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 3), (bolt, 3))
    with refused("out_of_stock", work):
        stock.reserve(lines_of(order), work)


def test_release_gives_back_once(work):
    bolt = makers.make_product(work, stock_of=5)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 3), (bolt, 2))
    stock.reserve(lines_of(order), work)
    assert stock.available([bolt.id], work) == {bolt.id: 0}
    for _again in range(2):
        stock.release([order.lines[0].id], work)
        assert stock.available([bolt.id], work) == {bolt.id: 3}
    assert stock.check(work) == []


def test_a_shipment_uses_the_reservation_up_in_parts(work):
    bolt = makers.make_product(work, stock_of=10)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 6))
    stock.reserve(lines_of(order), work)
    line = order.lines[0]
    stock.consume([(line, bolt, Decimal(4))], work, noun="order", record_id=order.id)
    assert (level(work, bolt).on_hand, level(work, bolt).reserved) == (6, 2)
    stock.consume([(line, bolt, Decimal(3))], work, noun="order", record_id=order.id)
    assert (level(work, bolt).on_hand, level(work, bolt).reserved) == (3, 0)
    assert work.session.scalars(select(Reservation)).all() == []
    assert stock.check(work) == []


def test_a_line_draws_on_its_own_warehouse(work):
    north = Warehouse(code="NORTH", name="North", branch_id=1)
    work.session.add(north)
    bolt = makers.make_product(work, stock_of=1)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 2))
    order.lines[0].warehouse_id = north.id or work.session.flush() or north.id
    with refused("out_of_stock", work):
        stock.reserve(lines_of(order), work)
    stock.move(bolt, north, Decimal(2), "receipt", work)
    stock.reserve(lines_of(order), work)
    assert stock.available([bolt.id], work) == {bolt.id: 1}
    assert stock.available([bolt.id], work, north) == {bolt.id: 0}


def test_the_orders_of_a_branch_draw_on_its_own_warehouse(work):
    branch = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP")
    work.session.add(branch)
    work.session.flush()
    north = Warehouse(code="NORTH", name="North", branch_id=branch.id, default=True)
    work.session.add(north)
    bolt = makers.make_product(work, stock_of=1)
    stock.move(bolt, north, Decimal(7), "receipt", work)
    order = makers.make_order(work, makers.make_customer(work), (bolt, 5), branch_id=branch.id)
    assert stock.available([bolt.id], work, branch_id=branch.id) == {bolt.id: 7}
    stock.reserve(lines_of(order), work)
    assert stock.available([bolt.id], work, branch_id=branch.id) == {bolt.id: 2}
    assert stock.available([bolt.id], work) == {bolt.id: 1} == stock.available([bolt.id], work, branch_id=99)


def test_warnings_name_what_runs_low(work):
    low = makers.make_product(work, sku="LOW", stock_of=4, stock_threshold=Decimal(5))
    makers.make_product(work, stock_of=5, stock_threshold=Decimal(5))
    none = makers.make_product(work, sku="NONE", stock_threshold=Decimal(1))
    makers.make_product(work, stock_of=0 or None)
    found = [(one.product.sku, one.free, one.threshold) for one in stock.threshold_warnings(work)]
    assert found == [("LOW", 4, 5), ("NONE", 0, 1)] and low.id != none.id


def test_check_tells_when_a_level_is_not_its_sum(work):
    bolt = makers.make_product(work, stock_of=4)
    level(work, bolt).on_hand = Decimal(5)
    level(work, bolt).reserved = Decimal(1)
    assert len(stock.check(work)) == 2


def test_a_thousand_lines_are_reserved_in_a_handful_of_statements(work):
    products = [makers.make_product(work, sku=f"P{n}") for n in range(200)]
    stock.move_all([(one, Decimal(5)) for one in products], makers.main_warehouse(work), "opening", work)
    order = makers.make_order(work, makers.make_customer(work), *[(one, 5) for one in products])
    rows = lines_of(order)
    with statements(work) as seen:  # default warehouse, lock, update of levels, reservations
        stock.reserve(rows, work)
    assert len(seen) <= 4
    with statements(work) as seen:
        stock.available([one.id for one in products], work)
    assert len(seen) == 1


def test_a_customers_user_reads_availability_through_the_eyes_of_the_house(open_work):
    with open_work() as work:
        customer, bolt = makers.make_customer(work), makers.make_product(work, stock_of=3)
        ids = customer.id, bolt.id
    buyer = Actor("buyer", "external", customers=frozenset({ids[0]}))
    with open_work(buyer) as work, scope.lifted(work, "the screen shows what can be promised"):
        assert stock.available([ids[1]], work) == {ids[1]: 3}


steps = st.lists(st.tuples(st.sampled_from(["move", "reserve", "release", "ship"]), st.integers(-6, 6)), max_size=12)


def test_whatever_happens_levels_stay_the_sum_of_what_happened(work):
    @settings(max_examples=15, deadline=None)
    @given(steps=steps)
    def story(steps):
        bolt = makers.make_product(work)
        line = makers.make_order(work, makers.make_customer(work), (bolt, 100)).lines[0]
        for verb, number in steps:
            try:
                with work.session.begin_nested():
                    _do(verb, number, bolt, line, work)
            except BusinessError as error:
                assert error.code in ("out_of_stock", "quantity_zero")
        assert stock.check(work) == []
        assert (stock.available([bolt.id], work)[bolt.id] or 0) >= 0

    story()


def _do(verb, number, bolt, line, work):
    if verb == "move":
        stock.move(bolt, makers.main_warehouse(work), Decimal(number), "adjustment", work)
    elif verb == "release":
        stock.release([line.id], work)
    elif verb == "reserve":
        stock.reserve([(line, bolt, Decimal(abs(number)))], work)
    else:
        stock.consume([(line, bolt, Decimal(abs(number)))], work)
