"""What we sell: categories, products and services, and what they cost whom."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import (
    Archived,
    Audience,
    Localized,
    Model,
    Removable,
    SearchText,
    Stamped,
    Translated,
    audience,
    everyone,
    offered,
    price_column,
    quantity_column,
    reference,
    shared,
    staff_only,
)  # fmt: skip


@shared
class Category(Model, Stamped, Archived):
    """A place in the catalogue's tree (CAT-03)."""

    __tablename__ = "categories"
    __label__ = ("code", "names")
    __history__ = "category"
    parent_id = Column(BigInteger, ForeignKey("categories.id"), index=True)
    parent = relationship("Category", remote_side="Category.id")
    code = Column(String(40), nullable=False, unique=True)
    names = Column(Localized, nullable=False)

    def __repr__(self):
        return self.names.get("en") or self.code


@offered("product_audiences")
class Product(Model, Stamped, Archived):
    """One thing that can be sold: a stock keeping unit or a service (CAT-10)."""

    __tablename__ = "products"
    __label__ = ("sku", "names")
    __history__ = "product"
    __table_args__ = (
        Index("ux_products_sku", text("upper(sku)"), unique=True),
        Index("ix_products_sku", "sku", "id"),
        Index("ix_products_search", "search", postgresql_using="gin"),
        Index("ix_products_category", "category_id", "id"),
    )
    sku = Column(String(40), nullable=False, doc="unique without regard to case")
    names = Column(Localized, nullable=False, doc="{locale: name}")
    descriptions = Column(Localized, nullable=False, default=dict)
    category_id = Column(BigInteger, ForeignKey("categories.id"))
    category = relationship("Category")
    family = Column(
        String(60), nullable=False, default="", index=True, doc="variants of one article share it (CAT-16)"
    )
    characteristic = Column(
        String(120), nullable=False, default="", doc="what makes this variant: size, colour"
    )
    brand = Column(String(80), nullable=False, default="", index=True)
    model = Column(String(80), nullable=False, default="", index=True)
    specification = Column(Text, nullable=False, default="")
    service = Column(Boolean, nullable=False, default=False, doc="a service has no stock")
    unit_code = Column(String(8), ForeignKey("units.code"), nullable=False, default="C62")
    unit = relationship("Unit")
    tax_category_id = reference("tax_categories.id")
    tax_category = relationship("TaxCategory")
    backorder = Column(Boolean, nullable=False, default=False, doc="may be promised beyond the stock")
    stock_threshold = quantity_column("warn below this, in the unit", nullable=True)
    weight_kg = quantity_column("per unit, kilograms", nullable=True)
    barcode = Column(String(20), nullable=False, default="", doc="GTIN")
    data = Column(JSONB, nullable=False, default=dict)
    everyone = everyone()
    search = Column(SearchText)
    factors = relationship("UnitFactor", back_populates="product", cascade="all, delete-orphan")
    pictures = relationship(
        "ProductPicture", back_populates="product", order_by="ProductPicture.id", cascade="all, delete-orphan"
    )
    prices = relationship("Price", back_populates="product")
    audiences = relationship("ProductAudience", cascade="all, delete-orphan")

    def search_texts(self):
        return (self.sku, self.brand, self.model, self.barcode, *self.names.values())

    @property
    def name(self):
        return self.names.get("en") or next(iter(self.names.values()), self.sku)

    def __repr__(self):
        return self.sku


@audience
class ProductAudience(Audience, Model):
    """To whom a product is offered that is not for everyone."""

    __tablename__ = "product_audiences"
    record_id = Column(BigInteger, ForeignKey("products.id", ondelete="CASCADE"), nullable=False)
    customer = relationship("Customer")
    access_group = relationship("AccessGroup")


@offered(parent=("product_id", "products"))
class ProductPicture(Model, Stamped):
    """A picture of a product and its thumbnail, both by sha256; the first one stands for the product."""

    __tablename__ = "product_pictures"
    __history__ = ("product", "pictures")
    __secret__ = frozenset({"sha256", "thumb_sha256"})
    product_id = reference("products.id")
    product = relationship("Product", back_populates="pictures")
    name = Column(String(200), nullable=False, doc="file name as it was uploaded")
    media_type = Column(String(120), nullable=False)
    size = Column(BigInteger, nullable=False, doc="bytes")
    sha256 = Column(String(64), nullable=False)
    thumb_sha256 = Column(String(64), nullable=False, doc="a JPEG")

    def __repr__(self):
        return self.name


@offered(parent=("product_id", "products"))
class UnitFactor(Model, Stamped):
    """How many base units another unit of a product holds: a box of 12."""

    __tablename__ = "unit_factors"
    __table_args__ = (
        UniqueConstraint("product_id", "unit_code"),
        CheckConstraint("factor > 0", name="ck_unit_factors_factor"),
    )
    __history__ = ("product", "factors")
    product_id = reference("products.id")
    product = relationship("Product", back_populates="factors")
    unit_code = Column(String(8), ForeignKey("units.code"), nullable=False)
    unit = relationship("Unit")
    factor = quantity_column("base units in one of this unit", nullable=False)


@offered("price_list_audiences", apart=True)
class PriceList(Model, Stamped, Archived, Translated):
    """Prices in one currency: the general list, or one offered to customers and groups (CAT-05)."""

    __tablename__ = "price_lists"
    __label__ = ("name", "currency_code", "other_names")
    __history__ = "price_list"
    __table_args__ = (
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="ck_price_lists_valid"),
    )
    name = Column(String(120), nullable=False, unique=True)
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency = relationship("Currency")
    includes_tax = Column(Boolean, nullable=False, default=False, doc="prices are gross")
    valid_from = Column(Date, nullable=False, doc="first day, in the branch's time zone")
    valid_until = Column(Date, doc="last day; null: until further notice")
    everyone = everyone()
    prices = relationship("Price", back_populates="price_list")
    audiences = relationship("PriceListAudience", cascade="all, delete-orphan")

    def __repr__(self):
        return self.name


@audience
class PriceListAudience(Audience, Model):
    """To whom a price list is offered that is not for everyone."""

    __tablename__ = "price_list_audiences"
    record_id = Column(BigInteger, ForeignKey("price_lists.id", ondelete="CASCADE"), nullable=False)
    customer = relationship("Customer")
    access_group = relationship("AccessGroup")


@offered(parent=("price_list_id", "price_lists"), apart=True)
class Price(Model, Stamped, Removable):
    """What one unit of a product costs in a price list, from a quantity on."""

    __tablename__ = "prices"
    __history__ = "price"
    __table_args__ = (
        Index("ux_prices", "product_id", "price_list_id", "from_quantity", unique=True,
              postgresql_where=text("deleted_at is null")),
        Index("ix_prices_list", "price_list_id", "id"),
        Index("ix_prices_cheapest", "price_list_id", "unit_price", "product_id",
              postgresql_where=text("deleted_at is null and from_quantity <= 1")),
        CheckConstraint("unit_price >= 0", name="ck_prices_unit_price"),
        CheckConstraint("from_quantity > 0", name="ck_prices_from_quantity"),
    )  # fmt: skip
    price_list_id = reference("price_lists.id", index=False)
    price_list = relationship("PriceList", back_populates="prices")
    product_id = reference("products.id", index=False)
    product = relationship("Product", back_populates="prices")
    from_quantity = quantity_column(
        "the price holds from this quantity on; 1 or less: for every quantity", nullable=False, default=1
    )
    unit_price = price_column(
        "per unit, in the list's currency, net unless the list includes tax", nullable=False
    )

    def __repr__(self):
        return f"{self.product_id} {self.unit_price}"


@staff_only
class AccessRestriction(Model, Stamped):
    """What the members of an access group may find: a category with all below it, or a price list."""

    __tablename__ = "access_restrictions"
    __table_args__ = (
        CheckConstraint("num_nonnulls(category_id, price_list_id) = 1", name="ck_access_restrictions_one"),
        Index("ux_access_restrictions", "access_group_id", "category_id", "price_list_id", unique=True,
              postgresql_nulls_not_distinct=True),
    )  # fmt: skip
    __history__ = ("group", "restrictions")
    access_group_id = reference("access_groups.id")
    group = relationship("AccessGroup", back_populates="restrictions")
    category_id = Column(BigInteger, ForeignKey("categories.id"))
    category = relationship("Category")
    price_list_id = Column(BigInteger, ForeignKey("price_lists.id"))
    price_list = relationship("PriceList")
