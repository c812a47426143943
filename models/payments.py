"""Payments: money a customer sent, and which invoices it settles."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Model, Removable, Stamped, amount_column, child_of, owned_by


@owned_by("customer_id", branch="branch_id")
class Payment(Model, Stamped, Removable):
    """Money received or reported as sent; it settles nothing until finance confirms it (X-46)."""

    __tablename__ = "payments"
    __label__ = ("number",)
    __history__ = "payment"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoices.customer_id", "invoices.id"]),
        Index("ux_payments_number", "number", unique=True, postgresql_where=text("deleted_at is null")),
        Index("ix_payments_customer_state", "customer_id", "state", "id"),
        Index("ix_payments_state", "state", "id"),
        Index("ix_payments_number", "number", "id"),
        Index("ix_payments_paid_on", "paid_on", "id"),
        CheckConstraint("amount > 0", name="ck_payments_amount"),
        CheckConstraint("method in ('bank', 'card', 'cash', 'other')", name="ck_payments_method"),
    )
    number = Column(String(40))
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="draft")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    invoice_id = Column(BigInteger, doc="the invoice the customer names; null: on account")
    invoice = relationship("Invoice", viewonly=True, foreign_keys=[invoice_id],
                           primaryjoin="Payment.invoice_id == Invoice.id")  # fmt: skip
    method = Column(String(8), nullable=False, default="bank")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    amount = amount_column("gross, in its own currency", default=None, server_default=None)
    unallocated = amount_column("part that settles no invoice yet: credit of the customer")
    paid_on = Column(Date, nullable=False, doc="value date")
    reference = Column(String(120), nullable=False, default="", doc="as on the bank statement")
    confirmed_at = Column(DateTime(timezone=True), doc="UTC")
    confirmed_by = Column(Integer)
    allocations = relationship("Allocation", back_populates="payment", cascade="all, delete-orphan")

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("payment_id", "payments"))
class Allocation(Model, Stamped):
    """The part of a payment or of a credit note that settles one invoice."""

    __tablename__ = "allocations"
    __history__ = ("payment", "allocations")
    __table_args__ = (
        UniqueConstraint("payment_id", "invoice_id"),
        child_of("payments", "payment_id"),
        child_of("invoices", "invoice_id"),
        Index("ix_allocations_invoice", "invoice_id"),
        CheckConstraint("amount > 0", name="ck_allocations_amount"),
    )
    customer_id = Column(BigInteger, nullable=False)
    payment_id = Column(BigInteger, nullable=False)
    payment = relationship("Payment", back_populates="allocations", overlaps="invoice")
    invoice_id = Column(BigInteger, nullable=False)
    invoice = relationship("Invoice", viewonly=True, foreign_keys=[invoice_id],
                           primaryjoin="Allocation.invoice_id == Invoice.id")  # fmt: skip
    amount = amount_column("in the currency of both", default=None, server_default=None)
