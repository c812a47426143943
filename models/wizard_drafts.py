"""Orders of a service that are being filled in, step by step."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import Model, Stamped, owned_by, reference


@owned_by("customer_id")
class WizardDraft(Model, Stamped):
    """What somebody has filled in so far: kept at every step, resumed on any device (X-32).

    Its files are attachments whose `part` is the key of the field.
    """

    __tablename__ = "wizard_drafts"
    __history__ = "wizard_draft"
    __secret__ = frozenset({"answers"})  # what is cancelled is gone, also from the history
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        Index("ix_wizard_drafts_customer", "customer_id", "state", "id"),
        Index("ix_wizard_drafts_state", "state", "updated_at"),
        CheckConstraint("state in ('open', 'ordered')", name="ck_wizard_drafts_state"),
    )
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(8), nullable=False, default="open")
    service_id = reference("services.id")
    service = relationship("Service")
    service_version_id = reference("service_versions.id", doc="the version it was begun with and is ordered by")
    edition = relationship("ServiceVersion")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    answers = Column(JSONB, nullable=False, default=dict, doc="{key of the field: answer}")
    step = Column(Integer, nullable=False, default=1, doc="where it goes on; one more than there are: the review")
    order_id = Column(BigInteger, doc="the order that was made of it")

    def __repr__(self):
        return f"#{self.id}"
