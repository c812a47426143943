"""Order confirmation: what we promise to deliver, at what price."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core.money import Money
from app.core.work import current
from app.rules import orders, wizard_drafts
from reports import parts
from reports.core import Code, Document, Percent, Table, report

PROMISED = ("confirmed", "released", "completed")


@report(
    "order_confirmation",
    title=_l("Order confirmation"),
    locale_of=lambda order: order.locale,
    noun="orders",
)
def order_confirmation(order):
    """What we promise to deliver, at what price, in the language of the order."""
    branch, promised = parts.branch_of(order), order.state in PROMISED
    return Document(
        title=_("Order confirmation") if promised else _p("document", "Order"),
        number=order.number or "",
        marks=() if promised else (str(orders.FLOW.states[order.state]),),
        facts=_facts(order, branch),
        parties=_parties(order),
        tables=(_lines(order), parts.taxes(_kept(order), order.currency_code), *_answers(order)),
        notes=_notes(order),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _facts(order, branch):
    return parts.facts(
        (_("Order date"), parts.day(order.submitted_at or order.ordered_at, branch)),
        (_("Confirmed on"), parts.day(order.confirmed_at, branch)),
        (_("Requested delivery date"), order.requested_on),
        (_("Reference"), parts.code(order.reference)),
        (_("Customer number"), Code(order.customer.number)),
        (_("Payment terms"), parts.named(order.payment_terms or order.customer.payment_terms)),
        (_("Delivery method"), parts.named(order.delivery_method)),
        (_("Payment method"), parts.named(order.payment_method)),
    )


def _parties(order):
    bill = parts.address(_("Bill to"), order.billing_address)
    deliver = parts.address(_("Delivery address"), order.delivery_address)
    return (bill or (parts.customer_party(_("Bill to"), order.customer),)) + deliver


def _kept(order):
    return [line for line in order.lines if line.state != "rejected"]


def _lines(order):
    """One row per line; columns that would say nothing are left out."""
    units = parts.Units(line.unit_code for line in order.lines)
    cut = any(line.state != "open" and line.quantity_approved != line.quantity_ordered for line in order.lines)
    off = any(line.discount_percent for line in order.lines)
    dated = any(line.requested_on for line in order.lines)

    def row(line):
        def money(amount):
            return Money(amount, order.currency_code)

        return (
            Code(line.sku),
            line.name,
            units(line.quantity_ordered, line.unit_code),
            *((units(line.quantity_approved, line.unit_code),) if cut else ()),
            *((line.requested_on,) if dated else ()),
            *((money(line.list_price), Percent(line.discount_percent)) if off else ()),
            money(line.unit_price),
            Percent(line.tax_rate),
            money(line.net),
        )

    return Table(
        columns=(
            _("SKU"),
            _("Product"),
            _("Quantity"),
            *((_("Approved quantity"),) if cut else ()),
            *((_("Delivery date"),) if dated else ()),
            *((_("List price"), _("Discount")) if off else ()),
            _("Unit price"),
            _("Tax"),
            _("Net"),
        ),
        rows=tuple(row(line) for line in order.lines),
        totals=parts.totals(order),
    )


def _answers(order):
    """What was answered for a service, in the words of its version."""
    groups = wizard_drafts.answers_of(order, parts.locale(), current())
    rows = [(one.question, _said(one.answer)) for _step, answers in groups for one in answers]
    if not rows:
        return ()
    return (Table(columns=(_("Question"), _("Answer")), rows=tuple(rows), aligns=("start", "start"),
                  title=_("Your answers")),)  # fmt: skip


def _said(answer):
    return ", ".join(one.name for one in answer) if isinstance(answer, list) else answer


def _notes(order):
    rejected = [line for line in order.lines if line.state == "rejected" or line.reason]
    return (
        *((_("Prices include tax."),) if order.includes_tax else ()),
        *(
            _("SKU %(sku)s: %(reason)s", sku=line.sku, reason=orders.reason_of(line))
            for line in rejected
            if line.reason
        ),
        *((_("Remarks: %(text)s", text=order.remark),) if order.remark else ()),
    )
