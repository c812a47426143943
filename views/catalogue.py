"""The catalogue as customers browse it: a tree, cards with pictures, their own price beside each (CAT-03 to CAT-07)."""

from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlencode

from flask import g, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.core.errors import BusinessError
from app.core.localized import format_number, pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import pricing
from models.products import Category, Product
from models.services import Service
from views import product_parts as parts
from views.catalogue_list import buyer
from views.cells import price as price_text
from views.listing import PAGING
from views.sections import line, table

PAGE = 24
MOST_CATEGORIES = 2_000
LAYOUTS = ("grid", "list")


def page(view):
    """The catalogue's page for the parameters of the address."""
    listing = view.listing(request.args)
    found = listing.page((selectinload(Product.pictures), joinedload(Product.unit)), PAGE)
    customer, chosen = buyer(), request.args.get("category", "")
    nodes, way, total = tree(listing, chosen)
    total = listing.count() if total is None else total
    layout = "list" if request.args.get("layout") == "list" else "grid"
    house = SimpleNamespace(
        cards=cards(found.rows, customer, listing.price_range()), tree=nodes, way=way, search=listing._search(),
        filters=listing._chips(), clear_url=listing.address(drop=[one.name for one, _value in listing.active]),
        filter_form=listing._filter_form(), count_text=listing.count_text(total), layout=layout,
        all_url=listing.address(drop=("category",)), in_category=bool(chosen), sorts=listing.sorts(),
        layouts=[(code, listing.address(drop=("layout",), layout=code if code == "list" else "")) for code in LAYOUTS],
        prev_url=listing.address(before=found.prev) if found.prev else None,
        next_url=listing.address(after=found.next) if found.next else None,
        keep=[(key, value) for key, value in request.args.items() if key in ("layout", "sort") and value],
        compare_url=view.url("compare"), put_url="/carts/put", here=request.full_path.rstrip("?"),
        customer=customer.id if customer is not None else "",
    )  # fmt: skip
    return view.render_template("portal/catalogue.html", title=_("Catalogue"), house=house)


def cards(rows, customer, between=(None, None)):
    """What each card says; prices and availability are asked once for the page.

    :param between: the least and the highest price that are wanted
    """
    if customer is None:
        return [_card(row, None, None, None) for row in rows]
    currency = customer.currency_code
    found = pricing.quote([row.id for row in rows], customer, currency, None, {}, g.work)
    free, served = parts.availability(rows, customer), _ordered_by_form([row.id for row in rows])
    return [_card(row, found[row.id], currency, free[row.id], row.id in served)
            for row in rows if _fits(found[row.id], *between)]  # fmt: skip


def _ordered_by_form(ids):
    """Which of these products are sold with the form of a service: it asks what has to be known for the work."""
    return set(g.work.session.scalars(
        select(Service.product_id).where(Service.product_id.in_(ids), Service.state == "published")))  # fmt: skip


def _fits(price, least, most):
    """Whether the price that applies is one that was asked for."""
    if least is None and most is None:
        return True
    return (not isinstance(price, BusinessError) and (least is None or price.unit_price >= least)
            and (most is None or price.unit_price <= most))  # fmt: skip


def _card(row, price, currency, free, served=False):
    priced = price is not None and not isinstance(price, BusinessError)
    picture = next(iter(row.pictures), None)
    return SimpleNamespace(
        id=row.id, name=pick(row.names, locale()), sku=row.sku, brand=row.brand, url=f"/products/show/{row.id}",
        picture=parts.picture_url(row, picture) if picture else None,
        price=price_text(price.unit_price, currency, reader()) if priced else None,
        gross=priced and price.includes_tax, unit=pick(row.unit.symbols, locale()), free=free,
        can_put=(priced or served) and g.work.actor.may("cart.write"), served=served,
    )  # fmt: skip


def tree(listing, chosen):
    """The categories the reader may find, nested, with their addresses and counts, and the way down to the chosen one.

    :returns: (nodes, [(name, address)], how many products match; None where they were not counted)
    """
    rows = db.session.scalars(
        select(Category).where(Category.archived_at.is_(None)).order_by(Category.code).limit(MOST_CATEGORIES)
    ).all()
    known, below = {row.id: row for row in rows}, {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    kept = [(key, value) for key, value in listing.args.items() if key not in (*PAGING, "category") and value]
    counts = listing.counts()

    def branch(parent):
        return [_node(row, branch(row.id), chosen, kept, counts) for row in below.get(parent, ())]

    way, row = [], known.get(int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else None
    while row is not None and len(way) < MOST_CATEGORIES:
        way.insert(0, (pick(row.names, locale()), _address(row, kept)))
        row = known.get(row.parent_id)
    nodes = branch(None)
    return nodes, way, _total(nodes, counts, chosen)


def _total(nodes, counts, chosen):
    """How many products match, from what the tree has counted anyway."""
    if counts is None or not chosen:
        return None if counts is None else sum(counts.values())
    here = [one for one in nodes if one.open]
    while here and not here[0].current:
        here = [one for one in here[0].nodes if one.open]
    return here[0].many if here else None


def _address(row, kept):
    return "?" + urlencode([*kept, ("category", row.id)])


def _node(row, inner, chosen, kept, counts):
    here = chosen == str(row.id)
    many = None if counts is None else counts.get(row.id, 0) + sum(one.many for one in inner)
    return SimpleNamespace(
        name=pick(row.names, locale()), url=_address(row, kept), current=here, nodes=inner, many=many,
        open=here or any(one.open for one in inner),
    )  # fmt: skip


def more(row, house):
    """What a customer's page of a product shows beside its facts."""
    house.history = None  # who changed what in our catalogue is ours
    customer = buyer()
    if g.work.actor.may("cart.write") and customer is not None:
        served = bool(_ordered_by_form([row.id]))
        body = render_template("portal/_put.html", sku=row.sku, name=house.number, here=f"/products/show/{row.id}",
                               customer=customer.id, served=served)  # fmt: skip
        title = _("Order a service") if served else _("Add to cart")
        house.sections.insert(0, SimpleNamespace(id="put", title=title, body=body))
    house.links.append(SimpleNamespace(label=_("Compare"), url=f"/products/compare?id={row.id}",
                                       icon="fa-scale-balanced"))  # fmt: skip
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
    currency = customer.currency_code
    rows = [line(format_number(quantity, reader()), price_text(best.unit_price, currency, reader()))
            for quantity, best in explained.steps]  # fmt: skip
    unit = pick(row.unit.symbols, locale())
    columns = ((_("From quantity"), "num"), (_("Price per %(unit)s", unit=unit), "num"))
    empty = str(pricing.no_price(customer.currency_code).message)
    lead = None
    if explained.priced is not None:
        tax = _("Prices include tax.") if explained.priced.includes_tax else _("Prices are net.")
        lead = f"{tax} {explained.priced.source}"
    return table("price", _("Your price"), columns, rows, empty=empty, lead=lead)
