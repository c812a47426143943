"""Who hears about refunds: finance when one is proposed, the customer when the money goes back."""

from app.core import facts
from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import holders, of_customer, staff
from app.notices.reasons import reason


def _finance(proposal, work):
    return staff(holders("refund_proposal.confirm", work), work, proposal.branch_id)


def _customer(proposal, work):
    return of_customer(proposal.customer_id, "payment.read", work)


def _order(proposal, work):
    return facts.record_of(work, "order", proposal.order_id)


def _values(proposal, work):
    return {
        "order": _order(proposal, work).number or f"#{proposal.order_id}", "payment": str(proposal.payment),
        "amount": Money(proposal.amount, proposal.currency_code),
    }  # fmt: skip


@notice("refund_proposal.propose", name="refund_proposed", to=_finance)
def refund_proposed(proposal, work):
    """A paid order was cancelled: its money has to go back, or to stay for a reason (X-15)."""
    return _values(proposal, work) | {
        "customer": proposal.customer.name, "reason": reason("order", _order(proposal, work), "cancel", work),
        "link": link("refund_proposals", proposal.id),
    }  # fmt: skip


@notice("refund_proposal.confirm", name="payment_refunded", to=_customer)
def payment_refunded(proposal, work):
    """What he paid for a cancelled order goes back to him."""
    return _values(proposal, work) | {"link": link("payments", proposal.payment_id)}
