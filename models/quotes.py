"""Quotes: what we offer to deliver at what price, until when."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
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


@owned_by("customer_id", branch="branch_id")
class Quote(Model, Stamped, Removable):
    """An offer to one customer, from the request to its answer."""

    __tablename__ = "quotes"
    __history__ = "quote"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        Index("ux_quotes_number", "number", unique=True, postgresql_where=text("deleted_at is null")),
        Index("ix_quotes_customer_state", "customer_id", "state", "id"),
        Index("ix_quotes_state", "state", "id"),
    )
    number = Column(String(40))
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer")
    state = Column(String(12), nullable=False, default="draft")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    locale = Column(String(12), nullable=False, default="en")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    valid_until = Column(Date)
    remark = Column(Text, nullable=False, default="")
    submitted_at = Column(DateTime(timezone=True), doc="UTC")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()
    lines = relationship(
        "QuoteLine", back_populates="quote", order_by="QuoteLine.position", cascade="all, delete-orphan",
        primaryjoin="Quote.id == QuoteLine.quote_id", foreign_keys="QuoteLine.quote_id",
    )  # fmt: skip

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("quote_id", "quotes"))
class QuoteLine(Model, Stamped):
    """One product or free text of a quote."""

    __tablename__ = "quote_lines"
    __mapper_args__ = {}
    __history__ = ("quote", "lines")
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("quotes", "quote_id", cascade=True),
        Index("ix_quote_lines_quote", "quote_id", "position"),
        CheckConstraint("gross = net + tax", name="ck_quote_lines_gross"),
    )
    customer_id = Column(BigInteger, nullable=False)
    quote_id = Column(BigInteger, nullable=False)
    quote = relationship("Quote", back_populates="lines",
                         primaryjoin="Quote.id == QuoteLine.quote_id", foreign_keys=[quote_id])  # fmt: skip
    position = Column(Integer, nullable=False)
    product_id = Column(BigInteger, ForeignKey("products.id"))
    sku = Column(String(40), nullable=False, default="")
    name = Column(String(300), nullable=False)
    unit_code = Column(String(8), nullable=False, default="C62")
    tax_rate = percent_column("20 means 20 %", nullable=False, default=0)
    discount_percent = percent_column("on the price", nullable=False, default=0)
    unit_price = price_column(nullable=True)
    quantity = quantity_column(nullable=False)
    net = amount_column()
    tax = amount_column()
    gross = amount_column()

    def __repr__(self):
        return self.name
