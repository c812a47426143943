"""Changing, expiring and deleting orders through the doors: screens and REST, both sides, the other customer."""

import re
from types import SimpleNamespace

import pytest

from app.core.work import Actor
from app.rules import order_fields, settings_pages
from models.orders import Order, OrderType
from tests import makers


@pytest.fixture
def pk(people, open_work, rest):
    """An order buyer1 has submitted."""
    with open_work() as work:
        makers.make_address(work, makers.customer_of(work, people.one))
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_product(work, sku="B-2", price="10", stock_of=100)
    lines = [{"sku": "A-1", "quantity": "6"}, {"sku": "B-2", "quantity": "3"}]
    made = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": lines, "submit": True})
    assert made.status_code == 201, made.json
    return made.json["id"]


def lines(rest, pk, **quantities):
    found = rest("admin").get(f"/orders/{pk}").json["result"]["lines"]
    return [{"id": one["id"], "sku": one["sku"], "quantity": quantities.get(one["sku"][0], one["quantity_ordered"])}
            for one in found]  # fmt: skip


def test_amend_over_rest_carries_the_change_and_says_what_changed(rest, pk):
    buyer = rest("buyer1")
    done = buyer.post(f"/orders/{pk}/amend", {"lines": lines(rest, pk, A="8"), "reference": "PO-2"})
    assert (done.status_code, done.json["state"]) == (200, "changed")
    result = buyer.get(f"/orders/{pk}").json["result"]
    assert (result["total_net"], result["reference"], result["changed_side"]) == ("50.00", "PO-2", "customer")
    (found,) = buyer.get(f"/orders/{pk}/changes").json
    assert (found["side"], found["step"]) == ("customer", "amend")
    assert {"line": "A-1", "field": "quantity_ordered", "before": "6", "after": "8"} in found["changes"]


def test_a_line_named_by_its_id_says_only_what_becomes_different(rest, pk):
    buyer, (first, second) = rest("buyer1"), lines(rest, pk)
    done = buyer.post(f"/orders/{pk}/amend", {"lines": [{"id": first["id"], "quantity": "8"}, {"id": second["id"]}]})
    assert done.status_code == 200, done.json
    assert {one["sku"]: one["quantity"] for one in lines(rest, pk)} == {"A-1": "8", "B-2": "3"}
    changed = buyer.put(f"/orders/{pk}", {"lines": [{"id": str(first["id"])}, {"id": second["id"], "quantity": 4}]})
    assert changed.status_code == 200, changed.json
    assert {one["sku"]: one["quantity"] for one in lines(rest, pk)} == {"A-1": "8", "B-2": "4"}
    assert buyer.post(f"/orders/{pk}/amend", {"lines": [{"quantity": "8"}]}).status_code == 400


def test_a_draft_takes_lines_by_their_id_too(rest, pk):
    buyer = rest("buyer1")
    draft = buyer.post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "6"}]}).json["id"]
    (line,) = lines(rest, draft)
    changed = buyer.put(f"/orders/{draft}", {"lines": [{"id": line["id"], "quantity": "7"}]})
    assert changed.status_code == 200, changed.json
    assert [(one["id"], one["quantity"]) for one in lines(rest, draft)] == [(line["id"], "7")]


def test_no_order_is_changed_to_nothing(rest, pk):
    buyer, before = rest("buyer1"), rest("buyer1").get(f"/orders/{pk}").json
    refused = buyer.post(f"/orders/{pk}/amend", {"lines": []})
    assert (refused.status_code, refused.json["error"]) == (422, "no_lines")
    assert buyer.get(f"/orders/{pk}").json == before
    buyer.post(f"/orders/{pk}/amend")
    assert buyer.put(f"/orders/{pk}", {"lines": []}).json["error"] == "no_lines"
    assert len(lines(rest, pk)) == 2


def test_the_page_of_a_confirmed_order_says_what_was_changed_only(rest, sign_in, pk):
    rest("admin").post(f"/orders/{pk}/approve")
    done = rest("buyer1").post(f"/orders/{pk}/amend", {"lines": lines(rest, pk, A="8")})
    assert done.status_code == 200, done.json
    for name in ("buyer1", "reviewer"):
        section = sign_in(name).page(f"/orders/show/{pk}").partition('id="changes"')[2].partition("</section>")[0]
        assert "A-1 · Ordered" in section and "B-2" not in section
        assert "Approved" not in section and "Status" not in section


def test_amend_without_a_body_opens_the_order_and_put_changes_it(rest, pk):
    buyer = rest("buyer1")
    assert buyer.put(f"/orders/{pk}", {"remark": "x"}).status_code == 422
    assert buyer.post(f"/orders/{pk}/amend").json["state"] == "changed"
    assert buyer.put(f"/orders/{pk}", {"remark": "Ring first"}).json["result"]["remark"] == "Ring first"
    assert buyer.put(f"/orders/{pk}", {"remark": "Ring first"}).status_code == 200
    assert buyer.post(f"/orders/{pk}/reconfirm").json["state"] == "submitted"


def test_refused_fields_and_lines_say_why_at_their_place(rest, pk, open_work):
    with open_work() as work:
        order_fields.apply_preset("S3", None, work)
    buyer = rest("buyer1")
    error = buyer.post(f"/orders/{pk}/amend", {"remark": "x"})
    assert (error.status_code, error.json["error"]) == (422, "not_changeable")
    assert "cannot change this" in error.json["details"]["fields"]["remark"]
    wanted = lines(rest, pk)
    wanted[1]["sale_type"] = "gift"
    error = buyer.post(f"/orders/{pk}/amend", {"lines": wanted})
    assert [one["index"] for one in error.json["details"]["lines"]] == [1]
    assert buyer.get(f"/orders/{pk}/changeable").json == {"amend": ["line_add", "line_remove", "line_quantity"],
                                                          "correct": []}  # fmt: skip


@pytest.mark.parametrize(("given", "status"), [
    ({"lines": [{"sku": "A-1", "quantity": "0"}]}, 422), ({"lines": [{"sku": "ZZ", "quantity": "1"}]}, 422),
    ({"lines": [{"id": 999999, "sku": "A-1", "quantity": "1"}]}, 422), ({"delivery_address": 999999}, 400),
    ({"state": "confirmed"}, 400), ({"lines": [{"sku": "A-1", "quantity": "1", "unit_price": "0.01"}]}, 400),
    ({"lines": [{"sku": "A-1", "quantity": "1", "link": "javascript:alert(1)"}]}, 400), ({"currency": "EUR"}, 422),
    ({"version": 99, "remark": "x"}, 409), ({"lines": [{"sku": "A-1", "quantity": "1", "months": 0}]}, 400),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_changes(rest, pk, given, status):
    before = rest("buyer1").get(f"/orders/{pk}").json
    answer = rest("buyer1").post(f"/orders/{pk}/amend", given)
    assert answer.status_code == status, answer.json
    assert rest("buyer1").get(f"/orders/{pk}").json == before


def test_another_customer_finds_nothing_to_change(rest, pk, sign_in):
    other = rest("buyer3")
    for path in ("amend", "correct", "reconfirm"):
        answer, missing = (other.post(f"/orders/{one}/{path}", {"remark": "x"} if path != "reconfirm" else None)
                           for one in (pk, 999999))  # fmt: skip
        assert (answer.status_code, answer.json) == (404, missing.json)
    for path in ("changes", "changeable"):
        assert other.get(f"/orders/{pk}/{path}").status_code == 404
    screen = sign_in("buyer3")
    assert screen.get(f"/orders/edit/{pk}").status_code == 404
    assert screen.json(f"/orders/save/{pk}", {"remark": "x"}).status_code == 404
    assert screen.get(f"/orders/price?order={pk}&sku=A-1&quantity=1").status_code == 404
    assert screen.json(f"/orders/totals?order={pk}", {"lines": []}).status_code == 404


def test_an_address_of_another_customer_is_refused(rest, pk, people, open_work):
    with open_work() as work:
        foreign = makers.make_address(work, makers.customer_of(work, people.two)).id
    assert rest("buyer1").post(f"/orders/{pk}/amend", {"delivery_address": foreign}).status_code == 400
    refused = rest("reviewer").post(f"/orders/{pk}/amend", {"delivery_address": foreign})
    assert (refused.status_code, refused.json["error"]) == (422, "bad_address")


def test_the_form_names_the_country_of_an_address_in_the_readers_language(pk, sign_in):
    form = sign_in("buyer1").page(f"/orders/edit/{pk}?lang=fa")
    chosen = re.search(r'<select[^>]*name="delivery_address".*?</select>', form, re.S)[0]
    assert "Leeds" in chosen and "بریتانیا" in chosen and "GB" not in chosen


def test_staff_change_on_the_form_and_the_customer_accepts_on_his_page(rest, pk, sign_in):
    desk = sign_in("reviewer")
    form = desk.page(f"/orders/edit/{pk}")
    assert 'name="payment_terms"' in form and 'name="delivery_address"' in form
    saved = desk.json(f"/orders/save/{pk}", {"lines": lines(rest, pk, B="2"), "remark": "By lorry"})
    assert saved.status_code == 200, saved.json
    page = sign_in("buyer1").page(f"/orders/show/{pk}")
    assert "Accept the changes" in page
    assert "accept our changes" in page
    assert "Rita" not in page and "Reviewer" not in page  # who of us did it stays inside
    assert "By lorry" in page
    assert "it has to be confirmed first" in page  # why it cannot be sent for shipment yet


def test_the_form_shows_what_cannot_be_changed_and_why(rest, pk, sign_in, open_work):
    with open_work() as work:
        order_fields.apply_preset("S3", None, work)
    form = sign_in("buyer1").page(f"/orders/edit/{pk}")
    assert "You cannot change this in the state" in form
    assert "data-locked" not in form
    with open_work() as work:
        order_fields.apply_preset("S2a", None, work)
    buyer = sign_in("buyer1")
    assert "Change</a>" not in buyer.page(f"/orders/show/{pk}")
    assert buyer.get(f"/orders/edit/{pk}").status_code == 302


def test_save_and_send_for_confirmation_is_one_press(rest, pk, sign_in):
    buyer = sign_in("buyer1")
    saved = buyer.json(f"/orders/save/{pk}", {"lines": lines(rest, pk, A="7"), "submit": True})
    assert saved.status_code == 200, saved.json
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["state"] == "submitted"
    rest("buyer1").post(f"/orders/{pk}/amend")
    assert buyer.json(f"/orders/save/{pk}", {"lines": lines(rest, pk), "submit": True}).status_code == 200
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["state"] == "submitted"


def test_prices_and_totals_of_kept_lines_are_the_frozen_ones(rest, pk, sign_in, open_work):
    with open_work() as work:
        for price in work.session.query(makers.Price):
            price.unit_price = 99
    buyer, wanted = sign_in("buyer1"), lines(rest, pk, B="4")
    first = wanted[0]
    asked = f"/orders/price?order={pk}&sku=A-1&quantity=6&line={first['id']}"
    assert buyer.get(asked).json["unit_price"] == "2.50"
    assert buyer.get(asked.replace("quantity=6", "quantity=7")).json["unit_price"] == "99.00"
    rows = buyer.json(f"/orders/totals?order={pk}", {"lines": wanted}).json["rows"]
    assert "411" in rows[-1][1]
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["total_net"] == "45.00"


def test_deleting_asks_a_second_person_where_the_type_says_so(rest, pk, sign_in, open_work):
    with open_work() as work:
        work.session.get(OrderType, 1).delete_policy = "special_approval"
    reviewer = rest("reviewer")
    assert reviewer.delete(f"/orders/{pk}").json["error"] == "needs_approval"
    assert reviewer.post(f"/orders/{pk}/request_deletion", {"reason": "Entered twice"}).status_code == 200
    assert reviewer.post(f"/orders/{pk}/approve_deletion").status_code == 403
    assert "Deletion asked for" in sign_in("reviewer").page(f"/orders/show/{pk}")
    assert "Deletion asked for" not in sign_in("buyer1").page(f"/orders/show/{pk}")  # it is between us
    told = [one["action"] for one in rest("buyer1").get(f"/orders/{pk}/history").json]
    assert "submit" in told and "request_deletion" not in told
    page = sign_in("supervisor").page(f"/orders/show/{pk}")
    assert "Approve the deletion" in page and "Entered twice" in page
    waits = f"/orders/show/{pk}"
    for where in ("/my_work/", "/orders/list/?deletion_asked=yes"):
        assert waits in sign_in("supervisor").page(where), where
    assert waits not in sign_in("supervisor").page("/orders/list/?deletion_asked=no")
    assert waits in sign_in("buyer1").page("/orders/list/?deletion_asked=no"), "customers have no such filter"
    gone = sign_in("supervisor").post(f"/orders/step/approve_deletion/{pk}", follow_redirects=True)
    assert waits not in sign_in("supervisor").page("/my_work/")
    assert gone.status_code == 200
    assert rest("supervisor").get(f"/orders/{pk}").status_code == 404


def test_customers_delete_what_they_have_submitted(rest, pk):
    assert rest("buyer3").delete(f"/orders/{pk}").status_code == 404
    assert rest("buyer1").delete(f"/orders/{pk}").status_code == 200
    assert rest("buyer1").get(f"/orders/{pk}").status_code == 404


def test_customers_are_told_that_an_order_that_is_over_cannot_be_deleted(rest, pk):
    buyer = rest("buyer1")
    assert buyer.post(f"/orders/{pk}/cancel").status_code == 200
    refused = buyer.delete(f"/orders/{pk}")
    assert (refused.status_code, refused.json["error"]) == (409, "wrong_state")
    assert "Cancelled" in refused.json["message"]


def test_staff_delete_with_a_reason_and_customers_unless_a_setting_forbids_it(rest, pk, sign_in, open_work):
    with open_work() as work:
        settings_pages.put("CUSTOMER_DELETES_SUBMITTED", "system", 0, False, work)
    assert rest("buyer1").delete(f"/orders/{pk}").status_code == 403
    with open_work() as work:
        settings_pages.put("CUSTOMER_DELETES_SUBMITTED", "system", 0, True, work)
    assert "Delete this order?" in sign_in("buyer1").page(f"/orders/show/{pk}")
    assert sign_in("reviewer").post(f"/orders/delete/{pk}", {"reason": "A test"}).status_code == 302
    with open_work() as work:
        gone = work.session.get(Order, pk, execution_options={"with_deleted": True})
        assert (gone.deleted_reason, gone.deleted_by is not None) == ("A test", True)


def test_the_field_matrix_is_the_administrators(sign_in, open_work, people):
    admin = sign_in("admin")
    assert "Lines: quantities" in admin.page("/field_rules/list/")
    assert admin.post("/field_rules/preset", {"preset": "S3"}).status_code == 302
    assert admin.post("/field_rules/preset", {"preset": "S9"}).status_code == 422
    new = {"side": "customer", "order_state": "released", "fields": ["remark"], "review": ""}
    assert admin.post("/field_rules/add", new).status_code == 302
    for state in ("confirmed", "released"):
        goods = new | {"order_state": state, "fields": ["remark", "line_quantity"]}
        refused = admin.post("/field_rules/add", goods)
        assert refused.status_code == 422 and "need a new review" in refused.get_data(as_text=True)
    assert sign_in("reviewer").get("/field_rules/list/").status_code == 403
    with open_work(Actor("Bea", kind="external", customers=frozenset({people.one}), may=lambda p: True)) as work:
        released = SimpleNamespace(state="released", order_type_id=1)
        assert order_fields.allowed(released, work, review=False) == {"remark"}


def test_an_order_with_its_own_number_is_entered_where_its_type_allows(rest, people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    content = {"customer": people.one, "lines": [{"sku": "A-1", "quantity": "1"}], "number": "HAND-7", "submit": True}
    refused = rest("reviewer").post("/orders/", content)
    assert (refused.status_code, refused.json["error"]) == (422, "number_given")
    assert "number" in refused.json["details"]["fields"]
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "auto_overridable"
    assert rest("reviewer").post("/orders/", content).json["result"]["number"] == "HAND-7"
    assert rest("reviewer").post("/orders/", content).json["error"] == "number_taken"


def test_lines_of_an_advertising_order_say_when_they_run_and_what_they_show(rest, pk, sign_in, open_work):
    with open_work() as work:
        settings_pages.put("LINE_TERMS", "order_type", 1, True, work)
        settings_pages.put("CUSTOMER_ACCEPTS_CHANGES", "system", 0, False, work)
        order_fields.apply_preset("S2s", 1, work)
    desk = sign_in("admin")
    form = desk.page(f"/orders/edit/{pk}")
    assert 'data-line-field="keyword"' in form and 'data-line-field="sale_type"' in form
    wanted = lines(rest, pk)
    wanted[0] |= {"keyword": "tea", "starts_on": "21/12/2026", "months": "6", "link": "https://example.com/tea"}
    saved = desk.json(f"/orders/save/{pk}", {"lines": wanted, "submit": True})
    assert saved.status_code == 200, saved.json
    page = desk.page(f"/orders/show/{pk}")
    assert "Terms of the lines" in page and "https://example.com/tea" in page and "was submitted" in page
    bad = desk.json(f"/orders/save/{pk}", {"lines": [wanted[0] | {"starts_on": "soon"}, *wanted[1:]]},
                    Accept="application/json")  # fmt: skip
    assert (bad.status_code, bad.json["error"]) == (400, "bad_value")
    new = {"customer": 1, "lines": [{"sku": "A-1", "quantity": "1", "months": 3, "sale_type": "gift"}]}
    made = rest("admin").post("/orders/", new)
    assert made.status_code == 201, made.json
    with open_work() as work:
        assert [(one.months, one.sale_type) for one in work.session.get(Order, made.json["id"]).lines] == [(3, "gift")]
