"""Settings of the business: declared once in code, their values kept by scope.

Deployment values live in `config.py`; what an administrator decides lives here. The narrowest
scope that has a value wins: customer, access group, order type, portal, branch, system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Column, Identity, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core import kept
from app.core.errors import BusinessError
from app.core.scope import shared
from app.core.work import Work

SCOPES = ("customer", "access_group", "order_type", "portal", "branch", "system")
SETTINGS: dict[str, Setting] = {}
MOST = 100_000  # of a whole number: so many days before and after today the calendar has


@dataclass(frozen=True)
class Setting:
    """One setting: its type (bool, int, str, Decimal, a tuple of choices, or a function that reads a text), default
    and text.
    """

    name: str
    kind: Any
    default: Any
    text: Any
    scopes: tuple[str, ...]


@shared
class SettingValue(Model):
    """The value of one setting in one scope. `scope_id` is 0 for the system."""

    __tablename__ = "settings"
    __table_args__ = (UniqueConstraint("name", "scope", "scope_id"),)
    __history__ = "setting"
    id = Column(BigInteger, Identity(), primary_key=True)
    name = Column(String(60), nullable=False)
    scope = Column(String(20), nullable=False, default="system")
    scope_id = Column(BigInteger, nullable=False, default=0)
    value = Column(JSONB, nullable=False)

    def __repr__(self) -> str:
        return str(self.name)


def setting(name: str, kind: Any, default: Any, text: Any, scopes: Iterable[str] = ("system",)) -> Setting:
    """Declare a setting next to the rule that reads it."""
    SETTINGS[name] = Setting(name, kind, default, text, tuple(scopes))
    return SETTINGS[name]


def pattern(value: Any) -> str:
    """The kind of a setting that is a regular expression."""
    try:
        return re.compile(str(value)).pattern
    except re.error:
        raise ValueError(value) from None


def parse(declared: Setting, value: Any) -> Any:
    """A value as the setting's type.

    :raises BusinessError: 'bad_setting' naming the setting
    """
    try:
        if isinstance(declared.kind, tuple):
            if value not in declared.kind:
                raise ValueError(value)
            return value
        if declared.kind is bool:
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
        if declared.kind is Decimal:
            return Decimal(str(value))
        return declared.kind(value)
    except (ValueError, KeyError, ArithmeticError, TypeError):
        raise _bad(declared) from None


def checked(declared: Setting, value: Any) -> Any:
    """A value that somebody wants to keep: days, rows, megabytes with which one can reckon.

    :raises BusinessError: 'bad_setting' naming the setting
    """
    parsed = parse(declared, value)
    if declared.kind is int and not 0 <= parsed <= MOST:
        raise _bad(declared)
    return parsed


def _bad(declared: Setting) -> BusinessError:
    text = _l("The value of the setting %(name)s is not valid.", name=declared.name)
    return BusinessError("bad_setting", text, field="value")


def _values(work: Work) -> dict[tuple[str, str, int], Any]:
    rows = work.session.execute(
        select(SettingValue.name, SettingValue.scope, SettingValue.scope_id, SettingValue.value)
    )
    return {(name, scope, scope_id): value for name, scope, scope_id, value in rows}


def get(name: str, work: Work, **ids: int | None) -> Any:
    """The value of a setting for a record: `get("X", work, customer=7, branch=1)`."""
    declared = SETTINGS[name]
    values = kept.get(work, "settings", _values)
    for scope in SCOPES:
        wanted = 0 if scope == "system" else ids.get(scope)
        if wanted is not None and scope in declared.scopes and (name, scope, wanted) in values:
            return parse(declared, values[name, scope, wanted])
    return declared.default


def most(name: str, work: Work) -> Any:
    """The largest value a setting has anywhere, its default counted: how far a job has to look."""
    declared = SETTINGS[name]
    values = kept.get(work, "settings", _values)
    return max([declared.default, *(parse(declared, value) for key, value in values.items() if key[0] == name)])
