"""A number longer than any id, in an address or in a form: it names nothing, and nothing breaks."""

import pytest

from tests import makers

LONG = "9" * 5000  # more digits than Python reads
ADDRESSES = (
    "/orders/choices?id=", "/customers/choices?id=", "/products/choices?id=", "/users/choices?id=",
    "/display_statuses/choices?id=", "/customers/managers?id=", "/orders/add?customer=", "/contracts/add?customer=",
    "/quotes/add?customer=", "/orders/price?sku=A-1&order=", "/catalogue/?customer=",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("number", [LONG, "9" * 19, "0"])
def test_a_number_in_an_address_names_nothing(people, sign_in, address, number):
    for who in ("admin", "buyer1"):
        assert sign_in(who).get(address + number).status_code < 500


def test_a_number_in_a_program_s_data_is_told(open_work, people, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    line = {"sku": "A-1", "quantity": "1", "sale_type": "rental", "starts_on": "2026-12-01", "months": LONG}
    for path in ("/orders/", "/quotes/"):
        told = rest("buyer1").post(path, {"currency": "GBP", "lines": [line]})
        assert told.status_code == 400, (path, told.json)


def test_totals_of_an_order_that_cannot_be(people, sign_in):
    answer = sign_in("reviewer").json(f"/orders/totals?order={LONG}", {"lines": []})
    assert answer.status_code < 500
