"""Who hears about payments."""

from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import buyer


@notice("payment.confirm", name="payment_confirmed", to=buyer("payment.read"))
def payment_confirmed(payment, work):
    """The money has arrived, and which invoices it settles."""
    settled = [(one.invoice.number, Money(one.amount, payment.currency_code)) for one in payment.allocations]
    return {
        "number": payment.number or f"#{payment.id}",
        "amount": Money(payment.amount, payment.currency_code),
        "paid_on": payment.paid_on,
        "settled": settled,
        "credit": Money(payment.unallocated, payment.currency_code),
        "link": link("payments", payment.id),
    }
