"""Screen of access groups: what their members may find in the catalogue, and who they are (ACC-18, ACC-19, ACC-21)."""

from flask import g
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.core.localized import pick
from app.core.needed import Needed
from app.extensions import db
from app.reading import locale
from app.rules import access_groups as rules
from models.customers import Customer
from models.people import AccessGroup, Membership, Person
from models.products import Category, PriceList
from views.base import VERBS, Interface
from views.fields import HouseForm, ReferenceField
from views.filters import Flag
from views.roles import NEEDED, named_roles
from views.ruled import RuledView, section


class AccessGroupForm(HouseForm):
    """The group's name and the role its members hold."""

    name = StringField(_l("Name"), [Needed(NEEDED), Length(max=120)])
    profile = SelectField(
        _l("Profile"),
        choices=named_roles,
        default="Customer",
        description=_l("The role that members of the group hold."),
    )


class RestrictionForm(HouseForm):
    """One part of the catalogue that members may find: a category with all below it, or a price list."""

    category = ReferenceField(_l("Category"), target=Category, endpoint="/categories/choices")
    price_list = ReferenceField(_l("Price list"), target=PriceList, endpoint="/price_lists/choices")


class AccessGroupView(RuledView):
    datamodel = Interface(AccessGroup)
    noun = "access_group"
    route_base = "/access_groups"
    list_title, add_title, edit_title = _l("Access groups"), _l("New access group"), _l("Edit the access group")
    add_label = _l("New access group")
    list_columns = ["name", "profile", "created_at", "archived_at"]
    add_columns = edit_columns = ["name"]
    add_form = edit_form = AccessGroupForm
    facts = ((None, ["name", "profile", "created_at", "archived_at"]),)
    filters = (Flag("archived", _l("Archived"), "archived_at"),)
    method_permission_name = VERBS | {"restrict": "write", "unrestrict": "write"}
    include_route_methods = {
        "list",
        "show",
        "add",
        "edit",
        "delete",
        "choices",
        "export",
        "action_post",
        "restrict",
        "unrestrict",
    }

    def write(self, form, row):
        return rules.save(row or AccessGroup(), form.name.data, form.profile.data, g.work)

    def remove(self, row, work):
        rules.remove(row, work)

    def more(self, row, house):
        house.sections += [self._restrictions(row), _members(row)]
        if self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)

    def _restrictions(self, row):
        rows = [
            ([_named(one.category), _named(one.price_list)], self.url("unrestrict", pk=row.id, restriction=one.id))
            for one in row.restrictions
        ]
        form = RestrictionForm() if self.may("write") else None
        title = _("Members find only this in the catalogue") if rows else _("Members find the whole catalogue")
        return section(
            "restrictions",
            title,
            "access/_rows.html",
            columns=[_("Category"), _("Price list")],
            rows=rows,
            form=form,
            add_url=self.url("restrict", pk=row.id),
            add_label=_("Add a restriction"),
        )

    @expose("/restrict/<int:pk>", methods=["POST"])
    @has_access
    def restrict(self, pk):
        """Let members find a category or the products of a price list, and nothing that is not listed."""
        row = self.row(pk)

        def call():
            form = self.given(RestrictionForm)
            rules.restrict(row, form.category.data, form.price_list.data, g.work)

        return self.done(pk, "edit", call)

    @expose("/unrestrict/<int:pk>/<int:restriction>", methods=["POST"])
    @has_access
    def unrestrict(self, pk, restriction):
        """Take a restriction away; without any the whole catalogue is found."""
        row = self.row(pk)
        return self.done(pk, "edit", lambda: rules.unrestrict(row, restriction, g.work))


def _named(row):
    if row is None:
        return None
    return pick(row.names, locale()) if isinstance(getattr(row, "names", None), dict) else str(row)


def _members(row):
    """Who is in the group, for which customer."""
    found = db.session.execute(
        select(Person, Customer)
        .join(Membership, Membership.user_id == Person.id)
        .join(Customer, Customer.id == Membership.customer_id)
        .where(Membership.access_group_id == row.id)
        .order_by(Person.id)
        .limit(200)
    ).all()
    may = g.work.actor.may("person.read")
    rows = [
        (
            [
                (person.full_name, f"/users/show/{person.id}") if may else person.full_name,
                (customer.name, f"/customers/show/{customer.id}"),
            ],
            None,
        )
        for person, customer in found
    ]
    return section(
        "members", _("Members"), "access/_rows.html", columns=[_("User"), _("Customer")], rows=rows, form=None
    )


def register(appbuilder):
    appbuilder.add_view(
        AccessGroupView,
        "access_groups",
        label=_l("Access groups"),
        icon="fa-user-lock",
        category="Administration",
        category_label=_l("Administration"),
    )
