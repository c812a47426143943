"""Carts without screens: what goes in, what they cost, the order made of them (CRT-01, CRT-02, CRT-04, X-23)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.errors import BusinessError, Conflict
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import cart_orders, cart_terms, carts, orders, products
from models.carts import Cart, CartLine
from models.customers import Address, Customer
from models.orders import Order
from models.organisation import TaxCategory, TaxRate
from models.products import Product
from tests import makers


def buyer(people, name="buyer1", customer="one"):
    return Actor(name, kind="external", user_id=people.ids[name], customers=frozenset({getattr(people, customer)}),
                 may=lambda permission: True)  # fmt: skip


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_product(work, sku="B-2", price="10", stock_of=5)


@pytest.fixture
def shop(goods, people, open_work):
    with open_work(buyer(people)) as work:
        yield work


def rows(*pairs):
    return [{"sku": sku, "quantity": Decimal(quantity)} for sku, quantity in pairs]


def held(cart):
    return [(line.sku, line.quantity) for line in cart.lines]


def test_what_is_put_in_twice_adds_up_and_refused_rows_keep_the_others(shop):
    cart = carts.begin(shop, lines=rows(("a-1", 2)))
    refused = carts.add(cart, rows(("A-1", 3), ("NONE", 1), ("B-2", "0.5"), ("B-2", 1)), shop)
    assert held(cart) == [("A-1", 5), ("B-2", 1)]
    assert [(one["index"], one["error"]) for one in refused] == [(1, "unknown_product"), (2, "uneven_quantity")]
    assert [line.told_price for line in cart.lines] == [Decimal("2.5"), Decimal(10)]


def test_rows_of_one_request_with_the_same_product_add_up(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 2), ("a-1", 3)))
    assert held(cart) == [("A-1", 5)]


def test_a_quantity_of_zero_takes_a_line_out(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 2), ("B-2", 1)))
    first = cart.lines[0]
    assert carts.change(cart, [{"id": first.id, "quantity": Decimal(0)}, {"sku": "B-2", "quantity": Decimal(4)}],
                        shop) == []  # fmt: skip
    assert held(cart) == [("B-2", 4)]
    gone = carts.change(cart, [{"id": first.id, "quantity": Decimal(1)}], shop)
    assert [one["error"] for one in gone] == ["unknown_line"]


def test_putting_replaces_the_content(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 2)))
    assert carts.put(cart, rows(("B-2", 1)), shop) == []
    assert held(cart) == [("B-2", 1)]


def test_a_refused_row_stays_also_when_its_product_is_called_otherwise_now(shop, open_work):
    cart = carts.begin(shop, lines=rows(("B-2", 1)))
    shop.session.commit()
    with open_work() as work:
        work.session.scalars(select(Product).filter_by(sku="B-2")).one().sku = "B-3"
    shop.session.expire_all()
    for sku, code in (("B-3", "uneven_quantity"), ("B-2", "unknown_product")):
        assert [one["error"] for one in carts.put(cart, rows((sku, "0.5")), shop)] == [code]
        assert held(cart) == [("B-2", 1)]


def test_one_cart_is_active_and_a_new_one_puts_it_aside(shop):
    first = carts.begin(shop, name="Spring")
    second = carts.begin(shop)
    assert (first.state, second.state) == ("saved", "active")
    carts.FLOW.run_one("activate", first)
    assert (first.state, second.state) == ("active", "saved")
    assert carts.active(shop) is first


def test_another_cart_is_taken_in_and_gone(shop):
    first = carts.begin(shop, lines=rows(("A-1", 2), ("B-2", 1)))
    second = carts.begin(shop, lines=rows(("A-1", 1)))
    carts.FLOW.run_one("merge", second, other=first.id)
    assert held(second) == [("A-1", 3), ("B-2", 1)]
    assert shop.session.scalars(select(Cart.id)).all() == [second.id]
    with pytest.raises(BusinessError) as refused:
        carts.FLOW.run_one("merge", second, other=second.id)
    assert refused.value.code == "bad_reference"


def test_carts_of_colleagues_and_of_other_customers_are_not_found(shop, people, open_work):
    cart = carts.begin(shop, lines=rows(("A-1", 2)))
    shop.session.commit()
    for name, customer in (("buyer2", "one"), ("buyer3", "two")):
        with open_work(buyer(people, name, customer)) as other:
            assert other.session.get(Cart, cart.id) is None
            assert other.session.scalars(select(CartLine)).all() == []
            assert other.session.scalar(carts.counting(other.actor)) == 0


def test_a_changed_price_and_a_product_that_is_gone_are_told_at_the_row(shop, people, open_work):
    cart = carts.begin(shop, lines=rows(("A-1", 2), ("B-2", 7)))
    assert [row["mark"] for row in cart_orders.look(cart, "en", shop).rows] == ["taken", "taken"]
    cart.lines[0].told_price = Decimal(2)
    shop.session.commit()
    with open_work() as work:
        products.find("B-2", work).archived_at = work.now
    shop.session.expire_all()
    found = cart_orders.look(cart, "en", shop)
    assert [(row["mark"], row["why"][0][0]) for row in found.rows] == [
        ("changed", "price"), ("refused", "product_archived")]  # fmt: skip
    assert (found.net, found.refused) == (Decimal(5), 1)
    with pytest.raises(BusinessError) as refused:
        carts.FLOW.run_one("order", cart)
    assert refused.value.code == "lines_refused"
    assert len(cart.lines) == 2


def test_what_is_short_is_told(shop):
    cart = carts.begin(shop, lines=rows(("B-2", 7)))
    (row,) = cart_orders.look(cart, "en", shop).rows
    assert (row["mark"], row["short"]) == ("taken", "5")


def test_a_cart_becomes_an_order_with_everything_said_and_is_empty(shop, people):
    cart = carts.begin(shop, lines=[{"sku": "A-1", "quantity": Decimal(4), "remark": "In red"}])
    place = {"recipient": "Acme", "street": "2 Low Street", "city": "York", "country_code": "GB"}
    cart_terms.keep(cart, shop, address=place, reference="PO-9", remark="Ring twice", delivery_method_id=1,
                    payment_method_id=1)  # fmt: skip
    made = carts.FLOW.run_one("order", cart, total="10")
    assert (made.state, made.reference, made.remark) == ("submitted", "PO-9", "Ring twice")
    assert (made.delivery_method_id, made.payment_method_id) == (1, 1)
    assert [(line.sku, line.quantity_ordered, line.remark) for line in made.lines] == [("A-1", 4, "In red")]
    address = shop.session.get(Address, made.delivery_address_id)
    assert (address.street, address.retired_at) == ("2 Low Street", shop.now)
    assert (list(cart.lines), cart.reference, cart.order_id) == ([], "", made.id)
    with pytest.raises(BusinessError) as empty:
        carts.FLOW.run_one("order", cart)
    assert empty.value.code == "cart_empty"


def test_an_address_is_kept_in_the_book_when_asked(shop):
    cart = carts.begin(shop)
    place = {"recipient": "Acme", "street": "2 Low Street", "city": "York", "country_code": "GB"}
    cart_terms.keep(cart, shop, address=place, to_book=True)
    assert shop.session.get(Address, cart.delivery_address_id).retired_at is None


def test_addresses_of_others_and_retired_ones_are_refused(goods, people, open_work):
    with open_work(replace(Actor.system("ann"), kind="staff", user_id=people.ids["support"])) as work:
        cart = carts.begin(work, customer=people.one)
        one, two = (work.session.get(Customer, identity) for identity in (people.one, people.two))
        gone = makers.make_address(work, one, retired_at=work.now)
        for address in (makers.make_address(work, two), gone):
            with pytest.raises(BusinessError) as refused:
                cart_terms.keep(cart, work, delivery_address_id=address.id)
            assert (refused.value.code, refused.value.details["field"]) == ("bad_reference", "delivery_address")
        assert cart.delivery_address_id is None


def test_goods_carry_the_tax_of_where_they_go(shop, open_work):
    with open_work() as work:
        standard = work.session.scalars(select(TaxCategory).filter_by(code="standard")).one()
        work.session.add(TaxRate(tax_category_id=standard.id, country_code="DE", valid_on=work.now.date(),
                                 rate=Decimal(19)))  # fmt: skip
    cart = carts.begin(shop, lines=rows(("A-1", 4)))
    place = {"recipient": "Acme", "street": "Weg 1", "city": "Bonn", "country_code": "DE"}
    cart_terms.keep(cart, shop, address=place)
    assert cart_orders.look(cart, "en", shop).gross == Decimal("11.90")
    assert carts.FLOW.run_one("order", cart).total_gross == Decimal("11.90")


def test_another_total_than_was_shown_is_refused(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 4)))
    with pytest.raises(Conflict) as refused:
        carts.FLOW.run_one("order", cart, total="9.99")
    assert refused.value.code == "cart_changed"
    assert (cart.order_id, shop.session.scalars(select(Order)).all()) == (None, [])


def test_a_cart_kept_as_a_template_keeps_its_content(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 4)))
    carts.FLOW.run_one("order", cart, keep=True)
    assert (cart.state, held(cart)) == ("saved", [("A-1", 4)])


def test_a_promotion_code_that_nobody_could_know_is_kept_on_the_order(shop):
    cart = carts.begin(shop, lines=rows(("A-1", 4)))
    cart_terms.keep(cart, shop, promotion_code=" SPRING ")
    assert carts.FLOW.run_one("order", cart).promotion_code == "SPRING"
    assert cart.promotion_code == ""


def test_an_unknown_promotion_code_is_told_before_anything_is_ordered(shop, monkeypatch):
    cart = carts.begin(shop, lines=rows(("A-1", 4)))
    cart_terms.keep(cart, shop, promotion_code=" SPRING ")
    monkeypatch.setattr(cart_terms, "PROMOTION_CODES", [lambda code, cart, work: code == "AUTUMN"])
    with pytest.raises(BusinessError) as refused:
        carts.FLOW.run_one("order", cart)
    assert refused.value.code == "unknown_promotion_code"
    monkeypatch.setattr(cart_terms, "PROMOTION_CODES", [lambda code, cart, work: code == "SPRING"])
    assert carts.FLOW.run_one("order", cart).state == "submitted"


def test_a_cart_is_put_into_an_order_that_then_has_to_be_reconfirmed(shop, people):
    old = orders.create(shop, lines=rows(("A-1", 2)), submit=True)
    cart = carts.begin(shop, lines=rows(("A-1", 3), ("B-2", 1)))
    assert cart_orders.targets(cart, shop) == [old]
    made = carts.FLOW.run_one("order", cart, into=old.id)
    assert made is old
    assert (old.state, old.changed_side) == ("changed", "customer")
    assert [(line.sku, line.quantity_ordered) for line in old.lines] == [("A-1", 5), ("B-2", 1)]
    assert old.total_net == Decimal("22.50")
    assert list(cart.lines) == []


def test_a_cart_is_put_into_a_draft_without_further_steps(shop):
    old = orders.create(shop, lines=rows(("A-1", 2)))
    cart = carts.begin(shop, lines=rows(("A-1", 3)))
    carts.FLOW.run_one("order", cart, into=old.id)
    assert (old.state, old.lines[0].quantity_ordered) == ("draft", 5)


def test_released_and_foreign_orders_take_nothing_in(shop, people, open_work):
    with open_work() as work:
        done = makers.make_order(work, work.session.get(Customer, people.one), state="draft")
        orders.FLOW.record(done, "released", work.now, "test")
        foreign = makers.make_order(work, work.session.get(Customer, people.two))
        ids = (done.id, foreign.id, 2**63, 0)
    cart = carts.begin(shop, lines=rows(("A-1", 3)))
    for one in ids:
        with pytest.raises(BusinessError) as refused:
            carts.FLOW.run_one("order", cart, into=one)
        assert refused.value.code == "bad_order"
    assert held(cart) == [("A-1", 3)]


def test_carts_nobody_came_back_to_are_removed_where_a_setting_says_so(goods, people, open_work):
    with open_work(buyer(people)) as work:
        carts.begin(work, lines=rows(("A-1", 3)))
        carts.begin(work, lines=rows(("A-1", 3)))
        now = work.now
    with open_work(now=now + timedelta(days=31)) as work:
        assert carts.clean_up(work) == 0
        work.session.add(SettingValue(name="CART_DAYS", scope="system", scope_id=0, value=30))
        work.session.flush()
        work.cache.clear()
        assert carts.clean_up(work) == 1
        assert [one.state for one in work.session.scalars(select(Cart))] == ["saved"]
