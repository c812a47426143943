"""What people type into forms, read in their own language: their calendar, their separators.

Where a text has two meanings it is refused with an example of how to write it, never guessed.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import get_month_names
from flask_babel import lazy_gettext as _l

from app.core.localized import (
    JALALI_MONTHS,
    JALALI_MONTHS_LATIN,
    LOCALES,
    Reader,
    babel_locale,
    format_date,
    format_number,
    from_jalali,
    without_controls,
)
from app.core.money import Unreadable, check_size

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)  # nobody does business on any other day
_EXAMPLE_DAY, _EXAMPLE_NUMBER = date(2026, 11, 21), Decimal("1234.5")
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_GROUPS = {"en": ",", "zh_Hans_CN": ",", "ro": ".", "tr": ".", "ru": " ", "fa": "٬,،"}
_POINTS = {"en": ".", "zh_Hans_CN": ".", "ro": ",", "tr": ",", "ru": ",", "fa": "٫."}
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_IN_WORDS = re.compile(r"(\d{1,2}) ([^\d\s.]+)\.? (\d{4})(?: г\.?)?")
_FIRST_GREGORIAN_YEAR = 1700  # years before it are Jalali ones; no business date is that old


def ascii_digits(text: str) -> str:
    """The text with the digits of every script as 0 to 9."""
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in text)


def _clean(text: object) -> str:
    if not isinstance(text, str) or len(text) > 64:
        return ""
    return _SPACES.sub(" ", ascii_digits(without_controls(text))).strip()


def parse_decimal(text: object, reader: Reader) -> Decimal:
    """A number as this reader writes it: "1.234,5" in Romanian, "۱٬۲۳۴٫۵" in Persian.

    Thousands separators are optional, but stand in the right places, so that a decimal point taken from
    another language is refused instead of making the number a thousand times larger.

    :raises Unreadable: anything else; the message shows how to write it
    """
    clean = _clean(text).replace("\u2212", "-")
    groups, points = re.escape(_GROUPS[reader.locale]), re.escape(_POINTS[reader.locale])
    whole = rf"[0-9]{{1,3}}(?:(?P<group>[{groups}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*)?|[0-9]+"
    match = re.fullmatch(rf"(?P<sign>-?) ?(?P<whole>{whole})(?:[{points}](?P<part>[0-9]+))?", clean)
    if match is None:
        example = format_number(_EXAMPLE_NUMBER, reader)
        raise Unreadable(_l("Write the number like this: %(example)s", example=example))
    digits = re.sub(r"[^0-9]", "", match["whole"])
    return check_size(Decimal(f"{match['sign']}{digits}.{match['part'] or '0'}").normalize() + 0)


def parse_date(text: object, reader: Reader) -> date:
    """A day as this reader writes it, short or long; the international form 2026-11-21 always works.

    A year written first tells its calendar by itself to a Jalali reader (1405 or 2026).

    :raises Unreadable: anything else, two-digit years included; the message shows how to write it
    """
    clean = _clean(text)
    parts = _year_first(clean, reader) or _day_first(clean, reader) or _in_words(clean, reader)
    if parts is None:
        raise _unreadable_date(reader)
    year, month, day = parts
    try:
        return _in_reach(_day(year, month, day, reader))
    except (ValueError, OverflowError):
        raise _unreadable_date(reader) from None


def iso_day(text: str) -> date:
    """A day as programs write it: 2026-11-21.

    :raises ValueError: it is none, or lies where nobody does business; TypeError: it is no text
    """
    return _in_reach(date.fromisoformat(text))


def _in_reach(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("a day nobody does business on")
    return day


def storable(text: str) -> bool:
    """Whether a text can be kept at all: no NUL, no half of a character."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _unreadable_date(reader: Reader) -> Unreadable:
    example = format_date(_EXAMPLE_DAY, "short", reader)
    return Unreadable(_l("Write the date like this: %(example)s", example=example))


def _year_first(clean: str, reader: Reader) -> tuple[int, int, int] | None:
    match = _YEAR_FIRST.fullmatch(clean)
    if match:
        return int(match[1]), int(match[3]), int(match[4])
    match = _CHINESE.fullmatch(clean)
    return (int(match[1]), int(match[2]), int(match[3])) if match and reader.locale == "zh_Hans_CN" else None


def _day_first(clean: str, reader: Reader) -> tuple[int, int, int] | None:
    match = _DAY_FIRST.fullmatch(clean)
    if match is None or reader.locale in ("fa", "zh_Hans_CN") or reader.calendar == "jalali":
        return None
    return int(match[4]), int(match[3]), int(match[1])


def _in_words(clean: str, reader: Reader) -> tuple[int, int, int] | None:
    match = _IN_WORDS.fullmatch(clean)
    month = _months(reader.locale).get(match[2].casefold()) if match else None
    if match is None or month is None:
        return None
    number, jalali = month
    if jalali != (int(match[3]) < _FIRST_GREGORIAN_YEAR):
        return None
    return int(match[3]), number, int(match[1])


@lru_cache(maxsize=len(LOCALES))
def _months(locale: str) -> dict[str, tuple[int, bool]]:
    """Month names, long and short, with their number and whether they are Jalali ones."""
    found: dict[str, tuple[int, bool]] = {}
    for context in ("format", "stand-alone"):
        for width in ("abbreviated", "wide"):
            for number, name in get_month_names(width, context, babel_locale(locale)).items():
                found.setdefault(name.rstrip(".").casefold(), (number, False))
    for names in (JALALI_MONTHS, JALALI_MONTHS_LATIN):
        for number, name in enumerate(names, start=1):
            found.setdefault(name.casefold(), (number, True))
    return found


def _day(year: int, month: int, day: int, reader: Reader) -> date:
    if year >= _FIRST_GREGORIAN_YEAR:
        return date(year, month, day)
    if reader.calendar != "jalali":
        raise ValueError("a Gregorian reader does not mean a year before 1700")
    return from_jalali(year, month, day)


def of_this_site(address: str) -> bool:
    """Whether an address leads nowhere else; browsers drop tabs and line breaks from it and read \\ as /."""
    strange = "\\" in address or any(ord(one) < 0x20 for one in address)
    return address.startswith("/") and not address.startswith(("//", "/lang/")) and not strange
