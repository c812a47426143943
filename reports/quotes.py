"""Quote: what we offer to deliver at what price, until when (QUO-05, QUO-09)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core.localized import Reader, format_percent
from app.core.money import Money
from app.rules import quote_discounts
from app.rules import quote_revisions as revisions
from app.rules.quote_flow import FLOW
from reports import parts
from reports.core import Code, Document, Percent, Table, report


@report("quote", title=_l("Quote"), locale_of=lambda quote: quote.locale, noun="quotes")
def quote(record):
    """The offer as it was published last; before the first one a draft of it, or the request itself.

    What it costs us, what we note for ourselves, and what the customer answered never stand on it.
    """
    branch = parts.branch_of(record)
    shown = _shown(record)
    offered = bool(record.revision)
    return Document(
        title=_("Quote") if shown.revision else _("Request for quotation"),
        number=record.number or "",
        marks=_marks(record, shown),
        facts=parts.facts(
            (_("Date"), parts.day(shown.published_at if offered else record.submitted_at, branch)),
            (_("Revision"), str(shown.revision) if shown.revision > 1 else None),
            (_("Valid until"), shown.valid_until),
            (_("Your reference"), parts.code(record.reference)),
            (_("Customer number"), Code(record.customer.number)),
            (_("Delivery method"), parts.named(record.delivery_method)),
            (_("Requested delivery date"), record.requested_on),
        ),
        parties=(
            parts.customer_party(_("Customer"), record.customer),
            *parts.address(_("Delivery address"), record.delivery_address),
        ),
        tables=_tables(record, shown),
        notes=tuple(_notes(record, shown)),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _marks(record, shown):
    if record.state == "cancelled":
        return (str(FLOW.states["cancelled"]),)
    return () if record.revision or not shown.revision else parts.draft()


def _shown(record):
    """The revision that is printed: the published one, else what is being worked out, else the request."""
    found = None if record.revision else revisions.working(record)
    return found or revisions.find(record, record.revision)


def _tables(record, shown):
    lines = revisions.lines(record, shown.revision)
    if not shown.revision:
        return (_asked(lines),)
    worth = quote_discounts.spread(record, shown, lines, quote_discounts.offered)
    return (_offered(record, shown, lines, worth), parts.taxes(worth.shares, record.currency_code))


def _notes(record, shown):
    if shown.remark:
        yield _("Remarks: %(text)s", text=shown.remark)
    elif record.remark and not shown.revision:
        yield _("Remarks: %(text)s", text=record.remark)
    if any(line.alternative for line in revisions.lines(record, shown.revision)):
        yield _("Alternatives are not part of the total: choose one of them instead of the line above.")


def _asked(lines):
    """What the customer asked for: nothing has a price yet."""
    units = parts.Units(line.unit_code for line in lines)
    rows = [(_sku(line), line.name, units(line.quantity, line.unit_code), line.requested_on) for line in lines]
    return Table(columns=(_("SKU"), _("Product"), _("Quantity"), _("Delivery date")), rows=tuple(rows))


def _offered(record, shown, lines, worth):
    units = parts.Units(line.unit_code for line in lines)
    off = any(line.discount_percent for line in lines)
    dated = any(line.requested_on for line in lines)

    def money(amount):
        return None if amount is None else Money(amount, record.currency_code)

    return Table(
        columns=(
            _("SKU"),
            _("Product"),
            _("Quantity"),
            *((_("Delivery date"),) if dated else ()),
            _("Unit price"),
            *((_("Discount"),) if off else ()),
            _("Tax"),
            _("Net"),
        ),
        rows=tuple(
            (
                _sku(line),
                _named(line),
                units(line.quantity, line.unit_code),
                *((line.requested_on,) if dated else ()),
                money(line.unit_price),
                *((Percent(line.discount_percent),) if off else ()),
                Percent(line.tax_rate),
                money(line.net),
            )
            for line in lines
        ),
        totals=(*_less(shown, worth), *parts.totals(_Totals(record, shown))),
    )


def _less(shown, worth):
    """What the lines come to and what is taken off the whole."""
    if not worth.discount:
        return ()
    off = _("Discount on the whole")
    if shown.discount_percent:
        percent = format_percent(shown.discount_percent, Reader(parts.locale()))
        off = _("Discount on the whole, %(percent)s", percent=percent)
    return ((_("Sum of the lines"), worth.before), (off, -worth.discount))


class _Totals:
    """The totals of a revision in the currency of its quote."""

    def __init__(self, record, shown):
        self.currency_code = record.currency_code
        self.total_net, self.total_tax, self.total_gross = shown.total_net, shown.total_tax, shown.total_gross


def _sku(line):
    return Code(line.sku) if line.sku else ""


def _named(line):
    """A line's name, and whether it stands instead of the one above."""
    return _p("quote line", "%(name)s (alternative)", name=line.name) if line.alternative else line.name
