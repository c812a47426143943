"""Carts through their doors: REST and screens, the customer, staff for him, and whoever should find nothing."""

import re

import pytest
from sqlalchemy import select

from app.rules import products
from models.carts import Cart
from models.orders import Order, OrderType
from tests import makers

LINES = [{"sku": "A-1", "quantity": "6"}, {"sku": "b-2", "quantity": 3, "remark": "In red"}]


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        for sku, price in (("A-1", "2.50"), ("B-2", "10"), ("C-3", "4")):
            makers.make_product(work, sku=sku, price=price, stock_of=100)


def made(rest, who="buyer1", **more):
    answer = rest(who).post("/carts/", {"name": "Spring", "lines": LINES, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def count(open_work, model):
    with open_work() as work:
        return len(work.session.scalars(select(model)).all())


def test_a_cart_is_filled_changed_and_ordered_over_rest(goods, rest):
    buyer = rest("buyer1")
    cart = made(rest, reference="PO-1", payment_method=1)["result"]
    assert (cart["state"], cart["total_net"]) == ("active", "45.00")
    assert [(one["sku"], one["quantity"], one["remark"], one["mark"]) for one in cart["lines"]] == [
        ("A-1", "6", "", "taken"), ("B-2", "3", "In red", "taken")]  # fmt: skip
    path = f"/carts/{cart['id']}"
    more = buyer.post(f"{path}/lines", {"lines": [{"sku": "A-1", "quantity": "1"}, {"sku": "NONE", "quantity": "1"}]})
    assert (more.status_code, more.json["result"]["lines"][0]["quantity"]) == (200, "7")
    assert [(one["index"], one["error"]) for one in more.json["refused"]] == [(1, "unknown_product")]
    line = cart["lines"][1]["id"]
    less = buyer.call("PATCH", f"{path}/lines", {"lines": [{"id": line, "quantity": "0"}]})
    assert [one["sku"] for one in less.json["result"]["lines"]] == ["A-1"]
    anew = buyer.put(f"{path}/lines", {"lines": [{"sku": "C-3", "quantity": "2"}]})
    assert anew.json["result"]["total_net"] == "8.00"
    answer = buyer.post(f"{path}/order")
    assert answer.status_code == 200, answer.json
    order = buyer.get(f"/orders/{answer.json['made']['id']}").json["result"]
    assert (order["state"], order["reference"], order["total_net"]) == ("submitted", "PO-1", "8.00")
    assert order["payment_method"]["id"] == 1
    assert buyer.get(path).json["result"]["lines"] == []


def test_a_cart_goes_into_an_order_that_then_has_to_be_reconfirmed(goods, rest):
    buyer = rest("buyer1")
    old = buyer.post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "1"}], "submit": True}).json
    cart = made(rest)
    assert [one["id"] for one in cart["result"]["orders"]] == [old["id"]]
    answer = buyer.post(f"/carts/{cart['id']}/order", {"into": old["id"]})
    assert (answer.status_code, answer.json["made"]["id"]) == (200, old["id"])
    order = buyer.get(f"/orders/{old['id']}").json["result"]
    assert (order["state"], order["total_net"]) == ("changed", "47.50")
    assert [(one["sku"], one["quantity_ordered"]) for one in order["lines"]] == [("A-1", "7"), ("B-2", "3")]


def test_malformed_carts_are_answered_clearly(goods, rest):
    buyer = rest("buyer1")
    pk = made(rest)["id"]
    for body in ({"lines": "x"}, {"lines": [1]}, {"lines": [{"sku": "A-1", "quantity": 1.5}]}, {"x": 1}, {},
                 {"lines": [{"sku": "A-1", "quantity": "1", "unit_price": "1"}]}):  # fmt: skip
        assert buyer.post(f"/carts/{pk}/lines", body).status_code == 400, body
    refused = buyer.put(f"/carts/{pk}/lines", {"lines": [{"sku": "NONE", "quantity": "1"}]})
    assert (refused.status_code, refused.json["error"]) == (422, "lines_refused")
    assert len(buyer.get(f"/carts/{pk}").json["result"]["lines"]) == 2
    assert buyer.put(f"/carts/{pk}", {"delivery_method": 99_999}).status_code == 400
    assert buyer.put(f"/carts/{pk}", {"name": "Autumn", "version": 999}).status_code == 409
    assert buyer.put(f"/carts/{pk}", {"name": "Autumn"}).json["result"]["name"] == "Autumn"
    assert buyer.delete(f"/carts/{pk}").status_code == 200
    assert buyer.get(f"/carts/{pk}").status_code == 404


def test_nobody_else_finds_a_cart(goods, rest):
    pk = made(rest)["id"]
    for who in ("buyer2", "buyer3"):
        other = rest(who)
        assert other.get("/carts/").json["result"] == []
        answers = [other.get(f"/carts/{pk}"), other.put(f"/carts/{pk}", {"name": "x"}), other.delete(f"/carts/{pk}"),
                   other.post(f"/carts/{pk}/lines", {"lines": LINES}), other.post(f"/carts/{pk}/order")]  # fmt: skip
        assert [one.status_code for one in answers] == [404] * 5
    mine = made(rest, "buyer3")["id"]
    assert rest("buyer3").post(f"/carts/{mine}/merge", {"other": pk}).status_code == 422


def test_a_customer_fills_changes_and_checks_out_on_screen(goods, people, sign_in, open_work):
    buyer = sign_in("buyer1")
    assert "The cart is empty" in buyer.page("/carts/mine")
    buyer.post("/carts/put", {"sku": "A-1", "quantity": "6", "next": "/products/list/"})
    buyer.post("/carts/put", {"sku": "B-2", "quantity": "3"})
    page = buyer.post("/carts/put", {"sku": "NONE"}, follow_redirects=True).get_data(as_text=True)
    assert "There is no product NONE." in page
    assert "2 products in the cart" in page
    first, second = re.findall(r'name="quantity-(\d+)"', page)
    pk = re.search(r'action="/carts/change/(\d+)"', page)[1]
    refused = buyer.post(f"/carts/change/{pk}", {f"quantity-{first}": "2", f"quantity-{second}": "0.5"})
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "This quantity does not come out even in the unit: pcs" in text and "£35.00" in text
    buyer.post(f"/carts/change/{pk}", {"remove": second})
    assert "B-2" not in buyer.page(f"/carts/show/{pk}")
    said = {"delivery_address": "new", "new_recipient": "Acme", "new_street": "X 1", "new_city": "York",
            "new_country": "GB", "payment_method": "2", "requested_on": "2026-12-01",
            "remark": "Ring twice"}  # fmt: skip
    review = buyer.post(f"/carts/checkout/{pk}", said, follow_redirects=True)
    text = review.get_data(as_text=True)
    for said in ("Acme, X 1, York, United Kingdom", "Card", "1 December 2026", "Ring twice", "£5.00"):
        assert said in text, said
    sent = dict(re.findall(r'name="(version|total)" value="([^"]*)"', text))
    done = [buyer.post(f"/carts/confirm/{pk}", sent) for _ in range(2)]  # pressed twice
    assert done[0].location == done[1].location
    assert "/orders/show/" in done[0].location
    with open_work() as work:
        (order,) = work.session.scalars(select(Order)).all()
        assert (order.state, order.total_net, order.remark) == ("submitted", 5, "Ring twice")


def test_an_incomplete_address_is_told_at_its_field(goods, sign_in, rest):
    pk = made(rest)["id"]
    answer = sign_in("buyer1").post(f"/carts/checkout/{pk}", {"delivery_address": "new", "new_street": "X 1"})
    assert answer.status_code == 422
    assert "Fill in this field." in answer.get_data(as_text=True)


def test_staff_fill_a_cart_for_a_customer(goods, people, sign_in, open_work):
    desk = sign_in("support")
    answer = desk.post("/carts/add", {"customer": str(people.two), "name": "By phone"})
    pk = int(answer.location.rpartition("/")[2])
    desk.post("/carts/put", {"sku": "A-1", "quantity": "6", "cart": str(pk)})
    text = desk.page(f"/carts/review/{pk}")
    assert "Rival Ltd" in text
    desk.post(f"/carts/confirm/{pk}", {})
    with open_work() as work:
        (order,) = work.session.scalars(select(Order)).all()
        assert (order.customer_id, order.channel, order.state) == (people.two, "phone", "submitted")


def test_a_product_that_is_gone_is_told_and_taken_out(goods, sign_in, rest, open_work):
    pk = made(rest)["id"]
    with open_work() as work:
        products.find("A-1", work).archived_at = work.now
    buyer = sign_in("buyer1")
    page = buyer.page(f"/carts/show/{pk}")
    assert "The product A-1 is no longer offered." in page
    assert f"/carts/checkout/{pk}" not in page
    gone = re.search(r'name="remove" value="(\d+)"', page)[1]
    buyer.post(f"/carts/change/{pk}", {"remove": gone})
    assert f"/carts/checkout/{pk}" in buyer.page(f"/carts/show/{pk}")


def test_putting_in_answers_scripts_in_json_and_leads_nowhere_else(goods, sign_in, open_work):
    buyer = sign_in("buyer1")
    live = buyer.post("/carts/put", {"sku": "a-1", "quantity": "2"}, headers={"Accept": "application/json"})
    assert (live.json["count"], live.json["label"]) == (1, "1 product in the cart")
    refused = buyer.post("/carts/put", {"sku": "A-1", "quantity": "x"}, headers={"Accept": "application/json"})
    assert refused.status_code == 400
    for address in ("https://example.com/", "//example.com", "/\t/example.com", "/\r/example.com", "/\\example.com"):
        away = buyer.post("/carts/put", {"sku": "A-1", "next": address})
        assert "example.com" not in away.location, address
    assert count(open_work, Cart) == 1


def test_a_cart_is_numbered_by_hand_and_keeps_its_promotion_code_on_the_order(goods, rest, sign_in, open_work):
    pk = made(rest, promotion_code="SPRING")["result"]["id"]
    buyer = sign_in("buyer1")
    assert 'name="number"' not in buyer.page(f"/carts/review/{pk}")
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "manual"
    assert 'name="number"' in buyer.page(f"/carts/review/{pk}")
    missing = buyer.post(f"/carts/confirm/{pk}", {"number": ""})
    assert missing.status_code == 302 and count(open_work, Order) == 0
    assert "numbered by hand" in buyer.page(missing.location)
    assert "/orders/show/" in buyer.post(f"/carts/confirm/{pk}", {"number": "MINE-1"}).location
    with open_work() as work:
        [order] = work.session.scalars(select(Order)).all()
        assert (order.number, order.promotion_code) == ("MINE-1", "SPRING")
        bought = order.id
    assert "SPRING" in sign_in("reviewer").page(f"/orders/show/{bought}")
    assert rest("buyer1").get(f"/orders/{bought}").json["result"]["promotion_code"] == "SPRING"
    over_rest = made(rest)["result"]["id"]
    assert rest("buyer1").post(f"/carts/{over_rest}/order").json["error"] == "number_missing"
    assert rest("buyer1").post(f"/carts/{over_rest}/order", {"number": "MINE-2"}).status_code == 200
