"""Who reads the answer that is being made: language, calendar, digits, time zone; and what is said to him."""

import re
from decimal import Decimal

from flask import g, has_request_context, request, session
from flask.globals import app_ctx
from flask_babel import Domain, get_locale

from app import access
from app.core.localized import DEFAULT, LOCALES, Reader, format_number, local, match_locale
from app.core.work import current, current_or_none

WHOLE = re.compile(r"%\((\w+)\)d")  # a figure that would be written in Latin digits whatever the reader wants


def is_api():
    """Whether a program is asking, which gets JSON, as opposed to a person."""
    return request.path.startswith("/api/")


def locale():
    """The language of the answer: ?lang=, the choice made here, the person's own, the browser's.

    Outside a request (job, shell) it is the actor's, or the one in which a job reads for somebody.
    """
    if not has_request_context():
        if app_ctx and "locale" in g:
            return g.locale
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
    if app_ctx and "reader" in g:
        return g.reader
    if not has_request_context():
        return Reader(locale())
    g.reader = _reader(g.get("access") or access.nobody(), locale())
    return g.reader


def today():
    """The day it is on the clock of whoever reads the answer."""
    return local(current().now, reader()).date()


def read_for(found, language):
    """Let a job write what somebody reads as his pages would: in a language, with his own calendar and time zone.

    :param found: his `Access`
    """
    g.locale, g.reader = language, _reader(found, language)


def _reader(found, language):
    """Whoever reads a language that is not his own gets its usual calendar and digits."""
    same = not found.locale or found.locale == language
    return Reader(language, found.calendar if same else "", found.digits if same else "", found.timezone)


class Catalogue(Domain):
    """The catalogue in the reader's language, found once per request and language, not once per word."""

    def get_translations(self):
        held = app_ctx.g.get("_flask_babel") if app_ctx else None
        known, found = getattr(held, "serai_words", (None, None))
        if found is None or known is not held.babel_locale:
            found = super().get_translations()
            if app_ctx:
                held = app_ctx.g._flask_babel
                held.serai_words = held.babel_locale, found
        return found

    def gettext(self, string, **values):
        return _said(self.get_translations().ugettext(string), values)

    def ngettext(self, singular, plural, num, **values):
        return _said(self.get_translations().ungettext(singular, plural, num), {"num": num, **values})

    def pgettext(self, context, string, **values):
        return _said(self.get_translations().upgettext(context, string), values)

    def npgettext(self, context, singular, plural, num, **values):
        return _said(self.get_translations().unpgettext(context, singular, plural, num), {"num": num, **values})


def _said(text, values):
    """A sentence with its values; figures among them in the digits of whoever reads the sentence."""
    return opened(text) % written(values) if values else text


def written(values):
    """The values of a sentence with its figures as its reader writes them; texts and codes stay as they are."""
    figures = {name: one for name, one in values.items()
               if isinstance(one, int | Decimal) and not isinstance(one, bool)}  # fmt: skip
    if not figures:
        return values
    spoken = _spoken_to()
    return values | {name: format_number(one, spoken) for name, one in figures.items()}


def _spoken_to():
    """The reader of a sentence: in a language that is not his own (a mail, a job) its usual digits."""
    own, spoken = reader(), str(get_locale() or DEFAULT)
    return own if own.locale == spoken or spoken not in LOCALES else Reader(spoken)


def opened(text):
    """A sentence that takes figures as they are written."""
    return WHOLE.sub(r"%(\1)s", text)
