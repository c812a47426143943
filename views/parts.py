"""Screens of what belongs to a record (addresses, contacts, prices): entered from its page, and back to it."""

from flask import g, redirect
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm.attributes import set_committed_value

from app.core.errors import Malformed
from app.extensions import db
from views.base import HouseView
from views.fields import ReferenceField


class ParentField(ReferenceField):
    """The record something belongs to. It is not written itself: customers may add to what they may not change."""

    def populate_obj(self, obj, name):
        if self.data is not None:
            belong(obj, name, self.data)


def belong(row, name, record):
    """Make a new row part of a record without touching the record."""
    (column,) = type(row).__mapper__.relationships[name].local_columns
    setattr(row, column.key, record.id)
    set_committed_value(row, name, record)


def take(row, given, name):
    """Make a new row part of the record that JSON names; the name is taken out of `given`.

    :raises Malformed: 'bad_reference'
    """
    target, value = type(row).__mapper__.relationships[name].mapper.class_, given.pop(name, None)
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    record = db.session.get(target, value) if known else None
    if record is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
    belong(row, name, record)


class PartView(HouseView):
    """The screen of a part. `parent` is the relation to its record; `parent_base` and `anchor` where that is shown."""

    parent = None
    parent_base = None
    anchor = None

    def row(self, pk):
        found = super().row(pk)
        self.home_of(getattr(found, self.parent))
        return found

    def home_of(self, record):
        """Remember the page this request goes back to."""
        if record is not None:
            g.part_home = f"{self.parent_base}/show/{record.id}" + (f"#{self.anchor}" if self.anchor else "")

    def url(self, page, **more):
        if page in ("list", "show") and "part_home" in g:
            return g.part_home
        return super().url(page, **more)

    def prefill(self):
        found = super().prefill()
        self.home_of(found.get("data", {}).get(self.parent))
        return found

    def _save(self, form, row, action):
        self.home_of(getattr(row, self.parent, None) or form.data.get(self.parent))
        return super()._save(form, row, action)

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        """A part is shown on the page of its record."""
        self.row(pk)
        return redirect(self.url("show"))
