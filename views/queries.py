"""List arguments of REST as the framework writes them: Rison with filters, order and page."""

import json
from datetime import UTC, datetime

import prison
from flask import request
from flask_babel import gettext as _
from sqlalchemy import Boolean, Date, DateTime, Integer, Numeric
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.types import TypeDecorator

from app.core.errors import Malformed
from app.extensions import db
from views import wire
from views.filters import like, starting
from views.lists import COUNT_CAP

TEXT_OPS = {
    "eq": lambda c, v: c == v, "neq": lambda c, v: c != v, "sw": lambda c, v: c.ilike(like(v)),
    "nsw": lambda c, v: ~c.ilike(like(v)), "ew": lambda c, v: c.ilike("%" + like(v)[:-1]),
    "new": lambda c, v: ~c.ilike("%" + like(v)[:-1]), "ct": lambda c, v: c.ilike("%" + like(v)),
    "nct": lambda c, v: ~c.ilike("%" + like(v)),
}  # fmt: skip
VALUE_OPS = {
    "eq": lambda c, v: c == v, "neq": lambda c, v: c != v, "gt": lambda c, v: c > v, "lt": lambda c, v: c < v,
    "gte": lambda c, v: c >= v, "lte": lambda c, v: c <= v,
}  # fmt: skip
WORD_OPS = ("ct", "sw", "eq")  # of what is searched by words and is no column
RELATION_OPS = ("rel_o_m", "nrel_o_m", "eq", "neq")


def arguments():
    """The Rison argument `q` as a dict.

    :raises Malformed: it is neither Rison nor JSON, or not an object
    """
    text = request.args.get("q")
    if not text:
        return {}
    try:
        found = prison.loads(text)
    except (prison.decoder.ParserException, ValueError, IndexError, RecursionError):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise Malformed("bad_query", _("The argument q is not valid Rison.")) from None
    if not isinstance(found, dict):
        raise Malformed("bad_query", _("The argument q is not valid Rison."))
    return found


def paging(given, most=100):
    """(page, page size) of the arguments; a page beyond the cap is refused."""
    size, page = given.get("page_size", 25), given.get("page", 0)
    for one in (size, page):
        if isinstance(one, bool) or not isinstance(one, int):
            raise Malformed("bad_page", _("page and page_size are whole numbers."))
    if size == -1:
        size = most
    if not 0 < size <= most or page < 0:
        raise Malformed("bad_page", _("page_size is 1 to %(most)s, page 0 or more.", most=most))
    if page * size >= COUNT_CAP:
        raise Malformed("page_beyond_cap", _("That page lies too far out. Follow “next” instead."))
    return page, size


def ordering(given, allowed, model):
    """(column, direction) of the arguments; only indexed columns can be ordered by, a country by its code."""
    column, direction = given.get("order_column") or "id", given.get("order_direction") or "desc"
    if column not in allowed or direction not in ("asc", "desc"):
        text = _("Order by one of these columns: %(columns)s.", columns=", ".join(allowed))
        raise Malformed("bad_order", text, field="order_column")
    return (column if column in model.__mapper__.columns else f"{column}_code"), direction


def filtered(query, model, given, allowed, words=None):
    """The query under the arguments' filters.

    :param allowed: columns one may filter by; relations by their name
    :param words: {column: filter of the house} whose `ct` and `sw` search by words
    """
    filters = given.get("filters", [])
    if not isinstance(filters, list):
        raise Malformed("bad_filter", _("filters is a list of {col, opr, value}."))
    for one in filters:
        if not isinstance(one, dict) or not {"col", "opr", "value"} <= one.keys():
            raise Malformed("bad_filter", _("filters is a list of {col, opr, value}."))
        query = _one(query, model, one["col"], one["opr"], one["value"], allowed, words or {})
    return query


def _one(query, model, name, operator, value, allowed, words):
    if not isinstance(name, str) or name not in allowed:
        raise Malformed("bad_filter", _("This column cannot be filtered: %(column)s.", column=name), field="filters")
    if not isinstance(operator, str):
        raise _bad_operator(operator)
    prop = model.__mapper__.attrs.get(name)
    if name in words and operator in (("ct", "sw") if prop is not None else WORD_OPS):
        return words[name].apply(query, model, wire.taken(name, str(value), 200), db.session)
    if prop is None:
        raise _bad_operator(operator)
    if isinstance(prop, RelationshipProperty):
        return _relation(query, model, prop, name, operator, value)
    if name == "number" and operator == "sw":
        return starting(query, model, name, wire.taken(name, str(value), 200), db.session)
    column = getattr(model, name)
    condition, typed = _typed(prop.columns[0].type, name, operator, value)
    return query.filter(condition(column, typed))


def _relation(query, model, prop, name, operator, value):
    if operator not in RELATION_OPS:
        raise _bad_operator(operator)
    local = next(column for column in prop.local_columns if column.key != "customer_id" or len(prop.local_columns) == 1)
    column = model.__mapper__.get_property_by_column(local)
    key = getattr(model, column.key)
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 19:
        value = int(value)
    value = wire.whole(name, value) if isinstance(local.type, Integer) else wire.taken(name, value, 40)
    return query.filter(key != value if operator.startswith("n") else key == value)


def _typed(kind, name, operator, value):
    kind = kind.impl if isinstance(kind, TypeDecorator) and not isinstance(kind.impl, type) else kind
    if isinstance(kind, Boolean):
        if operator not in ("eq", "neq") or not isinstance(value, bool):
            raise _bad_operator(operator)
        return VALUE_OPS[operator], value
    if isinstance(kind, Numeric | Integer | DateTime | Date):
        if operator not in VALUE_OPS:
            raise _bad_operator(operator)
        if isinstance(kind, Date | DateTime):
            return VALUE_OPS[operator], _instant(name, value) if isinstance(kind, DateTime) else wire.day(name, value)
        if isinstance(kind, Integer):
            text = str(value)
            digits = text.removeprefix("-")
            known = digits.isdecimal() and len(digits) < 19
            return VALUE_OPS[operator], int(text) if known else wire.whole(name, value)
        return VALUE_OPS[operator], wire.decimal(name, value)
    if operator not in TEXT_OPS:
        raise _bad_operator(operator)
    text = wire.taken(name, str(value), 400)
    return TEXT_OPS[operator], text


def _instant(name, value):
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise wire.bad(name, _("Send the instant as ISO 8601: %(field)s.", field=name)) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bad_operator(operator):
    return Malformed("bad_filter", _("This operator does not fit the column: %(operator)s.", operator=str(operator)))

