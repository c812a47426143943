"""Letters of running text: every script has its font, every direction its side, nothing is fetched."""

import io

import pytest
from pypdf import PdfReader

from app.core.localized import LOCALES, Reader
from reports.letters import _own_fonts_only, family, to_letter
from reports.tree import Document, Table

SAID = {
    "en": "The parcel arrived on Monday.", "fa": "بسته روز دوشنبه رسید.", "ro": "Coletul a ajuns luni în țară.",
    "ru": "Посылка пришла в понедельник.", "tr": "Paket pazartesi günü ulaştı.", "zh_Hans_CN": "包裹星期一到了。",
}  # fmt: skip


def letter(*texts, locale="en"):
    rows = tuple(("21/11/2026", "Acme Ltd", text) for text in texts)
    table = Table(columns=("Date", "From", "Text"), rows=rows)
    return to_letter(Document(title="Transcript", number="TK-1", tables=(table,)), Reader(locale))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_is_set_in_every_letter(locale, caplog):
    letter(*SAID.values(), locale=locale)
    assert "No font this document has can draw" not in caplog.text


def test_text_can_be_read_out_and_runs_over_pages():
    pages = PdfReader(io.BytesIO(letter(*[f"Paragraph {number}. " + SAID["en"] * 5 for number in range(60)]))).pages
    assert len(pages) > 1
    assert "Paragraph 59." in pages[-1].extract_text()


def test_markup_in_a_message_stays_text():
    text = PdfReader(io.BytesIO(letter('<img src="file:///etc/passwd"> <b>bold</b>'))).pages[0].extract_text()
    assert "<b>bold</b>" in text


@pytest.mark.parametrize("address", ("/etc/passwd", "file:///etc/passwd", "http://localhost/x.ttf", "../core.py"))
def test_nothing_but_our_fonts_is_opened(address):
    with pytest.raises(ValueError):
        _own_fonts_only(address, None)


def test_a_paragraph_takes_the_font_of_its_letters():
    assert [family(SAID[one]) for one in ("en", "fa", "ru", "zh_Hans_CN")] == ["latin", "arabic", "latin", "chinese"]
