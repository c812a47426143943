"""Users: staff and external, their roles, the customers they act for, the language they read."""

import re
import secrets

from flask_appbuilder.security.sqla.models import ApiKey, Role, User
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import func, or_, select
from werkzeug.security import generate_password_hash

from app.core import facts, history, passwords, settings
from app.core.errors import BusinessError, NotFound
from app.core.flow import Flow
from app.rules import links, permissions
from models.base import HOUSE_BRANCH
from models.customers import Customer
from models.people import NO_MAIL, PERSONAL, Membership, Person, names_of

FLOW = Flow(
    Person,
    "person",
    states={"invited": _lp("user", "Invited"), "active": _lp("user", "Active"), "inactive": _lp("user", "Inactive")},
    settable=False,
)
PROFILE_FIELDS = ("locale", "calendar", "digits", "timezone", "mobile")
STAFF_FIELDS = (*PROFILE_FIELDS, "away_until")  # of staff: orders are assigned to whoever is there
settings.setting("ALLOW_EXTERNAL_ACCESS", bool, True, _l("Allow external user access"))
settings.setting("USERNAME_PATTERN", settings.pattern, r"[A-Za-z0-9._@+-]{2,64}",
                 _l("Pattern of user names of external users"))  # fmt: skip
settings.setting(
    "PROFILE_EDITABLE_FIELDS", str, " ".join(PROFILE_FIELDS),
    _l("Fields of the profile that external users may change"),
    ("access_group", "system"),
)  # fmt: skip


def create_user(work, username, *, kind, password=None, first_name="", last_name="", email="", roles=(), locale="en",
                branch_id=None, customers=(), access_group=None, groups=(), at_least=passwords.AT_LEAST,
                **more):  # fmt: skip
    """Make a user of ours or of a customer's; without a password he can only come in by a set-password link (X-03).

    :param kind: 'staff' or 'external'
    :param roles: names of roles
    :param customers: the customers an external user acts for
    :param groups: framework groups, whose roles he holds as well
    :param at_least: characters of the password
    :param more: calendar, digits, timezone, mobile, branch_limited
    :raises BusinessError: 'bad_username', 'user_exists', 'password_short', 'unknown_role', 'not_yours'
    """
    username, email = username.strip(), email.strip()
    check_username(username, kind, work)
    check_free(username, email, work)
    user = User(
        username=username, first_name=first_name or username, last_name=last_name, active=True,
        email=email or _no_mail(), password=hashed(password, at_least) if password else unusable(),
        login_count=0, fail_login_count=0,
    )  # fmt: skip
    branch_id = branch_id or (HOUSE_BRANCH if kind == "staff" else None)
    person = Person(user=user, kind=kind, locale=locale, branch_id=branch_id, **more)
    work.session.add(person)
    work.session.flush()
    history.changed(work, person, email=(None, email or None))
    give_roles(person, roles_named(roles, work), groups, work)
    if password:
        FLOW.move(person, "active")
    for customer in customers:
        join(person, customer, access_group, work)
    work.session.flush()
    return user


def create(work, *, password=None, **values):
    """Make a user on the screen; without a password his invitation is ready on save (ACC-22, X-03).

    :returns: the person and the link with which he chooses his password, None where he has one
    """
    check_central(work)
    user = create_user(work, password=password or None, **values)
    person = work.session.get(Person, user.id)
    link = None
    if not password:
        link = _link(person, work)
        facts.publish(work, "person.invite", "person", person)
    return person, link


def change(person, work, *, username, first_name, last_name="", email="", roles=(), groups=(), **values):
    """Change a user's name, address, language, branch, roles and groups.

    :raises BusinessError: as `create_user`, 'last_admin'
    """
    check_over(person, work)
    user, username, email, known = person.user, username.strip(), email.strip(), person.email
    ruled = permissions.rules(person)
    if username != user.username:
        check_username(username, person.kind, work)
    check_free(username, email, work, but=user.id)
    user.username, user.first_name, user.last_name = username, first_name.strip() or username, last_name.strip()
    if email != known:
        user.email = email or _no_mail()
        links.forget(user.id, work)
        history.changed(work, person, email=(known or None, email or None))
    for name, value in values.items():
        setattr(person, name, value)
    give_roles(person, roles_named(roles, work), groups, work)
    work.session.flush()
    if ruled:
        permissions.check_admins(work)


def give_roles(person, roles, groups, work):
    """Let a person hold exactly these roles, beside his own ticks, and be in exactly these groups."""
    user = person.user
    own = [role for role in user.roles if role.name.startswith(PERSONAL)]
    gained = [role for role in roles if role not in user.roles]
    gained += [role for group in groups if group not in user.groups for role in group.roles]
    permissions.check_held(permissions.of_roles(gained), work)
    before = names_of(person.roles), names_of(user.groups)
    user.roles, user.groups = [*own, *roles], list(groups)
    history.changed(work, person, roles=(before[0], names_of(roles)), groups=(before[1], names_of(groups)))


def set_ticks(person, wanted, menus, work):
    """Keep what is ticked for one person as a role of his own (ACC-28, X-05); what his roles give him stays.

    :param wanted: (permission, view) pairs
    :param menus: the menu items that go with all he may then read
    """
    check_over(person, work)
    wanted = set(wanted) - permissions.of_roles(permissions.roles_of(person, but_own=True))
    permissions.check_held(wanted, work)
    name = f"{PERSONAL}{person.id}"
    role = work.session.scalars(select(Role).where(Role.name == name)).first()
    before = permissions.words(permissions.of_roles([role] if role else []))
    if wanted and role is None:
        role = Role(name=name)
        person.user.roles.append(role)
    if wanted:
        permissions.put(role, wanted, menus, work)
    elif role is not None:
        person.user.roles.remove(role)
        work.session.delete(role)
    history.changed(work, person, permissions=(before, permissions.words(wanted)))
    work.session.flush()


# --- memberships -------------------------------------------------------------------------------


def join(person, customer, group, work):
    """Let an external user act for a customer, with the rights and the catalogue of an access group (ACC-21).

    :raises BusinessError: 'not_external', 'already_member'
    """
    if person.kind != "external":
        raise BusinessError("not_external", _l("Only external users act for a customer."), field="customer")
    session, keys = work.session, {"user_id": person.id, "customer_id": customer.id}
    if session.scalars(select(Membership.id).filter_by(**keys)).first() is not None:
        raise BusinessError("already_member", _l("The user acts for this customer already."), field="customer")
    if group is not None:
        for role in roles_named([group.profile], work):
            if role not in person.user.roles:
                give_roles(person, [*person.roles, role], person.user.groups, work)
    session.add(Membership(**keys, access_group=group))
    history.changed(work, person, customers=(None, customer.name), access_group=(None, group and group.name))
    session.flush()
    session.expire(person, ["memberships"])


def leave(person, membership_id, work):
    """End that a user acts for a customer.

    :raises BusinessError: 'not_found'
    """
    check_over(person, work)
    found = work.session.scalars(select(Membership).filter_by(id=membership_id, user_id=person.id)).first()
    if found is None or found.customer is None:  # a customer the actor may not see
        raise NotFound("not_found", _l("There is no such record."))
    history.changed(work, person, customers=(found.customer.name, None))
    work.session.delete(found)
    work.session.flush()
    work.session.expire(person, ["memberships"])


# --- steps -------------------------------------------------------------------------------------


def central_only(person, work):
    """Users are managed by the head office, and never by somebody who may less than they (ACC-27)."""
    check_over(person, work)


def not_himself(person, work):
    """Nobody locks himself out."""
    if person.id == work.actor.user_id:
        raise BusinessError("yourself", _l("You cannot deactivate yourself."))


@FLOW.transition(
    "invite", source={"invited"}, target=None, label=_l("Invite again"), told=_lp("history", "Invited again"),
    icon="fa-envelope", guards=(central_only,),
    ask=_l("Send a new link with which the user chooses a password? Earlier links stop working."),
    ask_many=lambda many, count: ngettext(
        "Send %(count)s user a new link to choose a password? Earlier links stop working.",
        "Send %(count)s users a new link each to choose a password? Earlier links stop working.",
        many, count=count,
    ),
)  # fmt: skip
def invite(person, work):
    """A new link for somebody who has not chosen a password yet."""
    _link(person, work)


@FLOW.transition(
    "reset", source={"active"}, target=None, label=_l("Reset password"),
    told=_lp("history", "Link to a new password sent"), icon="fa-key", guards=(central_only,),
    ask=_l("Send a link with which the user chooses a new password?"),
    ask_many=lambda many, count: ngettext(
        "Send %(count)s user a link to choose a new password?",
        "Send %(count)s users a link each to choose a new password?",
        many, count=count,
    ),
)  # fmt: skip
def reset(person, work):
    """A link to a new password; the old one works until the link is used."""
    _link(person, work)


@FLOW.transition(
    "deactivate", source={"invited", "active"}, target="inactive", label=_l("Deactivate"),
    told=_lp("history", "Deactivated"), icon="fa-user-slash", style="danger", guards=(central_only, not_himself),
    ask=_l("The user is signed out everywhere and can no longer sign in. API keys of the user stop working for good."),
    ask_many=lambda many, count: ngettext(
        "%(count)s user is signed out everywhere and can no longer sign in. API keys stop working for good.",
        "%(count)s users are signed out everywhere and can no longer sign in. API keys stop working for good.",
        many, count=count,
    ),
)  # fmt: skip
def deactivate(person, work):
    """He can no longer sign in; what he did stays. Should he come back, he signs in anew and makes new API keys."""
    person.user.active = False
    person.session_round += 1
    links.forget(person.id, work)
    revoke_keys(person, work)
    work.session.flush()
    if permissions.rules(person):
        permissions.check_admins(work)


@FLOW.transition("activate", source={"inactive"}, target="active", label=_l("Activate"),
                 told=_lp("history", "Activated"), icon="fa-user-check", style="primary",
                 guards=(central_only,))  # fmt: skip
def activate(person, work):
    """He may sign in again, with the password he had."""
    person.user.active = True


def _link(person, work):
    return links.make(person.id, work)


# --- passwords ---------------------------------------------------------------------------------


def choose_password(person, password, work):
    """Give a person a new password: he is signed out everywhere, and API keys made with the old one are over."""
    with work.doing("person.password"):
        person.user.password = hashed(password)
        person.session_round += 1
        if person.state == "invited":
            FLOW.move(person, "active")
        links.forget(person.id, work)
        revoke_keys(person, work)
        history.record(work, person, "person.password")
        work.session.flush()


def revoke_keys(person, work):
    """End the API keys a person has made; who might have got hold of one loses it with the password."""
    keys = work.session.scalars(select(ApiKey).where(ApiKey.user_id == person.id, ApiKey.revoked_on.is_(None))).all()
    for key in keys:
        key.active, key.revoked_on = False, work.now.replace(tzinfo=None)
    history.changed(work, person, api_keys=(", ".join(sorted(key.name for key in keys)) or None, None))


def forgotten(work, given):
    """Somebody who cannot sign in asks for a link; whether there is such an account is never told (ACC-11)."""
    user = find_user(given, work)
    person = work.session.get(Person, user.id) if user is not None else None
    if person is None or not person.email or person.state == "inactive" or not user.active:
        return
    FLOW.run_one("invite" if person.state == "invited" else "reset", person)


def find_user(given, work):
    """The user with this user name, e-mail address or mobile number (X-02), if it can only be one."""
    wanted = (given or "").replace("\0", "").strip().lower()[:200]
    if not wanted:
        return None
    named, mailed = func.lower(User.username) == wanted, func.lower(User.email) == wanted
    called = User.id.in_(select(Person.id).where(Person.mobile == re.sub(r"[\s()/-]", "", wanted), Person.mobile != ""))
    found = work.session.scalars(
        select(User).where(or_(named, mailed, called)).order_by(named.desc(), mailed.desc(), User.id).limit(2)
    ).all()
    sure = len(found) == 1 or (found and wanted in (found[0].username.lower(), found[0].email.lower()))
    return found[0] if sure else None


def hashed(password, at_least=passwords.AT_LEAST):
    """The stored form of a password.

    :raises BusinessError: 'password_short', 'password_long'
    """
    fault = passwords.fault(password, at_least)
    if fault == "short":
        text = _l("A password has at least %(count)s characters.", count=at_least)
        raise BusinessError("password_short", text, field="password")
    if fault == "long":
        text = _l("A password has at most %(count)s characters.", count=passwords.AT_MOST)
        raise BusinessError("password_long", text, field="password")
    return generate_password_hash(password)


def unusable():
    """A stored form no password has."""
    return f"!{secrets.token_hex(16)}"


# --- checks ------------------------------------------------------------------------------------


def check_username(username, kind, work):
    """Refuse user names the setting does not allow (X-02); staff are not bound by it."""
    pattern = settings.get("USERNAME_PATTERN", work) if kind == "external" else r"[^\s\x00-\x1f]{1,64}"
    if not re.fullmatch(pattern, username):
        raise BusinessError("bad_username", _l("This user name is not allowed."), field="username")


def check_free(username, email, work, but=None):
    """Refuse a user name or address that somebody else has, in whatever case."""
    names = [one.lower() for one in (username, email) if one]
    statement = select(User).where(or_(func.lower(User.username).in_(names), func.lower(User.email).in_(names)))
    for other in work.session.scalars(statement):
        if other.id != but:
            field = "username" if other.username.lower() == username.lower() else "email"
            raise BusinessError("user_exists", _l("There is such a user already."), field=field)


def check_central(work):
    """Users are managed by those who see the whole house.

    :raises BusinessError: 'central_only'
    """
    if work.actor.branches is not None:
        raise BusinessError("central_only", _l("Users are managed by the head office."))


def check_over(person, work):
    """Nobody changes the account of somebody who may more than he."""
    check_central(work)
    permissions.check_held(permissions.of_roles(permissions.roles_of(person)), work)


def roles_named(names, work):
    """The roles of these names.

    :raises BusinessError: 'unknown_role'
    """
    found = list(work.session.scalars(select(Role).where(Role.name.in_(list(names))).order_by(Role.id)))
    if len(found) != len(set(names)):
        raise BusinessError("unknown_role", _l("There is no such role."), field="roles")
    return found


def editable_fields(person, work):
    """The fields of his profile that a person may change (X-04); in several access groups what all of them allow."""
    if person.kind == "staff":
        return STAFF_FIELDS
    groups = {one.access_group_id for one in person.memberships if one.access_group_id} or {None}
    lists = [settings.get("PROFILE_EDITABLE_FIELDS", work, access_group=one).split() for one in groups]
    return tuple(name for name in PROFILE_FIELDS if all(name in one for one in lists))


def _no_mail():
    return f"{secrets.token_hex(6)}@{NO_MAIL}"


def customers_of(person, work):
    """The customers an external user acts for, as far as the actor sees them."""
    mine = select(Membership.customer_id).where(Membership.user_id == person.id)
    return work.session.scalars(select(Customer).where(Customer.id.in_(mine)).order_by(Customer.name)).all()
