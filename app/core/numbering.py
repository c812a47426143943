"""Document numbers without gaps: one counter per series and year, taken under its row lock.

The lock lasts until the commit, so a rollback gives the number back and nobody gets it twice.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder import Model
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import insert

from app.core import kept
from app.core.errors import BusinessError
from app.core.scope import infrastructure, shared
from app.core.work import Work


@shared
class NumberSeries(Model):
    """How the numbers of one kind of document look in one branch: prefix, year, running digits."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("branch_id", "code"),)
    __history__ = "number_series"
    id = Column(BigInteger, Identity(), primary_key=True)
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False)
    code = Column(String(40), nullable=False, doc="kind of document: order, invoice, contract ...")
    prefix = Column(String(20), nullable=False, default="")
    yearly = Column(
        Boolean, nullable=False, default=True, doc="starts at 1 every year, the year in the number"
    )
    width = Column(Integer, nullable=False, default=6, doc="running digits, padded with zeros")

    def __repr__(self) -> str:
        return f"{self.code} {self.prefix}"


@infrastructure
class NumberCounter(Model):
    """The last number taken from a series in a year (0 where the series is not yearly)."""

    __tablename__ = "number_counters"
    series_id = Column(BigInteger, ForeignKey("number_series.id"), primary_key=True)
    year = Column(Integer, primary_key=True)
    last = Column(BigInteger, nullable=False)


def series(code: str, branch_id: int, work: Work) -> Any:
    """The series of a kind of document in a branch, else the head office's: a kept row of `NumberSeries`.

    :raises BusinessError: 'no_series'
    """
    known = {one.branch_id: one for one in kept.rows(work, NumberSeries) if one.code == code}
    found = known.get(branch_id) or known.get(1)
    if found is None:
        raise BusinessError("no_series", f"There is no number series for {code}.", series=code)
    return found


def take(code: str, branch_id: int, work: Work, zone: str = "UTC", count: int = 1) -> str:
    """The next number of a series, or the last of `count` numbers taken in a row.

    The year is that of `work.now` in `zone`, the branch's time zone.
    """
    one = series(code, branch_id, work)
    year = work.now.astimezone(ZoneInfo(zone)).year if one.yearly else 0
    last = work.session.execute(
        insert(NumberCounter)
        .values(series_id=one.id, year=year, last=count)
        .on_conflict_do_update(
            index_elements=["series_id", "year"], set_={"last": NumberCounter.last + count}
        )
        .returning(NumberCounter.last)
    ).scalar_one()
    return shape(one, year, last)


def shape(one: Any, year: int, last: int) -> str:
    """A number as it is printed: prefix, year where the series is yearly, running digits last."""
    return f"{one.prefix}{f'{year}-' if one.yearly else ''}{last:0{one.width}d}"
