"""What people wrote about an order and attached to it goes along when the order is deleted for another one."""

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.conversations import Conversation, InternalNote, Message, ReadMark, Task
from models.files import Attachment
from models.log_entries import LogEntry

QUIET = {"synchronize_session": False}


def move(order, result, work):
    """Files, notes, tasks and conversations of an order are those of another from now on."""
    for model in (Attachment, InternalNote, Task):
        here = model.noun == "order", model.record_id == order.id
        work.session.execute(update(model).where(*here).values(record_id=result.id), execution_options=QUIET)
    threads = select(Conversation).where(Conversation.noun == "order")
    there = {one.kind: one for one in work.session.scalars(threads.where(Conversation.record_id == result.id))}
    for thread in work.session.scalars(threads.where(Conversation.record_id == order.id)).all():
        if thread.kind in there:
            _pour(thread, there[thread.kind], work)
        else:
            thread.record_id = result.id


def _pour(thread, there, work):
    """What a conversation holds joins another one; who had read both up to somewhere has read up to the earlier."""
    for model in (Message, LogEntry):
        joined = update(model).where(model.conversation_id == thread.id).values(conversation_id=there.id)
        work.session.execute(joined, execution_options=QUIET)
    there.last_message_at = max(filter(None, (there.last_message_at, thread.last_message_at)), default=None)
    marks = select(ReadMark.user_id, ReadMark.message_id).where(ReadMark.conversation_id == thread.id)
    rows = [{"customer_id": there.customer_id, "conversation_id": there.id, "user_id": user, "message_id": message}
            for user, message in work.session.execute(marks)]  # fmt: skip
    if rows:
        statement = insert(ReadMark)
        earlier = func.least(ReadMark.message_id, statement.excluded.message_id)
        keys = ["conversation_id", "user_id"]
        work.session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"message_id": earlier}), rows)
