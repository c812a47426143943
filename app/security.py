"""The framework's security manager, taught our access, our sign-in limits and our error shape."""

from datetime import UTC, datetime, timedelta

from flask import abort, current_app, g, request
from flask_appbuilder.security.sqla.manager import SecurityManager as FrameworkSecurity
from sqlalchemy import delete, func, select

from app import access
from models.people import FailedSignIn


class SecurityManager(FrameworkSecurity):
    """Permissions come from `app.access`, read once per request; staff and external are facts, not roles."""

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

    def load_user_jwt(self, _jwt_header, jwt_data):
        user = self.load_user(jwt_data["sub"])
        if user is not None:
            g.user = user
        return user

    def validate_api_key(self, api_key_string):
        known = g.setdefault("api_keys", {})
        if api_key_string not in known:
            known[api_key_string] = super().validate_api_key(api_key_string)
        return known[api_key_string]

    def auth_user_db(self, username, password):
        """Sign in by user name or e-mail; too many failures of an account or an address wait (429)."""
        keys = _keys(username)
        if _failures(self.session, keys) >= current_app.config["SIGN_IN_ATTEMPTS"]:
            abort(429)
        user = super().auth_user_db(username, password)
        if user is None:
            now = datetime.now(UTC)
            self.session.rollback()
            self.session.add_all(FailedSignIn(kind=kind, key=key, at=now) for kind, key in keys)
        else:
            account = keys[0]
            self.session.execute(delete(FailedSignIn).filter_by(kind=account[0], key=account[1]))
        self.session.commit()
        return user

    def noop_user_update(self, user):
        """The framework writes to the first user so that unknown names take as long; the hash does that."""

    def get_first_user(self):
        return None


def _keys(username):
    return ("account", (username or "").strip().lower()[:200]), ("address", (request.remote_addr or "")[:200])


def _failures(session, keys):
    since = datetime.now(UTC) - timedelta(seconds=current_app.config["SIGN_IN_WINDOW"])
    counts = []
    for (kind, key), weight in zip(keys, (1, 10), strict=True):  # an address may be a whole office
        found = session.scalar(
            select(func.count()).select_from(FailedSignIn).where(
                FailedSignIn.kind == kind, FailedSignIn.key == key, FailedSignIn.at > since)
        )  # fmt: skip
        counts.append(found // weight)
    return max(counts)
