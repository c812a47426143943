"""Screens and API of tickets: queues for staff, questions of customers, the conversation about each (TKT-01)."""

from types import SimpleNamespace

from flask import flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.core.errors import Forbidden, Malformed
from app.core.localized import format_datetime
from app.core.needed import Needed
from app.extensions import db
from app.reading import reader
from app.rules import conversations, entry, files, tickets
from models.customers import Customer
from models.orders import Order
from models.tickets import Ticket
from views import formwork, threads, wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.fields import HouseForm, ReferenceField, options
from views.filters import Choice, Flag, Mine, NumberOrOwner, OwnerWords, Refers, Since, Starts
from views.labels import label

MUST = [Needed(_l("Fill in this field."))]


class AskForm(HouseForm):
    """What a customer asks or complains about."""

    subject = StringField(label("subject"), [*MUST, Length(max=200)])
    text = TextAreaField(_l("Message"), [*MUST, Length(max=conversations.LONGEST)], render_kw={"rows": 6})
    order = formwork.KeyField(_l("Order it is about"), target=Order, endpoint="/orders/choices")
    files = formwork.FilesField(_l("Files"))


class OpenForm(HouseForm):
    """The same, entered by us for a customer."""

    customer = ReferenceField(label("customer"), MUST, target=Customer, endpoint="/customers/choices")
    subject = AskForm.subject
    priority = SelectField(label("priority"), choices=options(tickets.PRIORITIES), default="normal")
    order = AskForm.order
    text = AskForm.text
    files = AskForm.files


class ChangeForm(HouseForm):
    """What we may correct."""

    subject = AskForm.subject
    priority = SelectField(label("priority"), choices=options(tickets.PRIORITIES))
    order = AskForm.order


class Taken(Flag):
    """Tickets somebody of us looks after."""

    def apply(self, query, model, value, session):
        return query.filter(model.handler_id.is_not(None) if value else model.handler_id.is_(None))


class TicketView(HouseView):
    datamodel = Interface(Ticket)
    noun = "ticket"
    flow = tickets.FLOW
    reports = ("transcript",)
    route_base = "/tickets"
    list_title, add_title, edit_title = _l("Tickets"), _l("New ticket"), _l("Change the ticket")
    add_label = _l("Open a ticket")
    order_columns = ("id", "number", "state", "created_at")
    list_columns = ["number", "subject", "customer", "state", "priority", "handler", "created_at", "answered_at"]
    portal_columns = ["number", "subject", "state", "created_at", "answered_at"]
    internal = frozenset({"customer", "customer_name", "handler", "branch", "priority", "mine", "taken"})
    add_columns = edit_columns = ["subject", "priority"]
    facts = ((None, ["customer", "priority", "handler", "created_at", "answered_at", "resolved_at"]),)
    portal_facts = ((None, ["created_at", "answered_at", "resolved_at"]),)
    quick = NumberOrOwner(Customer, title=_l("Ticket number or customer"), alone=_l("Ticket number"))
    filters = (
        Starts("number"), OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"), Refers("order", Order, "/orders/choices"),
        Choice("priority", tickets.PRIORITIES), Mine("mine", _l("My tickets")), Taken("taken", _l("Taken")),
        Since("from", "created_at", _l("Created from")), Since("until", "created_at", _l("Created until"), until=True),
    )  # fmt: skip
    on_save = staticmethod(tickets.check)

    def _init_forms(self):
        self.add_form, self.edit_form = OpenForm, ChangeForm
        super()._init_forms()

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        if not self.outside:
            house.links.append(
                SimpleNamespace(label=_("My tickets"), url=self.url("list", mine="yes"), icon="fa-user-check")
            )
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def editable(self, row):
        if self.outside:
            raise Forbidden("not_permitted", _("Write a message instead; what was asked stays as it was asked."))

    def next_step(self, row):
        if self.outside:
            return {
                "open": _("We are looking into it."),
                "resolved": _("Reopen the ticket if it is not solved after all."),
            }.get(row.state)
        if row.state == "open" and row.handler_id is None:
            return _("Take the ticket or answer it.")
        return {"open": _("Answer the customer."), "answered": _("The customer's reply is awaited.")}.get(row.state)

    def more(self, row, house):
        house.subtitle = row.subject
        if row.order_id and row.order is not None and g.work.actor.may("order.read"):
            house.facts[0]["items"].append((_("Order"), (str(row.order), f"/orders/show/{row.order_id}"), "link"))
        if not self.outside and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        house.actions = [
            one for one in house.actions if one.name != "answer"
        ]  # that is what the thread's own form does
        threads.converse(row, "ticket", house, first=_first(row), open=row.state != "closed")

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        form = (AskForm if self.outside else OpenForm)(formwork.sent(), data=self.prefill())
        if request.method == "POST":
            made = formwork.attempt(self, form, "create", lambda: self._open(form))
            if made is not None:
                flash(_("Saved: %(record)s", record=made), "success")
                return redirect(self.url("show", pk=made.id))
        lead = _("Describe your question or problem. Our support team takes it over.") if self.outside else None
        house = SimpleNamespace(cancel_url=self.url("list"), save_label=_("Open a ticket"), lead=lead, fieldsets=None,
                                crumbs=[(str(self.list_title), self.url("list"))])  # fmt: skip
        return formwork.page(self, self.add_title, form, house)

    def prefill(self):
        wanted = request.args.get("order", "")
        order = db.session.get(Order, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        customer = order.customer if order is not None else None
        wanted = request.args.get("customer", "")
        if customer is None and wanted.isdecimal() and len(wanted) < 19 and not self.outside:
            customer = db.session.get(Customer, int(wanted))
        return {"order": order, "customer": customer, "priority": "normal"}

    def _open(self, form):
        order = form.order.data
        named = order.customer_id if order is not None and self.outside else None
        customer = entry.customer_of(named, g.work) if self.outside else form.customer.data
        priority = "normal" if self.outside else form.priority.data
        upload = formwork.kept(form.files, g.work)
        made = tickets.open_ticket(customer.id, form.subject.data, form.text.data, g.work,
                                   order_id=order.id if order is not None else None, priority=priority)  # fmt: skip
        for one in upload:
            files.attach(made, "ticket", one, g.work)
        return made


def _first(row):
    """The text a ticket was opened with, as the first message of its conversation."""
    mine = row.created_by is not None and row.created_by == g.work.actor.user_id
    names = threads.authors([row.created_by]) if g.work.actor.inside or mine else {}
    attached = [(one.name, threads.address(one)) for one in files.attachments("ticket", row.id, g.work)]
    return SimpleNamespace(
        author=names.get(row.created_by) or _("Customer"),
        at=format_datetime(row.created_at, reader()),
        text=row.text,
        mine=mine,
        internal=False,
        files=attached,
    )


class TicketApi(HouseApi):
    noun = "ticket"
    model = Ticket
    flow = tickets.FLOW
    reports = ("transcript",)
    resource_name = "tickets"
    list_fields = (
        "id",
        "version",
        "number",
        "state",
        "subject",
        "customer",
        "order",
        "priority",
        "handler",
        "created_at",
        "answered_at",
    )
    show_fields = ("text", "resolved_at", "files", "messages")
    portal_hidden = frozenset(
        {"handler", "handler_id", "priority", "created_by", "updated_by", "branch_id", "deleted_reason"}
    )
    order_columns = TicketView.order_columns
    filter_columns = ("id", "number", "state", "subject", "customer", "order", "priority", "handler", "created_at",
                      "answered_at", "customer_name")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    create_fields = ("customer", "subject", "text", "order", "priority")
    write_fields = ("subject", "order", "priority")

    def value(self, row, name):
        if name == "messages":
            found = conversations.messages(row, "ticket", "ticket", g.work) if g.work.actor.may("message.read") else []
            return messages(found)
        if name == "files":
            return [_file(one) for one in files.attachments("ticket", row.id, g.work)]
        return super().value(row, name)

    def create(self, given, work):
        self.known(given, self.create_fields)
        asked = given.get("customer")
        customer = entry.customer_of(None if asked is None else wire.whole("customer", asked), work)
        order = _order(given.get("order"))
        text = {name: wire.taken(name, given.get(name), most) for name, most in (("subject", 200), ("text", 10_000))}
        return tickets.open_ticket(customer.id, text["subject"], text["text"], work, priority=_priority(given),
                                   order_id=order.id if order is not None else None)  # fmt: skip

    def known(self, given, allowed):
        """Refuse fields that are none of ours, or not the asker's."""
        self.fill(Ticket(), dict.fromkeys(given.keys() - set(self.fields(allowed)) - {"version"}), ())

    def update(self, row, given, work):
        if not work.actor.inside:
            raise Forbidden("not_permitted", _("You are not permitted to do this."))
        self.known(given, self.write_fields)
        if "subject" in given:
            row.subject = wire.taken("subject", given["subject"], 200)
        if "priority" in given:
            row.priority = _priority(given)
        if "order" in given:
            order = _order(given["order"])
            row.order_id = order.id if order is not None else None
        tickets.check(row, work)


def messages(found):
    """Messages as JSON: author as the reader may know him."""
    names = threads.authors([one.author_id for one in found if threads._named(one)])
    attached = threads.attachments([one.id for one in found])
    return [
        {
            "id": one.id,
            "at": wire.out(one, "created_at"),
            "author": threads.author(one, names),
            "inside": one.inside,
            "text": one.text,
            "files": [_file(file) for file in attached.get(one.id, ())],
        }
        for one in found
    ]


def _file(one):
    return {"id": one.id, "name": one.name, "url": threads.address(one)}


def _priority(given):
    return wire.one_of("priority", given.get("priority", "normal"), tickets.PRIORITIES)


def _order(value):
    if value is None:
        return None
    row = db.session.get(Order, wire.whole("order", value))
    if row is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field="order"), field="order")
    return row


def register(appbuilder):
    appbuilder.add_view(TicketView, "tickets", label=_l("Tickets"), icon="fa-life-ring", category="Service",
                        category_label=_lp("menu", "Service"))  # fmt: skip
    appbuilder.add_api(TicketApi)
