"""What a person keeps of a list: filters under a name, the columns he wants, what it opens with. One engine for all."""

from types import SimpleNamespace
from urllib.parse import parse_qsl

from flask import abort, current_app, flash, g, redirect, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import RelationshipProperty
from werkzeug.datastructures import MultiDict

from app.core.errors import BusinessError
from app.extensions import db
from app.rules import list_choices as rules
from views.labels import label

EVERY_ROW = "all"  # value of `view` in an address: the list itself, not the filter it opens with


def screen_of(view):
    """The name under which choices for a list are kept."""
    return view.route_base.strip("/")


def view_of(screen):
    """The list that is kept under a name; None for none, and for one the reader may not open."""
    for view in current_app.appbuilder.baseviews:
        if getattr(view, "noun", None) and view.route_base == f"/{screen}" and hasattr(view, "listing"):
            return view if view.may("read") else None
    return None


def begun(view, args):
    """The parameters a list opens with: those of the address, else those of the filter it opens with."""
    if set(args) - {"lang"} or not has_choices(view):
        return args
    opens = rules.of(screen_of(view), g.work).opens_with
    return args if opens is None else MultiDict(parse_qsl(opens.query)) or args


def opens_filtered(view):
    """Whether the bare address of a list means a filter, so that every row needs an address of its own."""
    return has_choices(view) and rules.of(screen_of(view), g.work).opens_with is not None


def has_choices(view):
    return bool(view.route_base) and g.work.actor.user_id is not None


def columns(view):
    """The columns of a list for the reader: his choice of those he may see, else the list's own."""
    chosen = rules.of(screen_of(view), g.work).columns if has_choices(view) else None
    known = choosable(view) if chosen else ()
    return [name for name in chosen or () if name in known] or view.columns()


def choosable(view):
    """The columns a reader may choose from: the list's own and the facts of its records that he is shown."""
    facts = view.portal_facts if view.outside else view.facts
    told = [name for _title, names in facts or () for name in names]
    internal = view.internal if view.outside else ()
    secret = getattr(view.model, "__secret__", ())
    found = [name for name in told if name not in internal and name not in secret and _listable(view.model, name)]
    return list(dict.fromkeys([*view.columns(), *found]))


def _listable(model, name):
    prop = model.__mapper__.attrs.get(name)
    if isinstance(prop, RelationshipProperty):
        return not prop.uselist
    return prop is not None


def house(listing):
    """What the list's page offers for choosing (docs/theme.md)."""
    view = listing.view
    if not has_choices(view):
        return None
    found, shown = rules.of(screen_of(view), g.work), listing.columns()
    offered = [*shown, *[name for name in choosable(view) if name not in shown]]
    here = sorted(parse_qsl(listing.query_string().lstrip("?")))
    return SimpleNamespace(
        screen=screen_of(view), query=listing.query_string(), may_share=g.work.actor.inside,
        all_url=f"{view.url('list')}?view={EVERY_ROW}", opens=found.opens_with is not None,
        filters=[_saved(view, one, found.opens_with, here) for one in found.filters],
        offered=(len(shown), *offered), columns=_columns(view, offered, shown),
        chosen=found.columns is not None,
    )  # fmt: skip


def _columns(view, offered, shown):
    """The columns as the dialog shows them; made when the template draws them."""
    for name in offered:
        yield SimpleNamespace(name=name, shown=name in shown, label=str(view.label_columns.get(name) or label(name)))


def _saved(view, one, opens, here):
    return SimpleNamespace(
        id=one.id, name=one.name, shared=one.shared, opens=opens is one, removable=rules.may_remove(one, g.work),
        url=f"{view.url('list')}?{one.query or f'view={EVERY_ROW}'}",
        current=sorted(parse_qsl(one.query)) == here,
    )  # fmt: skip


class ListChoiceView(BaseView):
    """Keeps what people choose for lists; each person's own."""

    route_base = "/list_choices"
    class_permission_name = "Profile"
    method_permission_name = dict.fromkeys(("save", "remove", "open_with", "columns"), "read")

    @expose("/save", methods=["POST"])
    @has_access
    def save(self):
        """Keep the filter that is set under a name."""
        given, view = request.form, _view()
        query = given.get("query", "")
        try:
            row = rules.save_filter(screen_of(view), given.get("name"), query, g.work,
                                    shared=bool(given.get("shared")), opens=bool(given.get("opens")))  # fmt: skip
            db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            flash(str(error.message), "warning")
            return redirect(view.url("list") + (query if query.startswith("?") else ""))
        flash(_("Saved: %(record)s", record=row.name), "success")
        return redirect(f"{view.url('list')}?{row.query or f'view={EVERY_ROW}'}")

    @expose("/remove/<int:pk>", methods=["POST"])
    @has_access
    def remove(self, pk):
        """Forget a saved filter."""
        row = rules.find(pk, g.work)
        view, name = _view(row.screen), row.name
        rules.remove(row, g.work)
        db.session.commit()
        flash(_("Deleted: %(record)s", record=name), "success")
        return redirect(view.url("list"))

    @expose("/open_with", methods=["POST"])
    @has_access
    def open_with(self):
        """Let a list open with a saved filter, or with every row again."""
        view, wanted = _view(), request.form.get("filter", "")
        row = rules.find(int(wanted), g.work) if wanted.isdecimal() and len(wanted) < 19 else None
        rules.open_with(screen_of(view), row, g.work)
        db.session.commit()
        return redirect(view.url("list"))

    @expose("/columns", methods=["POST"])
    @has_access
    def columns(self):
        """Choose the columns of a list and their order."""
        view, query = _view(), request.form.get("query", "")
        names = [] if request.form.get("reset") else request.form.getlist("column")
        rules.choose_columns(screen_of(view), names, choosable(view), g.work)
        db.session.commit()
        return redirect(view.url("list") + (query if query.startswith("?") else ""))


def _view(screen=None):
    """The list that is spoken of; 404 for none, and for one the reader may not open."""
    return view_of(screen or request.form.get("screen", "")) or abort(404)


def register(appbuilder):
    appbuilder.add_view_no_menu(ListChoiceView)
