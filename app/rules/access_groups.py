"""Access groups: which role their members hold, what they may find in the catalogue (ACC-18, ACC-19)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.errors import BusinessError, NotFound
from app.rules import masters, people, permissions
from models.people import AccessGroup, Membership, Person
from models.products import AccessRestriction


def save(group, name, profile, work):
    """Name a group and choose the role of its members; members get the new role and lose the old one.

    :raises BusinessError: 'duplicate', 'unknown_role', 'not_yours'
    """
    taken = select(AccessGroup.id).where(
        func.lower(AccessGroup.name) == name.lower(), AccessGroup.id != (group.id or 0)
    )
    if work.session.scalars(taken).first() is not None:
        raise BusinessError("duplicate", _l("Such a record exists already."), field="name")
    (role,) = people.roles_named([profile], work)
    permissions.check_held(permissions.of_roles([role]), work)
    before = group.profile if group.id else profile
    group.name, group.profile = name, profile
    work.session.add(group)
    work.session.flush()
    if before != profile:
        _change_roles(group, before, role, work)
    return group


def _change_roles(group, before, role, work):
    for person in members(group, work):
        kept = {one.access_group.profile for one in person.memberships if one.access_group}
        roles = [one for one in person.roles if one.name != before or one.name in kept]
        people.give_roles(person, list(dict.fromkeys([*roles, role])), person.user.groups, work)


def members(group, work):
    """The external users in a group."""
    ids = select(Membership.user_id).where(Membership.access_group_id == group.id)
    return work.session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id)).unique().all()


def restrict(group, category, price_list, work):
    """Let members find a category with all below it, or the products of a price list, and nothing that is not listed.

    :raises BusinessError: 'one_of_two', 'duplicate'
    """
    if (category is None) == (price_list is None):
        text = _l("Choose either a category or a price list.")
        raise BusinessError("one_of_two", text, field="category")
    for one in group.restrictions:
        if (one.category, one.price_list) == (category, price_list):
            raise BusinessError("duplicate", _l("Such a record exists already."), field="category")
    group.restrictions.append(AccessRestriction(category=category, price_list=price_list))
    work.session.flush()


def unrestrict(group, restriction_id, work):
    """Take a restriction away.

    :raises NotFound: 'not_found'
    """
    found = next((one for one in group.restrictions if one.id == restriction_id), None)
    if found is None:
        raise NotFound("not_found", _l("There is no such record."))
    group.restrictions.remove(found)
    work.session.flush()


def remove(group, work):
    """Delete a group without members; archive one that is in use: its members then find the whole catalogue no more.

    :raises BusinessError: 'in_use'
    """
    if members(group, work):
        raise BusinessError("in_use", _l("The group has members. Move them to another group first."))
    return masters.remove(group, work, parts=("access_restrictions",))
