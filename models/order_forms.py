"""Order forms: tables of item codes and quantities that somebody sent, row by row what becomes of them."""

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import deferred, relationship

from models.base import Model, Stamped, amount_column, child_of, owned_by


@owned_by("customer_id")
class OrderForm(Model, Stamped):
    """One upload, pasted list or copied order as it was checked against catalogue and prices (CRT-03, CRT-11, X-36).

    Its rows are kept as JSON (`app.rules.order_preview` says what they hold) and loaded only where they are shown.
    """

    __tablename__ = "order_forms"
    __label__ = ("name",)
    __history__ = "order_form"
    __secret__ = frozenset({"rows", "sha256"})
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("orders", "order_id", cascade=True),
        Index("ix_order_forms_customer_state", "customer_id", "state", "id"),
        Index("ix_order_forms_state", "state", "created_at"),
        Index("ix_order_forms_order", "order_id"),
        Index("ix_order_forms_content", "customer_id", "sha256"),
        CheckConstraint("source in ('file', 'rows', 'copy')", name="ck_order_forms_source"),
    )
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer")
    state = Column(String(12), nullable=False, default="reading", server_default="reading")
    source = Column(String(10), nullable=False, default="file", doc="file, rows (pasted or sent), copy (of an order)")
    name = Column(String(200), nullable=False, doc="file name, or what was copied")
    size = Column(Integer, nullable=False, default=0, doc="bytes")
    sha256 = Column(String(64), nullable=False, default="", doc="of what was sent, to know it again")
    locale = Column(String(12), nullable=False, default="en", doc="language its product names are kept in")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    rows = deferred(Column(JSONB, nullable=False, default=list))
    row_count = Column(Integer, nullable=False, default=0, doc="rows that order something")
    checked_count = Column(Integer, nullable=False, default=0, doc="how many of them are checked: progress")
    empty_count = Column(Integer, nullable=False, default=0, doc="rows of the file that name no quantity")
    taken_count = Column(Integer, nullable=False, default=0)
    changed_count = Column(Integer, nullable=False, default=0)
    refused_count = Column(Integer, nullable=False, default=0)
    checked_at = Column(DateTime(timezone=True), doc="UTC; the prices are those of this moment")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()
    order_id = Column(BigInteger, doc="the order that was made of it")

    def __repr__(self):
        return self.name or f"#{self.id}"
