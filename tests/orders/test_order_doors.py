"""An order through its doors: REST and screens, customer and reviewer."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.rules import documents, order_deletion, stock
from models.orders import Order
from models.organisation import Branch
from models.products import Product
from models.stock import Warehouse
from tests import makers

JSON = {"Accept": "application/json"}


@pytest.fixture
def goods(people, open_work):
    """Two products with prices and stock."""
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_product(work, sku="B-2", price="10", stock_of=100)


def order(rest, who="buyer1", **more):
    lines = [{"sku": "A-1", "quantity": "6"}, {"sku": "b-2", "quantity": 3}]
    return rest(who).post("/orders/", {"currency": "GBP", "reference": "PO-1", "lines": lines, **more})


def test_customer_orders_and_reviewer_approves_over_rest(goods, rest):
    made = order(rest, submit=True)
    assert made.status_code == 201, made.json
    result = made.json["result"]
    assert result["state"] == "submitted"
    assert result["total_net"] == "45.00"
    assert [line["quantity_ordered"] for line in result["lines"]] == ["6", "3"]
    approved = rest("reviewer").post(f"/orders/{made.json['id']}/approve")
    assert approved.status_code == 200, approved.json
    assert approved.json["state"] == "confirmed"


def test_foreign_order_looks_like_no_order(goods, rest):
    made = order(rest)
    foreign, missing = rest("buyer3").get(f"/orders/{made.json['id']}"), rest("buyer3").get("/orders/999999")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json == missing.json


def test_reviewer_sees_and_approves_on_screen(goods, rest, sign_in):
    pk = order(rest, submit=True).json["id"]
    reviewer = sign_in("reviewer")
    assert "Acme Ltd" in reviewer.page("/orders/list/")
    assert "A-1" in reviewer.page(f"/orders/show/{pk}")
    answer = reviewer.post(f"/orders/step/approve/{pk}", follow_redirects=True)
    assert "Confirmed" in answer.get_data(as_text=True)


def test_supervisor_sets_a_status_by_hand_with_a_reason(goods, rest, sign_in):
    pk = order(rest, submit=True).json["id"]
    assert rest("reviewer").post(f"/orders/{pk}/override", {"state": "completed", "reason": "x"}).status_code == 403
    refused = rest("supervisor").post(f"/orders/{pk}/override", {"state": "completed", "reason": ""})
    assert (refused.status_code, refused.json["error"]) == (422, "bad_data")
    done = sign_in("supervisor").post(f"/orders/override/{pk}", {"state": "completed", "reason": "by hand"})
    assert done.status_code == 302
    history = rest("supervisor").get(f"/orders/{pk}/history").json
    assert history[0]["action"] == "override"
    assert history[0]["changes"]["state"] == ["submitted", "completed"]


def test_a_quantity_that_cannot_be_read_is_told_at_its_row(goods, sign_in, rest):
    wanted = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": one} for one in ("2", "abc", 1.5)]}
    told = rest("buyer1").post("/orders/", wanted)
    assert (told.status_code, told.json["error"]) == (400, "bad_value")
    assert told.json["details"]["field"] == "quantity"
    rows = told.json["details"]["lines"]
    assert [(one["index"], one["error"]) for one in rows] == [(1, "bad_value"), (2, "bad_value")]
    assert rows[0]["message"] == "This is not a number: quantity." == told.json["message"]
    buyer = sign_in("buyer1")
    saved = buyer.json("/orders/save", {**wanted, "lines": wanted["lines"][:2], "submit": True}, **JSON)
    assert saved.status_code == 400
    assert saved.json["details"]["lines"] == [{"index": 1, "error": "bad_value", "message": "This is not a number."}]
    asked = buyer.get("/orders/price?sku=A-1&quantity=abc", headers=JSON)
    assert (asked.status_code, asked.json["message"]) == (400, "This is not a number.")


def test_other_wrong_values_of_a_line_are_told_at_its_row_too(goods, rest):
    good = {"sku": "A-1", "quantity": "1"}
    for more, error, field in (({"colour": "red"}, "unknown_fields", "lines"),
                               ({"unit_price": "1"}, "price_given", "unit_price")):  # fmt: skip
        told = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": [good, good | more]})
        assert (told.status_code, told.json["error"], told.json["details"]["field"]) == (400, error, field)
        assert [(one["index"], one["error"]) for one in told.json["details"]["lines"]] == [(1, error)]


def test_a_row_that_is_typed_tells_the_stock_of_the_branch_that_delivers(goods, people, open_work, sign_in):
    with open_work() as work:
        branch = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP")
        work.session.add(branch)
        work.session.flush()
        north = Warehouse(code="NORTH", name="North", branch_id=branch.id, default=True)
        work.session.add(north)
        product = work.session.scalars(select(Product).where(Product.sku == "A-1")).one()
        stock.move(product, north, Decimal(3), "receipt", work)
        makers.customer_of(work, people.one).branch_id = branch.id
    asked = sign_in("buyer1").get("/orders/price?sku=A-1&quantity=4").json
    assert (asked["available"], asked["enough"]) == ("3", False)


def test_a_record_that_came_from_a_deleted_order_names_it_without_leading_there(people, sign_in, open_work):
    with open_work() as work:
        customer, bolt = makers.customer_of(work, people.one), makers.make_product(work)
        gone, kept, made = (makers.make_order(work, customer, (bolt, 1), number=f"SO-{name}").id for name in "ABC")
        for source in (gone, kept):
            documents.link(work.session.get(Order, source), work.session.get(Order, made), "copied", work)
        order_deletion.remove(work.session.get(Order, gone), work)
    for who in ("reviewer", "buyer1"):
        page = sign_in(who).page(f"/orders/show/{made}")
        assert "SO-A" in page and f'href="/orders/show/{kept}"' in page
        assert f'href="/orders/show/{gone}"' not in page


def test_a_status_is_set_by_hand_on_the_version_that_was_seen(people, goods, sign_in, rest):
    pk = order(rest, submit=True).json["id"]
    desk = sign_in("supervisor")
    form = desk.page(f"/orders/show/{pk}").partition(f'action="/orders/override/{pk}"')[2].partition("</form>")[0]
    seen = re.search(r'name="version" value="(\d+)"', form)[1]
    given = {"state": "cancelled", "reason": "by hand", "version": seen}
    assert rest("reviewer").post(f"/orders/{pk}/assign", {"handler": people.ids["support"]}).status_code == 200
    desk.post(f"/orders/override/{pk}", given)
    assert rest("supervisor").get(f"/orders/{pk}").json["result"]["state"] == "submitted"
    desk.post(f"/orders/override/{pk}", given | {"version": str(int(seen) + 1)})
    assert rest("supervisor").get(f"/orders/{pk}").json["result"]["state"] == "cancelled"
