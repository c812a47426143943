"""Parts of pages that many readers are shown alike are drawn once per process: menu, dialogs, empty forms.

What a piece says may depend on the reader's language, on who he is to the house and what he may, on his portal's
words, on what is kept under the stamp (app.core.kept) and on what the template names after the piece; on nothing
else. The token against forgery and the nonce, new in every request, are put in afterwards.
"""

from flask import current_app, g
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from app.extensions import db
from app.reading import reader
from app.rules import wording

MOST = 8_000_000  # characters kept; beyond, all of it is drawn anew
TOKEN, NONCE = "\ue000token\ue000", "\ue000nonce\ue000"  # no text of ours has these characters
_drawn: dict[tuple, str] = {}
_held = 0


def piece(name, *key, caller):
    """A part of a page as markup: `{% call piece('menu', place) %}...{% endcall %}`.

    :param key: what it depends on beside the reader and the stamp; anything that can be hashed
    """
    full = (*_whose(), name, *key)
    text = _drawn.get(full)
    if text is None:
        text = _keep(full, str(caller()))
    if TOKEN in text:
        text = text.replace(TOKEN, generate_csrf())
    return Markup(text.replace(NONCE, current_app.jinja_env.globals["csp_nonce"]()) if NONCE in text else text)


def _whose():
    """What every piece depends on, found once in a request."""
    if "pieces_whose" not in g:
        found, work = g.get("access"), g.get("work")
        known = (found.stamp, found.pairs, work.actor.kind, wording.spoken(work)) if work and found else ()
        g.pieces_whose = (db.engine, reader(), *known)
    return g.pieces_whose


def _keep(key, text):
    global _held
    text = text.replace(TOKEN, "").replace(NONCE, "")
    for mark, value in ((TOKEN, generate_csrf()), (NONCE, current_app.jinja_env.globals["csp_nonce"]())):
        text = text.replace(value, mark) if value else text
    if _held > MOST:
        _drawn.clear()
        _held = 0
    _drawn[key] = text
    _held += len(text)
    return text


def init(app):
    """Let templates draw pieces."""
    app.jinja_env.globals["piece"] = piece
