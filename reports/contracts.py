"""Contract: what we deliver over which time, and which contract it renews."""

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core.money import Money
from app.rules.contracts import FLOW, SALE_TYPES
from reports import parts
from reports.core import Code, Document, Said, Table, report

VALID = ("active", "expired", "terminated")


@report("contract", title=_l("Contract"), locale_of=lambda contract: contract.locale, noun="contracts")
def contract(record):
    """What was agreed for how long; a renewal shows both numbers (CON-17)."""
    branch = parts.branch_of(record)
    state = str(FLOW.states[record.state])
    return Document(
        title=_("Contract"),
        number=record.number or "",
        marks=() if record.state in VALID else (state,),
        facts=parts.facts(
            (_("Subject"), record.title),
            (_("Previous contract"), parts.code(record.predecessor_number)),
            (_("Activation date"), record.starts_on),
            (_("End date"), record.ends_on),
            (_("Customer number"), Code(record.customer.number)),
        ),
        parties=(parts.customer_party(_("Customer"), record.customer),),
        tables=(_lines(record),),
        notes=(record.terms,) if record.terms else (),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _lines(record):
    units = parts.Units(["MON"])

    def money(amount):
        return Money(amount, record.currency_code)

    return Table(
        columns=(
            _("SKU"),
            _("Product"),
            _("Sale type"),
            _("Quantity"),
            _p("contract", "Term"),
            _("Activation date"),
            _("End date"),
            _("Price per month"),
            _("Net"),
        ),
        rows=tuple(
            (
                Code(line.sku),
                line.name,
                Said(SALE_TYPES[line.sale_type]),
                line.quantity,
                units(Decimal(line.months), "MON"),
                line.starts_on,
                line.ends_on,
                money(line.unit_price),
                money(line.net),
            )
            for line in record.lines
        ),
        totals=((_("Net total"), money(record.total_net)),),
    )
