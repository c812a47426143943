"""The work list: the stages in which the work of a service order is done (PRD-04, PRD-05)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
)
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Localized, Model, Stamped, child_of, owned_by, reference


@owned_by("customer_id", branch="branch_id")
class WorkStage(Model, Stamped):
    """One stage of the work on an order, as the service's version planned it."""

    __tablename__ = "work_stages"
    __label__ = ("number", "names")
    __history__ = "work"
    __secret__ = frozenset({"due_at"})  # it follows from whose turn it is
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("order_id", "position"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        Index("ix_work_stages_number", "number", postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_work_stages_customer_state", "customer_id", "state", "id"),
        Index("ix_work_stages_state", "state", "id"),
        Index("ix_work_stages_handler", "handler_id", "state", "id"),
        CheckConstraint(
            "state in ('waiting', 'doing', 'shown', 'changes_requested', 'approved', 'done', 'cancelled')",
            name="ck_work_stages_state",
        ),
    )
    number = Column(String(50), nullable=False, doc="number of the order, a stroke, place of the stage")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    order_id = Column(BigInteger, nullable=False)
    order = relationship("Order", viewonly=True, foreign_keys=[order_id],
                         primaryjoin="WorkStage.order_id == Order.id")  # fmt: skip
    service_version_id = reference("service_versions.id")
    edition = relationship("ServiceVersion")
    position = Column(Integer, nullable=False)
    names = Column(Localized, nullable=False)
    approval = Column(Boolean, nullable=False, default=True, doc="the customer must approve it before it goes on")
    days = Column(Integer, doc="planned length; null: the setting's")
    state = Column(String(20), nullable=False, default="waiting")
    handler_id = Column(Integer, ForeignKey("ab_user.id"), doc="the expert who does it")
    handler = relationship("User", foreign_keys=[handler_id])
    revisions = Column(Integer, nullable=False, default=0, doc="how often the customer has asked for changes (X-42)")
    due_at = Column(DateTime(timezone=True), doc="UTC; null until its turn has come")
    shown_at = Column(DateTime(timezone=True), doc="UTC; when it was last put before the customer")
    approved_at = Column(DateTime(timezone=True), doc="UTC")
    done_at = Column(DateTime(timezone=True), doc="UTC")
    rounds = relationship(
        "WorkRound", back_populates="stage", order_by="WorkRound.number", cascade="all, delete-orphan",
        primaryjoin="WorkStage.id == WorkRound.stage_id", foreign_keys="WorkRound.stage_id",
    )  # fmt: skip

    def __repr__(self):
        return self.number


@owned_by("customer_id", via=("stage_id", "work_stages"))
class WorkRound(Model, Stamped):
    """One showing of a stage to the customer, and his answer.

    The files shown are attachments of the stage with the part `shown-<number>`, those of the answer `answer-<number>`.
    """

    __tablename__ = "work_rounds"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("stage_id", "number"),
        child_of("work_stages", "stage_id", cascade=True),
        CheckConstraint("answer in ('', 'approved', 'changes', 'time')", name="ck_work_rounds_answer"),
    )
    customer_id = Column(BigInteger, nullable=False)
    stage_id = Column(BigInteger, nullable=False)
    stage = relationship("WorkStage", back_populates="rounds",
                         primaryjoin="WorkStage.id == WorkRound.stage_id", foreign_keys=[stage_id])  # fmt: skip
    number = Column(Integer, nullable=False)
    note = Column(Text, nullable=False, default="", doc="what the expert says to it")
    answer = Column(String(10), nullable=False, default="", doc="approved, changes; time: accepted by itself")
    comment = Column(Text, nullable=False, default="", doc="what the customer says to it")
    shown_at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    answered_at = Column(DateTime(timezone=True), doc="UTC")

    def __repr__(self):
        return str(self.number)
