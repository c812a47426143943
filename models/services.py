"""Services an administrator designs: what the order wizard asks for, what it costs, how the work is done."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship

from models.base import Localized, Model, Stamped, reference, shared


@shared
class Service(Model, Stamped):
    """A service that is ordered step by step (CRT-09). Its definition is written here and published in versions."""

    __tablename__ = "services"
    __label__ = ("code", "names")
    __history__ = "service"
    __secret__ = frozenset({"draft"})  # the history names what was changed in it, not the whole before and after
    __table_args__ = (CheckConstraint("state in ('draft', 'published', 'withdrawn')", name="ck_services_state"),)
    code = Column(String(40), nullable=False, unique=True)
    names = Column(Localized, nullable=False)
    descriptions = Column(Localized, nullable=False, default=dict)
    state = Column(String(12), nullable=False, default="draft")
    product_id = reference("products.id", doc="what its orders sell")
    product = relationship("Product")
    order_type_id = Column(BigInteger, ForeignKey("order_types.id"), doc="null: the standard type")
    order_type = relationship("OrderType")
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False,
                           doc="of its prices; others are converted at the day's rate")  # fmt: skip
    currency = relationship("Currency")
    draft = Column(JSONB, nullable=False, default=dict, doc="the definition as it is being written")
    published_id = Column(BigInteger, doc="the version that customers fill in now")
    versions = relationship("ServiceVersion", back_populates="service", order_by="ServiceVersion.number.desc()")

    def __repr__(self):
        return self.code


@shared
class ServiceVersion(Model, Stamped):
    """A definition as it was published: never changed, orders keep the version they were made with."""

    __tablename__ = "service_versions"
    __table_args__ = (UniqueConstraint("service_id", "number"),)
    __history__ = ("service", "versions")
    __secret__ = frozenset({"definition"})
    service_id = reference("services.id", index=False)
    service = relationship("Service", back_populates="versions")
    number = Column(Integer, nullable=False)
    names = Column(Localized, nullable=False)
    product_id = reference("products.id", index=False)
    product = relationship("Product")
    order_type_id = Column(BigInteger, ForeignKey("order_types.id"))
    currency_code = Column(String(3), ForeignKey("currencies.code"), nullable=False)
    definition = Column(JSONB, nullable=False, doc="steps with fields, price, work stages: docs/services.md")

    def __repr__(self):
        return f"{self.service_id}/{self.number}"
