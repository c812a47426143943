"""How much of its credit a customer has used: confirmed orders not yet billed, and what is billed and unpaid."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import case, func, select

from app.core import settings
from app.core.errors import BusinessError
from app.core.money import EXACT, Money, divide
from app.rules.pricing import local_day
from models.customers import Customer
from models.invoices import Invoice
from models.orders import Order
from models.organisation import Branch, ExchangeRate

settings.setting(
    "SHOW_CREDIT_LIMIT", bool, False, _l("Show customers their credit limit"), ("customer", "branch", "system")
)
OPEN_ORDERS = ("changed", "confirmed", "released")
BILLS = ("final", "tax")  # a proforma and a payment request ask for money that is owed by the order


def credit_used(customer_id, work, but=None):
    """What a customer owes us already or will owe, gross, in its own currency.

    Open are confirmed and released orders as far as they are not billed, and the open amounts of issued
    invoices, less those of credit notes. Other currencies count at the latest rate of the customer's branch.

    :param but: id of an order that is left out: what it comes to is being decided on
    :raises BusinessError: 'no_exchange_rate'
    """
    row = select(Customer.currency_code, Branch).join(Branch, Branch.id == Customer.branch_id)
    currency, branch = work.session.execute(row.where(Customer.id == customer_id)).one()
    total = Decimal(0)
    for found, amount in open_amounts(customer_id, work, but).items():
        total += amount if found == currency else converted(amount, found, currency, branch, work)
    return Money(total, currency).rounded()


def exceeded(order, work):
    """Whether the customer's credit limit would be exceeded with this order; an unknown rate counts as exceeded.

    An order that is open already (it is sent for confirmation again) counts once, with what it comes to now.
    """
    customer = order.customer
    if customer.credit_limit is None:
        return False
    try:
        used = credit_used(customer.id, work, but=order.id).amount
        worth = order.total_gross
        if order.currency_code != customer.currency_code:
            worth = converted(worth, order.currency_code, customer.currency_code, customer.branch, work)
    except BusinessError:
        return True
    return used + worth > customer.credit_limit


def open_amounts(customer_id, work, but=None):
    """What is open by currency, in one statement: {currency: amount}; `but` is the id of an order that is left out."""
    billed = (
        select(func.coalesce(func.sum(Invoice.total_gross), 0))
        .where(Invoice.order_id == Order.id, Invoice.customer_id == Order.customer_id,
               Invoice.state == "issued", Invoice.type.in_(BILLS))
        .correlate(Order)
        .scalar_subquery()
    )  # fmt: skip
    orders = select(Order.currency_code.label("currency"),
                    func.greatest(Order.total_gross - billed, 0).label("amount")).where(
        Order.customer_id == customer_id, Order.state.in_(OPEN_ORDERS), Order.billing != "full",
        Order.id != (but or 0))  # fmt: skip
    sign = case((Invoice.type == "credit_note", -1), else_=1)
    invoices = select(Invoice.currency_code, sign * Invoice.open_amount).where(
        Invoice.customer_id == customer_id, Invoice.state == "issued", Invoice.type.in_((*BILLS, "credit_note"))
    )
    both = orders.union_all(invoices).subquery()
    rows = work.session.execute(select(both.c.currency, func.sum(both.c.amount)).group_by(both.c.currency))
    return {currency: amount for currency, amount in rows if amount}


def converted(amount, currency, target, branch, work):
    value = EXACT.multiply(amount, _rate(currency, branch, work))
    return divide(value, _rate(target, branch, work))


def _rate(currency, branch, work):
    """How much of the branch's currency one unit is worth today; asked once in a unit of work."""
    if currency == branch.currency_code:
        return Decimal(1)
    known = work.cache.setdefault("exchange_rates", {})
    if (branch.id, currency) not in known:
        known[branch.id, currency] = _asked(currency, branch, work)
    return known[branch.id, currency]


def _asked(currency, branch, work):
    rate = work.session.scalar(
        select(ExchangeRate.rate)
        .where(ExchangeRate.base_code == branch.currency_code, ExchangeRate.currency_code == currency,
               ExchangeRate.valid_on <= local_day(work, branch))
        .order_by(ExchangeRate.valid_on.desc())
        .limit(1)
    )  # fmt: skip
    if not rate:
        text = _l("There is no exchange rate for %(currency)s.", currency=currency)
        raise BusinessError("no_exchange_rate", text, currency=currency)
    return rate
