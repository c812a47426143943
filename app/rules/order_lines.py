"""What a change of an order's lines means: which are kept, changed, new and gone; kept ones keep their frozen price."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import history
from app.core.errors import BusinessError
from app.core.money import total
from app.rules import entry, tax

DATA = ("keyword", "ranking", "link", "picture")  # what an advertising line says, kept in its `data` (ORD-44, ORD-47)
TERMS = ("starts_on", "months", "ends_on", "sale_type", *DATA)
NEEDS = {"starts_on": "line_terms", "months": "line_terms", "ends_on": "line_terms", "sale_type": "line_sale_type",
         "keyword": "line_keyword", "ranking": "line_ranking", "link": "line_link",
         "picture": "line_picture"}  # fmt: skip
NO = {  # why a line was refused, by the field of the matrix that is lacking
    "line_add": _l("You cannot add products to this order any more."),
    "line_remove": _l("You cannot remove lines of this order any more."),
    "line_quantity": _l("You cannot change quantities of this order any more."),
    "line_price": _l("You cannot change prices of this order any more."),
}


@dataclass
class Row:
    """One line as it is wanted."""

    index: int
    wanted: dict[str, Any]
    line: Any = None
    needs: set[str] = field(default_factory=set)

    @property
    def priced_anew(self):
        """Whether it needs today's price: it is new, or its product, quantity or price changes."""
        return bool(self.needs & {"line_add", "line_quantity", "line_price"})


@dataclass
class Plan:
    """What a list of wanted lines does to an order."""

    rows: list[Row]
    gone: list[Any]
    moved: bool

    @property
    def needs(self):
        """The fields of the matrix that somebody needs for it."""
        return {one for row in self.rows for one in row.needs} | ({"line_remove"} if self.gone else set())

    @property
    def changes(self):
        return bool(self.needs or self.moved)


def plan(order, wanted):
    """Compare wanted lines with those of the order; a line is named by its id, else by its item code.

    :param wanted: all lines as they are to be, see `entry.set_lines`; besides the keys of TERMS
    """
    left = {line.id: line for line in order.lines}
    named = {row.get("id") for row in wanted if row.get("id") in left}
    rows = []
    for index, row in enumerate(wanted):
        line = _known(row, left, named)
        rows.append(Row(index, row, line, _needs(row, line)))
    order_of_kept = [row.line for row in rows if row.line is not None]
    moved = order_of_kept != [line for line in order.lines if line in order_of_kept]
    return Plan(rows, list(left.values()), moved)


def _known(row, left, named):
    if row.get("id"):
        return left.pop(row["id"], None)
    sku = row["sku"].strip().upper()
    same = [line for line in left.values() if line.id not in named and line.sku.upper() == sku]
    return left.pop(same[0].id) if same else None


def _needs(row, line):
    if line is None:
        extra = {NEEDS[name] for name in TERMS if row.get(name)}
        return {"line_add"} | extra | ({"line_price"} if _priced(row, None) else set())
    found = set()
    if row["sku"].strip().upper() != line.sku.upper():
        found |= {"line_add", "line_remove"}
    if row["quantity"] != line.quantity_ordered:
        found.add("line_quantity")
    if _priced(row, line):
        found.add("line_price")
    return found | {NEEDS[name] for name in TERMS if name in row and (row[name] or None) != (term(line, name) or None)}


def _priced(row, line):
    """Whether somebody gives another price or discount than the line has."""
    price, discount = row.get("unit_price"), row.get("discount_percent")
    if line is None:
        return price is not None or bool(discount)
    return (price is not None and price != line.unit_price) or (
        discount is not None and discount != line.discount_percent
    )


def term(line, name):
    """What a line says of its term, sale type or advertisement."""
    return (line.data or {}).get(name) if name in DATA else getattr(line, name)


def check(found, allowed):
    """Refuse what the actor may not change, at the line where he tried.

    :raises BusinessError: 'not_changeable' with `lines`: [{"index", "error", "message"}]; 'no_lines'
    """
    some_stay(found.rows)
    refused = [_refused(row, min(row.needs - allowed)) for row in found.rows if row.needs - allowed]
    if refused:
        text = _l("Some lines cannot be changed this way. Nothing has been saved yet.")
        raise BusinessError("not_changeable", text, lines=refused)
    if found.gone and "line_remove" not in allowed:
        raise BusinessError("not_changeable", NO["line_remove"], skus=[line.sku for line in found.gone])


def some_stay(lines):
    """See that an order keeps a line: with none of them there would be nothing left to confirm.

    :raises BusinessError: 'no_lines'
    """
    if not lines:
        raise BusinessError("no_lines", _l("An order needs at least one line. Cancel the order instead."))


def _refused(row, need):
    message = NO.get(need) or _l("You cannot change this of the line any more.")
    return {"index": row.index, "error": "not_changeable", "message": str(message)}


def carry_out(order, found, work):
    """Make the order's lines be those of the plan.

    :raises BusinessError: 'lines_refused', 'too_many_lines', 'mixed_tax'; and of `entry.set_lines`
    """
    if len(found.rows) > entry.LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("An order has at most %(count)s lines.", count=entry.LINES_AT_MOST))
    with work.session.no_autoflush:  # between two steps the kept lines hang on nothing
        fresh = [row for row in found.rows if row.line is None or row.priced_anew]
        made = _price(order, fresh, found, work)
        lines = [made.get(row.index, row.line) for row in found.rows]
        for row, line in zip(found.rows, lines, strict=True):
            _fill(order, line, row.wanted, work)
        for position, line in enumerate(lines, 1):
            if line.position != position:
                line.position = position
        if list(order.lines) != lines:
            order.lines[:] = lines
        entry.sum_up(order)


def _price(order, fresh, found, work):
    """New and changed lines at today's prices: {index: line}; all others are not touched."""
    if not fresh:
        return {}
    before, kept = order.includes_tax, len(found.rows) > len(fresh)
    try:
        entry.set_lines(order, [_wanted(row) for row in fresh], work)
    except BusinessError as error:
        for one in error.details.get("lines", ()):
            one["index"] = fresh[one["index"]].index
        raise
    if kept and order.includes_tax != before:
        raise BusinessError("mixed_tax", _l("Prices with tax and prices without tax cannot stand in one order."))
    return {row.index: line for row, line in zip(fresh, list(order.lines), strict=True)}


def _wanted(row):
    known = ("id", "sku", "quantity", "unit_price", "discount_percent", "remark", "agreed")
    found = {name: row.wanted[name] for name in known if row.wanted.get(name) is not None}
    if row.line is None:
        return found
    kept = {"id": row.line.id}
    if "line_add" not in row.needs:  # the same product: what was agreed on it stays
        kept["discount_percent"] = found.get("discount_percent", row.line.discount_percent)
    return found | kept


def fill(order, wanted, work):
    """Write what each line says of its term, sale type or advertisement; `wanted` in the order of the lines."""
    for line, row in zip(order.lines, wanted, strict=True):
        _fill(order, line, row, work)


def _fill(order, line, wanted, work):
    for name in TERMS:
        before = term(line, name)
        if name not in wanted or (wanted[name] or None) == (before or None):
            continue
        if name in DATA:
            line.data = {**(line.data or {}), name: wanted[name]}
            if line.id is not None:  # the history does not tell about `data` as a whole
                history.changed(work, order, **{f"lines.{line.id}.{name}": (before, wanted[name])})
        else:
            setattr(line, name, wanted[name])


def ordered_total(order):
    """What an order would have come to in full, tax included; it costs what was approved of it (X-22)."""
    amounts = (
        tax.net_tax_gross(
            line.unit_price, line.quantity_ordered, line.discount_percent, line.tax_rate, order.includes_tax,
            order.currency_code,
        ).gross
        for line in order.lines
    )  # fmt: skip
    return total(amounts, order.currency_code)


def standing(order):
    """The order's lines as they stand, as wanted lines."""
    return [{"id": line.id, "sku": line.sku, "quantity": line.quantity_ordered,
             "discount_percent": line.discount_percent} for line in order.lines]  # fmt: skip


def more(order, rows):
    """The order's lines and further ones, as wanted lines: an item code that is there already adds up (CRT-04)."""
    found = standing(order)
    at = {one["sku"].upper(): one for one in found}
    for row in rows:
        same = at.get(row["sku"].strip().upper())
        if same is None:
            same = {"sku": row["sku"], "quantity": Decimal(0), "remark": row.get("remark")}
            at[row["sku"].strip().upper()] = same
            found.append(same)
        same["quantity"] += row["quantity"]
    return found
