"""Who somebody is and what he may do: read once per request, permissions remembered per set of roles.

On the floor of `app.security`: the framework asks it for every permission, the doors for the actor.
"""

from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import text
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from app.core.history import History
from app.core.work import Actor
from models.people import spoken

_WHO = text("""
select u.*, p.kind, p.locale, p.calendar, p.digits, p.timezone, p.branch_id, p.session_round, p.seen_notification_id,
  b.timezone as branch_zone,
  (select stamp from access_stamp) as stamp,
  exists (select 1 from ended_sessions where key = :session) as ended,
  (select value from settings where name = 'ALLOW_EXTERNAL_ACCESS' and scope = 'system') as external_access,
  array(select role_id from ab_user_role where user_id = u.id
        union select g.role_id from ab_user_group ug join ab_group_role g on g.group_id = ug.group_id
        where ug.user_id = u.id) as roles,
  array(select customer_id from memberships where user_id = u.id) as customers,
  array(select m.access_group_id from memberships m join access_groups a on a.id = m.access_group_id
        where m.user_id = u.id and a.archived_at is null) as groups,
  case when p.branch_limited then array(
    with recursive below(id) as (select p.branch_id union
      select c.id from branches c join below on c.parent_id = below.id)
    select id from below) end as branches
from ab_user u left join people p on p.user_id = u.id left join branches b on b.id = p.branch_id
where u.id = :user
""")
_PAIRS = text("""
select distinct p.name, v.name from ab_permission_view_role r
join ab_permission_view pv on pv.id = r.permission_view_id
join ab_permission p on p.id = pv.permission_id join ab_view_menu v on v.id = pv.view_menu_id
where r.role_id = any(:roles)
""")
_PAIRS_OF_ROLE = text("""
select distinct p.name, v.name from ab_permission_view_role r join ab_role o on o.id = r.role_id
join ab_permission_view pv on pv.id = r.permission_view_id
join ab_permission p on p.id = pv.permission_id join ab_view_menu v on v.id = pv.view_menu_id
where o.name = :role
""")
PORTAL = "Customer"  # the managed role of people outside: whatever role they are given, they may no more than it
_remembered = {}  # (database, stamp, roles) -> pairs; older stamps are dropped


@dataclass(frozen=True)
class Access:
    """What one user is and may: `pairs` are the framework's (permission, view) names."""

    user_id: int | None
    actor: Actor
    pairs: frozenset
    locale: str = ""
    calendar: str = ""
    digits: str = ""
    timezone: str = ""
    branch_id: int | None = None
    roles: frozenset = frozenset()
    stamp: int | None = None
    row: Any = field(default=None, compare=False, repr=False)  # what the database said, the user's columns included


def view_name(noun):
    """The framework's view name of a noun: order -> Order, price_list -> PriceList."""
    return "".join(part.capitalize() for part in noun.split("_"))


def nobody():
    """A visitor."""
    return Access(None, Actor.nobody(), frozenset())


def of_user(user_id, session, key=""):
    """What the user `user_id` is and may now; unknown or inactive users are nobody.

    :param key: of the session of a cookie: nobody comes with one that was signed out of
    """
    row = session.connection().execute(_WHO, {"user": user_id, "session": key}).mappings().first()
    if row is None or not row["active"] or row["ended"]:
        return nobody()
    pairs = _pairs(session, row["stamp"], tuple(sorted(row["roles"])))
    if row["kind"] == "external":  # whatever role he was given: he acts for his customers, never for the house
        pairs &= _outside(session, row["stamp"])
    actor = _actor(row, pairs)
    return Access(
        user_id=user_id,
        actor=actor,
        pairs=pairs if actor.kind != "nobody" else frozenset(),
        locale=row["locale"] or "",
        calendar=row["calendar"] or "",
        digits=row["digits"] or "",
        timezone=row["timezone"] or row["branch_zone"] or "",
        branch_id=row["branch_id"],
        roles=frozenset(row["roles"]),
        stamp=row["stamp"],
        row=row,
    )


def user_of(found, session):
    """The framework's user behind an access, made of what was read with it: no statement of its own.

    :returns: None for a visitor
    """
    if found.row is None:
        return None
    known = session.identity_map.get(identity_key(User, found.user_id))
    if known is not None:
        return known
    user = User()
    for attribute in User.__mapper__.column_attrs:
        set_committed_value(user, attribute.key, found.row[attribute.columns[0].name])
    make_transient_to_detached(user)
    session.add(user)
    return user


def actor_of(user_id, session):
    """The Actor behind a user, for jobs that act as their requester."""
    return of_user(user_id, session).actor


def _actor(row, pairs):
    def may(permission):
        noun, _, verb = permission.partition(".")
        return (f"can_{verb}", view_name(noun)) in pairs

    kind = row["kind"] or "nobody"
    customers = frozenset(row["customers"]) if kind == "external" else frozenset()
    if kind == "external" and (not customers or row["external_access"] is False):
        kind = "nobody"
    return Actor(
        name=(spoken(row["first_name"], row["last_name"]) or row["username"])[: History.actor.type.length],
        kind=kind,
        user_id=row["id"],
        customers=customers if kind == "external" else frozenset(),
        branches=frozenset(row["branches"]) if row["branches"] is not None and kind == "staff" else None,
        groups=frozenset(row["groups"]) if kind == "external" else frozenset(),
        may=may if kind != "nobody" else lambda permission: False,
        locale=row["locale"] or "en",
    )


def _outside(session, stamp):
    """What people of customers may at most: what the managed role for them holds, its menus included."""
    return _once(session, (stamp, PORTAL), _PAIRS_OF_ROLE, {"role": PORTAL})


def _pairs(session, stamp, roles):
    return _once(session, (stamp, roles), _PAIRS, {"roles": list(roles)})


def _once(session, asked, statement, values):
    """Pairs under a stamp, read once per process; those of older stamps are forgotten."""
    key = (session.get_bind(), *asked)
    found = _remembered.get(key)
    if found is None:
        rows = session.connection().execute(statement, values).all()
        for old in [one for one in _remembered if one[0] == key[0] and one[1] != key[1]]:
            _remembered.pop(old, None)
        found = _remembered[key] = frozenset((permission, view) for permission, view in rows)
    return found
