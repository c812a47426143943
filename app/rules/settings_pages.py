"""Settings as an administrator changes them: one value per scope, each change in the history."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import kept, settings
from app.core.errors import BusinessError, NotFound
from app.core.settings import SETTINGS, SettingValue

WORDS = {
    "system": _l("Everywhere"), "portal": _l("Portal"), "branch": _l("Branch"), "order_type": _l("Order type"),
    "access_group": _l("Access group"), "customer": _l("Customer"),
}  # fmt: skip


def declared(name):
    """The setting of that name.

    :raises NotFound: 'not_found'
    """
    if name not in SETTINGS:
        raise NotFound("not_found", _l("There is no such record."))
    return SETTINGS[name]


def values(name, work):
    """The values kept for a setting, the widest scope first."""
    rows = work.session.scalars(select(SettingValue).where(SettingValue.name == name)).all()
    return sorted(rows, key=lambda row: (-settings.SCOPES.index(row.scope), row.scope_id))


def everywhere(work):
    """The values kept for the whole house: {name: value}."""
    rows = work.session.scalars(select(SettingValue).where(SettingValue.scope == "system"))
    return {row.name: row.value for row in rows}


def value(name, scope, scope_id, work):
    """The row that keeps the value of a setting in one scope, if it has one."""
    keys = {"name": name, "scope": scope, "scope_id": scope_id}
    return work.session.scalars(select(SettingValue).filter_by(**keys)).first()


def put(name, scope, scope_id, given, work):
    """Keep a value of a setting in one scope.

    :param scope_id: id of the customer, branch ...; 0 for the system
    :raises BusinessError: 'bad_setting', 'bad_scope'
    """
    one = declared(name)
    if scope not in one.scopes or (scope == "system") != (scope_id == 0):
        raise BusinessError("bad_scope", _l("This setting has no value there."), field="record")
    parsed = settings.checked(one, given)
    plain = format(parsed, "f") if isinstance(parsed, Decimal) else parsed
    row = value(name, scope, scope_id, work)
    if row is None:
        row = SettingValue(name=name, scope=scope, scope_id=scope_id, value=plain)
        work.session.add(row)
    row.value = plain
    work.session.flush()
    kept.forget(work, "settings")
    return row


def drop(name, scope, scope_id, work):
    """Forget a value; the wider scope, at last the default, holds again."""
    row = value(name, scope, scope_id, work)
    if row is None:
        raise NotFound("not_found", _l("There is no such record."))
    work.session.delete(row)
    work.session.flush()
    kept.forget(work, "settings")
