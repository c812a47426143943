"""One unit of work around every request: who asks, in which language; only doors commit, the rest rolls back."""

import re
from datetime import UTC, datetime

from flask import abort, current_app, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_jwt_extended import get_jwt_identity, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import current_user
from jwt.exceptions import PyJWTError

from app import access, answers, idempotency, menu, pieces, wording
from app.core import scope
from app.core.errors import Malformed
from app.core.localized import direction, html_lang, match_locale
from app.core.readable import of_this_site, storable
from app.core.work import Work, begin, end
from app.extensions import csrf, db
from app.reading import is_api, locale, reader

QUIET = frozenset({"static", "appbuilder.static", "language", "health.health", "health.metrics"})  # no user, no work


def before(app):
    """What happens first in every request; registered before the framework's own hooks."""

    @app.before_request
    def open_work():
        if request.endpoint in QUIET:
            return None
        user_id = _signed_in()
        found = _access(user_id)
        g.access = found
        source = "rest" if is_api() else "screen"
        work = Work(found.actor, db.session(), datetime.now(UTC), source, stamp=found.stamp)
        g.work, g.work_token = work, begin(work)
        scope.adopt(work)
        _forbid_forgery()
        _refuse_unstorable()
        programs = is_api() or request.is_json  # our own scripts save orders as programs do
        return idempotency.before(work) if request.method == "POST" and programs else None

    @app.teardown_request
    def close_work(error):
        if "work_token" in g:
            db.session.rollback()  # what no door has committed did not happen
            end(g.pop("work_token"))

    @app.route("/lang/<locale>", endpoint="language")
    def language(locale):
        found = match_locale(locale)
        if found.partition("_")[0] != locale.lower().replace("-", "_").partition("_")[0]:
            abort(404)
        session["locale"] = found
        back = request.args.get("next", "")
        return redirect(back if of_this_site(back) else url_for("HomeView.index"))


def after(app):
    """What needs the framework to stand: languages, answers to errors, words for templates."""
    app.extensions["babel"].locale_selector = locale
    app.extensions["babel"].timezone_selector = lambda: reader().tz
    wording.init(app)
    pieces.init(app)
    answers.init(app)
    app.after_request(idempotency.after)

    app.jinja_env.globals.update(
        appbuilder=app.appbuilder,
        base_template=app.appbuilder.base_template,
        html_lang=lambda: html_lang(locale()),
        html_dir=lambda: direction(locale()),
        reader=reader,
        menu_sections=menu.sections,
        actor=lambda: g.work.actor if "work" in g else None,
    )


def _access(user_id):
    """What the user may do, as it was read when he was recognised."""
    read = g.pop("read_access", None)
    if read is not None and read.user_id == user_id:
        return read
    return access.of_user(user_id, db.session) if user_id else access.nobody()


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
        known = verify_jwt_in_request()  # None where the library does not look: OPTIONS
        return int(get_jwt_identity()) if known else None
    except (JWTExtendedException, PyJWTError, ValueError):
        raise answers.Unauthorized from None


_ESCAPES = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)  # what JSON may hide in plain letters


def _refuse_unstorable():
    """A text with NUL or half a character in it can be stored nowhere: no door gets to see one.

    :raises Malformed: 'bad_value' naming the field
    """
    found = next((name for name, value in _texts_sent() if not storable(name + value)), None)
    if found is not None:
        name = "".join(one for one in found if storable(one))
        text = _("This text is too long or not valid: %(field)s.", field=name)
        raise Malformed("bad_value", text, field=name)


def _texts_sent():
    """(name of the field, text) of everything the request says."""
    yield from request.args.items(multi=True)
    yield from request.form.items(multi=True)
    if request.is_json and _ESCAPES.search(request.get_data(cache=True)):
        yield from _texts_in(request.get_json(silent=True), "")


def _texts_in(value, name):
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts_in(one, key)
            yield key, ""
    elif isinstance(value, list):
        for one in value:
            yield from _texts_in(one, name)


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
