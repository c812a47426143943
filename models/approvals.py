"""Who has to agree before a record goes on: rules as rows, decisions as rows (X-27)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.orm import relationship

from models.base import (
    Archived,
    Localized,
    Model,
    Stamped,
    amount_column,
    owned_by,
    percent_column,
    staff_only,
)


@staff_only
class ApprovalRule(Model, Stamped, Archived):
    """When an order needs the agreement of somebody with a certain permission.

    A rule applies when every condition that is filled in holds.
    """

    __tablename__ = "approval_rules"
    __history__ = "approval_rule"
    __table_args__ = (CheckConstraint("level in ('reviewer', 'supervisor')", name="ck_approval_rules_level"),)
    name = Column(String(120), nullable=False, unique=True)
    texts = Column(Localized, nullable=False, default=dict, doc="what the reader is told, by locale")
    noun = Column(String(40), nullable=False, default="order")
    level = Column(String(12), nullable=False, default="supervisor", doc="who decides: reviewer or supervisor")
    currency_code = Column(String(3), ForeignKey("currencies.code"), doc="of `over_amount`")
    over_amount = amount_column("gross total above this", nullable=True)
    new_customer = Column(Boolean, nullable=False, default=False, doc="customer without a finished order")
    over_credit = Column(Boolean, nullable=False, default=False, doc="credit limit exceeded with this order")
    over_discount = percent_column("a line's discount above this percentage", nullable=True)
    category_id = Column(BigInteger, ForeignKey("categories.id"), doc="a line's product lies in this category")
    category = relationship("Category")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), doc="only orders of this branch")
    branch = relationship("Branch")

    def __repr__(self):
        return self.name


@owned_by("customer_id")
class Approval(Model, Stamped):
    """One decision that is asked for or was made about a record."""

    __tablename__ = "approvals"
    __mapper_args__ = {}
    __table_args__ = (
        Index("ix_approvals_record", "noun", "record_id", "id"),
        Index("ix_approvals_supervised", "record_id",
              postgresql_where=text("noun = 'order' and level = 'supervisor' and answer = ''")),
        CheckConstraint("answer in ('', 'approved', 'rejected')", name="ck_approvals_answer"),
    )  # fmt: skip
    customer_id = Column(BigInteger, nullable=False)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    rule_id = Column(BigInteger, doc="null: the ordinary review")
    rule_name = Column(String(120), nullable=False, default="", doc="as it was called then")
    level = Column(String(12), nullable=False)
    asked_reason = Column(String(2000), nullable=False, default="", server_default="", doc="why it was asked for")
    answer = Column(String(10), nullable=False, default="")
    decided_by = Column(Integer, ForeignKey("ab_user.id"))
    decided_name = Column(String(120), nullable=False, default="")
    decided_at = Column(DateTime(timezone=True), doc="UTC")
    reason = Column(String(2000), nullable=False, default="")
