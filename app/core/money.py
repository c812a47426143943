"""Money: an exact amount in one currency, rounded in one place only."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from math import lcm

from flask_babel import lazy_gettext as _l

from app.core.errors import Malformed

# ISO 4217 minor units that differ from two. The rial keeps its official two, although nobody pays with them:
# screens leave the decimals of whole rials out (docs/decisions/values.md).
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
MAX_DIGITS = 18  # significant digits of any figure that enters the system
MAX_PLACES = 6  # of them behind the decimal point

# A result that does not fit raises instead of losing a digit in silence.
EXACT = Context(prec=100, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
_ROUNDING = Context(prec=100, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
_CANONICAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def digits(currency: str) -> int:
    """How many decimals the currency has by ISO 4217; two where the standard names no other."""
    return _DIGITS.get(currency, 2)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """The value at that many decimals; a half goes away from zero, as invoices do it."""
    return value.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)


def divide(value: Decimal, by: Decimal) -> Decimal:
    """A quotient to a hundred digits, for a figure that is rounded right afterwards."""
    return _ROUNDING.divide(value, by)


def exact_decimal(value: object, what: str) -> Decimal:
    """The value itself when it is a finite Decimal; never a float, never NaN.

    :raises TypeError: not a Decimal
    :raises ValueError: NaN or infinite
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"{what} wants Decimal, got {type(value).__name__}")
    if not value.is_finite():
        raise ValueError(f"{what} wants a finite number, got {value}")
    return value


def without_minus_zero(value: Decimal) -> Decimal:
    """The value; a minus zero loses its sign, because nobody wants to read it on paper."""
    return value if value else value.copy_abs()


def exact_factor(factor: object) -> Decimal:
    """A multiplier as Decimal: Decimal or int, never float and never a truth value."""
    if isinstance(factor, int) and not isinstance(factor, bool):
        return Decimal(factor)
    return exact_decimal(factor, "A factor")


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in major units (12.34 EUR, 1200 JPY).

    Arithmetic keeps every digit; call `.rounded()` where a figure is stored, printed or owed.
    Two currencies never mix: adding or ordering them raises ValueError.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", without_minus_zero(exact_decimal(self.amount, "Money")))
        if not isinstance(self.currency, str) or not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"not a currency code: {self.currency!r}")

    def _same(self, other: object) -> "Money":
        if not isinstance(other, Money):
            raise TypeError(f"Money does not go with {type(other).__name__}")
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency}: convert first")
        return other

    def __add__(self, other: "Money") -> "Money":
        return Money(EXACT.add(self.amount, self._same(other).amount), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(EXACT.subtract(self.amount, self._same(other).amount), self.currency)

    def __mul__(self, factor: "Decimal | int") -> "Money":
        return Money(EXACT.multiply(self.amount, exact_factor(factor)), self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> "Money":
        return Money(self.amount.copy_abs(), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other).amount

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other).amount

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other).amount

    def rounded(self) -> "Money":
        """This amount at the currency's own precision, half up."""
        return Money(round_half_up(self.amount, digits(self.currency)), self.currency)

    def split(self, parts: int) -> list["Money"]:
        """`parts` amounts that differ by at most one minor unit and add up to `self.rounded()`."""
        if isinstance(parts, bool) or not isinstance(parts, int) or parts < 1:
            raise ValueError("split wants a whole number of parts, at least one")
        return self.split_by([1] * parts)

    def split_by(self, weights: Sequence["Decimal | int"]) -> list["Money"]:
        """Shares in proportion to the weights, adding up to `self.rounded()` exactly.

        Each share is its exact part rounded to a whole minor unit; the units left over go to the largest
        remainders, the earlier share first. A weight of nothing gets nothing; all zero is an equal split.

        :param weights: none negative, at least one of them
        """
        exact = [exact_factor(weight) for weight in weights]
        if not exact or any(weight < 0 for weight in exact):
            raise ValueError("split_by wants weights, none of them negative")
        if not any(exact):
            exact = [Decimal(1)] * len(exact)
        whole = _whole_numbers(exact)
        amount, places = self.rounded().amount, digits(self.currency)
        units, total_weight = abs(int(amount.scaleb(places, context=EXACT))), sum(whole)
        shares = [units * weight // total_weight for weight in whole]
        remainders = [units * weight % total_weight for weight in whole]
        by_remainder = sorted(range(len(whole)), key=lambda i: (-remainders[i], i))
        for i in by_remainder[: units - sum(shares)]:
            shares[i] += 1
        sign = -1 if amount < 0 else 1
        amounts = (Decimal(sign * share).scaleb(-places, context=EXACT) for share in shares)
        return [Money(amount, self.currency) for amount in amounts]

    def __str__(self) -> str:
        return f"{self.rounded().amount:f} {self.currency}"


def _whole_numbers(weights: Iterable[Decimal]) -> list[int]:
    """The same proportions as whole numbers, so that no share is ever cut by a precision."""
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*(bottom for _top, bottom in ratios))
    return [top * (common // bottom) for top, bottom in ratios]


def zero(currency: str) -> Money:
    """Nothing, in that currency."""
    return Money(Decimal(0), currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that all have this currency; of none it is zero, with the currency's decimals."""
    result = zero(currency).rounded()
    for amount in amounts:
        result = result + amount
    return result


class Unreadable(Malformed, ValueError):
    """A text is not the figure or date it should be; the message says how to write it."""

    def __init__(self, message: object, **details: object) -> None:
        super().__init__("unreadable", message, **details)


def parse_amount(value: object) -> Decimal:
    """A figure as programs write it: "1234.50", "-3", or a whole number.

    At most 18 digits, six of them decimals. Fractional JSON numbers are refused, because they are not exact.

    :raises Unreadable: anything else, exponents, NaN and digits of other scripts included
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_DIGITS:
        return Decimal(value)
    if not isinstance(value, str) or len(value) > MAX_DIGITS + 2 or not _CANONICAL.fullmatch(value):
        raise Unreadable(_l('Write the figure as text with a decimal point, like "1234.50".'))
    return check_size(Decimal(value))


def check_size(value: Decimal) -> Decimal:
    """The value when it has at most 18 digits, six of them decimals.

    :raises Unreadable: it has more
    """
    places = -int(value.as_tuple().exponent)
    whole = max(value.adjusted() + 1, 0)
    if whole + max(places, 0) > MAX_DIGITS or places > MAX_PLACES:
        raise Unreadable(_l("This figure has too many digits."))
    return value
