"""A cart as programs and forms send it, and as programs read it."""

from flask import g
from flask_babel import gettext as _

from app.core.errors import Malformed
from app.reading import locale
from app.rules import cart_orders
from views import order_wire, wire
from views.order_form_pages import row_for_programs
from views.quote_forms import flag, number, place, whole

TEXTS = {"name": 80, "reference": 80, "remark": 20_000, "promotion_code": 40}
REFERENCES = ("delivery_method", "payment_method", "delivery_address")
PLACED = ("new_address", "save_address")
TERMS = (*TEXTS, *REFERENCES, "requested_on", *PLACED)


def known(given, names):
    """Refuse fields that are none of ours.

    :raises Malformed: 'unknown_fields'
    """
    wire.known(given, {*names, "version"})


def terms(given):
    """What is said with a cart, as `cart_terms.keep` takes it.

    :raises Malformed: values of the wrong kind, records that are not there
    """
    found = {name: wire.taken(name, given[name], most) for name, most in TEXTS.items() if given.get(name) is not None}
    if "requested_on" in given:
        found["requested_on"] = wire.day("requested_on", given["requested_on"]) if given["requested_on"] else None
    for name in REFERENCES:
        if name in given:
            found[f"{name}_id"] = order_wire.reference(name, given[name])
    where = place(given) if given.get("new_address") is not None else None
    if where is not None:
        found |= {"address": where, "to_book": flag(given, "save_address")}
    return found


def rows(given, partly=False):
    """The rows of a cart: [{sku, quantity, remark}]; with `partly` a line may be named by its id.

    :raises Malformed: they are no such rows
    """
    found = given.get("lines")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Malformed("bad_lines", _("lines is a list of {sku, quantity}."), field="lines")
    return [_row(one, partly) for one in found]


def _row(one, partly):
    known(one, ("sku", "quantity", "remark", *(("id",) if partly else ())))
    found = {"quantity": number("quantity", one.get("quantity"))}
    if one.get("remark") is not None:
        found["remark"] = wire.taken("remark", one["remark"], 500)
    if partly and one.get("id") is not None:
        return found | {"id": whole("id", one["id"])}
    return found | {"sku": wire.taken("sku", one.get("sku"), 40)}


def content(cart):
    """What is in a cart and what it would cost now, as JSON."""
    look, currency = cart_orders.look(cart, locale(), g.work), cart.currency_code
    lines = [
        row_for_programs(row, currency) | {"id": line.id, "quantity": wire.number(line.quantity), "remark": line.remark}
        for line, row in zip(cart.lines, look.rows, strict=True)
    ]
    for one in lines:
        one.pop("row"), one.pop("asked")
    amounts = {f"total_{name}": wire.amount(getattr(look, name), currency) for name in ("net", "tax", "gross")}
    return {"lines": lines, **amounts}


def orders_for(cart):
    """The orders a cart can be put into."""
    return [{"id": one.id, "number": one.number, "state": one.state} for one in cart_orders.targets(cart, g.work)]

