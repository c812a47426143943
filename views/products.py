"""Screens and API of products: staff keep them, customers browse the catalogue (CAT-01 to CAT-10)."""

from flask import g, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import func
from wtforms import StringField

from app.core.localized import pick
from app.core.work import current
from app.reading import locale
from app.rules import pictures, products
from models.products import Category, Product
from views import catalogue, catalogue_compare, downloads
from views import product_parts as parts
from views.base import Interface
from views.catalogue_list import CatalogueListing
from views.filters import Filter, Flag, Refers, Words, like
from views.masters import ARCHIVED, MasterView
from views.offering import Offering
from views.prices import PriceApi, PriceView
from views.product_api import ProductApi

COLUMNS = ["sku", "names", "descriptions", "category", "brand", "model", "family", "characteristic", "specification",
           "service", "unit", "tax_category", "backorder", "stock_threshold", "weight_kg", "barcode"]  # fmt: skip


class Below(Refers):
    """Products of a category and of all below it."""

    def apply(self, query, model, value, session):
        return query.filter(products.in_categories([value], current()))


class Suggested(Filter):
    """A text column whose values are suggested while typing."""

    def field(self):
        url = f"/products/suggest/{self.column}"
        return StringField(self.title, render_kw={"data-combo": url})


class ProductView(Offering, MasterView):
    datamodel = Interface(Product)
    noun = "product"
    route_base = "/products"
    list_title, add_title, edit_title = _l("Products"), _l("New product"), _l("Change the product")
    add_label = _l("New product")
    list_report, report_loads = "product_list", ("category", "unit")
    list_columns = ["sku", "names", "category", "brand", "model", "unit", "stock_threshold"]
    portal_columns = ["sku", "names", "category", "brand", "model", "unit"]
    internal = frozenset({"stock_threshold", "archived_at", "archived", "everyone", "backorder", "tax_category"})
    order_columns = ("id", "sku")
    add_columns = edit_columns = COLUMNS
    groups = (
        (None, ["sku", "barcode", "names", "descriptions"]),
        (_l("Catalogue"), ["category", "brand", "model", "family", "characteristic", "specification"]),
        (_l("Selling"), ["unit", "tax_category", "service", "backorder", "stock_threshold", "weight_kg"]),
    )
    facts = (
        (None, ["sku", "category", "brand", "model", "family", "characteristic", "barcode", "descriptions",
                "specification"]),
        (_l("Selling"), ["unit", "tax_category", "service", "backorder", "stock_threshold", "weight_kg"]),
    )  # fmt: skip
    portal_facts = ((None, ["sku", "category", "brand", "model", "characteristic", "unit", "barcode", "descriptions",
                            "specification"]),)  # fmt: skip
    quick = Words("q", _l("Item code, name, brand or barcode"))
    filters = (
        Below("category", Category, "/categories/choices"), Suggested("brand"), Suggested("model"), Suggested("family"),
        Flag("service"), Flag("backorder"), ARCHIVED,
    )  # fmt: skip
    on_save = staticmethod(products.check)
    on_delete = staticmethod(products.remove)
    method_permission_name = MasterView.method_permission_name | {
        "picture": "read", "suggest": "read", "compare": "read", "add_picture": "write", "remove_picture": "write",
    }  # fmt: skip

    @expose("/list/")
    @has_access
    def list(self):
        if self.outside:
            return catalogue.page(self)
        return self.render_template("house/list.html", title=self.list_title, house=self.listed(), widgets={})

    def listing(self, args):
        return CatalogueListing(self, args) if self.outside else super().listing(args)

    @expose("/compare")
    @has_access
    def compare(self):
        """Up to four products side by side (CAT-08)."""
        return catalogue_compare.page(self)

    @expose("/suggest/<any(brand, model, family):column>")
    @has_access
    def suggest(self, column):
        """Values of a text column that begin as typed, for a field of the filter."""
        if request.args.get("id"):
            return jsonify([{"id": request.args["id"], "text": request.args["id"], "note": ""}])
        found = getattr(Product, column)
        rows = self.query().with_entities(found).filter(found != "", Product.archived_at.is_(None))
        term = request.args.get("term", "").strip()
        if term:
            rows = rows.filter(func.lower(found).like(like(term.lower())))
        values = [one for (one,) in rows.distinct().order_by(found).limit(30)]
        return jsonify([{"id": one, "text": one, "note": ""} for one in values])

    # --- the record ----------------------------------------------------------------------------

    def more(self, row, house):
        super().more(row, house)
        house.number, house.subtitle = pick(row.names, locale()), row.sku
        if self.outside:
            catalogue.more(row, house)
            return
        write = self.may("write")
        found = [parts.pictures(row, write), parts.prices(row), parts.why(row), parts.in_stock(row), parts.factors(row),
                 self.audience(row)]  # fmt: skip
        house.sections += [one for one in found if one is not None]

    # --- pictures ------------------------------------------------------------------------------

    @expose("/picture/<int:pk>/<int:picture>")
    @has_access
    def picture(self, pk, picture):
        """A picture of a product the reader may find; a browser keeps it, because its content never changes."""
        return downloads.picture(self.row(pk), picture)

    @expose("/add_picture/<int:pk>", methods=["POST"])
    @has_access
    def add_picture(self, pk):
        row, file = self.row(pk), request.files.get("file")
        if file is None or not file.filename:
            return redirect(self.url("show", pk=pk, _anchor="pictures"))
        return self.changed(
            row, "edit", lambda: pictures.add(row, file.stream, file.filename, file.mimetype, g.work), anchor="pictures"
        )

    @expose("/remove_picture/<int:pk>/<int:picture>", methods=["POST"])
    @has_access
    def remove_picture(self, pk, picture):
        row = self.row(pk)
        one = pictures.find(row, picture)
        return self.changed(row, "edit", lambda: pictures.remove(one, g.work), anchor="pictures")


def register(appbuilder):
    appbuilder.add_view(ProductView, "products", label=_l("Products"), icon="fa-boxes-stacked", category="Catalogue",
                        category_label=_l("Catalogue"))  # fmt: skip
    appbuilder.add_view_no_menu(PriceView)
    appbuilder.add_view_no_menu(parts.UnitFactorView)
    appbuilder.add_api(ProductApi)
    appbuilder.add_api(PriceApi)
