"""What every commit writes besides the business rows: facts, their jobs, and the history."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core import facts, history, scope
from app.core import work as _work


@event.listens_for(Session, "before_commit")
def _complete(session: Session, *_: Any) -> None:
    work_ = _work.current_or_none()
    if work_ is None or session.in_nested_transaction():
        return
    while work_.pending_facts or work_.changes or session.new or session.dirty or session.deleted:
        session.flush()
        with _eyes(work_):
            history.write(work_)
            facts.write(work_)
            session.flush()


def _eyes(work_: _work.Work) -> Any:
    """What is noted about the house's own rows is written by the house, whoever caused it."""
    noted = [change.record for change in work_.changes.values()] + [one.record for one in work_.pending_facts]
    outside = scope.eyes(work_) in ("external", "nobody")
    if outside and any(history.owner_of(row) not in work_.actor.customers for row in noted):
        return scope.lifted(work_, "history and facts of the house's own rows")
    return nullcontext()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    work_ = _work.current_or_none()
    if work_ is not None and not session.in_nested_transaction():
        work_.pending_facts.clear()
        work_.changes.clear()
        work_.signed = None


@event.listens_for(Session, "after_commit")
def _unsigned(session: Session) -> None:
    work_ = _work.current_or_none()
    if work_ is not None:
        work_.signed = None
