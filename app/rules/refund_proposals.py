"""Refunds proposed when a paid order is cancelled: written with the cancelling, decided on by finance (X-15)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import select
from wtforms import Form, TextAreaField
from wtforms.validators import DataRequired, Length

from app.core import facts
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.scope import lifted
from app.rules import orders, paid_orders, payments
from app.rules.invoice_amounts import locked
from models.invoices import Invoice
from models.orders import Order
from models.payments import Payment
from models.refund_proposals import RefundProposal

FLOW = Flow(
    RefundProposal,
    "refund_proposal",
    states={
        "proposed": _lp("refund proposal", "Proposed"),
        "confirmed": _lp("refund proposal", "Refunded"),
        "dismissed": _lp("refund proposal", "Dismissed"),
    },
    final=("confirmed", "dismissed"), settable=False,
)


class DismissForm(Form):
    """Why the money stays."""

    reason = TextAreaField(_l("Reason"), [DataRequired(_l("Give a reason.")), Length(max=2000)])


def _paid(order, work):
    """The confirmed payments that were made in advance for an order, locked; what settles an invoice stays."""
    ids = paid_orders.unused(order.customer_id, order.currency_code, work, order.id)
    found = locked(Payment, ids, work).values() if ids else ()
    return [one for one in found if one.state == "confirmed" and one.unallocated == one.amount]


def propose(order, work):
    """Propose to give back what was paid in advance for a cancelled order, one proposal per payment.

    What was proposed before is not proposed again, whatever became of it. Safe to run twice.
    """
    with lifted(work, "money and proposals are the house's"):
        paid = _paid(order, work)
        if not paid:
            return
        wanted = select(RefundProposal.payment_id).filter_by(order_id=order.id)
        known = set(work.session.scalars(wanted))
        for payment in paid:
            if payment.id not in known:
                _add(order, payment, work)


def _add(order, payment, work):
    made = RefundProposal(
        branch_id=order.branch_id, customer_id=order.customer_id, order_id=order.id, payment_id=payment.id,
        currency_code=payment.currency_code, amount=payment.amount,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    facts.publish(work, "refund_proposal.propose", "refund_proposal", made)


orders.CANCELLED.append(propose)


def keep(order, before, after, work):
    """An order that is taken up again by hand keeps its money; cancelled anew, it is proposed anew."""
    if before != "cancelled":
        return
    for one in work.session.scalars(select(RefundProposal).filter_by(order_id=order.id, state="proposed")):
        work.session.delete(one)


orders.FLOW.by_hand.append(keep)


@facts.on("order.cancel", "order.delete", called="refunds.propose")
def propose_again(fact, order, work):
    """What was paid for an order that is deleted goes back; so does money confirmed while it was being cancelled."""
    _if_cancelled(order.id, work)


@facts.on("payment.confirm", called="refunds.late")
def propose_late(fact, payment, work):
    """Money that comes for an order that is cancelled, has expired or was deleted already goes back, too."""
    named = work.session.get(Invoice, payment.invoice_id) if payment.invoice_id else None
    if named is not None and named.order_id is not None:
        _if_cancelled(named.order_id, work)


def _if_cancelled(order_id, work):
    order = locked(Order, [order_id], work, with_deleted=True).get(order_id)
    if order is not None and (order.state == "cancelled" or order.deleted_at is not None):
        propose(order, work)


# --- deciding ----------------------------------------------------------------------------------


def still_there(proposal, work):
    """Refuse to give back what is no longer there: it settles an invoice by now.

    :raises BusinessError: 'nothing_left'
    """
    payment = work.session.get(Payment, proposal.payment_id)
    if payment.state == "confirmed" and payment.unallocated != proposal.amount:
        text = _l("This payment settles an invoice by now. Dismiss the proposal.")
        raise BusinessError("nothing_left", text)


@FLOW.transition(
    "confirm", source={"proposed"}, target="confirmed", icon="fa-undo", style="primary",
    label=_lp("payment", "Refund"), told=_lp("history", "Refunded"),
    ask=_l("Has the money been sent back to the customer?"), guards=(still_there,), as_house=True,
    ask_many=lambda many, count: ngettext(
        "Has the money of %(count)s proposal been sent back to the customer?",
        "Has the money of %(count)s proposals been sent back to the customers?",
        many, count=count,
    ),
)  # fmt: skip
def confirm(proposal, work):
    """The money goes back: the payment takes its step `refund`. One refunded by hand meanwhile is only closed."""
    payment = locked(Payment, [proposal.payment_id], work)[proposal.payment_id]
    still_there(proposal, work)
    if payment.state != "refunded":
        payments.FLOW.run_one("refund", payment)
    proposal.decided_at, proposal.decided_by = work.now, work.actor.user_id


@FLOW.transition(
    "dismiss", source={"proposed"}, target="dismissed", icon="fa-xmark", style="danger",
    label=_lp("refund proposal", "Dismiss"), told=_lp("history", "Dismissed"),
    ask=_l("Dismiss the proposal? The money stays as credit of the customer."), form=DismissForm,
    ask_many=lambda many, count: ngettext(
        "Dismiss %(count)s proposal? The money stays as credit of the customer.",
        "Dismiss %(count)s proposals? The money stays as credit of the customers.",
        many, count=count,
    ),
)  # fmt: skip
def dismiss(proposal, work, reason):
    """The money stays, as credit of the customer; the reason is kept in the history."""
    proposal.decided_at, proposal.decided_by = work.now, work.actor.user_id


@facts.on("payment.refund", called="refunds.close")
def close(fact, payment, work):
    """A payment that was refunded by hand needs no proposal any more."""
    wanted = select(RefundProposal.id).filter_by(payment_id=payment.id, state="proposed")
    ids = list(work.session.scalars(wanted))
    if payment.state == "refunded" and ids:
        FLOW.run("confirm", ids)
