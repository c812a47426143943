"""What the screens of all masters share: archived rows stand aside, the found list is printed, codes are chosen."""

from types import SimpleNamespace

from flask import Response, abort, flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core.errors import BusinessError, Forbidden
from app.extensions import db
from app.reading import locale, reader
from app.rules import masters
from models.customers import Tag, Tagging
from reports.core import RENDERERS, render
from reports.parts import Found
from views import wire
from views.base import VERBS, HouseView
from views.cells import said
from views.fields import ReferenceField
from views.filters import Filter, Flag, Refers
from views.listing import Listing

MOST_PRINTED = 2_000  # records one printed list holds


class CodeField(ReferenceField):
    """A country or currency: chosen like a record, kept as its code."""

    def process_formdata(self, values):
        super().process_formdata(values)
        self.data = getattr(self.data, "code", None)

    def _value(self):
        return self.raw_data[0] if self.raw_data else str(self.data or "")


class Coded(Refers):
    """Records of a country or currency."""

    def __init__(self, name, target, endpoint, title=None, column=None):
        super().__init__(name, target, endpoint, title, column or f"{name}_code")

    def read(self, text, reader):
        return text.strip().upper()[:8]

    def apply(self, query, model, value, session):
        return query.filter(getattr(model, self.column) == str(value).upper())


class Active(Filter):
    """Over REST: `active` is true of what is not archived."""

    def apply(self, query, model, value, session):
        column = model.archived_at
        return query.filter(column.is_(None) if str(value).lower() in ("true", "1", "yes") else column.is_not(None))


class Tagged(Refers):
    """Records that carry a tag."""

    def __init__(self, noun):
        super().__init__("tag", Tag, "/tags/choices", _l("Tag"))
        self.noun = noun

    def apply(self, query, model, value, session):
        carrying = select(Tagging.record_id).where(Tagging.noun == self.noun, Tagging.tag_id == value)
        return query.filter(model.id.in_(carrying))


ARCHIVED = Flag("archived", _l("Archived"), column="archived_at")


class MasterListing(Listing):
    """Archived records are listed only when they are asked for."""

    def query(self, with_state=True):
        query = super().query(with_state)
        if any(one is ARCHIVED for one, _value in self.active):
            return query
        return query.filter(self.model.archived_at.is_(None))


class MasterDoors:
    """The API of a master: `active` archives and restores, as the buttons of its page do."""

    def update(self, row, given, work):
        wanted = given.get("active", row.active)
        rest = {name: value for name, value in given.items() if name != "active"}
        if not isinstance(wanted, bool):
            raise wire.bad("active", _("Send true or false: %(field)s.", field="active"))
        if wanted != row.active:
            if not work.actor.may(f"{self.noun}.delete"):
                raise Forbidden("not_permitted", _("You are not permitted to do this."))
            with work.doing(f"{self.noun}.{'restore' if wanted else 'archive'}"):
                (masters.restore if wanted else masters.archive)(row, work)
        if rest.keys() - {"version"}:
            super().update(row, rest, work)


class MasterView(HouseView):
    """The screen of a master: can be archived and restored; its list can be printed."""

    method_permission_name = {**VERBS, "archive": "delete", "restore": "delete", "report": "read", "offer": "write",
                              "withdraw": "write"}  # fmt: skip
    list_report = None  # report of the list as it was found (CUS-07, CAT-09)
    report_loads = ()  # relations the report names
    hide_archived = True  # from customers

    def listing(self, args):
        return MasterListing(self, args)

    def query(self):
        query = super().query()
        return query.filter(self.model.archived_at.is_(None)) if self.outside and self.hide_archived else query

    def row(self, pk):
        found = super().row(pk)
        if self.outside and self.hide_archived and not found.active:
            abort(404)
        return found

    @expose("/list/")
    @has_access
    def list(self):
        return self.render_template("house/list.html", title=self.list_title, house=self.listed(), widgets={})

    def listed(self):
        """The list as `house/list.html` draws it."""
        listing = self.listing(request.args)
        house = listing.house()
        if self.list_report:
            url = self.url("report", kind="pdf") + listing.query_string()
            house.export_urls.insert(0, ("PDF", url))
        return house

    @expose("/report/<kind>")
    @has_access
    def report(self, kind):
        """The records found, as a document."""
        if not self.list_report or kind not in RENDERERS:
            abort(404)
        listing = self.listing(request.args)
        loads = [joinedload(getattr(self.model, one)) for one in self.report_loads]
        rows = listing.query().options(*loads).order_by(self.model.id.desc()).limit(MOST_PRINTED).all()
        found = Found(rows, request.args.get("q", ""), locale())
        name, media, body = render(self.list_report, found, kind, reader())
        return Response(body, content_type=media, headers={"Content-Disposition": f'inline; filename="{name}"'})

    # --- out of use, and back ------------------------------------------------------------------

    def more(self, row, house):
        if not row.active:
            house.badges.append(SimpleNamespace(code="archived", label=_("Archived")))
        if self.outside or not self.may("delete"):
            return
        house.delete_url = self.url("delete", pk=row.id)
        if row.active:
            name, label, ask = "archive", _("Archive"), _("It is no longer offered; documents keep it.")
        else:
            name, label, ask = "restore", _("Restore"), _("It is offered again.")
        icon = "fa-box-archive" if row.active else "fa-rotate-left"
        house.actions.append(
            SimpleNamespace(name=name, label=label, ask=ask, icon=icon, form_fields=(), enabled=True, reason=None,
                            url=self.url(name, pk=row.id), primary=False, danger=False, version=None)
        )  # fmt: skip

    @expose("/archive/<int:pk>", methods=["POST"])
    @has_access
    def archive(self, pk):
        return self._put_aside(pk, "archive", masters.archive, _l("Archived: %(record)s"))

    @expose("/restore/<int:pk>", methods=["POST"])
    @has_access
    def restore(self, pk):
        return self._put_aside(pk, "restore", masters.restore, _l("Restored: %(record)s"))

    def _put_aside(self, pk, verb, rule, text):
        row = self.row(pk)
        return self.changed(row, verb, lambda: rule(row, g.work), str(text) % {"record": said(row, reader())})

    def changed(self, row, verb, change, told=None, anchor=None):
        """Run a change of a record's page and go back to it, with what was refused."""
        back = self.url("show", pk=row.id, _anchor=anchor)
        try:
            with g.work.doing(f"{self.noun}.{verb}"):
                change()
                db.session.commit()
        except BusinessError as error:
            return self._refused(error, back)
        if told:
            flash(told, "success")
        return redirect(back)
