"""Screens and API of files: offered to everyone, to access groups or customers, in versions (FIL-03, FIL-04)."""

from types import SimpleNamespace

from flask import g, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_wtf.file import FileField
from sqlalchemy.orm import selectinload
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import Length

from app.core.errors import Malformed
from app.core.localized import format_datetime, format_number
from app.core.needed import Needed
from app.extensions import db
from app.reading import reader
from app.rules import audiences, files
from models.customers import Customer
from models.files import File
from models.people import AccessGroup
from views import downloads, wire
from views.api import HouseApi
from views.attachments import attachments_section, size_text
from views.base import Interface
from views.doors import done, door
from views.fields import HouseForm, ReferenceField
from views.filters import Filter, Flag, Since, like
from views.masters import ARCHIVED, Active, MasterView
from views.offering import Offering
from views.sections import button, line, table

__all__ = ["attachments_section"]  # other screens ask for it here
NEEDED = _l("Fill in this field.")


TRUTH = dict.fromkeys(("true", "1", "yes"), True) | dict.fromkeys(("false", "0", "no", ""), False)


class Titled(Filter):
    """Files whose title holds what was typed."""

    def apply(self, query, model, value, session):
        return query.filter(model.title.ilike("%" + like(value)))


class FileForm(HouseForm):
    """What a file is called."""

    title = StringField(_l("Title"), [Needed(NEEDED), Length(max=200)])
    description = TextAreaField(_l("Description"), [Length(max=2000)])


class NewFileForm(FileForm):
    """A new file with its first version, and who may see it."""

    file = FileField(_l("File"))
    everyone = BooleanField(_l("For every customer"))
    offer_customer = ReferenceField(
        _l("Customer"), target=Customer, endpoint="/customers/choices",
        description=_l("More customers and access groups can be added on the page of the file."),
    )  # fmt: skip
    offer_group = ReferenceField(_l("Access group"), target=AccessGroup, endpoint="/access_groups/choices")


class VersionForm(Form):
    """A new version of a file."""

    file = FileField(_l("File"), render_kw={"required": True})


class FileView(Offering, MasterView):
    datamodel = Interface(File)
    noun = "file"
    route_base = "/files"
    list_title, add_title, edit_title = _l("Files"), _l("New file"), _l("Change the file")
    add_label = _l("New file")
    list_columns = ["title", "description", "everyone", "updated_at"]
    portal_columns = ["title", "description", "updated_at"]
    internal = frozenset({"everyone", "archived", "archived_at"})
    add_columns = edit_columns = ["title", "description"]
    add_form, edit_form = NewFileForm, FileForm
    facts = ((None, ["title", "description", "updated_at"]),)
    quick = Titled("q", _l("Title"))
    filters = (Flag("everyone"), Since("from", "updated_at", _l("Changed from")),
               Since("until", "updated_at", _l("Changed until"), until=True), ARCHIVED)  # fmt: skip
    method_permission_name = MasterView.method_permission_name | {"content": "read", "add_version": "write"}

    @staticmethod
    def on_delete(row, work):
        return files.remove(row, work)

    def _save(self, form, row, action):
        if action == "create" and (request.files.get("file") is None or not request.files["file"].filename):
            form.validate()
            form.file.errors = [_("Choose a file.")]
            return None
        return super()._save(form, row, action)

    def before_save(self, row, form):
        g.file_form = form

    def on_save(self, row, work):
        files.check(row, work)
        form, upload = g.file_form, request.files.get("file")
        if upload is None or not upload.filename:
            return
        kept = files.store(upload.stream, upload.filename, upload.mimetype, work)
        row.everyone = False  # until it is said who may see it, nobody does
        db.session.flush()
        files.publish(row, kept, work)
        customers, groups = ([one] if one else () for one in (form.offer_customer.data, form.offer_group.data))
        everyone = form.everyone.data and not (customers or groups)  # whoever names somebody means nobody else
        audiences.offer(row, customers, groups, everyone, work)

    # --- the record ----------------------------------------------------------------------------

    def more(self, row, house):
        super().more(row, house)
        current = next((one for one in row.versions if one.id == row.current_id), None)
        if current is not None:
            meta = f"{current.name} · {size_text(current.size)}"
            url = self.url("content", pk=row.id, download=1)
            house.documents = [SimpleNamespace(name=_("Download"), url=url, meta=meta, icon="fa-download", formats=())]
        house.sections.append(self._versions(row))
        if self.outside:
            house.history = None
        else:
            house.sections.append(self.audience(row))

    def _versions(self, row):
        rows = [
            line(
                (one.name, self.url("content", pk=row.id, number=one.number)),
                format_number(one.number, reader()), size_text(one.size), format_datetime(one.created_at, reader()),
                buttons=(button(_("Download"), self.url("content", pk=row.id, number=one.number, download=1),
                                "fa-download"),),
            )
            for one in row.versions
        ]  # fmt: skip
        form = None
        if self.may("write") and not self.outside:
            form = (self.url("add_version", pk=row.id), VersionForm(), _("Add a version"))
        columns = ((_("File name"), "link"), (_("Version"), "num"), (_("Size"), "num"), (_("Uploaded at"), "date"))
        return table("versions", _("Versions"), columns, rows, form=form, empty=_("No version yet"))

    @expose("/content/<int:pk>")
    @expose("/content/<int:pk>/<int:number>")
    @has_access
    def content(self, pk, number=None):
        """Hand out the current version, or the one of a number, to whoever the file is offered to."""
        self.row(pk)
        return downloads.send(files.open_version(pk, g.work, number))

    @expose("/add_version/<int:pk>", methods=["POST"])
    @has_access
    def add_version(self, pk):
        row, upload = self.row(pk), request.files.get("file")
        if upload is None or not upload.filename:
            return redirect(self.url("show", pk=pk, _anchor="versions"))

        def change():
            files.publish(row, files.store(upload.stream, upload.filename, upload.mimetype, g.work), g.work)

        return self.changed(row, "publish", change, _("A new version is there."), anchor="versions")


class FileApi(HouseApi):
    noun = "file"
    model = File
    resource_name = "files"
    list_fields = ("id", "version", "title", "description", "name", "media_type", "size", "updated_at")
    show_fields = ("everyone", "active", "versions", "customers", "access_groups")
    portal_hidden = frozenset({"everyone", "customers", "access_groups", "archived_at", "active"})
    filter_columns = ("id", "title", "everyone", "created_at", "updated_at", "active")
    word_filters = {"active": Active("active")}
    write_fields = ("title", "description", "everyone", "customers", "access_groups")
    parts = {"post": (*write_fields, "file"), "add_version": ("file",)}
    parts_only = frozenset(parts)
    on_delete = staticmethod(files.remove)

    def query(self):
        query = super().query().options(selectinload(File.versions))
        return query if g.work.actor.inside else query.filter(File.archived_at.is_(None))

    def loaded(self):
        return ["id", "version", "title", "description", "updated_at", "current_id", "everyone", "archived_at"]

    def value(self, row, name):
        if name in ("name", "media_type", "size"):
            current = next((one for one in row.versions if one.id == row.current_id), None)
            return getattr(current, name, None)
        if name == "versions":
            return [{**{key: wire.out(one, key) for key in ("number", "name", "media_type", "size", "sha256")},
                     "created_at": wire.out(one, "created_at")} for one in row.versions]  # fmt: skip
        if name == "customers":
            return [one.customer_id for one in row.audiences if one.customer_id]
        if name == "access_groups":
            return [one.access_group_id for one in row.audiences if one.access_group_id]
        return super().value(row, name)

    @api_expose("/<int:pk>/content", methods=["GET"])
    @door("read")
    def content(self, pk):
        """The bytes of the current version, or of `?number=`."""
        self.find(pk)
        wanted = request.args.get("number", "")
        if wanted and not (wanted.isdecimal() and len(wanted) < 9):
            raise wire.bad("number", _("Send a whole number: %(field)s.", field="number"))
        return downloads.send(files.open_version(pk, g.work, int(wanted) if wanted else None))

    @api_expose("/", methods=["POST"])
    @door("write")
    def post(self):
        """Upload a file: multipart with `title`, `description`, `file`, and who sees it: `everyone` (true, else false),
        `customers` and `access_groups` (ids, by commas or in several parts); nobody outside where none is named."""
        upload, given = downloads.upload(), request.form
        wire.known(given, ("title", "description", "everyone", "customers", "access_groups", "csrf_token"))
        with g.work.doing("file.create"):
            row = File(title=wire.taken("title", given.get("title", upload.filename), 200), everyone=False,
                       description=wire.taken("description", given.get("description", "")))  # fmt: skip
            files.check(row, g.work)
            kept = files.store(upload.stream, upload.filename, upload.mimetype, g.work)
            db.session.add(row)
            db.session.flush()
            files.publish(row, kept, g.work)
            named = [_ids(name, ",".join(given.getlist(name))) for name in ("customers", "access_groups")]
            _offer(row, *named, _truth("everyone", given.get("everyone", "false")))
            return done(self.shown(row), 201)

    @api_expose("/<int:pk>/versions", methods=["POST"])
    @door("write")
    def add_version(self, pk):
        """Upload a new version (multipart, part `file`)."""
        row, upload = self.find(pk), downloads.upload()
        with g.work.doing("file.publish"):
            files.publish(row, files.store(upload.stream, upload.filename, upload.mimetype, g.work), g.work)
            return done(self.shown(row), 201)

    def update(self, row, given, work):
        given = dict(given)
        audience = {name: given.pop(name) for name in ("everyone", "customers", "access_groups") if name in given}
        self.fill(row, given, ("title", "description"))
        files.check(row, work)
        if not audience:
            return
        for name in ("customers", "access_groups"):
            value = audience.get(name, self.value(row, name))
            if not isinstance(value, list):
                raise wire.bad(name, _("Send a list of ids: %(field)s.", field=name))
            audience[name] = [wire.whole(name, one) for one in value]
        everyone = audience.get("everyone", False)
        if not isinstance(everyone, bool):
            raise wire.bad("everyone", _("Send true or false: %(field)s.", field="everyone"))
        _offer(row, audience["customers"], audience["access_groups"], everyone)


def _ids(name, text):
    """Ids of a form field, separated by commas."""
    parts = [one.strip() for one in text.split(",") if one.strip()]
    if not all(one.isdecimal() and len(one) < 19 for one in parts):
        raise wire.bad(name, _("Send a list of ids: %(field)s.", field=name))
    return [int(one) for one in parts]


def _truth(name, text):
    """A form field that says yes or no."""
    if text.lower() not in TRUTH:
        raise wire.bad(name, _("Send true or false: %(field)s.", field=name))
    return TRUTH[text.lower()]


def _offer(row, customers, groups, everyone):
    for name, model, ids in (("customers", Customer, customers), ("access_groups", AccessGroup, groups)):
        if any(db.session.get(model, one) is None for one in ids):
            raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=name), field=name)
    audiences.offer(row, customers, groups, everyone, g.work)


def register(appbuilder):
    appbuilder.add_view(FileView, "files", label=_l("Files"), icon="fa-folder-open", category="Service",
                        category_label=_lp("menu", "Service"))  # fmt: skip
    appbuilder.add_api(FileApi)
