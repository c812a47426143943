"""The paper of a contract."""

from datetime import date
from decimal import Decimal

from app.core.money import Money
from app.core.quantity import Quantity
from app.rules import contracts
from reports import core
from reports.core import Code, Many, Table
from tests import makers


def test_a_renewal_shows_both_numbers_and_every_term(work):
    product = makers.make_product(work, sku="SUP", names={"en": "Support"})
    customer = makers.make_customer(work, number="C-7")
    old = makers.make_contract(work, customer, (product, 2, "9.50"), terms="Paid yearly.")
    new = contracts.FLOW.run_one("renew", old, months=6)
    paper = core.build("contract", new)
    assert (paper.title, paper.number, paper.marks) == ("Contract", "CT-2026-000002", ("Submitted",))
    assert paper.facts == (
        ("Subject", "Support"),
        ("Previous contract", Code("CT-2026-000001")),
        ("Activation date", date(2027, 11, 21)),
        ("End date", date(2028, 5, 21)),
        ("Customer number", Code("C-7")),
    )
    assert paper.notes == ("Paid yearly.",)
    half_year = Many(Quantity(Decimal(6), "MON"), "months")
    amounts = (Money(Decimal("9.50"), "GBP"), Money(Decimal(114), "GBP"))
    dates = (date(2027, 11, 21), date(2028, 5, 21))
    assert paper.tables == (
        Table(
            columns=(
                "SKU", "Product", "Sale type", "Quantity", "Term", "Activation date", "End date",
                "Price per month", "Net",
            ),
            rows=((Code("SUP"), "Support", "Purchase", Decimal(2), half_year, *dates, *amounts),),
            totals=(("Net total", Money(Decimal(114), "GBP")),),
        ),
    )  # fmt: skip
    assert core.build("contract", old).marks == ()
    assert len(core.render("contract", new, "pdf", core.Reader("zh_Hans_CN"))[2]) > 1000
