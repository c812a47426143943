"""Many changed rows of one table are written by one statement, whichever rule changed them.

SQLAlchemy sends one UPDATE for every row; an order of a thousand lines would send a thousand. Rows with a
version of their own are left to it: their check is per row.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    bindparam,
    cast,
    column,
    event,
    func,
    inspect,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

FEWEST = 3  # fewer rows are cheaper one by one: their statement is the one that is known already
PLAIN = (Boolean, Date, DateTime, Integer, Numeric, String)


def begin() -> None:
    """Listen last of all: what is written together is changed no more for whoever looks after that.

    History, stamps and the guards of nouns look at what a flush is about to write, so all of them come before.
    """
    if not event.contains(Session, "before_flush", write_changed):
        event.listen(Session, "before_flush", write_changed)


def write_changed(session: Session, *_: Any) -> None:
    """Before a flush, after all who look at what has changed: write what can be written together, and call it written.
    """
    groups: dict[tuple[Any, tuple[str, ...]], list[Any]] = {}
    for row in session.dirty:
        state = inspect(row)
        if state.mapper.version_id_col is None:
            names = _changed(state)
            if names:
                groups.setdefault((state.mapper, names), []).append(row)
    for (mapper, names), rows in groups.items():
        if len(rows) >= FEWEST:
            _write(session, mapper, names, rows)


def _changed(state: Any) -> tuple[str, ...]:
    """The changed columns of a row; none where something else about it has changed, or what others refer to."""
    plain = _plain(state.mapper)
    found = [name for name in state.committed_state if state.attrs[name].history.has_changes()]
    return tuple(sorted(found)) if set(found) <= plain else ()


@cache
def _plain(mapper: Any) -> frozenset[str]:
    names = set()
    for attribute in mapper.column_attrs:
        one = attribute.columns[0]
        kind = one.type.impl_instance if isinstance(one.type, TypeDecorator) else one.type
        if isinstance(kind, PLAIN) and not one.primary_key and not one.foreign_keys:
            names.add(attribute.key)
    return frozenset(names) if len(mapper.primary_key) == 1 and len(mapper.tables) == 1 else frozenset()


@cache
def _statement(mapper: Any, names: tuple[str, ...]) -> Any:
    table, key = mapper.local_table, mapper.primary_key[0]
    columns = {name: mapper.columns[name] for name in names}
    kinds = {"row_key": key.type} | {f"new_{name}": one.type for name, one in columns.items()}
    arrays = [cast(bindparam(name, type_=ARRAY(kind)), ARRAY(kind)) for name, kind in kinds.items()]
    columns_given = [column(name, kind) for name, kind in kinds.items()]
    given = func.unnest(*arrays).table_valued(*columns_given, name="given").render_derived()
    values = {one: given.c[f"new_{name}"] for name, one in columns.items()}
    return update(table).where(key == given.c.row_key).values(values)


def _write(session: Session, mapper: Any, names: tuple[str, ...], rows: list[Any]) -> None:
    key = mapper.get_property_by_column(mapper.primary_key[0]).key
    given = {"row_key": [getattr(row, key) for row in rows]}
    given |= {f"new_{name}": [getattr(row, name) for row in rows] for name in names}
    # through the connection: what the session may write was checked before, row security checks it again
    written = session.connection().execute(_statement(mapper, names), given).rowcount
    if written != len(rows):
        raise StaleDataError(f"{len(rows)} rows of {mapper.local_table} were to be written, {written} were")
    for row in rows:
        for name in names:
            set_committed_value(row, name, getattr(row, name))
