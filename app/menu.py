"""The side bar's sections as one person sees them, worked out once per language and set of permissions."""

from functools import lru_cache
from types import SimpleNamespace

from flask import current_app, g
from flask_babel import gettext as _

from app.reading import locale


def sections():
    """What the reader may open: [section(name, label, entries)]; a section without entries is an entry itself."""
    found = g.get("access")
    return _sections(current_app.appbuilder.menu, locale(), found.pairs, found.actor.kind) if found else []


@lru_cache(maxsize=256)
def _sections(menu, _locale, pairs, _kind):
    found = []
    for one in menu.get_list():
        entries = [_entry(item) for item in one.childs if item.name != "-" and _shown(item, pairs)]
        if _shown(one, pairs):
            found.append(SimpleNamespace(name=one.name, label=_(str(one.label)), entries=entries,
                                         entry=None if one.childs else _entry(one)))  # fmt: skip
    return found


def _shown(item, pairs):
    return ("menu_access", item.name) in pairs and item.should_render()


def _entry(item):
    url = item.get_url()
    place = url.split("/")[1] if url.startswith("/") and not url.endswith("/add") else None
    return SimpleNamespace(url=url, label=_(str(item.label)), icon=item.icon or "fa-circle-dot", place=place)
