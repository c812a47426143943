"""Every error has one shape for programs and one page for people; none shows a trace, SQL or a path."""

import logging

from flask import current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app import access
from app.core.errors import BusinessError, OutsideScope
from app.extensions import db

log = logging.getLogger(__name__)
RETRY_AFTER = 5  # seconds after which it is worth asking again; the supervisor starts a dead database within them


class Unauthorized(HTTPException):
    """The credentials of this request are missing, wrong or too old."""

    code = 401
    description = "Unauthorized"


def texts():
    """What a status means in words, in the reader's language."""
    return {
        400: ("malformed", _("The request is not well formed.")),
        401: ("unauthorized", _("Sign in first.")),
        403: ("not_permitted", _("You are not permitted to do this.")),
        404: ("not_found", _("There is no such record.")),
        405: ("method_not_allowed", _("This address does not take that kind of request.")),
        409: ("conflict", _("Somebody else changed this record meanwhile. Look at it again, then repeat the step.")),
        413: ("too_large", _("What you sent is too large.")),
        415: ("malformed", _("Send the data as JSON.")),
        422: ("refused", _("The data cannot be used as they are.")),
        429: ("too_many_attempts", _("Too many attempts. Wait a while, then try again.")),
        500: ("internal", _("Something went wrong on our side. It has been recorded.")),
        503: ("unavailable", _("The database cannot be reached at the moment. Nothing was changed. Try again soon.")),
    }


def shape(code, message, details=None):
    """The contract's error: a stable code, words for people, details for programs."""
    return {"error": code, "message": str(message), "details": details or {}}


def answer(status, code=None, message=None, details=None):
    """An error answer in the asker's form: JSON for programs, a page for people."""
    default_code, default_text = texts().get(status, texts()[500 if status >= 500 else 400])
    code, message = code or default_code, message or default_text
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return jsonify(shape(code, message, details)), status
    return render_template("house/error.html", status=status, code=code, message=message), status


def refusal_of(error):
    """A database's refusal in the house's words, or None when it is no refusal.

    23505 duplicate and 23503 reference become 422, 23514 check 422, 42501 (row security) 404.
    """
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == "23505":
        return BusinessError("duplicate", _("Such a record exists already."))
    if state == "23503":
        return BusinessError("bad_reference", _("It refers to a record that is not there, or is still referred to."))
    if state in ("23514", "23502", "22001", "22003", "22P02", "22007", "22008", "22021"):
        return BusinessError("bad_value", _("One of the values is not possible."))
    if state == "42501":
        return BusinessError("not_found", _("There is no such record."))
    return None


def out_of_reach(error):
    """Whether the database did not answer at all, as opposed to refusing a statement."""
    if isinstance(error, PoolTimeout):
        return True  # as many requests are busy as there are connections
    state = getattr(error.orig, "sqlstate", None) or ""
    no_connection = error.statement is None and error.orig is not None
    return error.connection_invalidated or no_connection or state.startswith(("08", "57P", "53300"))


def unavailable(error):
    """503 with the time to wait; what would ask the database who is looking is told it is nobody."""
    log.error("the database is out of reach: %s", type(getattr(error, "orig", None) or error).__name__)
    g.access, g._login_user = access.nobody(), current_app.login_manager.anonymous_user()
    response = current_app.make_response(answer(503))
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _wrong_method(error):
    """The router says "not there" of the wrong method where an address lacks its last slash: say which ones fit."""
    if error.code != 404 or request.routing_exception is None or request.path.endswith("/"):
        return error
    fitting = request_ctx.url_adapter.allowed_methods(f"{request.path}/")
    return MethodNotAllowed(valid_methods=fitting) if fitting else error


def init(app):
    """Register one handler for each kind of thing that can go wrong."""

    @app.errorhandler(BusinessError)
    def refused(error):
        db.session.rollback()
        return answer(error.status, error.code, error.message, error.details)

    @app.errorhandler(CSRFError)
    def forged(error):
        return answer(400, "csrf", _("This page is out of date. Reload it, then try again."))

    @app.errorhandler(Unauthorized)
    def unknown(error):
        said = None if error.description == Unauthorized.description else error.description
        return answer(401, message=said)

    @app.errorhandler(HTTPException)
    def http(error):
        if error.code is not None and error.code < 400:
            return error
        if error.code == 401 and not request.path.startswith("/api/"):
            flash(_("Sign in first."), "warning")
            return redirect(url_for("AuthDBView.login", next=request.full_path))
        error = _wrong_method(error)
        response = current_app.make_response(answer(error.code or 500))
        if getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        if error.code == 429:
            response.headers["Retry-After"] = str(getattr(error, "retry_after", None) or RETRY_AFTER)
        return response

    @app.errorhandler(StaleDataError)
    def stale(error):
        db.session.rollback()
        return answer(409, "stale")

    @app.errorhandler(OutsideScope)
    def outside(error):
        log.warning("outside scope: %s", error)
        db.session.rollback()
        return answer(404)

    @app.errorhandler(DBAPIError)
    def database(error):
        db.session.rollback()
        if out_of_reach(error):
            return unavailable(error)
        found = refusal_of(error)
        if found is None:
            log.error("database: %s", type(error.orig).__name__, exc_info=error)
            return answer(500)
        status = 404 if found.code == "not_found" else found.status
        return answer(status, found.code, found.message)

    @app.errorhandler(PoolTimeout)
    def busy(error):
        return unavailable(error)

    @app.errorhandler(Exception)
    def broken(error):
        log.exception("unexpected")
        db.session.rollback()
        return answer(500)

    app.after_request(_in_our_shape)
    _tokens(app)


def _in_our_shape(response):
    """What the framework's own doors refuse, said as all others say it; what they say of fields goes to the details."""
    if response.status_code < 400 or not request.path.startswith("/api/") or not response.is_json:
        return response
    said = response.get_json(silent=True)
    if isinstance(said, dict) and "error" not in said:
        code, text = texts().get(response.status_code, texts()[400])
        fields = said.get("message") if isinstance(said.get("message"), dict) else {}
        response.set_data(current_app.json.dumps(shape(code, text, fields)))
    return response


def _tokens(app):
    """Answers of the token library, in our shape."""
    manager = app.appbuilder.sm.jwt_manager
    for hook in (manager.unauthorized_loader, manager.invalid_token_loader):
        hook(lambda reason: answer(401))
    for hook in (manager.expired_token_loader, manager.revoked_token_loader, manager.user_lookup_error_loader):
        hook(lambda header, data: answer(401))


