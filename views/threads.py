"""The conversation about a record, and what staff note about it among themselves, on the record's own page."""

from types import SimpleNamespace

from flask import after_this_request, g, render_template, url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import TextAreaField

from app.core import facts
from app.core.localized import format_datetime
from app.extensions import db
from app.reading import reader
from app.rules import conversations
from models.conversations import Conversation, Message
from models.files import Attachment
from views.attachments import attachments_section
from views.fields import HouseForm
from views.formwork import FilesField

KINDS = {"order": "order", "ticket": "ticket"}  # nouns people write about -> kind of their conversation
NOTED = ("order", "ticket", "contract", "invoice", "payment")  # nouns staff keep notes about
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
        house.messages = [*([first] if first else []), *said(found)]
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


def said(found):
    """Messages as the reader may see them: names of staff stay inside."""
    names = authors([one.author_id for one in found if _named(one)])
    files = attachments([one.id for one in found])
    return [
        SimpleNamespace(
            author=author(one, names), at=format_datetime(one.created_at, reader()), text=one.text,
            mine=one.author_id is not None and one.author_id == g.work.actor.user_id, internal=False,
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
    return {row[0]: f"{row[1]} {row[2]}".strip() for row in rows}


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


def readable(query):
    """Messages about records the actor may read."""
    nouns = [noun for noun in KINDS if g.work.actor.may(f"{noun}.read")]
    if len(nouns) == len(KINDS) and g.work.actor.inside:
        return query
    return query.filter(Message.conversation_id.in_(select(Conversation.id).where(Conversation.noun.in_(nouns))))


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
