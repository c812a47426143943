"""What the page of a product shows beside its fields: pictures, prices and why they apply, units, stock."""

from decimal import Decimal

from flask import g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import Form, HiddenField

from app.core.localized import format_date, format_number, pick
from app.core.needed import Needed
from app.core.scope import lifted
from app.extensions import db
from app.reading import locale, reader
from app.rules import pricing, products, stock
from models.customers import Customer
from models.organisation import Currency, Unit
from models.products import Price, PriceList, Product, UnitFactor
from models.stock import StockLevel
from views.base import Interface
from views.cells import price as price_text
from views.cells import said
from views.fields import DecimalText, HouseForm, ReferenceField
from views.masters import CodeField
from views.parts import ParentField, PartView
from views.prices import PriceOfProduct
from views.sections import SimpleNamespace, button, line, table

NEEDED = _l("Fill in this field.")


class PictureForm(Form):
    """A picture to be added."""

    file = FileField(_l("Picture"), render_kw={"accept": "image/png,image/jpeg,image/webp,image/gif", "required": True})


class WhyForm(Form):
    """For whom, in which currency and for how many a price is explained."""

    customer = ReferenceField(_l("Customer"), target=Customer, endpoint="/customers/choices")
    currency = CodeField(_l("Currency"), target=Currency, endpoint="/currencies/choices")
    quantity = DecimalText(_l("Quantity"))


class FactorForm(HouseForm):
    """How many base units another unit of the product holds."""

    product = ParentField(_l("Product"), [Needed(NEEDED)], target=Product, endpoint="/products/choices")
    unit = ReferenceField(_l("Unit"), [Needed(NEEDED)], target=Unit, endpoint="/units/choices")
    factor = DecimalText(_l("Holds"), [Needed(NEEDED)])


class ChangedFactorForm(FactorForm):
    """A factor stays with its product."""

    product = None


class FactorOfProduct(Form):
    """A new factor on the page of its product."""

    product = HiddenField()
    unit = ReferenceField(_l("Unit"), target=Unit, endpoint="/units/choices")
    factor = DecimalText(_l("Holds"))


class UnitFactorView(PartView):
    datamodel = Interface(UnitFactor)
    noun = "unit_factor"
    route_base = "/unit_factors"
    parent, parent_base, anchor = "product", "/products", "units"
    list_title, add_title, edit_title = _l("Units of products"), _l("New unit"), _l("Change the unit")
    label_columns = {"factor": _l("Holds")}
    list_columns = ["product", "unit", "factor"]
    add_columns = edit_columns = ["product", "unit", "factor"]
    add_form, edit_form = FactorForm, ChangedFactorForm
    on_save = staticmethod(products.check_factor)


# --- sections -----------------------------------------------------------------------------------


def picture_url(product, picture, size="thumb"):
    """Where a picture is served; the content is part of the address, so a browser may keep it."""
    return f"/products/picture/{product.id}/{picture.id}?size={size}&v={picture.sha256[:12]}"


def pictures(row, may_write):
    """The pictures of a product, and the way to add one."""
    shown = [
        SimpleNamespace(url=picture_url(row, one), full=picture_url(row, one, "full"), name=one.name,
                        remove=f"/products/remove_picture/{row.id}/{one.id}" if may_write else None)
        for one in row.pictures
    ]  # fmt: skip
    form = PictureForm() if may_write else None
    body = render_template("house/_pictures.html", pictures=shown, form=form, action=f"/products/add_picture/{row.id}")
    return SimpleNamespace(id="pictures", title=_("Pictures"), body=body)


def prices(row):
    """What a product costs in every price list."""
    may = g.work.actor.may
    found = db.session.scalars(
        select(Price).join(Price.price_list).where(Price.product_id == row.id)
        .options(joinedload(Price.price_list))
        .order_by(PriceList.currency_code, PriceList.name, Price.from_quantity).limit(200)
    ).all()  # fmt: skip
    rows = [
        line(
            (said(one.price_list, reader()), f"/price_lists/show/{one.price_list_id}"),
            one.price_list.currency_code,
            format_number(one.from_quantity, reader()),
            price_text(one.unit_price, one.price_list.currency_code, reader()),
            _term(one.price_list),
            buttons=(
                button(_("Edit"), f"/prices/edit/{one.id}?from=product", "fa-pen") if may("price.write") else None,
                button(_("Delete"), f"/prices/delete/{one.id}?from=product", "fa-trash", post=True, danger=True,
                       ask=_("Delete this price?")) if may("price.delete") else None,
            ),
        )
        for one in found
    ]  # fmt: skip
    form = None
    if may("price.write"):
        action = f"/prices/add?from=product&product={row.id}"
        form = (action, PriceOfProduct(data={"product": row.id}), _("Add a price"))
    columns = ((_("Price list"), "link"), _("Currency"), (_("From quantity"), "num"), (_("Unit price"), "num"),
               (_("Valid"), "date"))  # fmt: skip
    return table("prices", _("Prices"), columns, rows, form=form, empty=_("No price list has this product."))


def _term(price_list):
    """From when until when a price list holds."""
    first = format_date(price_list.valid_from, "short", reader())
    last = format_date(price_list.valid_until, "short", reader()) if price_list.valid_until else "…"
    return f"{first} – {last}"


def why(row):
    """Which price applies to a customer, and why no other does (CAT-05)."""
    form = WhyForm(request.args)
    form.validate()
    customer = form.customer.data
    explained = None
    if customer is not None:
        currency = form.currency.data or customer.currency_code
        quantity = form.quantity.data or Decimal(1)
        found = pricing.explain(row, customer, currency, None, max(quantity, Decimal(0)), g.work)
        explained = SimpleNamespace(
            said=str(found.priced.source) if found.priced else str(pricing.no_price(currency).message),
            price=price_text(found.priced.unit_price, currency, reader()) if found.priced else None,
            rows=[_weighed(one, currency) for one in found.candidates],
        )
        form = WhyForm(data={"customer": customer, "currency": currency, "quantity": quantity})
    body = render_template("house/_why.html", form=form, explained=explained, action=f"/products/show/{row.id}#why")
    return SimpleNamespace(id="why", title=_("Which price applies and why"), body=body)


def _weighed(one, currency):
    candidate = one.candidate
    return SimpleNamespace(
        applies=one.applies, reason=str(one.reason), name=candidate.price_list,
        url=f"/price_lists/show/{candidate.price_list_id}", quantity=format_number(candidate.from_quantity, reader()),
        price=price_text(candidate.unit_price, currency, reader()),
    )  # fmt: skip


def factors(row):
    """The other units a product is sold in."""
    may = g.work.actor.may
    base = pick(row.unit.symbols, locale())
    rows = [
        line(
            pick(one.unit.symbols, locale()),
            f"{format_number(one.factor, reader())} {base}",
            buttons=(
                button(_("Edit"), f"/unit_factors/edit/{one.id}", "fa-pen") if may("unit_factor.write") else None,
                button(_("Delete"), f"/unit_factors/delete/{one.id}", "fa-trash", post=True, danger=True,
                       ask=_("Delete this record?")) if may("unit_factor.delete") else None,
            ),
        )
        for one in row.factors
    ]  # fmt: skip
    form = None
    if may("unit_factor.write"):
        action = f"/unit_factors/add?product={row.id}"
        form = (action, FactorOfProduct(data={"product": row.id}), _("Add a unit"))
    columns = (_("Unit"), (_("Holds"), "num"))
    return table("units", _("Other units"), columns, rows, form=form, empty=_("It is sold in its own unit only."))


def in_stock(row):
    """Where how much of a product lies."""
    if row.service or not g.work.actor.may("stock_level.read"):
        return None
    levels = db.session.scalars(
        select(StockLevel).where(StockLevel.product_id == row.id).options(joinedload(StockLevel.warehouse))
        .order_by(StockLevel.warehouse_id)
    )  # fmt: skip
    rows = [
        line((said(one.warehouse, reader()), f"/stock_levels/show/{one.id}"),
             *[format_number(value, reader()) for value in (one.on_hand, one.reserved, one.free)])
        for one in levels
    ]  # fmt: skip
    buttons = []
    if g.work.actor.may("stock_movement.write"):
        buttons.append(button(_("New stock movement"), f"/stock_movements/add?product={row.id}", "fa-right-left"))
    if g.work.actor.may("stock_movement.read"):
        buttons.append(button(_("Stock movements"), f"/stock_movements/list/?product={row.id}", "fa-list"))
    columns = ((_("Warehouse"), "link"), (_("On hand"), "num"), (_("Reserved"), "num"), (_("Free"), "num"))
    return table("stock", _("Stock"), columns, rows, buttons=buttons, empty=_("Nothing lies in any warehouse."))


# --- for customers ------------------------------------------------------------------------------


def availability(rows, customer):
    """(code, word) of each product in one statement: whether it can be had now."""
    with lifted(g.work, "a customer is told whether goods can be had, not how many there are"):
        free = stock.available([one.id for one in rows], g.work, branch_id=customer.branch_id)
    return {one.id: _word(one, free.get(one.id)) for one in rows}


def _word(product, free):
    if product.service:
        return ("available", _("Available"))
    if free is not None and free > 0:
        return ("in_stock", _("In stock"))
    return ("on_order", _("Can be ordered")) if product.backorder else ("out_of_stock", _("Out of stock"))
