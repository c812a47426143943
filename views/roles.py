"""Screens of roles and of groups of users: what somebody may do (ACC-25, ACC-30)."""

from flask import flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.sqla.models import Group, Role, User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from wtforms import StringField
from wtforms.validators import Length

from app.core.errors import BusinessError
from app.core.needed import Needed
from app.extensions import db
from app.rules import permissions
from models.people import PERSONAL
from views import ticks
from views.base import VERBS, Interface
from views.fields import HouseForm, options
from views.role_words import role_word
from views.ruled import Names, RuledView, section

ROUTES = {"list", "show", "add", "edit", "delete", "export", "action_post"}
NEEDED = _l("Fill in this field.")


def named_roles():
    """The roles one can choose: those of single persons are ticked on their own pages."""
    rows = db.session.scalars(
        select(Role.name).where(~Role.name.startswith(PERSONAL), Role.name != "Public").order_by(Role.name)
    )
    return options({name: role_word(name) for name in rows})


def named_groups():
    """The groups one can choose."""
    return options({name: name for name in db.session.scalars(select(Group.name).order_by(Group.name))})


class RoleForm(HouseForm):
    """A role by name; what it permits is ticked below."""

    name = StringField(_l("Name"), [Needed(NEEDED), Length(max=64)])


class RoleView(RuledView):
    datamodel = Interface(Role)
    noun = "role"
    route_base = "/roles"
    list_title, add_title, edit_title = _l("Roles"), _l("New role"), _l("Edit the role")
    add_label = _l("New role")
    list_columns = ["name", "permission_count", "user_count"]
    add_columns = edit_columns = ["name"]
    add_form = edit_form = RoleForm
    facts = ((None, ["name", "permission_count", "user_count"]),)
    label_columns = {"permission_count": _l("Permissions"), "user_count": _l("Users")}
    method_permission_name = VERBS | {"copy": "write"}
    include_route_methods = ROUTES | {"copy"}
    page_size = 100

    def query(self):
        loaded = selectinload(Role.permissions), selectinload(Role.user).load_only(User.id)
        return db.session.query(Role).filter(~Role.name.startswith(PERSONAL), Role.name != "Public").options(*loaded)

    def row(self, pk):
        found = super().row(pk)
        return found if not found.name.startswith(PERSONAL) else super().row(0)

    def editable(self, row):
        permissions.check_own(row)

    def more(self, row, house):
        pairs = permissions.of_roles([row])
        house.sections.append(
            section(
                "permissions",
                _("Permissions"),
                "access/_ticks.html",
                rows=ticks.matrix(pairs, only_on=True),
                editable=False,
            )
        )
        if row.name in permissions.managed:
            house.subtitle = _("This role is managed: every update resets it. Copy it, then change the copy.")
        elif self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        if self.may("write"):
            house.actions.append(copy_action(self, row))

    def write(self, form, row):
        pairs = ticks.chosen()
        return permissions.save(row or Role(), form.name.data, pairs, ticks.menus(pairs), g.work)

    def _form(self, title, form, names, back, row=None):
        pairs = ticks.chosen() if request.method == "POST" else permissions.of_roles([row] if row else [])
        return with_ticks(self, title, form, back, ticks.matrix(pairs))

    def remove(self, row, work):
        permissions.remove(row, work)

    @expose("/copy/<int:pk>", methods=["POST"])
    @has_access
    def copy(self, pk):
        """A role of one's own that permits what this one does."""
        row = self.row(pk)
        try:
            with g.work.doing("role.create"):
                made = permissions.copy(row, self.given(RoleForm).name.data, g.work)
                db.session.commit()
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        flash(_("Saved: %(record)s", record=made), "success")
        return redirect(self.url("edit", pk=made.id))


def copy_action(view, row):
    """The button that copies a role; it asks for the copy's name."""
    form = RoleForm(data={"name": _("Copy of %(name)s", name=row.name)})
    return {
        "name": "copy",
        "label": _("Copy"),
        "ask": None,
        "icon": "fa-copy",
        "form_fields": list(form),
        "url": view.url("copy", pk=row.id),
        "enabled": True,
        "primary": True,
        "danger": False,
        "version": None,
    }


def with_ticks(view, title, form, back, rows, lead=None):
    """A form with boxes for permissions."""
    house = {
        "cancel_url": back,
        "save_label": _("Save"),
        "crumbs": [(str(view.list_title), view.url("list"))],
        "lead": lead,
    }
    status = 422 if form.errors or form.form_errors else 200
    return view.render_template(
        "access/ticks.html", title=title, form=form, house=house, rows=rows, version=None
    ), status


class GroupForm(HouseForm):
    """A group of users who hold the same roles."""

    name = StringField(_l("Name"), [Needed(NEEDED), Length(max=100)])
    description = StringField(_l("Description"), [Length(max=512)])
    roles = Names(_l("Roles"), choices=named_roles)


class GroupView(RuledView):
    datamodel = Interface(Group)
    noun = "group"
    route_base = "/groups"
    list_title, add_title, edit_title = _l("User groups"), _l("New user group"), _l("Edit the user group")
    add_label = _l("New user group")
    list_columns = ["name", "description", "role_names", "user_count"]
    add_columns = edit_columns = ["name"]
    add_form = edit_form = GroupForm
    facts = ((None, ["name", "description", "role_names"]),)
    label_columns = {"role_names": _l("Roles"), "user_count": _l("Users")}
    include_route_methods = ROUTES
    page_size = 100

    def query(self):
        return db.session.query(Group).options(selectinload(Group.roles), selectinload(Group.users))

    def more(self, row, house):
        rows = [([(str(user.person or user), f"/users/show/{user.id}")], None) for user in row.users]
        house.sections.append(
            section("users", _("Users"), "access/_rows.html", columns=[_("Name")], rows=rows, form=None)
        )
        if self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)

    def write(self, form, row):
        wanted = db.session.scalars(select(Role).where(Role.name.in_(form.roles.data or []))).all()
        return permissions.save_group(row or Group(), form.name.data, form.description.data or "", wanted, g.work)

    def remove(self, row, work):
        permissions.remove_group(row, work)


def register(appbuilder):
    appbuilder.add_view(
        RoleView,
        "roles",
        label=_l("Roles"),
        icon="fa-user-shield",
        category="Administration",
        category_label=_l("Administration"),
    )
    appbuilder.add_view(GroupView, "groups", label=_l("User groups"), icon="fa-users", category="Administration")
