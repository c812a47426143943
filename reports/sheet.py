"""Documents and lists as spreadsheets: real numbers and dates in xlsx, safe text in csv, little memory."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from app.core.localized import Reader, local
from app.core.money import MAX_PLACES, Money, digits, round_half_up
from app.core.quantity import Quantity, plain
from reports.tree import Cell, Document, Many, Percent, Table, text_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
_FORMULA = tuple("=+-@\t\r\n|%")
_BOM = "\ufeff"
_MADE = datetime(2000, 1, 1)  # the same document always gives the same bytes
_EXACT_DIGITS = 15  # a spreadsheet keeps no more of a number
_CHUNK = 64 * 1024


# csv


def csv_text(cell: Cell, reader: Reader) -> str:
    """A cell for programs: figures with a decimal point, ISO dates, and no text that runs as a formula."""
    if isinstance(cell, Money):
        places = digits(cell.currency)
        finer = -int(cell.amount.normalize().as_tuple().exponent) > places
        return plain(cell.amount) if finer else f"{cell.rounded().amount:f}"
    if isinstance(cell, Quantity | Many | Percent):
        return plain(_number(cell))
    if isinstance(cell, datetime):
        return local(cell, reader).isoformat(timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return plain(cell)
    return harmless(text_of(cell, reader).text)


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it as a formula."""
    risky = text.startswith(_FORMULA) or text.lstrip().lstrip(_BOM).startswith(_FORMULA)
    return f"'{text}" if risky else text


def stream_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], reader: Reader) -> Iterator[bytes]:
    """A list as csv in pieces, UTF-8 with a mark for spreadsheet programs."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write(_BOM)
    writer.writerow([harmless(str(head)) for head in columns])
    for row in rows:
        writer.writerow([csv_text(cell, reader) for cell in row])
        if out.tell() > _CHUNK:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def to_csv(document: Document, reader: Reader) -> bytes:
    """The tables of a document; heads and totals only where there is more than one table."""
    pieces: list[bytes] = []
    for number, table in enumerate(document.tables):
        piece = b"".join(stream_csv(_with_currency(table), table.rows, reader))
        pieces.append(piece.removeprefix(_BOM.encode()) if number else piece)
    return b"\r\n".join(pieces) or _BOM.encode()


def _with_currency(table: Table) -> list[str]:
    """The heads of a table's columns, those of amounts with the currency of their figures."""
    found: list[set[str]] = [set() for _head in table.columns]
    for row in table.rows:
        for currencies, cell in zip(found, row, strict=False):
            if isinstance(cell, Money):
                currencies.add(cell.currency)
    return [f"{head} ({', '.join(sorted(currencies))})" if currencies else str(head)
            for head, currencies in zip(table.columns, found, strict=True)]  # fmt: skip


# xlsx


def _number(cell: Any) -> Decimal:
    if isinstance(cell, Money):
        return cell.amount
    if isinstance(cell, Many):
        return cell.quantity.number
    if isinstance(cell, Quantity):
        return cell.number
    return cell.value if isinstance(cell, Percent) else Decimal(cell)


class Sheet:
    """One worksheet, written row by row, each row leaving memory at once."""

    def __init__(self, book: Any, name: str, reader: Reader) -> None:
        self.reader, self._book, self._formats = reader, book, {}
        self._sheet = book.add_worksheet(_sheet_name(name))
        self._row = 0
        self._text = self._format({"valign": "top"})
        if reader.rtl:
            self._sheet.right_to_left()

    def widths(self, widths: Sequence[float]) -> None:
        """Widths of the columns in letters."""
        for index, width in enumerate(widths):
            self._sheet.set_column(index, index, width)

    def head(self, labels: Sequence[str], freeze: bool = False) -> None:
        """A row of column heads."""
        style = {"bold": True, "bg_color": "#F3F5F9", "bottom": 1, "valign": "top", "text_wrap": True}
        bold = self._format(style)
        for index, label in enumerate(labels):
            self._sheet.write_string(self._row, index, str(label), bold)
        self._row += 1
        if freeze:
            self._sheet.freeze_panes(self._row, 0)

    def row(self, cells: Sequence[Cell], first: int = 0, bold: bool = False) -> None:
        """A row of values: numbers and dates stay what they are, texts are never formulas."""
        for index, cell in enumerate(cells, start=first):
            if cell is not None and cell != "":
                self._write(index, cell, bold)
        self._row += 1

    def gap(self) -> None:
        """An empty row."""
        self._row += 1

    def _write(self, column: int, cell: Cell, bold: bool) -> None:
        style = {"bold": True, "valign": "top"} if bold else {"valign": "top"}
        if isinstance(cell, datetime):
            moment = local(cell, self.reader).replace(tzinfo=None)
            self._day(column, moment, cell, {**style, "num_format": "yyyy-mm-dd hh:mm"})
        elif isinstance(cell, date):
            self._day(column, cell, cell, {**style, "num_format": "yyyy-mm-dd"})
        elif isinstance(cell, str):
            self._sheet.write_string(self._row, column, str(cell)[:32767], self._format(style))
        else:
            self._figure(column, cell, style)

    def _day(self, column: int, moment: date, cell: Cell, style: dict[str, Any]) -> None:
        # a spreadsheet knows only the Gregorian calendar, and none of its days before 1900
        if self.reader.calendar == "jalali" or moment.year < 1900:
            text = text_of(cell, self.reader).text
            self._sheet.write_string(self._row, column, text, self._format({**style, "align": "right"}))
        else:
            self._sheet.write_datetime(self._row, column, moment, self._format(style))

    def _figure(self, column: int, cell: Cell, style: dict[str, Any]) -> None:
        number = _number(cell)
        if len(number.normalize().as_tuple().digits) > _EXACT_DIGITS:
            shape = self._format({**style, "align": "right"})
            self._sheet.write_string(self._row, column, plain(number), shape)
        else:
            shape = self._format({**style, "num_format": _pattern(cell)})
            self._sheet.write_number(self._row, column, number, shape)

    def _format(self, style: dict[str, Any]) -> Any:
        key = tuple(sorted(style.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]


def _pattern(cell: Cell) -> str:
    if isinstance(cell, Money):
        places = max(digits(cell.currency), -int(cell.amount.normalize().as_tuple().exponent))
        return f'#,##0{"." + "0" * min(places, MAX_PLACES) if places else ""} "{cell.currency}"'
    if isinstance(cell, Percent):
        return '0.######"%"' if cell.value % 1 else '0"%"'
    number = round_half_up(_number(cell), MAX_PLACES)
    places = max(0, -int(number.normalize().as_tuple().exponent))
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    unit = cell.unit if isinstance(cell, Quantity | Many) else ""
    clean = "".join(letter for letter in unit if letter.isalnum() or letter in " .²³")
    return f'{pattern} "{clean}"' if clean else pattern


def _sheet_name(name: str) -> str:
    clean = "".join(" " if letter in "[]:*?/\\'" else letter for letter in name).strip()
    return clean[:31] or "1"


def _book(out: IO[bytes], title: str) -> Any:
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": "Calibri", "font_size": 11},
        },
    )
    book.set_properties({"title": title, "created": _MADE})
    return book


def to_xlsx(document: Document, reader: Reader) -> bytes:
    """The document on one worksheet: title, facts, tables, totals, notes."""
    out = io.BytesIO()
    book = _book(out, f"{document.title} {document.number}")
    sheet = Sheet(book, document.number or document.title, reader)
    sheet.widths(_widths(document, reader))
    sheet.row([document.title, document.number, *document.marks], bold=True)
    for label, value in document.facts:
        sheet.row([str(label), value])
    for party in document.parties:
        sheet.row([party.title, *(line for line in party.lines if line)])
    for table in document.tables:
        sheet.gap()
        if table.title:
            sheet.row([table.title], bold=True)
        sheet.head(table.columns)
        for row in table.rows:
            sheet.row(row)
        for label, value in table.totals:
            sheet.row([str(label), value], first=max(len(table.columns) - 2, 0), bold=True)
    for note in document.notes:
        sheet.row([note])
    book.close()
    return out.getvalue()


def _widths(document: Document, reader: Reader) -> list[float]:
    widths = [14.0, 18.0]
    for table in document.tables:
        for index in range(len(table.columns)):
            cells = (row[index] for row in table.rows[:200])
            texts = [str(table.columns[index]), *(text_of(cell, reader).text for cell in cells)]
            widths += [8.0] * (index + 1 - len(widths))
            widths[index] = max(widths[index], min(max(map(len, texts)) + 3, 48))
    return widths


def stream_xlsx(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], reader: Reader, title: str = ""
) -> Iterator[bytes]:
    """A list as xlsx in pieces; it is built in a temporary file, so memory stays the same at any length."""
    with tempfile.TemporaryFile() as out:
        book = _book(out, title)
        sheet = Sheet(book, title, reader)
        sheet.widths([18.0] * len(columns))
        sheet.head(columns, freeze=True)
        for row in rows:
            sheet.row(row)
        book.close()
        out.seek(0)
        while piece := out.read(_CHUNK):
            yield piece
