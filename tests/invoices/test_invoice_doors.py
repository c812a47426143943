"""Invoices and credit notes through their doors: staff make, issue and correct them; customers see what is theirs."""

import pytest

from tests import makers


@pytest.fixture
def confirmed(people, open_work):
    """The id of a confirmed order of customer one: 2 x 50 and 3 x 10 GBP."""
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        order = makers.make_confirmed_order(work, one, (makers.make_product(work, sku="A-1"), 2, 50),
                                            (makers.make_product(work, sku="B-2"), 3, 10))  # fmt: skip
        return order.id


@pytest.fixture
def issued(confirmed, rest):
    """The id of its issued invoice."""
    finance = rest("finance")
    pk = finance.post("/invoices/", {"order": confirmed, "type": "final"}).json["id"]
    assert finance.post(f"/invoices/{pk}/issue").status_code == 200
    return pk


def test_an_invoice_is_made_changed_and_issued_over_rest(confirmed, rest):
    finance = rest("finance")
    made = finance.post("/invoices/", {"order": confirmed, "type": "final"})
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["state"], result["type"], result["total_gross"], result["number"]) == (
        "draft",
        "final",
        "130.00",
        None,
    )
    assert [line["sku"] for line in result["lines"]] == ["A-1", "B-2"]
    changed = finance.put(f"/invoices/{pk}", {"terms_days": 10, "remark": "Thank you", "version": result["version"]})
    assert changed.status_code == 200 and changed.json["result"]["terms_days"] == 10
    assert finance.put(f"/invoices/{pk}", {"terms_days": 9, "version": 1}).status_code in (200, 409)
    assert finance.post("/invoices/", {"order": confirmed}).json["error"] == "draft_exists"
    step = finance.post(f"/invoices/{pk}/issue")
    assert step.status_code == 200 and step.json["state"] == "issued"
    [row] = finance.get("/invoices/").json["result"]
    assert (row["payment_status"], row["open_amount"], row["total_gross"]) == ("unpaid", "130.00", "130.00")
    assert row["number"] and row["due_on"] and row["customer"]["name"] == "Acme Ltd"
    assert finance.put(f"/invoices/{pk}", {"remark": "late"}).json["error"] == "frozen"
    assert finance.delete(f"/invoices/{pk}").json["error"] == "not_draft"
    assert rest("reviewer").post(f"/invoices/{pk}/cancel").status_code == 403


def test_bad_requests_are_told_not_failed(confirmed, rest):
    finance = rest("finance")
    for given in ({}, {"order": "x"}, {"order": 99999999}, {"order": confirmed, "type": "credit_note"},
                  {"order": confirmed, "colour": "red"}, {"order": confirmed, "type": ["final"]}):  # fmt: skip
        assert 400 <= finance.post("/invoices/", given).status_code < 500, given


def test_customers_find_issued_invoices_of_their_own_only(confirmed, rest, sign_in):
    finance = rest("finance")
    draft = finance.post("/invoices/", {"order": confirmed}).json["id"]
    buyer = rest("buyer1")
    assert buyer.get("/invoices/").json["result"] == []
    assert buyer.get(f"/invoices/{draft}").status_code == 404
    assert sign_in("buyer1").get(f"/invoices/show/{draft}").status_code == 404
    finance.post(f"/invoices/{draft}/issue")
    seen = buyer.get(f"/invoices/{draft}").json["result"]
    assert seen["number"] and seen["open_amount"] == "130.00" and "created_by" not in seen
    assert rest("buyer3").get(f"/invoices/{draft}").status_code == 404
    assert buyer.post("/invoices/", {"order": confirmed}).status_code == 403
    page = sign_in("buyer1").page(f"/invoices/show/{draft}")
    assert "Report payment" in page and "Make credit note" not in page and "Internal notes" not in page


def test_screens_make_issue_and_print_an_invoice(confirmed, sign_in):
    finance = sign_in("finance")
    assert f"/invoices/add?order={confirmed}" in finance.page(f"/orders/show/{confirmed}")
    assert "bills what was approved" in finance.page(f"/invoices/add?order={confirmed}")
    answer = finance.post("/invoices/add", {"order": confirmed, "type": "final"})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    url = answer.location
    pk = int(url.rsplit("/", 1)[1])
    assert "Invoice lines" in finance.page(url)
    assert finance.post(f"/invoices/edit/{pk}", {"terms_days": "14", "remark": "By bank"}).status_code == 302
    assert finance.post("/invoices/add", {"order": confirmed, "type": "final"}).status_code == 422
    finance.post(f"/invoices/step/issue/{pk}")
    assert "Payment is awaited" in finance.page(url)
    pdf = finance.get(f"/invoices/document/{pk}/invoice.pdf")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")
    assert "Acme Ltd" in finance.page("/invoices/list/?payment_status=unpaid&open_least=100&overdue=no")
    assert "Acme Ltd" not in finance.page("/invoices/list/?overdue=yes")
    assert finance.get(f"/invoices/edit/{pk}").status_code == 409


def test_part_of_an_invoice_is_credited_over_rest(issued, rest):
    finance = rest("finance")
    lines = finance.get(f"/invoices/{issued}").json["result"]["lines"]
    made = finance.post("/credit_notes/", {"invoice": issued, "reason": "broken",
                                           "lines": [{"line": lines[0]["id"], "quantity": "1"}]})  # fmt: skip
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["type"], result["total_gross"], result["invoice"]["id"]) == ("credit_note", "50.00", issued)
    assert finance.post(f"/credit_notes/{pk}/issue").json["state"] == "issued"
    assert finance.get(f"/invoices/{issued}").json["result"]["open_amount"] == "80.00"
    assert [row["id"] for row in finance.get("/credit_notes/").json["result"]] == [pk]
    assert rest("buyer1").get(f"/credit_notes/{pk}").status_code == 200
    assert rest("buyer3").get(f"/credit_notes/{pk}").status_code == 404


def test_a_credit_note_resource_knows_credit_notes_only(issued, rest):
    finance = rest("finance")
    assert finance.get(f"/credit_notes/{issued}").status_code == 404
    assert finance.post(f"/credit_notes/{issued}/cancel").status_code == 404
    bulk = finance.post("/credit_notes/cancel", {"ids": [issued, 99999]}).json
    assert bulk["done"] == [] and {one["error"] for one in bulk["refused"]} == {"not_found"}
    too_much = finance.post("/credit_notes/", {"invoice": issued, "lines": [{"line": 1, "quantity": "99"}]})
    assert too_much.status_code == 422
    assert finance.post("/credit_notes/", {"invoice": issued, "lines": [7]}).status_code == 400


def test_a_credit_note_is_made_on_screen(issued, rest, sign_in):
    finance = sign_in("finance")
    line = rest("finance").get(f"/invoices/{issued}").json["result"]["lines"][1]["id"]
    assert "Not yet credited: 3" in finance.page(f"/invoices/credit/{issued}")
    refused = finance.post(f"/invoices/credit/{issued}", {f"line{line}": "7"})
    assert refused.status_code == 422 and "More would be credited" in refused.get_data(as_text=True)
    answer = finance.post(f"/invoices/credit/{issued}", {f"line{line}": "1", "reason": "too many"})
    assert answer.location.startswith("/credit_notes/show/")
    page = finance.page(answer.location)
    assert "Corrects invoice" in page
    pk = answer.location.rsplit("/", 1)[1]
    finance.post(f"/credit_notes/step/issue/{pk}")
    assert "Credit notes" in finance.page(f"/invoices/show/{issued}")
    assert sign_in("buyer1").get(f"/invoices/credit/{issued}").status_code in (302, 403)
    assert finance.get(f"/credit_notes/show/{issued}").status_code == 404
