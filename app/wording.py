"""One catalogue for every part of the product: the libraries' own messages are looked up in ours."""

import flask_admin.babel
from flask_babel import get_translations
from flask_wtf import FlaskForm
from wtforms.meta import DefaultMeta


class Wording:
    """The messages of WTForms in the reader's language."""

    def gettext(self, text):
        return get_translations().ugettext(text)

    def ngettext(self, one, many, count):
        return get_translations().ungettext(one, many, count)


WORDING = Wording()


def init():
    """Let forms and data desk ask our catalogue; their own ones are incomplete, and differ in terms.

    Form classes of every library take their messages from their Meta; Flask-Admin keeps two domains
    of its own and asks its packaged files last, so that no folder of ours could override them.
    """
    for meta in (DefaultMeta, FlaskForm.Meta):
        meta.get_translations = lambda self, form: WORDING
    for domain in (flask_admin.babel.domain, flask_admin.babel.wtforms_domain):
        domain.get_translations = get_translations
