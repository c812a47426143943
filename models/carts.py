"""Carts: what somebody is going to order, kept until he does."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
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

from models.base import HOUSE_BRANCH, Model, Stamped, child_of, owned_by, price_column, quantity_column, reference


@owned_by("customer_id", branch="branch_id")
class Cart(Model, Stamped):
    """What a person is going to order for a customer; of his carts for that customer one is active (CRT-01)."""

    __tablename__ = "carts"
    __label__ = ("name",)
    __history__ = "cart"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "delivery_address_id"], ["addresses.customer_id", "addresses.id"]),
        Index("ux_carts_active", "owner_id", "customer_id", unique=True, postgresql_where=text("state = 'active'")),
        Index("ix_carts_customer", "customer_id", "id"),
        Index("ix_carts_state", "state", "id"),
        Index("ix_carts_touched", "updated_at", "id"),
        CheckConstraint("state in ('active', 'saved')", name="ck_carts_state"),
    )
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    owner_id = Column(Integer, ForeignKey("ab_user.id"), nullable=False, index=True, doc="who fills it")
    owner = relationship("User", foreign_keys=[owner_id])
    state = Column(String(8), nullable=False, default="active", server_default="active")
    name = Column(String(80), nullable=False, default="")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    delivery_address_id = Column(BigInteger, doc="null: the customer's usual one")
    delivery_address = relationship("Address", foreign_keys=[delivery_address_id], viewonly=True,
                                    primaryjoin="Cart.delivery_address_id == Address.id")  # fmt: skip
    delivery_method_id = Column(BigInteger, ForeignKey("delivery_methods.id"))
    delivery_method = relationship("DeliveryMethod")
    payment_method_id = Column(BigInteger, ForeignKey("payment_methods.id"))
    payment_method = relationship("PaymentMethod")
    requested_on = Column(Date, doc="wished delivery date")
    reference = Column(String(80), nullable=False, default="", doc="the customer's own order number")
    remark = Column(Text, nullable=False, default="", doc="what the customer wants us to know")
    promotion_code = Column(String(40), nullable=False, default="")
    order_id = Column(BigInteger, doc="the order that was last made of it, or that it was put into")
    lines = relationship(
        "CartLine", back_populates="cart", order_by="CartLine.position", cascade="all, delete-orphan",
        primaryjoin="Cart.id == CartLine.cart_id", foreign_keys="CartLine.cart_id",
    )  # fmt: skip

    def __repr__(self):
        return self.name or f"#{self.id}"


@owned_by("customer_id", via=("cart_id", "carts"))
class CartLine(Model, Stamped):
    """A product in a cart; what it was called and cost when it was put in is kept, to tell what has changed since."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        UniqueConstraint("cart_id", "product_id"),
        child_of("carts", "cart_id", cascade=True),
        CheckConstraint("quantity > 0", name="ck_cart_lines_quantity"),
    )
    customer_id = Column(BigInteger, nullable=False)
    cart_id = Column(BigInteger, nullable=False)
    cart = relationship("Cart", back_populates="lines",
                        primaryjoin="Cart.id == CartLine.cart_id", foreign_keys=[cart_id])  # fmt: skip
    position = Column(Integer, nullable=False)
    product_id = reference("products.id")
    product = relationship("Product", lazy="selectin")
    sku = Column(String(40), nullable=False)
    name = Column(String(300), nullable=False)
    quantity = quantity_column("in the product's unit", nullable=False)
    told_price = price_column("per unit, when it was put in or its quantity was last changed", nullable=True)
    remark = Column(String(500), nullable=False, default="")

    def __repr__(self):
        return self.sku
