"""The field matrix: who may change what of an order, and until when (X-12)."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import Model, Stamped, staff_only


@staff_only
class FieldRule(Model, Stamped):
    """Which fields of an order in a state a side may change; what no row names stays as it is."""

    __tablename__ = "field_rules"
    __label__ = ("side", "order_state")
    __history__ = "field_rule"
    __table_args__ = (
        CheckConstraint("side in ('customer', 'branch', 'staff')", name="ck_field_rules_side"),
        CheckConstraint("order_state in ('submitted', 'changed', 'confirmed', 'released', 'rejected')",
                        name="ck_field_rules_state"),
    )  # fmt: skip
    side = Column(String(8), nullable=False, doc="customer; branch: staff who see their branch only; staff: all others")
    role_id = Column(Integer, ForeignKey("ab_role.id", ondelete="CASCADE"), doc="only for holders of this role")
    role = relationship("Role")
    order_type_id = Column(BigInteger, ForeignKey("order_types.id"), doc="null: every type without rows of its own")
    order_type = relationship("OrderType")
    order_state = Column(String(12), nullable=False)
    fields = Column(JSONB, nullable=False, default=list, doc="codes of app.rules.order_fields.FIELDS")
    review = Column(Boolean, nullable=False, default=True, server_default="true",
                    doc="afterwards the order must be reconfirmed; false: it keeps its state (ORD-47)")  # fmt: skip
    preset = Column(String(10), nullable=False, default="", doc="the preset it came from")

    def __repr__(self):
        return f"#{self.id}"
