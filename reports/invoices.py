"""Invoices of every type and credit notes, with everything the law wants on them."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core import work
from app.core.money import Money
from app.rules import payments
from models.organisation import Country
from reports import parts
from reports.core import Code, Document, Party, Percent, Table, report


def _title(invoice):
    return {
        "final": _("Invoice"),
        "tax": _("Tax invoice"),
        "proforma": _("Proforma invoice"),
        "payment_request": _("Payment request"),
        "credit_note": _("Credit note"),
    }[invoice.type]


@report("invoice", title=_l("Invoice"), locale_of=lambda invoice: invoice.locale, noun="invoices")
def invoice(record):
    """What is owed and until when, or what is given back; nothing on it is looked up again."""
    branch, giving = parts.branch_of(record), record.type == "credit_note"
    cancelled = (_p("invoice", "Cancelled"),) if record.state == "cancelled" else ()
    return Document(
        title=_title(record),
        number=record.number or "",
        marks=parts.draft() if record.state == "draft" else cancelled,
        facts=_facts(record),
        parties=(_payer(record), *(() if giving else parts.bank(branch))),
        tables=(_lines(record), parts.taxes(record.lines, record.currency_code)),
        notes=_notes(record),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _facts(record):
    giving = record.type == "credit_note"
    return parts.facts(
        (_("Credit note date") if giving else _("Invoice date"), record.issued_on),
        (_("Due date"), None if giving else record.due_on),
        (_("Corrects invoice"), parts.code(record.credits.number) if giving and record.credits else None),
        (_("Order number"), parts.code(record.order_number)),
        (_("Reference"), parts.code(record.order.reference) if record.order else None),
        (_("Customer number"), Code(record.customer.number)),
        (_("Customer tax number"), parts.code(record.tax_id)),
    )


def _payer(record):
    """Whom the invoice is for, as it was printed then; only the country is in the language of this paper."""
    lines = [one for one in record.billing_address.splitlines() if one.strip()]
    address = record.order.billing_address if record.order else None
    land = parts.session().get(Country, (address or record.customer).country_code)
    if lines and land is not None and lines[-1] in land.names.values():
        lines[-1] = parts.country(land.code)
    return Party(_("Bill to"), tuple(lines) or (record.customer.name,))


def _lines(record):
    units = parts.Units(line.unit_code for line in record.lines)
    off = any(line.discount_percent for line in record.lines)

    def money(amount):
        return Money(amount, record.currency_code)

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
        totals=(*parts.totals(record), *_due(record, money)),
    )


def _due(record, money):
    """What was paid in advance and what is left, as they stood when the invoice was issued."""
    early = payments.prepaid(record, work.current())
    if not early:
        return ()
    return (
        (_("Advance payment"), money(-early)),
        (_("Amount due"), money(record.total_gross - early)),
    )


def _notes(record):
    return (
        *((_("Prices include tax."),) if record.includes_tax else ()),
        *((_("Please name the invoice number when you pay."),) if record.type != "credit_note" else ()),
        *((_("Remarks: %(text)s", text=record.remark),) if record.remark else ()),
    )
