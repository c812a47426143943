"""Reports: from a record to a tree of values, and from any tree to HTML, PDF, XLSX or CSV."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale

from app.core import state_words
from app.core.localized import Reader
from app.rules import wording
from reports.html import MEDIA_TYPE as HTML
from reports.html import to_html
from reports.letters import to_letter
from reports.pdf import MEDIA_TYPE as PDF
from reports.pdf import to_pdf
from reports.sheet import CSV, XLSX, stream_csv, stream_xlsx, to_csv, to_xlsx
from reports.tree import Cell, Code, Document, Many, Party, Percent, Said, Seller, Table

Renderer = Callable[[Document, Reader], bytes]

RENDERERS: dict[str, tuple[str, Renderer]] = {
    "html": (HTML, to_html),
    "pdf": (PDF, to_pdf),
    "xlsx": (XLSX, to_xlsx),
    "csv": (CSV, to_csv),
}
FORMATS = tuple(RENDERERS)


@dataclass(frozen=True, slots=True)
class Report:
    """A kind of document: how its tree is built, and in whose language it is issued."""

    name: str
    title: Any  # lazy text
    build: Callable[[Any], Document]
    locale_of: Callable[[Any], str]
    noun: str
    letter: bool = False  # running text: its PDF is set by xhtml2pdf


REPORTS: dict[str, Report] = {}


def report(
    name: str, *, title: Any, locale_of: Callable[[Any], str], noun: str = "", letter: bool = False
) -> Callable[[Callable[[Any], Document]], Callable[[Any], Document]]:
    """Register `build(record) -> Document` under a name; screens, REST and mail find it there.

    :param locale_of: (record) -> the language in which the document is issued
    :param noun: the plural noun whose records it prints ('orders')
    :param letter: its first table is running text
    """

    def declare(build: Callable[[Any], Document]) -> Callable[[Any], Document]:
        if name in REPORTS:
            raise ValueError(f"two reports are called {name}")
        REPORTS[name] = Report(name, title, build, locale_of, noun, letter)
        return build

    return declare


def reports_of(noun: str) -> list[Report]:
    """The reports that print records of a noun."""
    return [found for found in REPORTS.values() if found.noun == noun]


def build(name: str, record: Any, reader: Reader | None = None) -> Document:
    """The tree of one report, its words in the reader's language, else in the language it is issued in."""
    found = REPORTS[name]
    said_in = (reader or Reader(found.locale_of(record))).locale
    with force_locale(said_in), state_words.spoken_to(wording.portal_of(record)):
        return found.build(record)


def render(name: str, record: Any, format_: str, reader: Reader | None = None) -> tuple[str, str, bytes]:
    """Build and draw one report.

    :param format_: 'html', 'pdf', 'xlsx' or 'csv'
    :param reader: for whom; by default somebody who reads the language it is issued in
    :returns: (file name, media type, bytes)
    :raises KeyError: unknown report or format
    """
    reader = reader or Reader(REPORTS[name].locale_of(record))
    with state_words.spoken_to(wording.portal_of(record)):
        return draw(name, build(name, record, reader), format_, reader)


def draw(name: str, document: Document, format_: str, reader: Reader) -> tuple[str, str, bytes]:
    """Draw a tree that is already there (a frozen one, or one with marks added)."""
    media_type, renderer = RENDERERS[format_]
    if format_ == "pdf" and name in REPORTS and REPORTS[name].letter:
        renderer = to_letter
    with force_locale(reader.locale):
        return file_name(name, document.number, format_), media_type, renderer(document, reader)


def file_name(name: str, number: str, format_: str) -> str:
    """order_confirmation-SO-2026-000123.pdf: letters that every file system and mail program takes."""
    plain = unicodedata.normalize("NFKD", str(number)).encode("ascii", "ignore").decode()
    clean = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-.")[:80]
    return f"{name}-{clean}.{format_}" if clean else f"{name}.{format_}"


__all__ = [
    "FORMATS",
    "RENDERERS",
    "REPORTS",
    "Cell",
    "Code",
    "Document",
    "Many",
    "Party",
    "Percent",
    "Report",
    "Said",
    "Seller",
    "Table",
    "build",
    "draw",
    "file_name",
    "render",
    "report",
    "reports_of",
    "stream_csv",
    "stream_xlsx",
]
