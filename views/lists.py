"""Lists that cost at a million rows what they cost at a thousand: keyset pages, capped counts, one statement.

Pages are found by the values of the row before (or after) them, never by counting through; the last page
is the first one of the reversed order. Only columns with a (column, id) index can be ordered by. Rows without
a value stand last in either direction: they are a stretch of their own, read when the others are used up.
"""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import joinedload, load_only

from app.core.errors import Malformed
from app.core.readable import storable

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
    plain = value.isoformat() if isinstance(value, date | datetime) else None if value is None else str(value)
    return base64.urlsafe_b64encode(json.dumps([plain, row.id]).encode()).decode().rstrip("=")


def unmark(model, column, cursor):
    """The (value, id) of a mark.

    :raises Malformed: it is not one of ours
    """
    try:
        value, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not (value is None or (isinstance(value, str) and storable(value))) or not 0 < int(identity) < 2**63:
            raise ValueError(cursor)
        kind = model.__mapper__.columns[column].type
        if value is None and model.__mapper__.columns[column].nullable:
            return None, int(identity)
        if isinstance(kind, DateTime):
            value = datetime.fromisoformat(value)
        elif isinstance(kind, Date):
            value = date.fromisoformat(value)
        elif isinstance(kind, Numeric) or (hasattr(kind, "impl") and isinstance(kind.impl, Numeric)):
            value = Decimal(value)
        elif isinstance(kind, Integer):
            value = int(value)
            if not -(2**63) <= value < 2**63:
                raise ValueError(cursor)
        return value, int(identity)
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise Malformed("bad_page", _("This page address is not valid.")) from None


def page(query, model, *, column="id", direction="desc", size=25, after=None, before=None, last=False, skip=0,
         scattered=None):  # fmt: skip
    """One page of `query` in the order (column, id).

    :param after: mark of the row before the page; `before`: mark of the row after it
    :param last: the last page, found from the end
    :param skip: rows to pass over, for page numbers below the cap
    :param scattered: the query without what it loads, where its rows may lie anywhere: their ids are found first,
        or the planner would walk the table backwards until a page is full
    """
    backwards = last or before is not None
    down = (direction == "desc") != backwards
    cursor = before or after
    edge = unmark(model, column, cursor) if cursor else None
    rows, left = [], skip
    for stretch, key in _stretches(query, model, column, edge, backwards):
        beyond = _beyond(stretch, key, edge, down) if edge else stretch
        if scattered is not None and column == "id" and not skip:
            beyond = _by_ids(query, _beyond(scattered, key, edge, down) if edge else scattered, model, down, size)
        ordered = beyond.order_by(*[part.desc() if down else part.asc() for part in key])
        rows += ordered.offset(left or None).limit(size + 1 - len(rows)).all()
        if len(rows) > size:
            break
        left, edge = 0 if rows or not left else max(0, left - _reckoned(stretch, model)), None
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    found = Page(rows)
    if rows:
        beyond, behind = (bool(before), more) if backwards else (more, bool(after or skip))
        found.next = mark(rows[-1], column) if beyond else None
        found.prev = mark(rows[0], column) if behind else None
    return found


def _stretches(query, model, column, edge, backwards):
    """[(query, key)] of the rows with a value and of those without, as they are read; the first one has the edge."""
    if column == "id":
        return [(query, [model.id])]
    value = getattr(model, column)
    if not model.__mapper__.columns[column].nullable:
        return [(query, [value, model.id])]
    key = [value, model.id]  # among those without a value too: PostgreSQL reads them from the index in this order
    found = [(query.filter(value.is_not(None)), key), (query.filter(value.is_(None)), key)]
    if backwards:
        found.reverse()
    return found[1:] if edge and (edge[0] is None) != backwards else found


def _by_ids(query, scattered, model, down, size):
    """The rows of a page found by their ids alone: what matches lies scattered over the table."""
    place = (model.id + 0).desc() if down else (model.id + 0).asc()
    ids = scattered.with_entities(model.id).order_by(place).limit(size + 1)
    return query.filter(model.id.in_(ids))


def _beyond(query, key, edge, down):
    whole = len(key) > 1 and edge[0] is not None
    left, right = (tuple_(*key), tuple_(*edge)) if whole else (key[-1], edge[1])
    return query.filter(left < right if down else left > right)


def _reckoned(query, model):
    """How many rows of a stretch a page number has passed over, up to the cap."""
    return query.order_by(None).with_entities(model.id).limit(COUNT_CAP).count()


def figures(session, query, model, filtered, tabs=None, states=()):
    """How many rows match, up to one more than the cap, and {state: how many, up to STATE_CAP}, in one statement.

    An unfiltered list of a large table asks the planner's statistics instead of counting.

    :param tabs: the query whose rows are counted by state; none are counted without it
    """
    parts = [_total(query, model, filtered)]
    if states:
        parts.append(_by_state(tabs, model, states))
    found = session.query(*parts).one()
    return found[0], dict(zip(states, found[1], strict=True)) if states else {}


def count(session, query, model, filtered):
    """How many rows match, up to one more than the cap."""
    return figures(session, query, model, filtered)[0]


def state_counts(session, query, model, states):
    """{state: how many, up to STATE_CAP} in one statement."""
    return dict(zip(states, session.query(_by_state(query, model, states)).scalar(), strict=True)) if states else {}


def _total(query, model, filtered):
    inner = query.order_by(None).with_entities(model.id).limit(COUNT_CAP + 1).subquery()
    exact = select(func.count()).select_from(inner).scalar_subquery()
    if filtered:
        return exact
    guess = f"(select reltuples from pg_class where oid = '{model.__tablename__}'::regclass)"
    large = literal_column(f"{guess} > {10 * COUNT_CAP}", Boolean)
    return case((large, literal_column(str(COUNT_CAP + 1))), else_=exact)


def _by_state(query, model, states):
    codes = bindparam(None, list(states), type_=ARRAY(Text), unique=True)
    wanted = func.unnest(codes).table_valued("state", name="tab").render_derived()
    rows = query.order_by(None).with_entities(literal_column("1")).filter(model.state == wanted.c.state)
    inner = rows.limit(STATE_CAP).enable_eagerloads(False).statement.correlate(wanted).subquery()
    each = select(select(func.count()).select_from(inner).scalar_subquery()).select_from(wanted)
    return func.array(each.scalar_subquery(), type_=ARRAY(Integer))


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
        columns = {*label, *getattr(relation.mapper.class_, "__listed__", ()), *([leaf] if leaf else [])}
        if columns:
            load = load.load_only(*[getattr(relation.mapper.class_, one) for one in columns])
        options.append(load)
    columns = [getattr(model, one) for one in wanted if one in mapper.column_attrs]
    return query.options(load_only(*columns), *options)
