"""Which price applied is kept at the line in no language, and told to staff in theirs; customers never see it."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from models.orders import OrderLine
from tests import makers


@pytest.fixture
def line(people, open_work, rest):
    """A line entered by somebody who reads Persian, at the price of a large quantity."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="2.50", stock_of=1000)
        makers.make_price(work, product, "2.00", from_quantity=10)
    asked = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "12"}], "submit": True}
    made = rest("buyer1").post("/orders/?lang=fa", asked)
    assert made.status_code == 201, made.json
    with open_work() as work:
        found = work.session.scalars(select(OrderLine).where(OrderLine.order_id == made.json["id"])).one()
        return SimpleNamespace(order_id=found.order_id, price_source=found.price_source)


def test_what_is_kept_reads_the_same_in_every_language(line):
    assert line.price_source == "list:10:General GBP"


def test_staff_read_it_in_their_language(line, sign_in):
    desk = sign_in("reviewer")
    told = desk.page(f"/orders/show/{line.order_id}")
    assert 'class="value-hint" title="Price list “General GBP”, from 10"' in told
    assert "list:10:" not in told
    persian = desk.page(f"/orders/show/{line.order_id}?lang=fa")
    assert "General GBP" in persian and "list:10:" not in persian and "from 10" not in persian


def test_customers_never_see_it(line, sign_in, rest):
    buyer = sign_in("buyer1").page(f"/orders/show/{line.order_id}")
    assert "A-1" in buyer and "General GBP" not in buyer and 'class="value-hint"' not in buyer
    program = rest("buyer1")
    for address in (f"/orders/{line.order_id}", f"/orders/{line.order_id}/history"):
        assert "General GBP" not in program.get(address).get_data(as_text=True)


def test_a_price_agreed_by_hand_says_so(line, people, rest, sign_in):
    asked = {"customer": people.one, "currency": "GBP",
             "lines": [{"sku": "A-1", "quantity": "1", "unit_price": "1.75"}]}  # fmt: skip
    made = rest("reviewer").post("/orders/", asked)
    assert made.status_code == 201, made.json
    assert "Agreed price" in sign_in("reviewer").page(f"/orders/show/{made.json['id']}")
