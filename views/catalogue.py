"""The catalogue as customers browse it: a tree, cards with pictures, their own price beside each (CAT-03 to CAT-07)."""

from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlencode

from flask import g, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.core.errors import BusinessError
from app.core.localized import format_number, pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import entry, pricing
from models.products import Category, Product
from views import lists
from views import product_parts as parts
from views.cells import price as price_text
from views.listing import PAGING
from views.sections import line, table

PAGE = 24
MOST_CATEGORIES = 2_000


def buyer():
    """The customer whose prices are shown: the one asked for, else the first the reader acts for; None for nobody."""
    mine = sorted(g.work.actor.customers)
    wanted = request.args.get("customer", "")
    chosen = int(wanted) if wanted.isdigit() and int(wanted) in mine else next(iter(mine), None)
    try:
        return entry.customer_of(chosen, g.work) if chosen else None
    except BusinessError:
        return None


def page(view):
    """The catalogue's page for the parameters of the address."""
    listing = view.listing(request.args)
    query = listing.query().options(selectinload(Product.pictures), joinedload(Product.unit))
    found = lists.page(query, Product, size=PAGE, after=listing.args.get("after"), before=listing.args.get("before"))
    customer = buyer()
    house = SimpleNamespace(
        cards=cards(found.rows, customer), tree=tree(listing), search=listing._search(), filters=listing._chips(),
        clear_url=listing.address(drop=[one.name for one, _value in listing.active]),
        filter_form=listing._filter_form(), count_text=listing.count_text(listing.count()),
        all_url=listing.address(drop=("category",)), in_category=bool(request.args.get("category")),
        prev_url=listing.address(before=found.prev) if found.prev else None,
        next_url=listing.address(after=found.next) if found.next else None,
    )  # fmt: skip
    return view.render_template("portal/catalogue.html", title=_("Catalogue"), house=house)


def cards(rows, customer):
    """What each card says; prices and availability are asked once for the page."""
    if customer is None:
        return [_card(row, None, None, None) for row in rows]
    currency = customer.currency_code
    found = pricing.quote([row.id for row in rows], customer, currency, None, {}, g.work)
    free = parts.availability(rows, customer)
    return [_card(row, found[row.id], currency, free[row.id]) for row in rows]


def _card(row, price, currency, free):
    priced = price is not None and not isinstance(price, BusinessError)
    picture = next(iter(row.pictures), None)
    return SimpleNamespace(
        name=pick(row.names, locale()), sku=row.sku, brand=row.brand, url=f"/products/show/{row.id}",
        picture=parts.picture_url(row, picture) if picture else None,
        price=price_text(price.unit_price, currency, reader()) if priced else None,
        gross=priced and price.includes_tax, unit=pick(row.unit.symbols, locale()), free=free,
        order_url=_order_url(row) if priced and g.work.actor.may("order.write") else None,
    )  # fmt: skip


def _order_url(row):
    return "/orders/add?" + urlencode({"sku": row.sku, "quantity": 1})


def tree(listing):
    """The categories the reader may find, nested, each with its address."""
    rows = db.session.scalars(
        select(Category).where(Category.archived_at.is_(None)).order_by(Category.code).limit(MOST_CATEGORIES)
    ).all()
    known, below = {row.id for row in rows}, {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    chosen = request.args.get("category", "")
    kept = [(key, value) for key, value in listing.args.items() if key not in (*PAGING, "category") and value]

    def branch(parent):
        return [_node(row, branch(row.id), chosen, kept) for row in below.get(parent, ())]

    return branch(None)


def _node(row, inner, chosen, kept):
    here = chosen == str(row.id)
    return SimpleNamespace(
        name=pick(row.names, locale()), url="?" + urlencode([*kept, ("category", row.id)]), current=here, nodes=inner,
        open=here or any(one.open for one in inner),
    )  # fmt: skip


def more(row, house):
    """What a customer's page of a product shows beside its facts."""
    house.history = None  # who changed what in our catalogue is ours
    customer = buyer()
    if g.work.actor.may("order.write"):
        house.links.append(SimpleNamespace(label=_("Order"), url=_order_url(row), icon="fa-cart-plus"))
    if customer is not None:
        code, word = parts.availability([row], customer)[row.id]
        house.badges.append(SimpleNamespace(code=code, label=word))
    if row.pictures:
        house.sections.append(parts.pictures(row, False))
    if customer is not None:
        house.sections.append(_steps(row, customer))


def _steps(row, customer):
    """What a customer pays for one and for more of a product."""
    explained = pricing.explain(row, customer, customer.currency_code, None, Decimal(1), g.work)
    steps = sorted({one.candidate.from_quantity for one in explained.candidates})
    rows, before = [], None
    for quantity in steps:
        best = pricing.choose([one.candidate for one in explained.candidates], quantity)
        if best.unit_price != before:  # a closer list may hold for any quantity
            text = price_text(best.unit_price, customer.currency_code, reader())
            rows.append(line(format_number(quantity, reader()), text))
        before = best.unit_price
    unit = pick(row.unit.symbols, locale())
    columns = ((_("From quantity"), "num"), (_("Price per %(unit)s", unit=unit), "num"))
    empty = str(pricing.no_price(customer.currency_code).message)
    lead = None
    if explained.priced is not None:
        tax = _("Prices include tax.") if explained.priced.includes_tax else _("Prices are net.")
        lead = f"{tax} {explained.priced.source}"
    return table("price", _("Your price"), columns, rows, empty=empty, lead=lead)
