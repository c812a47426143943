"""Column types, mixins and declarations every model uses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.ext.declarative import declared_attr
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from app.core import searchtext
from app.core import work as _work
from app.core.localized import DEFAULT
from app.core.scope import audience, infrastructure, offered, owned_by, rows_of, shared, staff_only

__all__ = [
    "HOUSE_BRANCH",
    "Archived",
    "Audience",
    "Exact",
    "Localized",
    "Model",
    "Removable",
    "SearchText",
    "Stamped",
    "Translated",
    "amount_column",
    "audience",
    "child_of",
    "everyone",
    "infrastructure",
    "offered",
    "owned_by",
    "percent_column",
    "price_column",
    "quantity_column",
    "reference",
    "shared",
    "staff_only",
]  # fmt: skip

HOUSE_BRANCH = 1  # the seeded "Head office"


class Exact(TypeDecorator[Decimal]):
    """NUMERIC that refuses a float on its way in: money and quantities are exact or nothing."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 18, scale: int = 4) -> None:
        super().__init__(precision, scale)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if isinstance(value, float):
            raise TypeError("money and quantities are Decimal, never float")
        return value


def amount_column(doc: str = "", **more: Any) -> Column[Any]:
    """A stored, rounded amount in the currency of its header."""
    more.setdefault("nullable", False)
    if not more["nullable"]:
        more.setdefault("default", Decimal(0))
        more.setdefault("server_default", "0")
    return Column(Exact(18, 4), doc=doc or "in the header's currency", **more)


def price_column(doc: str = "net, per unit, in the header's currency", **more: Any) -> Column[Any]:
    """A price per unit, finer than the currency's own digits."""
    return Column(Exact(18, 6), doc=doc, **more)


def quantity_column(doc: str = "in the line's unit", **more: Any) -> Column[Any]:
    """A quantity in the unit named beside it."""
    return Column(Exact(18, 6), doc=doc, **more)


def percent_column(doc: str, **more: Any) -> Column[Any]:
    """A percentage: 19 means 19 %."""
    return Column(Exact(9, 4), doc=doc, **more)


class Localized(TypeDecorator[dict[str, str]]):
    """One text in several languages: {locale: text}."""

    impl = JSONB
    cache_ok = True


class SearchText(TypeDecorator[str]):
    """A search vector of folded words, written by us (see app.core.searchtext), never by PostgreSQL."""

    impl = TSVECTOR
    cache_ok = True


def reference(target: str, doc: str | None = None, **more: Any) -> Column[Any]:
    """A foreign key to a table that is not owned by a customer."""
    more.setdefault("nullable", False)
    index = more.pop("index", True)
    return Column(BigInteger, ForeignKey(target), index=index, doc=doc, **more)


def child_of(
    parent: str, column: str, *, cascade: bool = False, owner: str = "customer_id"
) -> ForeignKeyConstraint:
    """A row of one customer refers to a row of the same customer.

    Foreign-key checks pass row security, so the owner is part of the key.
    """
    return ForeignKeyConstraint(
        [owner, column], [f"{parent}.customer_id", f"{parent}.id"], ondelete="CASCADE" if cascade else None
    )


class Stamped:
    """Identity, version and who made and last changed a row, when (UTC)."""

    id = Column(BigInteger, Identity(), primary_key=True)
    version = Column(Integer, nullable=False, default=1, server_default="1")
    created_at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    created_by = Column(BigInteger, doc="user id; null for the house itself")
    updated_at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    updated_by = Column(BigInteger, doc="user id; null for the house itself")

    @declared_attr.directive
    def __mapper_args__(cls):
        return {"version_id_col": cls.version}


class Removable:
    """A deleted row stays as a tombstone: when, by whom, why (X-13)."""

    deleted_at = Column(DateTime(timezone=True), doc="UTC")
    deleted_by = Column(BigInteger)
    deleted_reason = Column(String(500))


class Archived:
    """A master that is no longer offered, but still referred to (X-44)."""

    archived_at = Column(DateTime(timezone=True), doc="UTC")

    @property
    def active(self) -> bool:
        return self.archived_at is None


class Translated:
    """A master that the house calls by its `name`, and that has other names in other languages."""

    other_names = Column(Localized, nullable=False, default=dict, server_default="{}",
                         doc="what it is called in other languages than the house's")  # fmt: skip

    @property
    def names(self) -> dict[str, str]:
        """What it is called, by language; where nobody translated it, by its name."""
        return {DEFAULT: self.name} | (self.other_names or {})


class Audience:
    """To whom a row is offered: one customer or one access group per row."""

    id = Column(BigInteger, Identity(), primary_key=True)

    @declared_attr
    def customer_id(cls):
        return Column(BigInteger, ForeignKey("customers.id"), index=True)

    @declared_attr
    def access_group_id(cls):
        return Column(BigInteger, ForeignKey("access_groups.id"), index=True)

    @declared_attr.directive
    def __table_args__(cls):
        name = cls.__tablename__
        return (
            CheckConstraint("num_nonnulls(customer_id, access_group_id) = 1", name=f"ck_{name}_one"),
            Index(f"ux_{name}", "record_id", "customer_id", "access_group_id", unique=True,
                  postgresql_nulls_not_distinct=True),
        )  # fmt: skip


def everyone() -> Column[Any]:
    """Whether an offered row is for all customers."""
    return Column(
        Boolean, nullable=False, default=True, server_default="true", doc="offered to every customer"
    )


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, *_: Any) -> None:
    work = _work.current_or_none()
    if work is None:
        return
    for row in session.new:
        _own(row)
        if isinstance(row, Stamped):
            row.created_at = row.created_at or work.now
            row.created_by = row.created_by or work.actor.user_id
            row.updated_at, row.updated_by = work.now, work.actor.user_id
            _index(row)
    for row in session.dirty:
        if isinstance(row, Stamped) and session.is_modified(row):
            row.updated_at, row.updated_by = work.now, work.actor.user_id
            _index(row)


def _own(row: Any) -> None:
    """A part belongs to whom its record belongs to."""
    via = rows_of(type(row)).via
    if via is None or row.customer_id is not None:
        return
    for relation in row.__mapper__.relationships:
        if any(column.key == via[0] for column in relation.local_columns):
            parent = getattr(row, relation.key)
            if parent is not None:
                row.customer_id = parent.customer_id


def _index(row: Any) -> None:
    """Keep the search vector in step with the texts it is made of."""
    texts = getattr(row, "search_texts", None)
    if texts is not None:
        vector = searchtext.vector(*[t for t in texts() if t])
        if row.search != vector:
            row.search = vector
