"""Quotes: what a customer asked for, and what we offered to deliver at what price, until when."""

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


@owned_by("customer_id", branch="branch_id")
class Quote(Model, Stamped, Removable):
    """An offer to one customer, from the request to its answer (QUO-01 to QUO-09, X-34).

    The head holds what the customer may see: totals, validity and taxes of the revision that was published
    last. What is being worked out stands in an unpublished revision.
    """

    __tablename__ = "quotes"
    __label__ = ("number", "reference")
    __history__ = "quote"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "delivery_address_id"], ["addresses.customer_id", "addresses.id"]),
        Index("ux_quotes_number", "number", unique=True, postgresql_where=text("deleted_at is null"),
              postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_quotes_customer_state", "customer_id", "state", "id"),
        Index("ix_quotes_state", "state", "id"),
        Index("ix_quotes_number", "number", "id"),
        Index("ix_quotes_submitted", "submitted_at", "id"),
        Index("ix_quotes_created", "created_at", "id"),
        Index("ix_quotes_valid_until", "valid_until", "id", postgresql_where=text("state = 'offered'")),
    )  # fmt: skip
    number = Column(String(40))
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="draft")
    origin = Column(String(8), nullable=False, default="customer", server_default="customer",
                    doc="customer: a request; staff: an offer nobody asked for in writing")  # fmt: skip
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    locale = Column(String(12), nullable=False, default="en")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    includes_tax = Column(Boolean, nullable=False, default=False, server_default="false", doc="line prices are gross")
    reference = Column(String(80), nullable=False, default="", server_default="", doc="the customer's own number")
    requested_on = Column(Date, doc="wished delivery date")
    delivery_method_id = Column(BigInteger, ForeignKey("delivery_methods.id"))
    delivery_method = relationship("DeliveryMethod")
    delivery_address_id = Column(BigInteger)
    delivery_address = relationship("Address", foreign_keys=[delivery_address_id], viewonly=True,
                                    primaryjoin="Quote.delivery_address_id == Address.id")  # fmt: skip
    remark = Column(Text, nullable=False, default="", doc="what the customer wants us to know")
    internal_remark = Column(Text, nullable=False, default="", server_default="", doc="never told outside")
    handler_id = Column(Integer, ForeignKey("ab_user.id"), doc="member of staff who works it out")
    handler = relationship("User", foreign_keys=[handler_id])
    revision = Column(Integer, nullable=False, default=0, server_default="0", doc="published last; 0: none so far")
    valid_until = Column(Date, doc="last day of the published offer, at the branch")
    submitted_at = Column(DateTime(timezone=True), doc="UTC")
    submitted_by = Column(Integer)
    published_at = Column(DateTime(timezone=True), doc="UTC; of the revision published last")
    countered_at = Column(DateTime(timezone=True), doc="UTC; of a counter-offer that we have not answered yet")
    answered_at = Column(DateTime(timezone=True), doc="UTC; accepted or declined")
    converted_at = Column(DateTime(timezone=True), doc="UTC; an order was made of it")
    warned_on = Column(Date, doc="the last day of validity the customer was reminded of")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()
    total_discount = amount_column("taken off the whole; in what the prices speak of, net or gross")
    all_lines = relationship(
        "QuoteLine", back_populates="quote", order_by="QuoteLine.revision, QuoteLine.position",
        cascade="all, delete-orphan",
        primaryjoin="Quote.id == QuoteLine.quote_id", foreign_keys="QuoteLine.quote_id",
    )  # fmt: skip
    lines = relationship(
        "QuoteLine", viewonly=True, order_by="QuoteLine.position", foreign_keys="QuoteLine.quote_id",
        primaryjoin="and_(Quote.id == QuoteLine.quote_id, Quote.revision == QuoteLine.revision)",
    )  # fmt: skip
    revisions = relationship(
        "QuoteRevision", back_populates="quote", order_by="QuoteRevision.revision", cascade="all, delete-orphan",
        primaryjoin="Quote.id == QuoteRevision.quote_id", foreign_keys="QuoteRevision.quote_id",
    )  # fmt: skip

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("quote_id", "quotes"))
class QuoteRevision(Model, Stamped):
    """What was offered when, and what the customer answered it with; 0 is what he asked for."""

    __tablename__ = "quote_revisions"
    __mapper_args__ = {}
    __history__ = ("quote", "revisions")
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("quote_id", "revision"),
        child_of("quotes", "quote_id", cascade=True),
    )
    customer_id = Column(BigInteger, nullable=False)
    quote_id = Column(BigInteger, nullable=False)
    quote = relationship("Quote", back_populates="revisions",
                         primaryjoin="Quote.id == QuoteRevision.quote_id", foreign_keys=[quote_id])  # fmt: skip
    revision = Column(Integer, nullable=False)
    published = Column(Boolean, nullable=False, default=False, doc="the customer may see it")
    published_at = Column(DateTime(timezone=True), doc="UTC")
    valid_until = Column(Date, doc="last day, at the branch")
    remark = Column(Text, nullable=False, default="", doc="what we tell the customer with it")
    includes_tax = Column(Boolean, nullable=False, default=False, doc="line prices are gross")
    priced_by = Column(Integer, doc="who gave its prices last: he may not review it")
    reviewed_at = Column(DateTime(timezone=True), doc="UTC")
    reviewed_by = Column(Integer)
    countered_at = Column(DateTime(timezone=True), doc="UTC; when the customer answered it with a counter-offer")
    counter_comment = Column(Text, nullable=False, default="")
    discount_percent = percent_column("off the whole; or the amount", nullable=False, default=0, server_default="0")
    discount_amount = amount_column("off the whole, as it was entered")
    total_discount = amount_column("taken off the whole; in what the prices speak of, net or gross")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()

    def __repr__(self):
        return str(self.revision)


@owned_by("customer_id", via=("quote_id", "quotes"))
class QuoteLine(Model, Stamped):
    """One product or free text of a revision of a quote."""

    __tablename__ = "quote_lines"
    __mapper_args__ = {}
    __history__ = ("quote", "lines")
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("quotes", "quote_id", cascade=True),
        Index("ix_quote_lines_quote", "quote_id", "revision", "position"),
        CheckConstraint("gross = net + tax", name="ck_quote_lines_gross"),
    )
    customer_id = Column(BigInteger, nullable=False)
    quote_id = Column(BigInteger, nullable=False)
    quote = relationship("Quote", back_populates="all_lines",
                         primaryjoin="Quote.id == QuoteLine.quote_id", foreign_keys=[quote_id])  # fmt: skip
    revision = Column(Integer, nullable=False, default=0, server_default="0", doc="0: what the customer asked for")
    published = Column(Boolean, nullable=False, default=False, server_default="false", doc="the customer may see it")
    position = Column(Integer, nullable=False)
    alternative = Column(Boolean, nullable=False, default=False, server_default="false",
                         doc="instead of the line above it that is none")  # fmt: skip
    counts = Column(Boolean, nullable=False, default=True, server_default="true",
                    doc="part of the total: no alternative, or what the customer accepted")  # fmt: skip
    product_id = Column(BigInteger, ForeignKey("products.id"))
    sku = Column(String(40), nullable=False, default="")
    name = Column(String(300), nullable=False)
    unit_code = Column(String(8), nullable=False, default="C62")
    tax_rate = percent_column("20 means 20 %", nullable=False, default=0)
    list_price = price_column("what the price list says", nullable=True)
    discount_percent = percent_column("on the price", nullable=False, default=0)
    unit_price = price_column(nullable=True)
    quantity = quantity_column(nullable=False)
    requested_on = Column(Date, doc="wished or offered delivery date")
    internal_cost = price_column("our own cost per unit, never told outside (QUO-07)", nullable=True)
    counter_quantity = quantity_column("what the customer proposes instead", nullable=True)
    counter_price = price_column("what the customer proposes instead", nullable=True)
    counter_on = Column(Date, doc="delivery date the customer proposes instead")
    net = amount_column()
    tax = amount_column()
    gross = amount_column()

    def __repr__(self):
        return self.name
