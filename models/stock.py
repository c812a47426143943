"""Stock: where goods lie, how they move, what is promised. On hand is the sum of movements."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from models.base import (
    HOUSE_BRANCH,
    Archived,
    Model,
    Stamped,
    Translated,
    quantity_column,
    reference,
    shared,
    staff_only,
)


@shared
class Warehouse(Model, Stamped, Archived, Translated):
    """A place where goods lie."""

    __tablename__ = "warehouses"
    __label__ = ("name", "other_names")
    __history__ = "warehouse"
    code = Column(String(20), nullable=False, unique=True)
    name = Column(String(120), nullable=False)
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    default = Column(
        Boolean, nullable=False, default=False, doc="orders draw on it unless a line says otherwise"
    )

    def __repr__(self):
        return self.name


@staff_only
class StockLevel(Model):
    """Running sums of movements and reservations of a product in a warehouse, locked while they change.

    `free` may only go below zero for products that allow back-orders; on hand never does.
    """

    __tablename__ = "stock_levels"
    __table_args__ = (
        UniqueConstraint("product_id", "warehouse_id"),
        CheckConstraint("on_hand >= 0 or backorder", name="ck_stock_levels_on_hand"),
        CheckConstraint("reserved >= 0", name="ck_stock_levels_reserved"),
        CheckConstraint("reserved <= on_hand or backorder", name="ck_stock_levels_free"),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    product_id = reference("products.id", index=False)
    product = relationship("Product")
    warehouse_id = reference("warehouses.id")
    warehouse = relationship("Warehouse")
    on_hand = quantity_column("base units", nullable=False, default=0, server_default="0")
    reserved = quantity_column("base units promised to orders", nullable=False, default=0, server_default="0")
    backorder = Column(Boolean, nullable=False, default=False, doc="copied from the product")

    @property
    def free(self):
        return self.on_hand - self.reserved

    @property
    def sku(self):
        return self.product.sku

    def __repr__(self):
        return f"{self.product} {self.warehouse}"


@staff_only
class StockMovement(Model, Stamped):
    """Goods that came in, went out or were counted differently, with the document that says so."""

    __tablename__ = "stock_movements"
    __history__ = "stock_movement"
    __table_args__ = (
        Index("ix_stock_movements_product", "product_id", "warehouse_id", "id"),
        CheckConstraint("quantity <> 0", name="ck_stock_movements_quantity"),
        CheckConstraint(
            "kind in ('opening', 'receipt', 'shipment', 'return', 'adjustment', 'transfer')",
            name="ck_stock_movements_kind",
        ),
    )
    product_id = reference("products.id", index=False)
    product = relationship("Product")
    warehouse_id = reference("warehouses.id")
    warehouse = relationship("Warehouse")
    kind = Column(String(12), nullable=False)
    quantity = quantity_column("base units; negative goes out", nullable=False)
    moved_at = Column(DateTime(timezone=True), nullable=False, doc="UTC")
    noun = Column(String(40), nullable=False, default="", doc="source document")
    record_id = Column(BigInteger, doc="source document")
    reason = Column(String(500), nullable=False, default="")

    @property
    def sku(self):
        return self.product.sku

    def __repr__(self):
        return f"{self.product} {self.quantity}"
