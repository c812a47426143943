"""One catalogue for every part of the product: the libraries' own messages are looked up in ours."""

from functools import wraps

import flask_admin.babel
from flask_babel import get_translations
from flask_wtf import FlaskForm
from jinja2 import pass_context
from wtforms.meta import DefaultMeta

from app.core.localized import format_number
from app.reading import Catalogue, opened, reader, written


class Wording:
    """The messages of WTForms in the reader's language."""

    def gettext(self, text):
        return get_translations().ugettext(text)

    def ngettext(self, one, many, count):
        return get_translations().ungettext(one, many, count)


WORDING = Wording()


def _figured(call, counted=None):
    """A template's function for texts, with figures in the reader's digits.

    :param counted: where among its arguments the count stands
    """

    @wraps(call)
    def said(context, *parts, **variables):
        if counted is not None:
            variables = {"num": parts[counted]} | variables
        return call(context, *parts, **written(variables))

    return pass_context(said)


def init(app):
    """Let forms and data desk ask our catalogue; their own ones are incomplete, and differ in terms.

    Form classes of every library take their messages from their Meta; Flask-Admin keeps two domains
    of its own and asks its packaged files last, so that no folder of ours could override them.
    """
    babel = app.extensions["babel"]
    found = babel.instance.domain_instance = Catalogue(domain=babel.default_domain)
    app.jinja_env.install_gettext_callables(
        gettext=lambda text: opened(found.get_translations().ugettext(text)),
        ngettext=lambda one, many, count: opened(found.get_translations().ungettext(one, many, count)),
        pgettext=lambda context, text: opened(found.get_translations().upgettext(context, text)),
        npgettext=lambda context, one, many, n: opened(found.get_translations().unpgettext(context, one, many, n)),
        newstyle=True,
    )
    words = app.jinja_env.globals
    words |= {name: _figured(words[name]) for name in ("gettext", "pgettext")}
    words |= {name: _figured(words[name], at) for name, at in (("ngettext", 2), ("npgettext", 3))}
    words["_"] = words["gettext"]
    app.jinja_env.globals["figure"] = lambda number: format_number(number, reader())  # counts in templates
    for meta in (DefaultMeta, FlaskForm.Meta):
        meta.get_translations = lambda self, form: WORDING
    for domain in (flask_admin.babel.domain, flask_admin.babel.wtforms_domain):
        domain.get_translations = get_translations
