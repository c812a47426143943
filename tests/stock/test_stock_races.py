"""Many at once, on the real database: one gets the last piece, nobody waits in a circle, sums stay right."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.core.errors import BusinessError
from app.rules import stock
from models.orders import OrderLine, Reservation
from models.products import Product
from models.stock import StockLevel, Warehouse
from tests import makers

MANY = 16


def all_at_once(open_work, act):
    """Run `act(work, n)` in as many threads as `MANY`, each in its own transaction; what became of each."""
    start = Barrier(MANY)

    def one(n):
        start.wait(30)
        try:
            with open_work() as work:
                act(work, n)
        except BusinessError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(MANY) as threads:
        return sorted(threads.map(one, range(MANY)))


def ordered(open_work, products, quantity, **stock_of):
    """Sixteen orders of the same products: {ids of products, ids of the lines of each order}."""
    with open_work() as work:
        made = [makers.make_product(work, sku=sku, stock_of=pieces) for sku, pieces in products.items()]
        customer = makers.make_customer(work)
        orders = [makers.make_order(work, customer, *[(one, quantity) for one in made]) for _n in range(MANY)]
        return [[line.id for line in order.lines] for order in orders]


def lines_of(work, ids, backwards=False):
    lines = work.session.scalars(select(OrderLine).where(OrderLine.id.in_(ids)).order_by(OrderLine.id)).all()
    rows = [(line, work.session.get(Product, line.product_id), line.quantity_ordered) for line in lines]
    return rows[::-1] if backwards else rows


def test_one_of_sixteen_gets_the_last_piece(open_work):
    lines = ordered(open_work, {"LAST": 1}, 1)
    became = all_at_once(open_work, lambda work, n: stock.reserve(lines_of(work, lines[n]), work))
    assert became == ["done"] + ["out_of_stock"] * (MANY - 1)
    with open_work() as work:
        assert work.session.scalar(select(func.count(Reservation.id))) == 1
        assert stock.check(work) == []


def test_orders_of_the_same_goods_in_any_sequence_do_not_block_each_other(open_work):
    lines = ordered(open_work, {"A": 20, "B": 9, "C": 20}, 1)
    became = all_at_once(open_work, lambda work, n: stock.reserve(lines_of(work, lines[n], n % 2), work))
    assert became == ["done"] * 9 + ["out_of_stock"] * 7
    with open_work() as work:
        assert set(work.session.scalars(select(StockLevel.reserved))) == {9}
        assert stock.check(work) == []


def test_a_line_is_released_once(open_work):
    lines = ordered(open_work, {"A": 20}, 2)
    with open_work() as work:
        stock.reserve(lines_of(work, lines[0] + lines[1]), work)
    assert all_at_once(open_work, lambda work, n: stock.release(lines[n % 2], work)) == ["done"] * MANY
    with open_work() as work:
        assert work.session.scalar(select(StockLevel.reserved)) == 0
        assert stock.check(work) == []


@pytest.mark.parametrize("kind, opening, left", [("receipt", None, 16), ("adjustment", 10, 0)])
def test_movements_at_the_same_time_all_count(open_work, kind, opening, left):
    with open_work() as work:
        bolt, main = makers.make_product(work, stock_of=opening).id, makers.main_warehouse(work).id
    step = Decimal(1 if kind == "receipt" else -1)

    def book(work, n):
        stock.move(work.session.get(Product, bolt), work.session.get(Warehouse, main), step, kind, work)

    became = all_at_once(open_work, book)
    assert became.count("done") == (MANY if kind == "receipt" else 10)
    with open_work() as work:
        assert work.session.scalar(select(StockLevel.on_hand)) == left
        assert stock.check(work) == []


def test_shipping_and_reserving_at_the_same_time_never_goes_below_zero(open_work):
    lines = ordered(open_work, {"A": 12, "B": 12}, 1)

    def act(work, n):
        (stock.consume if n % 2 else stock.reserve)(lines_of(work, lines[n], n % 3 == 0), work)

    became = all_at_once(open_work, act)
    assert became == ["done"] * 12 + ["out_of_stock"] * 4
    with open_work() as work:
        assert set(work.session.scalars(select(StockLevel.on_hand - StockLevel.reserved))) == {0}
        assert stock.check(work) == []
