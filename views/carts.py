"""Screens and API of carts: filled from the catalogue, looked at, checked out (CRT-01 to CRT-08, X-23, X-43)."""

from types import SimpleNamespace

from flask import flash, g, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError
from wtforms import StringField
from wtforms.validators import Length

from app.answers import answer
from app.core.errors import BusinessError, Conflict, Malformed
from app.core.needed import Needed
from app.core.readable import of_this_site
from app.extensions import db
from app.rules import cart_orders, cart_terms, carts, orders
from models.carts import Cart
from models.customers import Customer
from models.orders import Order
from views import cart_pages, cart_wire, formwork, order_wire, unread, wire
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.bulk import form_fields
from views.doors import body, done, door
from views.fields import HouseForm, ReferenceField
from views.filters import Refers
from views.records import actions


class NewCart(HouseForm):
    """A cart of one's own."""

    name = StringField(_l("Name"), [Length(max=80)])


class NewCartFor(HouseForm):
    """A cart that is filled for a customer (X-43)."""

    customer = ReferenceField(
        _l("Customer"), [Needed(_l("Fill in this field."))], target=Customer, endpoint="/customers/choices"
    )
    name = NewCart.name


class CartView(HouseView):
    datamodel = Interface(Cart)
    noun = "cart"
    flow = carts.FLOW
    route_base = "/carts"
    list_title, add_title, edit_title = _l("Carts"), _l("New cart"), _l("Rename the cart")
    add_label = _l("New cart")
    list_columns = ["name", "customer", "owner", "state", "updated_at"]
    portal_columns = ["name", "state", "updated_at"]
    internal = frozenset({"customer", "owner", "branch"})
    add_columns = edit_columns = ["name"]
    filters = (Refers("customer", Customer, "/customers/choices"),)
    on_delete = staticmethod(carts.remove)
    include_route_methods = {"list", "show", "add", "edit", "delete", "choices", "export", "step", "action_post",
                             "mine", "put", "change", "checkout", "review", "confirm"}  # fmt: skip
    method_permission_name = VERBS | {"mine": "read", "put": "write", "change": "write", "checkout": "write",
                                      "review": "read", "confirm": "order"}  # fmt: skip

    @expose("/mine")
    @has_access
    def mine(self):
        """The reader's active cart; where there is none, a page that says how to begin one."""
        found = carts.active(g.work)
        if found is not None:
            return redirect(self.url("show", pk=found.id))
        house = SimpleNamespace(crumbs=cart_pages.crumbs(self), content=None, outside=self.outside,
                                add_url=self.url("add") if self.may("write") else None)  # fmt: skip
        return self.render_template("house/cart.html", title=_("Cart"), house=house)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        """Begin a cart; staff say for whom."""
        alone = self.outside and len(g.work.actor.customers) == 1
        form = (NewCart if alone else NewCartFor)(formwork.sent(), **({} if alone else self._asked()))
        if request.method == "POST":
            customer = None if alone else form.customer.data
            made = formwork.attempt(self, form, "create", lambda: carts.begin(
                g.work, customer=getattr(customer, "id", None), name=form.name.data))  # fmt: skip
            if made is not None:
                return redirect(self.url("show", pk=made.id))
        lead = _("The cart that is active now is saved; the new one becomes the active one.")
        house = SimpleNamespace(crumbs=cart_pages.crumbs(self), cancel_url=self.url("list"), lead=lead,
                                save_label=_("Begin the cart"), fieldsets=None)  # fmt: skip
        return formwork.page(self, self.add_title, form, house)

    def _asked(self):
        wanted = request.args.get("customer", "")
        chosen = db.session.get(Customer, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        return {"data": {"customer": chosen}}

    # --- filling -------------------------------------------------------------------------------

    @expose("/put", methods=["POST"])
    @has_access
    def put(self):
        """Put a product into the active cart, or into the one that is named; a script is answered in JSON."""
        back, live = _back(self), request.accept_mimetypes.best == "application/json"
        try:
            cart = self._filled()
        except (BusinessError, DBAPIError) as error:
            db.session.rollback()
            found = self.refusal(error)
            if live:
                return answer(found.status, found.code, found.message)
            flash(str(found.message), "warning")
            return redirect(back)
        text = _("In your cart: %(product)s", product=request.form.get("sku", "")[:40])
        if live:
            number = db.session.scalar(carts.counting(g.work.actor))
            return jsonify({"message": text, "count": number, "shown": unread.shown(number),
                            "label": unread.in_cart(number), "url": self.url("show", pk=cart.id)})  # fmt: skip
        flash(text, "success")
        return redirect(back)

    def _filled(self):
        """The cart with one product more."""
        row = order_wire.lines({"lines": [{"sku": request.form.get("sku", ""),
                                           "quantity": request.form.get("quantity", "1")}]})["lines"]  # fmt: skip
        with g.work.doing("cart.put"):
            cart = self._wanted()
            if cart is None:
                cart = carts.begin(g.work, customer=_number(request.form.get("customer")))
            refused = carts.add(cart, row, g.work)
            if refused:
                raise BusinessError(refused[0]["error"], refused[0]["message"])
            db.session.commit()
        return cart

    def _wanted(self):
        named = _number(request.form.get("cart"))
        if named is not None:
            return self.row(named)
        return carts.active(g.work, _number(request.form.get("customer")))

    @expose("/change/<int:pk>", methods=["POST"])
    @has_access
    def change(self, pk):
        """Change quantities and remarks; what is refused stays as it was and says why at its row."""
        cart, form, gone = self.row(pk), request.form, request.form.get("remove")
        rows, refused = [], {}
        for line in cart.lines:
            if f"quantity-{line.id}" not in form and str(line.id) != gone:
                continue
            text = "0" if str(line.id) == gone else form[f"quantity-{line.id}"]
            try:
                quantity = cart_wire.number("quantity", text)
            except Malformed:
                refused[line.id] = _("This is not a number.")
                continue
            remark = form.get(f"remark-{line.id}", line.remark)
            if (quantity, remark) != (line.quantity, line.remark):
                rows.append({"id": line.id, "quantity": quantity, "remark": remark})
        if rows:
            with g.work.doing("cart.change"):
                found = carts.change(cart, rows, g.work)
                db.session.commit()
            refused |= {rows[one["index"]]["id"]: one["message"] for one in found}
        if refused:
            live = request.headers.get("X-Live")  # a script takes the page as it is and shows the refusals in place
            return self._page(cart, refused), 200 if live else 422
        return redirect(self.url("show", pk=pk), 303)

    # --- looking -------------------------------------------------------------------------------

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        return self._page(self.row(pk))

    def _page(self, cart, refused=None):
        content = cart_pages.content(self, cart, refused)
        others = cart_pages.others(self, cart) if self.may("write") else []
        steps = [one for one in actions(self, cart) if one.name in ("save", "activate", "clear")]
        house = SimpleNamespace(
            crumbs=cart_pages.crumbs(self), content=content, others=others, steps=steps, outside=self.outside,
            lead=None if self.outside else str(cart.customer), state=cart.state, version=cart.version, cart=cart.id,
            word=carts.FLOW.states[cart.state], write=self.may("write"), customer=cart.customer_id,
            currency=cart.currency_code, code=cart.promotion_code, code_known=cart_terms.known(cart, g.work),
            checkout_url=self.url("checkout", pk=cart.id) if self.may("order") else None,
            merge_url=self.url("step", name="merge", pk=cart.id), edit_url=self.url("edit", pk=cart.id),
            delete_url=self.url("delete", pk=cart.id), add_url=self.url("add"), put_url=self.url("put"),
            products_url=url_for("OrderView.find_products"),
        )  # fmt: skip
        return self.render_template("house/cart.html", title=cart_pages.title(cart), house=house)

    def remove(self, row, work):
        return carts.remove(row, work)

    # --- ordering ------------------------------------------------------------------------------

    @expose("/checkout/<int:pk>", methods=["GET", "POST"])
    @has_access
    def checkout(self, pk):
        """Where to, how, when and how it is paid; or which order takes it in."""
        cart = self.row(pk)
        if not cart.lines:
            return redirect(self.url("show", pk=pk))
        form = cart_pages.checkout_form(cart, formwork.sent(), _number(request.args.get("into")))
        if request.method == "POST":
            kept = formwork.attempt(self, form, "edit", lambda: (cart_pages.keep(cart, form), cart)[1])
            if kept is not None:
                return redirect(self.url("review", pk=pk, into=_number(form.into.data)))
        house = SimpleNamespace(
            crumbs=cart_pages.crumbs(self, cart), lead=None if self.outside else str(cart.customer),
            back_url=self.url("show", pk=pk), placed=cart_pages.PLACED, names=cart_pages.NEW_ORDER,
        )  # fmt: skip
        page = self.render_template("house/cart_checkout.html", title=_("Checkout"), form=form, house=house)
        return page, 422 if form.errors or form.form_errors else 200

    @expose("/review/<int:pk>")
    @has_access
    def review(self, pk):
        """Everything once more, with the button that orders it."""
        cart, into = self.row(pk), _number(request.args.get("into"))
        if not cart.lines:
            return redirect(self.url("show", pk=pk))
        order = next((one for one in cart_orders.targets(cart, g.work) if one.id == into), None)
        if into is not None and order is None:
            return redirect(self.url("checkout", pk=pk))
        step = self.flow.transitions["order"]
        house = SimpleNamespace(
            crumbs=cart_pages.crumbs(self, cart), content=cart_pages.content(self, cart), order=order,
            state=order and orders.FLOW.states[order.state], told=None if order else cart_pages.told(cart),
            lead=None if self.outside else str(cart.customer), version=cart.version,
            fields=cart_pages.asked_at_last(form_fields(step), order),
            confirm_url=self.url("confirm", pk=pk) if self.may("order") else None, back_url=self.url("show", pk=pk),
            change_url=self.url("checkout", pk=pk, into=into),
            code_known=order is not None or cart_terms.known(cart, g.work),
        )  # fmt: skip
        return self.render_template("house/cart_review.html", title=_("Review the order"), house=house)

    @expose("/confirm/<int:pk>", methods=["POST"])
    @has_access
    def confirm(self, pk):
        """Make the order; the same button pressed twice leads to the one order."""
        cart, seen = self.row(pk), _number(request.form.get("version"))
        into = _number(request.form.get("into"))
        data = {"into": into, "keep": bool(request.form.get("keep")), "total": request.form.get("total", "")[:40],
                "number": request.form.get("number", "")[:40]}  # fmt: skip
        outcome = carts.FLOW.run("order", [pk], versions={pk: seen} if seen is not None else None, **data)
        if outcome.refused:
            error = outcome.refused[0].error
            db.session.rollback()
            made = db.session.get(Order, cart.order_id) if cart.order_id and isinstance(error, Conflict) else None
            if made is not None and made.updated_at >= cart.updated_at and error.code == "stale":
                return redirect(f"/orders/show/{made.id}")
            return self._refused(error, self.url("review", pk=pk, into=into, number=data["number"] or None))
        made = outcome.made[0]
        db.session.commit()
        text = _("Added to the order %(record)s.", record=made) if into else _("Thank you. Your order is %(record)s.",
                                                                              record=made)  # fmt: skip
        flash(text, "success")
        return redirect(f"/orders/show/{made.id}")


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def _back(view):
    """Where the reader was: a page of this site, else his cart."""
    wanted = request.form.get("next", "")
    return wanted if of_this_site(wanted) else view.url("mine")


# --- REST --------------------------------------------------------------------------------------


class CartApi(HouseApi):
    """Carts over REST: create and PUT with terms and `lines`, POST or PATCH single lines, then `order`."""

    noun = "cart"
    model = Cart
    flow = carts.FLOW
    resource_name = "carts"
    list_fields = ("id", "version", "state", "name", "customer", "currency", "created_at", "updated_at")
    show_fields = ("delivery_address", "delivery_method", "payment_method", "requested_on", "reference", "remark",
                   "promotion_code", "order", "orders")  # fmt: skip
    filter_columns = ("id", "state", "customer", "name", "created_at")
    create_fields = ("customer", "currency", "lines", *cart_wire.TERMS)
    write_fields = ("lines", *cart_wire.TERMS)
    on_delete = staticmethod(carts.remove)

    def loaded(self):
        return [name for name in self.list_fields if name != "currency"] + ["currency_code"]

    def value(self, row, name):
        if name in ("currency", "order"):
            return row.currency_code if name == "currency" else row.order_id
        return cart_wire.orders_for(row) if name == "orders" else super().value(row, name)

    def shown(self, row):
        found = super().shown(row)
        found["result"] |= cart_wire.content(row)
        refused = g.get("cart_refused")
        return found | ({"refused": refused} if refused else {})

    def create(self, given, work):
        cart_wire.known(given, self.create_fields)
        terms = cart_wire.terms(given)
        code = wire.currency(given["currency"], db.session) if given.get("currency") else None
        row = carts.begin(work, **order_wire.ids(given), currency=code, name=terms.pop("name", ""),
                          lines=cart_wire.rows(given) if "lines" in given else ())  # fmt: skip
        if terms:
            cart_terms.keep(row, work, **terms)
        return row

    def update(self, row, given, work):
        cart_wire.known({name: one for name, one in given.items() if name != "customer"}, self.write_fields)
        terms = cart_wire.terms(given)
        if terms:
            cart_terms.keep(row, work, **terms)
        if "lines" in given:
            self._told(given["lines"], carts.put(row, cart_wire.rows(given), work))

    def _told(self, rows, refused):
        """Some rows may be refused and all others kept; where none is kept, it is a refusal."""
        if refused and len(refused) == len(rows):
            text = _("Some lines were refused. Nothing has been saved yet.")
            raise BusinessError("lines_refused", text, lines=refused)
        g.cart_refused = refused

    def _write(self, pk, rule, partly=False):
        row, given = self.find(pk), body()
        cart_wire.known(given, ("lines",))
        self.check_version(row, given)
        rows = cart_wire.rows(given, partly)
        with g.work.doing("cart.change"):
            self._told(rows, rule(row, rows, g.work))
            return done(self.shown(row))

    @api_expose("/<int:pk>/lines", methods=["POST"])
    @door("write")
    def add_lines(self, pk):
        """Add products: `lines` of {sku, quantity, remark}; what is in the cart already adds up."""
        return self._write(pk, carts.add)

    @api_expose("/<int:pk>/lines", methods=["PUT"])
    @door("write")
    def put_lines(self, pk):
        """Make the content be these `lines`."""
        return self._write(pk, carts.put)

    @api_expose("/<int:pk>/lines", methods=["PATCH"])
    @door("write")
    def patch_lines(self, pk):
        """Change lines named by `id` or `sku`; a quantity of "0" takes one out."""
        return self._write(pk, carts.change, partly=True)


def register(appbuilder):
    appbuilder.add_view(CartView, "carts", label=_l("Carts"), icon="fa-cart-shopping", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.add_api(CartApi)
