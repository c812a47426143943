"""Tables that people send: xlsx, xls, ods, csv in any usual encoding, pasted rows; as rows of cells.

Workbooks are read in a process of their own, within limits of memory and time (`sheet_reader`), never by running
what is in them.
"""

import codecs
import csv
import io
import json
import logging
import pathlib
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO

from flask_babel import lazy_gettext as _l

from app.core import files_sniff
from app.core.errors import BusinessError

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {SHEET: "xlsx", "application/vnd.oasis.opendocument.spreadsheet": "ods", "application/vnd.ms-excel": "xls",
         "text/csv": "csv", "text/plain": "csv"}  # fmt: skip
ACCEPT = ".xlsx,.xls,.ods,.csv,.txt,.tsv"
PACKED = 20  # so many times its size may a workbook unpack, and 100 MB at any size
_LEAST_UNPACKED = 100 * 1024 * 1024
_PATIENCE = 30  # seconds
_ROOM = threading.BoundedSemaphore(2)  # workbooks read at once by one process: each may take a gigabyte
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_OLE = b"\xd0\xcf\x11\xe0"
_SEPARATORS = (";", "\t", ",", "|")
_SAMPLE, _SAMPLE_LETTERS = 40, 40_000  # lines looked at to find encoding and separator
_COLUMNS = 60
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_USUAL = {  # the encoding programs of a country write when they do not write Unicode
    "en": "cp1252", "ro": "cp1250", "ru": "cp1251", "tr": "cp1254", "fa": "cp1256", "zh_Hans_CN": "gb18030",
}  # fmt: skip
_log = logging.getLogger(__name__)
Known = Callable[[Sequence["Cell"]], int]


class Hole(Enum):
    """A cell without a value of its own."""

    FORMULA = "formula"  # computed by nobody yet
    MERGED = "merged"  # covered by the cell above


Cell = str | Decimal | Hole | None


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet.

    :param first: number of the first row, as people count
    """

    name: str
    first: int
    rows: list[list[Cell]]


class Unreadable(BusinessError):
    """A file is no table we can read; it names the field `file`."""

    def __init__(self, code: str, message: object, **details: object) -> None:
        super().__init__(code, message, **{"field": "file", **details})


def read(name: str, stream: BinaryIO, *, most_bytes: int, most_rows: int, known: Known, locale: str) -> list[Grid]:
    """The sheets of a file, or the one table of a text file.

    :param known: how many headings it recognises in a row; decides between encodings and separators
    :param locale: whose usual encoding is taken where nothing else decides
    :raises Unreadable: 'file_empty', 'file_too_large', 'file_type', 'file_name', 'file_unsafe', 'file_locked',
        'file_damaged'
    """
    kind, content = _checked(name, stream, most_bytes)
    if kind == "csv":
        rows = table(decoded(content, known, locale), known, most_rows)
        if len(rows) > most_rows:
            raise _too_large(most_rows)
        return [Grid("", 1, rows)]
    return _workbook(content, kind, most_rows)


def _checked(name: str, stream: BinaryIO, most_bytes: int) -> tuple[str, bytes]:
    """What kind of table the file is, and its content.

    :raises Unreadable: it is none that we read
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    content = stream.read() if size <= most_bytes else b""
    if content.startswith(_OLE) and _LOCKED in content:
        raise _locked()
    try:
        found = files_sniff.check(name, stream, frozenset({*KINDS, "application/msword"}), most_bytes)
    except BusinessError as error:
        if error.code == "file_type":
            raise _no_table(content) from None
        raise Unreadable(error.code, error.message, **error.details) from None
    if found.media_type not in KINDS:
        raise _no_table(b"")
    return KINDS[found.media_type], content


def _no_table(content: bytes) -> Unreadable:
    if content.startswith(b"PK") and not zipfile.is_zipfile(io.BytesIO(content)):
        return _damaged()
    return Unreadable("file_type", _l("Send a table as XLSX, XLS, ODS or CSV, without macros."))


def _damaged() -> Unreadable:
    return Unreadable("file_damaged", _l("This file is damaged: it cannot be read as a table."))


def _locked() -> Unreadable:
    return Unreadable("file_locked", _l("This file is protected by a password. Save it without one and send it again."))


def _too_large(most_rows: int) -> Unreadable:
    text = _l("This table is too large: at most %(count)s rows are read.", count=most_rows)
    return Unreadable("file_too_large", text, most_rows=most_rows)


# --- workbooks ---------------------------------------------------------------------------------


def _workbook(content: bytes, kind: str, most_rows: int) -> list[Grid]:
    reader = pathlib.Path(__file__).with_name("sheet_reader.py")
    most = max(len(content) * PACKED, _LEAST_UNPACKED)
    command = [sys.executable, "-I", str(reader), kind, str(most_rows), str(most)]
    try:
        with _ROOM:
            done = subprocess.run(command, input=content, capture_output=True, timeout=_PATIENCE, check=False)
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": _fate(done)}
    except subprocess.TimeoutExpired:
        answer = {"error": "too_large"}
    error = answer.get("error")
    if error == "locked":
        raise _locked()
    if error == "too_large":
        raise _too_large(most_rows)
    if error:
        raise _damaged()
    return [Grid(one["name"], one["first"], [[_cell(cell) for cell in row] for row in one["rows"]])
            for one in answer["sheets"]]  # fmt: skip


def _fate(done: subprocess.CompletedProcess[bytes]) -> str:
    """Killed by a limit, or brought down by what it read; the log says what it said last."""
    said = done.stderr[-400:].decode("utf-8", "replace")
    _log.warning("a workbook could not be read, code %s: %s", done.returncode, said)
    return "too_large" if done.returncode < 0 or b"memory" in done.stderr.lower() else "damaged"


def _cell(text: str) -> Cell:
    if text[:1] == "n":
        return Decimal(text[1:])
    if text[:1] == "s":
        return text[1:]
    return {"f": Hole.FORMULA, "m": Hole.MERGED}.get(text)


# --- text --------------------------------------------------------------------------------------


def decoded(content: bytes, known: Known, locale: str) -> str:
    """Bytes as text: by their mark, as UTF-8, else in the encoding in which the headings make sense.

    :raises Unreadable: 'file_damaged'
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding) or _no_text()
    text = _strictly(content, "utf-8")
    if text is not None:
        return text
    best, most = None, -1
    for encoding in dict.fromkeys((_USUAL.get(locale, "cp1252"), *_USUAL.values())):
        text = _strictly(content, encoding)
        found = -1 if text is None else _recognised(text, known)
        if found > most:
            best, most = text, found
    return _no_text() if best is None else best


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _no_text() -> str:
    raise Unreadable("file_damaged", _l("The characters of this file cannot be read. Save it as CSV in UTF-8."))


def _recognised(text: str, known: Known) -> int:
    return max((known(row) for row in table(_beginning(text), known)), default=0)


def _beginning(text: str) -> str:
    return "".join(text[:_SAMPLE_LETTERS].splitlines(keepends=True)[:_SAMPLE])


def table(text: str, known: Known, most_rows: int = 1_000_000) -> list[list[Cell]]:
    """Separated values as rows; the separator is the one that recognises most headings, then splits most rows.

    :param most_rows: reading ends with the row after it
    """
    lines = text.lstrip("\ufeff")
    if lines[:5].lower().startswith("sep=") and len(lines) > 4:
        return _split(lines.partition("\n")[2], lines[4], most_rows)
    sample = _beginning(lines)
    ranked = [(_rank(_split(sample, one, _SAMPLE), known), -at, one) for at, one in enumerate(_SEPARATORS)]
    return _split(lines, max(ranked)[2], most_rows)


def _rank(rows: list[list[Cell]], known: Known) -> tuple[int, int]:
    widths = [len(row) for row in rows if row]
    usual = max(set(widths), key=widths.count, default=0)
    return max((known(row) for row in rows), default=0), sum(width == usual > 1 for width in widths)


def _split(text: str, separator: str, most_rows: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([one.strip()[:2000] or None for one in row[:_COLUMNS]])
            if len(rows) > most_rows:
                break
    except csv.Error:
        raise _damaged() from None
    return rows
