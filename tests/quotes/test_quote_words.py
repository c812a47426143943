"""What is asked for in words is offered and ordered like any product (QUO-01, CRT-10, X-33)."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.localized import LOCALES
from app.rules import orders, products, quote_entry, quotes
from models.orders import Order
from models.organisation import TaxRate
from models.products import Price, Product
from models.stock import StockLevel
from tests import makers
from tests.expect import refused
from tests.quotes.test_quote_doors import LATER
from tests.quotes.test_quotes import buyer, setting

FLOW = quotes.FLOW
WORDS = {"name": "Custom engraving", "quantity": Decimal(2), "unit_price": Decimal("12.345"),
         "discount_percent": Decimal(10)}  # fmt: skip


@pytest.fixture
def shop(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        makers.make_product(work, sku="BOLT", price="2.50", stock_of=1000)
        return customer.id


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="BOLT", price="2.50", stock_of=1000)
        makers.make_address(work, makers.customer_of(work, people.one))


def offer(work, customer_id, *rows):
    quote = quote_entry.create(work, makers.customer_of(work, customer_id), lines=[*rows, WORDS])
    FLOW.run_one("publish", quote)
    return quote


def custom(work):
    return list(work.session.scalars(select(Product).where(func.upper(Product.sku) == "CUSTOM")))


@pytest.mark.parametrize("at_once", [True, False])
def test_words_are_ordered_by_the_customer_as_they_were_offered(open_work, shop, at_once):
    with open_work() as work:
        setting(work, "ORDER_ON_QUOTE_ACCEPT", at_once)
        quote = offer(work, shop, {"sku": "BOLT", "quantity": Decimal(10), "unit_price": Decimal(2)})
        identity, totals = quote.id, (quote.total_net, quote.total_tax, quote.total_gross)
        assert custom(work) == [], "made when it is needed"
    with open_work(buyer(shop)):
        made = FLOW.run_one("accept", identity)
        order = made if at_once else FLOW.run_one("convert", identity)
        pk = order.id
    with open_work() as work:
        order = work.session.get(Order, pk)
        line, words = order.lines[1], work.session.get(quotes.Quote, identity).lines[1]
        assert (order.state, (order.total_net, order.total_tax, order.total_gross)) == ("submitted", totals)
        for name in ("name", "quantity_ordered", "unit_price", "discount_percent", "tax_rate", "net", "gross"):
            assert getattr(line, name) == getattr(words, name.removesuffix("_ordered")), name
        assert line.sku == "CUSTOM"
        orders.FLOW.run_one("approve", order)
        assert order.state == "confirmed" and line.state == "approved"


def test_the_product_of_words_is_one_service_that_no_customer_finds(open_work, shop):
    for _again in range(2):
        with open_work() as work:
            identity = offer(work, shop).id
        with open_work(buyer(shop)):
            FLOW.run_one("accept", identity)
            FLOW.run_one("convert", identity)
    with open_work() as work:
        [product] = custom(work)
        assert product.service and product.active and set(product.names) == set(LOCALES)
        for model in (Price, StockLevel):
            assert work.session.scalar(select(func.count()).select_from(model).filter_by(product_id=product.id)) == 0
    with open_work(buyer(shop)) as work:
        assert custom(work) == [] and products.search("custom", work) == []


def test_the_customer_changes_the_quantity_of_what_was_ordered_in_words(open_work, shop):
    with open_work() as work:
        identity = offer(work, shop).id
    with open_work(buyer(shop)) as work:
        FLOW.run_one("accept", identity)
        order = FLOW.run_one("convert", identity)
        wanted = [{"id": order.lines[0].id, "sku": "CUSTOM", "quantity": Decimal(4)}]
        orders.FLOW.run_one("amend", order, lines=wanted)
        [line] = order.lines
        assert (line.name, line.unit_price, line.quantity_ordered) == ("Custom engraving", Decimal("12.345"), 4)
        with refused("lines_refused", work):
            orders.FLOW.run_one("amend", order, lines=[*wanted, {"sku": "CUSTOM", "quantity": Decimal(1)}])


def test_an_order_in_words_goes_to_another_country(open_work, shop):
    with open_work() as work:
        identity = offer(work, shop).id
        customer = makers.customer_of(work, shop)
        here, there = (makers.make_address(work, customer, country_code=code).id for code in ("GB", "RO"))
        work.session.add(TaxRate(category=makers.tax_category(work), country_code="RO", valid_on=date(2020, 1, 1),
                                 rate=Decimal(19)))  # fmt: skip
    with open_work(buyer(shop)) as work:
        FLOW.run_one("accept", identity)
        order = FLOW.run_one("convert", identity)
        orders.FLOW.run_one("amend", order, delivery_address_id=there)
        assert here != there and order.lines[0].tax_rate == 19


def test_a_product_of_the_setting_that_cannot_be_ordered_is_told_before_the_offer_is_published(open_work, shop):
    with open_work() as work:
        setting(work, "QUOTE_FREE_TEXT_SKU", "FREE")
        with refused("no_product", work) as caught:
            offer(work, shop)
        assert "FREE" in str(caught.value.message)
        free = makers.make_product(work, sku="FREE", service=True)
        offer(work, shop)
        free.archived_at = work.now
        with refused("no_product", work):
            offer(work, shop)
        bolts = quote_entry.create(work, makers.customer_of(work, shop), lines=[
            {"sku": "BOLT", "quantity": Decimal(1)}])  # fmt: skip
        FLOW.run_one("publish", bolts)
        assert bolts.state == "offered", "nothing of it is in words"


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_offered_is_ordered_even_if_the_product_of_the_setting_went_meanwhile(open_work, shop, at_once):
    with open_work() as work:
        setting(work, "ORDER_ON_QUOTE_ACCEPT", at_once)
        setting(work, "QUOTE_FREE_TEXT_SKU", "FREE")
        free = makers.make_product(work, sku="FREE", service=True)
        identity = offer(work, shop).id
        free.archived_at = work.now
    with open_work(buyer(shop)):
        made = FLOW.run_one("accept", identity)
        order = made if at_once else FLOW.run_one("convert", identity)
        assert [line.sku for line in order.lines] == ["CUSTOM"]


def test_an_article_of_that_name_is_never_sold_for_words(open_work, shop):
    with open_work() as work:
        own = makers.make_product(work, sku="Custom", price="3", stock_of=5)
        with refused("no_product", work) as caught:
            offer(work, shop)
        assert "Custom" in str(caught.value.message)
        own.service = True
        assert offer(work, shop).state == "offered"


def test_an_archived_product_of_words_is_told_before_the_offer_is_published(open_work, shop):
    with open_work() as work:
        makers.make_product(work, sku="CUSTOM", service=True).archived_at = work.now
        with refused("no_product", work):
            offer(work, shop)


def test_what_was_asked_for_in_words_becomes_an_order_over_rest_and_on_screens(goods, rest, sign_in):
    asked = [{"sku": "BOLT", "quantity": "10"}, {"name": "Custom engraving", "quantity": "2"}]
    pk = rest("buyer1").post("/quotes/", {"lines": asked, "submit": True}).json["id"]
    lines = [{"sku": "BOLT", "quantity": "10", "unit_price": "2"},
             {"name": "Custom engraving", "quantity": "2", "unit_price": "30"}]  # fmt: skip
    reviewer = rest("reviewer")
    assert reviewer.put(f"/quotes/{pk}", {"lines": lines, "valid_until": LATER}).status_code == 200
    assert reviewer.post(f"/quotes/{pk}/publish").json["state"] == "offered"
    browser = sign_in("buyer1")
    browser.post(f"/quotes/step/accept/{pk}")
    steps = {one["name"]: one for one in rest("buyer1").get(f"/quotes/{pk}/transitions").json}
    assert steps["convert"]["enabled"], steps["convert"]
    assert "Waiting for you: convert the quote to an order." in browser.page(f"/quotes/show/{pk}")
    browser.post(f"/quotes/step/convert/{pk}")
    page = browser.page(f"/quotes/show/{pk}")
    order = page.partition("/orders/show/")[2].partition('"')[0]
    seen = rest("buyer1").get(f"/orders/{order}").json["result"]
    assert seen["total_net"] == "80.00"
    assert [line["name"] for line in seen["lines"]] == ["Product BOLT", "Custom engraving"]
    assert "Custom engraving" in browser.page(f"/orders/show/{order}")
    line = seen["lines"][1]["id"]
    for quantity, amount in (("2", "£60.00"), ("3", "£90.00")):
        live = browser.get(f"/orders/price?order={order}&line={line}&sku=CUSTOM&quantity={quantity}")
        assert (live.json.get("name"), live.json.get("amount_text")) == ("Custom engraving", amount), live.json
    changed = [{"id": seen["lines"][0]["id"], "sku": "BOLT", "quantity": "10"},
               {"id": line, "sku": "CUSTOM", "quantity": "3"}]  # fmt: skip
    amended = rest("buyer1").post(f"/orders/{order}/amend", {"lines": changed})
    assert amended.status_code == 200, amended.json
    assert rest("buyer1").get(f"/orders/{order}").json["result"]["total_net"] == "110.00"
    assert "Custom item" not in browser.page("/products/list/?q=custom")
    assert browser.get("/orders/price?sku=CUSTOM&quantity=1").status_code == 404
