"""Tickets: what a customer asks or complains about, until it is solved."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Model, Removable, Stamped, owned_by


@owned_by("customer_id", branch="branch_id")
class Ticket(Model, Stamped, Removable):
    """A question or complaint with its conversation (TKT-01)."""

    __tablename__ = "tickets"
    __label__ = ("number", "subject")
    __history__ = "ticket"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        Index("ux_tickets_number", "number", unique=True, postgresql_where=text("deleted_at is null"),
              postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_tickets_customer_state", "customer_id", "state", "id"),
        Index("ix_tickets_state", "state", "id"),
        Index("ix_tickets_number", "number", "id"),
        Index("ix_tickets_created", "created_at", "id"),
        CheckConstraint("priority in ('low', 'normal', 'high')", name="ck_tickets_priority"),
    )
    number = Column(String(40))
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="open")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    subject = Column(String(200), nullable=False)
    text = Column(Text, nullable=False, doc="the first message")
    priority = Column(String(8), nullable=False, default="normal")
    order_id = Column(BigInteger, doc="the order it is about")
    order = relationship("Order", viewonly=True, foreign_keys=[order_id],
                         primaryjoin="Ticket.order_id == Order.id")  # fmt: skip
    handler_id = Column(Integer, ForeignKey("ab_user.id"), index=True)
    handler = relationship("User", foreign_keys=[handler_id])
    answered_at = Column(DateTime(timezone=True), doc="UTC; last answer of ours")
    resolved_at = Column(DateTime(timezone=True), doc="UTC")

    def __repr__(self):
        return self.number or self.subject
