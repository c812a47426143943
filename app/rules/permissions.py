"""What roles permit: pairs of a step and a noun, ticked by administrators (ACC-25, ACC-28, ACC-30)."""

import re

from flask_appbuilder.security.sqla.models import Group, Permission, PermissionView, Role, User, ViewMenu
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select, tuple_

from app.core import history
from app.core.errors import BusinessError, Forbidden
from models.people import PERSONAL, names_of

BUILT_IN = ("Admin", "Public")  # kept by the house itself, beside the managed roles of app.roles
managed = set(BUILT_IN)  # filled by app.roles


def roles_of(person, but_own=False):
    """The roles a person holds, by name, by his ticks and by his groups."""
    roles = [role for role in person.user.roles if not (but_own and role.name.startswith(PERSONAL))]
    return list(dict.fromkeys([*roles, *(role for group in person.user.groups for role in group.roles)]))


def of_roles(roles):
    """The (permission, view) pairs that roles give; what they show in the menu is left out."""
    pairs = {(pair.permission.name, pair.view_menu.name) for role in roles for pair in role.permissions}
    return {pair for pair in pairs if pair[0].startswith("can_")}


def key(pair):
    """A pair as rules say it: ('can_approve', 'PriceList') -> 'price_list.approve'."""
    noun = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", pair[1]).lower()
    return f"{noun}.{pair[0].removeprefix('can_')}"


def words(pairs):
    """Pairs as the history keeps them, None where there are none."""
    return ", ".join(sorted(map(key, pairs))) or None


def check_held(pairs, work):
    """Nobody gives away, or rules over, permissions that he does not hold himself.

    :raises Forbidden: 'not_yours'
    """
    actor = work.actor
    lacking = {pair for pair in pairs if not actor.may(key(pair))} if actor.kind != "system" else set()
    lacking = {pair for pair in lacking if pair not in EVERYBODY}
    if lacking:
        raise Forbidden(
            "not_yours", _l("This goes beyond your own permissions."), permissions=sorted(map(key, lacking))
        )


EVERYBODY = (  # the framework's own doors that every signed-in person needs
    ("can_get", "MenuApi"), ("can_get", "OpenApi"), ("can_show", "SwaggerView"),
    ("can_list", "ApiKey"), ("can_create", "ApiKey"), ("can_get", "ApiKey"), ("can_revoke", "ApiKey"),
)  # fmt: skip


def check_own(role):
    """Managed roles are as the house made them; copy one to change it.

    :raises BusinessError: 'managed_role'
    """
    if role.name in managed:
        text = _l("This role is managed: every update resets it. Copy it, then change the copy.")
        raise BusinessError("managed_role", text)
    if role.name.startswith(PERSONAL):
        raise BusinessError("personal_role", _l("These are one person's own permissions. Change them on his page."))


def check_name(name, work, but=None):
    """Refuse a name that is taken or kept for personal roles."""
    if not name or name.startswith(PERSONAL):
        raise BusinessError("bad_name", _l("This name is not possible."), field="name")
    taken = work.session.scalars(select(Role.id).where(Role.name == name, Role.id != (but or 0))).first()
    if taken is not None:
        raise BusinessError("duplicate", _l("Such a record exists already."), field="name")


def save(role, name, wanted, menus, work):
    """Name a role and let it permit exactly what is ticked.

    :param menus: the menu items that go with it
    :raises BusinessError: 'managed_role', 'bad_name', 'duplicate', 'not_yours'
    """
    if role.id:
        check_own(role)
    check_name(name, work, but=role.id)
    before = of_roles([role]) if role.id else set()
    role.name = name
    put(role, wanted, menus, work)
    check_held(before ^ of_roles([role]), work)
    history.changed(work, role, permissions=(words(before), words(of_roles([role]))))
    work.session.flush()
    return role


def copy(role, name, work):
    """A role of one's own that permits what another one does."""
    check_name(name, work)
    check_held(of_roles([role]), work)
    made = Role(name=name, permissions=list(role.permissions))
    work.session.add(made)
    work.session.flush()
    history.changed(work, made, permissions=(None, words(of_roles([made]))))
    return made


def remove(role, work):
    """Delete a role that nobody holds.

    :raises BusinessError: 'managed_role', 'in_use'
    """
    check_own(role)
    if role.user or role.groups:
        raise BusinessError("in_use", _l("Somebody holds this role. Take it away first."))
    history.changed(work, role, permissions=(words(of_roles([role])), None))
    work.session.delete(role)
    work.session.flush()


def put(role, wanted, menus, work):
    """Let a role permit exactly `wanted` and show the menu items `menus`."""
    pairs = sorted({*wanted, *(("menu_access", name) for name in menus)})
    found = select(PermissionView).join(Permission).join(ViewMenu).where(
        tuple_(Permission.name, ViewMenu.name).in_(pairs)
    )  # fmt: skip
    if role not in work.session:
        work.session.add(role)
    role.permissions = list(work.session.scalars(found).unique()) if pairs else []
    work.session.flush()


def save_group(group, name, description, roles, work):
    """A group gives its roles to all its users; nobody gives or takes more than he holds himself.

    :raises BusinessError: 'duplicate', 'not_yours', 'last_admin'
    """
    taken = work.session.scalars(select(Group.id).where(Group.name == name, Group.id != (group.id or 0))).first()
    if taken is not None:
        raise BusinessError("duplicate", _l("Such a record exists already."), field="name")
    before = list(group.roles)
    check_held(of_roles([role for role in {*before, *roles} if role not in before or role not in roles]), work)
    group.name, group.description = name, description
    group.roles = list(roles)
    work.session.add(group)
    history.changed(work, group, roles=(names_of(before), names_of(roles)))
    work.session.flush()
    if any(role.name == "Admin" for role in before):
        check_admins(work)
    return group


def remove_group(group, work):
    """Dissolve a group; its users lose what it gave them.

    :raises BusinessError: 'not_yours', 'last_admin'
    """
    check_held(of_roles(group.roles), work)
    ruled = any(role.name == "Admin" for role in group.roles)
    history.changed(work, group, roles=(names_of(group.roles), None))
    work.session.delete(group)
    work.session.flush()
    if ruled:
        check_admins(work)


def rules(person):
    """Whether a person may do everything."""
    return any(role.name == "Admin" for role in roles_of(person))


def check_admins(work):
    """Somebody must be left who may do everything.

    :raises BusinessError: 'last_admin'
    """
    by_role = User.roles.any(Role.name == "Admin")
    by_group = User.groups.any(Group.roles.any(Role.name == "Admin"))
    left = work.session.scalars(select(User.id).where(User.active, or_(by_role, by_group)).limit(1)).first()
    if left is None:
        raise BusinessError("last_admin", _l("At least one active user must be an administrator."), field="roles")
