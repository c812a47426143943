"""Lists that cost at a million rows what they cost at a thousand: keyset pages, capped counts, one statement.

Pages are found by the values of the row before (or after) them, never by counting through; the last page
is the first one of the reversed order. Only columns with a (column, id) index can be ordered by.
"""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import Date, DateTime, Numeric, func, literal_column, select, text, tuple_
from sqlalchemy.orm import joinedload, load_only

from app.core.errors import Malformed

COUNT_CAP = 10_000
STATE_CAP = 200  # a tab says "200+", which costs the same at any size


@dataclass
class Page:
    """One page of a list and the marks of its neighbours (None where there is none)."""

    rows: list
    next: str | None = None
    prev: str | None = None


def mark(row, column):
    """Where a row stands in the order, as it travels in an address."""
    value = getattr(row, column)
    plain = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return base64.urlsafe_b64encode(json.dumps([plain, row.id]).encode()).decode().rstrip("=")


def unmark(model, column, cursor):
    """The (value, id) of a mark.

    :raises Malformed: it is not one of ours
    """
    try:
        value, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kind = model.__mapper__.columns[column].type
        if isinstance(kind, DateTime):
            value = datetime.fromisoformat(value)
        elif isinstance(kind, Date):
            value = date.fromisoformat(value)
        elif isinstance(kind, Numeric) or (hasattr(kind, "impl") and isinstance(kind.impl, Numeric)):
            value = Decimal(value)
        elif column == "id":
            value = int(value)
        return value, int(identity)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise Malformed("bad_page", _("This page address is not valid.")) from None


def page(query, model, *, column="id", direction="desc", size=25, after=None, before=None, last=False, skip=0):
    """One page of `query` in the order (column, id).

    :param after: mark of the row before the page; `before`: mark of the row after it
    :param last: the last page, found from the end
    :param skip: rows to pass over, for page numbers below the cap
    """
    backwards = last or before is not None
    down = (direction == "desc") != backwards
    key = [getattr(model, column)] + ([model.id] if column != "id" else [])
    cursor = before or after
    if cursor:
        value, identity = unmark(model, column, cursor)
        edge = (value, identity) if column != "id" else (identity,)
        left = tuple_(*key) if len(key) > 1 else key[0]
        right = tuple_(*edge) if len(key) > 1 else edge[0]
        query = query.filter(left < right if down else left > right)
    query = query.order_by(*[part.desc() if down else part.asc() for part in key])
    rows = query.offset(skip or None).limit(size + 1).all()
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    found = Page(rows)
    if rows:
        beyond, behind = (bool(before), more) if backwards else (more, bool(after or skip))
        found.next = mark(rows[-1], column) if beyond else None
        found.prev = mark(rows[0], column) if behind else None
    return found


def count(session, query, model, filtered):
    """How many rows match, up to one more than the cap.

    An unfiltered list of a large table asks the planner's statistics instead of counting.
    """
    if not filtered:
        guess = session.connection().execute(
            text("select reltuples from pg_class where oid = cast(:t as regclass)"), {"t": model.__tablename__}
        ).scalar()  # fmt: skip
        if guess and guess > 10 * COUNT_CAP:
            return COUNT_CAP + 1
    inner = query.order_by(None).with_entities(model.id).limit(COUNT_CAP + 1).subquery()
    return session.query(func.count(literal_column("*"))).select_from(inner).scalar()


def state_counts(session, query, model, states):
    """{state: how many, up to STATE_CAP} in one statement."""
    base = query.order_by(None).with_entities(literal_column("1"))
    parts = [
        select(func.count()).select_from(base.filter(model.state == one).limit(STATE_CAP).subquery()).scalar_subquery()
        for one in states
    ]
    return dict(zip(states, session.query(*parts).one(), strict=True)) if parts else {}


def narrow_columns(query, model, names):
    """Load what the list shows and no more; each relation by a join in the same statement."""
    mapper, wanted, options = model.__mapper__, {"id", "version", "state", "currency_code", "customer_id"}, []
    for name in names:
        root, _dot, leaf = name.partition(".")
        relation = mapper.relationships.get(root)
        if relation is None:
            wanted.add(root)
            continue
        wanted |= {column.key for column in relation.local_columns}
        load = joinedload(getattr(model, root))
        label = getattr(relation.mapper.class_, "__label__", ())
        columns = {*label, *([leaf] if leaf else [])}
        if columns:
            load = load.load_only(*[getattr(relation.mapper.class_, one) for one in columns])
        options.append(load)
    columns = [getattr(model, one) for one in wanted if one in mapper.column_attrs]
    return query.options(load_only(*columns), *options)
