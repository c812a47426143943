"""The form of a quote: a customer's request or our offer, its lines, and both from JSON."""

from decimal import Decimal
from types import SimpleNamespace

from flask import g, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import MultipleFileField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.core.errors import Malformed
from app.core.readable import ascii_digits
from app.extensions import db
from app.reading import reader
from app.rules import entry, quote_discounts, quote_entry
from models.customers import Address, Customer
from models.organisation import Country, Currency, DeliveryMethod
from views import wire
from views.cells import said
from views.fields import DateText, DecimalText, HouseForm, ReferenceField
from views.labels import label

HEAD = ("customer", "currency", "reference", "requested_on", "delivery_method", "delivery_address", "new_address",
        "remark", "lines", "submit", "version")  # fmt: skip
OUR_HEAD = (*HEAD, *quote_discounts.GIVEN, "valid_until", "offer_remark", "internal_remark")
LINE = ("id", "sku", "name", "quantity", "requested_on")
OUR_LINE = (*LINE, "unit_price", "discount_percent", "alternative", "internal_cost")
PLACE = ("recipient", "street", "postcode", "city", "country")  # of a new address
FOLDED = tuple(f"new_{name}" for name in PLACE)
TEXTS = {"reference": 80, "remark": 20_000, "offer_remark": 20_000, "internal_remark": 20_000}
SMALL = {"rows": 2}


class RequestForm(HouseForm):
    """What a customer asks an offer for (QUO-01)."""

    currency = ReferenceField(label("currency"), target=Currency, endpoint="/currencies/choices")
    reference = StringField(label("reference"), [Length(max=80)])
    requested_on = DateText(label("requested_on"))
    delivery_method = ReferenceField(label("delivery_method"), target=DeliveryMethod,
                                     endpoint="/delivery_methods/choices")  # fmt: skip
    delivery_address = SelectField(label("delivery_address"), validate_choice=False)
    new_recipient = StringField(label("recipient"))
    new_street = StringField(label("street"))
    new_postcode = StringField(label("postcode"))
    new_city = StringField(label("city"))
    new_country = ReferenceField(label("country"), target=Country, endpoint="/countries/choices")
    remark = TextAreaField(_l("Remarks"), render_kw=SMALL)
    files = MultipleFileField(_l("Files"))


class OfferForm(HouseForm):
    """What we say with an offer; the last field never leaves the house."""

    reference = StringField(label("reference"), [Length(max=80)])
    requested_on = DateText(label("requested_on"))
    delivery_method = RequestForm.delivery_method
    delivery_address = RequestForm.delivery_address
    new_recipient, new_street = RequestForm.new_recipient, RequestForm.new_street
    new_postcode, new_city, new_country = RequestForm.new_postcode, RequestForm.new_city, RequestForm.new_country
    valid_until = DateText(label("valid_until"))
    discount_percent = DecimalText(_l("Discount on the whole (per cent)"))
    discount_amount = DecimalText(_l("Discount on the whole (amount)"))
    offer_remark = TextAreaField(_l("Remark on the offer"), render_kw=SMALL)
    internal_remark = TextAreaField(_l("Internal remark"), render_kw=SMALL, description=_l("Customers never see it."))
    files = MultipleFileField(_l("Files"))


class NewOfferForm(OfferForm):
    """The same for a quote that does not exist yet: for whom it is, in which currency."""

    customer = ReferenceField(label("customer"), target=Customer, endpoint="/customers/choices")
    currency = RequestForm.currency


def form_of(row, outside, begun):
    """The form of a quote, filled; a new one where there is none yet."""
    kind = RequestForm if outside else (OfferForm if row is not None else NewOfferForm)
    customer = row.customer_id if row is not None else getattr(begun.get("customer"), "id", None)
    found = kind(obj=row, data=begun)
    if customer is None:
        for name in ("delivery_address", *FOLDED):
            delattr(found, name)
    else:
        known = _addresses(customer)
        found.delivery_address.choices = [("", ""), *known]
        chosen = row.delivery_address_id if row is not None else next((code for code, _text in known), None)
        found.delivery_address.data = str(chosen or "")
    if not (g.work.actor.may("attachment.write") and g.work.actor.may("quote.write")):
        del found.files
    return found


def _addresses(customer_id):
    asked = select(Address).where(
        Address.customer_id == customer_id, Address.delivery.is_(True), Address.retired_at.is_(None)
    )
    return [(str(row.id), said(row, reader())) for row in db.session.scalars(asked.order_by(Address.id))]


def page(view, row, form):
    """The form with its lines."""
    editing, outside = row is not None, view.outside
    about = {"quote": row.id} if editing else {}
    found, ready = quote_entry.seed(row) if editing else ((), True)
    first = editing and row.state == "draft"
    house = SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list"))],
        lead=_lead(row, outside),
        price_url=view.url("price", **about),
        products_url=view.url("find_products"),
        total_url=None if outside else view.url("totals", **about),
        save_url=view.url("save", pk=row.id) if editing else view.url("save_new"),
        method="POST",
        version=row.version if editing else None,
        record_id=row.id if editing else None,
        can_submit=view.may("submit" if outside else "price") and (not editing or first or row.state == "requested"),
        save_label=_("Save as draft") if not editing or first else _("Save"),
        submit_label=_("Send the request") if outside else _("Finish pricing"),
        line_fields=line_fields(outside),
        cancel_url=view.url("show", pk=row.id) if editing else view.url("list"),
        attach_url=url_for("AttachmentView.add", noun="quote", record_id=0),
        folded={"title": _("Another delivery address"), "names": FOLDED} if "new_street" in form else None,
        lines=[_given(line, ready, outside) for line in found],
    )
    title = view.edit_title if editing else view.add_title
    return render_template("house/lines_form.html", title=title, form=form, house=house, appbuilder=view.appbuilder,
                           base_template=view.appbuilder.base_template)  # fmt: skip


def _lead(row, outside):
    if outside:
        return _("Say what you need: by SKU, or in your own words without one. You will get an offer.")
    return str(row.customer) if row is not None else None


def line_fields(outside):
    """What a line asks for beside product and quantity."""
    found = [("name", _("Description"), "text", None), ("requested_on", _("Delivery date"), "date", None)]
    if not outside:
        instead = [("", ""), ("1", _("Instead of the line above"))]
        found += [
            ("unit_price", label("unit_price"), "num", None),
            ("discount_percent", _("Discount (per cent)"), "num", None),
            ("internal_cost", _("Our cost"), "num", None),
            ("alternative", _("Alternative"), "text", instead),
        ]
    return [SimpleNamespace(name=one[0], label=one[1], kind=one[2], choices=one[3]) for one in found]


def _given(line, ready, outside):
    """A line as the form begins with it; with what the customer proposed, where it follows from an offer."""
    quantity = line.quantity if ready or line.counter_quantity is None else line.counter_quantity
    found = {"sku": line.sku, "quantity": wire.number(quantity), "name": line.name if not line.sku else ""}
    if ready:
        found["id"] = line.id
    if line.requested_on:
        found["requested_on"] = line.requested_on.isoformat()
    if not outside:
        price = line.unit_price if ready or line.counter_price is None else line.counter_price
        found |= {name: wire.number(value) for name, value in (("unit_price", price),
                  ("discount_percent", line.discount_percent or None), ("internal_cost", line.internal_cost))
                  if value is not None}  # fmt: skip
        found["alternative"] = "1" if line.alternative else ""
        if line.sku and line.product_id and line.name:
            found["name"] = line.name
    return found


# --- from JSON ---------------------------------------------------------------------------------


def customer(given):
    """The customer a quote is for: named by staff, an external actor's own."""
    value = given.get("customer")
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < 19 else None
    return entry.customer_of(None if value is None else wire.whole("customer", value), g.work)


def head(given, outside):
    """The head of a quote as keyword arguments of the rules.

    :raises Malformed: unknown fields, values of the wrong kind, records that are not there
    """
    _known(given, HEAD if outside else OUR_HEAD, FOLDED)
    found = {}
    for name, most in TEXTS.items():
        if given.get(name) is not None:
            found[name] = wire.taken(name, given[name], most)
    for name in ("requested_on", "valid_until"):
        if name in given:
            found[name] = wire.day(name, given[name]) if given[name] else None
    found |= discount(given)
    if given.get("currency"):
        found["currency_code"] = wire.currency(given["currency"], db.session)
    for name, target in (("delivery_method", DeliveryMethod), ("delivery_address", Address)):
        if name in given:
            found[f"{name}_id"] = _reference(name, target, given[name])
    where = place(given)
    if where is not None:
        found["address"] = where
    return found


def discount(given):
    """The discount on the whole, where something is said about it; emptied is none."""
    empty = ("", None)
    return {name: Decimal(0) if given[name] in empty else number(name, given[name])
            for name in quote_discounts.GIVEN if name in given}  # fmt: skip


def off(revision):
    """The discount with which the form of a quote begins; what is none stays empty."""
    return {name: getattr(revision, name, None) or None for name in quote_discounts.GIVEN}


def _reference(name, target, value):
    if value in (None, ""):
        return None
    value = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else value
    if db.session.get(target, wire.whole(name, value)) is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
    return value


def place(given):
    """A new delivery address: an object over REST, fields of the form on screen; none where nothing is said."""
    said = given.get("new_address")
    if said is None:
        said = {name: given.get(f"new_{name}") or "" for name in PLACE}
        if not any(said.values()):
            return None
    if not isinstance(said, dict):
        raise Malformed("bad_value", _("new_address is an object {recipient, street, city, postcode, country}."),
                        field="new_address")  # fmt: skip
    _known(said, (*PLACE, "region"))
    found = {name: wire.taken(name, value, 200) for name, value in said.items()}
    found["country_code"] = found.pop("country", "").upper()[:2]
    return found


def lines(given, outside):
    """The lines of a quote from JSON; None where none are named."""
    rows = given.get("lines")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("bad_lines", _("lines is a list of {sku or name, quantity}."), field="lines")
    return [line(row, outside) for row in rows]


def line(row, outside):
    """One line from JSON.

    :raises Malformed: prices from a customer, unknown fields, values of the wrong kind
    """
    if outside and any(row.get(name) is not None for name in ("unit_price", "discount_percent", "internal_cost")):
        raise Malformed("price_given", _("Our team gives the prices of an offer."), field="lines")
    _known(row, LINE if outside else OUR_LINE)
    found = {name: wire.taken(name, row.get(name) or "", most) for name, most in (("sku", 40), ("name", 300))}
    found["quantity"] = number("quantity", row.get("quantity"))
    if row.get("id") is not None:
        found["id"] = whole("id", row["id"])
    for name in ("unit_price", "discount_percent", "internal_cost"):
        if row.get(name) not in (None, ""):
            found[name] = number(name, row[name])
    if row.get("requested_on"):
        found["requested_on"] = wire.day("requested_on", row["requested_on"])
    if row.get("alternative") not in (None, "", False):
        if row["alternative"] not in (True, "1"):
            raise wire.bad("alternative", _("Send true or false: %(field)s.", field="alternative"))
        found["alternative"] = True
    return found


def flag(given, name):
    """A yes or no."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise wire.bad(name, _("Send true or false: %(field)s.", field=name))
    return value


def _known(given, names, more=()):
    wire.known(given, {*names, *more})


def whole(name, value):
    """An id, as a number or as the digits of one."""
    return wire.whole(name, int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else value)


def number(name, value):
    """A figure in any digits."""
    return wire.decimal(name, ascii_digits(value).replace("٫", ".") if isinstance(value, str) else value)
