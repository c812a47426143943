"""Messages about orders and tickets: one list of what was written, the door that writes, the same over REST (X-38)."""

from types import SimpleNamespace

from flask import abort, flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy.orm import joinedload

from app.core import facts
from app.core.errors import BusinessError, Forbidden, NotFound
from app.extensions import db
from app.rules import about as hanging
from app.rules import conversations, files, tickets
from models.conversations import InternalNote, Message
from views import threads, wire
from views.about import About, AboutListing, AboutNoun
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.doors import done, door
from views.filters import Choice, Flag, Since
from views.formwork import kept, sent
from views.orders import OrderView

NOUNS = {"order": _l("Orders"), "quote": _l("Quotes"), "ticket": _l("Tickets")}
SIDES = {"staff": _l("Our team"), "external": _l("Customer")}


def record_of(noun, pk, verb="read"):
    """The record people write about.

    :raises Forbidden: the actor may not read such records; NotFound: it is not there, or not his
    """
    model = facts.model_of(noun) if isinstance(noun, str) and noun in threads.NOTED else None
    if model is None:
        raise NotFound("not_found", _("There is no such record."))
    if not g.work.actor.may(f"{noun}.{verb}"):
        raise Forbidden("not_permitted", _("You are not permitted to do this."))
    found = db.session.get(model, pk) if 0 < pk < 2**63 else None
    if found is None:
        raise NotFound("not_found", _("There is no such record."))
    return found


def post(noun, row, text, work, attached=()):
    """Write to the other side; what staff write into a ticket answers it."""
    if noun not in threads.KINDS:
        raise NotFound("not_found", _("There is no such record."))
    if noun == "ticket" and work.actor.inside and work.actor.may("ticket.answer"):
        with work.doing("ticket.answer"):
            tickets.FLOW.run_one("answer", row, text=text, files=attached)
        return conversations.messages(row, noun, threads.KINDS[noun], work)[-1]
    return conversations.post(row, noun, threads.KINDS[noun], text, work, attached)


class Unread(Flag):
    """What the reader has still to read."""

    def apply(self, query, model, value, session):
        wanted = conversations.is_unread(g.work.actor)
        return query.filter(wanted if value else ~wanted)


class MessageListing(AboutListing):
    """Messages with their authors, asked for once per page."""

    def page(self):
        page = super().page()
        self.names = threads.authors([row.author_id for row in page.rows if threads._named(row)])
        return page

    def cells(self, row):
        return super().cells(row) | {"author": threads.author(row, self.names)}

    def url(self, row):
        return f"{threads.address_of(row.conversation)}#messages-of-record"


class MessageView(HouseView):
    datamodel = Interface(Message)
    noun = "message"
    route_base = "/messages"
    list_title = _l("Messages")
    list_columns = ["about", "created_at", "author", "text"]
    marked_by = ("author_id", "inside")  # who wrote it is said beside it
    label_columns = {"about": _l("About"), "author": _l("Author"), "created_at": _l("Written at")}
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "edit", "delete"}
    add_columns = edit_columns = ["text"]
    method_permission_name = VERBS | {"write": "write", "note": "write"}
    filters = (
        AboutNoun("noun", NOUNS, _l("About")), Unread("unread", _l("Unread")),
        Choice("inside", SIDES, _l("Written by")),
        Since("from", "created_at", _l("Written from")), Since("until", "created_at", _l("Written until"), until=True),
    )  # fmt: skip

    def columns(self):
        return list(self.list_columns)

    def query(self):
        return threads.readable(super().query())

    def row(self, pk):
        found = super().row(pk)
        return found if g.work.actor.may(f"{found.conversation.noun}.read") else abort(404)

    def listing(self, args):
        return MessageListing(self, args)

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.empty_text = _("Write on the page of an order or a ticket.")
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        """A message is read on the page of what it is about."""
        about = self.row(pk).conversation
        record_of(about.noun, about.record_id)
        return redirect(f"{threads.address_of(about)}#messages-of-record")

    @expose("/write/<noun>/<int:pk>", methods=["POST"])
    @has_access
    def write(self, noun, pk):
        """Write to the other side, from a record's page."""
        row = record_of(noun, pk)
        form = threads.MessageForm(sent())
        return self._keep(noun, pk, "post", lambda: post(noun, row, form.text.data, g.work, kept(form.files, g.work)))

    @expose("/note/<noun>/<int:pk>", methods=["POST"])
    @has_access
    def note(self, noun, pk):
        """Keep a note for ourselves, from a record's page."""
        if self.outside:
            abort(404)
        row = record_of(noun, pk)
        form = threads.NoteForm(sent(), prefix="note-")
        return self._keep(
            noun, pk, "note", lambda: conversations.write_note(row, noun, form.text.data, g.work), "notes"
        )

    def _keep(self, noun, pk, action, rule, anchor="messages-of-record"):
        back = f"/{noun}s/show/{pk}#{anchor}"
        try:
            with g.work.doing(f"message.{action}"):
                rule()
                db.session.commit()
        except BusinessError as error:
            return self._refused(error, back)
        flash(_("Sent") if action == "post" else _("Saved"), "success")
        return redirect(back)


class MessageApi(HouseApi):
    """Messages over REST: as JSON, or as multipart with `noun`, `record_id`, `text` and any number of `files`."""

    noun = "message"
    model = Message
    resource_name = "messages"
    list_fields = ("id", "version", "noun", "record_id", "at", "author", "inside", "text", "files")
    filter_columns = ("id", "noun", "record_id", "inside", "created_at", "unread")
    word_filters = {
        "noun": About("noun", ""),
        "record_id": About("record_id", ""),
        "unread": SimpleNamespace(
            apply=lambda query, model, value, session: query.filter(
                conversations.is_unread(g.work.actor) if value == "True" else ~conversations.is_unread(g.work.actor)
            )
        ),
    }
    create_fields = ("noun", "record_id", "text")
    parts = {"post": (*create_fields, "files")}

    def query(self):
        query = threads.readable(super().query()).options(joinedload(Message.conversation))
        for name in ("noun", "record_id"):  # ?noun=order&record_id=7, the short way
            if request.args.get(name):
                query = self.word_filters[name].apply(query, Message, request.args[name][:40], db.session)
        return query

    def loaded(self):
        return ["text", "inside", "author_id", "created_at", "conversation_id"]

    def prepare(self, rows):
        g.message_names = threads.authors([row.author_id for row in rows if threads._named(row)])
        g.message_files = threads.attachments([row.id for row in rows])

    def value(self, row, name):
        if name in ("noun", "record_id"):
            return getattr(row.conversation, name)
        if name == "at":
            return wire.out(row, "created_at")
        if name == "author":
            return threads.author(row, g.message_names)
        if name == "files":
            return [
                {"id": one.id, "name": one.name, "url": threads.address(one)} for one in g.message_files.get(row.id, ())
            ]
        return super().value(row, name)

    @api_expose("/", methods=["POST"])
    @door("write")
    def post(self):
        """Write a message; files are sent as multipart."""
        if request.mimetype != "multipart/form-data":
            return super().post()
        given = {name: value for name, value in request.form.items() if name != "record_id"}
        given["record_id"] = wire.key(request.form.get("record_id", ""))
        with g.work.doing("message.create"):
            sent_files = [files.store(one.stream, one.filename, one.mimetype, g.work)
                          for one in request.files.getlist("files") if one.filename]  # fmt: skip
            row = self.create(given, g.work, sent_files)
            db.session.flush()
            return done(self.shown(row), 201)

    def create(self, given, work, attached=()):
        unknown = given.keys() - set(self.create_fields)
        if unknown:
            self.fill(None, dict.fromkeys(unknown), ())
        noun = wire.taken("noun", given.get("noun"), 40)
        row = record_of(noun, wire.whole("record_id", given.get("record_id")))
        text = given.get("text", "" if attached else None)
        made = post(noun, row, wire.taken("text", text, conversations.LONGEST + 1), work, attached)
        db.session.flush()
        return made


class NoteApi(HouseApi):
    """Internal notes over REST: what staff keep about a record for themselves; customers find none."""

    noun = "message"
    model = InternalNote
    resource_name = "internal_notes"
    list_fields = ("id", "version", "noun", "record_id", "created_at", "author", "text")
    filter_columns = ("id", "noun", "record_id", "created_at")
    create_fields = ("noun", "record_id", "text")

    def query(self):
        known = hanging.readable(InternalNote, g.work.actor)
        return super().query() if known is None else super().query().filter(known)

    def loaded(self):
        return [*self.list_fields[:-2], "text", "created_by"]

    def prepare(self, rows):
        g.note_names = threads.authors([row.created_by for row in rows])

    def value(self, row, name):
        return g.note_names.get(row.created_by) if name == "author" else super().value(row, name)

    def create(self, given, work):
        if not work.actor.inside:
            raise Forbidden("not_permitted", _("You are not permitted to do this."))
        unknown = given.keys() - set(self.create_fields)
        if unknown:
            self.fill(None, dict.fromkeys(unknown), ())
        noun = wire.taken("noun", given.get("noun"), 40)
        row = record_of(noun, wire.whole("record_id", given.get("record_id")))
        return conversations.write_note(row, noun, wire.taken("text", given.get("text"), conversations.LONGEST + 1),
                                        work)  # fmt: skip


def on_order(view, row, house):
    """What is attached to an order, what customer and staff wrote about it, what staff noted."""
    threads.attached(row, "order", house)
    threads.converse(row, "order", house)


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(MessageView, "messages", label=_l("Messages"), icon="fa-comments", category="Service",
                        category_label=_lp("menu", "Service"))  # fmt: skip
    appbuilder.add_api(MessageApi)
    appbuilder.add_api(NoteApi)
