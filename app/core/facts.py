"""What happened, as a row in the same transaction; who cares is a job each, with exactly one effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.core import queue
from app.core import work as _work
from app.core.history import owner_of, plain
from app.core.scope import DECLARED, infrastructure, owned_by

Handler = Callable[[Any, Any, _work.Work], None]
_subscribers: dict[str, dict[str, Handler]] = {}
MODELS: dict[str, type] = {}


@owned_by("customer_id")
class Fact(Model):
    """One thing that happened. `name` is '<noun>.<verb>'; the payload holds ids and codes only."""

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_record", "noun", "record_id"),)
    id = Column(BigInteger, Identity(), primary_key=True)
    customer_id = Column(BigInteger, nullable=False, doc="0 where the record is the house's own")
    name = Column(String(80), nullable=False)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    actor_id = Column(BigInteger)
    actor = Column(String(120), nullable=False)
    inside = Column(String(8), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    payload = Column(JSONB, nullable=False)


@infrastructure
class FactDelivery(Model):
    """That one subscriber has acted on one fact: what makes a second delivery harmless."""

    __tablename__ = "fact_deliveries"
    __table_args__ = (UniqueConstraint("fact_id", "subscriber"),)
    id = Column(BigInteger, Identity(), primary_key=True)
    fact_id = Column(BigInteger, ForeignKey("facts.id", ondelete="CASCADE"), nullable=False)
    subscriber = Column(String(160), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False)


HEARD = "the fact that is being heard"  # key of the unit of work's cache


def heard(work_: _work.Work) -> Fact | None:
    """The fact a subscriber is hearing of; the record may have gone on since then."""
    found: Fact | None = work_.cache.get(HEARD)
    return found


@dataclass
class Pending:
    """A fact that becomes a row when the door commits."""

    name: str
    noun: str
    record: Any
    payload: dict[str, Any] = field(default_factory=dict)


def publish(work_: _work.Work, name: str, noun: str, record: Any, **payload: Any) -> None:
    """Say that something happened to `record`. Nothing leaves the process here."""
    values = {key: plain(value) for key, value in payload.items()}
    work_.pending_facts.append(Pending(name, noun, record, values))


def on(*names: str, called: str | None = None) -> Callable[[Handler], Handler]:
    """Subscribe `handler(fact, record, work)` to facts by name; it may be run twice, its effect once.

    :param called: stable name of the subscriber, default module and function
    """

    def subscribe(handler: Handler) -> Handler:
        key = called or f"{handler.__module__}.{handler.__name__}"
        for name in names:
            _subscribers.setdefault(name, {})[key] = handler
        return handler

    return subscribe


def subscribers(name: str) -> dict[str, Handler]:
    """Who listens to the fact `name`: {stable name: handler}."""
    return _subscribers.get(name, {})


def write(work_: _work.Work) -> None:
    """Turn what was published into rows and jobs; called when the door commits."""
    pending, work_.pending_facts = work_.pending_facts, []
    if not pending:
        return
    rows = [_row(work_, one) for one in pending]
    work_.session.add_all(rows)
    work_.session.flush()
    jobs = [{"fact_id": row.id, "subscriber": key} for row in rows for key in subscribers(str(row.name))]
    queue.defer(work_, "facts.deliver", *jobs)


def _row(work_: _work.Work, one: Pending) -> Fact:
    MODELS.setdefault(one.noun, type(one.record))
    return Fact(
        customer_id=owner_of(one.record),
        name=one.name,
        noun=one.noun,
        record_id=one.record.id,
        actor_id=work_.actor.user_id,
        actor=work_.actor.name,
        inside=work_.actor.kind,
        at=work_.now,
        payload=one.payload,
    )


def model_of(noun: str) -> type | None:
    """The model of a noun, also in a process that has published nothing about it."""
    return MODELS.get(noun) or next((one for one in DECLARED if getattr(one, "__history__", None) == noun), None)


def record_of(work_: _work.Work, noun: str, record_id: int) -> Any:
    """The record something was said about, a tombstone where it was deleted meanwhile; None once it is no more."""
    model = model_of(noun)
    return model and work_.session.get(model, record_id, execution_options={"with_deleted": True})


def deliver(work_: _work.Work, fact_id: int, subscriber: str) -> bool:
    """Let one subscriber act on one fact inside the open unit of work.

    :returns: False when it had acted before, or when the fact or subscriber is no more
    """
    fact = work_.session.get(Fact, fact_id)
    handler = subscribers(fact.name).get(subscriber) if fact else None
    if fact is None or handler is None:
        return False
    taken = work_.session.execute(
        insert(FactDelivery)
        .values(fact_id=fact_id, subscriber=subscriber, at=work_.now)
        .on_conflict_do_nothing(index_elements=["fact_id", "subscriber"])
        .returning(FactDelivery.id)
    ).scalar()
    if taken is None:
        return False
    record = record_of(work_, fact.noun, fact.record_id)
    if record is not None:
        work_.cache[HEARD] = fact
        with work_.doing(subscriber.rpartition(".")[2]):
            handler(fact, record, work_)
    return True
