"""A document as one HTML file that stands alone: printable, and nothing in it is loaded from elsewhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.core.localized import Reader, direction, html_lang, isolate, isolate_code
from reports.pictures import for_html
from reports.tree import Document, Text, columns_of, figure_side, text_of

MEDIA_TYPE = "text/html; charset=utf-8"

_jinja = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _markup(text: Text) -> Markup:
    """A cell in HTML: codes and foreign words keep their direction and turn nothing around them."""
    if not text.text:
        return Markup()
    if text.kind == "code":
        return isolate_code(text.text)
    lines = [isolate(line) if text.kind == "text" else escape(line) for line in text.text.split("\n")]
    return Markup("<br>").join(lines)


def to_html(document: Document, reader: Reader) -> bytes:
    """Draw the document for a browser."""
    page = _jinja.get_template("document.html").render(
        document=document,
        tables=[(table, columns_of(table, reader)) for table in document.tables],
        cell=lambda value, bare=False: _markup(text_of(value, reader, bare)),
        code=isolate_code,
        name=isolate,
        figure_side=figure_side(reader),
        logo=for_html(document.logo),
        lang=html_lang(reader.locale),
        dir=direction(reader.locale),
    )
    return page.encode()
