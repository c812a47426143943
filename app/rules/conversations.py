"""What customer and staff write to each other about a record: messages, attachments, what is unread (X-38)."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.core import facts
from app.core.errors import BusinessError
from app.core.scope import rows_of
from models.conversations import Conversation, InternalNote, Message, ReadMark
from models.files import Attachment

LONGEST = 10_000  # letters of one message
KINDS = ("order", "ticket", "log")  # a log holds no messages, but entries: app.rules.log_entries


Listener = Callable[[Any, Message, Any], None]
_listeners: dict[str, Listener] = {}


def listener(noun: str) -> Callable[[Listener], Listener]:
    """What a noun does, in the same transaction, when somebody writes about one of its records."""

    def register(found: Listener) -> Listener:
        _listeners[noun] = found
        return found

    return register


def post(record, noun, kind, text, work, attachments=()):
    """Write a message into the conversation of a record.

    :param noun: singular noun of the record; :param kind: order, ticket or log
    :param attachments: stored files, each with name, media_type, size and sha256
    :raises BusinessError: 'empty_message', 'message_too_long'
    """
    attachments = list(attachments)
    text = checked(text, empty=bool(attachments))
    thread = conversation(record, noun, kind, work)
    message = Message(
        customer_id=thread.customer_id,
        conversation_id=thread.id,
        author_id=work.actor.user_id,
        inside=work.actor.kind,
        text=text,
    )
    work.session.add(message)
    work.session.flush()
    thread.last_message_at = work.now
    for one in attachments:
        work.session.add(_attachment(one, message))
    if work.actor.user_id is not None:
        mark_read(thread, work.actor.user_id, work)
    facts.publish(work, "message.post", "message", message, about=noun, about_id=record.id)
    if noun in _listeners:
        _listeners[noun](record, message, work)
    return message


def checked(text, *, empty=False, what=None):
    """A text as it is kept, without blanks around it.

    :param empty: files say enough; :param what: the refusal of an empty text
    :raises BusinessError: 'empty_message', 'message_too_long'
    """
    text = (text or "").strip()
    if not text and not empty:
        raise BusinessError("empty_message", what or _l("Write a message."), field="text")
    if len(text) > LONGEST:
        words = _l("A message has at most %(most)s characters.", most=LONGEST)
        raise BusinessError("message_too_long", words, field="text")
    return text


def _attachment(one, message):
    names = ("name", "media_type", "size", "sha256")
    values = {name: getattr(one, name) for name in names}
    return Attachment(customer_id=message.customer_id, noun="message", record_id=message.id, **values)


def conversation(record, noun, kind, work):
    """The thread of a record, begun when nobody has written yet; two people who begin at once share it."""
    if kind not in KINDS:
        raise ValueError(f"no such kind of conversation: {kind}")
    wanted = select(Conversation).filter_by(noun=noun, record_id=record.id, kind=kind)
    found = work.session.scalars(wanted).one_or_none()
    if found is None:
        owner = getattr(record, rows_of(type(record)).column or "", 0)
        work.session.execute(
            insert(Conversation)
            .values(
                noun=noun, record_id=record.id, kind=kind, customer_id=owner, version=1,
                created_at=work.now, created_by=work.actor.user_id,
                updated_at=work.now, updated_by=work.actor.user_id,
            )
            .on_conflict_do_nothing(index_elements=["noun", "record_id", "kind"])
        )  # fmt: skip
        found = work.session.scalars(wanted).one()
    return found


def messages(record, noun, kind, work):
    """The messages about a record, oldest first, those only that the actor may read."""
    return list(
        work.session.scalars(
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.noun == noun, Conversation.record_id == record.id, Conversation.kind == kind)
            .order_by(Message.id)
        )
    )


def thread(record, noun, kind, work):
    """The messages about a record as `messages` gives them, and the id of the last one the actor has read."""
    mine = and_(ReadMark.conversation_id == Message.conversation_id, ReadMark.user_id == work.actor.user_id)
    rows = work.session.execute(
        select(Message, ReadMark.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(ReadMark, mine)
        .where(Conversation.noun == noun, Conversation.record_id == record.id, Conversation.kind == kind)
        .order_by(Message.id)
    ).all()
    return [row[0] for row in rows], max((row[1] or 0 for row in rows), default=0)


def is_unread(actor):
    """The condition of the messages an actor has still to read: the other side's, beyond where he has read to."""
    read = exists().where(
        ReadMark.conversation_id == Message.conversation_id,
        ReadMark.user_id == actor.user_id,
        ReadMark.message_id >= Message.id,
    )
    return and_(~read, by_others(actor))


def by_others(actor):
    """The condition of the messages of the other side: to staff the customers', to customers everybody else's."""
    theirs = or_(Message.author_id.is_(None), Message.author_id != actor.user_id)
    return Message.inside == "external" if actor.inside else theirs


def by_other_side(message, actor):
    """As `by_others`, for one message."""
    return message.inside == "external" if actor.inside else message.author_id != actor.user_id


def unread_about(noun, ids, work):
    """How many messages about each of these records the actor has still to read, in one statement.

    :returns: {record id: count}, without those about which there is nothing to read
    """
    if not ids:
        return {}
    wanted = unread_records(noun, work.actor).where(Conversation.record_id.in_(ids)).group_by(Conversation.record_id)
    return {row[0]: row[1] for row in work.session.execute(wanted.add_columns(func.count(Message.id)))}


def unread_records(noun, actor):
    """The statement of the ids of records about which an actor has something to read; an id may come twice."""
    return (
        select(Conversation.record_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.noun == noun, is_unread(actor))
    )


def mark_read(thread, user_id, work):
    """A user has read a conversation up to its last message."""
    last = work.session.scalar(select(func.max(Message.id)).filter_by(conversation_id=thread.id))
    if last is None:
        return
    mark = insert(ReadMark).values(
        customer_id=thread.customer_id, conversation_id=thread.id, user_id=user_id, message_id=last
    )
    newest = func.greatest(ReadMark.message_id, mark.excluded.message_id)
    work.session.execute(
        mark.on_conflict_do_update(index_elements=["conversation_id", "user_id"], set_={"message_id": newest})
    )


# --- among ourselves ---------------------------------------------------------------------------


def write_note(record, noun, text, work):
    """Keep a remark of staff about a record; no customer ever sees it.

    :raises BusinessError: 'empty_message', 'message_too_long'
    """
    note = InternalNote(noun=noun, record_id=record.id, text=checked(text))
    work.session.add(note)
    work.session.flush()
    return note


def notes(record, noun, work):
    """What staff noted about a record, oldest first."""
    wanted = select(InternalNote).filter_by(noun=noun, record_id=record.id).order_by(InternalNote.id)
    return list(work.session.scalars(wanted))
