"""Customers: persons and companies that buy from us, their addresses and contacts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from models.base import (
    HOUSE_BRANCH,
    Archived,
    Model,
    Removable,
    SearchText,
    Stamped,
    amount_column,
    infrastructure,
    owned_by,
    staff_only,
)  # fmt: skip


@infrastructure
class CustomerBranch(Model):
    """A branch that sees a customer of another branch: something it began for him while he was its own is still its."""

    __tablename__ = "customer_branches"
    record_id = Column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    branch_id = Column(BigInteger, ForeignKey("branches.id"), primary_key=True, index=True)


@owned_by("id", branch="branch_id", writable=False, further="customer_branches")
class Customer(Model, Stamped, Removable, Archived):
    """A person or organisation that orders from us (CUS-04)."""

    __tablename__ = "customers"
    __label__ = ("name",)
    __history__ = "customer"
    __table_args__ = (
        CheckConstraint("kind in ('company', 'person')", name="ck_customers_kind"),
        Index("ux_customers_number", "number", unique=True),
        Index("ix_customers_search", "search", postgresql_using="gin"),
        Index("ix_customers_branch", "branch_id", "id"),
        Index("ix_customers_name", "name", "id"),
        Index("ix_customers_number", "number", "id"),
        Index("ix_customers_country", "country_code", "id"),
    )
    number = Column(String(30), nullable=False, doc="customer number, ours")
    kind = Column(String(8), nullable=False, default="company", doc="company or person")
    name = Column(String(200), nullable=False)
    parent_id = Column(BigInteger, ForeignKey("customers.id"), index=True, doc="group of companies")
    parent = relationship("Customer", remote_side="Customer.id")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    branch = relationship("Branch")
    portal_id = Column(BigInteger, ForeignKey("portals.id"))
    portal = relationship("Portal")
    country_code = Column(String(2), ForeignKey("countries.code"), nullable=False, doc="ISO 3166-1 alpha-2")
    language = Column(String(12), nullable=False, default="en", doc="locale of its documents and notices")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    email = Column(String(200), nullable=False, default="", doc="where documents go")
    phone = Column(String(40), nullable=False, default="")
    tax_id = Column(String(40), nullable=False, default="", doc="VAT number")
    registration = Column(String(80), nullable=False, default="")
    payment_terms_id = Column(BigInteger, ForeignKey("payment_terms.id"))
    payment_terms = relationship("PaymentTerms")
    credit_limit = amount_column("open orders and invoices may reach this; null: no limit", nullable=True)
    manager_id = Column(
        Integer, ForeignKey("ab_user.id"), index=True, doc="our manager for this customer (CUS-13)"
    )
    manager = relationship("User", foreign_keys=[manager_id])
    reviewed_at = Column(DateTime(timezone=True), doc="when company information passed its review (CUS-08)")
    first_order_at = Column(DateTime(timezone=True), doc="null: a new customer (CUS-17)")
    walk_in = Column(Boolean, nullable=False, default=False, doc="anonymous sales are booked here")
    search = Column(SearchText)
    addresses = relationship("Address", back_populates="customer", order_by="Address.id")
    contacts = relationship(
        "Contact", back_populates="customer", order_by="Contact.id", cascade="all, delete-orphan"
    )
    note = relationship(
        "CustomerNote", back_populates="customer", uselist=False, cascade="all, delete-orphan"
    )

    def search_texts(self):
        return (self.name, self.number, self.email, self.tax_id)

    def __repr__(self):
        return self.name


@owned_by("customer_id")
class Address(Model, Stamped):
    """A place to deliver to or to bill. Rows never change: an edit makes a new row and retires the old."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("customer_id", "id"),)
    __history__ = ("customer", "addresses")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", back_populates="addresses")
    label = Column(String(80), nullable=False, default="")
    recipient = Column(String(200), nullable=False)
    street = Column(Text, nullable=False)
    city = Column(String(120), nullable=False)
    region = Column(String(120), nullable=False, default="")
    postcode = Column(String(20), nullable=False, default="")
    country_code = Column(String(2), ForeignKey("countries.code"), nullable=False)
    phone = Column(String(40), nullable=False, default="")
    delivery = Column(Boolean, nullable=False, default=True, doc="offered as delivery address")
    billing = Column(Boolean, nullable=False, default=True, doc="offered as billing address")
    retired_at = Column(DateTime(timezone=True), doc="no longer offered; documents keep it")
    replaces_id = Column(BigInteger)

    def lines(self):
        """The address as it is printed, a line each."""
        town = " ".join(part for part in (self.postcode, self.city) if part)
        return [part for part in (self.recipient, self.street, town, self.region, self.country_code) if part]

    def __repr__(self):
        return ", ".join(self.lines())


@owned_by("customer_id")
class Contact(Model, Stamped):
    """A person at a customer we talk to (CUS-03)."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("customer_id", "id"),)
    __history__ = ("customer", "contacts")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", back_populates="contacts")
    name = Column(String(200), nullable=False)
    position = Column(String(120), nullable=False, default="")
    email = Column(String(200), nullable=False, default="")
    phone = Column(String(40), nullable=False, default="")
    language = Column(String(12), nullable=False, default="", doc="empty: the customer's")
    gets_documents = Column(
        Boolean, nullable=False, default=False, doc="receives orders and invoices by e-mail"
    )

    def __repr__(self):
        return self.name


@staff_only
class CustomerNote(Model, Stamped):
    """What we note about a customer for ourselves."""

    __tablename__ = "customer_notes"
    __history__ = ("customer", "note")
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False, unique=True)
    customer = relationship("Customer", back_populates="note")
    text = Column(Text, nullable=False)

    def __repr__(self):
        return self.text


@staff_only
class Tag(Model, Stamped):
    """A word that groups records for staff."""

    __tablename__ = "tags"
    __history__ = "tag"
    name = Column(String(60), nullable=False, unique=True)
    colour = Column(String(7), nullable=False, default="#64748b", doc="CSS colour")

    def __repr__(self):
        return self.name


@staff_only
class Tagging(Model):
    """That a record of any noun carries a tag."""

    __tablename__ = "taggings"
    __table_args__ = (
        UniqueConstraint("noun", "record_id", "tag_id"),
        Index("ix_taggings_tag", "tag_id", "noun"),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    tag_id = Column(BigInteger, ForeignKey("tags.id", ondelete="CASCADE"), nullable=False)
    tag = relationship("Tag")
