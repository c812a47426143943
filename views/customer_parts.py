"""Addresses and contacts of customers: their screens, their REST, and the sections of the customer's page."""

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length

from app.core.localized import listed
from app.core.needed import Needed
from app.core.scope import lifted
from app.extensions import db
from app.reading import reader
from app.rules import customers
from config import LANGUAGES
from models.customers import Address, Contact, Customer
from models.organisation import Country
from models.people import Membership
from views.api import HouseApi
from views.base import Interface
from views.cells import show as shown
from views.fields import HouseForm, form_for
from views.filters import Flag, Refers
from views.masters import Coded, CodeField
from views.parts import ParentField, PartView, take
from views.sections import button, line, table

NEEDED = _l("Fill in this field.")
LANGUAGE_NAMES = {code: words["name"] for code, words in LANGUAGES.items()}
ADDRESS_FIELDS = ("id", "label", "recipient", "street", "postcode", "city", "region", "country", "phone", "delivery",
                  "billing")  # fmt: skip
CONTACT_FIELDS = ("id", "name", "position", "email", "phone", "language", "gets_documents")


class AddressForm(HouseForm):
    """A place to deliver to or to bill."""

    customer = ParentField(_l("Customer"), [Needed(NEEDED)], target=Customer, endpoint="/customers/choices")
    recipient = StringField(_l("Recipient"), [Needed(NEEDED), Length(max=200)])
    street = TextAreaField(_l("Street"), [Needed(NEEDED), Length(max=500)])
    postcode = StringField(_l("Postcode"), [Length(max=20)])
    city = StringField(_l("City"), [Needed(NEEDED), Length(max=120)])
    region = StringField(_l("Region"), [Length(max=120)])
    country_code = CodeField(_l("Country"), [Needed(NEEDED)], target=Country, endpoint="/countries/choices")
    phone = StringField(_l("Phone"), [Length(max=40)])
    label = StringField(_l("Label"), [Length(max=80)], description=_l("For instance: Head office, Warehouse 2."))
    delivery = BooleanField(_l("Delivery address"), default=True)
    billing = BooleanField(_l("Billing address"), default=True)


class ChangedAddressForm(AddressForm):
    """An address that is there already stays with its customer."""

    customer = None


class AddressView(PartView):
    datamodel = Interface(Address)
    noun = "address"
    route_base = "/addresses"
    parent, parent_base, anchor = "customer", "/customers", "addresses"
    list_title, add_title, edit_title = _l("Addresses"), _l("New address"), _l("Change the address")
    list_columns = ["recipient", "street", "postcode", "city", "country_code", "customer"]
    portal_columns = ["recipient", "street", "postcode", "city", "country_code"]
    add_columns = edit_columns = ["customer", *customers.ADDRESS]
    add_form, edit_form = AddressForm, ChangedAddressForm
    filters = (Refers("customer", Customer, "/customers/choices"), Coded("country", Country, "/countries/choices"),
               Flag("retired", _l("Replaced"), column="retired_at"))  # fmt: skip
    on_save = staticmethod(customers.check_address)
    on_delete = staticmethod(customers.retire_address)

    def query(self):
        return super().query().filter(Address.retired_at.is_(None))

    def prefill(self):
        found = super().prefill()
        mine = g.work.actor.customers
        if "data" not in found and len(mine) == 1:  # a customer's own user need not say whose it is
            found = {"data": {"customer": db.session.get(Customer, next(iter(mine)))}}
            self.home_of(found["data"]["customer"])
        customer = found.get("data", {}).get("customer")
        if customer is not None:
            found["data"] |= {"recipient": customer.name, "country_code": customer.country_code}
        return found

    def _save(self, form, row, action):
        if action == "create":
            return super()._save(form, row, action)
        change = _Replacing(form)
        return super()._save(change, row, action) and change.made


class _Replacing:
    """A form of an address that writes nothing into the old row: what it asks for becomes a new one."""

    def __init__(self, form):
        self._form, self.made = form, None

    def __getattr__(self, name):
        return getattr(self._form, name)

    def populate_obj(self, row):
        self.made = customers.replace_address(row, self._form.data, g.work)


class ContactView(PartView):
    datamodel = Interface(Contact)
    noun = "contact"
    route_base = "/contacts"
    parent, parent_base, anchor = "customer", "/customers", "contacts"
    list_title, add_title, edit_title = _l("Contacts"), _l("New contact"), _l("Change the contact")
    label_columns = {"position": _l("Position")}
    list_columns = ["name", "position", "email", "phone", "customer"]
    portal_columns = ["name", "position", "email", "phone"]
    edit_columns = ["name", "position", "email", "phone", "language", "gets_documents"]
    add_columns = ["customer", *edit_columns]
    filters = (Refers("customer", Customer, "/customers/choices"),)

    def _init_forms(self):
        names = self.edit_columns
        position = StringField(_l("Position"), [Length(max=120)])
        own = {"position": position, "gets_documents": BooleanField(_l("Gets orders and invoices by e-mail"))}
        self.edit_form = type("ContactForm", (form_for(Contact, names),), own)
        customer = ParentField(_l("Customer"), [Needed(NEEDED)], target=Customer, endpoint="/customers/choices")
        own_new = {**own, "customer": customer}
        self.add_form = type("NewContactForm", (form_for(Contact, ["customer", *names]),), own_new)
        super()._init_forms()

    def on_save(self, row, work):
        customers.check_email(row, "email")


# --- sections of the customer's page --------------------------------------------------------------


def addresses(row):
    """The addresses of a customer that are offered."""
    may = g.work.actor.may
    uses = {"delivery": _("Delivery"), "billing": _("Billing")}
    rows = [
        line(
            one.label or one.recipient,
            listed(one.lines()[:-1], reader().locale),
            shown(one, "country_code", reader()),
            " · ".join(word for name, word in uses.items() if getattr(one, name)),
            buttons=(
                button(_("Edit"), f"/addresses/edit/{one.id}", "fa-pen") if may("address.write") else None,
                button(_("No longer use"), f"/addresses/delete/{one.id}", "fa-trash", post=True, danger=True,
                       ask=_("No longer offer this address? Documents keep it.")) if may("address.delete") else None,
            ),
        )
        for one in row.addresses if one.retired_at is None
    ]  # fmt: skip
    add = button(_("New address"), f"/addresses/add?customer={row.id}", "fa-plus") if may("address.write") else None
    columns = (_("Label"), _("Address"), _("Country"), _("Used for"))
    return table("addresses", _("Addresses"), columns, rows, buttons=(add,), empty=_("No addresses yet"))


def contacts(row):
    """The people at a customer we talk to."""
    may = g.work.actor.may
    rows = [
        line(
            one.name, one.position, one.email, one.phone, one.gets_documents,
            buttons=(
                button(_("Edit"), f"/contacts/edit/{one.id}", "fa-pen") if may("contact.write") else None,
                button(_("Delete"), f"/contacts/delete/{one.id}", "fa-trash", post=True, danger=True,
                       ask=_("Delete this record?")) if may("contact.delete") else None,
            ),
        )
        for one in row.contacts
    ]  # fmt: skip
    add = button(_("New contact"), f"/contacts/add?customer={row.id}", "fa-plus") if may("contact.write") else None
    columns = (_("Name"), _("Position"), _("E-mail"), (_("Phone"), "code"), (_("Gets documents"), "bool"))
    return table("contacts", _("Contacts"), columns, rows, buttons=(add,), empty=_("No contacts yet"))


def people(row):
    """Who acts for a customer, with which rights."""
    with lifted(g.work, "who acts for a customer is told on its page"):
        found = db.session.scalars(
            select(Membership).where(Membership.customer_id == row.id).order_by(Membership.id).limit(50)
            .options(joinedload(Membership.user), joinedload(Membership.access_group))
        ).all()  # fmt: skip
    rows = [
        line(one.user.get_full_name() or one.user.username, one.user.username,
             one.access_group.name if one.access_group else "", one.user.active)
        for one in found
    ]  # fmt: skip
    columns = (_("Name"), (_("User name"), "code"), _("Access group"), (_("Active"), "bool"))
    return table("people", _("Users who act for the customer"), columns, rows, empty=_("Nobody yet"))


# --- REST -------------------------------------------------------------------------------------


class PartApi(HouseApi):
    """Parts of a customer over REST: a country travels as `country`, the owner cannot change."""

    told_as = {"country_code": "country"}

    def value(self, row, name):
        return row.country_code if name == "country" else super().value(row, name)

    def loaded(self):
        return [*super().loaded(), "country_code"]

    def fill(self, row, given, allowed):
        given = dict(given)
        if "country" in given:
            given["country_code"] = given.pop("country")
        mine = g.work.actor.customers
        if row.id is None:
            if "customer" not in given and len(mine) == 1:
                given["customer"] = next(iter(mine))
            take(row, given, "customer")
        super().fill(row, given, [*allowed, "country_code"])


class AddressApi(PartApi):
    noun = "address"
    model = Address
    resource_name = "addresses"
    list_fields = ("id", "version", "customer", "label", "recipient", "street", "postcode", "city", "region", "country",
                   "phone", "delivery", "billing")  # fmt: skip
    write_fields = ADDRESS_FIELDS[1:]
    create_fields = ("customer", *write_fields)
    filter_columns = ("id", "customer", "city", "postcode", "country_code")
    on_save = staticmethod(customers.check_address)
    on_delete = staticmethod(customers.retire_address)

    def query(self):
        return super().query().filter(Address.retired_at.is_(None))

    def update(self, row, given, work):
        """A changed address is a new row; the answer is about that one."""
        wanted = Address(id=row.id)
        self.fill(wanted, given, self.write_fields)
        names = ["country_code" if name == "country" else name for name in given if name != "version"]
        g.replacement = customers.replace_address(row, {name: getattr(wanted, name) for name in names}, work)

    def shown(self, row):
        return super().shown(g.pop("replacement", row))


class ContactApi(PartApi):
    noun = "contact"
    model = Contact
    resource_name = "contacts"
    list_fields = ("id", "version", "customer", "name", "position", "email", "phone", "language", "gets_documents")
    write_fields = ("name", "position", "email", "phone", "language", "gets_documents")
    create_fields = ("customer", *write_fields)
    filter_columns = ("id", "customer", "name", "email")

    def loaded(self):
        return HouseApi.loaded(self)

    def on_save(self, row, work):
        customers.check_email(row, "email")
        customers.check_language(row)

    def on_delete(self, row, work):
        work.session.delete(row)
