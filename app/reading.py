"""Who reads the answer that is being made: language, calendar, digits, time zone."""

from flask import g, has_request_context, request, session

from app import access
from app.core.localized import DEFAULT, LOCALES, Reader, match_locale
from app.core.work import current_or_none


def is_api():
    """Whether a program is asking, which gets JSON, as opposed to a person."""
    return request.path.startswith("/api/")


def locale():
    """The language of the answer: ?lang=, the choice made here, the person's own, the browser's.

    Outside a request (job, shell) it is the actor's.
    """
    if not has_request_context():
        work = current_or_none()
        return work.actor.locale if work and work.actor.locale in LOCALES else DEFAULT
    if "locale" not in g:
        g.locale = _locale()
    return g.locale


def _locale():
    asked = request.args.get("lang")
    if asked:
        return asked if asked in LOCALES else match_locale(asked)
    if is_api() and request.headers.get("Accept-Language"):
        return match_locale(request.headers["Accept-Language"])
    chosen = session.get("locale")
    if chosen in LOCALES:
        return chosen
    own = g.access.locale if "access" in g else ""
    return own if own in LOCALES else match_locale(request.headers.get("Accept-Language"))


def reader():
    """Language, calendar, digits and time zone of whoever reads the answer."""
    if not has_request_context():
        return Reader(locale())
    if "reader" not in g:
        found = g.get("access") or access.nobody()
        same = not found.locale or found.locale == locale()
        g.reader = Reader(
            locale(), found.calendar if same else "", found.digits if same else "", found.timezone
        )
    return g.reader

