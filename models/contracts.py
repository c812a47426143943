"""Contracts: what we deliver to a customer over a time, and their renewals."""

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
    price_column,
    quantity_column,
    reference,
)


@owned_by("customer_id", branch="branch_id")
class Contract(Model, Stamped, Removable):
    """An agreement over a time; a renewal is a new contract that names its predecessor (CON-17)."""

    __tablename__ = "contracts"
    __label__ = ("number", "title")
    __history__ = "contract"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "predecessor_id"], ["contracts.customer_id", "contracts.id"]),
        Index("ux_contracts_number", "number", unique=True, postgresql_where=text("deleted_at is null"),
              postgresql_ops={"number": "text_pattern_ops"}),
        Index("ix_contracts_customer_state", "customer_id", "state", "id"),
        Index("ix_contracts_state", "state", "id"),
        Index("ix_contracts_number", "number", "id"),
        Index("ix_contracts_created", "created_at", "id"),
        Index("ix_contracts_ends_on", "ends_on", "id"),
        Index("ux_contracts_predecessor", "predecessor_id", unique=True,
              postgresql_where=text("deleted_at is null and state <> 'rejected'")),
        CheckConstraint("ends_on is null or starts_on is null or ends_on >= starts_on", name="ck_contracts_term"),
    )  # fmt: skip
    number = Column(String(40))
    title = Column(String(200), nullable=False)
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    state = Column(String(12), nullable=False, default="draft")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    locale = Column(String(12), nullable=False, default="en")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    starts_on = Column(Date, doc="first day; not editable on a renewal (CON-18)")
    months = Column(Integer, nullable=False, default=12, doc="term, whole months")
    ends_on = Column(Date, doc="last day")
    predecessor_id = Column(BigInteger, doc="the contract this one renews")
    predecessor = relationship("Contract", viewonly=True, remote_side="Contract.id", foreign_keys=[predecessor_id],
                               primaryjoin="Contract.predecessor_id == Contract.id")  # fmt: skip
    predecessor_number = Column(String(40), nullable=False, default="", doc="renewal contract number, kept (CON-17)")
    terms = Column(Text, nullable=False, default="", doc="what else was agreed")
    submitted_at = Column(DateTime(timezone=True), doc="UTC")
    submitted_by = Column(Integer)
    approved_at = Column(DateTime(timezone=True), doc="UTC")
    terminated_on = Column(Date)
    total_net = amount_column("of the whole term")
    lines = relationship(
        "ContractLine", back_populates="contract", order_by="ContractLine.position", cascade="all, delete-orphan",
        primaryjoin="Contract.id == ContractLine.contract_id", foreign_keys="ContractLine.contract_id",
    )  # fmt: skip

    def __repr__(self):
        return self.number or f"#{self.id}"


@owned_by("customer_id", via=("contract_id", "contracts"))
class ContractLine(Model, Stamped):
    """One product of a contract with its own term."""

    __tablename__ = "contract_lines"
    __mapper_args__ = {}
    __history__ = ("contract", "lines")
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        child_of("contracts", "contract_id", cascade=True),
        Index("ix_contract_lines_contract", "contract_id", "position"),
        CheckConstraint("sale_type in ('purchase', 'gift', 'test')", name="ck_contract_lines_sale_type"),
    )
    customer_id = Column(BigInteger, nullable=False)
    contract_id = Column(BigInteger, nullable=False)
    contract = relationship("Contract", back_populates="lines",
                         primaryjoin="Contract.id == ContractLine.contract_id", foreign_keys=[contract_id])  # fmt: skip
    position = Column(Integer, nullable=False)
    product_id = reference("products.id")
    product = relationship("Product")
    sku = Column(String(40), nullable=False)
    name = Column(String(300), nullable=False)
    starts_on = Column(Date)
    months = Column(Integer, nullable=False, default=12, doc="whole months")
    ends_on = Column(Date)
    quantity = quantity_column("units per month", nullable=False)
    unit_price = price_column("net, per unit and month, in the contract's currency", nullable=False)
    sale_type = Column(String(10), nullable=False, default="purchase", doc="purchase, gift, test (CON-05)")
    net = amount_column("of the whole term")

    def __repr__(self):
        return self.sku
