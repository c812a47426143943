"""Who did what to which record when: one change set per action, before and after, lines included.

A model takes part by `__history__`: the noun of its own record, or the name of the relationship to
the record it is a line of. Rows are append-only for the application's database roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, String, event, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core import work as _work
from app.core.scope import owned_by, rows_of

SILENT = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "search", "customer_id"}
)
LONGEST_NOTE = 2000


@owned_by("customer_id", writable=True)
class History(Model):
    """One change set. `customer_id` is 0 where the record is the house's own."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_record", "noun", "record_id", "id"),)
    id = Column(BigInteger, Identity(), primary_key=True)
    customer_id = Column(BigInteger, nullable=False)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False, doc="see number_of")
    at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    actor_id = Column(BigInteger, doc="user, where a person acted")
    actor = Column(String(120), nullable=False)
    inside = Column(String(8), nullable=False, doc="staff, system or external: names of staff stay inside")
    action = Column(String(60), nullable=False)
    source = Column(String(80), nullable=False, doc="the door: screen, rest, shell:<user>, job:<name>")
    note = Column(String(LONGEST_NOTE), doc="reason or remark given with the action; of a longer one its beginning")
    changes = Column(JSONB, nullable=False, doc="{field: [before, after]}; lines as lines.<id>.field")


@dataclass
class Change:
    """What is about to be written for one record under one action."""

    record: Any
    action: str
    note: str | None
    fields: dict[str, list[Any]] = field(default_factory=dict)
    parts: list[tuple[str, Any, dict[str, list[Any]]]] = field(default_factory=list)
    made: bool = False

    def copy(self) -> Change:
        return Change(self.record, self.action, self.note, dict(self.fields), list(self.parts), self.made)

    @property
    def called(self) -> str:
        """The action as it is kept: what nobody named is a creation or an edit."""
        return "create" if self.made and self.action == _work.UNNAMED else self.action


def plain(value: Any) -> Any:
    """A value as the history keeps it: text for amounts and instants, a label for a record."""
    if isinstance(value, Decimal | datetime | date):
        return value.isoformat() if not isinstance(value, Decimal) else format(value.normalize(), "f")
    if value is None or isinstance(value, str | int | bool | list | dict):
        return value
    if isinstance(value, bytes):
        return f"sha256:{sha256(value).hexdigest()}"
    return str(value)


def record(work_: _work.Work, row: Any, action: str, note: str | None = None, **fields: Any) -> None:
    """Enter an action that changed nothing itself (an assignment, a download, a link sent)."""
    change = _change(work_, row, action, note)
    change.fields.update({name: [None, plain(value)] for name, value in fields.items()})


def changed(work_: _work.Work, row: Any, **pairs: tuple[Any, Any]) -> None:
    """Enter what changed beside a record's own columns: `changed(work, person, roles=("Support", "Editor"))`."""
    found = {name: [plain(before), plain(after)] for name, (before, after) in pairs.items() if before != after}
    if found:
        _change(work_, row, work_.action, work_.note).fields.update(found)


def born(work_: _work.Work, row: Any) -> None:
    """Enter how a record and its lines are made, before its first step is taken and anything is written.

    What is written later counts as the step's, as far as it differs.
    """
    for one in (row, *_lines_of(row)):
        delta = _delta(one, "new")
        work_.born[id(one)] = {name: pair[1] for name, pair in delta.items()}
        _enter(work_, one, delta, made=True)


def _lines_of(row: Any) -> list[Any]:
    """The lines of a record: rows of a relationship whose model says that it is part of the record's history."""
    found: list[Any] = []
    for relation in inspect(type(row)).relationships:
        mark = getattr(relation.mapper.class_, "__history__", None)
        if isinstance(mark, tuple) and mark[1] == relation.key:
            found += getattr(row, relation.key)
    return found


def leave_out(work_: _work.Work, *rows: Any) -> None:
    """Enter nothing about rows so far: they say themselves who made them, when and why."""
    dropped = {id(row) for row in rows}
    work_.changes = {key: change for key, change in work_.changes.items() if id(change.record) not in dropped}


def _change(work_: _work.Work, row: Any, action: str, note: str | None) -> Change:
    key = (id(row), action)
    if key not in work_.changes:
        work_.changes[key] = Change(row, action, note)
    found: Change = work_.changes[key]
    found.note = note or found.note
    return found


@cache
def _kept(model: type) -> tuple[str, ...]:
    """The columns of a model that the history tells about."""
    secret: frozenset[str] = getattr(model, "__secret__", frozenset())
    names = [str(attribute.key) for attribute in model.__mapper__.column_attrs]  # type: ignore[attr-defined]
    return tuple(name for name in names if name not in SILENT and name not in secret)


def _delta(row: Any, kind: str) -> dict[str, list[Any]]:
    """Changed columns of a row: {field: [before, after]}; relations appear under their own name."""
    model: Any = type(row)
    names = _kept(model)
    if kind == "new":
        given = row.__dict__
        return {name: [None, plain(given[name])] for name in names if given.get(name) is not None}
    if kind == "deleted":
        return {name: [plain(getattr(row, name)), None] for name in names}
    state, found = inspect(row), {}
    for name in names:
        if name not in state.committed_state:
            continue
        past = state.attrs[name].history
        before = past.deleted[0] if past.deleted else None
        if past.has_changes() and past.added and before != past.added[0]:
            found[name] = [plain(before), plain(past.added[0])]
    return found


def _root(row: Any) -> tuple[Any, str | None]:
    mark = getattr(type(row), "__history__", None)
    if mark is None:
        return None, None
    if isinstance(mark, tuple):  # (relationship to the record, name of the list on it)
        return getattr(row, mark[0]) or _left(row), mark[1]
    return row, None


def _left(row: Any) -> Any:
    """The record a line was taken out of just now, if it was: it goes when the session finds it belongs to none."""
    mark = getattr(type(row), "__history__", None)
    if not isinstance(mark, tuple) or getattr(row, mark[0]) is not None:
        return None
    gone = inspect(row).attrs[mark[0]].history.deleted
    return gone[0] if gone else None


@event.listens_for(Session, "before_flush")
def _collect(session: Session, *_: Any) -> None:
    work_ = _work.current_or_none()
    if work_ is None:
        return
    groups = (("new", session.new), ("dirty", session.dirty), ("deleted", session.deleted))
    for kind, rows in groups:
        for row in list(rows):
            told = getattr(type(row), "__history__", None) is not None
            if not told or (kind == "dirty" and not session.is_modified(row)):
                continue
            known = work_.born.pop(id(row), None)
            delta = _delta(row, "deleted" if kind == "dirty" and _left(row) is not None else kind)
            if known is not None:  # its making stands in the history already: this is what its first step changed
                delta = {name: [known.get(name), now] for name, (_, now) in delta.items() if known.get(name) != now}
            _enter(work_, row, delta, made=kind == "new" and known is None)


def _enter(work_: _work.Work, row: Any, delta: dict[str, list[Any]], made: bool) -> None:
    root, part = _root(row)
    if root is None or not delta:
        return
    change = _change(work_, root, work_.action, work_.note)
    if part is None:
        change.made = change.made or made
        _merge(change.fields, delta)
    else:
        change.parts.append((part, row, delta))


def _merge(into: dict[str, list[Any]], delta: Mapping[str, list[Any]]) -> None:
    for name, (before, after) in delta.items():
        into[name] = [into[name][0] if name in into else before, after]


def owner_of(row: Any) -> int:
    """The customer a record belongs to; 0 where it is the house's own."""
    rows = rows_of(type(row))
    return int(getattr(row, rows.column)) if rows.kind == "owned" and rows.column else 0


def number_of(row: Any) -> int:
    """The number a record has in the history; where it is known by a code (GBP), the code's letters as one number.

    Codes are ASCII and at most eight letters long, which is as much as a bigint holds.
    """
    return row.id if isinstance(row.id, int) else int.from_bytes(row.id.encode("ascii"), "big")


def write(work_: _work.Work) -> None:
    """Turn what was collected into rows; called when the door commits, after the last flush."""
    changes, work_.changes = list(work_.changes.values()), {}
    for change in changes:
        fields = dict(change.fields)
        for part, row, delta in change.parts:
            _merge(fields, {f"{part}.{row.id}.{name}": pair for name, pair in delta.items()})
        mark = type(change.record).__history__
        work_.session.add(
            History(
                customer_id=owner_of(change.record),
                noun=mark if isinstance(mark, str) else type(change.record).__tablename__,
                record_id=number_of(change.record),
                at=work_.now,
                actor_id=work_.actor.user_id,
                actor=work_.actor.name,
                inside=work_.actor.kind,
                action=change.called,
                source=work_.source,
                note=change.note and change.note[:LONGEST_NOTE],
                changes=fields,
            )
        )
