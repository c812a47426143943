"""Pages of a PDF: what is drawn where, collected first, because a page says how many there are.

Positions count from the start side and from the top; a page in a right-to-left language is the mirror image.
"""

import io
import threading
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from flask_babel import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.core.localized import Reader, format_number, html_lang
from reports.tree import Document, Text
from reports.typeface import Line, Typeface

INK, MUTED, RULE, SHADE, ACCENT, GHOST = (
    HexColor(colour) for colour in ("#1b2433", "#5b6679", "#d9dee7", "#f3f5f9", "#1d4ed8", "#eef0f4")
)
PORTRAIT, LANDSCAPE = (595.28, 841.89), (841.89, 595.28)
MARGIN, TOP = 45.0, 42.0
LEADING = 1.42

# A font is parsed through one shared reading position, so two threads must not embed it at the same time.
_EMBEDDING = threading.Lock()


class Block(NamedTuple):
    """Text broken into lines, ready to be placed."""

    lines: tuple[Line, ...]
    size: float
    colour: HexColor

    @property
    def width(self) -> float:
        """Width of the longest line."""
        return max((line.width for line in self.lines), default=0.0)

    @property
    def height(self) -> float:
        """Height of all lines."""
        return len(self.lines) * self.size * LEADING


class Paper:
    """Pages of one size in one language, filled from the top."""

    def __init__(self, document: Document, reader: Reader, size: tuple[float, float]) -> None:
        self.document, self.reader = document, reader
        self.width, self.height = size
        self.regular, self.bold = Typeface(reader.locale), Typeface(reader.locale, bold=True)
        self.pages: list[list[Callable[[Canvas], None]]] = []
        legal = document.footer or (document.seller.legal if document.seller else "")
        self.legal = self.block(Text(legal, "said"), 7, self.inner - 90, colour=MUTED)
        self.bottom = self.height - 34 - max(self.legal.height, 7 * LEADING)
        self.y = TOP
        self.turn()

    @property
    def inner(self) -> float:
        """Width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def room(self) -> float:
        """Height that is left on this page."""
        return self.bottom - self.y

    @property
    def body(self) -> float:
        """Height of an empty page after the first."""
        return self.bottom - TOP - 26

    def turn(self) -> None:
        """Begin a new page; from the second on it repeats what document this is."""
        self._page: list[Callable[[Canvas], None]] = []
        self.pages.append(self._page)
        self.y = TOP
        if self.document.watermark:
            self._watermark()
        if len(self.pages) > 1:
            head = f"{self.document.title} \u2068{self.document.number}\u2069"
            self.place(self.block(Text(head, "said"), 8, self.inner * 0.7, colour=MUTED), MARGIN, TOP - 8)
            self.rule(TOP + 8)
            self.y = TOP + 20

    def ensure(self, height: float) -> bool:
        """Turn the page unless this much room is left; whether it was turned."""
        if height <= self.room:
            return False
        self.turn()
        return True

    def block(
        self, text: Text, size: float, room: float, bold: bool = False, colour: HexColor = INK
    ) -> Block:
        """The text in lines of at most `room`; a code runs left to right, foreign words their own way."""
        if not text.text:
            return Block((), size, colour)
        base = {"code": "L", "text": None}.get(text.kind, "R" if self.reader.rtl else "L")
        face = self.bold if bold else self.regular
        return Block(tuple(face.lines(text.text, size, room, base)), size, colour)

    def place(self, block: Block, x: float, top: float, room: float = 0.0, align: str = "start") -> None:
        """Put a block at `x` from the start side; `align` moves each line within `room`."""
        baseline = self.height - top - block.size * 1.08
        for line in block.lines:
            gap = {"end": room - line.width, "center": (room - line.width) / 2}.get(align, 0.0)
            self._later(_text(line, self.left(x + gap, line.width), baseline, block.size, block.colour))
            baseline -= block.size * LEADING

    def left(self, start: float, width: float) -> float:
        """Where something begins on the left, given its distance from the start side."""
        return self.width - start - width if self.reader.rtl else start

    def rule(self, top: float, x: float = MARGIN, width: float = 0.0, colour: HexColor = RULE) -> None:
        """A thin line."""
        left, y, wide = self.left(x, width or self.inner), self.height - top, width or self.inner

        def draw(canvas: Canvas) -> None:
            canvas.setStrokeColor(colour)
            canvas.setLineWidth(0.6)
            canvas.line(left, y, left + wide, y)

        self._later(draw)

    def box(
        self, x: float, top: float, width: float, height: float, colour: HexColor, frame: bool = False
    ) -> None:
        """A filled area, or only its rounded frame."""
        left, y = self.left(x, width), self.height - top - height

        def draw(canvas: Canvas) -> None:
            canvas.setLineWidth(0.8)
            (canvas.setStrokeColor if frame else canvas.setFillColor)(colour)
            canvas.roundRect(left, y, width, height, 3, stroke=int(frame), fill=int(not frame))

        self._later(draw)

    def picture(self, image: ImageReader, x: float, top: float, width: float, height: float) -> None:
        """A picture of that size."""
        left, y = self.left(x, width), self.height - top - height
        self._later(lambda canvas: canvas.drawImage(image, left, y, width, height, mask="auto"))

    def _later(self, draw: Callable[[Canvas], None]) -> None:
        self._page.append(draw)

    def _watermark(self) -> None:
        text, size = Text(self.document.watermark, "said"), 84.0
        while size > 20 and self.bold.natural(text.text, size) > self.width * 0.85:
            size -= 4
        block = self.block(text, size, self.width * 2, bold=True, colour=GHOST)
        line, middle = block.lines[0], (self.width / 2, self.height / 2)

        def draw(canvas: Canvas) -> None:
            canvas.saveState()
            canvas.translate(*middle)
            canvas.rotate(35)
            _text(line, -line.width / 2, -size / 3, size, GHOST)(canvas)
            canvas.restoreState()

        self._later(draw)

    def _foot(self, number: int) -> None:
        page, pages = (format_number(count, self.reader) for count in (number, len(self.pages)))
        text = Text(_("Page %(page)s of %(pages)s", page=page, pages=pages), "said")
        top = self.bottom + 12
        self.rule(top - 5)
        self.place(self.legal, MARGIN, top)
        self.place(self.block(text, 7, 88, colour=MUTED), MARGIN + self.inner - 88, top, 88, "end")

    def pdf(self) -> bytes:
        """The finished file; the same document always gives the same bytes."""
        for number, page in enumerate(self.pages, start=1):
            self._page = page
            self._foot(number)
        out = io.BytesIO()
        with _EMBEDDING:
            canvas = Canvas(
                out,
                pagesize=(self.width, self.height),
                pageCompression=1,
                invariant=1,
                lang=html_lang(self.reader.locale),
            )
            canvas.setTitle(f"{self.document.title} {self.document.number}".strip())
            canvas.setAuthor(self.document.seller.name if self.document.seller else "")
            canvas.setCreator("Serai")
            if self.reader.rtl:
                canvas.setViewerPreference("Direction", "R2L")
            for page in self.pages:
                for draw in page:
                    draw(canvas)
                canvas.showPage()
            canvas.save()
        return out.getvalue()


def _text(
    line: Line, left: float, baseline: float, size: float, colour: HexColor
) -> Callable[[Canvas], None]:
    """Draw one line; a turned one also says what it reads like, for search and screen readers."""

    def draw(canvas: Canvas) -> None:
        if line.turned:
            spoken = unicodedata.normalize("NFKC", line.logical).encode("utf-16-be").hex()
            canvas._code.append(f"/Span <</ActualText <feff{spoken}>>> BDC")
        text = canvas.beginText(left, baseline)
        text.setFillColor(colour)
        for run in line.runs:
            text.setFont(run.font, size)
            text.textOut(run.text)
        canvas.drawText(text)
        if line.turned:
            canvas._code.append("EMC")

    return draw
