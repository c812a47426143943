"""Who gets an order that is submitted: rules an administrator edits as rows (ORD-20)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import Archived, Model, Stamped, staff_only


@staff_only
class AssignmentRule(Model, Stamped, Archived):
    """Whom orders of a kind are given to; the first rule that fits and finds somebody present decides.

    A rule fits when every condition that is filled in holds; one without any fits every order.
    """

    __tablename__ = "assignment_rules"
    __history__ = "assignment_rule"
    __label__ = ("name",)
    __secret__ = frozenset({"last_user_id"})
    __table_args__ = (
        CheckConstraint("mode in ('person', 'in_turn', 'fewest', 'manager')", name="ck_assignment_rules_mode"),
        Index("ix_assignment_rules_position", "position", "id"),
    )
    name = Column(String(120), nullable=False, unique=True)
    position = Column(Integer, nullable=False, default=10, doc="smaller is asked first")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), doc="only orders of this customer")
    customer = relationship("Customer")
    category_id = Column(BigInteger, ForeignKey("categories.id"), doc="a line's product lies in it or below it")
    category = relationship("Category")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), doc="only orders of this branch")
    branch = relationship("Branch")
    order_type_id = Column(BigInteger, ForeignKey("order_types.id"), doc="only orders of this type")
    order_type = relationship("OrderType")
    mode = Column(String(10), nullable=False, default="person", doc="person, in_turn, fewest, manager")
    user_ids = Column(JSONB, nullable=False, default=list, doc="members of staff, in their order")
    last_user_id = Column(Integer, doc="in_turn: who had the last one")

    def __repr__(self):
        return self.name
