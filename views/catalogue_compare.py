"""Products side by side: what they are, what they cost the reader, whether they can be had (CAT-08)."""

from types import SimpleNamespace

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload, selectinload

from app.core.localized import format_number
from app.reading import reader
from models.products import Product
from views import catalogue
from views.catalogue_list import buyer
from views.cells import kind_of, show
from views.labels import label

MOST = 4
ATTRIBUTES = ("category", "brand", "model", "family", "characteristic", "unit", "weight_kg", "descriptions",
              "specification")  # fmt: skip


def page(view):
    """The products named in the address, in that order."""
    asked = [int(one) for one in request.args.getlist("id") if one.isdecimal() and len(one) < 19]
    asked = list(dict.fromkeys(asked))
    if len(asked) > MOST:
        flash(ngettext("Only %(count)s product can be compared at once.", "Only %(count)s products can be compared at "
                       "once.", MOST, count=format_number(MOST, reader())), "warning")  # fmt: skip
    wanted = asked[:MOST]
    loads = (selectinload(Product.pictures), joinedload(Product.unit), joinedload(Product.category))
    found = {row.id: row for row in view.query().filter(Product.id.in_(wanted)).options(*loads)} if wanted else {}
    rows = [found[one] for one in wanted if one in found]
    house = SimpleNamespace(
        crumbs=[(_("Catalogue"), view.url("list"))], cards=_cards(view, rows), rows=_rows(view, rows),
        put_url="/carts/put", here=request.full_path, customer=getattr(buyer(), "id", ""), list_url=view.url("list"),
    )  # fmt: skip
    return view.render_template("portal/compare.html", title=_("Compare products"), house=house)


def _cards(view, rows):
    cards = catalogue.cards(rows, buyer())
    for one in cards:
        left = [row.id for row in rows if row.id != one.id]
        one.remove_url = view.url("compare", id=left) if left else view.url("list")
    return cards


def _rows(view, rows):
    """One row for each attribute that any of the products has: (label, values, whether they differ)."""
    found = []
    for name in ATTRIBUTES:
        if view.outside and name in view.internal:
            continue
        values = [_said(row, name) for row in rows]
        if any(values):
            found.append(SimpleNamespace(label=label(name), values=values, differs=len(set(values)) > 1))
    return found


def _said(row, name):
    value = show(row, name, reader())
    if isinstance(value, tuple):  # a link or a state: its words
        value = value[0] if kind_of(Product, name) == "link" else value[1]
    return "" if value is None else str(value)
