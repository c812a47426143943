"""Invoices: what they bill, that they never change, and that nobody credits more than was billed."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core.errors import BusinessError, Conflict
from app.rules import documents, invoices, order_deletion
from models.organisation import Branch, PaymentTerms
from tests import makers

FLOW = invoices.FLOW


@pytest.fixture
def order(work):
    customer = makers.make_customer(work, tax_id="GB123")
    apples = makers.make_product(work, sku="APPLE")
    pears = makers.make_product(work, sku="PEAR")
    return makers.make_confirmed_order(work, customer, (apples, 3, "9.99"), (pears, 10, "1.05"), rate=20)


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code
    return caught.value


def figures(row):
    return [(line.sku, line.quantity, line.net, line.tax, line.gross) for line in row.lines]


def test_draft_repeats_the_order_to_the_cent(work, order):
    invoice = invoices.from_order(order, work)
    assert invoice.state == "draft" and invoice.number is None
    assert figures(invoice) == [
        ("APPLE", 3, Decimal("29.97"), Decimal("5.99"), Decimal("35.96")),
        ("PEAR", 10, Decimal("10.50"), Decimal("2.10"), Decimal("12.60")),
    ]
    assert (invoice.total_net, invoice.total_tax, invoice.total_gross) == (
        order.total_net,
        order.total_tax,
        order.total_gross,
    )
    assert invoice.tax_id == "GB123" and invoice.order_number == order.number
    assert [line.quantity_invoiced for line in order.lines] == [0, 0]


@pytest.mark.parametrize("type", ["final", "proforma"])
def test_a_draft_of_a_deleted_order_is_refused_not_issued(work, order, type):
    invoice = invoices.from_order(order, work, type)
    work.session.flush()
    order_deletion.remove(order, work)
    work.session.flush()
    work.session.expunge(order)
    refused("order_deleted", FLOW.run_one, "issue", invoice)
    FLOW.run_one("cancel", invoice)
    assert invoice.state == "cancelled"


def test_issue_numbers_dates_and_books_the_order(work, order):
    work.session.get(Branch, 1).timezone = "Asia/Tehran"
    work.now = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)  # already next year in Tehran
    invoice = invoices.from_order(order, work)
    invoice.terms_days = 14
    FLOW.run_one("issue", invoice)
    assert invoice.number == "INV-2027-000001"
    assert (invoice.issued_on, invoice.due_on) == (date(2027, 1, 1), date(2027, 1, 15))
    assert (invoice.open_amount, invoice.payment_status) == (Decimal("48.56"), "unpaid")
    assert [line.quantity_invoiced for line in order.lines] == [3, 10]
    [link] = documents.links_of(order, work)
    assert (link.kind, link.to_noun, link.to_number) == ("invoices", "invoice", invoice.number)
    refused("nothing_to_invoice", invoices.from_order, order, work)


@pytest.mark.parametrize(
    "type, number",
    [("final", "INV-2026-000001"), ("tax", "INV-2026-000001"), ("proforma", "PF-2026-000001"),
     ("payment_request", "PR-2026-000001")],
)  # fmt: skip
def test_every_type_has_its_series(work, order, type, number):
    invoice = invoices.from_order(order, work, type)
    FLOW.run_one("issue", invoice)
    assert invoice.number == number


def test_a_proforma_invoice_bills_nothing(work, order):
    FLOW.run_one("issue", invoices.from_order(order, work, "proforma"))
    assert [line.quantity_invoiced for line in order.lines] == [0, 0]
    assert invoices.from_order(order, work).total_gross == order.total_gross


def test_terms_come_from_the_order_then_from_the_customer(work):
    week = PaymentTerms(code="net7", names={"en": "7 days net"}, days=7)
    work.session.add(week)
    work.session.flush()
    customer = makers.make_customer(work, payment_terms_id=week.id)
    order = makers.make_confirmed_order(work, customer, (makers.make_product(work), 1, 5))
    assert invoices.from_order(order, work).terms_days == 7


def test_only_a_confirmed_order_is_invoiced(work):
    customer = makers.make_customer(work)
    order = makers.make_order(work, customer, (makers.make_product(work), 1, 5))
    refused("not_confirmed", invoices.create_from_order, order.id, work)
    refused("not_found", invoices.create_from_order, 999_999, work)


def test_a_second_draft_is_refused_and_names_the_first(work, order):
    first = invoices.from_order(order, work)
    assert refused("draft_exists", invoices.from_order, order, work).details["invoice"] == first.id


def test_rejected_and_cut_lines_are_billed_as_approved(work, order):
    order.lines[0].quantity_approved = Decimal(1)
    order.lines[1].quantity_approved, order.lines[1].state = Decimal(0), "rejected"
    work.session.flush()
    invoice = invoices.from_order(order, work)
    assert figures(invoice) == [("APPLE", 1, Decimal("9.99"), Decimal("2.00"), Decimal("11.99"))]


def test_a_draft_may_bill_a_part_and_the_next_one_the_rest(work, order):
    first = invoices.from_order(order, work)
    first.lines[1].quantity = Decimal(4)
    invoices.check(first, work)
    FLOW.run_one("issue", first)
    second = invoices.from_order(order, work)
    assert [(line.sku, line.quantity) for line in second.lines] == [("PEAR", 6)]


def test_more_than_approved_is_not_issued(work, order):
    invoice = invoices.from_order(order, work)
    invoice.lines[0].quantity = Decimal(4)
    invoices.check(invoice, work)
    refused("over_invoiced", FLOW.run_one, "issue", invoice)
    assert invoice.state == "draft" and invoice.number is None


@pytest.mark.parametrize("change", ["header", "line", "new line", "line gone", "deleted", "back to draft"])
def test_an_issued_invoice_never_changes(work, order, change):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    if change == "header":
        invoice.remark = "changed"
    elif change == "line":
        invoice.lines[0].quantity = Decimal(2)
    elif change == "new line":
        invoice.lines.append(
            invoices.InvoiceLine(
                customer_id=invoice.customer_id, position=9, name="x", quantity=1, unit_price=1
            )
        )
    elif change == "line gone":
        del invoice.lines[0]
    elif change == "deleted":
        work.session.delete(invoice)
    else:
        with pytest.raises(RuntimeError):
            invoice.state = "draft"
        return
    with pytest.raises(Conflict) as caught:
        work.session.flush()
    assert caught.value.code == "frozen"
    work.session.rollback()


def test_a_form_cannot_save_an_issued_invoice(work, order):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    refused("frozen", invoices.check, invoice, work)


def test_an_imported_invoice_comes_in_any_state_with_its_lines(work):
    customer = makers.make_customer(work)
    line = invoices.InvoiceLine(
        customer_id=customer.id, position=1, name="x", quantity=1, unit_price=5, net=5, gross=5
    )
    note = invoices.Invoice(customer_id=customer.id, type="credit_note", number="C5", currency_code="GBP",
                            total_net=5, total_gross=5, lines=[line])  # fmt: skip
    FLOW.record(note, "issued", work.now, "import")
    work.session.flush()
    invoices.settle(note, work)
    assert (note.state, note.open_amount) == ("issued", 5)


def test_cancelling_keeps_the_number_and_frees_the_order(work, order):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    FLOW.run_one("cancel", invoice, reason="wrong address")
    assert (invoice.state, invoice.number, invoice.open_amount) == ("cancelled", "INV-2026-000001", 0)
    assert [line.quantity_invoiced for line in order.lines] == [0, 0]
    again = invoices.from_order(order, work)
    FLOW.run_one("issue", again)
    assert again.number == "INV-2026-000002"


def test_a_paid_or_credited_invoice_is_not_cancelled(work):
    from app.rules import payments

    customer = makers.make_customer(work)
    paid, credited = makers.make_invoice(work, customer), makers.make_invoice(work, customer)
    payments.FLOW.run_one("confirm", makers.make_payment(work, customer, 1, invoice_id=paid.id))
    FLOW.run_one("issue", invoices.credit(credited, None, work, "damaged"))
    refused("invoice_paid", FLOW.run_one, "cancel", paid)
    refused("invoice_credited", FLOW.run_one, "cancel", credited)


def test_settling_twice_says_so_once(work):
    invoice = makers.make_invoice(work, makers.make_customer(work))
    told = len(work.pending_facts)
    invoices.settle(invoice, work)
    assert len(work.pending_facts) == told


# --- credit notes ------------------------------------------------------------------------------


def test_a_credit_note_gives_back_what_is_left_to_the_cent(work, order):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    apple = invoice.lines[0].id
    for _ in range(3):
        FLOW.run_one("issue", invoices.credit(invoice, {apple: Decimal(1)}, work, "damaged"))
    rest = invoices.credit(invoice, None, work, "damaged")
    assert [line.sku for line in rest.lines] == ["PEAR"]
    FLOW.run_one("issue", rest)
    assert rest.number == "CN-2026-000004"
    assert (invoice.open_amount, invoice.payment_status, invoice.paid_amount) == (0, "paid", 0)
    refused("nothing_to_credit", invoices.credit, invoice, None, work, "again")


def test_credit_notes_never_exceed_what_was_billed(work, order):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    apple = invoice.lines[0].id
    refused("over_credit", invoices.credit, invoice, {apple: Decimal(4)}, work)
    refused("unknown_line", invoices.credit, invoice, {10**9: Decimal(1)}, work)
    one, two = (invoices.credit(invoice, {apple: Decimal(2)}, work) for _ in range(2))
    FLOW.run_one("issue", one)
    refused("over_credit", FLOW.run_one, "issue", two)
    assert two.state == "draft" and two.number is None


def test_a_credit_note_of_a_part_leaves_the_rest_open(work, order):
    invoice = invoices.from_order(order, work)
    FLOW.run_one("issue", invoice)
    note = invoices.credit(invoice, {invoice.lines[1].id: Decimal(5)}, work)
    FLOW.run_one("issue", note)
    assert (note.total_net, note.total_tax, note.total_gross) == (
        Decimal("5.25"),
        Decimal("1.05"),
        Decimal("6.30"),
    )
    assert (invoice.open_amount, invoice.payment_status) == (Decimal("42.26"), "part")
    FLOW.run_one("cancel", note)
    assert (invoice.open_amount, invoice.payment_status) == (Decimal("48.56"), "unpaid")


def test_only_an_issued_invoice_is_credited(work, order):
    refused("not_issued", invoices.credit, invoices.from_order(order, work), None, work)
    pro = invoices.from_order(order, work, "proforma")
    FLOW.run_one("issue", pro)
    refused("not_creditable", invoices.credit, pro, None, work)
