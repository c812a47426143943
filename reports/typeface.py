"""Letters of a PDF: which font has them, how wide they are, where a line ends, and in which order they stand.

Persian letters are joined and lines put into visual order here, because a PDF knows neither. Every document
has one font for its language; a letter that it lacks comes from the next one, so that a Russian product name
in a Persian order is printed and not left out.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from arabic_reshaper import ArabicReshaper
from bidi import get_display
from reportlab.pdfbase.pdfmetrics import getFont, registerFont
from reportlab.pdfbase.ttfonts import TTFont

from app.core.localized import BIDI_CONTROLS

FONTS = Path(__file__).parent / "fonts"
_FIRST = {"fa": "Vazirmatn", "zh_Hans_CN": "NotoSansSC"}
_ALL = ("NotoSans", "Vazirmatn", "NotoSansSC")
_NO_BOLD = {"NotoSansSC"}  # three megabytes more; its headings stand out by size, an outline would smear

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_INVISIBLE = re.compile(f"[{BIDI_CONTROLS}\u200b-\u200d\u2060\ufeff\ufe0e\ufe0f]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CLOSING = "，。；：！？）】》、”’」』,.;:!?)]}%"
_OPENING = "（【《“‘「『([{"
_PIECE = re.compile(
    f"[{re.escape(_OPENING)}]*[{_WIDE}][{re.escape(_CLOSING)}]*"  # one Chinese letter, brackets stay with it
    "|[^\\S\u00a0\u202f]+"  # spaces, except those that do not break
    f"|(?:[^\\s{_WIDE}]|[\u00a0\u202f])+"  # a word
)
_MIRROR = {
    a: b
    for pair in (
        "()",
        "[]",
        "{}",
        "<>",
        "«»",
        "‹›",
        "≤≥",
        "（）",
        "【】",
        "《》",
        "〈〉",
        "「」",
        "『』",
        "［］",
    )
    for a, b in (pair, pair[::-1])
}
_MARK = "\u034f"  # a combining mark without a shape
_MIRRORED = re.compile(f"[{re.escape(''.join(_MIRROR))}]")
_TURNED = re.compile(f"{_MARK}(?P<turned>{_MIRRORED.pattern})|(?P<plain>{_MIRRORED.pattern}){_MARK}")
_reshaper = ArabicReshaper({"delete_harakat": False, "delete_tatweel": False, "support_zwj": True})


class Run(NamedTuple):
    """Letters of one font."""

    text: str
    font: str


class Line(NamedTuple):
    """One line ready to be drawn, from left to right."""

    runs: tuple[Run, ...]
    width: float
    logical: str  # in reading order
    turned: bool  # whether that differs from the drawn order


class _Letters(dict[str, tuple[str, float]]):
    """Font and width (at size 1) of every letter, looked up once."""

    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__()
        self.chain = chain
        self.widths: dict[str, float] = _Widths(self)

    def __missing__(self, letter: str) -> tuple[str, float]:
        for name in self.chain:
            face = getFont(name).face
            if ord(letter) in face.charToGlyph:
                self[letter] = (name, face.charWidths[ord(letter)] / 1000)
                return self[letter]
        face = getFont(self.chain[0]).face
        self[letter] = (self.chain[0], face.defaultWidth / 1000)
        return self[letter]


class _Widths(dict[str, float]):
    def __init__(self, letters: "_Letters") -> None:
        super().__init__()
        self.letters = letters

    def __missing__(self, letter: str) -> float:
        self[letter] = self.letters[letter][1]
        return self[letter]


@lru_cache
def _register() -> None:
    for name in _ALL:
        registerFont(TTFont(name, FONTS / f"{name}-Regular.ttf", shapable=False))
        if name not in _NO_BOLD:
            registerFont(TTFont(f"{name}-Bold", FONTS / f"{name}-Bold.ttf", shapable=False))


def _letters(locale: str, bold: bool) -> _Letters:
    return _letters_of(_FIRST.get(locale, "NotoSans"), bold)


@lru_cache
def _letters_of(first: str, bold: bool) -> _Letters:
    _register()
    families = (first, *(name for name in _ALL if name != first))
    return _Letters(tuple(f"{name}-Bold" if bold and name not in _NO_BOLD else name for name in families))


class Typeface:
    """How the texts of one language are set, in one weight."""

    def __init__(self, locale: str, bold: bool = False) -> None:
        self.locale, self.bold = locale, bold
        self._known = _letters(locale, bold)

    def width(self, shaped: str, size: float) -> float:
        """Width of joined letters, in points."""
        widths = self._known.widths
        return sum([widths[letter] for letter in shaped]) * size

    def natural(self, text: str, size: float) -> float:
        """Width of the text when it is not broken."""
        return max((self.width(_bare(joined(line)), size) for line in text.split("\n")), default=0.0)

    def narrowest(self, text: str, size: float) -> float:
        """Width of its longest word: in a narrower column words are cut."""
        words = _PIECE.findall(_bare(joined(text)))
        return max((self.width(word, size) for word in words), default=0.0)

    def lines(self, text: str, size: float, room: float, base: str | None) -> list[Line]:
        """The text in lines no wider than `room`.

        :param base: 'R' or 'L' where the direction is known, None to take it from the first letter
        """
        result = []
        for paragraph in text.split("\n"):
            shaped = joined(paragraph)
            direction = base or first_direction(paragraph)
            for part in self._broken(shaped, size, room):
                result.append(self._line(part, size, direction))
        return result

    def _broken(self, shaped: str, size: float, room: float) -> list[str]:
        if self.width(_bare(shaped), size) <= room:
            return [shaped]
        lines, current, used = [], "", 0.0
        for piece in _PIECE.findall(shaped):
            width = self.width(_bare(piece), size)
            if used + width > room + 0.01 and current.strip():
                lines.append(current.strip())
                current, used = "", 0.0
            if piece.isspace() and not current:
                continue
            while width > room + 0.01 and len(piece) > 1:
                head = self._fitting(piece, size, room)
                lines.append(piece[:head])
                piece = piece[head:]
                width = self.width(_bare(piece), size)
            current, used = current + piece, used + width
        return [*lines, current.strip()] if current.strip() or not lines else lines

    def _fitting(self, word: str, size: float, room: float) -> int:
        used = 0.0
        for count, letter in enumerate(word):
            used += self._known.widths[letter] * size
            if used > room and count:
                return count
        return len(word)

    def _line(self, part: str, size: float, direction: str) -> Line:
        turned = bool(direction == "R" or _RTL.search(part))
        visual = in_visual_order(part, direction) if turned else _bare(part)
        runs: list[Run] = []
        start = 0
        known = self._known
        for at in range(1, len(visual) + 1):
            if at == len(visual) or known[visual[at]][0] != known[visual[start]][0]:
                font = known[visual[start]][0] if visual else known.chain[0]
                runs.append(Run(visual[start:at], font))
                start = at
        return Line(tuple(runs), self.width(visual, size), _bare(part), turned)


@lru_cache(maxsize=8192)
def joined(text: str) -> str:
    """The text with its Persian letters joined, in reading order, without control characters."""
    clean = _CONTROL.sub(" ", unicodedata.normalize("NFC", text)).replace("\u202f", "\u00a0")
    return str(_reshaper.reshape(clean)) if _ARABIC.search(clean) else clean


def first_direction(text: str) -> str:
    """'R' or 'L' after the first letter that has a direction, as browsers do it for isolated text."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return "R"
        if kind == "L":
            return "L"
    return "L"


def in_visual_order(line: str, base: str) -> str:
    """A line of joined letters as it stands on paper, from left to right, with brackets facing the right way.

    The library puts letters in order but leaves mirrored ones as they are, so every bracket takes along a
    combining mark, which always shares its direction: a mark that ends up before its bracket tells that the
    bracket turned.
    """
    marked = _MIRRORED.sub(rf"\g<0>{_MARK}", line.replace(_MARK, ""))
    ordered = get_display(marked, base_dir=base)
    return _bare(_TURNED.sub(_turn, ordered))


def _turn(match: re.Match[str]) -> str:
    return match["plain"] or _MIRROR[match["turned"]]


def _bare(text: str) -> str:
    return _INVISIBLE.sub("", text)
