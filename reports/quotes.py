"""Quote: what we offer to deliver at what price, until when."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.money import Money
from reports import parts
from reports.core import Code, Document, Percent, Table, report


@report("quote", title=_l("Quote"), locale_of=lambda quote: quote.locale, noun="quotes")
def quote(record):
    """An offer; lines without a price are still being worked out."""
    branch = parts.branch_of(record)
    return Document(
        title=_("Quote"),
        number=record.number or "",
        marks=parts.draft() if record.state == "draft" else (),
        facts=parts.facts(
            (_("Date"), parts.day(record.submitted_at, branch)),
            (_("Valid until"), record.valid_until),
            (_("Customer number"), Code(record.customer.number)),
        ),
        parties=(parts.customer_party(_("Customer"), record.customer),),
        tables=(_lines(record), parts.taxes(record.lines, record.currency_code)),
        notes=(_("Remarks: %(text)s", text=record.remark),) if record.remark else (),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _lines(record):
    units = parts.Units(line.unit_code for line in record.lines)
    off = any(line.discount_percent for line in record.lines)

    def money(amount):
        return None if amount is None else Money(amount, record.currency_code)

    return Table(
        columns=(
            _("SKU"),
            _("Product"),
            _("Quantity"),
            _("Unit price"),
            *((_("Discount"),) if off else ()),
            _("Tax"),
            _("Net"),
        ),
        rows=tuple(
            (
                Code(line.sku),
                line.name,
                units(line.quantity, line.unit_code),
                money(line.unit_price),
                *((Percent(line.discount_percent),) if off else ()),
                Percent(line.tax_rate),
                money(line.net),
            )
            for line in record.lines
        ),
        totals=parts.totals(record),
    )
