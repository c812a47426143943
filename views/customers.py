"""Screens and API of customers: staff keep them, a customer's own users look at their company (CUS-01 to CUS-17)."""

from types import SimpleNamespace

from flask import flash, g, jsonify, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.core import settings
from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.localized import format_money
from app.core.money import Money
from app.core.needed import Needed
from app.core.scope import lifted
from app.extensions import db
from app.reading import reader
from app.rules import credit, customers, tags
from models.base import HOUSE_BRANCH
from models.contracts import Contract
from models.customers import Customer, CustomerNote, Tag
from models.invoices import Invoice
from models.orders import Order
from models.organisation import Branch, Country, Currency, Portal
from models.people import Person
from models.tickets import Ticket
from views import customer_parts as parts
from views import wire
from views.api import HouseApi
from views.attachments import attachments_section
from views.base import HouseView, Interface
from views.cells import said
from views.fields import ReferenceField, form_for, options
from views.filters import Choice, Flag, Refers, Since, Words, like
from views.labels import label
from views.masters import ARCHIVED, Active, Coded, CodeField, MasterDoors, MasterView, Tagged
from views.sections import records

COLUMNS = ["kind", "name", "number", "parent", "branch", "country_code", "language", "currency", "email", "phone",
           "tax_id", "registration", "payment_terms", "credit_limit", "manager", "portal_id"]  # fmt: skip
STAFF_ONLY = frozenset({"portal", "portal_id", "credit_limit", "branch", "walk_in", "parent",
                        "first_order_at", "reviewed_at", "note", "text", "tags", "tag", "archived_at",
                        "archived", "new", "manager_id", "branch_id", "parent_id", "active", "managed_by"})  # fmt: skip
OPEN = ("submitted", "changed", "confirmed", "released")
KINDS = {"company": _l("Company"), "person": _l("Person")}
LISTS = (  # what hangs on a customer: noun, model, columns, which states are open, address
    ("order", Order, ("number", "state", "ordered_at", "total_gross"), OPEN),
    ("invoice", Invoice, ("number", "type", "payment_status", "due_on", "open_amount"), ()),
    ("contract", Contract, ("number", "title", "state", "ends_on"), ()),
    ("ticket", Ticket, ("number", "subject", "state"), ()),
)


class Aside(StringField):
    """A field that is kept beside the row it is shown with."""

    def populate_obj(self, obj, name):
        pass


class AsideText(TextAreaField):
    """The same for a longer text."""

    def populate_obj(self, obj, name):
        pass


class New(Flag):
    """Customers without any order so far (CUS-17)."""

    def apply(self, query, model, value, session):
        return query.filter(model.first_order_at.is_(None) if value else model.first_order_at.is_not(None))


def portals():
    """The portals there are, for a select box."""
    return [("", ""), *((row.id, row.name) for row in db.session.query(Portal).order_by(Portal.id))]


def _form():
    class CustomerForm(form_for(Customer, COLUMNS)):
        """A customer as staff keep it."""

        kind = SelectField(label("kind"), choices=options(KINDS))
        number = StringField(
            label("number"), [Length(max=30)], description=_l("Leave it empty: the next number is taken.")
        )
        branch = ReferenceField(label("branch"), [Needed(_l("Fill in this field."))], target=Branch)
        country_code = CodeField(label("country"), [Needed(_l("Fill in this field."))], target=Country)
        portal_id = SelectField(
            label("portal"), coerce=lambda value: int(value) if value else None, choices=portals,
            description=_l("Its words for states are those the customer reads."),
        )  # fmt: skip
        manager = ReferenceField(_l("Account manager"), target=User, endpoint="/customers/managers")
        tags = Aside(_l("Tags"), [Length(max=1000)], description=_l("Separate tags by commas."))
        note_text = AsideText(_l("Internal note"), [Length(max=20_000)], description=_l("Customers never see it."))

        def process(self, formdata=None, obj=None, data=None, **more):
            if obj is not None and obj.id is not None and not formdata:
                more["note_text"] = obj.note.text if obj.note else ""
                more["tags"] = ", ".join(tags.tags_of("customer", [obj.id], g.work)[obj.id])
            super().process(formdata, obj, data, **more)

    return CustomerForm


class CustomerView(MasterView):
    datamodel = Interface(Customer)
    noun = "customer"
    route_base = "/customers"
    list_title, add_title, edit_title = _l("Customers"), _l("New customer"), _l("Change the customer")
    add_label = _l("New customer")
    list_report, report_loads = "customer_list", ("manager",)
    reports = ("statement",)
    hide_archived = False  # a company that is no longer served may still look at itself
    list_columns = ["name", "number", "kind", "country_code", "language", "currency", "manager", "email"]
    portal_columns = ["name", "number", "country_code", "language", "currency"]
    internal = STAFF_ONLY
    order_columns = ("id", "name", "number", "country_code")
    add_columns = edit_columns = [*COLUMNS, "tags", "note_text"]
    label_columns = {"manager": _l("Account manager"), "first_order_at": _l("First order at")}
    method_permission_name = MasterView.method_permission_name | {"managers": "read"}
    groups = (
        (None, ["name", "kind", "number", "parent", "branch", "manager", "portal_id"]),
        (_l("Contact"), ["email", "phone", "country_code", "language"]),
        (_l("Terms"), ["currency", "payment_terms", "credit_limit", "tax_id", "registration"]),
        (_l("For us"), ["tags", "note_text"]),
    )
    facts = (
        (None, ["number", "kind", "parent", "branch", "manager", "portal", "created_at", "first_order_at"]),
        (_l("Contact"), ["email", "phone", "country_code", "language", "tax_id", "registration"]),
    )
    portal_facts = ((None, ["number", "kind", "country_code", "language", "currency", "payment_terms", "email", "phone",
                            "tax_id", "registration", "manager"]),)  # fmt: skip
    quick = Words("q", _l("Name, number, e-mail or VAT number"))
    filters = (
        Choice("kind", KINDS),
        Coded("country", Country, "/countries/choices"), Choice("language", parts.LANGUAGE_NAMES),
        Refers("managed_by", User, "/customers/managers", _l("Account manager"), "manager_id"), Tagged("customer"),
        Refers("branch", Branch, "/branches/choices"), New("new", _l("New customer")),
        Since("created_from", "created_at", _l("Created from")),
        Since("created_until", "created_at", _l("Created until"), until=True), ARCHIVED,
    )  # fmt: skip
    on_delete = staticmethod(customers.remove)
    additions = []  # (view, row, house): what screens of later nouns put on a customer's page

    def _init_forms(self):
        self.add_form = self.edit_form = _form()
        super()._init_forms()

    def prefill(self):
        found = super().prefill().get("data", {})
        house = db.session.get(Branch, g.access.branch_id or HOUSE_BRANCH)
        currency = db.session.get(Currency, house.currency_code)
        return {"data": {"branch": house, "country_code": house.country_code, "currency": currency, **found}}

    def before_save(self, row, form):
        g.customer_form = form

    def on_save(self, row, work):
        hints = customers.check(row, work)
        db.session.flush()
        form = g.customer_form
        tags.tag(row, "customer", form.tags.data.split(","), work)
        keep_note(row, form.note_text.data)
        for hint in hints:
            flash(str(hint.text), "info")

    @expose("/managers")
    @has_access
    def managers(self):
        """Members of staff, for select boxes."""
        if self.outside:
            return jsonify([])
        rows = db.session.query(User).join(Person, Person.id == User.id).filter(Person.kind == "staff", User.active)
        identity = wire.key(request.args.get("id", ""))
        if identity is not None:
            rows = rows.filter(User.id == identity % 2**31)
        elif request.args.get("term", "").strip():
            wanted = like(request.args["term"].strip().lower())
            names = (User.username, User.first_name, User.last_name)
            rows = rows.filter(or_(*[func.lower(one).like(wanted) for one in names]))
        return jsonify([{"id": str(one.id), "text": one.get_full_name(), "note": one.username}
                        for one in rows.order_by(User.id).limit(20)])  # fmt: skip

    # --- the record ----------------------------------------------------------------------------

    def more(self, row, house):
        super().more(row, house)
        house.facts.append({"title": _("Terms"), "items": self._terms(row)} if not self.outside else _limit(row))
        if self.outside:
            house.history = None  # what we note about a customer is ours
            house.sections += [parts.addresses(row), parts.contacts(row)]
            house.facts = [one for one in house.facts if one]
            return
        if customers.is_new(row):
            house.badges.append(SimpleNamespace(code="new", label=_("New customer")))
        for name in tags.tags_of("customer", [row.id], g.work)[row.id]:
            house.badges.append(SimpleNamespace(code="info", label=name))
        if row.note:
            house.facts.append({"title": _("Internal note"), "items": [(_("Note"), row.note.text, "wide")]})
        if g.work.actor.may("invoice.read") and g.work.actor.may("payment.read"):
            house.links.append(
                SimpleNamespace(label=_("Statement of account"), url=f"/statements/{row.id}", icon="fa-scale-balanced")
            )
        if row.active and g.work.actor.may("order.write"):
            url = f"/orders/add?customer={row.id}"
            house.links.append(SimpleNamespace(label=_("New order"), url=url, icon="fa-plus"))
        house.sections += [parts.addresses(row), parts.contacts(row), *_lists(row), parts.people(row),
                           attachments_section(row, "customer")]  # fmt: skip
        for add in self.additions:
            add(self, row, house)

    def _terms(self, row):
        used, limit = _credit(row)
        return [
            (_("Currency"), row.currency_code, "text"),
            (_("Payment terms"), row.payment_terms and said(row.payment_terms, reader()), "text"),
            (_("Credit used"), used, "money"),
            (_("Credit limit"), limit or _("No limit"), "money"),
        ]


def keep_note(row, text):
    """Write, change or remove the internal note of a customer."""
    text = (text or "").strip()
    if not text:
        row.note = None
    elif row.note:
        row.note.text = text
    else:
        row.note = CustomerNote(text=text)


def _credit(row):
    """What of its credit a customer has used, and its limit, in words."""
    limit = None if row.credit_limit is None else format_money(Money(row.credit_limit, row.currency_code), reader())
    try:
        with lifted(g.work, "what is open in every branch counts"):
            return format_money(credit.credit_used(row.id, g.work), reader()), limit
    except BusinessError as error:
        return str(error.message), limit


def _limit(row):
    """The credit of a customer for its own eyes, where the setting allows it."""
    if not settings.get("SHOW_CREDIT_LIMIT", g.work, customer=row.id, branch=row.branch_id) or row.credit_limit is None:
        return None
    used, limit = _credit(row)
    return {"title": _("Credit"), "items": [(_("Credit used"), used, "money"), (_("Credit limit"), limit, "money")]}


def _lists(row):
    """Open orders, invoices, contracts and tickets of a customer, as far as the reader may see them."""
    titles = {"order": _("Open orders"), "invoice": _("Invoices"), "contract": _("Contracts"), "ticket": _("Tickets")}
    found = []
    for noun, model, names, states in LISTS:
        if not g.work.actor.may(f"{noun}.read"):
            continue
        query = db.session.query(model).filter(model.customer_id == row.id)
        if states:
            query = query.filter(model.state.in_(states))
        base = f"/{noun}s"
        more = (_("Show all"), f"{base}/list/?customer={row.id}")
        found.append(records(f"{noun}s", titles[noun], query, model, names, base, flow=FLOWS.get(noun), more=more))
    return found


class TagView(HouseView):
    datamodel = Interface(Tag)
    noun = "tag"
    route_base = "/tags"
    list_title, add_title, edit_title = _l("Tags"), _l("New tag"), _l("Change the tag")
    list_columns = ["name", "colour"]
    add_columns = edit_columns = ["name", "colour"]
    on_save = staticmethod(tags.check)


class CustomerApi(MasterDoors, HouseApi):
    noun = "customer"
    model = Customer
    resource_name = "customers"
    reports = ("statement",)
    list_fields = ("id", "version", "number", "name", "kind", "country", "language", "currency", "email", "phone",
                   "active")  # fmt: skip
    show_fields = ("tax_id", "registration", "payment_terms", "credit_limit", "manager", "parent", "branch",
                   "tags", "portal",
                   "note", "first_order_at", "walk_in", "created_at", "addresses", "contacts")  # fmt: skip
    portal_hidden = STAFF_ONLY
    filter_columns = ("id", "number", "name", "kind", "country", "country_code", "language", "currency",
                      "currency_code", "email", "phone", "tax_id", "manager", "branch", "created_at", "archived_at",
                      "active", "q")  # fmt: skip
    word_filters = {"name": Words("name"), "q": Words("q"), "country": Coded("country", Country, ""),
                    "active": Active("active")}  # fmt: skip
    order_columns = ("id", "name", "number", "country", "country_code")
    create_fields = ("name", "kind", "number", "country", "language", "currency", "email", "phone", "tax_id",
                    "registration", "payment_terms", "credit_limit", "manager", "parent", "branch", "tags",
                    "note", "portal")  # fmt: skip
    write_fields = (*create_fields, "active")
    on_delete = staticmethod(customers.remove)
    told_as = {"country_code": "country"}

    def value(self, row, name):
        if name in ("country", "currency"):
            return getattr(row, f"{name}_code")
        if name == "tags":
            return tags.tags_of("customer", [row.id], g.work)[row.id]
        if name == "note":
            return row.note.text if row.note else ""
        if name == "addresses":
            return [{one: row_value(part, one) for one in parts.ADDRESS_FIELDS} for part in row.addresses
                    if part.retired_at is None]  # fmt: skip
        if name == "contacts":
            return [{one: wire.out(part, one) for one in parts.CONTACT_FIELDS} for part in row.contacts]
        return super().value(row, name)

    def loaded(self):
        known = set(self.fields(self.list_fields)) - {"currency", "active"}
        return [*known, "country_code", "currency_code", "archived_at"]

    def shown(self, row):
        found = super().shown(row)
        if not g.work.actor.inside and _limit(row):
            found["result"]["credit_limit"] = super().value(row, "credit_limit")
        return found

    def fill(self, row, given, allowed):
        given = dict(given)
        if "country" in given:
            given["country_code"] = given.pop("country")
        g.customer_aside = {name: given.pop(name) for name in ("tags", "note") if name in given}
        super().fill(row, given, [*allowed, "country_code"])

    def on_save(self, row, work):
        customers.check(row, work)
        work.session.flush()
        aside = g.customer_aside
        if "tags" in aside:
            words = aside["tags"]
            if not isinstance(words, list):
                raise wire.bad("tags", _("Send a list of texts: %(field)s.", field="tags"))
            tags.tag(row, "customer", [wire.taken("tags", one, 60) for one in words], work)
        if "note" in aside:
            keep_note(row, wire.taken("note", aside["note"] or ""))


def row_value(part, name):
    """One field of an address."""
    return part.country_code if name == "country" else wire.out(part, name)


def register(appbuilder):
    inside = lambda: g.work.actor.inside  # noqa: E731
    appbuilder.add_view(CustomerView, "customers", label=_l("Customers"), icon="fa-building", category="Sales",
                        category_label=_l("Sales"), menu_cond=inside)  # fmt: skip
    appbuilder.add_view_no_menu(parts.AddressView)
    appbuilder.add_view_no_menu(parts.ContactView)
    appbuilder.add_view(TagView, "tags", label=_l("Tags"), icon="fa-tag", category="Administration",
                        category_label=_l("Administration"), menu_cond=inside)  # fmt: skip
    appbuilder.add_link(
        "company",
        href="/customers/list/",
        label=_l("My company"),
        icon="fa-building",
        category="Sales",
        category_label=_l("Sales"),
        baseview=CustomerView,
        cond=lambda: not g.work.actor.inside,
    )
    for api in (CustomerApi, parts.AddressApi, parts.ContactApi):
        appbuilder.add_api(api)
