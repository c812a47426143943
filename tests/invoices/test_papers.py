"""Order confirmations, invoices and credit notes: what they say, and that an issued one is kept."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select

import config
from app.core.errors import NotFound
from app.core.money import Money
from app.core.quantity import Quantity
from app.core.work import Actor
from app.rules import documents, invoices, payments
from models.documents import IssuedDocument
from models.invoices import Invoice
from models.orders import Order
from models.organisation import Branch, PaymentTerms
from reports import core, issue
from reports.core import Code, Many, Party, Percent, Seller, Table
from tests import makers

SELLER = Seller(
    "Serai Trading Ltd",
    ("1 Quay Street", "London", "United Kingdom", Code("+44 20 7946 0000")),
    "Serai Trading Ltd · Tax number: GB999 · Company registration: 0123",
)


@pytest.fixture(autouse=True)
def storage(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", tmp_path.as_uri())


@pytest.fixture
def branch(work):
    found = work.session.get(Branch, 1)
    found.legal_name, found.address, found.phone = (
        "Serai Trading Ltd",
        "1 Quay Street\nLondon",
        "+44 20 7946 0000",
    )
    found.tax_id, found.registration, found.bank = "GB999", "0123", "Bank of Test\nGB00 TEST 0000"
    work.session.flush()
    return found


@pytest.fixture
def order(work, branch):
    terms = work.session.scalars(select(PaymentTerms).filter_by(code="net30")).one()
    customer = makers.make_customer(work, number="C-7", tax_id="GB123", payment_terms_id=terms.id)
    address = makers.make_address(work, customer, postcode="LS1")
    apples = makers.make_product(work, sku="APPLE", names={"en": "Apple"})
    pears = makers.make_product(work, sku="PEAR", names={"en": "Pear"}, unit_code="KGM")
    order = makers.make_confirmed_order(
        work, customer, (apples, 3, "9.99"), (pears, "2.5", "4"), rate=20,
        number="SO-1", reference="PO-1", billing_address_id=address.id, delivery_address_id=address.id,
    )  # fmt: skip
    order.confirmed_at = work.now
    work.session.flush()
    return order


def gbp(amount):
    return Money(Decimal(amount), "GBP")


def pieces(number, unit="pcs"):
    return Many(Quantity(Decimal(number), {"pcs": "C62", "kg": "KGM"}[unit]), unit)


LINES = (
    (Code("APPLE"), "Apple", pieces(3), gbp("9.99"), Percent(Decimal(20)), gbp("29.97")),
    (Code("PEAR"), "Pear", pieces("2.5", "kg"), gbp(4), Percent(Decimal(20)), gbp(10)),
)
TAXES = Table(
    title="Tax by rate",
    columns=("Tax rate", "Net", "Tax", "Gross"),
    rows=((Percent(Decimal(20)), gbp("39.97"), gbp("7.99"), gbp("47.96")),),
)
TOTALS = (("Net", gbp("39.97")), ("Tax", gbp("7.99")), ("Total", gbp("47.96")))
ADDRESS = ("Acme Ltd", "1 High Street", "LS1 Leeds", "United Kingdom")


def test_an_order_confirmation_says_what_was_promised(work, order):
    paper = core.build("order_confirmation", order)
    assert (paper.title, paper.number, paper.marks) == ("Order confirmation", "SO-1", ())
    assert paper.seller == SELLER
    assert paper.facts == (
        ("Order date", date(2026, 11, 21)),
        ("Confirmed on", date(2026, 11, 21)),
        ("Reference", Code("PO-1")),
        ("Customer number", Code("C-7")),
        ("Payment terms", "30 days net"),
    )
    assert paper.parties == (Party("Bill to", ADDRESS), Party("Delivery address", ADDRESS))
    lines = Table(
        columns=("SKU", "Product", "Quantity", "Unit price", "Tax", "Net"), rows=LINES, totals=TOTALS
    )
    assert paper.tables == (lines, TAXES)


def test_cut_and_discounted_lines_get_their_columns_and_reasons(work, order):
    line = order.lines[0]
    line.quantity_approved, line.reason, line.discount_percent = Decimal(1), "sold out", Decimal(10)
    paper = core.build("order_confirmation", order)
    assert paper.tables[0].columns == (
        "SKU", "Product", "Quantity", "Approved quantity", "List price", "Discount", "Unit price", "Tax", "Net",
    )  # fmt: skip
    assert paper.tables[0].rows[0][2:6] == (pieces(3), pieces(1), gbp("9.99"), Percent(Decimal(10)))
    assert paper.notes == ("SKU APPLE: sold out",)


def test_an_order_that_nobody_confirmed_is_no_confirmation(work):
    customer = makers.make_customer(work)
    paper = core.build(
        "order_confirmation", makers.make_order(work, customer, (makers.make_product(work), 1))
    )
    assert (paper.title, paper.marks, paper.parties[0].lines[0]) == ("Order", ("Draft",), "Acme Ltd")


def test_an_invoice_says_what_is_owed_until_when(work, order):
    invoice = invoices.from_order(order, work)
    assert core.build("invoice", invoice).marks == ("Draft",)
    invoices.FLOW.run_one("issue", invoice)
    paper = core.build("invoice", invoice)
    assert (paper.title, paper.number, paper.marks) == ("Invoice", "INV-2026-000001", ())
    assert paper.facts == (
        ("Invoice date", date(2026, 11, 21)),
        ("Due date", date(2026, 12, 21)),
        ("Order number", Code("SO-1")),
        ("Reference", Code("PO-1")),
        ("Customer number", Code("C-7")),
        ("Customer tax number", Code("GB123")),
    )
    assert paper.parties[0] == Party("Bill to", ADDRESS)
    assert paper.parties[1] == Party("Bank details", (Code("Bank of Test"), Code("GB00 TEST 0000")))
    lines = Table(
        columns=("SKU", "Product", "Quantity", "Unit price", "Tax", "Net"), rows=LINES, totals=TOTALS
    )
    assert paper.tables == (lines, TAXES)


def test_what_was_paid_in_advance_is_on_the_invoice_whenever_it_is_drawn(work, order):
    pro = invoices.from_order(order, work, "proforma")
    invoices.FLOW.run_one("issue", pro)
    payment = makers.make_payment(work, order.customer, 20, invoice_id=pro.id)
    payments.FLOW.run_one("confirm", payment)
    invoice = invoices.from_order(order, work)
    invoices.FLOW.run_one("issue", invoice)
    expected = (*TOTALS, ("Advance payment", gbp(-20)), ("Amount due", gbp("27.96")))
    assert core.build("invoice", invoice).tables[0].totals == expected
    payments.spread_credit(None, invoice, work)
    assert invoice.open_amount == Decimal("27.96")
    assert core.build("invoice", invoice).tables[0].totals == expected


def test_a_credit_note_names_the_invoice_it_corrects(work, order):
    invoice = invoices.from_order(order, work)
    invoices.FLOW.run_one("issue", invoice)
    note = invoices.credit(invoice, {invoice.lines[0].id: Decimal(1)}, work, "damaged")
    invoices.FLOW.run_one("issue", note)
    work.session.refresh(note)
    paper = core.build("invoice", note)
    assert (paper.title, paper.facts[0][0]) == ("Credit note", "Credit note date")
    assert ("Corrects invoice", Code("INV-2026-000001")) in paper.facts
    assert paper.notes == ("Remarks: damaged",) and len(paper.parties) == 1
    assert paper.tables[0].totals == (("Net", gbp("9.99")), ("Tax", gbp(2)), ("Total", gbp("11.99")))


def test_units_and_names_follow_the_reader(work, order):
    web = Flask(__name__)
    Babel(web)
    with web.app_context():
        fa = core.build("order_confirmation", order, core.Reader("fa"))
    assert fa.tables[0].rows[0][2].unit == "عدد"
    assert fa.parties[0].lines[-1] == "بریتانیا" and (
        "30 روز خالص" in str(fa.facts) or "۳۰ روز خالص" in str(fa.facts)
    )


@pytest.mark.parametrize("format", core.FORMATS)
def test_every_format_is_drawn(work, order, format):
    _name, _type, data = issue.serve("order_confirmation", order, format, "tr", work)
    assert len(data) > 100


def test_an_issued_invoice_is_drawn_once_and_kept_for_ever(work, order, branch, monkeypatch):
    invoice = invoices.from_order(order, work)
    issue.serve("invoice", invoice, "html", "en", work)
    assert work.session.scalars(select(IssuedDocument)).all() == []
    invoices.FLOW.run_one("issue", invoice)
    first = issue.serve("invoice", invoice, "html", "en", work)
    branch.legal_name = "Another name"
    monkeypatch.setattr(core, "draw", None)
    assert issue.serve("invoice", invoice, "html", "en", work) == first
    assert first[0] == "invoice-INV-2026-000001.html" and b"Serai Trading Ltd" in first[2]


def test_another_language_is_a_translation_and_kept_beside_its_original(work, order):
    invoice = invoices.from_order(order, work)
    invoices.FLOW.run_one("issue", invoice)
    first = issue.serve("invoice", invoice, "html", "fa", work)
    kept = work.session.scalars(select(IssuedDocument).order_by(IssuedDocument.id)).all()
    assert [(one.locale, one.translation) for one in kept] == [("en", False), ("fa", True)]
    assert "Translation" in first[2].decode() and 'dir="rtl"' in first[2].decode()
    assert issue.serve("invoice", invoice, "html", "fa", work) == first
    assert "Translation" not in issue.serve("invoice", invoice, "html", "en", work)[2].decode()


def test_a_customer_may_be_the_first_to_ask(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        invoice, customer = makers.make_invoice(work, customer).id, customer.id
    with open_work(Actor("ann", "external", customers=frozenset({customer}))) as work:
        first = issue.serve("invoice", work.session.get(Invoice, invoice), "html", "en", work)
    with open_work() as work:
        assert issue.serve("invoice", work.session.get(Invoice, invoice), "html", "en", work) == first
        assert work.session.scalars(select(IssuedDocument)).one().customer_id == customer


def test_unknown_documents_are_not_there(work, order):
    for name, format in (("nothing", "pdf"), ("invoice", "docx")):
        with pytest.raises(NotFound):
            issue.serve(name, order, format, "en", work)


def test_two_who_ask_at_once_get_the_same_bytes(open_work):
    with open_work() as work:
        invoice = makers.make_invoice(work, makers.make_customer(work)).id
    ready, got = Barrier(4), []

    def ask():
        with open_work() as work:
            record = work.session.get(Invoice, invoice)
            ready.wait()
            got.append(documents.read(documents.freeze(
                record, "invoice", "invoice", "html", "en", ("a.html", "text/html", id(work).to_bytes(8)), work,
            )))  # fmt: skip

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4 and len(set(got)) == 1


def test_an_amended_order_is_confirmed_anew_and_the_first_paper_is_kept(open_work):
    with open_work() as work:
        order = makers.make_confirmed_order(work, makers.make_customer(work), (makers.make_product(work), 1, 10))
        identity, order.confirmed_at = order.id, work.now
        first = issue.serve("order_confirmation", order, "html", "en", work)[2]
    with open_work() as work:
        order = work.session.get(Order, identity)
        order.confirmed_at = order.confirmed_at + timedelta(hours=1)
        order.remark = "now with a ribbon"
        order.lines[0].name = "Another name"
        second = issue.serve("order_confirmation", order, "html", "en", work)[2]
        kept = work.session.scalars(select(IssuedDocument).where(IssuedDocument.record_id == identity)).all()
        assert second != first
        assert len(kept) == 2
        assert {documents.read(one)[2] for one in kept} == {first, second}
