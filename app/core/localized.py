"""Six languages: which one a reader gets, and how figures and dates look in it.

Everything here is a pure function of a value and a `Reader`; nothing asks the request. The other
way, from text to value, is app/core/readable.py.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from babel.numbers import get_currency_symbol
from markupsafe import Markup, escape
from persiantools.jdatetime import JalaliDate

from app.core.money import MAX_PLACES, Money, digits, exact_factor, round_half_up
from app.core.quantity import Quantity

LOCALES = ("en", "fa", "ro", "ru", "tr", "zh_Hans_CN")
DEFAULT = "en"

_FULL = {"en": "en_GB", "fa": "fa_IR", "ro": "ro_RO", "ru": "ru_RU", "tr": "tr_TR"}
_ZONE = {
    "en": "Europe/London",
    "fa": "Asia/Tehran",
    "ro": "Europe/Bucharest",
    "ru": "Europe/Moscow",
    "tr": "Europe/Istanbul",
    "zh_Hans_CN": "Asia/Shanghai",
}
_SHORT = {"en": "dd/MM/yyyy", "fa": "yyyy/MM/dd", "tr": "dd.MM.yyyy", "ro": "dd.MM.yyyy", "ru": "dd.MM.yyyy"}
_GLUE = {"fa": "، ", "tr": " ", "zh_Hans_CN": " "}
_PERCENT = {"fa": "%s٪", "ro": "%s\u00a0%%", "ru": "%s\u00a0%%", "tr": "%%%s"}
JALALI_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
JALALI_MONTHS_LATIN = (
    "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
    "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand",
)  # fmt: skip
_FIRST_JALALI_DAY, _LAST_JALALI_DAY = date(622, 3, 22), date(9999, 3, 19)
_NATIVE = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")

# Isolates keep a piece of text from turning its surroundings, and the other way round (Unicode annex 9).
LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NO_CONTROLS = dict.fromkeys(map(ord, BIDI_CONTROLS))
_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*|\*")
_SAME_LANGUAGE = {"prs": "fa", "pes": "fa", "mo": "ro", "cmn": "zh"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads: language, calendar, digits and time zone; what is left out follows the language."""

    locale: str = DEFAULT
    calendar: str = ""  # 'gregorian' or 'jalali'
    digits: str = ""  # 'latin' or 'native'
    tz: str = ""  # IANA name

    def __post_init__(self) -> None:
        if self.locale not in LOCALES:
            raise ValueError(f"not one of our languages: {self.locale!r}")
        persian = self.locale == "fa"
        for name, default, allowed in (
            ("calendar", "jalali" if persian else "gregorian", ("gregorian", "jalali")),
            ("digits", "native" if persian else "latin", ("latin", "native")),
        ):
            object.__setattr__(self, name, getattr(self, name) or default)
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: {getattr(self, name)!r} is none of {allowed}")
        object.__setattr__(self, "tz", self.tz or _ZONE[self.locale])

    @property
    def rtl(self) -> bool:
        """Whether this reader's lines run from right to left."""
        return self.locale == "fa"


def match_locale(wish: str | None) -> str:
    """The nearest of our languages for a tag or an Accept-Language header; English when none is near."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate((wish or "")[:400].split(",")):
        tag, _, weight = part.strip().partition(";")
        if _TAG.fullmatch(tag.strip()):
            ranked.append((-_quality(weight), position, tag.strip()))
    for minus_quality, _position, tag in sorted(ranked):
        language = re.split(r"[-_]", tag.lower())[0]
        language = _SAME_LANGUAGE.get(language, language)
        for locale in LOCALES:
            if minus_quality < 0 and locale.split("_")[0] == language:
                return locale
    return DEFAULT


def _quality(weight: str) -> float:
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", weight)
    if match:
        return int(Decimal(match[1]) * 1000) / 1000
    return 1.0 if not weight.strip() else 0.0


def listed(parts: Iterable[str], locale: str) -> str:
    """Pieces of one value in a row (street, town, country), with the comma of the language."""
    return ("، " if locale == "fa" else ", ").join(parts)


def html_lang(locale: str) -> str:
    """The language as pages and mails name it (BCP 47): zh-Hans-CN."""
    return locale.replace("_", "-")


def direction(locale: str) -> str:
    """Where lines of this language begin: 'rtl' or 'ltr'."""
    return "rtl" if locale == "fa" else "ltr"


def babel_locale(locale: str) -> Locale:
    """The language with its territory, which decides separators and the first day of the week."""
    return _babel_locale(locale)


@lru_cache
def _babel_locale(locale: str) -> Locale:
    return Locale.parse(_FULL.get(locale, locale))


def pick(texts: Mapping[str, str] | None, locale: str, fallback: Sequence[str] = (DEFAULT,)) -> str:
    """A name kept in several languages: in the one asked for, else in the next best that is filled."""
    if not texts:
        return ""
    for candidate in (locale, *fallback, *LOCALES, *texts):
        if texts.get(candidate):
            return texts[candidate]
    return ""


# numbers


@lru_cache
def _separators(locale: str, system: str) -> dict[int, str]:
    """What stands between thousands and before decimals; every language of ours groups by three."""
    symbols = _babel_locale(locale).number_symbols
    found = symbols.get(_babel_locale(locale).default_numbering_system if system == "default" else system)
    return {ord(","): found["group"], ord("."): found["decimal"]}  # type: ignore[index]  # every language has them


def native_digits(text: str) -> str:
    """The text with Persian digits."""
    return text.translate(_NATIVE)


def _native(text: str, reader: Reader) -> str:
    return native_digits(text) if reader.locale == "fa" and reader.digits == "native" else text


def _figure(number: Decimal, reader: Reader, least: int = 0, most: int = MAX_PLACES) -> str:
    """The number without its sign, grouped as the language does it, with `least` to `most` decimals."""
    most = max(most, least)
    native = reader.locale == "fa" and reader.digits == "native"
    whole, _point, decimals = f"{round_half_up(abs(number), most):,f}".partition(".")
    kept = decimals[:least] + decimals[least:].rstrip("0")
    text = f"{whole}.{kept.ljust(least, '0')}" if kept or least else whole
    locale = reader.locale if reader.locale != "fa" or native else "en"
    return _native(text.translate(_separators(locale, "default" if native else "latn")), reader)


def _signed(negative: bool, text: str, reader: Reader) -> str:
    """A minus sign stands left of its number in every language, also between Persian words."""
    if not negative:
        return text
    return f"{LRI}\u2212{text}{PDI}" if reader.locale == "fa" else f"-{text}"


def format_number(number: Decimal | int, reader: Reader, places: int | None = None) -> str:
    """A plain number with every digit it has (six decimals at most), or with exactly `places` decimals."""
    number = exact_factor(number)
    least, most = (0, MAX_PLACES) if places is None else (places, places)
    rounded = round_half_up(number, most)
    return _signed(rounded < 0, _figure(number, reader, least, most), reader)


def format_quantity(quantity: Quantity, reader: Reader, unit: str = "") -> str:
    """A number and its unit; `unit` is the unit's name in the reader's language where it is known."""
    return f"{format_number(quantity.number, reader)}\u00a0{unit or quantity.unit}"


def _amount(money: Money, reader: Reader) -> tuple[bool, str]:
    """Whether it is below zero, and its figure with the decimals of the currency, or finer where it is.

    Whole rials are written without decimals.
    """
    least = digits(money.currency)
    rounded = round_half_up(money.amount, max(MAX_PLACES, least))
    if money.currency == "IRR" and rounded == rounded.to_integral_value():
        least = 0
    return rounded < 0, _figure(rounded, reader, least)


def format_amount(money: Money, reader: Reader) -> str:
    """An amount without its currency, for a column whose head names it."""
    negative, figure = _amount(money, reader)
    return _signed(negative, figure, reader)


def format_money(money: Money, reader: Reader) -> str:
    """An amount with its currency, never hiding a digit of it: unit prices may be finer than the currency."""
    negative, figure = _amount(money, reader)
    name = _currency_name(money.currency, reader.locale)
    if reader.locale == "fa":
        return f"{_signed(negative, figure, reader)} {name}"
    sign = "-" if negative else ""
    if reader.locale in ("ro", "ru"):
        return f"{sign}{figure}\u00a0{name}"
    gap = "\u00a0" if name[-1:].isalpha() and len(name) > 2 else ""
    return f"{sign}{name}{gap}{figure}"


@lru_cache(maxsize=512)
def _currency_name(currency: str, locale: str) -> str:
    symbol = str(get_currency_symbol(currency, _babel_locale(locale))).strip(BIDI_CONTROLS)
    return currency if locale == "fa" and currency != "IRR" and len(symbol) > 1 else symbol


def format_percent(percent: Decimal | int, reader: Reader) -> str:
    """Per cent with its sign: 18.5 is eighteen and a half per cent, and stays that."""
    number = exact_factor(percent)
    figure = _figure(number, reader)
    latin = reader.locale == "fa" and reader.digits == "latin"
    pattern = "%s%%" if latin else _PERCENT.get(reader.locale, "%s%%")
    return _signed(number < 0, pattern % figure, reader)


# dates


def format_date(value: date, style: str, reader: Reader) -> str:
    """A day in the reader's calendar.

    :param style: 'short' (21/11/2026) or 'long' (21 November 2026)
    """
    if isinstance(value, datetime):
        raise TypeError("an instant has no day of its own: use format_datetime or local_date")
    if style not in ("short", "long"):
        raise ValueError(f"no such style of dates: {style}")
    if reader.calendar == "jalali" and _FIRST_JALALI_DAY <= value <= _LAST_JALALI_DAY:
        return _jalali(value, style, reader)
    if style == "long":
        text = babel_date(value, "long", locale=_babel_locale(reader.locale)).replace("\u202f", " ")
    else:
        text = babel_date(value, _SHORT.get(reader.locale, "yyyy-MM-dd"), locale=_babel_locale(reader.locale))
    return _native(text, reader)


def jalali(value: date) -> tuple[int, int, int]:
    """Year, month and day of the Jalali calendar."""
    day: Any = JalaliDate(value)  # type: ignore[no-untyped-call]  # the library has no types
    return day.year, day.month, day.day


def from_jalali(year: int, month: int, day: int) -> date:
    """The day itself; raises ValueError where the calendar has no such day."""
    value: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
    return value


def _jalali(value: date, style: str, reader: Reader) -> str:
    year, month, day = jalali(value)
    if style == "short":
        return _native(f"{year:04d}/{month:02d}/{day:02d}", reader)
    months = JALALI_MONTHS if reader.locale == "fa" else JALALI_MONTHS_LATIN
    return _native(f"{day} {months[month - 1]} {year}", reader)


def local(instant: datetime, reader: Reader) -> datetime:
    """The instant on the reader's clock.

    :raises ValueError: the instant has no time zone, so nobody knows when it was
    """
    if instant.tzinfo is None:
        raise ValueError("instants carry their time zone (UTC)")
    try:
        return instant.astimezone(ZoneInfo(reader.tz))
    except OverflowError:  # the first and the last day of the calendar have no neighbour
        return instant.astimezone(UTC)


def format_time(instant: datetime, reader: Reader) -> str:
    """Hours and minutes on the reader's clock, 24 hours."""
    return _native(f"{local(instant, reader):%H:%M}", reader)


def format_datetime(instant: datetime, reader: Reader, style: str = "short") -> str:
    """Day and time on the reader's clock."""
    day = format_date(local(instant, reader).date(), style, reader)
    return f"{day}{_GLUE.get(reader.locale, ', ')}{format_time(instant, reader)}"


def week_begins(reader: Reader) -> int:
    """The first day of the week, Monday = 0."""
    return int(_babel_locale(reader.locale).first_week_day)


def jalali_leap(year: int) -> bool:
    """Whether Esfand of this Jalali year has thirty days."""
    return from_jalali(year + 1, 1, 1) - from_jalali(year, 12, 29) == timedelta(days=2)


# pieces of foreign direction inside a text


def without_controls(text: str) -> str:
    """The text without direction marks, which could turn what follows it."""
    return text.translate(_NO_CONTROLS)


def isolate(text: object) -> Markup:
    """A name or free text inside HTML, so that it turns nothing around it."""
    return Markup("<bdi>") + escape(without_controls(str(text))) + Markup("</bdi>")


def isolate_code(text: object) -> Markup:
    """A number, SKU, address or link inside HTML: left to right in every language."""
    return Markup('<bdi dir="ltr">') + escape(without_controls(str(text))) + Markup("</bdi>")


def plain_isolate(text: object, reader: Reader, code: bool = False) -> str:
    """The same inside plain text (mails, SMS): by characters, and only where lines run right to left."""
    clean = without_controls(str(text))
    return f"{LRI if code else FSI}{clean}{PDI}" if reader.rtl else clean
