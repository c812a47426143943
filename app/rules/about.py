"""What hangs on records of many kinds (notes, papers, files, mails): for those only who may read such records."""

from sqlalchemy import and_, exists

from app.core.scope import rows_of
from models.conversations import Conversation, Message

OUTSIDE = {"refund_proposal": "payment"}  # customers are told of the refund; how we decide on it is ours


def readable(model, actor):
    """The condition of the rows that hang on records of which the actor may read the kind.

    What hangs on a message counts by what the message is about.
    :param model: a table with `noun` and `record_id`, declared with what it may be about
    :returns: None where that leaves nothing out
    """
    nouns = rows_of(model).about
    read = [noun for noun in nouns if reads(actor, noun)]
    talked = [noun for noun in rows_of(Conversation).about if reads(actor, noun)]
    spoken = "message" in read and len(talked) < len(rows_of(Conversation).about)
    if len(read) == len(nouns) and not spoken:
        return None
    if not spoken:
        return model.noun.in_(read)
    said = exists().where(Message.id == model.record_id, Message.conversation_id == Conversation.id,
                          Conversation.noun.in_(talked))  # fmt: skip
    return model.noun.in_([noun for noun in read if noun != "message"]) | and_(model.noun == "message", said)


def reads(actor, noun):
    """Whether an actor may read records of a kind."""
    known = noun if actor.inside else OUTSIDE.get(noun, noun)
    return actor.may(f"{known}.read")
