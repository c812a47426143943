"""Payments: reported, confirmed by finance, and spread over the invoices they settle."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import func, select
from wtforms import Form, StringField
from wtforms.validators import Length, Optional

from app.core import facts, numbering, scope, settings
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.money import EXACT, Money
from app.core.needed import Needed
from app.rules import documents, invoices, paid_orders
from app.rules.invoice_amounts import ZERO, locked
from app.rules.paid_orders import unused
from models.invoices import Invoice
from models.organisation import Branch
from models.payments import Allocation, Payment

METHODS = {
    "bank": _l("Bank transfer"),
    "card": _l("Card"),
    "cash": _l("Cash"),
    "other": _lp("payment", "Other"),
}
settings.setting(
    "USE_CREDIT",
    bool,
    False,
    _l("When an invoice is issued, settle it from payments that no invoice has used yet."),
    scopes=("customer", "branch", "system"),
)

FLOW = Flow(
    Payment,
    "payment",
    states={
        "draft": _lp("payment", "Draft"),
        "reported": _lp("payment", "Reported"),
        "confirmed": _lp("payment", "Confirmed"),
        "refused": _lp("payment", "Refused"),
        "refunded": _lp("payment", "Refunded"),
    },
    final={"refused", "refunded"}, settable=False,
)
documents.seal(
    Payment,
    lines=None,
    parent="",
    open={"draft", "reported"},
    still={"unallocated"},
)


class RefuseForm(Form):
    reason = StringField(_l("Reason"), validators=[Needed(), Length(max=500)])


class RefundForm(Form):
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=500)])


def check(payment, work):
    """What must hold before a payment is written or goes on; also the guard of its steps.

    :raises BusinessError: 'bad_amount', 'foreign_invoice', 'currency_mismatch', 'not_issued'
    """
    if payment.amount is None or payment.amount <= 0:
        raise BusinessError("bad_amount", _l("An amount is greater than zero."), field="amount")
    if payment.amount != Money(payment.amount, payment.currency_code).rounded().amount:
        text = _l("The amount has more decimals than its currency.")
        raise BusinessError("bad_amount", text, field="amount")
    if payment.invoice_id is None:
        return
    invoice = work.session.get(Invoice, payment.invoice_id)
    if invoice is None or invoice.customer_id != payment.customer_id:
        text = _l("This invoice is not one of the customer who pays.")
        raise BusinessError("foreign_invoice", text, field="invoice")
    if invoice.currency_code != payment.currency_code:
        text = _l("The payment has another currency than its invoice.")
        raise BusinessError("currency_mismatch", text, field="currency")
    if invoice.state != "issued" or invoice.type == "credit_note":
        text = _l("Only an issued invoice can be paid.")
        raise BusinessError("not_issued", text, field="invoice")


def begin(work, *, customer=None, invoice=None, **values):
    """A draft payment; what it settles says who pays and in which currency, unless that is said.

    :param customer, invoice: records the actor may see; one of the two is needed
    :param values: amount, currency_code, method, paid_on (today by default), reference
    :raises BusinessError: 'customer_missing' and what `check` refuses
    """
    customer = customer or (invoice.customer if invoice is not None else None)
    if customer is None:
        raise BusinessError("customer_missing", _l("Choose a customer."), field="customer")
    source = customer if invoice is None else invoice
    given = {name: value for name, value in values.items() if value is not None}
    day = invoices.today(source.branch, work)
    payment = Payment(
        customer_id=customer.id,
        branch_id=source.branch_id,
        invoice_id=invoice.id if invoice is not None else None,
        **{"currency_code": source.currency_code, "paid_on": day, **given},
    )
    check(payment, work)
    work.session.add(payment)
    work.session.flush()
    return payment


def still_open(payment, work):
    """Who may still change a payment: its customer until he reports it, finance until it is decided on.

    :raises Conflict: 'frozen'
    """
    if FLOW.state(payment) not in (("draft", "reported") if work.actor.inside else ("draft",)):
        documents.refuse_closed()


def change(payment, work):
    """What must hold before a payment is written by a form."""
    still_open(payment, work)
    check(payment, work)


def _number(payment, work):
    zone = work.session.get(Branch, payment.branch_id).timezone
    payment.number = payment.number or numbering.take("payment", payment.branch_id, work, zone)


@FLOW.transition(
    "report",
    source={"draft"},
    target="reported",
    label=_l("Report payment"),
    told=_lp("history", "Reported"),
    icon="fa-bullhorn",
    style="primary",
    guards=(check,),
)
def report(payment, work):
    """Tell finance that money is on its way. It pays nothing yet (X-46)."""
    _number(payment, work)


@FLOW.transition(
    "confirm",
    source={"draft", "reported"},
    target="confirmed",
    label=_l("Confirm payment"),
    told=_lp("history", "Confirmed"),
    ask=_l("Confirm that the payment has arrived?"),
    ask_many=lambda many, count: ngettext(
        "Confirm that %(count)s payment has arrived?",
        "Confirm that %(count)s payments have arrived?", many, count=count,
    ),
    icon="fa-check",
    style="primary",
    guards=(check,),
    as_house=True,
)
def confirm(payment, work):
    """The money has arrived: settle the invoice it names, then the oldest; the rest is the customer's credit."""
    _number(payment, work)
    payment.confirmed_at, payment.confirmed_by = work.now, work.actor.user_id
    payment.unallocated = payment.amount
    _apply(payment, _debts(payment, work), work)
    named = work.session.get(Invoice, payment.invoice_id) if payment.invoice_id else None
    if named is not None and named.type in invoices.ADVANCE:
        named = locked(Invoice, [named.id], work)[named.id]
        invoices.settle(named, work, paid=payment.amount)


@FLOW.transition(
    "refuse",
    source={"reported"},
    target="refused",
    label=_l("Refuse payment"),
    told=_lp("history", "Refused"),
    ask=_l("Refuse the payment?"),
    ask_many=lambda many, count: ngettext(
        "Refuse %(count)s payment?",
        "Refuse %(count)s payments?", many, count=count,
    ),
    icon="fa-times",
    style="danger",
    form=RefuseForm,
)
def refuse(payment, work, reason):
    """The money did not arrive, or the report was wrong; the reason is kept in the history."""


@FLOW.transition(
    "refund",
    source={"confirmed"},
    target="refunded",
    label=_lp("payment", "Refund"),
    told=_lp("history", "Refunded"),
    ask=_l("Refund the payment? What it settled is open again."),
    ask_many=lambda many, count: ngettext(
        "Refund %(count)s payment? What it settled is open again.",
        "Refund %(count)s payments? What they settled is open again.", many, count=count,
    ),
    icon="fa-undo",
    style="danger",
    form=RefundForm,
    as_house=True,
)
def refund(payment, work, reason=None):
    """The money went back: what it settled is owed again."""
    settled = [one.invoice_id for one in payment.allocations]
    named = work.session.get(Invoice, payment.invoice_id) if payment.invoice_id else None
    payment.allocations.clear()
    payment.unallocated = ZERO
    work.session.flush()
    for invoice in locked(Invoice, settled, work).values():
        invoices.settle(invoice, work)
    if named is not None and named.type in invoices.ADVANCE:
        named = locked(Invoice, [named.id], work)[named.id]
        invoices.settle(named, work, paid=-payment.amount)


# --- spreading over invoices -------------------------------------------------------------------


def split(amount: Decimal, debts: list[Decimal]) -> list[Decimal]:
    """What each debt gets of an amount, first come first served; never more than it is."""
    shares, rest = [], amount
    for debt in debts:
        share = min(rest, max(debt, ZERO))
        shares.append(share)
        rest = EXACT.subtract(rest, share)
    return shares


def allocate(payment, debts, work):
    """Spread what is left of a payment over open invoices: the one it names, then oldest due date first.

    :param debts: open invoices of the same customer and currency
    :returns: [(invoice, Money)] summing to at most what is left; the rest stays as credit
    :raises BusinessError: 'currency_mismatch'
    Books nothing and closes nothing: `FLOW.run("confirm", ...)` does.
    """
    for invoice in debts:
        if (invoice.currency_code, invoice.customer_id) != (payment.currency_code, payment.customer_id):
            raise BusinessError("currency_mismatch", _l("The payment has another currency than its invoice."))
    ranked = sorted(debts, key=lambda one: (one.id != payment.invoice_id, one.due_on, one.id))
    shares = split(payment.unallocated, [one.open_amount for one in ranked])
    return [
        (invoice, Money(share, payment.currency_code))
        for invoice, share in zip(ranked, shares, strict=True)
        if share
    ]


def _debts(payment, work):
    """The open invoices a payment may settle, locked. What was paid in advance waits for its order."""
    wanted = select(Invoice.id).filter_by(
        customer_id=payment.customer_id, currency_code=payment.currency_code, state="issued"
    )
    wanted = wanted.where(Invoice.type.in_(invoices.RECEIVABLE), Invoice.open_amount > 0)
    named = work.session.get(Invoice, payment.invoice_id) if payment.invoice_id else None
    if named is not None and named.type in invoices.ADVANCE and named.order_id:
        wanted = wanted.where(Invoice.order_id == named.order_id)
    found = locked(Invoice, list(work.session.scalars(wanted)), work)
    return [one for one in found.values() if one.state == "issued" and one.open_amount > 0]


def _apply(payment, debts, work):
    """Book the shares of a locked payment on locked invoices."""
    shares = allocate(payment, debts, work)
    booked = {one.invoice_id: one for one in payment.allocations}
    for invoice, money in shares:
        if invoice.id in booked:
            booked[invoice.id].amount += money.amount
        else:
            payment.allocations.append(
                Allocation(customer_id=payment.customer_id, invoice_id=invoice.id, amount=money.amount)
            )
        payment.unallocated -= money.amount
    work.session.flush()
    for invoice, _money in shares:
        invoices.settle(invoice, work)


def use_credit(customer_id, currency, work):
    """Settle a customer's open invoices from payments that no invoice has used yet, oldest first."""
    _use(unused(customer_id, currency, work), work)


def _use(ids, work):
    for payment in locked(Payment, ids, work).values():
        if payment.state == "confirmed" and payment.unallocated > 0:
            _apply(payment, _debts(payment, work), work)


def _paid_ahead(payment, name, work):
    """What was paid in advance counts for its order as soon as the payment's own state says so."""
    named = work.session.get(Invoice, payment.invoice_id) if payment.invoice_id else None
    if named is not None and named.type in invoices.ADVANCE and name in ("confirm", "refund", "override"):
        paid_orders.settle_at_once(named, work)


FLOW.followers.append(_paid_ahead)


# --- what follows ------------------------------------------------------------------------------


@facts.on("invoice.issue")
def spread_credit(fact, invoice, work):
    """A new invoice takes what was paid in advance for its order; a credit note frees what it gives back."""
    if invoice.type == "credit_note":
        if invoice.credits_id:
            _release(invoice.credits_id, work)
        return
    if invoice.type not in invoices.RECEIVABLE or invoice.state != "issued":
        return
    customer, currency = invoice.customer_id, invoice.currency_code
    if invoice.order_id:
        _use(unused(customer, currency, work, invoice.order_id), work)
    if settings.get("USE_CREDIT", work, customer=customer, branch=invoice.branch_id):
        use_credit(customer, currency, work)


def _release(invoice_id, work):
    """Give back to the payments what they settled beyond what an invoice is worth after its credit notes."""
    rows = work.session.scalars(select(Allocation.payment_id).filter_by(invoice_id=invoice_id))
    payments = locked(Payment, list(rows), work)
    invoice = locked(Invoice, [invoice_id], work)[invoice_id]
    booked = sorted(
        (one for payment in payments.values() for one in payment.allocations if one.invoice_id == invoice_id),
        key=lambda one: -one.id,
    )
    excess = sum((one.amount for one in booked), ZERO) - invoices.worth_now(invoice, work)
    for one, share in zip(booked, split(max(excess, ZERO), [one.amount for one in booked]), strict=True):
        if not share:
            continue
        one.payment.unallocated += share
        if share == one.amount:
            one.payment.allocations.remove(one)
        else:
            one.amount -= share
    work.session.flush()
    invoices.settle(invoice, work)


def prepaid(invoice, work):
    """What had been paid on an invoice when it was issued: the same figure whenever it is asked for."""
    if invoice.type not in invoices.RECEIVABLE or invoice.issued_at is None:
        return ZERO
    with scope.lifted(work, "the money may have come in at another branch"):
        found = work.session.scalar(
            select(func.coalesce(func.sum(Allocation.amount), ZERO))
            .join(Payment, Payment.id == Allocation.payment_id)
            .where(Allocation.invoice_id == invoice.id, Payment.confirmed_at <= invoice.issued_at)
        )
        if invoice.order_id:  # the job that spreads them may not have run yet
            ahead = unused(invoice.customer_id, invoice.currency_code, work, invoice.order_id)
            found += work.session.scalar(
                select(func.coalesce(func.sum(Payment.unallocated), ZERO)).where(
                    Payment.id.in_(ahead), Payment.confirmed_at <= invoice.issued_at
                )
            )
    return min(found, invoice.total_gross)
