"""Values as programs read and write them: amounts and quantities are strings, instants UTC, dates ISO."""

from datetime import UTC, date, datetime
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import Boolean, Date, DateTime, Integer, String
from sqlalchemy.orm import RelationshipProperty

from app.core.errors import Malformed
from app.core.localized import LOCALES, pick
from app.core.money import digits, parse_amount
from app.core.readable import FIRST_DAY, LAST_DAY, iso_day, storable
from app.reading import locale
from models.base import Exact, Localized
from models.organisation import Currency
from views.cells import AMOUNTS

# A day off the ends of the calendar: every reader's clock can show a moment between them, no offset leads past them.


def number(value):
    """A quantity or rate without trailing zeros: "6", "0.5"."""
    plain = format(value.normalize(), "f")
    return "0" if plain == "-0" else plain


def amount(value, currency):
    """An amount with the digits of its currency, or more where a price has more."""
    places = digits(currency) if currency else 2
    if value == round(value, places):
        return format(value.quantize(Decimal(1).scaleb(-places)), "f")
    return number(value)


def out(row, name, currency=None):
    """One value of a record for JSON; relations are {id, name}."""
    value = getattr(row, name, None)
    if isinstance(value, Decimal):
        return amount(value, currency or getattr(row, "currency_code", None)) if name in AMOUNTS else number(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return pick(value, locale()) if name in ("names", "descriptions") else value
    if value is None or isinstance(value, str | int | bool | list):
        return value
    return reference(value)


def instant(value):
    """A moment as ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(field, value):
    """A moment of a request: ISO 8601 with its offset from UTC."""
    try:
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        found = None
    if found is None or found.tzinfo is None or not FIRST_DAY <= found.date() <= LAST_DAY:
        raise bad(field, _("Send the moment as ISO 8601 with its time zone: %(field)s.", field=field))
    return found.astimezone(UTC)


def reference(row):
    """A record named in another's JSON."""
    names = getattr(row, "names", None)
    text = pick(names, locale()) if isinstance(names, dict) else str(row)
    return {"id": getattr(row, "id", None) or row.code, "name": text}


def bad(field, text):
    """A value that is not well formed, naming its field."""
    return Malformed("bad_value", text, field=field)


def known(given, names, **details):
    """Refuse fields that nobody reads: what somebody meant by them would be lost unsaid.

    :raises Malformed: 'unknown_fields' with details.fields, or the details given
    """
    unknown = sorted(map(str, given.keys() - set(names)))
    if unknown:
        text = _("These fields are not known here: %(fields)s.", fields=", ".join(unknown))
        raise Malformed("unknown_fields", text, **(details or {"fields": unknown}))


def decimal(field, value):
    """An amount or quantity: a string, or a whole JSON number.

    :raises Malformed: a fractional JSON number, or no number at all
    """
    if isinstance(value, float | bool):
        raise bad(field, _("Send amounts and quantities as strings: %(field)s.", field=field))
    try:
        return parse_amount(str(value)) if isinstance(value, int | str) else parse_amount(value)
    except (ValueError, TypeError):
        raise bad(field, _("This is not a number: %(field)s.", field=field)) from None


def whole(field, value):
    """An id or a count."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise bad(field, _("Send a whole number: %(field)s.", field=field))
    return value


def key(text):
    """The id that an address or a form names; None where it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def one_of(field, value, known):
    """A coded value that is one of those known."""
    if not isinstance(value, str) or value not in known:
        raise bad(field, _("This value is not possible: %(field)s.", field=field))
    return value


def currency(value, session):
    """The code of a currency we know."""
    code = taken("currency", value, 3).upper()
    if session.get(Currency, code) is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field="currency"), field="currency")
    return code


def taken(field, value, most=20_000):
    """A text: no NUL, not endless."""
    if not isinstance(value, str):
        raise bad(field, _("Send a text: %(field)s.", field=field))
    if not storable(value) or len(value) > most:
        raise bad(field, _("This text is too long or not valid: %(field)s.", field=field))
    return value.strip()


def put(row, name, value, session):
    """Write one JSON value into a record's column or relation.

    :raises Malformed: the wrong kind of value, naming the field
    """
    prop = type(row).__mapper__.attrs[name]
    if isinstance(prop, RelationshipProperty):
        setattr(row, name, _related(name, prop.mapper.class_, value, session, prop.local_columns))
        return
    column = prop.columns[0]
    if value is None:
        if not column.nullable:
            raise bad(name, _("Fill in this field: %(field)s.", field=name))
        setattr(row, name, None)
        return
    setattr(row, name, _column(name, column, value))


def _column(name, column, value):
    kind = column.type
    if isinstance(kind, Exact):
        return decimal(name, value)
    if isinstance(kind, Boolean):
        if not isinstance(value, bool):
            raise bad(name, _("Send true or false: %(field)s.", field=name))
        return value
    if isinstance(kind, Localized):
        return _texts(name, value)
    if isinstance(kind, Date | DateTime):
        return day(name, value)
    if isinstance(kind, Integer):
        return whole(name, value)
    return taken(name, value, kind.length or 20_000 if isinstance(kind, String) else 20_000)


def _texts(name, value):
    if isinstance(value, str):
        return {locale(): taken(name, value)}
    if not isinstance(value, dict) or not all(key in LOCALES and isinstance(val, str) for key, val in value.items()):
        raise bad(name, _("Send a text for each language: %(field)s.", field=name))
    return {key: taken(name, val) for key, val in value.items()}


def day(name, value):
    """A date as YYYY-MM-DD."""
    try:
        return iso_day(value)
    except (ValueError, TypeError):
        raise bad(name, _("Send the date as YYYY-MM-DD: %(field)s.", field=name)) from None


def _related(name, target, value, session, local):
    if value is None:
        if not all(column.nullable for column in local):
            raise bad(name, _("Fill in this field: %(field)s.", field=name))
        return None
    key = target.__mapper__.primary_key[0]
    if isinstance(key.type, String):
        found = session.get(target, taken(name, value, 40))
    else:
        found = session.get(target, whole(name, value))
    if found is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
    return found
