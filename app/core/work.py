"""Who is acting, which rows they may touch, when it is, what they have done: one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.orm import scoped_session

from app.core.errors import NoWork

Kind = Literal["system", "staff", "external", "nobody"]

_current: ContextVar[Work | None] = ContextVar("work", default=None)


def _never(permission: str) -> bool:
    return False


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts.

    :param kind: being staff is a positive fact; whoever is neither staff nor external sees nothing
    :param customers: ids of the customers an external actor acts for
    :param branches: None for every branch, else the ids of the branches a member of staff is limited to
    :param groups: access groups of an external actor
    :param may: tells whether the actor holds a permission such as 'order.approve'
    """

    name: str
    kind: Kind = "nobody"
    user_id: int | None = None
    customers: frozenset[int] = frozenset()
    branches: frozenset[int] | None = None
    groups: frozenset[int] = frozenset()
    may: Callable[[str], bool] = field(default=_never, compare=False)
    locale: str = "en"

    @classmethod
    def system(cls, job: str) -> Actor:
        """The house itself: a job, an import, the shell. Sees every row, may take every step."""
        return cls(name=f"system:{job}", kind="system", may=lambda permission: True)

    @classmethod
    def nobody(cls) -> Actor:
        """A visitor who has not signed in."""
        return cls(name="anonymous")

    @property
    def inside(self) -> bool:
        """Staff or the house itself, as opposed to a customer or a visitor."""
        return self.kind in ("system", "staff")


UNNAMED = "edit"  # the action of a change for which nobody gave a name


@dataclass
class Work:
    """One unit of work. `now` is the only clock (UTC, aware); `source` is the door it came through."""

    actor: Actor
    session: Any
    now: datetime
    source: str = "system"
    action: str = UNNAMED
    note: str | None = None
    lifted: int = 0
    pending_facts: list[Any] = field(default_factory=list)
    changes: dict[Any, Any] = field(default_factory=dict)
    cache: dict[Any, Any] = field(default_factory=dict)
    born: dict[int, dict[str, Any]] = field(default_factory=dict)  # what is in the history of rows not yet written
    stamp: int | None = None  # of what is kept per process, as the request found it (app.core.kept)
    signed: str | None = None  # what the open transaction was told about the scope

    def mark(self) -> tuple[int, dict[Any, Any]]:
        """A point to come back to when a savepoint is rolled back."""
        return len(self.pending_facts), {key: change.copy() for key, change in self.changes.items()}

    def rewind(self, mark: tuple[int, dict[Any, Any]]) -> None:
        """Forget what was promised and recorded since `mark`."""
        del self.pending_facts[mark[0] :]
        self.changes = mark[1]

    @contextmanager
    def doing(self, action: str, note: str | None = None) -> Iterator[None]:
        """Name what is being done, for the history."""
        before = self.action, self.note
        self.action, self.note = action, note if note is not None else self.note
        try:
            yield
        finally:
            self.action, self.note = before


def current() -> Work:
    """The unit of work that is open.

    :raises NoWork: nobody is acting
    """
    work_ = _current.get()
    if work_ is None:
        raise NoWork("open a unit of work first: with work(actor, session): ...")
    return work_


def current_or_none() -> Work | None:
    """The unit of work that is open, if any."""
    return _current.get()


def begin(work_: Work) -> Any:
    """Make `work_` the open unit of work; give the token to `end`."""
    return _current.set(work_)


def end(token: Any) -> None:
    """Close the unit of work that `begin` opened."""
    _current.reset(token)


@contextmanager
def work(
    actor: Actor,
    session: Any,
    *,
    now: datetime | None = None,
    source: str = "system",
    commit: bool = True,
) -> Iterator[Work]:
    """Run a block as `actor`; commit at its end, roll back on any error.

    :param now: UTC, aware; given by tests and replays so that rules never read the clock
    :param commit: False where another door commits
    """
    if now is not None and now.tzinfo is None:
        raise ValueError("a unit of work needs an aware instant")
    if isinstance(session, scoped_session):
        session = session()
    session.rollback()
    session.expunge_all()
    work_ = Work(actor, session, now or datetime.now(UTC), source)
    token = begin(work_)
    try:
        yield work_
        if commit:
            session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.rollback()
        end(token)
