"""An order as screens and programs send it, taken apart into what the rules take."""

from flask import g
from flask_babel import gettext as _

from app.core.errors import Malformed
from app.core.readable import ascii_digits, parse_date
from app.extensions import db
from app.reading import reader
from app.rules import entry, masters
from models.contracts import Contract
from models.customers import Address
from models.orders import Order
from views import wire
from views.labels import VALUES

HEADER = ("reference", "remark", "requested_on", "delivery_method", "payment_method", "delivery_address",
          "billing_address", "currency", "number", "promotion_code")  # fmt: skip
STAFF_HEADER = (*HEADER, "channel", "payment_terms", "order_type", "contract")
BESIDE = ("customer", "lines", "submit", "version")  # what is no column of an order
TEXTS = {"reference": 80, "remark": 20_000, "number": 40, "promotion_code": 40}
REFERENCES = ("delivery_method", "payment_method", "payment_terms", "order_type", "delivery_address",
              "billing_address", "contract")  # fmt: skip
TARGETS = {"contract": Contract, "delivery_address": Address, "billing_address": Address}
PRICES = ("unit_price", "discount_percent")
DAYS = ("starts_on", "ends_on")
LINKS = ("link", "picture")
TERMS = (*DAYS, "months", "sale_type", "keyword", "ranking", *LINKS)


def ids(given):
    """The customer an order is for, where one is named."""
    value = given.get("customer")
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < 19 else None
    return {} if value is None else {"customer": wire.whole("customer", value)}


def header(given, outside):
    """The head of an order from JSON, as keyword arguments of the rules.

    :raises Malformed: unknown fields, values of the wrong kind, records that are not there
    """
    _known(given, outside)
    found = ids(given)
    for name, most in TEXTS.items():
        if given.get(name) is not None:
            found[name] = wire.taken(name, given[name], most)
    if found.get("number") == "":
        found.pop("number")
    if "requested_on" in given:
        found["requested_on"] = wire.day("requested_on", given["requested_on"]) if given["requested_on"] else None
    if given.get("currency"):
        found["currency_code"] = _currency(given["currency"])
    for name in REFERENCES:
        if name in given and (given[name] or name != "order_type"):
            found[f"{name}_id"] = reference(name, given[name])
    if given.get("channel"):
        found["channel"] = wire.one_of("channel", given["channel"], VALUES["channel"])
    return found


def _known(given, outside):
    known = {*BESIDE, *(HEADER if outside else STAFF_HEADER)}
    if outside and len(g.work.actor.customers) == 1 and "customer" not in given:
        known -= {"customer"}
    _refuse_unknown(given, known)


def _refuse_unknown(given, known, **details):
    wire.known(given, known, **details)


def _currency(value):
    code = wire.taken("currency", value, 3).upper()
    if code not in masters.currency_codes(g.work):
        raise _missing("currency")
    return code


def reference(name, value):
    """The id of another record that the actor may see; none where the field is emptied."""
    if value in (None, ""):
        return None
    value = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else value
    target = TARGETS[name] if name in TARGETS else Order.__mapper__.relationships[name].mapper.class_
    if wire.whole(name, value) >= 2**63 or db.session.get(target, value) is None:
        raise _missing(name)
    return value


def _missing(name):
    return Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)


def lines(given, typed=False, order=None):
    """The lines of an order from JSON.

    :param typed: a person wrote it: days as he writes them
    :param order: the order they are to be lines of, where there is one: a row with the id of one of its lines says
        only what becomes different of it
    :raises Malformed: what is wrong with the first row that cannot be read, with `lines` as of `entry.set_lines`
    """
    rows = given.get("lines")
    if rows is None:
        return {"lines": ()}
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("bad_lines", _("lines is a list of {sku, quantity}."), field="lines")
    found, refused, there = [], [], {str(line.id): line for line in order.lines} if order is not None else {}
    for index, row in enumerate(rows):
        try:
            found.append(_line(_whole_row(row, there), typed))
        except Malformed as error:
            refused.append((index, error))
    if refused:
        first = refused[0][1]
        told = [{"index": index, "error": one.code, "message": str(one.message)} for index, one in refused]
        raise Malformed(first.code, first.message, **first.details, lines=told)
    return {"lines": found}


def typed_number(name, value):
    """An amount or quantity as somebody has typed it; he is told without the name that programs use."""
    try:
        return wire.decimal(name, value)
    except Malformed:
        raise wire.bad(name, _("This is not a number.")) from None


def staying(order, rows):
    """Rows that name no line stand for the order's lines of the same product: what stays keeps its id."""
    named, free = {row.get("id") for row in rows}, {}
    for line in order.lines:
        if line.id not in named:
            free.setdefault(line.sku.upper(), []).append(line.id)
    found = []
    for row in rows:
        ids = free.get(row["sku"].upper()) if "id" not in row else None
        found.append(row | {"id": ids.pop(0)} if ids else row)
    return found


def _whole_row(row, there):
    line = there.get(str(row.get("id")))
    return row if line is None else {"sku": line.sku, "quantity": str(line.quantity_ordered), **row}


def _line(row, typed):
    _refuse_unknown(row, {"id", "sku", "quantity", *PRICES, *TERMS}, field="lines")
    quantity = row.get("quantity")
    if isinstance(quantity, str):
        quantity = ascii_digits(quantity).replace("٫", ".")
    number = typed_number if typed else wire.decimal
    found = {"sku": wire.taken("sku", row.get("sku"), 40), "quantity": number("quantity", quantity)}
    identity = row.get("id")
    if identity is not None:
        digits = isinstance(identity, str) and identity.isdecimal() and len(identity) < 19
        found["id"] = int(identity) if digits else wire.whole("id", identity)
    for name in PRICES:
        if row.get(name) is not None:
            if not g.work.actor.inside:
                raise Malformed("price_given", _("Prices come from the price list."), field=name)
            found[name] = number(name, row[name])
    return found | _terms(row, typed)


def _terms(row, typed):
    found = {name: _term(name, row[name], typed) for name in TERMS if name in row}
    if found.get("starts_on") and found.get("ends_on") and found["ends_on"] < found["starts_on"]:
        raise wire.bad("ends_on", _("It ends before it starts."))
    return found


def _typed_day(name, value):
    try:
        return parse_date(wire.taken(name, value, 60), reader())
    except ValueError as error:
        raise wire.bad(name, str(error)) from None


def _term(name, value, typed):
    if value in (None, ""):
        return "purchase" if name == "sale_type" else None
    if name in DAYS:
        return _typed_day(name, value) if typed else wire.day(name, value)
    if name == "months":
        months = wire.whole(name, value if not isinstance(value, str) else wire.key(value) or value)
        if not 1 <= months <= 600:
            raise wire.bad(name, _("This value is not possible: %(field)s.", field=name))
        return months
    if name == "sale_type":
        if value not in VALUES["sale_type"]:
            raise wire.bad(name, _("This value is not possible: %(field)s.", field=name))
        return value
    text = wire.taken(name, value, 500)
    if name in LINKS and not text.startswith(("http://", "https://")):
        raise wire.bad(name, _("Enter an address that begins with http:// or https://."))
    return text


def typed(given):
    """What somebody has typed of a new order so far, as it is kept: nothing but texts, of a bearable size.

    :raises Malformed: it is no such thing
    """
    rows = given.get("lines", [])
    if not isinstance(rows, list) or len(rows) > entry.LINES_AT_MOST or not all(isinstance(one, dict) for one in rows):
        raise Malformed("bad_lines", _("lines is a list of {sku, quantity}."), field="lines")
    head = {name: value for name, value in given.items() if name not in ("lines", "submit", "version")}
    return {"head": _texts(head), "lines": [_texts({**one, "id": ""}) for one in rows]}


def _texts(values):
    found = {str(name)[:40]: str(value)[:20_000] for name, value in values.items() if isinstance(value, str | int)}
    return {name: value for name, value in found.items() if value and len(found) <= 60}
