"""Our own house: branches, currencies, countries, units, taxes, portals."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship, synonym

from app.core.numbering import NumberSeries
from models.base import Archived, Exact, Localized, Model, Stamped, Translated, percent_column, reference, shared


@shared
class Branch(Model, Stamped, Archived, Translated):
    """A branch (branch office) of the house: what stands at the head of its documents."""

    __tablename__ = "branches"
    __label__ = ("name", "other_names")
    __history__ = "branch"
    name = Column(String(120), nullable=False, unique=True)
    parent_id = Column(BigInteger, ForeignKey("branches.id"), index=True)
    parent = relationship("Branch", remote_side="Branch.id")
    legal_name = Column(String(200), nullable=False)
    address = Column(Text, nullable=False, default="")
    country_code = Column(String(2), ForeignKey("countries.code"), nullable=False, doc="ISO 3166-1 alpha-2")
    tax_id = Column(String(40), nullable=False, default="", doc="VAT number")
    registration = Column(String(80), nullable=False, default="", doc="company registration number")
    bank = Column(Text, nullable=False, default="", doc="bank, IBAN and BIC as printed")
    email = Column(String(200), nullable=False, default="")
    phone = Column(String(40), nullable=False, default="")
    logo = Column(LargeBinary, doc="PNG or JPEG, printed on documents")
    timezone = Column(String(60), nullable=False, default="UTC", doc="IANA name; 'today' is here")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False, doc="base currency")

    def __repr__(self):
        return self.name


@shared
class Currency(Model):
    """A currency we quote in. ISO 4217."""

    __tablename__ = "currencies"
    __history__ = "currency"
    __label__ = ("code",)
    code = Column(String(3), primary_key=True, doc="ISO 4217")
    id = synonym("code")
    digits = Column(Integer, nullable=False, default=2, doc="decimal places, ISO 4217")
    active = Column(Boolean, nullable=False, default=True)

    def __repr__(self):
        return self.code


@shared
class ExchangeRate(Model, Stamped):
    """How much of the base currency one unit of another currency is worth from a day on."""

    __tablename__ = "exchange_rates"
    __table_args__ = (UniqueConstraint("base_code", "currency_code", "valid_on"),)
    __history__ = "exchange_rate"
    base_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    valid_on = Column(Date, nullable=False, doc="first day the rate holds")
    rate = Column(Exact(18, 8), nullable=False, doc="base currency per unit of the currency")

    def __repr__(self):
        return f"{self.currency_code} → {self.base_code}"


@shared
class Country(Model):
    """A country. ISO 3166-1."""

    __tablename__ = "countries"
    code = Column(String(2), primary_key=True, doc="ISO 3166-1 alpha-2")
    id = synonym("code")
    names = Column(Localized, nullable=False)

    def __repr__(self):
        return self.code


@shared
class Unit(Model):
    """A unit of measure. UN/ECE Recommendation 20 where it has a code."""

    __tablename__ = "units"
    __history__ = "unit"
    __label__ = ("code", "symbols")
    code = Column(String(8), primary_key=True, doc="UN/ECE Rec 20: C62 piece, KGM kilogram ...")
    id = synonym("code")
    symbols = Column(Localized, nullable=False, doc="as printed beside a quantity")
    digits = Column(Integer, nullable=False, default=0, doc="decimal places a quantity may have")

    def __repr__(self):
        return self.code


@shared
class TaxCategory(Model, Stamped, Archived):
    """A kind of goods as the tax law sees it; its rates are rows per country and day."""

    __tablename__ = "tax_categories"
    __label__ = ("code", "names")
    __history__ = "tax_category"
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)
    rates = relationship("TaxRate", back_populates="category", cascade="all, delete-orphan")

    def __repr__(self):
        return self.code


@shared
class TaxRate(Model, Stamped):
    """The rate of a tax category in a country from a day on."""

    __tablename__ = "tax_rates"
    __table_args__ = (
        UniqueConstraint("tax_category_id", "country_code", "valid_on"),
        CheckConstraint("rate >= 0", name="ck_tax_rates_rate"),
    )
    __history__ = ("category", "rates")
    tax_category_id = reference("tax_categories.id")
    category = relationship("TaxCategory", back_populates="rates")
    country_code = Column(String(2), ForeignKey("countries.code"), nullable=False)
    valid_on = Column(Date, nullable=False)
    rate = percent_column("20 means 20 %", nullable=False)

    def __repr__(self):
        return f"{self.category} {self.country_code}"


@shared
class Portal(Model, Stamped):
    """A face of the product for customers: its wording of states and its address (X-17)."""

    __tablename__ = "portals"
    __label__ = ("name",)
    __history__ = "portal"
    code = Column(String(20), nullable=False, unique=True)
    name = Column(String(120), nullable=False)
    preset = Column(
        String(4), nullable=False, default="", doc="label set of a manual, S0 to S4; empty: our own"
    )
    address = Column(
        String(200), nullable=False, default="", doc="host name the portal answers on; empty: any"
    )

    def __repr__(self):
        return self.name


@shared
class PaymentTerms(Model, Stamped, Archived):
    """When an invoice is due and what must be paid before (X-47)."""

    __tablename__ = "payment_terms"
    __label__ = ("code", "names")
    __history__ = "payment_terms"
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)
    days = Column(Integer, nullable=False, default=30, doc="days net from the invoice date")
    prepayment_percent = percent_column("share to be paid before work or shipment", nullable=False, default=0)

    def __repr__(self):
        return self.code


@shared
class DeliveryMethod(Model, Stamped, Archived):
    """A way the goods travel, as the customer chooses it (CRT-06)."""

    __tablename__ = "delivery_methods"
    __label__ = ("code", "names")
    __history__ = "delivery_method"
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)

    def __repr__(self):
        return self.code


@shared
class PaymentMethod(Model, Stamped, Archived):
    """A way to pay, as the customer chooses it with his order (CRT-07)."""

    __tablename__ = "payment_methods"
    __label__ = ("code", "names")
    __history__ = "payment_method"
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)

    def __repr__(self):
        return self.code


NumberSeries.branch = relationship(Branch, viewonly=True)
