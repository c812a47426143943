"""What one product costs in one price list: entered from the page of either."""

from flask import abort, g, request
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField

from app.core.needed import Needed
from app.rules import products
from models.products import Price, PriceList, Product
from views.api import HouseApi
from views.base import Interface
from views.fields import DecimalText, HouseForm
from views.filters import Refers
from views.parts import ParentField, PartView, take

NEEDED = _l("Fill in this field.")


class PriceForm(HouseForm):
    """A price from a quantity on."""

    price_list = ParentField(
        _l("Price list"), [Needed(NEEDED)], target=PriceList, endpoint="/price_lists/choices"
    )
    product = ParentField(_l("Product"), [Needed(NEEDED)], target=Product, endpoint="/products/choices")
    from_quantity = DecimalText(_l("From quantity"), [Needed(NEEDED)], default=1)
    unit_price = DecimalText(_l("Unit price"), [Needed(NEEDED)])


class ChangedPriceForm(PriceForm):
    """A price stays with its product and its list."""

    price_list = product = None


class PriceInList(Form):
    """A new price on the page of a price list."""

    price_list = HiddenField()
    product = ParentField(_l("Product"), target=Product, endpoint="/products/choices")
    from_quantity = DecimalText(_l("From quantity"), default=1)
    unit_price = DecimalText(_l("Unit price"))


class PriceOfProduct(Form):
    """A new price on the page of a product."""

    product = HiddenField()
    price_list = ParentField(_l("Price list"), target=PriceList, endpoint="/price_lists/choices")
    from_quantity = DecimalText(_l("From quantity"), default=1)
    unit_price = DecimalText(_l("Unit price"))


def offered(query):
    """Prices without those of products that customers are no longer offered."""
    if g.work.actor.inside:
        return query
    return query.join(Price.product).filter(Product.archived_at.is_(None))


class PriceView(PartView):
    datamodel = Interface(Price)
    noun = "price"
    route_base = "/prices"
    parent, parent_base, anchor = "price_list", "/price_lists", "prices"
    list_title, add_title, edit_title = _l("Prices"), _l("New price"), _l("Change the price")
    list_columns = ["product", "price_list", "from_quantity", "unit_price"]
    add_columns = edit_columns = ["price_list", "product", "from_quantity", "unit_price"]
    add_form, edit_form = PriceForm, ChangedPriceForm
    filters = (Refers("price_list", PriceList, "/price_lists/choices"), Refers("product", Product, "/products/choices"))
    on_save = staticmethod(products.check_price)

    def query(self):
        return offered(super().query())

    def row(self, pk):
        found = super().row(pk)
        if not g.work.actor.inside and (found.product is None or not found.product.active):
            abort(404)
        g.price_product = found.product_id
        return found

    def prefill(self):
        found = super().prefill()
        product = found.get("data", {}).get("product")
        g.price_product = product.id if product is not None else None
        return found

    def url(self, page, **more):
        """Back to the product where its page was left, else to the price list."""
        if page in ("list", "show") and request.args.get("from") == "product" and g.get("price_product"):
            return f"/products/show/{g.price_product}#prices"
        return super().url(page, **more)


class PriceApi(HouseApi):
    """Prices over REST, of the lists that are offered to the caller."""

    noun = "price"
    model = Price
    resource_name = "prices"
    list_fields = ("id", "version", "price_list", "product", "sku", "from_quantity", "unit_price", "currency")
    filter_columns = ("id", "price_list", "product", "from_quantity", "unit_price")
    write_fields = ("from_quantity", "unit_price")
    create_fields = ("price_list", "product", "from_quantity", "unit_price")
    on_save = staticmethod(products.check_price)

    def query(self):
        return offered(super().query())

    def value(self, row, name):
        if name == "sku":
            return row.product.sku
        if name == "currency":
            return row.price_list.currency_code
        return super().value(row, name)

    def fill(self, row, given, allowed):
        given = dict(given)
        if row.id is None:
            take(row, given, "price_list")
            take(row, given, "product")
        super().fill(row, given, allowed)

    def loaded(self):
        return ["id", "version", "price_list.currency_code", "product.sku", "from_quantity", "unit_price"]
