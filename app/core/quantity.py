"""Quantity: an exact number of one unit, and the way from one unit to another."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.money import EXACT, MAX_PLACES, exact_decimal, exact_factor, parse_amount, without_minus_zero

_CODE = re.compile(r"\S(?:.{0,30}\S)?")


class Uneven(BusinessError, ValueError):
    """A quantity is finer than the smallest step of its unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How a product is counted: one `code` is `factor` of the base unit, with at most `digits` decimals.

    A box of twelve is Unit("box", digits=0, factor=12, base="pcs"); the base unit has factor 1.
    """

    code: str
    digits: int = 0
    factor: Decimal = Decimal(1)
    base: str = ""

    def __post_init__(self) -> None:
        if exact_decimal(self.factor, "A unit factor") <= 0:
            raise ValueError("a unit factor is greater than zero")
        if not 0 <= self.digits <= MAX_PLACES:
            raise ValueError(f"a unit has 0 to {MAX_PLACES} decimals")
        if not self.base:
            object.__setattr__(self, "base", self.code)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact number of one unit ("2.5 kg"); it may be negative, as a return is.

    Two units never mix: adding or ordering them raises ValueError.
    """

    number: Decimal
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", without_minus_zero(exact_decimal(self.number, "Quantity")))
        if not isinstance(self.unit, str) or not _CODE.fullmatch(self.unit):
            raise ValueError(f"not a unit: {self.unit!r}")

    def _same(self, other: object) -> "Quantity":
        if not isinstance(other, Quantity):
            raise TypeError(f"Quantity does not go with {type(other).__name__}")
        if self.unit != other.unit:
            raise ValueError(f"{self.unit} and {other.unit}: convert first")
        return other

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(EXACT.add(self.number, self._same(other).number), self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(EXACT.subtract(self.number, self._same(other).number), self.unit)

    def __mul__(self, factor: "Decimal | int") -> "Quantity":
        return Quantity(EXACT.multiply(self.number, exact_factor(factor)), self.unit)

    __rmul__ = __mul__

    def __neg__(self) -> "Quantity":
        return Quantity(self.number.copy_negate(), self.unit)

    def __bool__(self) -> bool:
        return bool(self.number)

    def __lt__(self, other: "Quantity") -> bool:
        return self.number < self._same(other).number

    def __le__(self, other: "Quantity") -> bool:
        return self.number <= self._same(other).number

    def __gt__(self, other: "Quantity") -> bool:
        return self.number > self._same(other).number

    def __ge__(self, other: "Quantity") -> bool:
        return self.number >= self._same(other).number

    def converted(self, source: Unit, target: Unit) -> "Quantity":
        """The same goods counted in another unit, exactly.

        :param source: the unit of this quantity
        :param target: a unit with the same base
        :raises Uneven: the result is no whole multiple of the target's smallest step (7 pieces are no box)
        """
        if self.unit != source.code or source.base != target.base:
            raise ValueError(f"{self.unit}: no way from {source.code} to {target.code}")
        share = Fraction(self.number) * Fraction(source.factor) / Fraction(target.factor)
        return Quantity(_whole_steps(share, target), target.code)

    def __str__(self) -> str:
        return f"{plain(self.number)} {self.unit}"


def _whole_steps(share: Fraction, unit: Unit) -> Decimal:
    steps = share * 10**unit.digits
    if steps.denominator != 1:
        raise Uneven(
            "uneven_quantity",
            _l("This quantity does not come out even in the unit: %(unit)s", unit=unit.code),
            unit=unit.code,
        )
    return Decimal(steps.numerator).scaleb(-unit.digits, context=EXACT)


def plain(number: Decimal) -> str:
    """The number without an exponent and without zeros at the end of its decimals."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_quantity(value: object, unit: Unit | None = None) -> Decimal:
    """A quantity as programs write it; the same strictness as amounts.

    :param unit: refuses more decimals than this unit has
    :raises Unreadable: not a figure
    :raises Uneven: finer than the unit
    """
    number = parse_amount(value)
    return number if unit is None else _whole_steps(Fraction(number), unit)
