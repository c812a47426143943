"""One unit of work around every request: who asks, in which language; only doors commit, the rest rolls back."""

from datetime import UTC, datetime

from flask import abort, current_app, g, redirect, request, session, url_for
from flask_jwt_extended import get_jwt_identity, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import current_user
from jwt.exceptions import PyJWTError

from app import access, answers, idempotency, wording
from app.core import scope
from app.core.localized import LOCALES, direction, html_lang
from app.core.work import Work, begin, end
from app.extensions import csrf, db
from app.reading import is_api, locale, reader

QUIET = frozenset({"static", "appbuilder.static", "health.health", "health.metrics"})  # no user, no work


def before(app):
    """What happens first in every request; registered before the framework's own hooks."""

    @app.before_request
    def open_work():
        if request.endpoint in QUIET:
            return None
        user_id = _signed_in()
        found = access.of_user(user_id, db.session) if user_id else access.nobody()
        g.access = found
        work = Work(found.actor, db.session(), datetime.now(UTC), source="rest" if is_api() else "screen")
        g.work, g.work_token = work, begin(work)
        scope.adopt(work)
        _forbid_forgery()
        programs = is_api() or request.is_json  # our own scripts save orders as programs do
        return idempotency.before(work) if request.method == "POST" and programs else None

    @app.teardown_request
    def close_work(error):
        if "work_token" in g:
            db.session.rollback()  # what no door has committed did not happen
            end(g.pop("work_token"))

    @app.route("/lang/<locale>", endpoint="language")
    def language(locale):
        if locale not in LOCALES:
            abort(404)
        session["locale"] = locale
        back = request.args.get("next", "")
        here = back.startswith("/") and not back.startswith(("//", "/\\")) and not back.startswith("/lang/")
        return redirect(back if here else url_for("HomeView.index"))


def after(app):
    """What needs the framework to stand: languages, answers to errors, words for templates."""
    app.extensions["babel"].locale_selector = locale
    app.extensions["babel"].timezone_selector = lambda: reader().tz
    wording.init(app)
    answers.init(app)
    app.after_request(idempotency.after)

    app.jinja_env.globals.update(
        appbuilder=app.appbuilder,
        base_template=app.appbuilder.base_template,
        html_lang=lambda: html_lang(locale()),
        html_dir=lambda: direction(locale()),
        reader=reader,
        actor=lambda: g.work.actor if "work" in g else None,
    )


def _signed_in():
    """The user who asks: by API key, bearer token or cookie; found before any work opens."""
    header = request.headers.get("Authorization", "")
    if is_api() and header.lower().startswith("bearer "):
        return _by_header()
    if current_user.is_authenticated:
        g.user = current_user._get_current_object()
        return g.user.id
    g.user = current_user
    return None


def _by_header():
    manager = current_app.appbuilder.sm
    key = manager.extract_api_key_from_request()
    if key is not None:
        user = manager.validate_api_key(key)
        if user is None or not user.is_active:
            raise answers.Unauthorized
        g.user, g._api_key_user = user, True
        return user.id
    if request.path in ("/api/v1/security/login", "/api/v1/security/refresh"):
        g.user = current_user
        return None  # the framework reads refresh tokens there itself
    try:
        verify_jwt_in_request()
        return int(get_jwt_identity())
    except (JWTExtendedException, PyJWTError, ValueError):
        raise answers.Unauthorized from None


def _forbid_forgery():
    """A cookie alone never changes anything; a bearer token without a cookie cannot be forged (trap 5)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    cookie = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    if is_api() and not cookie:
        return
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    csrf.protect()
