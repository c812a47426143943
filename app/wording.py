"""One catalogue for every part of the product: the libraries' own messages are looked up in ours."""

import flask_admin.babel
from flask.globals import app_ctx
from flask_babel import Domain, get_translations
from flask_wtf import FlaskForm
from wtforms.meta import DefaultMeta


class Wording:
    """The messages of WTForms in the reader's language."""

    def gettext(self, text):
        return get_translations().ugettext(text)

    def ngettext(self, one, many, count):
        return get_translations().ungettext(one, many, count)


WORDING = Wording()


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


def init(app):
    """Let forms and data desk ask our catalogue; their own ones are incomplete, and differ in terms.

    Form classes of every library take their messages from their Meta; Flask-Admin keeps two domains
    of its own and asks its packaged files last, so that no folder of ours could override them.
    """
    babel = app.extensions["babel"]
    found = babel.instance.domain_instance = Catalogue(domain=babel.default_domain)
    app.jinja_env.install_gettext_callables(
        gettext=lambda text: found.get_translations().ugettext(text),
        ngettext=lambda one, many, count: found.get_translations().ungettext(one, many, count),
        pgettext=lambda context, text: found.get_translations().upgettext(context, text),
        npgettext=lambda context, one, many, n: found.get_translations().unpgettext(context, one, many, n),
        newstyle=True,
    )
    for meta in (DefaultMeta, FlaskForm.Meta):
        meta.get_translations = lambda self, form: WORDING
    for domain in (flask_admin.babel.domain, flask_admin.babel.wtforms_domain):
        domain.get_translations = get_translations
