"""The catalogue in the order of what a customer pays: what applies to him, page by page, along an index."""

import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import catalogue_prices, pricing
from models.customers import Customer
from models.products import Price, Product
from tests import makers
from tests.products.test_pricing_rules import make_group
from tests.test_plans import CROWD, planned

MANY = 20_000


def ordered(work, customer, down=False, edge=None, limit=100):
    return catalogue_prices.page(work.session.query(Product), customer, work, down=down, edge=edge, limit=limit)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from(["0.1", "1", "10"]),
                          st.integers(1, 4)), max_size=14), st.booleans())  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_is_that_of_the_price_that_applies_to_one(lists_and_goods, rows, down):
    work, customer, lists, goods = lists_and_goods
    work.session.query(Price).delete()
    for at, product, quantity, amount in {(one[0], one[1], one[2]): one for one in rows}.values():
        makers.make_price(work, goods[product], amount, lists[at], from_quantity=quantity)
    prices = pricing.quote([one.id for one in goods], customer, "GBP", None, {}, work)
    wanted = [(one.id, prices[one.id].unit_price) for one in goods
              if not isinstance(prices[one.id], BusinessError)]  # fmt: skip
    wanted.sort(key=lambda pair: (pair[1], pair[0]), reverse=down)
    assert ordered(work, customer, down) == wanted
    walked, edge = [], None
    while found := ordered(work, customer, down, edge, limit=2):
        walked += found
        edge = (found[-1][1], found[-1][0])
    assert walked == wanted, "page by page it is the same"


@pytest.fixture
def lists_and_goods(work):
    """A customer with a list of his own, two of his group and the general one; six products."""
    customer = makers.make_customer(work)
    group = make_group(work, "dealers", customer)
    lists = [
        makers.make_price_list(work, "Own", customers=[customer]),
        makers.make_price_list(work, "Group", groups=[group]),
        makers.make_price_list(work, "Group, new", groups=[group], valid_from=date(2026, 1, 1)),
        makers.general_list(work),
    ]  # fmt: skip
    return work, customer, lists, [makers.make_product(work) for _n in range(6)]


def test_a_customer_finds_the_order_of_his_own_prices_only(open_work):
    with open_work() as work:
        one, two = makers.make_customer(work), makers.make_customer(work)
        cheap, dear = (makers.make_product(work, price=price) for price in ("5", "6"))
        makers.make_price(work, dear, "1", makers.make_price_list(work, customers=[two]))
        ids, customers = (cheap.id, dear.id), (one.id, two.id)
    for pk, wanted in zip(customers, (list(ids), list(reversed(ids))), strict=True):
        buyer = Actor("buyer", "external", customers=frozenset({pk}))
        with open_work(buyer) as work:
            found = ordered(work, work.session.get(Customer, pk))
            assert [product for product, _price in found] == wanted


def test_marks_travel_and_foreign_ones_are_told(work):
    assert catalogue_prices.unmark(catalogue_prices.mark((7, Decimal("2.500000")))) == (Decimal("2.5"), 7)
    for bad in ("", "7", "x~1", "1~x", "1~" + "9" * 30, "~", "-1~1"):
        with pytest.raises(ValueError) as refused:
            catalogue_prices.unmark(bad)
        assert str(refused.value) == bad


@pytest.fixture
def crowd(database):
    """Thousands of products with a general price, every tenth with one of customer 1's own."""
    owner = create_engine(database)
    priced = """insert into prices (price_list_id, product_id, from_quantity, unit_price, version, created_at,
                  updated_at) select :list, id, 1, (id * 7919 % 9973) + 0.5, 1, now(), now() from products
                  where id % :every = 0"""
    with owner.begin() as connection:
        for statement in CROWD[:2]:
            connection.execute(text(statement), {"rows": MANY})
        for name, every in (("General", "true"), ("Own", "false")):
            connection.execute(text(
                """insert into price_lists (name, currency_code, includes_tax, valid_from, everyone, version,
                     created_at, updated_at) values (:name, 'GBP', false, '2020-01-01', :every, 1, now(), now())"""),
                {"name": name, "every": every == "true"})  # fmt: skip
        ids = dict(connection.execute(text("select name, id from price_lists")).all())
        connection.execute(text("insert into price_list_audiences (record_id, customer_id) values (:pk, 1)"),
                           {"pk": ids["Own"]})  # fmt: skip
        for name, every in (("General", 1), ("Own", 10)):
            connection.execute(text(priced), {"list": ids[name], "every": every})
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze customers, products, prices, price_lists, price_list_audiences"))
    owner.dispose()


def test_a_page_is_read_along_the_index_however_many_products_there_are(crowd, open_work):
    buyer = Actor("buyer", "external", customers=frozenset({1}), may=lambda permission: True)
    with open_work(buyer) as work:
        customer = work.session.get(Customer, 1)
        for down in (False, True):
            with planned(work) as plans:
                found = ordered(work, customer, down, limit=25)
            assert len(found) == 25
            plan = plans[-1]
            assert "ix_prices_cheapest" in plan and "Seq Scan on prices" not in plan, plan
            assert "Seq Scan on products" not in plan, plan
        begun = time.perf_counter()
        ordered(work, customer, edge=(Decimal("5000.5"), 1), limit=25)
        assert time.perf_counter() - begun < 0.5, "from the middle, as from the start"
