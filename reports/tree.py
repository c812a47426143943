"""A document as a tree of plain values: what it says, and nothing about how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from app.core.localized import (
    Reader,
    format_amount,
    format_date,
    format_datetime,
    format_money,
    format_number,
    format_percent,
    format_quantity,
)
from app.core.money import Money
from app.core.quantity import Quantity


class Code(str):
    """A document number, SKU, IBAN, address or link: left to right in every language, in Latin digits."""

    __slots__ = ()


class Said(str):
    """A sentence in the document's own language, which may begin with a foreign word."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Percent:
    """A rate in per cent: Percent(Decimal("18.5")) is eighteen and a half per cent."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Many:
    """A quantity whose unit has a name in the reader's language."""

    quantity: Quantity
    unit: str


Cell = str | Decimal | int | Money | Quantity | Many | Percent | date | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of a document.

    :param columns: their heads
    :param rows: cells are values; formatting is the renderer's job
    :param totals: ((label, value), ...), kept together below the last row; the last one is the grand total
    :param aligns: 'start', 'end' or 'center' per column; by default figures stand at the end
    :param title: what the table shows, where a document has several
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    totals: tuple[tuple[str, Cell], ...] = ()
    aligns: tuple[str, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} heads")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody the document names: a heading ("Bill to") and the lines of the address."""

    title: str
    lines: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Seller:
    """Who issues the document: name, address lines, and the legal line (tax id, register, bank)."""

    name: str
    lines: tuple[Cell, ...] = ()
    legal: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Everything printed, as plain values: no ORM object, no query, no HTML.

    :param facts: ((label, value), ...) beside the title: dates, customer number, reference
    :param notes: paragraphs after the tables
    :param logo: PNG or JPEG bytes
    :param marks: what this copy is, shown beside the title ("Translation", "Draft")
    :param watermark: the same across every page, for papers that must not be mistaken for the original
    """

    title: str
    number: str
    facts: tuple[tuple[str, Cell], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    seller: Seller | None = None
    logo: bytes | None = field(default=None, repr=False)
    marks: tuple[str, ...] = ()
    watermark: str = ""
    footer: str = ""


class Text(NamedTuple):
    """A cell as it is read: `kind` is 'text' (anybody's words), 'said' (ours), 'code' or 'figure'."""

    text: str
    kind: str


def text_of(cell: Cell, reader: Reader, bare: bool = False) -> Text:
    """The cell in the reader's language.

    :param bare: leaves out the currency, where the head of the column names it
    :raises TypeError: the value is none a document may hold, a float for one
    """
    if cell is None:
        return Text("", "text")
    if isinstance(cell, str):
        kind = "code" if isinstance(cell, Code) else "said" if isinstance(cell, Said) else "text"
        return Text(str(cell), kind)
    if isinstance(cell, Money):
        return Text(format_amount(cell, reader) if bare else format_money(cell, reader), "figure")
    if isinstance(cell, Percent):
        return Text(format_percent(cell.value, reader), "figure")
    if isinstance(cell, Many):
        return Text(format_quantity(cell.quantity, reader, cell.unit), "figure")
    if isinstance(cell, Quantity):
        return Text(format_quantity(cell, reader), "figure")
    if isinstance(cell, datetime):
        return Text(format_datetime(cell, reader), "figure")
    if isinstance(cell, date):
        return Text(format_date(cell, "short", reader), "figure")
    if isinstance(cell, bool) or not isinstance(cell, int | Decimal):
        raise TypeError(f"a document does not hold {type(cell).__name__}")
    return Text(format_number(cell, reader), "figure")


def one_currency(table: Table, column: int) -> str:
    """The currency of a column that holds nothing but amounts of one currency, else nothing."""
    cells = [row[column] for row in table.rows if row[column] is not None]
    currencies = {cell.currency if isinstance(cell, Money) else "" for cell in cells}
    return currencies.pop() if len(currencies) == 1 else ""


class Column(NamedTuple):
    """How one column is drawn."""

    head: str
    align: str
    bare: bool
    figures: bool


def columns_of(table: Table, reader: Reader) -> list[Column]:
    """Heads and alignment; Chinese heads name the currency, their amounts leave it out (glossary 1.8)."""
    result = []
    for index, head in enumerate(table.columns):
        currency = one_currency(table, index) if reader.locale == "zh_Hans_CN" else ""
        figures = _figures(table, index)
        align = table.aligns[index] if table.aligns else figure_side(reader) if figures else "start"
        result.append(Column(f"{head} ({currency})" if currency else head, align, bool(currency), figures))
    return result


def figure_side(reader: Reader) -> str:
    """Where figures stand in a column: on the right in every language, so that their units line up."""
    return "start" if reader.rtl else "end"


def _figures(table: Table, index: int) -> bool:
    filled = (row[index] for row in table.rows if row[index] is not None)
    return not isinstance(next(filled, ""), str | date)
