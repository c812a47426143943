"""The order list of somebody who has one customer, and the steps he looks for on the page of an order."""

import re

import pytest

from app.rules import orders
from models.customers import Customer
from tests import makers


@pytest.fixture
def pk(people, open_work):
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="10", stock_of=9)
        order = makers.make_order(work, work.session.get(Customer, people.one), (product, 1))
        orders.FLOW.run_one("submit", order)
        return order.id


def search(page):
    return re.search(r'placeholder="([^"]*)"[^>]*data-list-search', page)[1]


def test_who_has_one_customer_is_not_asked_which(pk, sign_in):
    mine, ours = sign_in("buyer1").page("/orders/list/"), sign_in("reviewer").page("/orders/list/")
    assert search(mine) == "Order number" and 'name="customer_name"' not in mine
    assert search(ours) == "Order number or customer" and 'name="customer_name"' in ours
    asked = sign_in("buyer1").page("/orders/list/?customer_name=nobody")
    assert f'data-url="/orders/show/{pk}"' in asked, "a filter that is not offered narrows nothing"


def test_a_submitted_order_says_why_it_cannot_be_sent_yet(pk, sign_in, rest):
    page = sign_in("buyer1").page(f"/orders/show/{pk}")
    button = re.search(r'<button[^>]*aria-describedby="why-release"[^>]*>', page)[0]
    assert 'aria-disabled="true"' in button and "The order has to be confirmed first." in page
    assert "Send for shipment:" in page and 'id="why-complete"' not in page and 'id="do-cancel"' in page
    assert rest("reviewer").post(f"/orders/{pk}/approve").status_code == 200
    page = sign_in("buyer1").page(f"/orders/show/{pk}")
    assert 'id="why-release"' not in page and 'id="do-release"' in page


def test_a_released_order_says_that_it_is_too_late_to_change_it(pk, sign_in, rest):
    for step in ("approve", "release"):
        assert rest("reviewer").post(f"/orders/{pk}/{step}").status_code == 200
    page = sign_in("buyer1").page(f"/orders/show/{pk}")
    assert 'aria-describedby="why-amend"' in page and "You cannot change this order any more." in page
