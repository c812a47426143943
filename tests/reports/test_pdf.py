"""Every page can be read in every language, and nothing on it is cut."""

import io
import threading
import time
import unicodedata
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from app.core.localized import LOCALES, Reader
from reports.core import Code, Document, Table, draw
from reports.typeface import Typeface, in_visual_order, joined
from tests.reports.documents import FOREIGN, HEADS, WORDS, order


def pages_of(document, locale):
    _name, media_type, content = draw("order_confirmation", document, "pdf", Reader(locale))
    assert media_type == "application/pdf"
    return PdfReader(io.BytesIO(content)).pages


def letters(text):
    """The letters of a text in any order of words, joined Persian forms taken apart."""
    return sorted(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_letter_of_a_document_is_on_its_page(locale):
    document = order(locale, 3)
    (page,) = pages_of(document, locale)
    printed = letters(page.extract_text())
    for text in (*WORDS[locale][:5], *HEADS[locale], "SO2026000123", "VATTR1234567890", FOREIGN[0]):
        for letter in letters(text):
            assert letter in printed, (text, letter)
    assert printed.count("S") >= 3


@pytest.mark.parametrize("locale", ["en", "ro", "ru", "tr", "zh_Hans_CN"])
def test_left_to_right_pages_read_in_order(locale):
    text = pages_of(order(locale, 3), locale)[0].extract_text()
    for part in (WORDS[locale][0], "SO-2026-000123", "SKU-00002/A", HEADS[locale][1]):
        assert part in text


def test_persian_pages_have_jalali_days_persian_digits_and_codes_from_left_to_right():
    text = unicodedata.normalize("NFKC", pages_of(order("fa", 4), "fa")[0].extract_text())
    assert "۱۴۰۵/۰۸/۳۰" in text and "SKU-00003/A" in text and "(PO-77/(B" not in text and "PO-77/(B)" in text
    assert "−۱٬۲۵۰٬۰۰۰" in text and "۱۸٫۵٪" in text
    assert "سفارش" in text or "شرافس" in text


@pytest.mark.parametrize("locale", LOCALES)
def test_long_tables_repeat_their_head_and_keep_the_totals_together(locale):
    pages = pages_of(order(locale, 400), locale)
    texts = [letters(page.extract_text()) for page in pages]
    assert 8 < len(pages) < 16
    for page in texts:
        assert all(letter in page for letter in letters(HEADS[locale][3]))
    codes = sorted(code for page in pages for code in page.extract_text().split() if code.startswith("SKU-"))
    assert len({code[:9] for code in codes}) == 400


def test_totals_never_stand_alone_on_a_page():
    for lines in range(14, 45):
        last = pages_of(order("en", lines), "en")[-1].extract_text()
        assert "Total" not in last or "SKU-" in last, lines


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_drawn_outside_the_margins(locale):
    long = f"{WORDS[locale][4]} " * 60
    heads = HEADS[locale]
    wide = Table(heads * 2, [order(locale, 4).tables[0].rows[3] * 2] * 3, title=long[:90])
    tall = Table(heads[:3], [(Code("A" * 90), long * 12, Decimal("-2.5")), ("x\ny", "", None), (None, "", None)])
    document = replace(
        order(locale, 2),
        tables=(wide, tall, Table(heads, ())),
        notes=(long * 9, "x" * 400),
        footer=long,
        marks=(long[:12],),
    )
    for page in pages_of(document, locale):
        spots = []
        page.extract_text(visitor_text=lambda text, cm, tm, *rest: spots.append((text, tm[4], tm[5])))  # noqa: B023
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        for text, x, y in spots:
            if text.strip():
                assert 40 <= x <= width - 40 and 10 <= y <= height - 25, (text, x, y)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400), st.sampled_from(LOCALES), st.floats(12, 300))
def test_broken_lines_fit_and_lose_no_letter(text, locale, room):
    face = Typeface(locale)
    lines = face.lines(text, 8, room, None)
    for line in lines:
        assert line.width <= room + 0.1 or len("".join(run.text for run in line.runs)) == 1
    drawn = sorted(letter for line in lines for run in line.runs for letter in run.text if letter.isalnum())
    assert drawn == sorted(letter for letter in joined(text) if letter.isalnum())


@pytest.mark.parametrize(
    "logical, base, visual",
    [
        ("متن (XL) متن", "R", "نتم (XL) نتم"),
        ("PO-77 (متن)", "L", "PO-77 (نتم)"),
        ("متن (متن)", "R", "(نتم) نتم"),
        ("«متن»", "R", "«نتم»"),
        ("\u2066−۱٬۵۰۰\u2069 متن", "R", "نتم −۱٬۵۰۰"),
        ("۱۴۰۵/۰۸/۳۰، ۱۸:۰۰", "R", "۱۸:۰۰ ،۱۴۰۵/۰۸/۳۰"),
        ("a (b) [c]", "L", "a (b) [c]"),
    ],
)
def test_brackets_and_numbers_stand_right_between_two_directions(logical, base, visual):
    assert in_visual_order(logical, base) == visual


def test_the_same_document_gives_the_same_bytes():
    first, second = (draw("x", order("fa", 5), "pdf", Reader("fa"))[2] for _ in range(2))
    assert first == second


def test_pages_say_which_language_they_are_in():
    content = draw("x", order("fa", 1), "pdf", Reader("fa"))[2]
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/Lang"] == "fa" and root["/ViewerPreferences"]["/Direction"] == "/R2L"
    assert PdfReader(io.BytesIO(content)).metadata.title == "تأیید سفارش SO-2026-000123"


def test_a_broken_logo_does_not_stop_the_paper():
    for logo in (b"", b"\x89PNG broken", b"<svg/>"):
        assert draw("x", replace(order("en", 1), logo=logo), "pdf", Reader("en"))[2].startswith(b"%PDF")


def test_eight_threads_draw_what_one_draws():
    wanted = {locale: draw("x", order(locale, 12), "pdf", Reader(locale))[2] for locale in LOCALES}
    wrong = []

    def work(locale):
        for _ in range(4):
            if draw("x", order(locale, 12), "pdf", Reader(locale))[2] != wanted[locale]:
                wrong.append(locale)

    threads = [threading.Thread(target=work, args=(locale,)) for locale in (*LOCALES, "fa", "en")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_order_of_ten_lines_is_quick():
    document = order("en", 10)
    draw("x", document, "pdf", Reader("en"))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        draw("x", document, "pdf", Reader("en"))
        times.append(time.perf_counter() - start)
    assert min(times) < 0.15  # 0.02 s on two idle cores


def test_an_empty_document_is_a_page():
    (page,) = pages_of(Document(title="", number=""), "en")
    assert page.extract_text().strip() == "Page 1 of 1"
