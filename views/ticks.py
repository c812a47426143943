"""Permissions as boxes to tick: one row per noun, one box per step, in words (ACC-28)."""

from types import SimpleNamespace

from flask import current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import roles
from app.core.flow import FLOWS
from app.rules import permissions

VERBS = {
    "read": _l("View"), "write": _l("Add and edit"), "delete": _l("Delete"), "override": _l("Set the status by hand"),
    "supervise": _l("Decide as a supervisor"), "resend": _l("Send again"), "list": _l("View"), "show": _l("View"),
    "get": _l("View"),
}  # fmt: skip
NOUNS = {  # doors that have no list of their own
    "portal": _l("Customer portal"), "home": _l("Home"), "run": _l("Work in the background"), "desk": _l("Data desk"),
    "profile": _l("Choices in forms"), "report": _l("Reports"), "message": _l("Messages"), "setting": _l("Settings"),
    "price": _l("Prices"), "tag": _l("Tags"), "document": _l("Documents"), "search": _l("Search"),
    "notification": _l("Notifications"),
    "attachment": _l("Attachments"), "stock_level": _l("Stock"),
}  # fmt: skip


def offered():
    """Every (permission, view) pair that can be given to somebody, and the menu items with the views behind them."""
    pairs, menus = roles.available(current_app.appbuilder)
    return {pair for pair in pairs if pair[0].startswith("can_") and pair not in permissions.EVERYBODY}, menus


def matrix(ticked, fixed=frozenset(), only_on=False):
    """The rows of boxes: what is `ticked`, and what stays so because a role gives it (`fixed`).

    :param only_on: leave out what is not ticked, for a page that is only read
    """
    rows = {}
    for permission, view in sorted(offered()[0], key=_order):
        noun, _dot, verb = permissions.key((permission, view)).partition(".")
        title = str(_titles().get(view) or NOUNS.get(noun) or noun.replace("_", " ").capitalize())
        box = SimpleNamespace(
            value=f"{permission}:{view}", label=str(_verb(noun, verb)), on=(permission, view) in ticked | fixed,
            fixed=(permission, view) in fixed,
        )  # fmt: skip
        if box.on or not only_on:
            rows.setdefault(title, []).append(box)
    return [SimpleNamespace(title=title, boxes=boxes) for title, boxes in sorted(rows.items())]


def chosen():
    """The pairs ticked in the form that was sent; what the code does not offer is passed over."""
    pairs = {tuple(value.split(":", 1)) for value in request.form.getlist("tick") if ":" in value}
    return pairs & offered()[0]


def menus(pairs):
    """The menu items that go with permissions."""
    return roles.shown(pairs, offered()[1])


def _titles():
    found = {}
    for view in current_app.appbuilder.baseviews:
        title = getattr(view, "list_title", None)
        if title and getattr(view, "noun", None):
            found.setdefault(view.class_permission_name, title)
    return found


def _verb(noun, verb):
    flow = FLOWS.get(noun)
    if flow and verb in flow.transitions:
        return flow.transitions[verb].label
    return VERBS.get(verb) or verb.replace("_", " ").capitalize()


def _order(pair):
    verb = pair[0].removeprefix("can_")
    known = ("read", "write", "delete")
    return known.index(verb) if verb in known else len(known), verb, pair[1]


def said(pairs):
    """How many permissions, for a list."""
    count = len([pair for pair in pairs if pair not in permissions.EVERYBODY])
    return _("%(count)s permissions", count=count)
