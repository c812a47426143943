"""Invoices and credit notes: made from what was approved, numbered when issued, then never changed."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import and_, func, select
from wtforms import Form, StringField
from wtforms.validators import Length, Optional

from app.core import facts, numbering, scope
from app.core.errors import BusinessError, NotFound
from app.core.flow import Flow
from app.core.localized import pick
from app.rules import documents, work_plan
from app.rules.invoice_amounts import ZERO, credits, left, locked, price_credit, sum_up, texts, worth
from models.invoices import Invoice, InvoiceLine
from models.orders import Order, OrderLine
from models.organisation import Country
from models.payments import Allocation, Payment

RECEIVABLE = ("final", "tax")  # what a customer owes; the others only ask or give back
ADVANCE = ("proforma", "payment_request")
SERIES = {
    **dict.fromkeys(RECEIVABLE, "invoice"),
    "proforma": "proforma",
    "payment_request": "payment_request",
    "credit_note": "credit_note",
}
BILLABLE = ("confirmed", "released", "completed")  # states of an order that may be invoiced

TYPES = {
    "proforma": _l("Proforma invoice"),
    "final": _l("Final invoice"),
    "payment_request": _l("Payment request"),
    "tax": _l("Tax invoice"),
    "credit_note": _l("Credit note"),
}

FLOW = Flow(
    Invoice,
    "invoice",
    states={
        "draft": _lp("invoice", "Draft"),
        "issued": _lp("invoice", "Issued"),
        "cancelled": _lp("invoice", "Cancelled"),
    },
    final={"cancelled"}, settable=False,
)
SETTLED = []  # (invoice, work) of later nouns, done with every change of what is open: the order's payment
documents.seal(
    Invoice,
    lines=InvoiceLine,
    parent="invoice",
    open={"draft"},
    still={"paid_amount", "open_amount", "payment_status"},
)


@scope.narrow(Invoice)
def visible_to(actor):
    """A customer finds what was issued to him, never a draft."""
    return and_(Invoice.state != "draft", Invoice.number.is_not(None))


class CancelForm(Form):
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=500)])


# --- making one --------------------------------------------------------------------------------


def create_from_order(order_id, work, type="final"):
    """A draft invoice of an order by its id: what `POST /invoices/ {"order": id}` asks for.

    :raises NotFound: there is no such order for this actor
    """
    order = work.session.get(Order, order_id)
    if order is None:
        raise NotFound("not_found", _l("There is no such record."))
    return from_order(order, work, type)


def from_order(order, work, type="final"):
    """A draft that bills what was approved on an order and is not invoiced yet.

    A proforma invoice or payment request asks for the same, but bills nothing.
    :raises BusinessError: 'not_confirmed', 'nothing_to_invoice', 'draft_exists' naming the draft
    """
    if type not in SERIES or type == "credit_note":
        raise BusinessError("bad_type", _l("This type of invoice is not made from an order."), field="type")
    order = locked(Order, [order.id], work)[order.id]  # two people press the button at once
    if order.state not in BILLABLE:
        text = _l("Only a confirmed order can be invoiced.")
        raise BusinessError("not_confirmed", text, state=order.state)
    _refuse_second_draft(order, type, work)
    rests = [(line, line.quantity_approved - line.quantity_invoiced) for line in order.lines]
    rests = [(line, rest) for line, rest in rests if rest > 0 and line.state != "rejected"]
    if not rests:
        text = _l("Everything approved on this order has been invoiced already.")
        raise BusinessError("nothing_to_invoice", text)
    invoice = Invoice(type=type, order_id=order.id, order_number=order.number or "", **_terms(order, work))
    invoice.lines = [_line_of(line, rest, order, at) for at, (line, rest) in enumerate(rests, start=1)]
    sum_up(invoice)
    work.session.add(invoice)
    documents.link(order, invoice, "invoices", work)
    return invoice


def _refuse_second_draft(order, type, work):
    draft = work.session.scalars(
        select(Invoice.id).filter_by(order_id=order.id, state="draft").where(Invoice.type.in_(_family(type)))
    ).first()
    if draft is not None:
        text = _l("There is a draft invoice for this order already. Issue or cancel it first.")
        raise BusinessError("draft_exists", text, invoice=draft)


def _family(type):
    return RECEIVABLE if type in RECEIVABLE else (type,)


def _terms(order, work):
    customer = order.customer
    terms = order.payment_terms or customer.payment_terms
    return {
        "customer_id": order.customer_id,
        "branch_id": order.branch_id,
        "locale": order.locale,
        "currency_code": order.currency_code,
        "includes_tax": order.includes_tax,
        "billing_address": _printed(order, work),
        "tax_id": customer.tax_id,
        "terms_days": terms.days if terms else 30,
    }


def _printed(order, work):
    """The billing address as it is printed, its country in the language of the order."""
    address = order.billing_address
    if address is None:
        return order.customer.name
    country = work.session.get(Country, address.country_code)
    return "\n".join((*address.lines()[:-1], pick(country.names, order.locale)))


def _line_of(line, quantity, order, position):
    whole = quantity == line.quantity_ordered  # the paper then repeats the order to the cent
    amounts = (line.net, line.tax, line.gross) if whole else worth(line, quantity, order)
    return InvoiceLine(
        customer_id=order.customer_id,
        order_line_id=line.id,
        position=position,
        quantity=quantity,
        **texts(line),
        **dict(zip(("net", "tax", "gross"), amounts, strict=True)),
    )


def check(invoice, work):
    """What must hold before a draft is written by a form: its figures are computed, never typed.

    :raises Conflict: 'frozen'; BusinessError: 'bad_quantity', 'bad_price', 'over_credit'
    """
    if invoice.id is not None and FLOW.state(invoice) != "draft":
        documents.refuse_closed()
    for position, line in enumerate(invoice.lines, start=1):
        line.position, line.customer_id = position, invoice.customer_id
        if line.quantity is None or line.quantity <= 0:
            raise BusinessError("bad_quantity", _l("A quantity is greater than zero."), field="quantity")
        if line.unit_price is None or line.unit_price < 0:
            raise BusinessError("bad_price", _l("A price is not negative."), field="unit_price")
        if line.credits_line_id is None:
            line.net, line.tax, line.gross = worth(line, line.quantity, invoice)
    if invoice.type == "credit_note" and invoice.credits_id:
        price_credit(invoice, work)
    sum_up(invoice)


# --- issuing and cancelling --------------------------------------------------------------------


def has_lines(invoice, work):
    """An invoice says what it is for."""
    if not invoice.lines:
        raise BusinessError("no_lines", _l("This document needs at least one line."))


def order_stands(invoice, work):
    """Nothing is billed of a deleted order; the work on a service is accepted before its final invoice (ORD-52)."""
    order = work.session.get(Order, invoice.order_id) if invoice.order_id else None
    if order is None and invoice.order_id and invoice.type != "credit_note":
        raise BusinessError("order_deleted", _l("This order was deleted. It will not be delivered."))
    if order is not None and invoice.type in RECEIVABLE:
        work_plan.check_accepted(order, work)


@FLOW.transition(
    "issue",
    source={"draft"}, target="issued", label=_lp("invoice", "Issue"), told=_lp("history", "Issued"),
    ask=_l("Issue the invoice? Afterwards it can no longer be changed."),
    ask_many=lambda many, count: ngettext(
        "Issue %(count)s invoice? Afterwards it can no longer be changed.",
        "Issue %(count)s invoices? Afterwards they can no longer be changed.", many, count=count,
    ),
    icon="fa-file-circle-check", style="primary", guards=(has_lines, order_stands), as_house=True,
)  # fmt: skip
def issue(invoice, work):
    """Number and date the invoice in the branch's time zone; from now on it is owed and frozen."""
    original = _original(invoice, work)
    if invoice.type in RECEIVABLE:
        _book(invoice, work, 1)
    zone = invoice.branch.timezone
    invoice.number = invoice.number or numbering.take(SERIES[invoice.type], invoice.branch_id, work, zone)
    invoice.issued_at = work.now
    invoice.issued_on = today(invoice.branch, work)
    invoice.due_on = invoice.issued_on + timedelta(days=invoice.terms_days)
    invoice.open_amount = ZERO if original else invoice.total_gross
    invoice.payment_status = "paid" if original or not invoice.total_gross else "unpaid"
    work.session.flush()
    documents.number_links(invoice, work)
    if original is not None:
        settle(original, work, credited=invoice.total_gross)


def not_settled(invoice, work):
    """What was paid or credited stands; it is corrected by a credit note, not by cancelling."""
    if FLOW.state(invoice) == "draft":
        return
    if invoice.paid_amount:
        text = _l("This invoice has been paid, at least in part. Make a credit note instead.")
        raise BusinessError("invoice_paid", text)
    if credits(invoice, work):
        text = _l("A credit note corrects this invoice. It can no longer be cancelled.")
        raise BusinessError("invoice_credited", text)


@FLOW.transition(
    "cancel",
    source={"draft", "issued"}, target="cancelled", label=_lp("invoice", "Cancel"), told=_lp("history", "Cancelled"),
    ask=_l("Cancel the invoice? A number that was taken stays with it."),
    ask_many=lambda many, count: ngettext(
        "Cancel %(count)s invoice? A number that was taken stays with it.",
        "Cancel %(count)s invoices? Numbers that were taken stay with them.", many, count=count,
    ),
    icon="fa-ban",
    style="danger",
    guards=(not_settled,),
    form=CancelForm,
    as_house=True,
)
def cancel(invoice, work, reason=None):
    """Void an invoice. A number once taken stays, so that the series shows no gap."""
    if FLOW.state(invoice) == "draft":
        return
    original = None
    if invoice.type == "credit_note" and invoice.credits_id:
        original = locked(Invoice, [invoice.credits_id], work)[invoice.credits_id]
    if invoice.type in RECEIVABLE:
        _book(invoice, work, -1)
    invoice.open_amount, invoice.payment_status = ZERO, "unpaid"
    if original is not None:
        settle(original, work, credited=-invoice.total_gross)


def today(branch, work) -> date:
    """The day it is at a branch."""
    return work.now.astimezone(ZoneInfo(branch.timezone)).date()


def _book(invoice, work, sign):
    """Add what the invoice bills to the lines of its order, or take it back."""
    billed = {}
    for line in invoice.lines:
        if line.order_line_id:
            billed[line.order_line_id] = billed.get(line.order_line_id, ZERO) + line.quantity
    for line in locked(OrderLine, billed, work).values():
        quantity = line.quantity_invoiced + sign * billed[line.id]
        if sign > 0 and quantity > line.quantity_approved:
            text = _l("More than what was approved would be invoiced. SKU: %(sku)s", sku=line.sku)
            raise BusinessError("over_invoiced", text, sku=line.sku)
        line.quantity_invoiced = quantity


# --- credit notes ------------------------------------------------------------------------------


def create_credit(invoice_id, work, lines=None, reason=""):
    """A draft credit note for an invoice by its id: what `POST /credit_notes/ {"invoice": id}` asks for.

    :raises NotFound: there is no such invoice for this actor
    """
    invoice = work.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound("not_found", _l("There is no such record."))
    return credit(invoice, lines, work, reason)


def credit(invoice, lines: Mapping[int, Decimal] | None, work, reason=""):
    """A draft credit note over an issued invoice.

    :param lines: {id of the invoice line: quantity given back}; None gives back all that is left
    :raises BusinessError: 'not_issued', 'not_creditable', 'over_credit', 'nothing_to_credit'
    """
    if FLOW.state(invoice) != "issued":
        raise BusinessError("not_issued", _l("Only an issued invoice can be credited."))
    if invoice.type not in RECEIVABLE:
        raise BusinessError("not_creditable", _l("This type of document cannot be credited."))
    rests = left(invoice, work)
    wanted = {one: rest.quantity for one, rest in rests.items()} if lines is None else dict(lines)
    wanted = {one: quantity for one, quantity in wanted.items() if quantity}
    if not wanted:
        raise BusinessError("nothing_to_credit", _l("There is nothing left to credit on this invoice."))
    note = Invoice(type="credit_note", credits_id=invoice.id, remark=reason or "", **_header(invoice))
    note.lines = [
        InvoiceLine(
            customer_id=invoice.customer_id,
            position=position,
            credits_line_id=line.id,
            quantity=wanted[line.id],
            **texts(line),
        )
        for position, line in enumerate((one for one in invoice.lines if one.id in wanted), start=1)
    ]
    if len(note.lines) != len(wanted):
        raise BusinessError("unknown_line", _l("The invoice has no such line."), field="lines")
    check(note, work)
    work.session.add(note)
    documents.link(invoice, note, "returns", work)
    return note


def _header(invoice):
    names = (
        "customer_id", "branch_id", "order_id", "order_number", "locale", "currency_code", "includes_tax",
        "billing_address", "tax_id", "terms_days",
    )  # fmt: skip
    return {name: getattr(invoice, name) for name in names}


def _original(note, work):
    """The invoice a credit note corrects, locked, after checking again what is left on it."""
    if note.type != "credit_note" or not note.credits_id:
        return None
    original = locked(Invoice, [note.credits_id], work)[note.credits_id]
    if FLOW.state(original) != "issued":
        raise BusinessError("not_issued", _l("Only an issued invoice can be credited."))
    price_credit(note, work)
    sum_up(note)
    return original


# --- what is still owed ------------------------------------------------------------------------


def settle(invoice, work, credited=ZERO, paid=ZERO):
    """Recompute what is paid and open on an issued invoice. Safe to run twice; tells of changes only.

    :param credited, paid: what the step that is being taken adds, before its state is written
    """
    if FLOW.state(invoice) != "issued":
        return
    before = (invoice.paid_amount, invoice.open_amount, invoice.payment_status)
    credited += credits(invoice, work) if invoice.type in RECEIVABLE else ZERO
    invoice.paid_amount = paid = min(paid + _paid(invoice, work), invoice.total_gross)
    if invoice.type == "credit_note":
        invoice.open_amount = ZERO if invoice.credits_id else invoice.total_gross
    else:
        invoice.open_amount = max(invoice.total_gross - credited - paid, ZERO)
    begun = paid > 0 or credited > 0
    invoice.payment_status = "paid" if not invoice.open_amount else "part" if begun else "unpaid"
    if before != (invoice.paid_amount, invoice.open_amount, invoice.payment_status):
        facts.publish(work, "invoice.settle", "invoice", invoice, status=invoice.payment_status)
        for one in SETTLED:
            one(invoice, work)


def worth_now(invoice, work):
    """Gross of an invoice less its credit notes: what may be paid on it at all."""
    return invoice.total_gross - credits(invoice, work)


def _paid(invoice, work):
    """Confirmed money: allocated to a debt; for a proforma invoice, whatever names it."""
    if invoice.type in ADVANCE:
        wanted = select(func.coalesce(func.sum(Payment.amount), ZERO)).filter_by(
            invoice_id=invoice.id, state="confirmed"
        )
    else:
        wanted = select(func.coalesce(func.sum(Allocation.amount), ZERO)).filter_by(invoice_id=invoice.id)
    return work.session.scalar(wanted)
