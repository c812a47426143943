"""One conversation model for order messages, tickets, logs and notes (X-38)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from models.base import Model, Stamped, child_of, owned_by, staff_only


@owned_by("customer_id", about=("order", "quote", "ticket"))
class Conversation(Model, Stamped):
    """The thread of a record: what customer and staff wrote to each other about it."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("noun", "record_id", "kind"),
        CheckConstraint("kind in ('order', 'ticket', 'log')", name="ck_conversations_kind"),
    )
    customer_id = Column(BigInteger, nullable=False)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    kind = Column(String(8), nullable=False)
    last_message_at = Column(DateTime(timezone=True), doc="UTC")
    messages = relationship("Message", back_populates="conversation", order_by="Message.id")


@owned_by("customer_id", via=("conversation_id", "conversations"))
class Message(Model, Stamped):
    """One message of a conversation, with the files attached to it."""

    __tablename__ = "messages"
    __label__ = ("text",)
    __history__ = "message"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("conversations", "conversation_id"),
        Index("ix_messages_conversation", "conversation_id", "id"),
    )
    customer_id = Column(BigInteger, nullable=False)
    conversation_id = Column(BigInteger, nullable=False)
    conversation = relationship("Conversation", back_populates="messages")
    author_id = Column(Integer, ForeignKey("ab_user.id"), doc="null: the house itself")
    inside = Column(String(8), nullable=False, doc="staff, external or system")
    text = Column(Text, nullable=False)

    def __repr__(self):
        return self.text[:60]


@owned_by("customer_id", via=("conversation_id", "conversations"))
class ReadMark(Model):
    """How far a user has read a conversation: what the unread counter counts from."""

    __tablename__ = "read_marks"
    __table_args__ = (
        UniqueConstraint("conversation_id", "user_id"),
        child_of("conversations", "conversation_id"),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    customer_id = Column(BigInteger, nullable=False)
    conversation_id = Column(BigInteger, nullable=False)
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False)
    message_id = Column(BigInteger, nullable=False, doc="last message read")


@staff_only(about=("order", "quote", "ticket", "contract", "invoice", "payment", "customer"))
class InternalNote(Model, Stamped):
    """A remark of staff about any record, never shown to customers."""

    __tablename__ = "internal_notes"
    __history__ = "internal_note"
    __table_args__ = (Index("ix_internal_notes_record", "noun", "record_id", "id"),)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    text = Column(Text, nullable=False)

    def __repr__(self):
        return self.text[:60]


@staff_only
class Task(Model, Stamped):
    """Something a member of staff has to do about a record, until when."""

    __tablename__ = "tasks"
    __history__ = "task"
    __table_args__ = (
        Index("ix_tasks_record", "noun", "record_id"),
        Index("ix_tasks_assignee", "assignee_id", "id"),
    )
    noun = Column(String(40), nullable=False, default="")
    record_id = Column(BigInteger)
    title = Column(String(200), nullable=False)
    assignee_id = Column(Integer, ForeignKey("ab_user.id"))
    due_at = Column(DateTime(timezone=True), doc="UTC")
    done_at = Column(DateTime(timezone=True), doc="UTC")

    def __repr__(self):
        return self.title
