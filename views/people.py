"""Screen of users: staff and external, their roles and ticks, the customers they act for (ACC-16 to ACC-29)."""

from zoneinfo import available_timezones

from flask import abort, g, jsonify, redirect, request, session
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.sqla.models import Group, Role, User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import Email, Length, Optional

import config
from app.core.localized import format_datetime
from app.core.needed import Needed
from app.extensions import db
from app.notices.people import PATH
from app.reading import reader
from app.rules import links, people, permissions
from models.customers import Customer
from models.organisation import Branch
from models.people import AccessGroup, Membership, Person
from views import bulk, ticks, wire
from views.base import VERBS, Interface
from views.fields import DateText, HouseForm, ReferenceField, options
from views.filters import Choice, Filter, Refers, like
from views.roles import NEEDED, named_groups, named_roles, with_ticks
from views.ruled import Names, RuledView, section

KINDS = {"staff": _l("Staff"), "external": _l("External user")}
CALENDARS = {"": _l("As usual for the language"), "gregorian": _l("Gregorian"), "jalali": _l("Jalali")}
DIGITS = {"": _l("As usual for the language"), "latin": _l("Latin digits"), "native": _l("Digits of the language")}
LINK = "set_password_link"  # in the session: the link that is shown once


def zones():
    """The time zones one can choose; empty: the branch's."""
    names = [name for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
    return options({"": _("That of the branch"), **{name: name for name in names}})


def languages():
    """Our languages by their own names."""
    return options({code: words["name"] for code, words in config.LANGUAGES.items()})


class PersonForm(HouseForm):
    """What staff and external users have in common."""

    username = StringField(_l("User name"), [Needed(NEEDED), Length(max=64)])
    first_name = StringField(_l("First name"), [Length(max=64)])
    last_name = StringField(_l("Last name"), [Length(max=64)])
    email = StringField(_l("E-mail"), [Optional(), Length(max=200), Email(_l("This is not an e-mail address."))])
    mobile = StringField(_l("Mobile number"), [Length(max=40)])
    locale = SelectField(_l("Language"), choices=languages)
    timezone = SelectField(_l("Time zone"), choices=zones, render_kw={"class": "my_select2"})


class StaffForm(PersonForm):
    """A member of staff: branch, roles, groups."""

    branch = ReferenceField(_l("Branch"), [Needed(NEEDED)], target=Branch, endpoint="/branches/choices")
    branch_limited = BooleanField(_l("Sees this branch and those below it only"))
    away_until = DateText(_l("Away until"), [Optional()], description=_l("Until then nothing is assigned to him."))
    roles = Names(_l("Roles"), choices=named_roles)
    groups = Names(_l("User groups"), choices=named_groups)


class ExternalForm(PersonForm):
    """An external user; his roles come from the access group he is in."""

    roles = Names(_l("Roles"), choices=named_roles)
    groups = Names(_l("User groups"), choices=named_groups)


class NewPassword(HouseForm):
    """A password given by the administrator, or none: then the user chooses his own by a link."""

    password = PasswordField(
        _l("Password"),
        description=_l("Leave it empty: the user then gets a link with which he chooses his own."),
        render_kw={"autocomplete": "new-password"},
    )


class NewStaffForm(StaffForm, NewPassword):
    """A new member of staff."""


class MembershipForm(HouseForm):
    """For whom an external user acts, with which rights."""

    customer = ReferenceField(_l("Customer"), [Needed(NEEDED)], target=Customer, endpoint="/customers/choices")
    access_group = ReferenceField(_l("Access group"), target=AccessGroup, endpoint="/access_groups/choices")


class NewExternalForm(PersonForm, MembershipForm, NewPassword):
    """A new external user (ACC-20): a user name is enough."""


class Named(Filter):
    """The beginning of a user name, first name, last name or e-mail address."""

    def apply(self, query, model, value, session):
        wanted = like(value.lower())
        names = (User.username, User.first_name, User.last_name, User.email)
        found = select(User.id).where(or_(*[func.lower(column).like(wanted) for column in names]))
        return query.filter(model.id.in_(found))


class ActsFor(Refers):
    """External users of one customer."""

    def apply(self, query, model, value, session):
        return query.filter(model.id.in_(select(Membership.user_id).where(Membership.customer_id == value)))


class PersonView(RuledView):
    datamodel = Interface(Person)
    noun = "person"
    flow = people.FLOW
    route_base = "/users"
    list_title, add_title, edit_title = _l("Users"), _l("New user"), _l("Edit the user")
    list_columns = ["username", "full_name", "kind", "state", "email", "role_names", "last_login"]
    add_columns = edit_columns = ["kind"]
    add_form = edit_form = StaffForm
    facts = (
        (None, ["username", "first_name", "last_name", "kind", "email", "mobile"]),
        (None, ["role_names", "group_names", "branch", "branch_limited", "away_until", "locale", "timezone",
                "last_login"]),
    )
    label_columns = {
        "full_name": _l("Name"),
        "role_names": _l("Roles"),
        "group_names": _l("User groups"),
        "last_login": _l("Last sign-in"),
        "branch_limited": _l("Sees this branch and those below it only"),
    }
    quick = Named("q", _l("Name or e-mail"))
    filters = (Choice("kind", KINDS), ActsFor("customer", Customer, "/customers/choices"))
    method_permission_name = VERBS | {"ticks": "write", "join": "write", "leave": "write"}
    include_route_methods = {
        "list",
        "show",
        "add",
        "edit",
        "step",
        "action_post",
        "export",
        "choices",
        "ticks",
        "join",
        "leave",
    }

    def query(self):
        """Users as the head office sees them; whoever is limited to branches manages nobody (ACC-27)."""
        loaded = joinedload(Person.user).selectinload(User.roles).load_only(Role.name)
        query = db.session.query(Person).options(loaded)
        return query if g.work.actor.branches is None else query.filter(Person.id == g.work.actor.user_id)

    def row(self, pk):
        found = super().row(pk) if pk < 2**31 else abort(404)
        return found if g.work.actor.branches is None or found.id == g.work.actor.user_id else abort(404)

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.add_url = None
        if self.may("write"):
            house.links = [
                {"label": _("New member of staff"), "url": self.url("add", kind="staff"), "icon": "fa-plus"},
                {"label": _("New external user"), "url": self.url("add", kind="external"), "icon": "fa-plus"},
            ]
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    @expose("/choices")
    @has_access
    def choices(self):
        """Members of staff, for select boxes."""
        rows = self.query().filter(Person.kind == "staff", Person.state != "inactive")
        identity = wire.key(request.args.get("id", ""))
        if identity is not None:
            rows = rows.filter(Person.id == identity % 2**31)
        elif request.args.get("term", "").strip():
            rows = self.quick.apply(rows, Person, request.args["term"].strip(), db.session)
        found = rows.order_by(Person.id).limit(20)
        return jsonify([{"id": str(row.id), "text": row.full_name, "note": row.username} for row in found])

    # --- the record ----------------------------------------------------------------------------

    def more(self, row, house):
        if self.may("write"):
            house.links.append(
                {"label": _("Permissions"), "url": self.url("ticks", pk=row.id), "icon": "fa-user-shield"}
            )
        link = _shown_once(row)
        if link is not None:
            house.sections.append(_link(link))
        if row.kind == "external":
            house.sections.append(self._memberships(row))
        pairs = permissions.of_roles(permissions.roles_of(row))
        house.sections.append(
            section(
                "permissions",
                _("Permissions"),
                "access/_ticks.html",
                rows=ticks.matrix(pairs, only_on=True),
                editable=False,
            )
        )

    def _memberships(self, row):
        seen = {one.id for one in people.customers_of(row, g.work)}
        rows = [
            (
                [
                    (one.customer.name, f"/customers/show/{one.customer_id}"),
                    (one.access_group.name, f"/access_groups/show/{one.access_group_id}") if one.access_group else None,
                ],
                self.url("leave", pk=row.id, membership=one.id),
            )
            for one in row.memberships
            if one.customer_id in seen
        ]
        form = MembershipForm() if self.may("write") else None
        return section(
            "customers",
            _("Acts for"),
            "access/_rows.html",
            columns=[_("Customer"), _("Access group")],
            rows=rows,
            form=form,
            add_url=self.url("join", pk=row.id),
        )

    @expose("/step/<name>/<int:pk>", methods=["POST"])
    @has_access
    def step(self, name, pk):
        """Take one step; a link that it made is shown once."""
        self.row(pk)
        answer = bulk.step(self, name, pk)
        link = links.open_for(pk, g.work) if name in ("invite", "reset") else None
        if link is not None and link.expires_at == g.work.now + links.LASTS:
            session[LINK] = link.id
        return answer

    @expose("/join/<int:pk>", methods=["POST"])
    @has_access
    def join(self, pk):
        """Let an external user act for one more customer."""
        row = self.row(pk)

        def call():
            people.check_over(row, g.work)
            form = self.given(MembershipForm)
            people.join(row, form.customer.data, form.access_group.data, g.work)

        return self.done(pk, "edit", call)

    @expose("/leave/<int:pk>/<int:membership>", methods=["POST"])
    @has_access
    def leave(self, pk, membership):
        """End that an external user acts for a customer."""
        row = self.row(pk)
        return self.done(pk, "edit", lambda: people.leave(row, membership, g.work))

    # --- forms ---------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        external = request.args.get("kind") == "external"
        form_class = NewExternalForm if external else NewStaffForm
        form = form_class(request.form if request.method == "POST" else None, **self._prefilled(external))
        form.kind = "external" if external else "staff"
        if request.method == "POST":
            saved = self._save(form, None, "create")
            if saved is not None:
                return redirect(self.url("show", pk=saved.id))
        return self._form(_("New external user") if external else _("New member of staff"), form, [], self.url("list"))

    def _prefilled(self, external):
        wanted = request.args.get("customer", "")
        if external and wanted.isdecimal() and len(wanted) < 19:
            return {"data": {"customer": db.session.get(Customer, int(wanted))}}
        return {} if external else {"data": {"branch": db.session.get(Branch, g.access.branch_id or 1)}}

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        form_class = ExternalForm if row.kind == "external" else StaffForm
        form = form_class(request.form if request.method == "POST" else None, obj=row)
        if request.method == "POST" and self._save(form, row, "edit") is not None:
            return redirect(self.url("show", pk=pk))
        return self._form(self.edit_title, form, [], self.url("show", pk=pk), row)

    def _form(self, title, form, names, back, row=None):
        if "groups" in form and not form.groups.choices:
            del form.groups
        return super()._form(title, form, names, back, row)

    def write(self, form, row):
        rows = ("customer", "access_group", "branch", "away_until")
        data = {name: "" if value is None and name not in rows else value for name, value in form.data.items()}
        data["groups"] = db.session.scalars(select(Group).where(Group.name.in_(data.get("groups") or []))).all()
        if "branch" in data:
            data["branch_id"] = data.pop("branch").id
        if row is not None:
            people.change(row, g.work, **data)
            return row
        customer = data.pop("customer", None)
        customers = [customer] if customer else []
        if form.kind == "external" and not data["access_group"]:
            data["roles"] = ["Customer"]
        person, link = people.create(g.work, kind=form.kind, customers=customers, **data)
        if link is not None:
            session[LINK] = link.id
        return person

    @expose("/ticks/<int:pk>", methods=["GET", "POST"])
    @has_access
    def ticks(self, pk):
        """Permissions ticked for one person, beside what his roles give him (ACC-28)."""
        row = self.row(pk)
        given = permissions.of_roles(permissions.roles_of(row, but_own=True))
        mine = permissions.of_roles(permissions.roles_of(row))
        form = HouseForm()
        if request.method == "POST":
            wanted = ticks.chosen()
            menus = ticks.menus(wanted | given)
            return self.done(pk, "edit", lambda: people.set_ticks(row, wanted, menus, g.work))
        lead = _("What roles and groups give is ticked and stays; further permissions are this person's own.")
        title = _("Permissions of %(name)s", name=row)
        return with_ticks(self, title, form, self.url("show", pk=pk), ticks.matrix(mine, given), lead)


def _shown_once(row):
    return links.open_for(row.id, g.work, session.pop(LINK)) if LINK in session else None


def _link(link):
    lead = _(
        "Hand this link to the user. It is shown only now, works once, and was also mailed if there is an address."
    )
    until = _("Valid until %(time)s", time=format_datetime(link.expires_at, reader()))
    return section(
        "link",
        _("Link to choose a password"),
        "access/_link.html",
        lead=lead,
        until=until,
        url=f"{config.PUBLIC_URL or request.url_root.rstrip('/')}{PATH}{links.token(link)}",
    )


def register(appbuilder):
    appbuilder.add_view(
        PersonView,
        "users",
        label=_l("Users"),
        icon="fa-user",
        category="Administration",
        category_label=_l("Administration"),
    )
