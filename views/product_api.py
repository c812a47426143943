"""Products over REST: the price each row has for the caller, found once per page."""

from flask import g, jsonify, request, url_for
from flask_appbuilder.api import expose
from flask_babel import gettext as _

from app.core.errors import BusinessError, Malformed
from app.core.localized import pick
from app.core.scope import lifted
from app.extensions import db
from app.reading import locale
from app.rules import entry, pictures, pricing, products, stock, tax
from models.base import HOUSE_BRANCH
from models.organisation import Branch, Currency
from models.products import Product
from views import downloads, wire
from views.api import HouseApi
from views.doors import done, door
from views.filters import Words
from views.masters import Active, MasterDoors

PRICED = ("price", "currency", "price_list", "price_includes_tax")


class ProductApi(MasterDoors, HouseApi):
    noun = "product"
    model = Product
    resource_name = "products"
    list_fields = ("id", "version", "sku", "name", "active", "unit", "price", "currency", "category", "brand", "model",
                   "service")  # fmt: skip
    show_fields = ("names", "descriptions", "family", "characteristic", "specification", "barcode", "weight_kg",
                   "tax_category", "backorder", "stock_threshold", "everyone", "price_list", "price_includes_tax",
                   "available", "pictures", "units")  # fmt: skip
    portal_hidden = frozenset({"stock_threshold", "everyone", "archived_at"})
    filter_columns = ("id", "sku", "name", "q", "active", "brand", "model", "family", "category", "service",
                      "unit_code", "barcode", "backorder", "created_at", "archived_at")  # fmt: skip
    order_columns = ("id", "sku")
    word_filters = {"name": Words("name"), "q": Words("q"), "active": Active("active")}
    create_fields = ("sku", "name", "names", "descriptions", "category", "brand", "model", "family", "characteristic",
                    "specification", "service", "unit", "tax_category", "backorder", "stock_threshold", "weight_kg",
                    "barcode", "everyone")  # fmt: skip
    write_fields = (*create_fields, "active")
    parts = {"add_picture": ("file",)}
    parts_only = frozenset(parts)
    on_save = staticmethod(products.check)
    on_delete = staticmethod(products.remove)

    def query(self):
        query = super().query()
        return query if g.work.actor.inside else query.filter(Product.archived_at.is_(None))

    def loaded(self):
        known = set(self.fields(self.list_fields)) - {"name", "active", "unit", "price", "currency"}
        return [*known, "names", "unit_code", "archived_at"]

    # --- prices --------------------------------------------------------------------------------

    def prepare(self, rows):
        """The price of every row for the caller, in one statement for all of them."""
        ids = [row.id for row in rows if row.id is not None]
        customer, currency = self._customer(), self._currency()
        if customer is not None:
            currency = currency or customer.currency_code
            quoted = pricing.quote(ids, customer, currency, None, {}, g.work)
            found = {one: (currency, price) for one, price in quoted.items() if not isinstance(price, BusinessError)}
        else:
            house = db.session.get(Branch, g.access.branch_id or HOUSE_BRANCH)
            today, preferred = pricing.local_day(g.work, house), house.currency_code
            found = pricing.general(ids, currency or None, today, g.work, preferred)
            currency = currency or preferred
        g.product_prices = currency, found

    def _customer(self):
        """For whom prices are asked: a customer's user asks for himself, staff for the one they name."""
        wanted = request.args.get("customer", "")
        if wanted and not (wanted.isdecimal() and len(wanted) < 19):
            raise wire.bad("customer", _("Send a whole number: %(field)s.", field="customer"))
        if wanted:
            return entry.customer_of(int(wanted), g.work)
        mine = sorted(g.work.actor.customers)
        return entry.customer_of(mine[0], g.work) if mine else None

    def _currency(self):
        wanted = request.args.get("currency", "").upper()
        if wanted and db.session.get(Currency, wanted[:8]) is None:
            text = _("There is no such record: %(field)s.", field="currency")
            raise Malformed("bad_reference", text, field="currency")
        return wanted

    @expose("/<int:pk>/price", methods=["GET"])
    @door("read")
    def price(self, pk):
        """What a product costs a customer for `?quantity=`, which price applies and why, and what more of it costs."""
        row, customer = self.find(pk), self._customer()
        if customer is None:
            raise wire.bad("customer", _("Fill in this field: %(field)s.", field="customer"))
        currency = self._currency() or customer.currency_code
        quantity = wire.decimal("quantity", request.args.get("quantity") or "1")
        return jsonify(_explained(pricing.explain(row, customer, currency, None, quantity, g.work), currency, quantity))

    def value(self, row, name):
        if name in PRICED:
            return self._priced(row, name)
        if name == "name":
            return pick(row.names, locale())
        if name in ("names", "descriptions"):
            return getattr(row, name)
        if name == "unit":
            return row.unit_code
        if name == "available":
            return self._available(row)
        if name == "pictures":
            return [self._picture(row, one) for one in row.pictures]
        if name == "units":
            return [{"unit": one.unit_code, "factor": wire.number(one.factor)} for one in row.factors]
        return super().value(row, name)

    def _priced(self, row, name):
        asked, found = g.product_prices
        currency, price = found.get(row.id, (asked, None))
        if name == "currency":
            return currency
        if price is None:
            return None
        values = {"price": wire.amount(price.unit_price, currency), "price_list": price.price_list,
                  "price_includes_tax": price.includes_tax}  # fmt: skip
        return values[name]

    def _available(self, row):
        """How much staff can still promise; customers are told only whether there is any."""
        with lifted(g.work, "whether goods can be had is told to whoever may find them"):
            free = stock.available([row.id], g.work).get(row.id)
        if g.work.actor.inside:
            return None if free is None else wire.number(free)
        return free is None or free > 0

    # --- pictures ------------------------------------------------------------------------------

    def _picture(self, row, one):
        url = url_for(f"{self.endpoint}.picture", pk=row.id, picture=one.id)
        found = {"id": one.id, "name": one.name, "media_type": one.media_type}
        return {**found, "url": f"{url}?size=full", "thumbnail": url}

    @expose("/<int:pk>/pictures/<int:picture>", methods=["GET"])
    @door("read")
    def picture(self, pk, picture):
        """A picture of a product: a thumbnail, or whole with `?size=full`."""
        return downloads.picture(self.find(pk), picture)

    @expose("/<int:pk>/pictures", methods=["POST"])
    @door("write")
    def add_picture(self, pk):
        """Add a picture to a product (multipart, part `file`)."""
        row, file = self.find(pk), downloads.upload()
        with g.work.doing("product.edit"):
            made = pictures.add(row, file.stream, file.filename, file.mimetype, g.work)
            return done({"id": made.id, "result": self._picture(row, made)}, 201)

    @expose("/<int:pk>/pictures/<int:picture>", methods=["DELETE"])
    @door("write")
    def remove_picture(self, pk, picture):
        """Take a picture away from a product."""
        row = self.find(pk)
        with g.work.doing("product.edit"):
            pictures.remove(pictures.find(row, picture), g.work)
            return done({"id": picture})

    # --- writing -------------------------------------------------------------------------------

    def fill(self, row, given, allowed):
        given = dict(given)
        name = given.pop("name", None)
        if row.id is None and "tax_category" not in given:
            row.tax_category = tax.usual(g.work)
        super().fill(row, given, allowed)
        if name is not None:
            row.names = {**(row.names or {}), locale(): wire.taken("name", name, 300)}


def _explained(found, currency, quantity):
    """Which price applies and why, as JSON; `unit_price` is null where no price list offers the product."""
    price = found.priced
    return {
        "quantity": wire.number(quantity), "currency": currency,
        "unit_price": None if price is None else wire.amount(price.unit_price, currency),
        "includes_tax": None if price is None else price.includes_tax,
        "source": str(pricing.no_price(currency).message if price is None else price.source),
        "steps": [{"from_quantity": wire.number(from_), "unit_price": wire.amount(one.unit_price, currency)}
                  for from_, one in found.steps],
        "candidates": [
            {"price_list": {"id": one.candidate.price_list_id, "name": one.candidate.price_list},
             "from_quantity": wire.number(one.candidate.from_quantity),
             "unit_price": wire.amount(one.candidate.unit_price, currency),
             "applies": one.applies, "reason": str(one.reason)}
            for one in found.candidates
        ],
    }  # fmt: skip
