"""What access groups may find: restricted groups see their part of the catalogue, through every question."""

import pytest
from sqlalchemy import func, select

from app.core.work import Actor
from app.rules import pricing, products
from models.customers import Customer
from models.orders import Order
from models.people import AccessGroup
from models.products import AccessRestriction, Category, Price, Product, ProductAudience, UnitFactor
from tests import makers
from tests.expect import statements


@pytest.fixture
def shop(open_work):
    """Tools > hammers, toys; one product in each; groups: hand (tools), kids (toys list), free, none."""
    found = {}
    with open_work() as work:
        customer = makers.make_customer(work)
        tools = kept(work, Category(code="tools", names={"en": "Tools"}))
        hammers = kept(work, Category(code="hammers", names={"en": "Hammers"}, parent_id=tools.id))
        toys = kept(work, Category(code="toys", names={"en": "Toys"}))
        for sku, category in (("SAW", tools), ("HAMMER", hammers), ("BEAR", toys), ("DOLL", toys)):
            made = makers.make_product(work, sku=sku, price="10", category_id=category.id)
            work.session.add(UnitFactor(product_id=made.id, unit_code="BX", factor=12))
            found[sku] = made.id
        listed = makers.make_price_list(work, "Bears")
        makers.make_price(work, products.find("BEAR", work), "9", listed)
        for name, restriction in (("hand", {"category_id": tools.id}), ("hammer", {"category_id": hammers.id}),
                                  ("kids", {"price_list_id": listed.id}), ("free", None)):  # fmt: skip
            group = kept(work, AccessGroup(name=name))
            found[name] = group.id
            if restriction:
                kept(work, AccessRestriction(access_group_id=group.id, **restriction))
        order = makers.make_order(work, customer, (products.find("DOLL", work), 1))
        found.update(customer=customer.id, order=order.id)
    return found


def kept(work, row):
    work.session.add(row)
    work.session.flush()
    return row


def buyer(shop, *groups):
    return Actor("buyer", "external", customers=frozenset({shop["customer"]}),
                 groups=frozenset(shop[name] for name in groups))  # fmt: skip


def skus(work):
    return set(work.session.scalars(select(Product.sku)))


def codes(work):
    return set(work.session.scalars(select(Category.code)))


EVERYTHING = {"SAW", "HAMMER", "BEAR", "DOLL"}


@pytest.mark.parametrize("groups, seen, tree", [
    ((), EVERYTHING, {"tools", "hammers", "toys"}),
    (("free",), EVERYTHING, {"tools", "hammers", "toys"}),
    (("hand", "free"), EVERYTHING, {"tools", "hammers", "toys"}),
    (("hand",), {"SAW", "HAMMER"}, {"tools", "hammers"}),
    (("hammer",), {"HAMMER"}, {"tools", "hammers"}),
    (("kids",), {"BEAR"}, {"toys"}),
    (("hammer", "kids"), {"HAMMER", "BEAR"}, {"tools", "hammers", "toys"}),
])  # fmt: skip
def test_access_groups_narrow_the_catalogue(open_work, shop, groups, seen, tree):
    with open_work(buyer(shop, *groups)) as work:
        assert skus(work) == seen and codes(work) == tree
        assert {row.product.sku for row in work.session.scalars(select(Price))} == seen
        assert work.session.scalar(select(func.count(UnitFactor.id))) == len(seen)
        assert {one.sku for one in products.search("product", work)} == seen


def test_two_people_one_after_the_other_each_see_their_own_part(open_work, shop):
    for _again in range(2):
        for groups, seen in ((("hand",), {"SAW", "HAMMER"}), (("kids",), {"BEAR"}), (("free",), EVERYTHING)):
            with open_work(buyer(shop, *groups)) as work:
                assert skus(work) == seen


def test_a_hidden_product_is_found_by_no_question(open_work, shop):
    with open_work(buyer(shop, "hand")) as work:
        assert products.find("bear", work) is None and products.find_all(["BEAR"], work) == {}
        assert work.session.get(Product, shop["BEAR"]) is None
        customer = work.session.get(Customer, shop["customer"])
        found = pricing.quote([shop["BEAR"], shop["SAW"]], customer, "GBP", None, {}, work)
        assert found[shop["BEAR"]].code == "no_price" and found[shop["SAW"]].unit_price == 10


def test_staff_see_the_whole_catalogue(open_work, shop):
    with open_work(Actor("anna", "staff")) as work:
        assert skus(work) == EVERYTHING


def test_orders_of_old_keep_the_lines_of_hidden_products(open_work, shop):
    with open_work(buyer(shop, "hand")) as work:
        order = work.session.get(Order, shop["order"])
        assert [(line.sku, line.name) for line in order.lines] == [("DOLL", "Product DOLL")]


def test_a_product_for_others_is_hidden_with_its_price(open_work, shop):
    with open_work() as work:
        saw, other = products.find("SAW", work), makers.make_customer(work)
        saw.everyone = False
        work.session.add(ProductAudience(record_id=saw.id, customer_id=other.id))
        ids = other.id
    with open_work(buyer(shop)) as work:
        assert skus(work) == EVERYTHING - {"SAW"}
        assert work.session.scalars(select(Price).where(Price.product_id == shop["SAW"])).all() == []
    with open_work(Actor("other", "external", customers=frozenset({ids}))) as work:
        assert skus(work) == EVERYTHING


def test_a_restriction_is_read_once_for_all_questions(open_work, shop):
    with open_work(buyer(shop, "hand")) as work:
        with statements(work) as seen:  # sign twice, restrictions, the tree down and up, the question
            skus(work)
        assert len(seen) <= 8, seen
        with statements(work) as seen:
            skus(work)
        assert len(seen) == 1
