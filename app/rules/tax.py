"""Tax: which rate holds, and what one line is worth, rounded once, so that paper and database agree."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from app.core import kept
from app.core.money import EXACT, Money, divide, exact_decimal, exact_factor
from models.base import HOUSE_BRANCH
from models.organisation import Branch, TaxCategory, TaxRate

_HUNDRED = Decimal(100)
USUAL = "standard"  # code of the category of goods of which nobody says anything else


class LineAmounts(NamedTuple):
    """What one line is worth; net + tax == gross, all at the currency's own precision."""

    net: Money
    tax: Money
    gross: Money


def usual(work):
    """The tax category of the house for goods of which nobody says another; None where it was taken away."""
    return work.session.scalars(select(TaxCategory).where(TaxCategory.code == USUAL)).one_or_none()


def _percent(value: Decimal | int, what: str) -> Decimal:
    percent = exact_factor(value)
    if percent < 0:
        raise ValueError(f"{what} is not negative")
    return percent


def net_tax_gross(
    unit_price: Decimal,
    quantity: Decimal,
    discount_percent: Decimal | int,
    rate: Decimal | int,
    includes_tax: bool,
    currency: str,
) -> LineAmounts:
    """What a line is worth after its discount.

    The figure that the price list speaks of is rounded first (net, or gross where prices include tax); tax is
    computed from that rounded figure, so that anybody can check it with the paper in hand.

    :param unit_price: list price of one unit, not rounded, net or gross as `includes_tax` says
    :param quantity: may be negative, as on a credit note
    :param discount_percent: 0 to 100
    :param rate: tax in per cent (20 is twenty per cent)
    """
    discount = _percent(discount_percent, "a discount")
    if discount > _HUNDRED:
        raise ValueError("a discount is at most 100 per cent")
    rate = _percent(rate, "a tax rate")
    goods = EXACT.multiply(exact_decimal(unit_price, "A price"), exact_decimal(quantity, "A quantity"))
    kept = EXACT.multiply(EXACT.subtract(_HUNDRED, discount), Decimal("0.01"))
    line = Money(EXACT.multiply(goods, kept), currency).rounded()
    if includes_tax:
        net = Money(divide(EXACT.multiply(line.amount, _HUNDRED), _HUNDRED + rate), currency).rounded()
        return LineAmounts(net, line - net, line)
    tax = (line * EXACT.multiply(rate, Decimal("0.01"))).rounded()
    return LineAmounts(line, tax, line + tax)


def rate_for(category_ids, country, on, work, branch_id=HOUSE_BRANCH):
    """The tax rate of each category for a delivery.

    The rate of the country of delivery holds where we keep one for it, else that of the branch's country, else
    nothing is charged. Exports go without tax by a rate of zero for the country they go to.

    :param country: where the goods are delivered, ISO 3166-1 alpha-2
    :param on: the day of the supply, in the branch's time zone
    :returns: {tax category id: per cent}
    """
    home = next((one.country_code for one in kept.rows(work, Branch) if one.id == branch_id), None)
    rates = [one for one in kept.rows(work, TaxRate) if one.valid_on <= on and one.country_code in (country, home)]
    rates.sort(key=lambda one: (one.country_code == country, one.valid_on))  # the last one holds
    found = {one.tax_category_id: one.rate for one in rates}
    return {one: found.get(one, Decimal(0)) for one in category_ids}
