"""What a product must be, how it is found, and that nothing a document names is ever lost."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.errors import BusinessError
from app.core.history import History
from app.rules import products, stock
from models.organisation import Unit
from models.products import Category, Price, Product, UnitFactor
from tests import makers
from tests.expect import refused, statements


def new(work, **values):
    given = {"sku": "A-1", "names": {"en": "Bolt"}, "tax_category_id": makers.tax_category(work).id}
    return Product(**{**given, **values})


@pytest.mark.parametrize("sku", ["85123A", "15056BL", "gift_0001_20", "BANK CHARGES", "M", "a/b.c+d-e"])
def test_an_item_code_is_made_of_plain_letters_and_digits(work, sku):
    product = new(work, sku=f" {sku} ")
    products.check(product, work)
    assert product.sku == sku


@pytest.mark.parametrize("values, code", [
    ({"sku": ""}, "sku_shape"), ({"sku": "-1"}, "sku_shape"), ({"sku": "کالا"}, "sku_shape"),
    ({"sku": "x" * 41}, "sku_shape"), ({"sku": "taken"}, "sku_taken"),
    ({"names": {}}, "name_missing"), ({"names": {"en": " "}}, "name_missing"),
    ({"names": {"de": "Schraube"}}, "name_missing"), ({"names": {"fa": "پ" * 301}}, "name_too_long"),
    ({"unit_code": "XX"}, "unit_unknown"), ({"tax_category_id": None}, "tax_category_missing"),
    ({"stock_threshold": Decimal("0.5")}, "uneven_quantity"), ({"weight_kg": Decimal(-1)}, "figure_negative"),
    ({"factors": [UnitFactor(unit_code="BX", factor=Decimal(0))]}, "figure_negative"),
    ({"factors": [UnitFactor(unit_code="BX", factor=Decimal("1.5"))]}, "uneven_quantity"),
])  # fmt: skip
def test_a_product_that_is_not_right_is_refused(work, values, code):
    makers.make_product(work, sku="TAKEN")
    with refused(code):
        products.check(new(work, **values), work)


def test_one_name_in_any_of_our_languages_is_enough(work):
    product = new(work, names={"fa": " پیچ ", "en": ""}, unit=work.session.get(Unit, "KGM"),
                  stock_threshold=Decimal("0.125"))  # fmt: skip
    products.check(product, work)
    assert product.names == {"fa": "پیچ"}


def test_what_was_moved_in_pieces_stays_in_pieces(work):
    moved, fresh = makers.make_product(work, stock_of=1), makers.make_product(work)
    for one in (moved, fresh):
        one.unit_code = "KGM"
    products.check(fresh, work)
    with refused("unit_in_use"):
        products.check(moved, work)


def test_a_product_is_found_whatever_the_case(work):
    bolt = makers.make_product(work, sku="85123a", names={"en": "White lantern", "fa": "فانوس سفید"})
    assert products.find(" 85123A", work) is bolt and products.find("85123", work) is None
    assert products.find_all(["85123A", "nothing"], work) == {"85123A": bolt}
    assert products.sellable("85123A", work) is bolt
    with refused("unknown_product"):
        products.sellable("nothing", work)
    bolt.archived_at = work.now
    with refused("product_archived"):
        products.sellable("85123A", work)


def test_search_finds_the_beginning_of_any_word_in_any_language(work):
    makers.make_product(work, sku="L-1", names={"en": "White lantern", "fa": "فانوس سفید"}, brand="Érable")
    makers.make_product(work, sku="L-2", names={"en": "Red lantern"}, archived_at=work.now)
    for text in ("lant whi", "سفید", "l-1", "erable"):
        assert [one.sku for one in products.search(text, work)] == ["L-1"], text
    assert products.search("antern", work) == [] and len(products.search("", work)) == 1


# --- categories --------------------------------------------------------------------------------


@pytest.fixture
def tree(work):
    """tools > hand > hammers, and toys."""
    made, parent = {}, None
    for code, under in (("tools", None), ("hand", "tools"), ("hammers", "hand"), ("toys", None)):
        parent = made[under].id if under else None
        made[code] = Category(code=code, names={"en": code}, parent_id=parent)
        work.session.add(made[code])
        work.session.flush()
    return made


def test_a_category_stands_for_everything_below_it(work, tree):
    hammer = makers.make_product(work, category_id=tree["hammers"].id)
    makers.make_product(work, category_id=tree["toys"].id)
    found = products.in_categories([tree["tools"].id], work)
    assert work.session.scalars(select(Product).where(found)).all() == [hammer]
    assert products.descendants([tree["hand"].id], work) == {tree["hand"].id, tree["hammers"].id}


def test_a_category_never_hangs_below_itself(work, tree):
    tree["tools"].parent_id = tree["hammers"].id
    with refused("circular_parent"):
        products.check_category(tree["tools"], work)
    tree["tools"].parent_id = tree["toys"].id
    products.check_category(tree["tools"], work)
    tree["toys"].code = " "
    with refused("code_missing"):
        products.check_category(tree["toys"], work)


def test_a_category_in_use_is_archived(work, tree):
    makers.make_product(work, category_id=tree["hammers"].id)
    assert products.remove_category(tree["hammers"], work) == "archived"
    assert products.remove_category(tree["tools"], work) == "archived"
    assert products.remove_category(tree["toys"], work) == "deleted"


# --- prices ------------------------------------------------------------------------------------


def test_a_price_is_set_once_per_quantity(work):
    bolt, general = makers.make_product(work), makers.general_list(work)
    first = products.set_price(bolt, general, Decimal("1.25"), work)
    assert products.set_price(bolt, general, Decimal("1.3"), work) is first
    products.set_price(bolt, general, Decimal("1.1"), work, from_quantity=10)
    rows = work.session.execute(select(Price.from_quantity, Price.unit_price).order_by(Price.from_quantity))
    assert [tuple(row) for row in rows] == [(1, Decimal("1.3")), (10, Decimal("1.1"))]


@pytest.mark.parametrize("amount, quantity, code", [
    (Decimal(-1), 1, "price_negative"), (None, 1, "price_negative"), (Decimal(1), 0, "quantity_not_positive"),
    (Decimal(1), Decimal("1.5"), "uneven_quantity"), (Decimal("0.0000001"), 1, "unreadable"),
])  # fmt: skip
def test_a_price_that_is_not_right_is_refused(work, amount, quantity, code):
    bolt, general = makers.make_product(work), makers.general_list(work)
    with refused(code):
        products.set_price(bolt, general, amount, work, quantity)
    with refused(code):
        products.check_price(Price(product_id=bolt.id, price_list_id=general.id, unit_price=amount,
                                   from_quantity=Decimal(quantity)), work)  # fmt: skip


def test_two_prices_from_the_same_quantity_are_refused(work):
    bolt = makers.make_product(work, price="5")
    price = work.session.scalars(select(Price)).one()
    products.check_price(price, work)
    with refused("price_exists"):
        products.check_price(Price(product_id=bolt.id, price_list_id=price.price_list_id, unit_price=Decimal(1)), work)


# --- going away --------------------------------------------------------------------------------


def test_a_product_nobody_ordered_goes_with_its_prices(work):
    bolt = makers.make_product(work, price="5")
    bolt.factors.append(UnitFactor(unit_code="BX", factor=Decimal(12)))
    stock.available([bolt.id], work)
    assert products.remove(bolt, work) == "deleted"
    assert work.session.scalars(select(Price)).all() == [] == work.session.scalars(select(Product)).all()


def test_a_product_that_was_ordered_or_moved_is_archived(open_work):
    with open_work() as work:
        ordered, moved = makers.make_product(work, price="5"), makers.make_product(work, stock_of=1)
        makers.make_order(work, makers.make_customer(work), (ordered, 1))
        with work.doing("product.remove"):
            assert [products.remove(one, work) for one in (ordered, moved)] == ["archived"] * 2
        identity = ordered.id
    with open_work() as work:
        assert not work.session.get(Product, identity).active
        told = select(History.changes).where(History.record_id == identity, History.action == "product.remove")
        assert list(work.session.scalars(told).one()) == ["archived_at"]


def test_many_item_codes_are_found_in_one_statement(work):
    makers.make_product(work, sku="A")
    with statements(work) as seen:
        products.find_all([f"X{n}" for n in range(1000)] + ["a"], work)
    assert len(seen) == 1


def test_a_refusal_names_its_field(work):
    with pytest.raises(BusinessError) as caught:
        products.check(new(work, names=None), work)
    assert caught.value.details["field"] == "names"
