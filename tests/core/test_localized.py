"""Figures and dates look as the glossary says (section 1.2) in every language, and read back unchanged."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.localized import (
    LOCALES,
    Reader,
    direction,
    format_date,
    format_datetime,
    format_money,
    format_number,
    format_percent,
    format_quantity,
    html_lang,
    isolate,
    isolate_code,
    jalali_leap,
    local,
    match_locale,
    pick,
    plain_isolate,
    week_begins,
)
from app.core.money import Money, Unreadable
from app.core.quantity import Quantity
from app.core.readable import parse_date, parse_decimal

NBSP = "\u00a0"
DAY = date(2026, 11, 21)
INSTANT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
GLOSSARY = {
    "en": ("1,234,567.89", "£1,234.56", "18%", "21/11/2026", "21 November 2026"),
    "fa": ("۱٬۲۳۴٬۵۶۷٫۸۹", "۱٬۲۳۴٬۵۶۷ ریال", "۱۸٪", "۱۴۰۵/۰۸/۳۰", "۳۰ آبان ۱۴۰۵"),
    "ro": ("1.234.567,89", f"1.234,56{NBSP}RON", f"18{NBSP}%", "21.11.2026", "21 noiembrie 2026"),
    "ru": (
        f"1{NBSP}234{NBSP}567,89",
        f"1{NBSP}234,56{NBSP}₽",
        f"18{NBSP}%",
        "21.11.2026",
        "21 ноября 2026 г.",
    ),
    "tr": ("1.234.567,89", "₺1.234,56", "%18", "21.11.2026", "21 Kasım 2026"),
    "zh_Hans_CN": ("1,234,567.89", "¥1,234.56", "18%", "2026-11-21", "2026年11月21日"),
}
OWN_CURRENCY = {"en": "GBP", "fa": "IRR", "ro": "RON", "ru": "RUB", "tr": "TRY", "zh_Hans_CN": "CNY"}
readers = st.builds(
    Reader,
    st.sampled_from(LOCALES),
    st.sampled_from(["gregorian", "jalali"]),
    st.sampled_from(["latin", "native"]),
)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_example_of_the_glossary(locale):
    reader = Reader(locale)
    amount = Decimal(1234567) if locale == "fa" else Decimal("1234.56")
    assert (
        format_number(Decimal("1234567.89"), reader),
        format_money(Money(amount, OWN_CURRENCY[locale]), reader),
        format_percent(Decimal(18), reader),
        format_date(DAY, "short", reader),
        format_date(DAY, "long", reader),
    ) == GLOSSARY[locale]
    clock = format_datetime(INSTANT, Reader(locale, tz="UTC"))
    assert clock.endswith("۱۴:۳۰" if locale == "fa" else "14:30") and clock.startswith(GLOSSARY[locale][3])
    assert week_begins(reader) == (5 if locale == "fa" else 0)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_digit_is_lost_on_the_way_to_paper(locale):
    reader = Reader(locale, digits="latin")
    assert "18" in format_percent(Decimal("18.5"), reader) and "5" in format_percent(Decimal("18.5"), reader)
    assert "0125" in format_money(Money(Decimal("0.0125"), "EUR"), reader)
    assert "123456" in format_number(Decimal("0.123456"), reader)
    assert "05" in format_money(Money(Decimal("1111.05"), "IRR"), reader)
    assert "\u202f" not in format_date(DAY, "long", reader)


def test_currency_digits_follow_iso():
    english = Reader("en")
    assert format_money(Money(Decimal(5), "JPY"), english) == "JP¥5"
    assert format_money(Money(Decimal(5), "KWD"), english) == f"KWD{NBSP}5.000"
    assert format_money(Money(Decimal("-5"), "GBP"), english) == "-£5.00"
    assert format_number(Decimal("2.345"), english, places=2) == "2.35"
    assert format_number(7, english) == "7"
    with pytest.raises(TypeError):
        format_number(1.5, english)


def test_persian_minus_stands_left_of_its_number():
    persian = Reader("fa")
    assert format_money(Money(Decimal(-1500), "IRR"), persian) == "\u2066−۱٬۵۰۰\u2069 ریال"
    assert format_number(Decimal(-3), persian) == "\u2066−۳\u2069"
    assert format_money(Money(Decimal(3), "EUR"), persian) == "۳٫۰۰ €"


def test_reader_may_choose_digits_and_calendar():
    assert format_date(DAY, "short", Reader("fa", digits="latin")) == "1405/08/30"
    assert format_date(DAY, "long", Reader("fa", calendar="gregorian")) == "۲۱ نوامبر ۲۰۲۶"
    assert format_date(DAY, "long", Reader("en", calendar="jalali")) == "30 Aban 1405"
    assert format_number(Decimal("1234.5"), Reader("fa", digits="latin")) == "1,234.5"
    assert format_percent(Decimal(18), Reader("fa", digits="latin")) == "18%"
    assert format_quantity(Quantity(Decimal("2.50"), "kg"), Reader("ro")) == f"2,5{NBSP}kg"
    for wrong in ({"locale": "de"}, {"calendar": "lunar"}, {"digits": "roman"}):
        with pytest.raises(ValueError):
            Reader(**wrong)


def test_instants_are_shown_on_the_readers_clock():
    late = datetime(2026, 3, 20, 21, 0, tzinfo=UTC)
    assert format_datetime(late, Reader("fa")) == "۱۴۰۵/۰۱/۰۱، ۰۰:۳۰"
    assert local(late, Reader("zh_Hans_CN")).date() == date(2026, 3, 21)
    with pytest.raises(ValueError, match="time zone"):
        format_datetime(datetime(2026, 1, 1), Reader())
    with pytest.raises(TypeError):
        format_date(INSTANT, "short", Reader())


# years whose Esfand had or will have thirty days, by the calendar office in Tehran
LEAP = (1354, 1358, 1362, 1366, 1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1412, 1416, 1420)


def test_jalali_leap_years():
    assert tuple(year for year in range(1354, 1421) if jalali_leap(year)) == LEAP


@pytest.mark.parametrize(
    "gregorian, jalali",
    [
        (date(2021, 3, 20), "1399/12/30"),
        (date(2021, 3, 21), "1400/01/01"),
        (date(2024, 3, 20), "1403/01/01"),
        (date(2025, 3, 20), "1403/12/30"),
        (date(2025, 3, 21), "1404/01/01"),
        (date(2026, 3, 20), "1404/12/29"),
        (date(2026, 3, 21), "1405/01/01"),
        (date(1979, 2, 11), "1357/11/22"),
        (date(2029, 3, 20), "1407/12/30" if jalali_leap(1407) else "1408/01/01"),
        (date(2030, 3, 20), "1408/12/30"),
    ],
)
def test_nowruz_and_the_thirtieth_of_esfand(gregorian, jalali):
    reader = Reader("fa", digits="latin")
    assert format_date(gregorian, "short", reader) == jalali
    assert parse_date(jalali, reader) == gregorian


@given(readers, st.dates(date(1900, 1, 1), date(2300, 1, 1)), st.sampled_from(["short", "long"]))
def test_what_we_write_we_can_read_dates(reader, day, style):
    assert parse_date(format_date(day, style, reader), reader) == day
    assert parse_date(day.isoformat(), reader) == day


@given(readers, st.decimals(-(10**11), 10**11, places=6))
def test_what_we_write_we_can_read_numbers(reader, number):
    assert parse_decimal(format_number(number, reader), reader) == number


@given(readers, st.dates())
def test_every_day_of_the_calendar_has_a_form(reader, day):
    assert format_date(day, "short", reader) and format_date(day, "long", reader)
    instant = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
    assert format_datetime(instant, reader)


@pytest.mark.parametrize(
    "locale, text, expected",
    [
        ("fa", "۱۴۰۵/۸/۳۰", DAY),
        ("fa", "1405-08-30", DAY),
        ("fa", "٣٠ آبان ١٤٠٥", DAY),
        ("fa", "2026-11-21", DAY),
        ("en", "21/11/2026", DAY),
        ("en", " 21 nov 2026 ", DAY),
        ("en", "21.11.2026", DAY),
        ("ro", "21.11.2026", DAY),
        ("ru", "21 ноября 2026\u202fг.", DAY),
        ("tr", "21 Kasım 2026", DAY),
        ("zh_Hans_CN", "2026/11/21", DAY),
        ("zh_Hans_CN", "2026年11月21日", DAY),
        ("fa", "\u200f۱۴۰۵/۰۸/۳۰\u200f", DAY),
    ],
)
def test_dates_people_type(locale, text, expected):
    assert parse_date(text, Reader(locale)) == expected


@pytest.mark.parametrize(
    "locale, text",
    [
        ("en", "11/21/2026"),
        ("en", "1/2/26"),
        ("en", "1405/08/30"),
        ("en", "30/02/2026"),
        ("en", "tomorrow"),
        ("fa", "۱۴۰۴/۱۲/۳۰"),
        ("fa", "1405/13/01"),
        ("fa", "30/08/1405"),
        ("zh_Hans_CN", "21/11/2026"),
        ("en", ""),
        ("en", None),
        ("en", "9" * 500),
        ("en", "21/11-2026"),
        ("en", "0000-01-01"),
        ("en", 20261121),
    ],
)
def test_dates_with_two_meanings_or_none_are_refused_with_an_example(locale, text):
    with pytest.raises(Unreadable) as refusal:
        parse_date(text, Reader(locale))
    assert GLOSSARY[locale][3] in str(refusal.value)


@pytest.mark.parametrize(
    "locale, text, expected",
    [
        ("en", "1,234.5", "1234.5"),
        ("en", "1234.5", "1234.5"),
        ("ro", "1.234,5", "1234.5"),
        ("tr", "1234,5", "1234.5"),
        ("ru", "1 234,5", "1234.5"),
        ("ru", f"1{NBSP}234,5", "1234.5"),
        ("fa", "۱٬۲۳۴٫۵", "1234.5"),
        ("fa", "١٬٢٣٤٫٥", "1234.5"),
        ("fa", "1,234.5", "1234.5"),
        ("fa", "−۵", "-5"),
        ("en", "-5", "-5"),
        ("fa", "\u2066−۵\u2069", "-5"),
        ("ro", "1.234", "1234"),
        ("en", "007", "7"),
    ],
)
def test_numbers_people_type(locale, text, expected):
    assert parse_decimal(text, Reader(locale)) == Decimal(expected)


@pytest.mark.parametrize(
    "locale, text",
    [
        ("ro", "1234.56"),
        ("tr", "12.5"),
        ("en", "12,5"),
        ("en", "1,23,456"),
        ("ru", "1,234,567"),
        ("fa", "1,5"),
        ("en", "1e3"),
        ("en", "NaN"),
        ("en", ""),
        ("en", "1.2.3"),
        ("en", None),
        ("en", "1234567890123456789"),
        ("en", "1 234"),
        ("en", "½"),
        ("en", "-"),
        ("en", "0.1234567"),
        ("en", 5),
    ],
)
def test_numbers_of_another_language_are_refused_instead_of_guessed(locale, text):
    with pytest.raises(Unreadable):
        parse_decimal(text, Reader(locale))


@pytest.mark.parametrize(
    "wish, locale",
    [
        ("fa-IR", "fa"),
        ("fa", "fa"),
        ("prs-AF", "fa"),
        ("zh", "zh_Hans_CN"),
        ("zh-CN", "zh_Hans_CN"),
        ("zh-Hant-TW", "zh_Hans_CN"),
        ("zh_Hans_CN", "zh_Hans_CN"),
        ("en-US", "en"),
        ("ro-MD", "ro"),
        ("RU", "ru"),
        ("de-DE,de;q=0.9,tr;q=0.4,en;q=0.3", "tr"),
        ("en;q=0.1, ro;q=0.8", "ro"),
        ("de", "en"),
        ("*", "en"),
        ("fa;q=0, ru", "ru"),
        ("fa;q=0", "en"),
        ("", "en"),
        (None, "en"),
        (";;;,,,q=", "en"),
        ("x" * 10000, "en"),
        ("fa;q=abc", "en"),
        ("<script>", "en"),
    ],
)
def test_every_wish_finds_a_language(wish, locale):
    assert match_locale(wish) == locale


@given(st.text())
def test_no_header_breaks_the_choice_of_language(wish):
    assert match_locale(wish) in LOCALES


def test_language_and_direction_of_a_page():
    assert html_lang("zh_Hans_CN") == "zh-Hans-CN" and html_lang("fa") == "fa"
    assert [direction(locale) for locale in LOCALES] == ["ltr", "rtl", "ltr", "ltr", "ltr", "ltr"]


def test_names_fall_back_to_what_is_filled():
    assert pick({"en": "Box", "fa": "جعبه"}, "fa") == "جعبه"
    assert pick({"en": "Box", "fa": ""}, "fa") == "Box"
    assert pick({"tr": "Kutu"}, "fa") == "Kutu"
    assert pick({"ru": "Коробка", "en": "Box"}, "tr", ("ru", "en")) == "Коробка"
    assert pick({"xx": "?"}, "fa") == "?" and pick({}, "fa") == "" == pick(None, "fa")


def test_codes_keep_their_direction_and_never_turn_their_surroundings():
    assert isolate("<b>\u202e") == "<bdi>&lt;b&gt;</bdi>"
    assert isolate_code("SKU-1") == '<bdi dir="ltr">SKU-1</bdi>'
    assert plain_isolate("SKU-1", Reader("fa"), code=True) == "\u2066SKU-1\u2069"
    assert plain_isolate("a\u2069b", Reader("fa")) == "\u2068ab\u2069"
    assert plain_isolate("SKU-1", Reader("en"), code=True) == "SKU-1"
