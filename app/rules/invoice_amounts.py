"""What the lines of an invoice are worth, and what of them can still be given back."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.errors import BusinessError
from app.core.money import Money, total
from app.rules import tax
from models.invoices import Invoice, InvoiceLine

ZERO = Decimal(0)


def locked(model, ids, work, with_deleted=False):
    """{id: row}, locked in id order and freshly read, so that nobody decides on an old figure.

    :param with_deleted: tombstones, too
    """
    rows = work.session.scalars(
        select(model)
        .where(model.id.in_(ids))
        .order_by(model.id)
        .with_for_update(of=model)
        .execution_options(populate_existing=True, with_deleted=with_deleted)
    )
    return {row.id: row for row in rows.unique()}


def texts(line):
    """What is copied from line to line: a paper looks nothing up again."""
    names = ("product_id", "sku", "name", "unit_code", "tax_code", "tax_rate", "unit_price", "discount_percent")
    return {name: getattr(line, name) for name in names}


def worth(line, quantity, header):
    """Net, tax and gross of a part of a line, after its discount."""
    found = tax.net_tax_gross(
        line.unit_price, quantity, line.discount_percent or ZERO, line.tax_rate, header.includes_tax,
        header.currency_code,
    )  # fmt: skip
    return found.net.amount, found.tax.amount, found.gross.amount


def sum_up(invoice):
    """Totals are sums of stored lines, so that paper and database agree."""
    for name in ("net", "tax", "gross"):
        amounts = (Money(getattr(line, name), invoice.currency_code) for line in invoice.lines)
        setattr(invoice, f"total_{name}", total(amounts, invoice.currency_code).amount)


def credits(invoice, work):
    """Gross of the issued credit notes that correct an invoice."""
    return work.session.scalar(
        select(func.coalesce(func.sum(Invoice.total_gross), ZERO)).filter_by(
            credits_id=invoice.id, type="credit_note", state="issued"
        )
    )


class Left:
    """What of one invoice line can still be given back."""

    def __init__(self, line, given):
        for name, back in zip(("quantity", "net", "tax", "gross"), given, strict=True):
            setattr(self, name, getattr(line, name) - back)


def left(invoice, work):
    """{id of the invoice line: Left}, counting the credit notes that are issued."""
    sums = [func.sum(getattr(InvoiceLine, name)) for name in ("quantity", "net", "tax", "gross")]
    rows = work.session.execute(
        select(InvoiceLine.credits_line_id, *sums)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.credits_id == invoice.id, Invoice.state == "issued")
        .group_by(InvoiceLine.credits_line_id)
    )
    given = {row[0]: tuple(row[1:]) for row in rows}
    return {line.id: Left(line, given.get(line.id, (ZERO,) * 4)) for line in invoice.lines}


def price_credit(note, work):
    """Give back what was billed, to the cent: the last part of a line takes the rest of its amounts."""
    original = work.session.get(Invoice, note.credits_id)
    rests = left(original, work)
    for line in note.lines:
        rest = rests.get(line.credits_line_id)
        if rest is None or line.quantity > rest.quantity:
            text = _l(
                "More would be credited than was invoiced and not yet credited. SKU: %(sku)s", sku=line.sku
            )
            raise BusinessError("over_credit", text, sku=line.sku)
        if line.quantity == rest.quantity:
            line.net, line.tax, line.gross = rest.net, rest.tax, rest.gross
        else:
            net, tax_, _gross = worth(line, line.quantity, note)
            line.net, line.tax = min(net, rest.net), min(tax_, rest.tax)
            line.gross = line.net + line.tax
        rest.quantity -= line.quantity
        rest.net, rest.tax, rest.gross = rest.net - line.net, rest.tax - line.tax, rest.gross - line.gross
