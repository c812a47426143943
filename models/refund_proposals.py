"""Refund proposals: money of a cancelled order that finance gives back, or says why not (X-15)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Model, Stamped, amount_column, reference, staff_only


@staff_only(branch="branch_id")
class RefundProposal(Model, Stamped):
    """A payment that is to go back, because the order it was made for was cancelled; one per order and payment."""

    __tablename__ = "refund_proposals"
    __history__ = "refund_proposal"
    __table_args__ = (
        UniqueConstraint("order_id", "payment_id"),
        Index("ix_refund_proposals_state", "state", "id"),
        Index("ix_refund_proposals_branch", "branch_id", "id"),
        CheckConstraint("amount > 0", name="ck_refund_proposals_amount"),
    )
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    customer_id = reference("customers.id")
    customer = relationship("Customer", foreign_keys=[customer_id])
    order_id = reference("orders.id", index=False)
    order = relationship("Order", foreign_keys=[order_id])
    payment_id = reference("payments.id")
    payment = relationship("Payment", foreign_keys=[payment_id])
    state = Column(String(10), nullable=False, default="proposed", server_default="proposed")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    amount = amount_column("gross, in the payment's currency: all of it, never more", default=None,
                           server_default=None)  # fmt: skip
    decided_at = Column(DateTime(timezone=True), doc="UTC")
    decided_by = Column(Integer, ForeignKey("ab_user.id"))

    def __repr__(self):
        return f"{self.order} · {self.payment}" if self.order and self.payment else f"#{self.id}"
