"""Statements of account and the lists a search prints."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.core.money import Money
from app.rules import invoices, payments, statements
from reports import core
from reports.core import Code, Party, Table
from reports.parts import Found
from tests import makers


def gbp(amount):
    return Money(Decimal(amount), "GBP")


@pytest.fixture
def customer(work):
    return makers.make_customer(work, number="C-7")


def pay(work, customer, amount, on, **values):
    payment = makers.make_payment(work, customer, amount, paid_on=on, **values)
    payments.FLOW.run_one("confirm", payment)
    return payment


@pytest.fixture
def story(work, customer):
    """An invoice last year; this year a payment of it, an invoice, a credit note, and what does not count."""
    now = work.now
    work.now = now - timedelta(days=400)
    makers.make_invoice(work, customer, 100)
    work.now = now
    pay(work, customer, 60, date(2026, 11, 1))
    invoice = makers.make_invoice(work, customer, 80)
    note = invoices.credit(invoice, None, work, "damaged")
    invoices.FLOW.run_one("issue", note)
    payments.FLOW.run_one("report", makers.make_payment(work, customer, 5))
    payments.FLOW.run_one("refund", pay(work, customer, 7, date(2026, 11, 2)))
    makers.make_invoice(work, customer, 9, issued=False)
    makers.make_invoice(work, makers.make_customer(work), 11)


def test_a_statement_adds_up_between_two_balances(work, customer, story):
    paper = core.build("statement", customer)
    today = date(2026, 11, 21)
    assert paper.facts == (("From", date(2025, 11, 21)), ("To", today))
    assert paper.parties == (Party("Customer", ("Acme Ltd", "United Kingdom")),)
    assert paper.tables == (
        Table(
            title="GBP",
            columns=("Date", "Document", "Number", "Debit", "Credit", "Balance"),
            rows=(
                (None, "Opening balance", None, None, None, gbp(100)),
                (date(2026, 11, 1), "Payment", Code("PAY-2026-000001"), None, gbp(60), gbp(40)),
                (today, "Invoice", Code("INV-2026-000001"), gbp(80), None, gbp(120)),
                (today, "Credit note", Code("CN-2026-000001"), None, gbp(80), gbp(40)),
            ),
            totals=(("Total debit", gbp(80)), ("Total credit", gbp(140)), ("Closing balance", gbp(40))),
        ),
    )


def test_each_currency_has_its_own_account(work, customer):
    makers.make_invoice(work, customer, 10)
    pay(work, customer, 5, date(2026, 11, 20), currency_code="EUR")
    found = statements.statement(customer, work, date(2026, 11, 1), date(2026, 11, 30))
    assert [(one.currency, one.closing.amount) for one in found.accounts] == [("EUR", -5), ("GBP", 10)]
    assert [table.title for table in core.build("statement", found).tables] == ["EUR", "GBP"]


def test_an_empty_account_says_so(work, customer):
    paper = core.build("statement", customer)
    assert paper.tables[0].rows == () and paper.notes == ("There are no entries up to this day.",)
    assert core.render("statement", customer, "pdf")[0] == "statement-C-7.pdf"


def test_lists_print_what_was_found(work, customer):
    paper = core.build("customer_list", Found([customer], keyword="acm"))
    assert paper.facts == (("Search", "acm"), ("Records", 1))
    assert paper.tables[0].rows[0][:4] == (Code("C-7"), "Acme Ltd", "United Kingdom", Code("GBP"))
    product = makers.make_product(work, sku="A", names={"en": "Apple", "ro": "Măr"}, brand="Orchard")
    rows = core.build("product_list", Found([product])).tables[0].rows
    assert rows == ((Code("A"), "Apple", None, "Orchard", "pcs", "Active"),)
