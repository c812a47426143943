"""Notifications: what was told to whom by which channel, and what became of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import Model, Stamped, owned_by

NOUNS = ("order", "quote", "contract", "invoice", "payment", "refund_proposal", "ticket", "file", "customer", "message",
         "log_entry", "rating", "work", "run", "person")  # fmt: skip


@owned_by("customer_id", about=NOUNS, reader="user_id", writable=False)
class Notification(Model, Stamped):
    """One mail or SMS to one person, composed in his language; unsent ones survive a crash."""

    __tablename__ = "notifications"
    __label__ = ("subject",)
    __history__ = "notification"
    __secret__ = frozenset({"body", "html"})  # kept here once, not again in the history
    __table_args__ = (
        Index("ix_notifications_record", "noun", "record_id"),
        Index("ix_notifications_customer", "customer_id", "id"),
        Index("ix_notifications_state", "state", "id"),
        Index("ix_notifications_user", "user_id", "id"),
        CheckConstraint("state in ('waiting', 'sent', 'failed')", name="ck_notifications_state"),
        CheckConstraint("channel in ('email', 'sms')", name="ck_notifications_channel"),
    )
    customer_id = Column(BigInteger, nullable=False, doc="0: to one of ours")
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    name = Column(String(60), nullable=False, doc="which notice")
    channel = Column(String(8), nullable=False, default="email")
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="SET NULL"), doc="reader, where it is a user")
    to = Column(String(200), nullable=False, doc="address")
    locale = Column(String(12), nullable=False)
    subject = Column(String(300), nullable=False)
    body = Column(Text, nullable=False)
    html = Column(Text, nullable=False, default="")
    attach = Column(JSONB, nullable=False, default=list, doc="reports of the record rendered by the mailer")
    state = Column(String(8), nullable=False, default="waiting")
    attempts = Column(Integer, nullable=False, default=0)
    sent_at = Column(DateTime(timezone=True), doc="UTC")
    error = Column(String(500), nullable=False, default="", doc="why the last attempt failed")

    def __repr__(self):
        return self.subject
