"""Reads one spreadsheet in a process of its own: `python sheet_reader.py KIND MOST_ROWS MOST_BYTES < file`.

A small file can unpack into gigabytes, name a cell in the last row of the sheet or bring a parser down. Here it
meets a limit of memory and of time, and whoever asked for it goes on. Imports nothing of ours.

Written is one JSON object: `{"error": code}`, or `{"sheets": [{"name", "first", "rows"}]}` with cells as text:
"" empty, "s" text, "n" number, "f" a formula without a stored result, "m" covered by a merged cell.
"""

import contextlib
import io
import json
import math
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MEMORY, SECONDS = 1024 * 1024 * 1024, 20
SHEETS, COLUMNS = 20, 60
_PIECE = 1024 * 1024
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_OPEN_FORMULA = re.compile(
    rb"<c\b([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>", re.DOTALL
)
_TEXT = re.compile(rb'\bt="str"')
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
Place = tuple[int, int]


class Refused(Exception):
    """The file is not read; the text is the code of the reason."""


def read(content: bytes, kind: str, most_rows: int, most_bytes: int) -> list[dict[str, Any]]:
    """The visible sheets of a workbook.

    :raises Refused: 'damaged', 'locked', 'too_large'
    """
    archive = _archive(content, most_bytes) if kind in ("xlsx", "ods") else None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [
            (at, one.name) for at, one in enumerate(book.sheets_metadata)
            if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
        ]  # fmt: skip
        return [_sheet(book, at, name, most_rows, _holes(archive, kind, name)) for at, name in shown[:SHEETS]]
    except PasswordError:
        raise Refused("locked") from None
    except (CalamineError, ElementTree.ParseError, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise Refused("damaged") from None


def _archive(content: bytes, most_bytes: int) -> zipfile.ZipFile:
    """The file as an archive whose entries really unpack into no more than they may; sizes it names may lie."""
    try:
        archive, unpacked = zipfile.ZipFile(io.BytesIO(content)), 0
        if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise Refused("locked")
        for entry in archive.infolist():
            with archive.open(entry) as stream:
                while piece := stream.read(_PIECE):
                    unpacked += len(piece)
                    if unpacked > most_bytes:
                        raise Refused("too_large")
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError):
        raise Refused("damaged") from None
    return archive


def _sheet(book: CalamineWorkbook, at: int, name: str, most_rows: int, holes: dict[Place, str]) -> dict[str, Any]:
    sheet = book.get_sheet_by_index(at)
    top, left = sheet.start or (0, 0)
    if sheet.height > most_rows:
        raise Refused("too_large")
    rows = [[_cell(value) for value in row[:COLUMNS]] for row in sheet.to_python()]
    for (first, column), (last, beyond) in sheet.merged_cell_ranges or ():
        for row in range(first + 1, min(last, top + len(rows) - 1) + 1):
            for covered in range(column, min(beyond, left + COLUMNS) + 1):
                holes.setdefault((row, covered), "m")
    for (row, column), mark in holes.items():
        line = rows[row - top] if 0 <= row - top < len(rows) else []
        if 0 <= column - left < COLUMNS:
            line += [""] * (column - left + 1 - len(line)) if line else []
            if line and not line[column - left]:
                line[column - left] = mark
    return {"name": name, "first": top + 1, "rows": rows}


def _cell(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value)
        return f"s{text[:2000]}" if text.strip() else ""
    if isinstance(value, int):
        return f"n{value}"
    return f"n{value:.15g}" if math.isfinite(value) else f"s{value}"  # a spreadsheet keeps 15 digits


def _holes(archive: zipfile.ZipFile | None, kind: str, sheet: str) -> dict[Place, str]:
    """Cells that look empty and are not: {(row, column): mark}, counted from 0."""
    if archive is None:
        return {}
    if kind == "ods":
        with archive.open("content.xml") as stream:
            return dict(_holes_of_ods(stream, sheet))
    part = _part(archive, sheet)
    if part is None:
        return {}
    found = {}
    for cell in _OPEN_FORMULA.finditer(archive.read(part)):
        place = _PLACE.search(cell[1])
        nothing = _TEXT.search(cell[1]) and b"<v" in cell[0]  # its stored result is a text without letters
        if place is not None and not nothing:
            found[int(place[2]) - 1, _column(place[1].decode())] = "f"
    return found


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The entry of an xlsx file that holds a sheet."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    links = {one.get("Id"): one.get("Target", "") for one in ElementTree.fromstring(
        archive.read("xl/_rels/workbook.xml.rels"))}  # fmt: skip
    for one in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if one.tag.endswith("}sheet") and one.get("name") == sheet:
            target = links.get(one.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part in names else None
    return None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _holes_of_ods(stream: Any, sheet: str) -> Iterator[tuple[Place, str]]:
    inside, row, column = False, -1, 0
    for event, node in ElementTree.iterparse(stream, ("start", "end")):
        tag = node.tag.removeprefix(_TABLE)
        if event == "start" and tag == "table":
            inside, row = node.get(f"{_TABLE}name") == sheet, -1
        elif event == "start" and tag == "table-row":
            row, column = row + 1, 0
        elif event == "end" and inside and tag in ("table-cell", "covered-table-cell"):
            mark = _mark(node, tag)
            if mark and column < COLUMNS:
                yield (row, column), mark
            column += int(node.get(f"{_TABLE}number-columns-repeated", "1"))
        elif event == "end" and tag == "table-row":
            row += int(node.get(f"{_TABLE}number-rows-repeated", "1")) - 1
            node.clear()


def _mark(node: Any, tag: str) -> str:
    if tag == "covered-table-cell":
        return "m"
    return "f" if node.get(f"{_TABLE}formula") and not node.get(f"{_OFFICE}value-type") else ""


def main() -> None:
    """Read, within the limits, and tell."""
    for what, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # the machine's own limit is narrower
            resource.setrlimit(what, (limit, limit))
    kind, most_rows, most_bytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        answer: dict[str, Any] = {"sheets": read(sys.stdin.buffer.read(), kind, most_rows, most_bytes)}
    except Refused as refused:
        answer = {"error": str(refused)}
    except MemoryError:
        answer = {"error": "too_large"}
    json.dump(answer, sys.stdout, ensure_ascii=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
