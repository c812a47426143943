"""Tax of one line: net, tax and gross, rounded once, so that paper and database agree."""

from decimal import Decimal
from typing import NamedTuple

from app.core.money import EXACT, Money, divide, exact_decimal, exact_factor

_HUNDRED = Decimal(100)


class LineAmounts(NamedTuple):
    """What one line is worth; net + tax == gross, all at the currency's own precision."""

    net: Money
    tax: Money
    gross: Money


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
