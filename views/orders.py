"""Screens and API of orders."""

from types import SimpleNamespace

from flask import flash, g, jsonify, render_template, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import format_money, format_number, pick
from app.core.money import Money
from app.extensions import db
from app.reading import locale, reader
from app.rules import (
    approvals,
    assignment,
    display_statuses,
    entry,
    order_changes,
    order_deletion,
    order_next,
    order_proposals,
    orders,
)
from models.customers import Customer
from models.orders import Order, OrderLine
from models.people import Person
from views import begun_orders, order_amend, order_head, order_live, order_wire, threads, wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.begun_orders import BegunDoors
from views.doors import body, done
from views.filters import (
    Choice,
    DeletionAsked,
    Least,
    Mine,
    NumberOrOwner,
    Overdue,
    OwnerWords,
    Rated,
    Refers,
    Since,
    Starts,
    Supervised,
    Within,
)
from views.labels import VALUES, label
from views.lines_doors import LinesDoors
from views.order_joins import JoinDoors
from views.proposal_doors import ProposalApi, ProposalDoors

LINE_COLUMNS = ["position", "sku", "name", "quantity_ordered", "quantity_available", "quantity_approved", "unit_code",
                "unit_price", "discount_percent", "tax_rate", "net", "gross", "state",
                "reason", "remark", "requested_on"]  # fmt: skip


class OrderView(BegunDoors, JoinDoors, ProposalDoors, LinesDoors, HouseView):
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
                          "order_type", "deleted_reason", "canceller", "expiry_warned_at",
                          "quantity_available", "price_source", "mine", "overdue", "supervisor", "display_status",
                          "deletion_asked",
                          "display_status_id", "rating"})  # fmt: skip
    marked_by = ("due_at", "display_status", "merged_at", "proposed_side")
    inside_steps = frozenset({"set_status", "rate", "request_deletion", "refuse_deletion"})
    order_columns = ("id", "number", "state", "ordered_at", "submitted_at", "total_net", "total_gross")
    add_columns = edit_columns = ["currency", "reference", "remark"]
    facts = (
        (None, ["customer", "reference", "order_type", "channel", "ordered_at", "submitted_at", "confirmed_at",
                "expires_at", "changed_at", "cancelled_at", "canceller", "due_at", "handler", "branch",
                "received_at", "completed_at", "rating"]),
        (_l("Delivery and payment"), ["delivery_address", "billing_address", "delivery_method", "requested_on",
                                      "payment_method", "payment_terms", "payment", "billing", "shipping",
                                      "promotion_code", "remark"]),
    )  # fmt: skip
    portal_facts = (
        (None, ["reference", "ordered_at", "submitted_at", "confirmed_at", "expires_at", "changed_at", "cancelled_at",
                "received_at", "completed_at", "requested_on"]),
        (_l("Delivery and payment"), ["delivery_address", "billing_address", "delivery_method", "payment_method",
                                      "payment_terms", "payment", "billing", "shipping", "promotion_code", "remark"]),
    )  # fmt: skip
    lines = ("lines", LINE_COLUMNS)
    quick = NumberOrOwner(Customer, title=_l("Order number or customer"), alone=_l("Order number"))
    of_product = Within("product", _l("Product"), OrderLine, "order_id", "product_id")
    filters = (
        Starts("number"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"),
        of_product,
        Mine("mine", _l("My orders")), Refers("handler", Person, "/customers/managers"),
        Overdue("overdue", assignment.WAITING), Supervised("supervisor", _l("Waiting for a supervisor")),
        DeletionAsked("deletion_asked", _l("Deletion asked for")),
        Choice("proposed_side", order_proposals.SIDES, _l("Open proposal of")), Choice("payment"),
        Choice("billing"), Choice("shipping"), Choice("channel"),
        Since("from", "ordered_at", _l("Ordered from")), Since("until", "ordered_at", _l("Ordered until"), until=True),
        Since("created_from", "created_at", _l("Created from")),
        Since("created_until", "created_at", _l("Created until"), until=True),
        Least("least", "total_gross", _l("Total from")), Least("most", "total_gross", _l("Total up to"), most=True),
        Starts("reference", column="reference"), threads.Unread("order"), Rated("rating"),
    )  # fmt: skip
    additions = []  # (view, row, house): what screens of later nouns put on an order's page

    def marks(self, row):
        late = [("overdue", _("Overdue"))] if not self.outside and assignment.late(row, g.work) else []
        if row.merged_at is not None and row.state == "cancelled":
            late.append(("warning", _("Marked for deletion")))
        new = g.get("unread_about", {}).get(row.id)
        shown = display_statuses.shown(row, g.work)
        late += [("new", _("Unread: %(count)s", count=format_number(new, reader())))] if new else []
        late += [order_proposals.marked(row, g.work)] if row.proposed_side else []
        return late + ([] if shown is None else [(shown.tone, pick(shown.names, locale()))])

    def prepare(self, rows):
        g.unread_about = threads.unread("order", rows)

    def next_step(self, row):
        return order_next.next_step(row, g.work, reader())

    def editable(self, row):
        order_changes.check_changeable(row, g.work)

    def remove(self, row, work):
        return order_deletion.remove(row, work, request.form.get("reason") or "")

    def more(self, row, house):
        house.badges += [SimpleNamespace(code=code, label=word) for code, word in self.marks(row)]
        if not self.outside:
            house.sections += _decisions(row)
        for add in self.additions:
            add(self, row, house)

    # --- header and lines on one screen ----------------------------------------------------------

    def _lines_form(self, row, form, begun=None, beside=False):
        editing = row is not None
        keeps = not editing and not beside
        open_ = not editing or row.state == "draft"
        changed = None if open_ else row.id
        house = SimpleNamespace(
            crumbs=[(str(self.list_title), self.url("list"))], lead=None if open_ else order_amend.lead(row, g.work),
            folded=order_head.folded(form) if open_ else None,
            locked="" if open_ else order_amend.locked(row, g.work),
            price_url=self.url("price", order=changed), products_url=self.url("find_products"),
            total_url=self.url("totals", order=changed),
            save_url=self.url("save", pk=row.id) if editing else self.url("save_new", beside=beside or None),
            method="POST",
            version=row.version if editing else None, record_id=row.id if editing else None,
            can_submit=open_ or order_amend.may_send(row, g.work), save_label=None if open_ else _("Save"),
            submit_label=_("Submit") if open_ else _("Save and send for confirmation"),
            cancel_url=self.url("show", pk=row.id) if editing else self.url("list"),
            line_fields=order_amend.line_fields(row.order_type_id if editing else 1, g.work),
            lines=[order_amend.line_given(line) for line in row.lines] if editing else (begun or {}).get("lines", []),
            keep_url=self.url("keep") if keeps else None, forget_url=self.url("forget") if keeps else None,
            begun=begun is not None,
        )  # fmt: skip
        title = self.edit_title if editing else self.add_title
        return self.render_template("house/lines_form.html", title=title, form=form, house=house)

    @expose("/add", methods=["GET"])
    @has_access
    def add(self):
        kept, beside = begun_orders.found()
        if kept is None:
            form = order_head.form(self.outside, data=self.prefill().get("data"))
            return self._lines_form(None, form, beside=beside)
        return self._lines_form(None, order_head.form(self.outside, typed=kept.content["head"]), kept.content)

    def prefill(self):
        wanted = wire.key(request.args.get("customer", ""))
        customer = db.session.get(Customer, wanted) if wanted is not None and not self.outside else None
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
        if row.state != "draft":
            return self._lines_form(row, order_amend.form(row, g.work))
        return self._lines_form(row, order_head.form(self.outside, row))

    @expose("/save", methods=["POST"])
    @has_access
    def save_new(self):
        given = body()
        with g.work.doing("order.create"):
            header, lines = order_head.placed(order_wire.header(given, self.outside)), order_wire.lines(given, True)
            order = orders.create(g.work, **header, **lines, submit=bool(given.get("submit")))
            begun_orders.sent()
            return self._kept(order, 201)

    @expose("/save/<int:pk>", methods=["POST"])
    @has_access
    def save(self, pk):
        order, given = self.row(pk), body()
        self._seen(order, given)
        if order.state != "draft":
            order_amend.save(order, given, self.outside)
            return self._kept(order)
        header = order_head.placed(order_wire.header(given, self.outside))
        header.pop("customer", None)
        with g.work.doing("order.edit"):
            orders.change(order, g.work, **header, **order_wire.lines(given, True))
            db.session.flush()
            if given.get("submit"):
                orders.FLOW.run_one("submit", order)
            return self._kept(order)

    def _kept(self, order, status=200):
        """Say what became of the order, on the page the form leads to (NTF-13)."""
        text = _("Order %(order)s was submitted.") if order.state == "submitted" else _("Saved: %(order)s")
        flash(text % {"order": order}, "success")
        return done({"id": order.id, "url": self.url("show", pk=order.id)}, status)

    def _seen(self, order, given):
        OrderApi.check_version(self, order, given)

    @expose("/addresses/<use>")
    @has_access
    def addresses(self, use):
        """Where an order may go, or who pays for it: addresses of its customer, for a select box."""
        mine = next(iter(g.work.actor.customers), "") if self.outside else ""
        customer, identity = (wire.key(request.args.get(name, "")) for name in ("customer", "id"))
        return jsonify(order_head.addresses(use, customer or mine, request.args.get("term", "").strip(), identity))

    def line(self, args):
        pk = wire.key(args.get("order", ""))
        return order_live.line(args, g.work, self.row(pk) if pk is not None else None)

    @expose("/totals", methods=["POST"])
    @has_access
    def totals(self):
        """Totals of what is typed so far; nothing is kept."""
        given, pk = body(), wire.key(request.args.get("order", ""))
        order = self.row(pk) if pk is not None else None
        with db.session.no_autoflush:
            try:
                if order is None:
                    order = self._begun(given)
                    entry.set_lines(order, order_wire.lines(given)["lines"], g.work)
                else:
                    order_amend.preview(order, given)
            except BusinessError:
                db.session.rollback()
                return jsonify({"rows": []})
        currency = order.currency_code
        amounts = [(name, getattr(order, name) or 0) for name in ("total_net", "total_tax", "total_gross")]
        db.session.rollback()
        money = [(name, Money(value * 1, currency)) for name, value in amounts if value != 0]
        return jsonify({"rows": [[str(label(name)), format_money(one, reader())] for name, one in money]})

    def _begun(self, given):
        """An order that is only reckoned with."""
        customer = entry.customer_of(order_wire.ids(given).get("customer"), g.work)
        order = Order(order_type_id=1, customer_id=customer.id)
        order.delivery_address_id = order_wire.reference("delivery_address", given.get("delivery_address"))
        entry.begin(order, customer, g.work)
        if given.get("currency"):
            order.currency_code = wire.taken("currency", given["currency"], 3)
        return order


def _decisions(row):
    """The approvals of an order as a section of its page."""
    found = row.decisions
    if not found:
        return []
    rows = [(approvals.called(one, g.work) or _("Review"), VALUES["level"].get(one.level, one.level),
             VALUES["state"].get(one.answer or "waiting"), one.decided_name, one.reason) for one in found]  # fmt: skip
    return [
        SimpleNamespace(id="approvals", title=_("Approvals"), body=render_template("house/_approvals.html", rows=rows))
    ]


class OrderApi(order_amend.AmendApi, ProposalApi, HouseApi):
    noun = "order"
    also = {}
    model = Order
    flow = orders.FLOW
    resource_name = "orders"
    reports = ("order_confirmation",)
    list_fields = ("id", "version", "number", "reference", "customer", "currency", "state", "total_net", "total_gross",
                   "submitted_at", "payment", "ordered_at", "rating", "unread_messages")  # fmt: skip
    show_fields = ("total_tax", "remark", "promotion_code", "requested_on", "confirmed_at", "received_at",
                   "completed_at", "billing", "shipping", "channel", "handler", "due_at", "delivery_method",
                   "payment_method", "payment_terms", "delivery_address", "billing_address", "changed_side",
                   "changed_at", "expires_at", "cancelled_at", "made_as", "merged_at", "proposed_side")  # fmt: skip
    portal_hidden = frozenset(
        {"handler", "due_at", "channel", "handler_id", "branch_id", "submitted_by", "exchange_rate",
         "quantity_available", "price_source", "display_status_id", "rating", "received_by"}
    )
    inside_steps = OrderView.inside_steps
    line_fields = ("id", "sku", "name", "quantity_ordered", "quantity_approved", "unit_price", "net", "tax", "gross",
                   "state", "reason", "remark", "unit_code", "tax_rate", "discount_percent", "origins",
                   "requested_on")  # fmt: skip
    filter_columns = ("id", "number", "customer", "state", "reference", "total_gross", "total_net", "submitted_at",
                      "ordered_at", "created_at", "currency_code", "payment", "billing", "shipping", "channel",
                      "handler", "customer_name", "rating", "proposed_side", "product", "q")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer), "product": OrderView.of_product,
                    "q": OrderView.quick}  # fmt: skip
    order_columns = OrderView.order_columns
    create_fields = write_fields = ("customer", "currency", "reference", "lines", "submit", "remark", "requested_on",
                                    "delivery_method", "payment_method", "channel", "payment_terms", "order_type",
                                    "number", "promotion_code", "delivery_address", "billing_address",
                                    "contract")  # fmt: skip

    def on_delete(self, row, work):
        order_deletion.remove(row, work, wire.taken("reason", body(required=False).get("reason") or "", 500))

    def prepare(self, rows):
        g.unread_about = threads.unread("order", [row for row in rows if row is not g.get("just_made")])

    def value(self, row, name):
        if name == "unread_messages":
            return g.unread_about.get(row.id, 0)
        return row.currency_code if name == "currency" else super().value(row, name)

    def loaded(self):
        return [name for name in self.fields(self.list_fields) if name not in ("currency", "unread_messages")]

    def create(self, given, work):
        outside = not work.actor.inside
        submit = given.get("submit", False)
        if not isinstance(submit, bool):
            raise wire.bad("submit", _("Send true or false: %(field)s.", field="submit"))
        header = order_head.placed(order_wire.header(given, outside))
        return orders.create(work, **header, **order_wire.lines(given), submit=submit)

    def update(self, row, given, work):
        outside = not work.actor.inside
        header = order_wire.header({key: value for key, value in given.items() if key != "submit"}, outside)
        header.pop("customer", None)
        if row.state == "changed":
            order_amend.put(row, given, outside)
            return
        lines = {}
        if "lines" in given:
            lines["lines"] = order_wire.staying(row, order_wire.lines(given, order=row)["lines"])
        orders.change(row, work, **order_head.placed(header), **lines)


def register(appbuilder):
    appbuilder.add_view(OrderView, "orders", label=_l("Orders"), icon="fa-file-lines", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.add_api(OrderApi)
