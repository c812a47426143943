"""A discount on a whole quote: shared out over its lines to the cent, so that quote, paper and order agree (QUO-05).

It is given in per cent or as an amount, in the figures the prices speak of (gross where they include tax). What an
order line costs is a price per unit with six decimals: the shares are those such prices can give, so that the order's
totals are the quote's by construction. Only where every line has more than ten thousand pieces may the discount come
out a few cents beside the amount that was entered; the quote then says what it really is.
"""

from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.money import MAX_PLACES, Money, divide, round_half_up, total
from app.rules import tax

ZERO, HUNDRED = Decimal(0), Decimal(100)
GIVEN = ("discount_percent", "discount_amount")


@dataclass(frozen=True)
class Share:
    """A line that counts, the price per unit and the amounts that are left of it."""

    line: object
    unit_price: Decimal
    amounts: tax.LineAmounts

    tax_rate = property(lambda self: self.line.tax_rate)
    net = property(lambda self: self.amounts.net.amount)
    tax = property(lambda self: self.amounts.tax.amount)
    gross = property(lambda self: self.amounts.gross.amount)


@dataclass(frozen=True)
class Spread:
    """The lines that count before the discount, the discount, and what each line then costs."""

    before: Money
    discount: Money
    shares: tuple[Share, ...]


def spread(quote, revision, found, counts=attrgetter("counts")):
    """Share the discount of a revision out over its lines that count.

    :param found: all lines of the revision, in order
    :param counts: which of them do: those that were taken, or those that stood in the offer (`offered`)
    """
    side = "gross" if revision.includes_tax else "net"
    counted = [line for line in found if counts(line)]
    full = [Money(getattr(line, side), quote.currency_code) for line in counted]
    before = total(full, quote.currency_code)
    asked = _asked(revision, _mains(found, side, counts), before)
    if not asked:
        kept = [Share(line, line.unit_price or ZERO, _stored(line, quote)) for line in counted]
        return Spread(before, asked, tuple(kept))
    parts = asked.split_by([one.amount for one in full])
    rows = sorted(range(len(counted)), key=lambda at: (-_grain(counted[at]), at))  # the finest take what is left over
    made, left = {}, before - before
    for at in rows:
        wanted = min(max(full[at] - parts[at] + left, before - before), full[at])
        made[at] = _priced(counted[at], wanted, revision, quote.currency_code)
        left = left + full[at] - parts[at] - _side(made[at], side)
    shares = tuple(made[at] for at in range(len(counted)))
    return Spread(before, before - total((_side(one, side) for one in shares), quote.currency_code), shares)


def offered(line):
    """Whether a line was part of the total when the revision was put before the customer."""
    return not line.alternative


def _asked(revision, mains, before):
    if revision.discount_percent:
        return (before * (revision.discount_percent * Decimal("0.01"))).rounded()
    if not revision.discount_amount:
        return before - before
    whole, taken = mains
    amount = Money(revision.discount_amount, before.currency)
    if taken != whole:
        amount = _part(amount, taken, whole)
    return min(amount, before)


def _part(amount, taken, whole):
    """An amount is for the whole offer: who takes a part of it gets a part."""
    return Money(divide(amount.amount * taken, whole) if whole else ZERO, amount.currency).rounded()


def _mains(found, side, counts):
    """What the lines come to that are no alternatives; and those of them that are taken, or whose alternative is."""
    whole = taken = here = ZERO
    for line in found:
        if not line.alternative:
            here = getattr(line, side)
            whole += here
        if counts(line):
            taken += here
    return whole, taken


def _stored(line, quote):
    return tax.LineAmounts(*(Money(getattr(line, name), quote.currency_code) for name in ("net", "tax", "gross")))


def _grain(line):
    """How much the line changes when its price per unit does: the larger, the coarser."""
    return line.quantity * (HUNDRED - (line.discount_percent or ZERO))


def _priced(line, wanted, revision, currency):
    grain = _grain(line)
    price = round_half_up(divide(wanted.amount * HUNDRED, grain), MAX_PLACES) if grain else line.unit_price or ZERO
    amounts = tax.net_tax_gross(
        price, line.quantity, line.discount_percent or ZERO, line.tax_rate, revision.includes_tax, currency
    )
    return Share(line, price, amounts)


def _side(share, side):
    return getattr(share.amounts, side)


def sum_up(into, found, quote, revision):
    """Write the totals of the lines that count, less the discount, into a revision or the head of its quote."""
    done = spread(quote, revision, found)
    for name in ("net", "tax", "gross"):
        parts = (Money(getattr(one, name), quote.currency_code) for one in done.shares)
        setattr(into, f"total_{name}", total(parts, quote.currency_code).amount)
    into.total_discount = done.discount.amount


def carry_over(quote, before, offer, made, found):
    """Give a revision the discount of the one before; where the customer wants less by now, a part of the amount.

    :param before: the revision before; :param offer: its lines
    :param made: the new revision; :param found: its lines, counted
    """
    for name in GIVEN:
        setattr(made, name, getattr(before, name))
    side = "gross" if made.includes_tax else "net"
    whole, wanted = (sum((getattr(line, side) for line in some if offered(line)), ZERO) for some in (offer, found))
    if made.discount_amount and wanted < whole:
        made.discount_amount = _part(Money(made.discount_amount, quote.currency_code), wanted, whole).amount


def check(quote, revision, found):
    """What a discount must be before it is kept.

    :raises BusinessError: 'two_discounts', 'bad_discount', naming the field
    """
    percent, amount = revision.discount_percent, revision.discount_amount
    if percent and amount:
        text = _l("Give the discount on the whole in per cent or as an amount, not both.")
        raise BusinessError("two_discounts", text, field="discount_amount")
    if not 0 <= percent <= HUNDRED:
        text = _l("A discount is between 0 and 100 per cent.")
        raise BusinessError("bad_discount", text, field="discount_percent")
    if amount < 0 or Money(amount, quote.currency_code) != Money(amount, quote.currency_code).rounded():
        text = _l("A discount is an amount of the currency, not below zero.")
        raise BusinessError("bad_discount", text, field="discount_amount")
    if Money(amount, quote.currency_code) > spread(quote, revision, found).before:
        text = _l("The discount is more than all lines together.")
        raise BusinessError("bad_discount", text, field="discount_amount")
