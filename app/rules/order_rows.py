"""Order rows as people write them: which column is which, which quantity is meant. Pure: cells in, rows out.

A row is `{"at", "sku", "quantity", "unit", "told", "asked", "name", "problem"}`: the line of the file, what stands
in it, and, where it cannot be read, why. Rows without a quantity are not ordered: a filled in order form has many.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from flask_babel import lazy_gettext as _l

from app.core import searchtext
from app.core.money import check_size
from app.core.quantity import plain
from app.core.readable import ascii_digits, parse_decimal
from app.core.sheets import Hole, Unreadable

HEADINGS = {  # as the template has them, and as customers call them; compared without case, accents and signs
    "sku": (
        "SKU", "Item code", "Item no", "Article", "Article number", "Product code", "Code", "Part number",
        "کد کالا", "کد", "شناسه کالا", "Cod articol", "Cod produs", "Cod", "Articol", "Артикул", "Код", "Код товара",
        "Stok kodu", "Ürün kodu", "Kod", "产品编码", "商品编码", "产品编号", "商品编号", "货号", "编码", "型号",
    ),
    "quantity": (
        "Quantity", "Qty", "Pieces", "Amount ordered", "تعداد", "مقدار", "تعداد سفارش", "Cantitate", "Cant", "Buc",
        "Количество", "Кол-во", "Кол во", "Заказ", "Miktar", "Adet", "数量", "订购数量", "件数",
    ),
    "unit": ("Unit", "UoM", "واحد", "UM", "Unitate de măsură", "Ед.", "Ед. изм.", "Единица измерения", "Birim", "单位"),
    "told": ("Unit price", "Price", "قیمت واحد", "قیمت", "مبلغ واحد", "Preț unitar", "Preț", "Цена", "Birim fiyat",
             "Fiyat", "单价", "价格"),
    "name": ("Product", "Name", "Description", "کالا", "نام کالا", "شرح", "Produs", "Denumire", "Товар", "Наименование",
             "Название", "Ürün", "Ürün adı", "Açıklama", "产品", "产品名称", "商品名称", "名称"),
}  # fmt: skip
_HEADER_WITHIN = 25  # rows in which the headings stand
_NUMBER = re.compile(r"[0-9]+(?:[.,'’٫٬،\s][0-9]+)*")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,'’ ])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]+)?")
_TWO_MEANINGS = re.compile(r"-?[0-9]{1,3}[.,][0-9]{3}")
_SPACED = re.compile(r"(?P<sku>\S.*?)\s+[x×*]?\s*(?P<quantity>[0-9۰-۹٠-٩][0-9۰-۹٠-٩.,٫٬]*)")


@dataclass
class Read:
    """What a table holds: rows that order something, and how many were left empty."""

    rows: list[dict] = field(default_factory=list)
    empty: int = 0


@lru_cache(maxsize=4096)
def _folded(text):
    return re.sub(r"[\W_]+", "", searchtext.fold(text))


_KNOWN = {_folded(word): name for name, words in HEADINGS.items() for word in words}


def heading(cell):
    """Which column a cell is the heading of, if any."""
    return _KNOWN.get(_folded(cell)) if isinstance(cell, str) and len(cell) < 60 else None


def known(row):
    """How many headings stand in a row; decides between encodings and separators of a text file."""
    return len({found for cell in row if (found := heading(cell))})


def of_grids(grids, reader):
    """The rows of the first sheet that has both item codes and quantities.

    :param reader: whose separators a number has that could be read in two ways
    :raises Unreadable: 'no_rows', 'no_quantity_column'
    """
    ranked = [(one, _header(one.rows)) for one in grids if any(any(row) for row in one.rows)]
    for grid, (at, columns) in ranked:
        if {"sku", "quantity"} <= columns.keys():
            return _rows(grid, at, columns, reader)
    if any("sku" in columns for _grid, (_at, columns) in ranked):
        text = _l("The column with the quantities was not found. Its heading is “Quantity”.")
        raise Unreadable("no_quantity_column", text)
    for grid, _header_found in ranked:
        columns = _by_order(grid.rows)
        found = _rows(grid, -1, columns, reader) if columns else Read()
        if found.rows:
            return found
    raise _no_rows()


def of_text(rows, reader):
    """Rows typed or pasted: item code and quantity, with or without headings.

    A quantity that is missing is refused here, since nobody types a row he does not want.
    :raises Unreadable: 'no_rows', naming the field `rows`
    """
    at, columns = _header(rows)
    if not {"sku", "quantity"} <= columns.keys():
        at, columns = -1, _by_order(rows) or {"sku": 0, "quantity": 1}
    found = Read()
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        one = _row(_apart(row) if len([cell for cell in row if cell]) == 1 else row, columns, number, reader)
        if one["sku"] or one["asked"]:
            one["problem"] = one["problem"] or ("" if one["asked"] else "no_quantity")
            found.rows.append(one)
    if not found.rows:
        raise _no_rows(field="rows")
    return found


def _no_rows(**more):
    text = _l("No row with an item code and a quantity was found.")
    return Unreadable("no_rows", text, **more)


def _apart(row):
    """One cell with item code and quantity, separated by spaces only."""
    text = next(cell for cell in row if cell)
    match = _SPACED.fullmatch(text) if isinstance(text, str) else None
    return [match["sku"], match["quantity"]] if match else [text]


def _header(rows):
    """(index of the row with the headings, {column name: index}); (-1, {}) where there is none."""
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        columns = {}
        for index, cell in enumerate(row):
            found = heading(cell)
            if found:
                columns.setdefault(found, index)
        if "sku" in columns and len(columns) > 1:
            return at, columns
    return -1, {}


def _by_order(rows):
    """Columns without headings: as in the template, else the item code first and the quantity last."""
    filled = [row for row in rows if any(row)]
    width = max((len(row) for row in filled), default=0)
    if width >= 5:
        return {"sku": 0, "name": 1, "unit": 2, "told": 3, "quantity": 4}
    numeric = [index for index in range(1, width) if _mostly_numbers(filled, index)]
    if 1 in numeric:
        return {"sku": 0, "quantity": 1}
    return {"sku": 0, "quantity": numeric[-1]} if numeric else {}


def _mostly_numbers(rows, index):
    cells = [row[index] for row in rows if len(row) > index and row[index] is not None]
    numbers = [one for one in cells if not isinstance(one, str) or _NUMBER.fullmatch(ascii_digits(one))]
    return bool(cells) and len(numbers) * 2 > len(cells)


def _rows(grid, header, columns, reader):
    found = Read()
    for index, row in enumerate(grid.rows[header + 1 :], start=header + 1):
        one = _row(row, columns, grid.first + index, reader)
        if one["asked"] in ("", "0"):
            found.empty += bool(one["sku"])
        elif one["sku"] or one["name"] or one["quantity"] or one["problem"] in ("merged_cells", "formula"):
            found.rows.append(one)
    return found


def _row(row, columns, at, reader):
    cells = {name: row[index] if index < len(row) else None for name, index in columns.items()}
    sku, quantity = cells.get("sku"), cells.get("quantity")
    one = {"at": at, "sku": _text(sku), "name": _text(cells.get("name"))[:300], "unit": _text(cells.get("unit"))[:40],
           "asked": _text(quantity)[:40], "quantity": None, "told": _price(cells.get("told"), reader),
           "problem": ""}  # fmt: skip
    holes = [cell for cell in (sku, quantity) if isinstance(cell, Hole)]
    if holes:
        one["problem"] = "merged_cells" if Hole.MERGED in holes else "formula"
        one["asked"] = one["asked"] or "…"
    elif quantity is not None:
        _read_quantity(one, quantity, reader)
    if not one["problem"] and not one["sku"]:
        one["problem"] = "no_sku"
    one["sku"] = one["sku"][:80]
    return one


def _read_quantity(one, cell, reader):
    number = quantity_of(cell, reader)
    if number is None:
        one["problem"] = "bad_quantity"
    else:
        one["quantity"] = one["asked"] = plain(number)
        one["problem"] = "" if number > 0 else "not_positive"


def _text(cell):
    if isinstance(cell, Decimal):
        return plain(cell) if cell.adjusted() < 40 else str(cell)
    return " ".join(cell.split()) if isinstance(cell, str) else ""


def _price(cell, reader):
    """The price that stands in the file, without its currency; None where nobody can tell."""
    if isinstance(cell, str):
        found = _NUMBER.search(ascii_digits(cell))
        cell = found[0].strip() if found else ""
    number = quantity_of(cell, reader) if cell else None
    return None if number is None else plain(number)


def quantity_of(cell, reader):
    """A number as a spreadsheet, or a person of any of our languages, writes it; None for anything else.

    What could be read in two ways ("1.500") is read as the reader writes it.
    """
    try:
        if isinstance(cell, Decimal):
            return check_size(cell.normalize() + 0)
        if not isinstance(cell, str) or len(cell) > 40:
            return None
        found = _tried(cell, reader)
        return _foreign(cell) if found is None else found
    except (ValueError, InvalidOperation):
        return None


def _tried(text, reader):
    try:
        return parse_decimal(text, reader)
    except ValueError:
        return None


def _foreign(text):
    """A number with the separators of another language than the reader's, where it has one meaning only."""
    clean = ascii_digits(text).replace("٬", ",").replace("،", ",").replace("٫", ".").strip()
    clean = re.sub(r"\s+", " ", clean)
    if _TWO_MEANINGS.fullmatch(clean):
        return None
    if re.fullmatch(r"-?[0-9]+[.,][0-9]+", clean):
        return check_size(Decimal(clean.replace(",", ".")).normalize() + 0)
    grouped = _GROUPED.fullmatch(clean.removeprefix("-"))
    if grouped is None:
        return None
    bare = clean.replace(grouped[1], "")
    return check_size(Decimal(bare.replace(",", ".")).normalize() + 0)
