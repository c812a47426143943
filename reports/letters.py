"""Letters: documents of running text, such as the transcript of a conversation, set by xhtml2pdf.

Forms with tables and totals are drawn by our own layout (reports/pdf.py); here paragraphs of any length
flow over pages, which is what xhtml2pdf is good at. It opens no address but our own fonts.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from xhtml2pdf import pisa

from app.core.localized import Reader, direction, html_lang
from reports.tree import Cell, Document, text_of

FONTS = Path(__file__).parent / "fonts"
ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_jinja = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def to_letter(document: Document, reader: Reader) -> bytes:
    """Draw a document whose first table is read as text: the last column as paragraphs, the others as their heading.

    :raises ValueError: xhtml2pdf could not set it
    """
    page = _jinja.get_template("letter.html").render(
        document=document,
        facts=[(label, text_of(value, reader).text) for label, value in document.facts],
        parts=[_part(row, reader) for row in document.tables[0].rows],
        family=family,
        lang=html_lang(reader.locale),
        dir=direction(reader.locale),
    )
    out = io.BytesIO()
    result = pisa.CreatePDF(page, dest=out, encoding="utf-8", link_callback=_own_fonts_only)
    if result.err:
        raise ValueError("the letter could not be set")
    return out.getvalue()


def family(text: str) -> str:
    """The class of the font that has a paragraph's letters, whatever language the letter is in."""
    if ARABIC.search(text):
        return "arabic"
    return "chinese" if CHINESE.search(text) else "latin"


def _part(row: Sequence[Cell], reader: Reader) -> tuple[str, list[str]]:
    said = [text_of(cell, reader).text for cell in row]
    return " · ".join(part for part in said[:-1] if part), [line for line in said[-1].split("\n") if line.strip()]


def _own_fonts_only(address: str, _relative: str | None) -> str:
    name = Path(address).name
    if address != name or not (FONTS / name).is_file():
        raise ValueError("a letter opens nothing but our own fonts")
    return str(FONTS / name)
