"""Payments through their doors: recorded by finance, reported by customers, confirmed until the invoice is paid."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from models.invoices import Invoice
from models.people import Person
from tests import makers


@pytest.fixture
def invoices(people, open_work):
    """Ids of issued invoices over 100 GBP of customers one and two."""
    with open_work() as work:
        return [makers.make_invoice(work, makers.customer_of(work, one)).id for one in (people.one, people.two)]


def test_an_invoice_is_paid_over_rest(invoices, rest):
    buyer, finance = rest("buyer1"), rest("finance")
    made = buyer.post("/payments/", {"invoice": invoices[0], "amount": "40.00", "reference": "PO 7"})
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["state"], result["amount"], result["currency"], result["method"]) == (
        "draft",
        "40.00",
        "GBP",
        "bank",
    )
    assert "unallocated" not in result
    assert buyer.post(f"/payments/{pk}/report").json["state"] == "reported"
    assert buyer.put(f"/payments/{pk}", {"amount": "100.00"}).json["error"] == "frozen"
    assert buyer.post(f"/payments/{pk}/confirm").status_code == 403
    assert finance.post(f"/payments/{pk}/confirm").json["state"] == "confirmed"
    assert finance.get(f"/invoices/{invoices[0]}").json["result"]["payment_status"] == "part"
    rest_of = finance.post("/payments/", {"invoice": invoices[0], "amount": 60, "report": True}).json
    assert rest_of["result"]["state"] == "reported"
    finance.post(f"/payments/{rest_of['id']}/confirm")
    paid = finance.get(f"/invoices/{invoices[0]}").json["result"]
    assert (paid["payment_status"], paid["open_amount"]) == ("paid", "0.00")
    shown = finance.get(f"/payments/{rest_of['id']}").json["result"]
    assert [one["amount"] for one in shown["allocations"]] == ["60.00"]
    assert finance.post(f"/payments/{rest_of['id']}/refund", {"reason": "twice"}).json["state"] == "refunded"
    assert finance.get(f"/invoices/{invoices[0]}").json["result"]["open_amount"] == "60.00"


def test_nobody_pays_or_sees_what_is_not_his(invoices, rest):
    buyer, stranger = rest("buyer1"), rest("buyer3")
    foreign = buyer.post("/payments/", {"invoice": invoices[1], "amount": "5"})
    missing = buyer.post("/payments/", {"invoice": 999_999, "amount": "5"})
    assert (foreign.status_code, foreign.json) == (missing.status_code, missing.json) and foreign.status_code == 400
    pk = buyer.post("/payments/", {"invoice": invoices[0], "amount": "5"}).json["id"]
    assert stranger.get(f"/payments/{pk}").status_code == 404
    assert stranger.put(f"/payments/{pk}", {"amount": "1"}).status_code == 404
    assert stranger.post(f"/payments/{pk}/report").status_code == 404
    assert rest("warehouse").post("/payments/", {"invoice": invoices[0], "amount": "5"}).status_code == 403


def test_bad_requests_are_told_not_failed(invoices, rest, people):
    finance = rest("finance")
    one = invoices[0]
    for given in (
        {},
        {"invoice": one},
        {"invoice": one, "amount": 1.5},
        {"invoice": one, "amount": "x"},
        {"invoice": one, "amount": "-1"},
        {"invoice": one, "amount": "1.001"},
        {"amount": "5"},
        {"invoice": one, "amount": "5", "method": []},
        {"invoice": one, "amount": "5", "paid_on": "today"},
        {"invoice": one, "amount": "5", "state": "confirmed"},
        {"invoice": one, "amount": "5", "report": "yes"},
        {"invoice": one, "amount": "5", "currency": "EUR"},
        {"invoice": one, "amount": "5", "currency": "???"},
        {"invoice": one, "amount": "5", "customer": people.two},
    ):
        assert 400 <= finance.post("/payments/", given).status_code < 500, given


def test_a_customer_reports_and_finance_confirms_on_screen(invoices, sign_in):
    buyer, finance = sign_in("buyer1"), sign_in("finance")
    assert 'value="100' in buyer.page(f"/payments/add?invoice={invoices[0]}")
    choices = buyer.get("/payments/invoices").json
    assert [one["id"] for one in choices] == [str(invoices[0])]
    assert buyer.get(f"/payments/invoices?id={invoices[1]}").json == []
    refused = buyer.post("/payments/add", {"invoice": invoices[1], "amount": "5", "method": "bank"})
    assert refused.status_code == 422
    answer = buyer.post(
        "/payments/add", {"invoice": invoices[0], "amount": "100", "method": "bank", "paid_on": "2026-11-20"}
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    page = buyer.page(answer.location)
    assert "Reported" in page and "Not allocated" not in page and "Internal notes" not in page
    pk = answer.location.rsplit("/", 1)[1]
    assert "Payments reported" in finance.page("/")
    assert finance.post(f"/payments/edit/{pk}", {"invoice": invoices[0], "amount": "99.50", "method": "bank",
                                                 "paid_on": "2026-11-20"}).status_code == 302  # fmt: skip
    finance.post(f"/payments/step/confirm/{pk}")
    assert "Settled invoices" in finance.page(answer.location)
    assert "Settled" in finance.page(f"/invoices/show/{invoices[0]}")
    assert "Partly paid" in buyer.page(f"/invoices/show/{invoices[0]}")
    assert finance.get(f"/payments/edit/{pk}").status_code == 409


def test_finance_records_and_refuses_on_screen(invoices, people, sign_in):
    finance = sign_in("finance")
    on_account = {"customer": people.one, "amount": "30", "method": "card", "currency": "GBP", "paid_on": "2026-11-20"}
    answer = finance.post("/payments/add", on_account)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    pk = answer.location.rsplit("/", 1)[1]
    finance.post(f"/payments/step/report/{pk}")
    assert "Refused" not in finance.page(answer.location)
    finance.post(f"/payments/step/refuse/{pk}", {"reason": "nothing came"})
    assert "nothing came" in finance.page(answer.location) or "Refused" in finance.page(answer.location)
    assert finance.post("/payments/add", {"amount": "30", "method": "card"}).status_code == 422
    assert "Acme Ltd" in finance.page("/payments/list/?method=card&most=30")


def test_the_statement_tells_what_was_billed_and_paid(invoices, people, rest, sign_in):
    buyer = rest("buyer1")
    pdf = buyer.get(f"/customers/{people.one}/documents/statement.pdf?from=2026-01-01&to=2099-12-31")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")
    html = buyer.get(f"/customers/{people.one}/documents/statement.html?from=2020-01-01&to=2020-12-31&lang=en")
    assert "There are no entries" in html.get_data(as_text=True)
    assert buyer.get(f"/customers/{people.one}/documents/statement.csv?from=nonsense").status_code == 400
    assert (
        buyer.get(f"/customers/{people.one}/documents/statement.csv?from=2026-02-01&to=2026-01-01").status_code == 400
    )
    assert buyer.get(f"/customers/{people.two}/documents/statement.pdf").status_code == 404
    screen = sign_in("buyer1")
    assert "Statement of account" in screen.page("/portal/")
    page = screen.page(screen.get("/statements/").location)
    assert "/customers/document/" in page and "Acme Ltd" in page
    assert screen.get(f"/statements/{people.two}").status_code == 404
    assert sign_in("warehouse").get(f"/statements/{people.one}").status_code == 200


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # one of them always has another day
def test_today_is_the_day_on_the_readers_own_clock(invoices, sign_in, open_work, people, zone):
    day = datetime.now(ZoneInfo(zone)).date()
    with open_work() as work:
        work.session.get(Person, people.ids["buyer1"]).timezone = zone
        work.session.execute(update(Invoice).values(due_on=day - timedelta(days=1)))
    buyer = sign_in("buyer1")
    typed = re.search(r'<input[^>]*name="paid_on"[^>]*>', buyer.page("/payments/add"))[0]
    assert f'value="{day.isoformat()}"' in typed
    assert "Overdue" in buyer.page("/invoices/list/?overdue=yes")
    with open_work() as work:
        work.session.execute(update(Invoice).values(due_on=day))
    assert f"/invoices/show/{invoices[0]}" not in buyer.page("/invoices/list/?overdue=yes")
