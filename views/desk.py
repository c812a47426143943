"""The data desk: prices, thresholds and names kept like a spreadsheet, each cell through the noun's rule."""

from flask import abort, current_app, g, redirect, request
from flask_admin import Admin, AdminIndexView
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import func
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.rules import products
from models.products import Category, Price, Product
from views.cells import said
from views.desk_cells import DecimalColumn, DeskModelView, NameColumn, Shown
from views.filters import Words, like


def permitted(verb="read"):
    """Whether the reader may open the desk, or write on it; it is for staff only."""
    return g.work.actor.inside and g.work.actor.may(f"desk.{verb}")


class DeskHome(AdminIndexView):
    """The first page of the desk names its sheets."""

    def is_accessible(self):
        return permitted()

    def inaccessible_callback(self, name, **kwargs):
        abort(401 if g.access.user_id is None else 403)

    def is_visible(self):
        return False


class Sheet(DeskModelView):
    """A sheet of the desk."""

    def is_accessible(self):
        return permitted()

    def may_write(self):
        return permitted("write")

    def inaccessible_callback(self, name, **kwargs):
        abort(401 if g.access.user_id is None else 403)


class PriceSheet(Sheet):
    """What products cost in price lists; `?price_list=` shows one of them."""

    noun, model_class = "price", Price
    columns = (
        Shown("sku", _l("SKU"), lambda row, reader: row.product.sku),
        Shown("product", _l("Product"), lambda row, reader: row.product),
        Shown("price_list", _l("Price list"), lambda row, reader: said(row.price_list, reader)),
        Shown("currency", _l("Currency"), lambda row, reader: row.price_list.currency_code),
        DecimalColumn("from_quantity", _l("From quantity")),
        DecimalColumn("unit_price", _l("Unit price")),
    )
    check = staticmethod(products.check_price)

    def rows(self, search):
        query = db.session.query(Price).options(joinedload(Price.product), joinedload(Price.price_list))
        wanted = request.args.get("price_list", "")
        if wanted.isdecimal() and len(wanted) < 19:
            query = query.filter(Price.price_list_id == int(wanted))
        if search:
            found = Words("q").apply(db.session.query(Product.id), Product, search, db.session)
            query = query.filter(Price.product_id.in_(found))
        return query


class ProductSheet(Sheet):
    """Rows of products."""

    noun, model_class = "product", Product
    check = staticmethod(products.check)

    def rows(self, search):
        query = db.session.query(Product).filter(Product.archived_at.is_(None))
        return Words("q").apply(query, Product, search, db.session) if search else query


class NameSheet(ProductSheet):
    """The names of products in every language."""

    columns = (Shown("sku", _l("SKU"), lambda row, reader: row.sku), *NameColumn.all())


class ThresholdSheet(ProductSheet):
    """Below which stock we want to be warned, product by product."""

    columns = (
        Shown("sku", _l("SKU"), lambda row, reader: row.sku),
        Shown("name", _l("Product"), lambda row, reader: row),
        Shown("unit", _l("Unit"), lambda row, reader: row.unit),
        DecimalColumn("stock_threshold", _l("Warn below"), needed=False),
    )

    def rows(self, search):
        return super().rows(search).filter(~Product.service).options(joinedload(Product.unit))


class CategorySheet(Sheet):
    """The names of categories in every language."""

    noun, model_class = "category", Category
    columns = (Shown("code", _l("Code"), lambda row, reader: row.code), *NameColumn.all())
    check = staticmethod(products.check_category)

    def rows(self, search):
        query = db.session.query(Category).filter(Category.archived_at.is_(None))
        return query.filter(func.lower(Category.code).like(like(search.lower()))) if search else query


class DeskView(BaseView):
    """The menu's way to the desk, and its permissions."""

    route_base = "/data_desk"
    class_permission_name = "Desk"
    base_permissions = ["can_read", "can_write"]
    method_permission_name = {"open": "read"}
    default_view = "open"

    @expose("/")
    @has_access
    def open(self):
        return redirect("/desk/")


SHEETS = (
    (PriceSheet, "prices", _l("Prices")), (ThresholdSheet, "thresholds", _l("Stock thresholds")),
    (NameSheet, "product_names", _l("Product names")), (CategorySheet, "category_names", _l("Category names")),
)  # fmt: skip


def register(appbuilder):
    home = DeskHome(name=_l("Data desk"), url="/desk", endpoint="desk")
    desk = Admin(current_app._get_current_object(), name=_l("Data desk"), index_view=home)
    for sheet, name, title in SHEETS:
        desk.add_view(sheet(name=title, endpoint=f"desk_{name}", url=f"/desk/{name}"))
    appbuilder.add_view(DeskView, "desk", href="/desk/", label=_l("Data desk"), icon="fa-table-cells",
                        category="Catalogue", category_label=_l("Catalogue"))  # fmt: skip
