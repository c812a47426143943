"""The head of a new order or a draft as a form (CRT-14), and the addresses that can be chosen on it."""

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from app.core.needed import Needed
from app.core.searchtext import fold
from app.extensions import db
from app.reading import reader
from app.rules import order_terms
from models.customers import Address, Customer
from models.orders import OrderType
from models.organisation import Currency, DeliveryMethod, PaymentMethod, PaymentTerms
from views.cells import said
from views.fields import DateText, HouseForm, ReferenceField
from views.labels import VALUES, label

USES = ("delivery", "billing")
FOLDED = ("billing_address", "payment_terms", "channel", "order_type", "number")  # asked for behind "More fields"
NUMBERED = {"manual": _l("Orders of this type are numbered by hand: enter a number."),
            "auto_overridable": _l("Leave it empty: the next number is taken.")}  # fmt: skip
WORDS = 50  # addresses in a list, best first


class AddressField(ReferenceField):
    """An address of the customer who is chosen in the same form."""

    def __init__(self, use, **more):
        more["render_kw"] = {"data-combo-with": "customer"}
        super().__init__(label(f"{use}_address"), target=Address, endpoint=f"/orders/addresses/{use}", **more)

    def shown(self, row):
        return said(row, reader())


def _shared():
    """The fields of both forms; made anew for each, because their order is that in which they are made."""
    return {
        "currency": ReferenceField(_l("Currency"), target=Currency, endpoint="/currencies/choices"),
        "reference": StringField(_l("Reference")),
        "requested_on": DateText(_l("Requested delivery date")),
        "delivery_method": ReferenceField(
            _l("Delivery method"), target=DeliveryMethod, endpoint="/delivery_methods/choices"
        ),
        "payment_method": ReferenceField(
            _l("Payment method"), target=PaymentMethod, endpoint="/payment_methods/choices"
        ),
        "delivery_address": AddressField("delivery"),
        "billing_address": AddressField("billing"),
        "remark": TextAreaField(_l("Remark"), render_kw={"rows": 2}),
    }


class OrderForm(HouseForm):
    """What a customer says of his order."""

    vars().update(_shared())
    number = StringField(_l("Order number"), [Length(max=40)])


class StaffOrderForm(HouseForm):
    """What staff say of an order that they enter for a customer."""

    customer = ReferenceField(
        _l("Customer"), [Needed(_l("Fill in this field."))], target=Customer, endpoint="/customers/choices"
    )
    vars().update(_shared())
    payment_terms = ReferenceField(_l("Payment terms"), target=PaymentTerms, endpoint="/payment_terms/choices")
    channel = SelectField(_l("Channel"))
    order_type = SelectField(_l("Order type"))
    number = StringField(_l("Number"), description=NUMBERED["auto_overridable"])


def form(outside, row=None, data=None, typed=None):
    """The form of a new order (`data`), of one that was begun (`typed`: {field: text}), or of a draft (`row`)."""
    typed = MultiDict(typed) if typed else None
    if outside:
        return _numbered(OrderForm(typed, obj=row, data=data), row)
    found = StaffOrderForm(typed, obj=row, data=data)
    found.channel.choices = [SelectChoice("", "–"), *(SelectChoice(*pair) for pair in VALUES["channel"].items())]
    types = list(db.session.scalars(select(OrderType).where(OrderType.archived_at.is_(None)).order_by(OrderType.id)))
    found.order_type.choices = [SelectChoice(str(one.id), said(one, reader())) for one in types]
    if typed is None or not found.order_type.data:
        found.order_type.data = str(row.order_type_id if row is not None else types[0].id)
    if len(types) == 1:
        del found.order_type
    if all(one.number_mode == "auto" for one in types):
        del found.number
    return found


def _numbered(found, row):
    """The form of a customer, who is asked for a number only where the order's type lets him give one (X-16)."""
    mode = order_terms.number_mode(row and row.order_type_id, g.work)
    if mode == "auto":
        del found.number
    else:
        found.number.description = NUMBERED[mode]
    return found


def folded(found):
    """The fields that are asked for behind a fold, for `house/lines_form.html`; none where there are too few."""
    names = [one.name for one in found if one.name in FOLDED]
    return {"title": _("More fields"), "names": names} if len(names) > 1 else None


def addresses(use, customer, term, identity):
    """Addresses of a customer for a select box: [{"id", "text"}]; foreign customers have none that one may see."""
    if use not in USES or not (customer or identity):
        return []
    asked = select(Address).order_by(Address.id)
    if identity:
        asked = asked.where(Address.id == identity)
    else:
        asked = asked.where(Address.customer_id == customer, Address.retired_at.is_(None), getattr(Address, use))
    rows = [(row.id, said(row, reader())) for row in db.session.scalars(asked)]
    return [{"id": str(pk), "text": text} for pk, text in rows if fold(term) in fold(text)][:WORDS]


def placed(header):
    """The head with the addresses themselves: where an order goes decides its tax."""
    given = [f"{use}_address" for use in USES if f"{use}_address_id" in header]
    return header | {name: db.session.get(Address, header[f"{name}_id"] or 0) for name in given}

