"""Values as a reader sees them: one place decides how a column looks on lists, records and in exports."""

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from flask_appbuilder.security.sqla.models import Role
from flask_babel import gettext as _
from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, Text
from sqlalchemy.orm import RelationshipProperty

from app.core import kept
from app.core.localized import (
    format_date,
    format_datetime,
    format_money,
    format_number,
    format_percent,
    listed,
    pick,
)
from app.core.money import Money
from app.core.numbering import NumberSeries
from app.core.work import current
from app.rules import pricing, ratings
from models.base import Exact, Translated
from models.customers import Address
from models.organisation import ExchangeRate, Unit
from views.labels import VALUES, value_label, words_of
from views.role_words import role_word

CODES = frozenset({"number", "sku", "barcode", "order_number", "predecessor_number", "code", "reference"})
AMOUNTS = frozenset({
    "total_net", "total_tax", "total_gross", "open_amount", "paid_amount", "net", "tax", "gross", "amount",
    "unallocated", "total_discount", "discount_amount",
    "unit_price", "list_price", "counter_price", "internal_cost", "over_amount", "credit_limit",
})  # fmt: skip
PERCENTS = frozenset({"tax_rate", "rate", "over_discount"})
STARS = frozenset({"rating", "stars"})
FIGURES = AMOUNTS | {"free"}  # reckoned, not stored


def kind_of(model, name):
    """How a column is drawn: num, date, state, text, code, bool, wide."""
    prop = model.__mapper__.attrs.get(name)
    coded = name in VALUES and not isinstance(prop, RelationshipProperty)  # a refund's payment is a record
    if name == "state" or (coded and name in ("payment_status", "payment", "billing", "shipping")):
        return "state"
    if name in CODES:
        return "code"
    if prop is None or isinstance(prop, RelationshipProperty):
        return "num" if name in FIGURES else "text"
    column = prop.columns[0].type
    if isinstance(column, Exact | Integer):
        return "num"
    if isinstance(column, Date | DateTime):
        return "date"
    if isinstance(column, Boolean):
        return "bool"
    if isinstance(column, Text) and not isinstance(column, LargeBinary):
        return "wide"
    return "text"


def show(row, name, reader, states=None, currency=None):
    """One value of a record as text (state: code and label; bool stays bool) in the reader's language.

    :param currency: of the record a line belongs to
    """
    value = getattr(row, name, None)
    if value is None or value == "":
        return None
    if name == "code" and isinstance(row, NumberSeries):
        return str(value_label("series", value))
    words = words_of(type(row), name)
    if name == "state" or (words in VALUES and isinstance(value, str)):
        word = str(value_label(words, value, states))
        return (value, word) if kind_of(type(row), name) == "state" else word
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return _number(row, name, value, reader, currency)
    if isinstance(value, datetime):
        return format_datetime(value, reader)
    if isinstance(value, date):
        return format_date(value, "short", reader)
    if name == "other_names":
        return " · ".join(value.values()) or None
    if isinstance(value, dict):
        return pick(value, reader.locale)
    if name == "name" and isinstance(row, Translated | Role):
        return said(row, reader)
    if name == "role_names":
        return ", ".join(sorted(said(one, reader) for one in row.roles))
    if isinstance(value, list):
        return listed((str(value_label(name, one)) for one in value), reader.locale) or None
    if name in STARS:
        return ratings.drawn(value)
    if isinstance(value, int):
        return format_number(Decimal(value), reader)
    if name in ("language", "locale"):
        return Locale.parse(value).get_display_name(reader.locale) or value
    if name == "country_code":
        return Locale.parse(reader.locale).territories.get(value, value)
    if name == "unit_code":
        return unit(value, reader)
    if name == "price_source":
        return price_source(value, reader)
    return said(value, reader)


def unit(code, reader):
    """A unit of measure as it stands beside a quantity: "pcs"."""
    known = next((one.symbols for one in kept.rows(current(), Unit) if one.code == code), None)
    return pick(known, reader.locale) or code


def price_source(kept, reader):
    """Which price applied to a line, in the reader's language and figures."""
    return str(pricing.told(kept, lambda number: format_number(number, reader)))


def said(value, reader):
    """A record or text as people call it."""
    names = getattr(value, "names", None) or getattr(value, "symbols", None)
    if isinstance(names, dict):
        return pick(names, reader.locale)
    if isinstance(value, Role):
        return role_word(value.name)
    if isinstance(value, Address):
        country = Locale.parse(reader.locale).territories.get(value.country_code, value.country_code)
        return listed([*value.lines()[:-1], country], reader.locale)
    full = getattr(value, "get_full_name", None)
    return full() if full else str(value)


def _number(row, name, value, reader, currency=None):
    if name in AMOUNTS:
        currency = currency or getattr(row, "currency_code", None) or _parent_currency(row)
        if currency:
            if name in ("unit_price", "list_price"):
                return price(value, currency, reader)
            return format_money(Money(value, currency), reader)
    if percent(type(row), name):
        return format_percent(value, reader)
    if isinstance(row, ExchangeRate):
        return factor(value, reader)
    return format_number(value, reader)


def factor(value, reader):
    """A factor with all its digits: a rial in pounds begins at the sixth place."""
    return format_number(value, reader, max(0, -value.normalize().as_tuple().exponent))


def percent(model, name):
    """Whether a column holds per cent; how much of a currency another one is worth does not."""
    return name.endswith("_percent") or (name in PERCENTS and model is not ExchangeRate)


def price(value, currency, reader):
    """A price per unit: with the currency's digits, or more where the price has them."""
    money = Money(value, currency)
    if money.rounded().amount == value:
        return format_money(money, reader)
    return f"{format_number(value, reader)} {currency}"


def _parent_currency(row):
    for name in ("order", "invoice", "contract", "quote", "price_list", "payment"):
        parent = row.__dict__.get(name)
        if parent is not None:
            return getattr(parent, "currency_code", None)
    return None


def plain(row, name, reader, states=None):
    """One value for an export: Decimal, date and instant stay what they are, the rest is text."""
    value = getattr(row, name, None)
    if isinstance(value, Decimal | datetime | date):
        return value
    found = show(row, name, reader, states)
    if isinstance(found, tuple):
        return found[1]
    if isinstance(found, bool):
        return _("Yes") if found else _("No")
    return found
