"""From the order to the money: ordered, approved, shipped, billed, paid, on screens and over REST."""

import re

import pytest

from tests import makers


@pytest.fixture
def goods(people, open_work):
    """Two products in stock, taxed with nothing where no rate is known."""
    with open_work() as work:
        makers.make_product(work, sku="CUP", price="2.50", stock_of=100)
        makers.make_product(work, sku="POT", price="10", stock_of=10)


def plain(page):
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_order_becomes_a_paid_invoice_on_screens(goods, people, sign_in, rest, jobs, mails, words):
    buyer, reviewer, warehouse, finance = (sign_in(one) for one in ("buyer1", "reviewer", "warehouse", "finance"))
    lines = [{"sku": "CUP", "quantity": "20"}, {"sku": "POT", "quantity": "5"}]
    order = buyer.json("/orders/save", {"currency": "GBP", "reference": "PO-9", "lines": lines, "submit": True}).json
    shown, pk = order["url"], order["id"]
    assert "We are reviewing your order." in buyer.page(shown)
    reviewer.post(f"/orders/step/approve/{pk}")
    for verb in ("release", "complete"):
        warehouse.post(f"/orders/step/{verb}/{pk}")
    assert "Completed" in buyer.page(shown)

    invoice = finance.post("/invoices/add", {"order": pk, "type": "final"}).location
    bill = invoice.rsplit("/", 1)[1]
    assert buyer.get(invoice).status_code == 404, "a draft is ours"
    finance.post(f"/invoices/step/issue/{bill}")
    page = buyer.page(invoice)
    assert "£100.00" in page and "Unpaid" in page
    number = re.search(r"INV[-\d]+", page)[0]
    pdf = words(buyer.get(f"/invoices/document/{bill}/invoice.pdf").data)
    assert number in pdf and "100.00" in pdf and "Acme Ltd" in pdf
    assert sign_in("buyer3").get(f"/invoices/document/{bill}/invoice.pdf").status_code == 404

    given = {"invoice": bill, "amount": "100", "method": "bank", "paid_on": "2026-11-20", "reference": "PO-9"}
    payment = buyer.post("/payments/add", given).location
    assert "Payments reported" in finance.page("/")
    finance.post(f"/payments/step/confirm/{payment.rsplit('/', 1)[1]}")
    jobs()
    for reader in (buyer, finance):
        assert "Payment status Paid" in plain(reader.page(invoice))
    assert "Payment Paid" in plain(buyer.page(shown)), "the order knows that it is paid"
    papers = [part.get_filename() for mail in mails() for part in mail.iter_attachments()]
    assert sorted(name.partition("-")[0].partition("_")[0] for name in papers) == ["invoice", "order"], papers
    states = {row["state"] for row in rest("finance").get("/notifications/?q=(page_size:100)").json["result"]}
    assert states == {"sent"}, "a fresh installation can write mails"


def test_an_order_becomes_a_paid_invoice_over_rest(goods, people, rest, jobs, words):
    buyer, reviewer, warehouse, finance = (rest(one) for one in ("buyer1", "reviewer", "warehouse", "finance"))
    lines = [{"sku": "CUP", "quantity": "20"}, {"sku": "POT", "quantity": 5}]
    made = buyer.post("/orders/", {"currency": "GBP", "lines": lines, "submit": True}).json
    order, total = made["id"], made["result"]["total_gross"]
    steps = (
        (reviewer, "approve", "confirmed"),
        (warehouse, "release", "released"),
        (warehouse, "complete", "completed"),
    )
    for client, verb, state in steps:
        assert client.post(f"/orders/{order}/{verb}").json["state"] == state

    bill = finance.post("/invoices/", {"order": order, "type": "final"}).json["id"]
    assert buyer.get(f"/invoices/{bill}").status_code == 404
    assert finance.post(f"/invoices/{bill}/issue").json["state"] == "issued"
    seen = buyer.get(f"/invoices/{bill}").json["result"]
    assert (seen["payment_status"], seen["total_gross"], seen["open_amount"]) == ("unpaid", total, total)
    assert seen["due_on"] > seen["issued_on"] and seen["order"]["id"] == order
    first = buyer.get(f"/invoices/{bill}/documents/invoice.pdf").data
    assert seen["number"] in words(first)
    assert finance.get(f"/invoices/{bill}/documents/invoice.pdf").data == first, "an issued document never changes"
    assert rest("buyer3").get(f"/invoices/{bill}/documents/invoice.pdf").status_code == 404

    payment = buyer.post("/payments/", {"invoice": bill, "amount": total, "report": True}).json["id"]
    assert finance.post(f"/payments/{payment}/confirm").json["state"] == "confirmed"
    jobs()
    paid = buyer.get(f"/invoices/{bill}").json["result"]
    assert (paid["payment_status"], paid["open_amount"]) == ("paid", "0.00")
    assert buyer.get(f"/orders/{order}").json["result"]["payment"] == "paid"
