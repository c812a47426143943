"""What the pages of a cart show: its rows and totals, the checkout form, the review."""

from types import SimpleNamespace

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.core.localized import format_date, format_money, format_number, local, pick
from app.core.money import Money
from app.extensions import db
from app.reading import locale, reader
from app.rules import cart_orders, cart_terms, carts, order_terms, orders
from models.customers import Address
from models.organisation import Country, DeliveryMethod, PaymentMethod
from views import order_head
from views.cells import said
from views.cells import unit as unit_text
from views.fields import DateText, HouseForm, ReferenceField
from views.labels import label
from views.order_form_pages import row_for_people
from views.quote_forms import PLACE

ELSEWHERE = "new"  # the choice of a delivery address that is not in the book
TOTALS = (("net", "total_net"), ("tax", "total_tax"), ("gross", "total_gross"))


class CheckoutForm(HouseForm):
    """Where to, how, when, how it is paid (CRT-05 to CRT-07), and what becomes of it (CRT-04)."""

    into = SelectField(_l("What shall become of it"), validate_choice=False)
    delivery_address = SelectField(label("delivery_address"), validate_choice=False)
    new_recipient = StringField(label("recipient"), [Length(max=200)])
    new_street = StringField(label("street"), [Length(max=200)])
    new_postcode = StringField(label("postcode"), [Length(max=20)])
    new_city = StringField(label("city"), [Length(max=120)])
    new_country = ReferenceField(label("country"), target=Country, endpoint="/countries/choices")
    to_book = BooleanField(_l("Keep this address in the address book"))
    delivery_method = SelectField(label("delivery_method"), validate_choice=False)
    payment_method = SelectField(label("payment_method"), validate_choice=False)
    requested_on = DateText(label("requested_on"))
    reference = StringField(label("reference"), [Length(max=80)])
    promotion_code = StringField(label("promotion_code"), [Length(max=40)])
    remark = TextAreaField(label("remark"), [Length(max=20_000)], render_kw={"rows": 3})


PLACED = tuple(f"new_{name}" for name in PLACE)
NEW_ORDER = ("delivery_address", *PLACED, "to_book", "delivery_method", "payment_method", "requested_on", "reference",
             "promotion_code", "remark")  # fmt: skip


def checkout_form(cart, sent, into=None):
    """The checkout form of a cart, filled with what is known already."""
    form = CheckoutForm(sent, obj=cart)
    targets = cart_orders.targets(cart, g.work)
    form.into.choices = [("", _("A new order")), *((str(one.id), _order(one)) for one in targets)]
    form.delivery_address.choices = [*_addresses(cart), (ELSEWHERE, _("Another address"))]
    for name, target in (("delivery_method", DeliveryMethod), ("payment_method", PaymentMethod)):
        form[name].choices = [("", _("No preference")), *_offered(target)]
    if sent is None:
        usual = cart_orders.usual_address(cart, g.work)
        form.into.data = str(into or "")
        form.delivery_address.data = str(usual.id) if usual is not None else ELSEWHERE
        form.delivery_method.data = str(cart.delivery_method_id or "")
        form.payment_method.data = str(cart.payment_method_id or "")
    return form


def _order(order):
    money = format_money(Money(order.total_gross, order.currency_code), reader())
    return f"{order} · {orders.FLOW.states[order.state]} · {money}"


def _addresses(cart):
    wanted = select(Address).where(Address.customer_id == cart.customer_id, Address.delivery,
                                   Address.retired_at.is_(None)).order_by(Address.id).limit(200)  # fmt: skip
    found = {row.id: row for row in db.session.scalars(wanted)}
    chosen = db.session.get(Address, cart.delivery_address_id) if cart.delivery_address_id else None
    if chosen is not None:
        found.setdefault(chosen.id, chosen)
    return [(str(row.id), said(row, reader())) for row in found.values()]


def _offered(target):
    rows = db.session.scalars(select(target).where(target.archived_at.is_(None)).order_by(target.id))
    return [(str(row.id), pick(row.names, locale())) for row in rows]


def keep(cart, form):
    """Write down what the checkout form says; an order that takes the cart in has its own terms."""
    if form.into.data:
        return
    address = None
    if form.delivery_address.data == ELSEWHERE:
        address = {name: form[f"new_{name}"].data or "" for name in PLACE if name != "country"}
        country = form.new_country.data
        address["country_code"] = country.code if country is not None else ""
    cart_terms.keep(
        cart, g.work, address=address, to_book=form.to_book.data, requested_on=form.requested_on.data,
        **({} if address is not None else {"delivery_address_id": _number(form.delivery_address.data)}),
        delivery_method_id=_number(form.delivery_method.data), payment_method_id=_number(form.payment_method.data),
        **{name: form[name].data or "" for name in ("reference", "promotion_code", "remark")},
    )  # fmt: skip


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def asked_at_last(fields, order):
    """What is asked for beside the button that orders: a number too, where orders are numbered by hand (X-16)."""
    mode = "auto" if order is not None else order_terms.number_mode(None, g.work)
    found = [one for one in fields if one.name in (("keep",) if mode == "auto" else ("number", "keep"))]
    for one in found:
        if one.name == "number":
            one.description = order_head.NUMBERED[mode]
            one.data = request.args.get("number", "")
    return found


# --- rows and totals ---------------------------------------------------------------------------


def content(view, cart, refused=None):
    """The rows of a cart with what they cost now, and its totals.

    :param refused: {id of a line: why its change was refused}
    """
    look = cart_orders.look(cart, locale(), g.work)
    rows = [_row(line, row, cart.currency_code, (refused or {}).get(line.id))
            for line, row in zip(cart.lines, look.rows, strict=True)]  # fmt: skip
    return SimpleNamespace(
        rows=rows, totals=totals(look, cart.currency_code), refused=look.refused,
        total=format(look.gross.normalize(), "f"), change_url=view.url("change", pk=cart.id),
    )  # fmt: skip


def _row(line, row, currency, refused):
    said = row_for_people(row, currency)
    said.id, said.remark = line.id, line.remark
    said.quantity = format_number(line.quantity, reader())
    said.unit = unit_text(row["unit_code"], reader()) if row["unit_code"] else ""
    said.url = url_for("ProductView.show", pk=line.product_id) if line.product is not None else None
    said.gone, said.error = row["mark"] == "refused", refused
    said.free = bool(row["short"] is None and row["amounts"])
    return said


def totals(look, currency):
    """What all rows come to: [(label, amount)], the last one is the total."""
    shown = [one for one in TOTALS if one[0] == "gross" or look.tax]
    return [(label(name), format_money(Money(getattr(look, part), currency), reader())) for part, name in shown]


# --- pages -------------------------------------------------------------------------------------


def crumbs(view, cart=None):
    """The way back from a page of a cart."""
    found = [(str(view.list_title), view.url("list"))]
    return found if cart is None else [*found, (title(cart), view.url("show", pk=cart.id))]


def title(cart):
    """What a cart is called where nobody named it."""
    return cart.name or (_("Cart") if cart.state == "active" else _("Cart of %(day)s", day=_day(cart)))


def _day(cart):
    return format_date(local(cart.created_at, reader()).date(), "long", reader())


def others(view, cart):
    """The other carts of the same person for the same customer, with what can be done with them."""
    return [
        SimpleNamespace(id=one.id, title=title(one), url=view.url("show", pk=one.id), state=one.state,
                        word=carts.FLOW.states[one.state])
        for one in carts.others(cart, g.work)
    ]  # fmt: skip


def told(cart):
    """What is said with a cart, for the review: [(label, text, kind)]."""
    address = cart_orders.usual_address(cart, g.work)
    found = [
        ("delivery_address", said(address, reader()) if address is not None else "", "text"),
        ("delivery_method", _name(cart.delivery_method), "text"),
        ("payment_method", _name(cart.payment_method), "text"),
        ("requested_on", format_date(cart.requested_on, "long", reader()) if cart.requested_on else "", "text"),
        ("reference", cart.reference, "text"), ("promotion_code", cart.promotion_code, "code"),
        ("remark", cart.remark, "wide"),
    ]  # fmt: skip
    return [(label(name), value, kind) for name, value, kind in found if value]


def _name(row):
    return pick(row.names, locale()) if row is not None else ""
