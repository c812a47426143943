"""The catalogue as customers browse, narrow, order and compare it (CAT-03 to CAT-08)."""

import re

import pytest

from benchmarks.statements import counted
from models.customers import Customer
from models.products import Category
from tests import makers

# Statements of a page beside those that say with whose eyes the next one looks:
PAGE = 12  # of the catalogue, with prices, availability, tree, counts and the reader's counters
CART = 17  # of a cart, at any number of lines


@pytest.fixture
def goods(people, open_work):
    """Tea in a category below drinks, a mug that is out of stock, a service."""
    with open_work() as work:
        drinks = Category(code="D", names={"en": "Drinks"})
        work.session.add(drinks)
        work.session.flush()
        tea = Category(code="D-T", names={"en": "Tea"}, parent_id=drinks.id)
        work.session.add(tea)
        work.session.flush()
        own = makers.make_price_list(work, "Own", customers=(work.session.get(Customer, people.one),))
        green = makers.make_product(work, sku="T-1", price="4", stock_of=9, category_id=tea.id, brand="Leaf")
        makers.make_price(work, green, "3", own)
        makers.make_product(work, sku="T-2", price="6", stock_of=9, category_id=tea.id, brand="Root")
        makers.make_product(work, sku="M-1", price="20", category_id=drinks.id)
        makers.make_product(work, sku="S-1", price="50", service=True)


def skus(page):
    return re.findall(r'name="sku" value="([^"]+)"', page)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["S-1", "M-1", "T-2", "T-1"]), ("?sort=old", ["T-1", "T-2", "M-1", "S-1"]),
        ("?sort=sku", ["M-1", "S-1", "T-1", "T-2"]), ("?in_stock=yes", ["S-1", "T-2", "T-1"]),
        ("?in_stock=no", ["M-1"]), ("?service=yes", ["S-1"]), ("?price_from=5&price_to=20", ["M-1", "T-2"]),
        ("?price_to=3", ["T-1"]), ("?price_from=4&price_to=5", []),
        ("?layout=list&sort=sku-down", ["T-2", "T-1", "S-1", "M-1"]),
        ("?sort=price", ["T-1", "T-2", "M-1", "S-1"]), ("?sort=price-down", ["S-1", "M-1", "T-2", "T-1"]),
        ("?sort=price&in_stock=yes", ["T-1", "T-2", "S-1"]),
        ("?brand=Leaf", ["T-1"]), ("?q=leaf", ["T-1"]), ("?price_from=x&sort=x", ["S-1", "M-1", "T-2", "T-1"]),
    ],
)  # fmt: skip
def test_the_catalogue_is_narrowed_and_ordered(goods, sign_in, asked, found):
    assert skus(sign_in("buyer1").page("/products/list/" + asked)) == found


def test_the_tree_counts_what_is_below_and_shows_the_way(goods, sign_in, open_work):
    with open_work() as work:
        tea = work.session.query(Category).filter_by(code="D-T").one().id
    page = sign_in("buyer1").page(f"/products/list/?category={tea}")
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search(r"Drinks\s+3", text)
    assert re.search(r"Tea\s+2", text)
    assert "<h1><bdi>Tea</bdi></h1>" in page
    assert "2 records" in page
    assert sorted(skus(page)) == ["T-1", "T-2"]


def test_products_are_compared_side_by_side(goods, sign_in):
    buyer = sign_in("buyer1")
    page = buyer.page("/products/compare?id=1&id=2&id=1&id=999999&id=x")
    assert skus(page) == ["T-1", "T-2"]
    assert "£3.00" in page
    row = re.search(r'<tr class="differs"><th scope="row">Brand</th>(.*?)</tr>', page, re.S)[1]
    assert re.findall(r"<bdi>(\w+)</bdi>", row) == ["Leaf", "Root"]
    assert re.search(r'<tr class="differs"><th scope="row">Price</th>', page)
    assert re.search(r'<tr><th scope="row">Availability</th>', page)
    assert "Nothing to compare" in buyer.page("/products/compare")
    many = "&".join(f"id={one}" for one in range(1, 9))
    assert "Only 4 products can be compared at once." in buyer.page(f"/products/compare?{many}")


def test_the_page_of_a_product_puts_it_into_the_cart(goods, sign_in):
    page = sign_in("buyer1").page("/products/show/1")
    assert skus(page) == ["T-1"]
    assert 'action="/carts/put"' in page


def statements(take):
    take()
    with counted() as sent:
        take()
    return [one for one in sent if "set_config(" not in one]


def told(sent):
    return "\n".join(" ".join(one.split())[:160] for one in sent)


def test_pages_cost_the_same_at_any_size(goods, people, sign_in, open_work):
    buyer = sign_in("buyer1")
    few = statements(lambda: buyer.page("/products/list/"))
    assert len(few) <= PAGE, told(few)
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        many = [(makers.make_product(work, price="5", stock_of=5), 2) for _ in range(30)]
        one = makers.make_cart(work, customer, people.ids["buyer1"], many[0], state="saved")
        all_ = makers.make_cart(work, customer, people.ids["buyer1"], *many)
        first, last = one.id, all_.id
    assert len(statements(lambda: buyer.page("/products/list/?layout=list&in_stock=yes&sort=sku"))) <= PAGE
    small = statements(lambda: buyer.page(f"/carts/show/{first}"))
    large = statements(lambda: buyer.page(f"/carts/show/{last}"))
    assert len(large) <= CART, told(large)
    assert len(large) == len(small)
