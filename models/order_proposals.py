"""Proposals for the lines of an order: what one side offers instead, and what the other one answered to each line."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import relationship

from models.base import Model, Stamped, child_of, owned_by, percent_column, price_column, quantity_column


@owned_by("customer_id", via=("order_id", "orders"))
class OrderProposal(Model, Stamped):
    """One round of a negotiation, made by one side and open until the other one has answered every line of it.

    It keeps what it said and was answered for ever; who made it and when are its stamps.
    """

    __tablename__ = "order_proposals"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("order_id", "number"),
        child_of("orders", "order_id", cascade=True),
        Index("ux_order_proposals_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
        CheckConstraint("state in ('open', 'answered', 'withdrawn', 'closed')", name="ck_order_proposals_state"),
        CheckConstraint("side in ('customer', 'staff')", name="ck_order_proposals_side"),
    )
    customer_id = Column(BigInteger, nullable=False)
    order_id = Column(BigInteger, nullable=False)
    order = relationship("Order", primaryjoin="Order.id == OrderProposal.order_id", foreign_keys=[order_id],
                         viewonly=True)  # fmt: skip
    number = Column(Integer, nullable=False, doc="the round: 1 is the first proposal of an order")
    side = Column(String(8), nullable=False, doc="customer or staff: who made it")
    state = Column(String(10), nullable=False, default="open", doc="closed: the order went on without an answer")
    note = Column(String(2000), nullable=False, default="", doc="what is said with it")
    approving = Column(Boolean, nullable=False, default=False,
                       doc="one of ours made it who may approve the order: no other review is needed")  # fmt: skip
    answered_at = Column(DateTime(timezone=True), doc="UTC; answered, withdrawn or closed")
    answered_by = Column(Integer, doc="user; null for the house itself")
    answer_note = Column(String(2000), nullable=False, default="", doc="what was said with the answer")
    closed_by = Column(String(40), nullable=False, default="", doc="the step that closed it: order.amend")
    lines = relationship(
        "OrderProposalLine", back_populates="proposal", order_by="OrderProposalLine.id",
        cascade="all, delete-orphan", primaryjoin="OrderProposal.id == OrderProposalLine.proposal_id",
        foreign_keys="OrderProposalLine.proposal_id", lazy="selectin",
    )  # fmt: skip

    def __repr__(self):
        return f"{self.order_id}/{self.number}"


@owned_by("customer_id", via=("proposal_id", "order_proposals"))
class OrderProposalLine(Model, Stamped):
    """What is proposed for one line of an order, beside what was agreed on it then; null means that it stays."""

    __tablename__ = "order_proposal_lines"
    __mapper_args__ = {}
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("order_proposals", "proposal_id", cascade=True),
        Index("ix_order_proposal_lines_proposal", "proposal_id", "id"),
        Index("ix_order_proposal_lines_product", "product_id"),
        CheckConstraint("answer in ('', 'accepted', 'refused', 'countered')", name="ck_order_proposal_lines_answer"),
        CheckConstraint("quantity > 0", name="ck_order_proposal_lines_quantity"),
        CheckConstraint("unit_price >= 0", name="ck_order_proposal_lines_price"),
    )
    customer_id = Column(BigInteger, nullable=False)
    proposal_id = Column(BigInteger, nullable=False)
    proposal = relationship(
        "OrderProposal", back_populates="lines", primaryjoin="OrderProposal.id == OrderProposalLine.proposal_id",
        foreign_keys=[proposal_id],
    )  # fmt: skip
    order_line_id = Column(BigInteger, nullable=False, doc="line of the order, which may be gone by now")
    position = Column(Integer, nullable=False)
    sku = Column(String(40), nullable=False)
    name = Column(String(300), nullable=False)
    unit_code = Column(String(8), nullable=False)
    was_quantity = quantity_column("what was agreed when it was proposed", nullable=False)
    was_price = price_column(nullable=False)
    was_discount = percent_column("on the price", nullable=False, default=0)
    was_on = Column(Date, doc="requested delivery date that was agreed")
    refuse = Column(Boolean, nullable=False, default=False, doc="the line is to go")
    quantity = quantity_column(nullable=True)
    unit_price = price_column("without further discount, in the order's currency", nullable=True)
    requested_on = Column(Date)
    product_id = Column(BigInteger, ForeignKey("products.id"), doc="substitute; its price is told with it")
    new_sku = Column(String(40), nullable=False, default="", doc="of the substitute")
    new_name = Column(String(300), nullable=False, default="")
    new_unit = Column(String(8), nullable=False, default="")
    remark = Column(String(500), nullable=False, default="", doc="why")
    answer = Column(String(10), nullable=False, default="", doc="empty: not answered")
    answer_remark = Column(String(500), nullable=False, default="")

    def __repr__(self):
        return self.sku
