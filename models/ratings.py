"""Ratings: how satisfied a customer is with an order, said by himself or by whoever handled it (X-37)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import relationship

from models.base import HOUSE_BRANCH, Model, Stamped, child_of, owned_by


@owned_by("customer_id", branch="branch_id")
class Rating(Model, Stamped):
    """One to five stars and a comment for an order; one of each source (TKT-04, TKT-05)."""

    __tablename__ = "ratings"
    __history__ = "rating"
    __words__ = {"source": "rating_source"}  # which words of views.labels its codes have
    __table_args__ = (
        UniqueConstraint("order_id", "source"),
        child_of("orders", "order_id"),
        Index("ix_ratings_customer", "customer_id", "id"),
        Index("ix_ratings_branch", "branch_id", "id"),
        CheckConstraint("source in ('customer', 'handler')", name="ck_ratings_source"),
        CheckConstraint("stars between 1 and 5", name="ck_ratings_stars"),
    )
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False)
    customer = relationship("Customer", foreign_keys=[customer_id])
    branch_id = Column(BigInteger, ForeignKey("branches.id"), nullable=False, default=HOUSE_BRANCH)
    order_id = Column(BigInteger, nullable=False)
    order = relationship("Order", viewonly=True, foreign_keys=[order_id], primaryjoin="Rating.order_id == Order.id")
    source = Column(String(8), nullable=False, doc="customer: he says so himself; handler: we say so of him")
    stars = Column(Integer, nullable=False, doc="1 very dissatisfied to 5 very satisfied")
    comment = Column(Text, nullable=False, default="")

    def __repr__(self):
        return str(self.order) if self.order is not None else f"#{self.id}"
