"""What rarely changes is read once per process, not once per request: settings, currencies, default warehouses.

The request brings the stamp that every change of such a table moves (migration 0025); another stamp, and it is
read anew. A job has no stamp: it reads for itself, once in its unit of work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.core.scope import lifted, rows_of
from app.core.work import Work, current_or_none

T = TypeVar("T")
MOST = 5_000  # values; beyond, all are read anew: what is kept by person is forgotten some day
_whole: set[Any] = set()  # models all of whose rows are kept
_kept: dict[tuple[object, str], tuple[int, object]] = {}  # (database, what) -> stamp, value


def get(work: Work, what: str, read: Callable[[Work], T]) -> T:
    """The value of `what`, by `read(work)` where nobody has read it since the last change.

    :param read: gives plain values that may be shared by threads, never rows of a session
    """
    if what not in work.cache:
        work.cache[what] = read(work) if work.stamp is None else _shared(work, what, read)
    found: T = work.cache[what]
    return found


def rows(work: Work, model: Any) -> tuple[Any, ...]:
    """All rows of a small table as plain values, the columns as attributes, in the order of their ids.

    The table moves the stamp (migration 0040). What is kept is the same for everybody, so it is read through the
    house's eyes: whoever asks says which of the rows concern his actor.
    """
    _whole.add(model)
    return get(work, f"rows of {model.__tablename__}", lambda work: _rows(work, model))


def _rows(work: Work, model: Any) -> tuple[Any, ...]:
    columns = [getattr(model, one.key) for one in model.__mapper__.column_attrs]
    wanted = select(*columns).order_by(*model.__mapper__.primary_key)
    if rows_of(model).kind == "shared":
        return tuple(work.session.execute(wanted))
    with lifted(work, "what is kept is the same for everybody"):
        return tuple(work.session.execute(wanted))


@event.listens_for(Session, "after_flush")
def _written(session: Session, _context: Any) -> None:
    """What a unit of work has changed itself, it reads for itself until its end."""
    work = current_or_none()
    if work is None or work.session is not session:
        return
    touched = {type(one) for one in (*session.new, *session.dirty, *session.deleted)} & _whole
    for model in touched:
        forget(work, f"rows of {model.__tablename__}")


def forget(work: Work, what: str) -> None:
    """Read a value anew, since this unit of work has just changed it; until its end it reads for itself."""
    work.stamp = None
    work.cache.pop(what, None)


def _shared(work: Work, what: str, read: Callable[[Work], T]) -> T:
    key = (work.session.get_bind(), what)
    stamp, value = _kept.get(key, (None, None))
    if stamp != work.stamp or work.stamp is None:
        value = read(work)
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[key] = (work.stamp or 0, value)
    return value  # type: ignore[return-value]
