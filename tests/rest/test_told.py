"""Small things programs are told: which field, which method, which file, which currency."""

from datetime import date

import pytest

from tests import makers


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_product(work, sku="B-1", price="4", stock_of=100)


def draft(rest, **more):
    given = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "6"}, {"sku": "B-1", "quantity": "1"}], **more}
    return rest("buyer1").post("/orders/", given).json


def test_a_refused_log_in_says_what_is_wrong(site, people):
    given = {"username": "buyer1", "password": "not it", "provider": "db"}
    answer = site.test_client().post("/api/v1/security/login", json=given)
    assert (answer.status_code, answer.json["error"]) == (401, "unauthorized")
    assert "password" in answer.json["message"]
    assert "Sign in" in site.test_client().get("/api/v1/orders/").json["message"]


@pytest.mark.parametrize("path, given", [
    ("/customers/", {"name": "x", "country": "ZZ"}),
    ("/addresses/", {"customer": 1, "recipient": "x", "street": "s", "city": "c", "postcode": "1", "country": "ZZ"}),
])  # fmt: skip
def test_a_country_that_is_none_is_told_by_the_name_it_was_sent_under(people, rest, path, given):
    answer = rest("admin").post(path, given | ({"customer": people.one} if "customer" in given else {}))
    assert (answer.status_code, answer.json["details"]["field"]) == (422, "country"), answer.json


def test_a_step_names_each_field_that_is_missing(goods, rest):
    pk = draft(rest, submit=True)["id"]
    answer = rest("reviewer").post(f"/orders/{pk}/reject", {"reason": ""})
    assert (answer.status_code, answer.json["error"]) == (422, "bad_data")
    assert list(answer.json["details"]["fields"]) == ["reason"]


def test_a_list_of_orders_is_not_deleted(goods, rest):
    for address in ("/orders", "/orders/"):
        for method in ("DELETE", "PUT"):
            answer = rest("admin").call(method, address, {})
            assert (answer.status_code, answer.json["error"]) == (405, "method_not_allowed"), (method, address)


def test_the_order_form_names_its_charset_once(goods, rest):
    answer = rest("buyer1").get("/order_forms/template.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert b"A-1" in answer.data


def test_lines_that_stay_keep_their_id(goods, rest):
    made = draft(rest)
    before = {line["sku"]: line["id"] for line in made["result"]["lines"]}
    changed = [{"sku": "a-1", "quantity": "7"}, {"sku": "A-1", "quantity": "2"}]
    after = rest("buyer1").put(f"/orders/{made['id']}", {"lines": changed}).json["result"]["lines"]
    assert [(line["id"] == before["A-1"], line["quantity_ordered"]) for line in after] == [(True, "7"), (False, "2")]
    changes = rest("buyer1").get(f"/orders/{made['id']}/history").json[0]["changes"]
    assert changes[f"lines.{before['A-1']}.quantity_ordered"] == ["6", "7"], changes


def test_a_released_order_no_longer_expires(goods, rest, open_work):
    pk = draft(rest, submit=True)["id"]
    reviewer = rest("reviewer")
    assert reviewer.post(f"/orders/{pk}/approve").status_code == 200
    with open_work() as work:
        work.session.get(makers.Order, pk).expires_at = work.now.replace(year=2030)
    assert rest("admin").post(f"/orders/{pk}/release").status_code == 200
    assert rest("admin").get(f"/orders/{pk}").json["result"]["expires_at"] is None


def test_a_csv_document_names_the_currency_and_its_decimals(goods, rest):
    pk = draft(rest, submit=True)["id"]
    text = rest("buyer1").get(f"/orders/{pk}/documents/order_confirmation.csv").get_data(as_text=True)
    head, first = text.splitlines()[:2]
    assert "(GBP)" in head and "2.50" in first and "15.00" in first, text


@pytest.mark.parametrize("agreed", [True, False])
def test_a_confirmation_says_the_day_of_a_line_where_one_was_agreed(goods, rest, open_work, agreed):
    pk = draft(rest, submit=True)["id"]
    if agreed:
        with open_work() as work:
            work.session.get(makers.Order, pk).lines[0].requested_on = date(2027, 3, 14)
    text = rest("buyer1").get(f"/orders/{pk}/documents/order_confirmation.csv").get_data(as_text=True)
    head, first = text.splitlines()[:2]
    assert ("Delivery date" in head, "2027-03-14" in first) == (agreed, agreed), text
