"""Users: staff and external, their roles, the customers they act for, the language they read."""

import re
import secrets

from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select
from werkzeug.security import generate_password_hash

from app.core import settings
from app.core.errors import BusinessError
from models.base import HOUSE_BRANCH
from models.people import Membership, Person

NO_MAIL = "no-mail.invalid"  # an account without an e-mail address; never shown, never mailed
PASSWORD_AT_LEAST = 8
settings.setting("ALLOW_EXTERNAL_ACCESS", bool, True, _l("Allow external user access"))
settings.setting("USERNAME_PATTERN", str, r"[A-Za-z0-9._@+-]{2,64}", _l("Pattern of user names of external users"))


def create_user(work, username, *, kind, password=None, first_name="", last_name="", email="", roles=(), locale="en",
                branch_id=None, customers=(), access_group=None):  # fmt: skip
    """Make a user of ours or of a customer's; without a password he can only come in by a set-password link (X-03).

    :param kind: 'staff' or 'external'
    :param roles: names of roles
    :param customers: the customers an external user acts for
    :raises BusinessError: 'bad_username', 'user_exists', 'password_short', 'unknown_role'
    """
    username = username.strip()
    check_username(username, kind, work)
    taken = select(User.id).where(or_(func.lower(User.username) == username.lower(), User.email == email or None))
    if work.session.scalars(taken).first() is not None:
        raise BusinessError("user_exists", _l("There is such a user already."), field="username")
    user = User(
        username=username, first_name=first_name or username, last_name=last_name, active=True,
        email=email or f"{secrets.token_hex(6)}@{NO_MAIL}", password=hashed(password) if password else unusable(),
        login_count=0, fail_login_count=0,
    )  # fmt: skip
    user.roles = roles_named(roles, work)
    work.session.add(user)
    work.session.flush()
    person = Person(id=user.id, kind=kind, locale=locale, branch_id=branch_id or (HOUSE_BRANCH if kind == "staff" else None))
    work.session.add(person)
    for customer in customers:
        work.session.add(Membership(user_id=user.id, customer_id=customer.id, access_group=access_group))
    work.session.flush()
    return user


def check_username(username, kind, work):
    """Refuse user names the setting does not allow (X-02); staff are not bound by it."""
    pattern = settings.get("USERNAME_PATTERN", work) if kind == "external" else r"[^\s\x00-\x1f]{1,64}"
    if not re.fullmatch(pattern, username):
        raise BusinessError("bad_username", _l("This user name is not allowed."), field="username")


def roles_named(names, work):
    """The roles of these names.

    :raises BusinessError: 'unknown_role'
    """
    found = list(work.session.scalars(select(Role).where(Role.name.in_(list(names)))))
    if len(found) != len(set(names)):
        raise BusinessError("unknown_role", _l("There is no such role."), field="roles")
    return found


def hashed(password):
    """The stored form of a password.

    :raises BusinessError: 'password_short'
    """
    if len(password) < PASSWORD_AT_LEAST:
        text = _l("A password has at least %(count)s characters.", count=PASSWORD_AT_LEAST)
        raise BusinessError("password_short", text, field="password")
    return generate_password_hash(password)


def unusable():
    """A stored form no password has."""
    return f"!{secrets.token_hex(16)}"
