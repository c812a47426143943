"""The communication log: what was said to and by a customer outside the portal (TKT-03, X-38)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Model, SearchText, Stamped, child_of, owned_by


@owned_by("customer_id", branch="branch_id")
class LogEntry(Model, Stamped):
    """A phone call, e-mail or meeting about a record, in the record's conversation of the kind `log`.

    Row security lets a customer see it only once it is published.
    """

    __tablename__ = "log_entries"
    __history__ = "log_entry"
    __words__ = {"channel": "contact_channel"}  # which words of views.labels its codes have
    __table_args__ = (
        child_of("conversations", "conversation_id"),
        Index("ix_log_entries_conversation", "conversation_id", "held_at"),
        Index("ix_log_entries_customer", "customer_id", "id"),
        Index("ix_log_entries_branch", "branch_id", "id"),
        Index("ix_log_entries_state", "state", "id"),
        Index("ix_log_entries_search", "search", postgresql_using="gin"),
        CheckConstraint("channel in ('phone', 'email', 'meeting', 'chat', 'letter')", name="ck_log_entries_channel"),
        CheckConstraint("direction in ('in', 'out')", name="ck_log_entries_direction"),
    )
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    conversation_id = Column(BigInteger, nullable=False)
    conversation = relationship("Conversation", viewonly=True, foreign_keys=[conversation_id],
                                primaryjoin="LogEntry.conversation_id == Conversation.id")  # fmt: skip
    state = Column(String(10), nullable=False, default="internal", server_default="internal")
    channel = Column(String(8), nullable=False, default="phone")
    direction = Column(String(4), nullable=False, default="in", doc="in: the customer spoke to us; out: we to him")
    held_at = Column(DateTime(timezone=True), nullable=False, doc="UTC; when it was said, not when it was noted")
    contact = Column(String(200), nullable=False, default="", doc="with whom, at the customer's")
    text = Column(Text, nullable=False)
    published_at = Column(DateTime(timezone=True), doc="UTC; null: ours alone")
    search = Column(SearchText)

    def search_texts(self):
        return (self.contact, self.text)

    def __repr__(self):
        return (self.text or "")[:60]
