"""Screens and API of stock: what lies where, how it moved, and the warehouses (STK-01 to STK-06). Staff only."""

from decimal import Decimal

from flask import g, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import func, select
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.core.errors import BusinessError, Conflict, Malformed
from app.core.needed import Needed
from app.core.work import current
from app.extensions import db
from app.reading import reader
from app.rules import products, stock
from models.base import HOUSE_BRANCH
from models.organisation import Branch
from models.products import Category, Product
from models.stock import StockLevel, StockMovement, Warehouse
from views import wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.cells import said
from views.fields import DecimalText, HouseForm, ReferenceField, options
from views.filters import Choice, Flag, Least, Refers, Since, Words
from views.masters import ARCHIVED, Active, MasterView
from views.sections import records

NEEDED = _l("Fill in this field.")
ENTERED = {  # what staff enter by hand; shipments and returns come from their documents
    "receipt": _lp("stock movement", "Receipt"), "adjustment": _l("Stock adjustment"), "count": _l("Stock count"),
    "transfer": _lp("stock movement", "Transfer"),
}  # fmt: skip


class ProductWords(Words):
    """Rows of products whose item code, name, brand or barcode begins as typed."""

    def apply(self, query, model, value, session):
        found = super().apply(session.query(Product.id), Product, value, session)
        return query.filter(model.product_id.in_(found))


class OfCategory(Refers):
    """Rows of products of a category and all below it (STK-02)."""

    def __init__(self):
        super().__init__("category", Category, "/categories/choices")

    def apply(self, query, model, value, session):
        found = select(Product.id).where(products.in_categories([value], current()))
        return query.filter(model.product_id.in_(found))


class Low(Flag):
    """Products of which less is free, in all warehouses together, than we want to keep (STK-04)."""

    def apply(self, query, model, value, session):
        free = func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved), Decimal(0))
        low = (
            select(Product.id).outerjoin(StockLevel, StockLevel.product_id == Product.id)
            .where(Product.stock_threshold.is_not(None)).group_by(Product.id).having(free < Product.stock_threshold)
        )  # fmt: skip
        return query.filter(model.product_id.in_(low) if value else model.product_id.not_in(low))


class Free(Least):
    """Rows with at least (or at most) so much free."""

    def apply(self, query, model, value, session):
        free = model.on_hand - model.reserved
        return query.filter(free <= value if self.most else free >= value)


OF_PRODUCT = Refers("product", Product, "/products/choices")
OF_WAREHOUSE = Refers("warehouse", Warehouse, "/warehouses/choices")


class StockLevelView(HouseView):
    datamodel = Interface(StockLevel)
    noun = "stock_level"
    route_base = "/stock_levels"
    exclude_route_methods = {"add", "edit", "delete"}
    list_title = _l("Stock")
    list_columns = ["sku", "product", "warehouse", "on_hand", "reserved", "free"]
    add_columns = edit_columns = ["product"]
    facts = ((None, ["sku", "product", "warehouse", "on_hand", "reserved", "free"]),)
    quick = ProductWords("q", _l("Item code or name"))
    filters = (
        OF_PRODUCT, OF_WAREHOUSE, OfCategory(), Low("low", _l("Below the threshold")),
        Free("free_least", "on_hand", _l("Free from")), Free("free_most", "on_hand", _l("Free up to"), most=True),
    )  # fmt: skip

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.add_url = None
        if g.work.actor.may("stock_movement.write"):
            house.add_url, house.add_label = "/stock_movements/add", _("New stock movement")
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def editable(self, row):
        raise Conflict("booked", _("Stock changes by movements only."))

    def more(self, row, house):
        if not g.work.actor.may("stock_movement.read"):
            return
        moved = db.session.query(StockMovement).filter(
            StockMovement.product_id == row.product_id, StockMovement.warehouse_id == row.warehouse_id)  # fmt: skip
        address = f"/stock_movements/list/?product={row.product_id}&warehouse={row.warehouse_id}"
        names = ("moved_at", "kind", "quantity", "reason")
        house.sections.append(
            records("movements", _("Stock movements"), moved, StockMovement, names, "/stock_movements",
                    more=(_("Show all"), address))
        )  # fmt: skip


class MovementForm(HouseForm):
    """Goods that come in, are counted, corrected or moved."""

    kind = SelectField(_l("Kind"), choices=options(ENTERED))
    product = ReferenceField(_l("Product"), [Needed(NEEDED)], target=Product, endpoint="/products/choices")
    warehouse = ReferenceField(_l("Warehouse"), [Needed(NEEDED)], target=Warehouse)
    to = ReferenceField(_l("To the warehouse"), target=Warehouse, description=_l("Of a transfer."))
    quantity = DecimalText(
        _l("Quantity"), [Needed(NEEDED)],
        description=_l("Of a stock count: how much was counted. Of a stock adjustment: a negative quantity goes out."),
    )  # fmt: skip
    reason = StringField(_l("Reason"), [Length(max=500)])


def enter(kind, product, warehouse, quantity, work, to=None, reason=""):
    """Book what staff enter by hand; gives the movement, or None where a count agrees.

    :raises BusinessError: what the rules of stock refuse
    """
    if kind == "transfer":
        if to is None:
            raise BusinessError("warehouse_missing", _l("Choose the warehouse the goods go to."), field="to")
        return stock.transfer(product, warehouse, to, quantity, work, reason)[1]
    if kind == "count":
        return stock.adjust(product, warehouse, quantity, work, reason)
    if kind == "receipt" and quantity <= 0:
        raise BusinessError("quantity_not_positive", _l("Enter a figure greater than zero."), field="quantity")
    return stock.move(product, warehouse, quantity, kind, work, reason=reason)


class StockMovementView(HouseView):
    datamodel = Interface(StockMovement)
    noun = "stock_movement"
    route_base = "/stock_movements"
    exclude_route_methods = {"edit", "delete"}
    list_title, add_title = _l("Stock movements"), _l("New stock movement")
    add_label = _l("New stock movement")
    list_columns = ["moved_at", "kind", "sku", "product", "warehouse", "quantity", "reason"]
    add_columns = edit_columns = ["product", "warehouse", "kind", "quantity", "reason"]
    add_form = MovementForm
    facts = ((None, ["moved_at", "kind", "sku", "product", "warehouse", "quantity", "reason"]),)
    quick = ProductWords("q", _l("Item code or name"))
    filters = (
        OF_PRODUCT, OF_WAREHOUSE, Choice("kind", stock.KINDS), Since("from", "moved_at", _l("Moved from")),
        Since("until", "moved_at", _l("Moved until"), until=True),
    )  # fmt: skip

    def prefill(self):
        found = super().prefill().get("data", {})
        house = db.session.query(Warehouse).filter(Warehouse.default, Warehouse.archived_at.is_(None)).first()
        return {"data": {"warehouse": house, **found}}

    def _save(self, form, row, action):
        if not form.validate():
            return None
        given = {name: form[name].data for name in ("kind", "product", "warehouse", "quantity", "to", "reason")}
        try:
            with g.work.doing("stock_movement.create"):
                made = enter(**given, work=g.work)
                db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            field = form._fields.get(error.details.get("field", ""))
            (field.errors if field is not None else form.form_errors).append(str(error.message))
            return None
        if made is None:
            form.form_errors.append(_("The count agrees with what is on hand, so nothing was booked."))
        return made

    def more(self, row, house):
        house.number, house.subtitle = row.sku, said(row.product, reader())

    def editable(self, row):
        raise BusinessError("movement_final", _l("A stock movement is never changed; book another one."))


class WarehouseView(MasterView):
    datamodel = Interface(Warehouse)
    noun = "warehouse"
    route_base = "/warehouses"
    list_title, add_title, edit_title = _l("Warehouses"), _l("New warehouse"), _l("Change the warehouse")
    add_label = _l("New warehouse")
    label_columns = {"default": _l("Orders draw on it")}
    list_columns = ["code", "name", "branch", "default"]
    add_columns = edit_columns = ["code", "name", "other_names", "branch", "default"]
    facts = ((None, ["code", "name", "other_names", "branch", "default"]),)
    filters = (Refers("branch", Branch, "/branches/choices"), ARCHIVED)
    on_save = staticmethod(stock.check_warehouse)
    on_delete = staticmethod(stock.remove_warehouse)

    def prefill(self):
        house = db.session.get(Branch, g.access.branch_id or HOUSE_BRANCH)
        return {"data": {"branch": house}}


# --- REST -------------------------------------------------------------------------------------


class StockLevelApi(HouseApi):
    noun = "stock_level"
    model = StockLevel
    resource_name = "stock_levels"
    list_fields = ("id", "sku", "product", "warehouse", "on_hand", "reserved", "free")
    filter_columns = ("id", "product", "warehouse", "on_hand", "reserved", "q")
    word_filters = {"q": ProductWords("q")}


class StockMovementApi(HouseApi):
    noun = "stock_movement"
    model = StockMovement
    resource_name = "stock_movements"
    list_fields = ("id", "version", "moved_at", "kind", "sku", "product", "warehouse", "quantity", "reason")
    filter_columns = ("id", "product", "warehouse", "kind", "moved_at", "quantity", "q")
    word_filters = {"q": ProductWords("q")}
    create_fields = ("kind", "sku", "warehouse", "quantity", "to", "reason")

    def create(self, given, work):
        """Book a movement: {kind, sku, quantity, warehouse, to, reason}."""
        self.fill(None, given, self.create_fields)
        kind = wire.taken("kind", given.get("kind", ""), 20)
        if kind not in ENTERED:
            raise wire.bad("kind", _("This value is not possible: %(field)s.", field="kind"))
        places = {name: self._place(name, given.get(name), work) for name in ("warehouse", "to")}
        product = products.sellable(wire.taken("sku", given.get("sku"), 40), work)
        quantity = wire.decimal("quantity", given.get("quantity"))
        reason = wire.taken("reason", given.get("reason") or "", 500)
        made = enter(kind, product, places["warehouse"] or self._default(work), quantity, work, places["to"], reason)
        if made is None:
            text = _("The count agrees with what is on hand, so nothing was booked.")
            raise BusinessError("count_agrees", text, field="quantity")
        return made

    def fill(self, row, given, allowed):
        wire.known(given, allowed)

    def _place(self, name, value, work):
        if value is None:
            return None
        found = work.session.get(Warehouse, wire.whole(name, value))
        if found is None:
            raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
        return found

    def _default(self, work):
        return work.session.get(Warehouse, stock.default_warehouse(work, g.access.branch_id or HOUSE_BRANCH))


class WarehouseApi(HouseApi):
    noun = "warehouse"
    model = Warehouse
    resource_name = "warehouses"
    list_fields = ("id", "version", "code", "name", "branch", "default", "active")
    filter_columns = ("id", "code", "name", "branch", "default", "active")
    word_filters = {"active": Active("active")}
    write_fields = ("code", "name", "other_names", "branch", "default")
    show_fields = ("other_names",)
    on_save = staticmethod(stock.check_warehouse)
    on_delete = staticmethod(stock.remove_warehouse)

    def loaded(self):
        return ["id", "version", "code", "name", "branch", "default", "archived_at"]


def register(appbuilder):
    menu = {"category": "Stock", "category_label": _l("Stock")}
    appbuilder.add_view(StockLevelView, "stock_levels", label=_l("Stock"), icon="fa-cubes", **menu)
    appbuilder.add_view(StockMovementView, "stock_movements", label=_l("Stock movements"), icon="fa-right-left", **menu)
    appbuilder.add_view(WarehouseView, "warehouses", label=_l("Warehouses"), icon="fa-warehouse", **menu)
    for api in (StockLevelApi, StockMovementApi, WarehouseApi):
        appbuilder.add_api(api)
