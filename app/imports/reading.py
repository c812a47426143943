"""Reading a file of order lines twice: once to survey it, once document by document; memory stays flat.

Whatever cannot be read at all is found by the survey, before anything is written. A single line that makes no
sense is a `Refused`, with its line number and a reason.
"""

import csv
import gzip
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from app.imports import tables

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
ZONE = ZoneInfo("Europe/London")  # whose clock the seller of the file read
LARGEST = Decimal(10) ** 12  # of one line, so that the sum of a document fits as well
_DOCUMENT = re.compile(r"[A-Za-z]?[0-9][A-Za-z0-9._/-]{0,29}")
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]{0,38}[A-Za-z0-9._/+-])?")
_CUSTOMER = re.compile(r"[A-Za-z0-9-]{1,20}")
_QUANTITY = re.compile(r"[+-]?[0-9]{1,9}(?:\.0+)?")
_PRICE = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6}0*)?")
_WHEN = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")

REASONS = {
    "bad_row": "The line does not have as many fields as the header.",
    "bad_document": "The document number is missing or not one we can keep.",
    "bad_code": "The product code is missing or not one we can keep.",
    "bad_quantity": "The quantity is not a whole number other than zero.",
    "bad_price": "The price is not an amount in pounds with at most six decimals.",
    "negative_price": "The price is negative.",
    "too_large": "Quantity times price is larger than we can keep.",
    "bad_date": "The date is missing or not a date and time.",
    "bad_customer": "The customer number is not one we can keep.",
    "unknown_country": "There is no such country.",
    "accounting_adjustment": "A document with A adjusts accounts; it is no order.",
    "stock_correction": "A negative quantity outside a credit note corrects stock; it is no sale.",
    "stock_remark": "No price, no customer and no product name: a remark about stock, no sale.",
    "charge_without_return": "A credit note gives back; this line of it has a positive quantity.",
    "other_customer": "The line names another customer than the first line of its document.",
    "number_taken": "There is an order or credit note with this number that was not imported from here.",
    "document_closed": "The document was taken over before and has been worked on since; its lines stay as they are.",
}


class Unreadable(Exception):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that can be taken over. `at` counts the lines of the file, its header is the first."""

    at: int
    document: str
    ordinal: int
    code: str
    name: str
    quantity: Decimal
    price: Decimal
    when: datetime
    customer: str
    country: str


@dataclass(frozen=True, slots=True)
class Refused:
    """One line that stays outside, and why."""

    at: int
    document: str
    ordinal: int
    reason: str

    @property
    def text(self) -> str:
        return REASONS[self.reason]


@dataclass
class Goods:
    """What the file says about one code, whatever its case."""

    codes: Counter = field(default_factory=Counter)
    names: Counter = field(default_factory=Counter)
    prices: Counter = field(default_factory=Counter)
    sold: Decimal = Decimal(0)

    def name(self, code: str) -> str:
        return self.names.most_common(1)[0][0] if self.names else code

    def price(self) -> Decimal | None:
        return max(self.prices, key=lambda price: (self.prices[price], -price)) if self.prices else None

    def code(self, found: str) -> str:
        return max(self.codes, key=lambda code: (self.codes[code], code.isupper())) if self.codes else found


@dataclass
class Survey:
    """What has to be known of the whole file before its first line is taken over."""

    open_days: int
    lines: int = 0
    goods: dict[str, Goods] = field(default_factory=lambda: defaultdict(Goods))
    countries: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    ends: dict[str, int] = field(default_factory=dict)  # document: its last line in the file
    first: date | None = None
    last: date | None = None
    ordered: dict[date, Counter] = field(default_factory=lambda: defaultdict(Counter))

    def is_open(self, when: datetime) -> bool:
        """Whether an order of this moment is among those of the file's last days, still to be decided on."""
        return self.last is not None and when.date() > self.last - timedelta(days=self.open_days)

    def demand(self, code: str) -> Decimal:
        """What the orders still to be decided on ask for of a product."""
        return sum((Decimal(found[code]) for found in self.ordered.values()), Decimal(0))

    def days(self) -> int:
        return (self.last - self.first).days + 1 if self.first and self.last else 1

    def add(self, line: Line) -> None:
        day = line.when.date()
        self.first, self.last = min(self.first or day, day), max(self.last or day, day)
        self.countries[line.customer][line.country] += 1
        found = self.goods[line.code.upper()]
        found.codes[line.code] += 1
        if line.price and line.name:
            found.names[line.name] += 1
        if is_credit(line.document):
            return
        found.sold += line.quantity
        if line.price:
            found.prices[line.price] += 1
        self.ordered[day][line.code.upper()] += int(line.quantity)
        for old in [one for one in self.ordered if one <= self.last - timedelta(days=self.open_days)]:
            del self.ordered[old]


def is_credit(document: str) -> bool:
    """Whether a document is a cancellation or return."""
    return document[:1] in "Cc"


def instant(when: datetime) -> datetime:
    """A moment on the seller's clock, in UTC."""
    return when.replace(tzinfo=ZONE).astimezone(UTC)


# --- lines of the file ---------------------------------------------------------------------------


@contextmanager
def _opened(path: str) -> Iterator[Iterator[list[str]]]:
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        if not packed and path.endswith(".gz"):
            raise Unreadable(f"{path} is named .gz but is no gzip file.")
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield csv.reader(stream)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not encoded in UTF-8: {error}.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"{path} is damaged: {error}.") from None
    except csv.Error as error:
        raise Unreadable(f"{path} is not a file of comma-separated values: {error}.") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from None


def _rows(path: str) -> Iterator[tuple[int, dict[str, str] | list[str]]]:
    """Line number and fields of every line that is not empty; what does not fit the header comes as a list."""
    with _opened(path) as reader:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise Unreadable(f"{Path(path).name} has no column {', '.join(missing)} in its first line.")
        document, before = header.index("InvoiceNo"), reader.line_num
        for row in reader:
            at, before = before + 1, reader.line_num
            if len(row) == len(header):
                yield at, dict(zip(header, row, strict=True))
            elif row:
                yield at, row[document : document + 1]


def _clean(text: str) -> str:
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def lines(path: str) -> Iterator[Line | Refused]:
    """Every line of the file in its order, understood or refused."""
    counts: Counter = Counter()
    for at, row in _rows(path):
        if isinstance(row, list):
            number = _clean(row[0]) if row else ""
            counts[number] += 1
            yield Refused(at, number if _DOCUMENT.fullmatch(number) else "", counts[number], "bad_row")
            continue
        number = _clean(row["InvoiceNo"])
        counts[number] += 1
        yield _understood(at, number, counts[number], row)


def _understood(at: int, number: str, ordinal: int, row: dict[str, str]) -> Line | Refused:
    if not _DOCUMENT.fullmatch(number):
        return Refused(at, "", ordinal, "bad_document")
    code, quantity, price = (_clean(row[name]) for name in ("StockCode", "Quantity", "UnitPrice"))
    customer, when = _clean(row["CustomerID"]).removesuffix(".0"), _when(_clean(row["InvoiceDate"]))
    reason = (
        ("accounting_adjustment" if number[0] in "Aa" else "")
        or ("" if _CODE.fullmatch(code) else "bad_code")
        or ("" if _QUANTITY.fullmatch(quantity) and int(Decimal(quantity)) else "bad_quantity")
        or ("" if _PRICE.fullmatch(price) else "bad_price")
        or ("negative_price" if Decimal(price) < 0 else "")
        or ("too_large" if abs(Decimal(quantity) * Decimal(price)) >= LARGEST else "")
        or ("" if when else "bad_date")
        or ("" if not customer or _CUSTOMER.fullmatch(customer) else "bad_customer")
        or _wrong_country(row["Country"])
        or _wrong_way(number, Decimal(quantity))
    )
    if reason or when is None:
        return Refused(at, number, ordinal, reason)
    name, country = _clean(row["Description"])[:300], _clean(row["Country"])
    pieces = Decimal(int(Decimal(quantity)))
    return Line(at, number, ordinal, code, name, pieces, _plain(price), when, customer, country)


@lru_cache(maxsize=4096)
def _plain(price: str) -> Decimal:
    """One form per price, so that 2.1 and 2.10 count as the same."""
    return Decimal(price).normalize() + 0


@lru_cache(maxsize=1024)
def _when(text: str) -> datetime | None:
    for shape in _WHEN:
        try:
            return datetime.strptime(text, shape)
        except ValueError:
            continue
    return None


@lru_cache(maxsize=1024)
def _wrong_country(name: str) -> str:
    try:
        tables.country(_clean(name))
    except KeyError:
        return "unknown_country"
    return ""


def _wrong_way(number: str, quantity: Decimal) -> str:
    if is_credit(number):
        return "charge_without_return" if quantity > 0 else ""
    return "stock_correction" if quantity < 0 else ""


# --- the two passes ------------------------------------------------------------------------------


def survey(path: str, open_days: int) -> Survey:
    """Read the whole file once.

    :raises Unreadable: wrong header, encoding or packing; nothing was changed then
    """
    found = Survey(open_days)
    for line in lines(path):
        found.lines += 1
        if line.document:
            found.ends[line.document] = line.at
        if isinstance(line, Line):
            found.add(line)
    return found


def documents(path: str, found: Survey) -> Iterator[list[Line | Refused]]:
    """The lines of the file document by document, each given out when its last line is read."""
    waiting: dict[str, list[Line | Refused]] = defaultdict(list)
    for line in lines(path):
        if not line.document:
            yield [line]
            continue
        waiting[line.document].append(_judged(line, waiting[line.document], found))
        if found.ends[line.document] == line.at:
            yield waiting.pop(line.document)


def _judged(line: Line | Refused, before: list[Line | Refused], found: Survey) -> Line | Refused:
    """What can be said of a line only with the whole file in mind."""
    if isinstance(line, Refused):
        return line
    first = next((one for one in before if isinstance(one, Line)), None)
    if first is not None and first.customer != line.customer:
        return Refused(line.at, line.document, line.ordinal, "other_customer")
    if not line.price and not line.customer and line.name not in found.goods[line.code.upper()].names:
        return Refused(line.at, line.document, line.ordinal, "stock_remark")
    return line
