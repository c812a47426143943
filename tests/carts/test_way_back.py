"""Putting something into the cart leads back to where one was, and never to another site."""

import pytest

from tests import makers


@pytest.mark.parametrize(
    "named", ["/\t/evil.example", "//evil.example", "/\\evil.example", "/\n/evil.example", "https://evil.example"]
)
def test_the_way_back_stays_on_this_site(open_work, people, sign_in, named):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    answer = sign_in("buyer1").post("/carts/put", {"sku": "A-1", "quantity": "1", "next": named})
    assert answer.status_code == 302
    assert answer.location.startswith("/carts/"), answer.location


def test_the_way_back_is_where_one_was(open_work, people, sign_in):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    answer = sign_in("buyer1").post("/carts/put", {"sku": "A-1", "quantity": "1", "next": "/catalogue/?q=tea"})
    assert answer.location == "/catalogue/?q=tea"
