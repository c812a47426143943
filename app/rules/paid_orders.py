"""What of an order is invoiced and paid: reckoned from its invoices and from what was paid in advance for it."""

from sqlalchemy import func, select

from app.core import facts, scope
from app.rules import invoices
from app.rules.invoice_amounts import ZERO, locked
from models.invoices import Invoice
from models.orders import Order, OrderLine
from models.payments import Payment


def unused(customer_id, currency, work, order_id=None):
    """Ids of confirmed payments that settle no invoice yet, in full or in part; those made in advance for an order."""
    wanted = select(Payment.id).filter_by(customer_id=customer_id, currency_code=currency, state="confirmed")
    if order_id is not None:
        named = select(Invoice.id).where(Invoice.order_id == order_id, Invoice.type.in_(invoices.ADVANCE))
        wanted = wanted.where(Payment.invoice_id.in_(named))
    return list(work.session.scalars(wanted.where(Payment.unallocated > 0)))


@facts.on("invoice.issue", "invoice.cancel", "invoice.settle", called="app.rules.payments.settle_order")
def settle_order(fact, invoice, work):
    """Keep an order's billing and payment in step with its invoices, also where somebody was at the order just then."""
    if invoice.order_id:
        payment_of_order(invoice.order_id, work)


def settle_at_once(invoice, work):
    """The same in the transaction of the cause, so that nobody sees an invoice paid and its order not.

    An order that somebody else works on is not waited for: he may be waiting for the money that we hold.
    """
    if not invoice.order_id:
        return
    work.session.flush()
    with scope.lifted(work, "an order's payment is the house's figure, whoever confirms the money"):
        free = select(Order.id).where(Order.id == invoice.order_id).with_for_update(skip_locked=True, of=Order)
        if work.session.scalar(free) is not None:
            payment_of_order(invoice.order_id, work)
            work.session.flush()


def payment_of_order(order_id, work):
    """Recompute what of an order is invoiced and paid. Safe to run twice; writes these two columns only."""
    order = locked(Order, [order_id], work).get(order_id)
    if order is None:
        return
    lines = work.session.scalars(select(OrderLine).filter_by(order_id=order_id)).all()
    approved = [line for line in lines if line.quantity_approved > 0]
    begun = any(line.quantity_invoiced > 0 for line in lines)
    full = begun and all(line.quantity_invoiced >= line.quantity_approved for line in approved)
    order.billing = "full" if full else "part" if begun else "none"
    due, paid = _due_and_paid(order, full, work)
    settled = paid >= due and (begun or paid > 0)
    order.payment = "paid" if settled else "part" if paid > 0 else "unpaid"


def _due_and_paid(order, full, work):
    found = work.session.scalars(select(Invoice).filter_by(order_id=order.id, state="issued")).all()
    owed = [one for one in found if one.type in invoices.RECEIVABLE]
    billed = sum((one.total_gross for one in owed), ZERO)
    covered = billed - sum((one.open_amount for one in owed), ZERO)
    ahead = unused(order.customer_id, order.currency_code, work, order.id)
    rest = select(func.coalesce(func.sum(Payment.unallocated), ZERO)).where(Payment.id.in_(ahead))
    return billed if full else max(order.total_gross, billed), covered + work.session.scalar(rest)


def _after(invoice, name, work):
    if name in ("issue", "cancel", "override"):
        settle_at_once(invoice, work)


invoices.FLOW.followers.append(_after)
invoices.SETTLED.append(settle_at_once)
