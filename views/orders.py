"""Screens and API of orders."""

from types import SimpleNamespace

from flask import g, jsonify, render_template, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from app.answers import answer
from app.core.errors import BusinessError, Malformed
from app.core.localized import format_money, format_number, pick
from app.core.money import Money
from app.core.readable import ascii_digits
from app.core.scope import lifted
from app.extensions import db
from app.reading import locale, reader
from app.rules import approvals, entry, orders, pricing, products, stock
from models.customers import Customer
from models.orders import Order, OrderLine
from models.organisation import Currency, DeliveryMethod
from views import wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.cells import price as price_text
from views.doors import body, done
from views.fields import DateText, HouseForm, ReferenceField
from views.filters import Choice, Least, NumberOrOwner, OwnerWords, Refers, Since, Starts, Within
from views.labels import VALUES, label

LINE_COLUMNS = ["position", "sku", "name", "quantity_ordered", "quantity_available", "quantity_approved", "unit_code",
                "unit_price", "discount_percent", "tax_rate", "net", "gross", "state", "reason"]  # fmt: skip
HEADER = ("reference", "remark", "requested_on", "delivery_method", "currency")
STAFF_HEADER = (*HEADER, "channel", "payment_terms", "order_type", "number", "due_at")


class OrderForm(HouseForm):
    """The head of an order for a customer's own use."""

    currency = ReferenceField(_l("Currency"), target=Currency, endpoint="/currencies/choices")
    reference = StringField(_l("Reference"))
    requested_on = DateText(_l("Requested delivery date"))
    delivery_method = ReferenceField(_l("Delivery method"), target=DeliveryMethod, endpoint="/delivery_methods/choices")
    remark = StringField(_l("Remark"))


class StaffOrderForm(HouseForm):
    """The head of an order that staff enter for a customer."""

    customer = ReferenceField(_l("Customer"), target=Customer, endpoint="/customers/choices")
    currency = ReferenceField(_l("Currency"), target=Currency, endpoint="/currencies/choices")
    reference = StringField(_l("Reference"))
    requested_on = DateText(_l("Requested delivery date"))
    delivery_method = ReferenceField(_l("Delivery method"), target=DeliveryMethod, endpoint="/delivery_methods/choices")
    remark = StringField(_l("Remark"))


class OrderView(HouseView):
    datamodel = Interface(Order)
    noun = "order"
    flow = orders.FLOW
    route_base = "/orders"
    more_permissions = ("supervise",)
    reports = ("order_confirmation",)
    list_title, add_title, edit_title = _l("Orders"), _l("New order"), _l("Change the order")
    add_label = _l("New order")
    list_columns = ["number", "customer", "state", "ordered_at", "handler", "reference", "total_gross", "payment"]
    portal_columns = ["number", "state", "ordered_at", "reference", "total_gross", "payment", "shipping"]
    internal = frozenset({"handler", "due_at", "branch", "channel", "customer", "exchange_rate", "submitted_by",
                          "order_type", "deleted_reason", "product", "quantity_available"})  # fmt: skip
    order_columns = ("id", "ordered_at", "total_gross")
    add_columns = edit_columns = ["currency", "reference", "remark"]
    facts = (
        (None, ["customer", "reference", "order_type", "channel", "ordered_at", "submitted_at", "confirmed_at",
                "due_at",                 "handler", "branch"]),
        (_l("Delivery and payment"), ["delivery_address", "billing_address", "delivery_method", "requested_on",
                                      "payment_terms", "payment", "billing", "shipping", "remark"]),
    )  # fmt: skip
    portal_facts = (
        (None, ["reference", "ordered_at", "submitted_at", "confirmed_at", "requested_on"]),
        (_l("Delivery and payment"), ["delivery_address", "billing_address", "delivery_method", "payment_terms",
                                      "payment", "billing", "shipping", "remark"]),
    )  # fmt: skip
    lines = ("lines", LINE_COLUMNS)
    quick = NumberOrOwner(Customer, title=_l("Order number or customer"))
    filters = (
        Starts("number"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"),
        Within("product", _l("Product"), OrderLine, "order_id", "product_id"),
        Choice("payment"), Choice("billing"), Choice("shipping"), Choice("channel"),
        Since("from", "ordered_at", _l("Ordered from")), Since("until", "ordered_at", _l("Ordered until"), until=True),
        Since("created_from", "created_at", _l("Created from")),
        Since("created_until", "created_at", _l("Created until"), until=True),
        Least("least", "total_gross", _l("Total from")), Least("most", "total_gross", _l("Total up to"), most=True),
        Starts("reference", column="reference"),
    )  # fmt: skip
    on_delete = staticmethod(orders.remove)
    additions = []  # (view, row, house): what screens of later nouns put on an order's page

    def next_step(self, row):
        return orders.next_step(row, g.work)

    def editable(self, row):
        orders.check_open(row, g.work)

    def more(self, row, house):
        if row.state == "draft" and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        if not self.outside:
            house.sections += _decisions(row)
        for add in self.additions:
            add(self, row, house)

    # --- header and lines on one screen ----------------------------------------------------------

    def _lines_form(self, row, form):
        editing = row is not None
        house = SimpleNamespace(
            crumbs=[(str(self.list_title), self.url("list"))], lead=None,
            price_url=self.url("price"), products_url=self.url("find_products"), total_url=self.url("totals"),
            save_url=self.url("save", pk=row.id) if editing else self.url("save_new"), method="POST",
            version=row.version if editing else None, record_id=row.id if editing else None,
            can_submit=not editing or row.state == "draft", save_label=None, submit_label=_("Submit"),
            cancel_url=self.url("show", pk=row.id) if editing else self.url("list"),
            lines=[{"id": line.id, "sku": line.sku, "quantity": wire.number(line.quantity_ordered)}
                   for line in row.lines] if editing else [],
        )  # fmt: skip
        title = self.edit_title if editing else self.add_title
        return self.render_template("house/lines_form.html", title=title, form=form, house=house)

    @expose("/add", methods=["GET"])
    @has_access
    def add(self):
        return self._lines_form(None, (OrderForm if self.outside else StaffOrderForm)(data=self.prefill().get("data")))

    def prefill(self):
        wanted = request.args.get("customer", "")
        customer = db.session.get(Customer, int(wanted)) if wanted.isdigit() and not self.outside else None
        if self.outside and len(g.work.actor.customers) == 1:
            customer = db.session.get(Customer, next(iter(g.work.actor.customers)))
        return {"data": {"customer": customer, "currency": customer.currency if customer else None}}

    @expose("/edit/<int:pk>", methods=["GET"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        try:
            self.editable(row)
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        return self._lines_form(row, (OrderForm if self.outside else StaffOrderForm)(obj=row))

    @expose("/save", methods=["POST"])
    @has_access
    def save_new(self):
        given = body()
        with g.work.doing("order.create"):
            order = orders.create(
                g.work, **_header(given, self.outside), **_lines(given), submit=bool(given.get("submit"))
            )
            return done({"id": order.id, "url": self.url("show", pk=order.id)}, 201)

    @expose("/save/<int:pk>", methods=["POST"])
    @has_access
    def save(self, pk):
        order, given = self.row(pk), body()
        self._seen(order, given)
        header = _header(given, self.outside)
        header.pop("customer", None)
        with g.work.doing("order.edit"):
            orders.change(order, g.work, **header, **_lines(given))
            db.session.flush()
            if given.get("submit"):
                orders.FLOW.run_one("submit", order)
            return done({"id": order.id, "url": self.url("show", pk=order.id)})

    def _seen(self, order, given):
        OrderApi.check_version(self, order, given)

    @expose("/price")
    @has_access
    def price(self):
        """Price and availability of one row as it is typed (live)."""
        try:
            return jsonify(_live(request.args, g.work))
        except BusinessError as error:
            return answer(error.status, error.code, error.message)

    @expose("/products")
    @has_access
    def find_products(self):
        """Products for the item code field, best first."""
        term = request.args.get("term", "").strip()
        rows = products.search(term, g.work, limit=20) if term else []
        return jsonify([{"id": row.sku, "text": row.sku, "note": pick(row.names, locale())} for row in rows])

    @expose("/totals", methods=["POST"])
    @has_access
    def totals(self):
        """Totals of what is typed so far; nothing is kept."""
        given = body()
        customer = entry.customer_of(_ids(given).get("customer"), g.work)
        order = Order(order_type_id=1, customer_id=customer.id)
        with db.session.no_autoflush:
            entry.begin(order, customer, g.work)
            if given.get("currency"):
                order.currency_code = wire.taken("currency", given["currency"], 3)
            try:
                entry.set_lines(order, _lines(given)["lines"], g.work)
            except BusinessError:
                order.lines[:] = []
        db.session.rollback()
        amounts = [(name, getattr(order, name) or 0) for name in ("total_net", "total_tax", "total_gross")]
        money = [(name, Money(value * 1, order.currency_code)) for name, value in amounts if value != 0]
        return jsonify({"rows": [[str(label(name)), format_money(one, reader())] for name, one in money]})


def _ids(given):
    value = given.get("customer")
    if isinstance(value, str):
        value = int(value) if value.isdigit() and len(value) < 19 else None
    return {} if value is None else {"customer": wire.whole("customer", value)}


def _header(given, outside):
    """The head of an order from JSON, as keyword arguments of the rules."""
    known = {"customer", "lines", "submit", "version", *(HEADER if outside else STAFF_HEADER)}
    if outside:
        known -= {"customer"} if len(g.work.actor.customers) == 1 and "customer" not in given else set()
    unknown = given.keys() - known
    if unknown:
        text = _("These fields are not known here: %(fields)s.", fields=", ".join(sorted(map(str, unknown))))
        raise Malformed("unknown_fields", text, fields=sorted(map(str, unknown)))
    found = _ids(given)
    for name in ("reference", "remark", "number"):
        if given.get(name) is not None:
            found[name] = wire.taken(name, given[name], 80 if name != "remark" else 20_000)
    for name in ("requested_on",):
        if given.get(name):
            found[name] = wire.day(name, given[name])
    if given.get("currency"):
        code = wire.taken("currency", given["currency"], 3).upper()
        if db.session.get(Currency, code) is None:
            raise Malformed(
                "bad_reference", _("There is no such record: %(field)s.", field="currency"), field="currency"
            )
        found["currency_code"] = code
    for name in ("delivery_method", "payment_terms", "order_type"):
        if given.get(name):
            value = given[name]
            value = int(value) if isinstance(value, str) and value.isdigit() and len(value) < 19 else value
            target = Order.__mapper__.relationships[name].mapper.class_
            if db.session.get(target, wire.whole(name, value)) is None:
                raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
            found[f"{name}_id"] = value
    if given.get("channel") and not outside:
        if given["channel"] not in VALUES["channel"]:
            raise wire.bad("channel", _("This value is not possible: %(field)s.", field="channel"))
        found["channel"] = given["channel"]
    return found


def _lines(given):
    """The lines of an order from JSON."""
    rows = given.get("lines")
    if rows is None:
        return {"lines": ()}
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("bad_lines", _("lines is a list of {sku, quantity}."), field="lines")
    return {"lines": [_line(row) for row in rows]}


def _line(row):
    unknown = row.keys() - {"id", "sku", "quantity", "unit_price", "discount_percent"}
    if unknown:
        text = _("These fields are not known here: %(fields)s.", fields=", ".join(sorted(map(str, unknown))))
        raise Malformed("unknown_fields", text, field="lines")
    quantity = row.get("quantity")
    if isinstance(quantity, str):
        quantity = ascii_digits(quantity).replace("٫", ".")
    found = {"sku": wire.taken("sku", row.get("sku"), 40), "quantity": wire.decimal("quantity", quantity)}
    identity = row.get("id")
    if identity is not None:
        found["id"] = int(identity) if isinstance(identity, str) and identity.isdigit() else wire.whole("id", identity)
    for name in ("unit_price", "discount_percent"):
        if row.get(name) is not None:
            if not g.work.actor.inside:
                raise Malformed("price_given", _("Prices come from the price list."), field=name)
            found[name] = wire.decimal(name, row[name])
    return found


def _live(args, work):
    """What one row costs now and whether the stock holds it."""
    wanted = args.get("customer", "")
    customer = entry.customer_of(int(wanted) if wanted.isdigit() and len(wanted) < 19 else None, work)
    quantity = wire.decimal("quantity", args.get("quantity") or "1")
    product = products.sellable(args.get("sku", ""), work)
    currency = args.get("currency") or customer.currency_code
    price = pricing.price_of(product, customer, currency, None, quantity, work)
    with lifted(work, "what is in stock is told for the row that is being typed"):
        free = stock.available([product.id], work)[product.id]
    enough = free is None or product.backorder or free >= quantity
    money = Money(price.unit_price * quantity, currency).rounded()
    said = None if free is None else _("Available: %(quantity)s", quantity=format_number(max(free, 0), reader()))
    return {
        "sku": product.sku, "name": pick(product.names, locale()), "unit": pick(product.unit.symbols, locale()),
        "unit_price": wire.amount(price.unit_price, currency), "list_price": wire.amount(price.list_price, currency),
        "unit_price_text": price_text(price.unit_price, currency, reader()),
        "amount_text": format_money(money, reader()),
        "source": str(price.source), "available": None if free is None else wire.number(free), "available_text": said,
        "enough": enough, "refused": None,
    }  # fmt: skip


def _decisions(row):
    """The approvals of an order as a section of its page."""
    found = approvals.decisions(row, g.work)
    if not found:
        return []
    rows = [(one.rule_name or _("Review"), VALUES["level"].get(one.level, one.level),
             VALUES["state"].get(one.answer or "waiting"), one.decided_name, one.reason) for one in found]  # fmt: skip
    return [
        SimpleNamespace(id="approvals", title=_("Approvals"), body=render_template("house/_approvals.html", rows=rows))
    ]


class OrderApi(HouseApi):
    noun = "order"
    model = Order
    flow = orders.FLOW
    resource_name = "orders"
    reports = ("order_confirmation",)
    list_fields = ("id", "version", "number", "reference", "customer", "currency", "state", "total_net", "total_gross",
                   "submitted_at", "payment", "ordered_at")  # fmt: skip
    show_fields = ("total_tax", "remark", "requested_on", "confirmed_at", "completed_at", "billing", "shipping",
                   "channel",                    "handler", "due_at", "delivery_method", "payment_terms")  # fmt: skip
    portal_hidden = frozenset(
        {"handler", "due_at", "channel", "handler_id", "branch_id", "submitted_by", "exchange_rate"}
    )
    line_fields = ("id", "sku", "name", "quantity_ordered", "quantity_approved", "unit_price", "net", "tax", "gross",
                   "state", "reason", "unit_code", "tax_rate", "discount_percent")  # fmt: skip
    filter_columns = ("id", "number", "customer", "state", "reference", "total_gross", "total_net", "submitted_at",
                      "ordered_at", "created_at", "currency_code", "payment", "billing", "shipping", "channel",
                      "handler",                       "customer_name")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    order_columns = ("id", "ordered_at", "total_gross")
    create_fields = write_fields = ("customer", "currency", "reference", "lines", "submit", "remark", "requested_on",
                                    "delivery_method", "channel", "payment_terms", "order_type", "number")  # fmt: skip
    on_delete = staticmethod(orders.remove)

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def loaded(self):
        return [name for name in self.fields(self.list_fields) if name != "currency"]

    def create(self, given, work):
        outside = not work.actor.inside
        submit = given.get("submit", False)
        if not isinstance(submit, bool):
            raise wire.bad("submit", _("Send true or false: %(field)s.", field="submit"))
        return orders.create(work, **_header(given, outside), **_lines(given), submit=submit)

    def update(self, row, given, work):
        outside = not work.actor.inside
        header = _header({key: value for key, value in given.items() if key != "submit"}, outside)
        header.pop("customer", None)
        lines = {"lines": _lines(given)["lines"]} if "lines" in given else {}
        orders.change(row, work, **header, **lines)


def register(appbuilder):
    appbuilder.add_view(OrderView, "orders", label=_l("Orders"), icon="fa-file-lines", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.add_api(OrderApi)
