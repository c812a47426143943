"""What people attach to records: uploaded, handed out and taken away on the record's page and over REST."""

from types import SimpleNamespace

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, Model, expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _

from app.core.errors import BusinessError, Forbidden, Malformed, NotFound
from app.core.localized import format_datetime, format_number
from app.extensions import db
from app.reading import reader
from app.rules import about, files
from models.files import Attachment
from views import downloads, wire
from views.api import HouseApi
from views.doors import done, door

PAGES = {  # nouns one may attach to, and where their pages are
    "order": "/orders", "quote": "/quotes", "contract": "/contracts", "invoice": "/invoices", "payment": "/payments",
    "ticket": "/tickets", "customer": "/customers", "product": "/products", "work": "/work_stages",
    "wizard_draft": "/wizard_drafts",
}  # fmt: skip

ATTACHING = ("write", "answer", "show", "request_changes")


def model_of(noun):
    """The class of a noun, read off the models."""
    for mapper in Model.registry.mappers:
        if getattr(mapper.class_, "__history__", None) == noun:
            return mapper.class_
    return None


def record_of(noun, record_id):
    """The record something is attached to, as far as the actor may see it; messages count by their own rows.

    :raises NotFound: 'not_found'
    """
    model = model_of(noun) if noun in PAGES or noun == "message" else None
    row = db.session.get(model, record_id) if model is not None and 0 < record_id < 2**63 else None
    kinds = {noun} if row is None or noun != "message" else {noun, row.conversation.noun}
    if row is None or not all(about.reads(g.work.actor, one) for one in kinds):
        raise NotFound("not_found", _("There is no such record."))
    return row


def can_attach(noun):
    """Whether the actor may attach files to records of a noun: whoever may write them, or answer a ticket or work."""
    may = g.work.actor.may
    return noun in PAGES and may("attachment.write") and any(may(f"{noun}.{verb}") for verb in ATTACHING)


def find(pk):
    """An attachment whose record the actor may see.

    :raises NotFound: 'not_found'
    """
    row = db.session.get(Attachment, pk) if 0 < pk < 2**63 else None
    if row is None:
        raise NotFound("not_found", _("There is no such record."))
    record_of(row.noun, row.record_id)
    return row


def can_detach(row):
    """Staff may take away what is attached; customers what they attached themselves, unless it answers a question."""
    may, own = g.work.actor.may, row.created_by == g.work.actor.user_id and not row.part
    return may("attachment.delete") or (may("attachment.write") and own)


def attach(noun, record_id, file):
    """Keep an upload and attach it to a record.

    :raises Forbidden: 'not_permitted'
    """
    row = record_of(noun, record_id)
    if not can_attach(noun):
        raise Forbidden("not_permitted", _("You are not permitted to do this."))
    with g.work.doing(f"{noun}.attach"):
        kept = files.store(file.stream, file.filename, file.mimetype, g.work, getattr(row, "branch_id", None))
        return files.attach(row, noun, kept, g.work)


def attachments_section(row, noun, part=None, title=None):
    """The section of a record's page with what is attached to it, for `house.sections`.

    :param noun: singular noun of the record
    :param part: what of it, default all
    """
    found = [
        SimpleNamespace(
            name=one.name, url=url_for("AttachmentView.download", pk=one.id), size=size_text(one.size),
            at=format_datetime(one.created_at, reader()),
            remove=url_for("AttachmentView.remove", pk=one.id) if can_detach(one) else None,
        )
        for one in files.attachments(noun, row.id, g.work, part)
    ]  # fmt: skip
    action = url_for("AttachmentView.add", noun=noun, record_id=row.id) if can_attach(noun) else None
    body = render_template("house/_attachments.html", attachments=found, action=action)
    return SimpleNamespace(id="attachments", title=title or _("Attachments"), body=body)


def size_text(size):
    """A size in bytes as people read it."""
    step = next((step for step in range(2) if size < 1024 ** (step + 1)), 2)
    return f"{format_number(size // 1024**step, reader())} {('B', 'kB', 'MB')[step]}"


class AttachmentView(BaseView):
    """Attachments of records, wherever they are shown."""

    route_base = "/attachments"
    class_permission_name = "Attachment"
    method_permission_name = {"download": "read", "add": "write", "remove": "write"}

    def __init__(self):
        super().__init__()
        self.base_permissions.append("can_delete")  # also those of others: see can_detach

    @expose("/<int:pk>")
    @has_access
    def download(self, pk):
        """Hand out an attachment to whoever may see its record."""
        row = find(pk)
        return downloads.send(files.open_attachment(row.id, g.work))

    @expose("/<any(" + ", ".join(PAGES) + "):noun>/<int:record_id>", methods=["POST"])
    @has_access
    def add(self, noun, record_id):
        back = f"{PAGES[noun]}/show/{record_id}#attachments"
        try:
            made = attach(noun, record_id, downloads.upload())
            db.session.commit()
        except (NotFound, Forbidden):
            raise
        except BusinessError as error:
            db.session.rollback()
            flash(str(error.message), "warning")
            return redirect(back)
        flash(_("Attached: %(file)s", file=made.name), "success")
        return redirect(back)

    @expose("/delete/<int:pk>", methods=["POST"])
    @has_access
    def remove(self, pk):
        """Take an attachment away; it leaves a tombstone."""
        row = find(pk)
        if not can_detach(row):
            abort(403)
        with g.work.doing("attachment.delete"):
            files.detach(row, g.work)
            db.session.commit()
        flash(_("Removed: %(file)s", file=row.name), "success")
        return redirect(f"{PAGES.get(row.noun, '/' + row.noun + 's')}/show/{row.record_id}#attachments")


class AttachmentApi(HouseApi):
    """Attachments over REST: filter by `noun` and `record_id`, send multipart to add one."""

    noun = "attachment"
    model = Attachment
    resource_name = "attachments"
    list_fields = ("id", "version", "noun", "record_id", "name", "media_type", "size", "created_at")
    filter_columns = ("id", "noun", "record_id", "name", "created_at")
    create_fields = ("noun", "record_id")
    parts = {"post": (*create_fields, "file")}
    parts_only = frozenset(parts)

    def query(self):
        known = about.readable(Attachment, g.work.actor)
        return super().query() if known is None else super().query().filter(known)

    def find(self, pk):
        return find(pk)

    @api_expose("/<int:pk>/content", methods=["GET"])
    @door("read")
    def content(self, pk):
        """The bytes of an attachment."""
        return downloads.send(files.open_attachment(find(pk).id, g.work))

    @api_expose("/", methods=["POST"])
    @door("write")
    def post(self):
        """Attach a file to a record: multipart with `noun`, `record_id` and the part `file`."""
        record = request.form.get("record_id", "")
        if not record.isdecimal() or len(record) > 18:
            raise wire.bad("record_id", _("Send a whole number: %(field)s.", field="record_id"))
        noun = request.form.get("noun", "")
        if noun not in PAGES:
            raise Malformed("bad_value", _("This value is not possible: %(field)s.", field="noun"), field="noun")
        made = attach(noun, int(record), downloads.upload())
        return done(self.shown(made), 201)

    @api_expose("/<int:pk>", methods=["DELETE"])
    @door("write")
    def delete(self, pk):
        """Take an attachment away."""
        row = find(pk)
        if not can_detach(row):
            raise Forbidden("not_permitted", _("You are not permitted to do this."))
        with g.work.doing("attachment.delete"):
            files.detach(row, g.work)
            return done({"id": pk})


def register(appbuilder):
    appbuilder.add_view_no_menu(AttachmentView)
    appbuilder.add_api(AttachmentApi)
