"""The framework's security manager, taught our access, our sign-in limits and our error shape."""

import hashlib
import math
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from flask import current_app, g, has_request_context, jsonify, request, session
from flask_appbuilder.api import expose
from flask_appbuilder.security.api import SecurityApi as FrameworkApi
from flask_appbuilder.security.sqla.apis import ApiKeyApi
from flask_appbuilder.security.sqla.manager import SecurityManager as FrameworkSecurity
from flask_babel import gettext as _
from flask_jwt_extended import create_access_token, create_refresh_token
from flask_login import login_user, logout_user
from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from werkzeug.exceptions import TooManyRequests
from werkzeug.security import check_password_hash, generate_password_hash

from app import access
from app.answers import Unauthorized
from app.core import passwords, secret
from app.core.errors import Malformed
from app.extensions import db
from app.rules import people
from models.people import EndedSession, FailedSignIn

ASKS, ASKS_PER_ADDRESS = 5, 30  # requests for a new password in a window, per account and per address
_FAKE = generate_password_hash("nobody has this password")  # what unknown names are checked against


class SecurityApi(FrameworkApi):
    """Sign in over REST for a token; errors in the house's shape (contract, REST)."""

    @expose("/login", methods=["POST"])
    def login(self):
        given = request.get_json(silent=True)
        if not isinstance(given, dict) or not all(isinstance(given.get(one), str) for one in ("username", "password")):
            raise Malformed("malformed", _("Send user name and password as JSON."))
        if given.get("provider", "db") != "db":
            raise Malformed("malformed", _("The only provider is “db”."), field="provider")
        user = self.appbuilder.sm.auth_user_db(given["username"], given["password"])
        if user is None:
            raise Unauthorized(_("The user name or the password is wrong."))
        answer = {"access_token": create_access_token(identity=str(user.id), fresh=True)}
        if given.get("refresh"):
            answer["refresh_token"] = create_refresh_token(identity=str(user.id))
        return jsonify(answer)

    login.__doc__ = FrameworkApi.login.__doc__


class SecurityManager(FrameworkSecurity):
    """Permissions come from `app.access`, read once per request; staff and external are facts, not roles."""

    security_api = SecurityApi

    def register_views(self):
        """Of the framework's own doors only tokens and API keys: people, roles and groups have screens of ours.

        Said here and not by the framework's FAB_ADD_SECURITY_* settings, which know no choice between these.
        """
        self.appbuilder.add_api(self.security_api)
        self.appbuilder.add_api(ApiKeyApi)

    @staticmethod
    def before_request():
        """`app.http` has found out who is asking before the framework does."""

    def has_access(self, permission_name, view_name):
        found = g.get("access")
        return found is not None and (permission_name, view_name) in found.pairs

    def is_item_public(self, permission_name, view_name):
        return False  # no function without signing in (ACC-02)

    def _has_view_access(self, user, permission_name, view_name):
        found = g.get("access")
        if found is None or found.user_id != user.id:
            found = access.of_user(user.id, self.session)
        return (permission_name, view_name) in found.pairs

    def _get_user_permission_view_menus(self, user, permission_name, view_menus_name):
        found = g.get("access")
        pairs = found.pairs if found else ()
        return {view for permission, view in pairs if permission == permission_name}

    # --- who comes back ------------------------------------------------------------------------

    def load_user(self, pk):
        """The user of a cookie; not one who has signed out, changed his password since, or was deactivated."""
        key = session.get("key", "") if has_request_context() else ""
        user = self._known(pk, key)
        if user is None or (has_request_context() and not (key and session.get("stamp") == stamp(user))):
            return None
        return user

    def _known(self, pk, key=""):
        """An active user, read together with what he may do: the request asks for that next."""
        g.read_access = access.of_user(int(pk), self.session, key)
        return access.user_of(g.read_access, self.session)

    def create_jwt_manager(self, app):
        manager = super().create_jwt_manager(app)
        manager.additional_claims_loader(lambda identity: {"stamp": stamp(self.get_user_by_id(int(identity)))})
        return manager

    def load_user_jwt(self, _jwt_header, jwt_data):
        user = self._known(jwt_data["sub"])
        if user is None or jwt_data.get("stamp") != stamp(user):
            return None
        g.user = user
        return user

    def validate_api_key(self, api_key_string):
        known = g.setdefault("api_keys", {})
        if api_key_string not in known:
            known[api_key_string] = super().validate_api_key(api_key_string)
        return known[api_key_string]

    # --- who comes in --------------------------------------------------------------------------

    def auth_user_db(self, username, password):
        """Sign in by user name, e-mail or mobile number; who fails too often waits (429).

        Unknown, inactive and invited accounts cost the same work and get the same answer as a wrong password.
        """
        most = current_app.config["SIGN_IN_ATTEMPTS"]
        account, address = _key(username), request.remote_addr or ""
        tried = attempt(  # an office shares an address, and nobody may lock a colleague out from elsewhere
            self.session, ("pair", f"{address} {account}", most), ("account", account, 10 * most),
            ("address", address, 10 * most),
        )  # fmt: skip
        user = people.find_user(username, g.work)
        usable = user is not None and user.is_active and user.password and not user.password.startswith("!")
        right = check_password_hash(user.password if usable else _FAKE, (password or "")[: passwords.AT_MOST + 1])
        if not (usable and right and password):
            self.session.commit()
            return None
        succeeded(self.session, tried)
        user.last_login, user.login_count = g.work.now.replace(tzinfo=None), (user.login_count or 0) + 1
        self.session.commit()
        return user


def stamp(user):
    """What ties a session to the password and the round it began with: another one, and it is over everywhere."""
    if user is None:
        return ""
    read = g.get("read_access")
    same = read is not None and read.user_id == user.id  # read with the user: no statement of its own
    rounds = read.row["session_round"] if same else user.person and user.person.session_round
    return secret.mark("session", user.id, user.password, rounds or 0)


def enter(user):
    """Begin a session for a user; whatever the browser brought along from before is dropped."""
    leave()
    login_user(user, remember=False)
    session["stamp"], session["key"] = stamp(user), token_hex(16)


def leave():
    """End the session, for copies of its cookie too; only the chosen language stays."""
    kept, key = session.get("locale"), session.get("key")
    if key:
        ended = insert(EndedSession).values(key=key, at=datetime.now(UTC)).on_conflict_do_nothing()
        db.session.execute(ended)
        db.session.commit()
    logout_user()
    session.clear()
    if kept:
        session["locale"] = kept


def attempt(opened, *limits):
    """Count an attempt against each (kind, key, most) and commit it; too many answer 429 with the time to wait.

    Counted before the password is looked at, so that many at once are not more than one by one.

    :returns: the ids of what was counted, for whoever succeeds
    """
    now, window = datetime.now(UTC), timedelta(seconds=current_app.config["SIGN_IN_WINDOW"])
    since = now - window
    rows = [FailedSignIn(kind=kind, key=_short(key), at=now) for kind, key, _most in limits]
    opened.add_all(rows)
    opened.commit()
    ids = [row.id for row in rows]
    for kind, key, most in limits:
        found = opened.scalars(
            select(FailedSignIn.at).where(
                FailedSignIn.kind == kind, FailedSignIn.key == _short(key), FailedSignIn.at > since)
            .order_by(FailedSignIn.at)
        ).all()  # fmt: skip
        if len(found) > most:
            opened.execute(delete(FailedSignIn).where(FailedSignIn.id.in_(ids)))  # waiting is not made longer by asking
            opened.commit()
            left = found[len(found) - most - 1] + window - now  # then one more is not too many
            raise TooManyRequests(retry_after=max(math.ceil(left.total_seconds()), 1))
    return ids


def succeeded(opened, ids):
    """Forget the attempt that was right, and those of the same account from the same address before it."""
    mine = select(FailedSignIn.kind, FailedSignIn.key).where(FailedSignIn.id == ids[0]).subquery()
    opened.execute(delete(FailedSignIn).where(FailedSignIn.id.in_(ids[1:])))
    opened.execute(delete(FailedSignIn).where(tuple_(FailedSignIn.kind, FailedSignIn.key).in_(select(mine))))


def _key(username):
    return (username or "").replace("\0", "").strip().lower()


def _short(key):
    return key if len(key) <= 120 else hashlib.sha256(key.encode()).hexdigest()
