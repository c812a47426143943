"""Invoices of every type, and credit notes, which are invoices that give back."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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

from models.base import (
    HOUSE_BRANCH,
    Model,
    Removable,
    Stamped,
    amount_column,
    child_of,
    owned_by,
    percent_column,
    price_column,
    quantity_column,
)

TYPES = ("proforma", "final", "payment_request", "tax", "credit_note")


@owned_by("customer_id", branch="branch_id")
class Invoice(Model, Stamped, Removable):
    """What a customer owes us, or we him (type credit note). Frozen once issued."""

    __tablename__ = "invoices"
    __label__ = ("number", "currency_code")
    __history__ = "invoice"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        ForeignKeyConstraint(["customer_id", "credits_id"], ["invoices.customer_id", "invoices.id"]),
        Index("ux_invoices_number", "number", unique=True, postgresql_where=text("deleted_at is null"),
              postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_invoices_customer_state", "customer_id", "state", "id"),
        Index("ix_invoices_state", "state", "id"),
        Index("ix_invoices_number", "number", "id"),
        Index("ix_invoices_issued_on", "issued_on", "id"),
        Index("ix_invoices_gross", "total_gross", "id"),
        Index("ix_invoices_type", "type", "id"),
        Index("ix_invoices_due_on", "due_on", "id"),
        Index("ix_invoices_order", "order_id"),
        Index("ix_invoices_credits", "credits_id", postgresql_where=text("credits_id is not null")),
        Index("ix_invoices_branch", "branch_id", "id"),
        CheckConstraint("type in ('proforma', 'final', 'payment_request', 'tax', 'credit_note')",
                        name="ck_invoices_type"),
        CheckConstraint("total_gross = total_net + total_tax", name="ck_invoices_totals"),
        CheckConstraint("payment_status in ('unpaid', 'part', 'paid')", name="ck_invoices_payment"),
        CheckConstraint("paid_amount between 0 and total_gross and open_amount between 0 and total_gross",
                        name="ck_invoices_paid"),
    )  # fmt: skip
    number = Column(String(40), doc="taken when issued; imported documents keep their own")
    type = Column(String(16), nullable=False, default="final")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="draft")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    order_id = Column(BigInteger, doc="the order it bills")
    order = relationship("Order", viewonly=True, foreign_keys=[order_id],
                         primaryjoin="Invoice.order_id == Order.id")  # fmt: skip
    order_number = Column(String(40), nullable=False, default="", doc="as printed")
    credits_id = Column(BigInteger, doc="credit note: the invoice it corrects")
    credits = relationship("Invoice", viewonly=True, remote_side="Invoice.id", foreign_keys=[credits_id],
                           primaryjoin="Invoice.credits_id == Invoice.id")  # fmt: skip
    locale = Column(String(12), nullable=False, default="en")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    includes_tax = Column(Boolean, nullable=False, default=False, doc="line prices are gross")
    billing_address = Column(Text, nullable=False, default="", doc="as printed")
    tax_id = Column(String(40), nullable=False, default="", doc="the customer's, as printed")
    terms_days = Column(Integer, nullable=False, default=30, doc="days net from the invoice date")
    issued_on = Column(Date)
    issued_at = Column(DateTime(timezone=True), doc="UTC")
    due_on = Column(Date)
    payment_status = Column(String(8), nullable=False, default="unpaid", doc="derived from allocations")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()
    paid_amount = amount_column("sum of its allocations of confirmed payments")
    open_amount = amount_column("what is neither paid nor credited while issued, else 0")
    remark = Column(Text, nullable=False, default="")
    lines = relationship(
        "InvoiceLine", back_populates="invoice", order_by="InvoiceLine.position", cascade="all, delete-orphan",
        primaryjoin="Invoice.id == InvoiceLine.invoice_id", foreign_keys="InvoiceLine.invoice_id",
    )  # fmt: skip

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("invoice_id", "invoices"))
class InvoiceLine(Model, Stamped):
    """One line of an invoice, with everything printed about it."""

    __tablename__ = "invoice_lines"
    __mapper_args__ = {}
    __history__ = ("invoice", "lines")
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("invoices", "invoice_id", cascade=True),
        ForeignKeyConstraint(["customer_id", "order_line_id"], ["order_lines.customer_id", "order_lines.id"]),
        ForeignKeyConstraint(["customer_id", "credits_line_id"], ["invoice_lines.customer_id", "invoice_lines.id"]),
        Index("ix_invoice_lines_credits", "credits_line_id", postgresql_where=text("credits_line_id is not null")),
        Index("ix_invoice_lines_invoice", "invoice_id", "position"),
        Index("ix_invoice_lines_order_line", "order_line_id"),
        CheckConstraint("gross = net + tax", name="ck_invoice_lines_gross"),
    )
    customer_id = Column(BigInteger, nullable=False)
    invoice_id = Column(BigInteger, nullable=False)
    invoice = relationship("Invoice", back_populates="lines",
                         primaryjoin="Invoice.id == InvoiceLine.invoice_id", foreign_keys=[invoice_id])  # fmt: skip
    order_line_id = Column(BigInteger)
    credits_line_id = Column(BigInteger, doc="credit note: the invoice line it gives back")
    position = Column(Integer, nullable=False)
    product_id = Column(BigInteger, ForeignKey("products.id"), index=True)
    sku = Column(String(40), nullable=False, default="")
    name = Column(String(300), nullable=False)
    unit_code = Column(String(8), nullable=False, default="C62")
    tax_code = Column(String(20), nullable=False, default="")
    tax_rate = percent_column("20 means 20 %", nullable=False, default=0)
    quantity = quantity_column("negative never: a credit note says what it gives back", nullable=False)
    unit_price = price_column(nullable=False)
    discount_percent = percent_column("on the price", nullable=False, default=0, server_default="0")
    net = amount_column()
    tax = amount_column()
    gross = amount_column()

    def __repr__(self):
        return self.sku or self.name
