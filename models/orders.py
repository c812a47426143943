"""Orders: what a customer has asked us to deliver, and on what terms."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import (
    HOUSE_BRANCH,
    Archived,
    Exact,
    Localized,
    Model,
    Removable,
    Stamped,
    amount_column,
    child_of,
    infrastructure,
    owned_by,
    percent_column,
    price_column,
    quantity_column,
    reference,
    shared,
)  # fmt: skip


@shared
class OrderType(Model, Stamped, Archived):
    """A kind of order: how it is numbered, confirmed, deleted and paid."""

    __tablename__ = "order_types"
    __label__ = ("code", "names")
    __history__ = "order_type"
    __table_args__ = (
        CheckConstraint("number_mode in ('auto', 'manual', 'auto_overridable')", name="ck_order_types_number"),
        CheckConstraint("confirmation in ('manager', 'auto_stock_check')", name="ck_order_types_confirmation"),
        CheckConstraint("delete_policy in ('confirm', 'hq_only', 'special_approval')", name="ck_order_types_delete"),
    )
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)
    series = Column(String(40), nullable=False, default="order", doc="code of the number series")
    number_mode = Column(String(20), nullable=False, default="auto", doc="X-16")
    confirmation = Column(String(20), nullable=False, default="manager", doc="X-19")
    delete_policy = Column(String(20), nullable=False, default="confirm", doc="X-13")
    prepayment_percent = percent_column("X-45; null: the payment terms decide", nullable=True)
    payment_terms_id = Column(BigInteger, ForeignKey("payment_terms.id"))

    def __repr__(self):
        return self.names.get("en") or self.code


@owned_by("customer_id", branch="branch_id")
class Order(Model, Stamped, Removable):
    """An order with its terms and stored totals; states are people's decisions, see app.rules.orders."""

    __tablename__ = "orders"
    __label__ = ("number",)
    __history__ = "order"
    __secret__ = frozenset({"data"})  # a service's answers stand on the order's page, in words
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "delivery_address_id"], ["addresses.customer_id", "addresses.id"]),
        ForeignKeyConstraint(["customer_id", "billing_address_id"], ["addresses.customer_id", "addresses.id"]),
        Index("ux_orders_number", "number", unique=True, postgresql_where=text("deleted_at is null"),
              postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_orders_customer_state", "customer_id", "state", "id"),
        Index("ix_orders_state", "state", "id"),
        Index("ix_orders_number", "number", "id"),
        Index("ix_orders_submitted", "submitted_at", "id"),
        Index("ix_orders_net", "total_net", "id"),
        Index("ix_orders_branch", "branch_id", "id"),
        Index("ix_orders_ordered", "ordered_at", "id"),
        Index("ix_orders_gross", "total_gross", "id"),
        Index("ix_orders_expires", "expires_at", "id",
              postgresql_where=text("state = 'confirmed' and deleted_at is null")),
        Index("ix_orders_deleted", "deleted_at", "id", postgresql_where=text("deleted_at is not null")),
        Index("ix_orders_merged", "merged_at", "id",
              postgresql_where=text("merged_at is not null and deleted_at is null")),
        Index("ix_orders_customer_alive", "customer_id", "id", postgresql_where=text("deleted_at is null")),
        Index("ix_orders_handler", "handler_id", "state", "id"),
        Index("ix_orders_reference", "customer_id", "reference"),
        Index("ix_orders_due", "due_at", "id",
              postgresql_where=text("state in ('submitted', 'changed') and deleted_at is null")),
        Index("ix_orders_display_status", "display_status_id", "id",
              postgresql_where=text("display_status_id is not null")),
        Index("ix_orders_rated", "customer_id", "rating", "id", postgresql_where=text("rating is not null")),
        Index("ix_orders_proposed", "proposed_side", "id", postgresql_where=text("proposed_side is not null")),
        CheckConstraint("total_gross = total_net + total_tax", name="ck_orders_totals"),
    )  # fmt: skip
    number = Column(String(40), doc="taken at submit; imported documents keep their own")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="draft", server_default="draft")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    order_type_id = reference("order_types.id", index=False, default=1)
    order_type = relationship("OrderType")
    portal_id = Column(BigInteger, ForeignKey("portals.id"))
    channel = Column(String(10), nullable=False, default="portal", doc="portal, phone, email, store, import (X-43)")
    locale = Column(String(12), nullable=False, default="en", doc="language of its documents")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    exchange_rate = Column(Exact(18, 8), doc="base currency per unit of the currency, at confirmation")
    includes_tax = Column(Boolean, nullable=False, default=False, doc="line prices are gross")
    reference = Column(String(80), nullable=False, default="", doc="the customer's own order number")
    contract_id = Column(BigInteger, doc="contract it is ordered under")
    delivery_address_id = Column(BigInteger)
    delivery_address = relationship("Address", foreign_keys=[delivery_address_id], viewonly=True,
                                    primaryjoin="Order.delivery_address_id == Address.id")  # fmt: skip
    billing_address_id = Column(BigInteger)
    billing_address = relationship("Address", foreign_keys=[billing_address_id], viewonly=True,
                                   primaryjoin="Order.billing_address_id == Address.id")  # fmt: skip
    payment_terms_id = Column(BigInteger, ForeignKey("payment_terms.id"))
    payment_terms = relationship("PaymentTerms")
    delivery_method_id = Column(BigInteger, ForeignKey("delivery_methods.id"))
    delivery_method = relationship("DeliveryMethod")
    payment_method_id = Column(BigInteger, ForeignKey("payment_methods.id"), doc="how the customer wants to pay")
    payment_method = relationship("PaymentMethod")
    remark = Column(Text, nullable=False, default="", doc="what the customer wants us to know")
    promotion_code = Column(String(40), nullable=False, default="", server_default="", doc="as the customer gave it")
    requested_on = Column(Date, doc="wished delivery date")
    due_at = Column(DateTime(timezone=True), doc="UTC; when it has to be handled")
    handler_id = Column(Integer, ForeignKey("ab_user.id"), doc="member of staff who handles it (ORD-20)")
    handler = relationship("User", foreign_keys=[handler_id])
    display_status_id = Column(BigInteger, ForeignKey("display_statuses.id"), doc="a word beside the state (ORD-19)")
    display_status = relationship("DisplayStatus")
    ordered_at = Column(DateTime(timezone=True), nullable=False, doc="UTC; when the customer placed it")
    submitted_at = Column(DateTime(timezone=True), doc="UTC")
    submitted_by = Column(Integer, doc="user who submitted it: he may not approve it")
    confirmed_at = Column(DateTime(timezone=True), doc="UTC")
    received_at = Column(DateTime(timezone=True), doc="UTC; when the customer confirmed receipt (ORD-23)")
    received_by = Column(Integer, ForeignKey("ab_user.id"), doc="user who confirmed it")
    completed_at = Column(DateTime(timezone=True), doc="UTC")
    cancelled_at = Column(DateTime(timezone=True), doc="UTC")
    cancelled_by = Column(Integer, ForeignKey("ab_user.id"), doc="user, where a person cancelled it (ORD-10)")
    canceller = relationship("User", foreign_keys=[cancelled_by])
    changed_side = Column(String(8), doc="customer, staff or system: who changed it last (X-21)")
    changed_at = Column(DateTime(timezone=True), doc="UTC; when it was last changed after it was submitted")
    expires_at = Column(DateTime(timezone=True), doc="UTC; a confirmed order is kept until then (X-20); null: for ever")
    expiry_warned_at = Column(DateTime(timezone=True), doc="UTC; when we said that it is going to expire")
    made_as = Column(String(5), doc="merge or split, where it was made of other orders; null: it was entered")
    merged_at = Column(DateTime(timezone=True), doc="UTC; when it was merged; it can return until it is deleted")
    merged_state = Column(String(12), doc="its state before it was merged")
    proposed_side = Column(String(8), doc="customer or staff: whose proposal for its lines waits for the other side")
    billing = Column(String(10), nullable=False, default="none", doc="none, part, full: recomputed by settle")
    shipping = Column(String(10), nullable=False, default="none", doc="none, part, full: recomputed by settle")
    payment = Column(String(10), nullable=False, default="unpaid", doc="unpaid, part, paid: recomputed by settle")
    rating = Column(Integer, doc="1 to 5 stars: the customer's own, else what its handler noted (X-37)")
    total_net = amount_column()
    total_tax = amount_column()
    total_gross = amount_column()
    data = Column(JSONB, nullable=False, default=dict, doc="wizard answers")
    lines = relationship(
        "OrderLine", back_populates="order", order_by="OrderLine.position", cascade="all, delete-orphan",
        primaryjoin="Order.id == OrderLine.order_id", foreign_keys="OrderLine.order_id",
    )  # fmt: skip
    asked = relationship(
        "Approval", viewonly=True, order_by="Approval.id",
        primaryjoin="and_(foreign(Approval.record_id) == Order.id, Approval.noun.in_(['order', 'order_deletion']))",
    )  # fmt: skip

    @property
    def by_work(self):
        """Whether it was made with the form of a service: work is done for it, nothing is shipped."""
        return bool((self.data or {}).get("service"))

    @property
    def decisions(self):
        """The decisions asked for and made about the order, oldest first."""
        return [one for one in self.asked if one.noun == "order"]

    @property
    def deletions(self):
        """The deletions asked for, oldest first; those without an answer are open."""
        return [one for one in self.asked if one.noun == "order_deletion"]

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("order_id", "orders"))
class OrderLine(Model, Stamped):
    """One product of an order, with everything printed about it kept as it was then."""

    __tablename__ = "order_lines"
    __mapper_args__ = {}
    __history__ = ("order", "lines")
    __secret__ = frozenset({"data"})
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("orders", "order_id", cascade=True),
        Index("ix_order_lines_order", "order_id", "position"),
        Index("ix_order_lines_product", "product_id", "order_id"),
        CheckConstraint("quantity_approved <= quantity_ordered", name="ck_order_lines_approved"),
        CheckConstraint("gross = net + tax", name="ck_order_lines_gross"),
        CheckConstraint("state in ('open', 'approved', 'rejected')", name="ck_order_lines_state"),
    )
    customer_id = Column(BigInteger, nullable=False)
    order_id = Column(BigInteger, nullable=False)
    order = relationship("Order", back_populates="lines",
                         primaryjoin="Order.id == OrderLine.order_id", foreign_keys=[order_id])  # fmt: skip
    position = Column(Integer, nullable=False)
    product_id = reference("products.id", index=False)
    product = relationship("Product")
    sku = Column(String(40), nullable=False)
    name = Column(String(300), nullable=False)
    unit_code = Column(String(8), nullable=False, default="C62")
    pack_factor = quantity_column("base units in one unit of this line", nullable=False, default=1)
    tax_code = Column(String(20), nullable=False, default="")
    tax_rate = percent_column("20 means 20 %", nullable=False, default=0)
    list_price = price_column("what the price list says", nullable=False)
    discount_percent = percent_column("on the list price", nullable=False, default=0)
    unit_price = price_column("agreed, after discount; gross where the order includes tax", nullable=False)
    price_source = Column(String(200), nullable=False, default="", doc="which price applied: app.rules.pricing.told")
    quantity_ordered = quantity_column(nullable=False)
    quantity_available = quantity_column("what stock allowed when it was submitted", nullable=True)
    quantity_approved = quantity_column(nullable=False, default=0, server_default="0")
    quantity_shipped = quantity_column(nullable=False, default=0, server_default="0")
    quantity_invoiced = quantity_column(nullable=False, default=0, server_default="0")
    state = Column(String(10), nullable=False, default="open")
    reason = Column(String(500), nullable=False, default="", doc="why it was rejected or cut")
    remark = Column(String(500), nullable=False, default="", server_default="", doc="what the customer says of it")
    warehouse_id = Column(BigInteger, ForeignKey("warehouses.id"))
    requested_on = Column(Date)
    starts_on = Column(Date, doc="service period")
    months = Column(Integer, doc="service period, whole months")
    ends_on = Column(Date, doc="service period, last day")
    sale_type = Column(String(10), nullable=False, default="purchase", doc="purchase, gift, test (CON-05)")
    data = Column(JSONB, nullable=False, default=dict)
    net = amount_column()
    tax = amount_column()
    gross = amount_column()

    @property
    def origins(self):
        """From which lines of merged or split orders it came: [{"order", "number", "line", "quantity"}]."""
        return (self.data or {}).get("origins", [])

    def __repr__(self):
        return self.sku


@owned_by("customer_id", via=("order_line_id", "order_lines"))
class Reservation(Model):
    """Goods kept back for an order line."""

    __tablename__ = "reservations"
    __table_args__ = (
        UniqueConstraint("order_line_id", "warehouse_id"),
        child_of("order_lines", "order_line_id", cascade=True),
        CheckConstraint("quantity > 0", name="ck_reservations_quantity"),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    customer_id = Column(BigInteger, nullable=False)
    order_line_id = Column(BigInteger, nullable=False)
    product_id = reference("products.id")
    warehouse_id = reference("warehouses.id")
    quantity = quantity_column("base units", nullable=False)
    reserved_at = Column(DateTime(timezone=True), nullable=False, doc="UTC")


@owned_by("customer_id")
class DocumentLink(Model):
    """That one record came from another: copied, merged, split, quoted, renews, supersedes, invoices, returns."""

    __tablename__ = "document_links"
    __table_args__ = (
        UniqueConstraint("from_noun", "from_id", "to_noun", "to_id", "kind"),
        Index("ix_document_links_to", "to_noun", "to_id"),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    customer_id = Column(BigInteger, nullable=False)
    from_noun = Column(String(40), nullable=False)
    from_id = Column(BigInteger, nullable=False)
    from_number = Column(String(40), nullable=False, default="")
    to_noun = Column(String(40), nullable=False)
    to_id = Column(BigInteger, nullable=False)
    to_number = Column(String(40), nullable=False, default="")
    kind = Column(String(12), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False, doc="UTC")


@infrastructure
class ImportedLine(Model):
    """A line of a file that was taken over: its identity is (source, document, ordinal)."""

    __tablename__ = "imported_lines"
    source = Column(String(40), primary_key=True)
    document = Column(String(40), primary_key=True)
    ordinal = Column(Integer, primary_key=True)


@infrastructure
class BegunOrder(Model):
    """An order somebody is entering: his own text, no order yet (X-32)."""

    __tablename__ = "begun_orders"
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    content = Column(JSONB, nullable=False, doc="head: {field: text}; lines: [{name: text}]")
    at = Column(DateTime(timezone=True), nullable=False, index=True, doc="UTC; when he typed last")
