"""Stock through its doors: receipts, counts, transfers; for staff only."""

import pytest

from models.stock import Warehouse
from tests import makers


@pytest.fixture
def shelf(people, open_work):
    """A product of which ten lie in the main warehouse, and a second warehouse."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", stock_of=10, stock_threshold=20)
        north = Warehouse(code="NORTH", name="North")
        work.session.add(north)
        work.session.flush()
        return {"product": product.id, "main": makers.main_warehouse(work).id, "north": north.id}


def levels(rest):
    return {one["warehouse"]["name"]: one["free"] for one in rest("warehouse").get("/stock_levels/").json["result"]}


def test_goods_come_in_are_counted_and_moved(shelf, sign_in, rest):
    staff, api = sign_in("warehouse"), rest("warehouse")
    place = {"product": shelf["product"], "warehouse": shelf["main"]}
    sent = {**place, "kind": "receipt", "quantity": "5", "reason": "PO 7"}
    assert staff.post("/stock_movements/add", sent).status_code == 302
    assert staff.post("/stock_movements/add", {**sent, "kind": "count", "quantity": "12"}).status_code == 302
    agrees = staff.post("/stock_movements/add", {**sent, "kind": "count", "quantity": "12"})
    assert agrees.status_code == 422 and "agrees" in agrees.get_data(as_text=True)
    moved = api.post("/stock_movements/", {"kind": "transfer", "sku": "a-1", "quantity": "4", "to": shelf["north"]})
    assert moved.status_code == 201, moved.json
    assert levels(rest) == {"Main warehouse": "8", "North": "4"}
    page = staff.page(f"/stock_movements/list/?product={shelf['product']}")
    assert "PO 7" in page and "Transfer" in page and "Stock adjustment" in page


def test_what_is_not_there_cannot_go_out(shelf, sign_in, rest):
    staff, api = sign_in("warehouse"), rest("warehouse")
    place = {"product": shelf["product"], "warehouse": shelf["main"]}
    sent = {**place, "kind": "adjustment", "quantity": "-11", "reason": ""}
    refused = staff.post("/stock_movements/add", sent)
    assert refused.status_code == 422 and "not enough stock of A-1" in refused.get_data(as_text=True)
    for body, code in (
        ({"kind": "transfer", "quantity": "1", "to": shelf["main"]}, "same_warehouse"),
        ({"kind": "transfer", "quantity": "1"}, "warehouse_missing"),
        ({"kind": "receipt", "quantity": "-1"}, "quantity_not_positive"),
        ({"kind": "receipt", "quantity": "0.5"}, "uneven_quantity"),
        ({"kind": "shipment", "quantity": "1"}, "bad_value"),
    ):
        answer = api.post("/stock_movements/", {"sku": "A-1", "warehouse": shelf["main"], **body})
        assert answer.json["error"] == code, (body, answer.json)
    assert levels(rest) == {"Main warehouse": "10"}


def test_low_stock_is_found(shelf, sign_in):
    staff = sign_in("warehouse")
    assert "A-1" in staff.page("/stock_levels/list/?low=yes")
    assert "A-1" not in staff.page("/stock_levels/list/?low=no")
    assert "A-1" not in staff.page("/stock_levels/list/?free_most=9")


def test_one_default_warehouse_for_a_branch(shelf, sign_in, rest):
    made = rest("warehouse").put(f"/warehouses/{shelf['north']}", {"default": True})
    assert made.status_code == 200, made.json
    rows = rest("warehouse").get("/warehouses/").json["result"]
    assert {one["code"]: one["default"] for one in rows} == {"MAIN": False, "NORTH": True}
    archived = sign_in("warehouse").post(f"/warehouses/delete/{shelf['main']}", follow_redirects=True)
    assert "Archived" in archived.get_data(as_text=True)


def test_customers_know_nothing_of_stock(shelf, sign_in, rest):
    for url in ("/stock_levels/list/", "/stock_movements/list/", "/stock_movements/add", "/warehouses/list/"):
        assert sign_in("buyer1").get(url).status_code == 403, url
    for url in ("/stock_levels/", "/stock_movements/", "/warehouses/"):
        assert rest("buyer1").get(url).status_code == 403, url
    assert rest("reviewer").post("/stock_movements/", {"kind": "receipt"}).status_code == 403
