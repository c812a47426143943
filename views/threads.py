"""The conversation about a record, and what staff note about it among themselves, on the record's own page."""

from types import SimpleNamespace

from flask import after_this_request, g, render_template, url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from wtforms import TextAreaField

from app.core import facts
from app.core.localized import format_datetime, format_number
from app.extensions import db
from app.reading import reader
from app.rules import conversations
from models.conversations import Conversation, Message
from models.files import Attachment
from models.people import spoken
from views.attachments import attachments_section
from views.fields import HouseForm
from views.filters import Flag
from views.formwork import FilesField

KINDS = {"order": "order", "quote": "order", "ticket": "ticket"}  # noun people write about -> kind of conversation
NOTED = ("order", "quote", "ticket", "contract", "invoice", "payment")  # nouns staff keep notes about
ROWS = {"rows": 3, "maxlength": conversations.LONGEST}


class MessageForm(HouseForm):
    """What one writes to the other side."""

    text = TextAreaField(_l("Message"), render_kw=ROWS)
    files = FilesField(_l("Files"))


class NoteForm(HouseForm):
    """What staff write for themselves."""

    text = TextAreaField(_l("Internal note"), render_kw=ROWS)


def converse(row, noun, house, first=None, open=True):
    """Put the conversation and the notes about a record on its page.

    :param first: a message that comes before all others (the text of a ticket)
    :param open: whether something can still be written
    """
    may = g.work.actor.may
    if noun in KINDS and may("message.read"):
        found, read = conversations.thread(row, noun, KINDS[noun], g.work)
        told = said(found, read)
        house.messages = [*([first] if first else []), *told]
        new = sum(one.new for one in told)
        house.new_messages = new_messages(new) if new else None
        if may("message.write") and open:
            house.message_form = MessageForm()
            house.message_url = url_for("MessageView.write", noun=noun, pk=row.id)
        if found and found[-1].id > read:
            _read_later(row, noun)
    notes(row, noun, house)


def attached(row, noun, house):
    """Put what is attached to a record on its page."""
    if g.work.actor.may("attachment.read"):
        house.sections.append(attachments_section(row, noun))


def notes(row, noun, house):
    """Put what staff noted about a record on its page, where staff look at it."""
    if noun not in NOTED or not g.work.actor.inside or not g.work.actor.may("message.read"):
        return
    written = conversations.notes(row, noun, g.work)
    form = NoteForm(prefix="note-") if g.work.actor.may("message.write") else None
    names = authors([one.created_by for one in written])
    entries = [
        SimpleNamespace(author=names.get(one.created_by) or _("System"), at=format_datetime(one.created_at, reader()),
                        text=one.text, mine=one.created_by == g.work.actor.user_id, internal=True, files=())
        for one in written
    ]  # fmt: skip
    body = render_template("house/_thread.html", messages=entries, form=form,
                           action=url_for("MessageView.note", noun=noun, pk=row.id))  # fmt: skip
    house.sections.append(SimpleNamespace(id="notes", title=_("Internal notes"), body=body))


def said(found, read):
    """Messages as the reader may see them: names of staff stay inside.

    :param read: id of the last message he has read
    """
    names = authors([one.author_id for one in found if _named(one)])
    files = attachments([one.id for one in found])
    return [
        SimpleNamespace(
            author=author(one, names), at=format_datetime(one.created_at, reader()), text=one.text,
            mine=one.author_id is not None and one.author_id == g.work.actor.user_id, internal=False,
            new=one.id > read and conversations.by_other_side(one, g.work.actor),
            files=[(file.name, address(file)) for file in files.get(one.id, ())],
        )
        for one in found
    ]  # fmt: skip


def _named(message):
    return message.author_id is not None and (g.work.actor.inside or message.inside == "external")


def author(message, names):
    """Who wrote a message, as the reader may know it."""
    if _named(message):
        return names.get(message.author_id) or _("Customer")
    return _("System") if g.work.actor.inside else _("Our team")


def authors(ids):
    """{user id: name} in one statement."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows = db.session.execute(select(User.id, User.first_name, User.last_name).where(User.id.in_(wanted)))
    return {row[0]: spoken(row[1], row[2]) for row in rows}


def attachments(ids):
    """{message id: what is attached to it} in one statement."""
    found = {}
    if ids:
        wanted = select(Attachment).where(Attachment.noun == "message", Attachment.record_id.in_(ids))
        for row in db.session.scalars(wanted.order_by(Attachment.id)):
            found.setdefault(row.record_id, []).append(row)
    return found


def address(attachment):
    """Where an attachment is handed out."""
    return f"/attachments/{attachment.id}"


def address_of(conversation):
    """The page of what a conversation is about."""
    return page_of(conversation.noun, conversation.record_id)


def page_of(noun, pk):
    """The page of a record people write about."""
    return f"/{noun}s/show/{pk}"


class Unread(Flag):
    """Records about which the reader has something to read."""

    def __init__(self, noun, name="unread"):
        super().__init__(name, _l("Unread messages"))
        self.noun = noun

    def apply(self, query, model, value, session):
        wanted = model.id.in_(conversations.unread_records(self.noun, g.work.actor))
        return query.filter(wanted if value else ~wanted)


def new_messages(count):
    """How many messages wait to be read, in words."""
    return ngettext("%(count)s new message", "%(count)s new messages", count, count=format_number(count, reader()))


def numbers(found):
    """{(noun, id): number} of what conversations are about: a statement per noun."""
    wanted = {}
    for one in found:
        wanted.setdefault(one.noun, set()).add(one.record_id)
    result = {}
    for noun, ids in wanted.items():
        model = facts.model_of(noun)
        rows = db.session.execute(select(model.id, model.number).where(model.id.in_(ids)))
        result |= {(noun, row[0]): row[1] for row in rows}
    return result


def told_of(may):
    """The kinds of records whose messages somebody reads who holds the permissions `may` tells of."""
    return tuple(noun for noun in KINDS if may(f"{noun}.read"))


def readable(query, nouns=None, inside=None):
    """Messages about records the actor may read.

    :param nouns: the kinds of records he may read, and whether he is `inside`; default: who acts
    """
    nouns = told_of(g.work.actor.may) if nouns is None else nouns
    if len(nouns) == len(KINDS) and (g.work.actor.inside if inside is None else inside):
        return query
    return query.where(Message.conversation_id.in_(select(Conversation.id).where(Conversation.noun.in_(nouns))))


def _read_later(row, noun):
    """Note, once the page is drawn, that its reader has read the conversation."""
    work, record_id, user_id = g.work, row.id, g.work.actor.user_id

    @after_this_request
    def seen(answer):
        if answer.status_code == 200:
            wanted = select(Conversation).filter_by(noun=noun, record_id=record_id, kind=KINDS[noun])
            thread = db.session.scalars(wanted).one_or_none()
            if thread is not None:
                conversations.mark_read(thread, user_id, work)
                db.session.commit()
        return answer


def unread(noun, rows):
    """{record id: messages the reader has still to read}, where he reads messages."""
    if not g.work.actor.may("message.read"):
        return {}
    return conversations.unread_about(noun, [row.id for row in rows], g.work)
