"""Who a user is: staff or external, and for which customers he acts."""

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
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from models.base import Archived, Model, Stamped, infrastructure, shared


@infrastructure
class Person(Model):
    """What makes a user one of ours or one of a customer's. Without this row a user sees nothing."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("kind in ('staff', 'external')", name="ck_people_kind"),
        CheckConstraint("kind <> 'staff' or branch_id is not null", name="ck_people_branch"),
    )
    __history__ = "person"
    id = Column("user_id", Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    kind = Column(String(8), nullable=False, doc="staff or external")
    locale = Column(String(12), nullable=False, default="en")
    calendar = Column(
        String(10), nullable=False, default="", doc="gregorian or jalali; empty: the language's own"
    )
    digits = Column(String(8), nullable=False, default="", doc="latin or native; empty: the language's own")
    timezone = Column(String(60), nullable=False, default="", doc="IANA name; empty: the branch's")
    currency_code = Column(String(3), ForeignKey("currencies.code"))
    mobile = Column(String(40), nullable=False, default="", doc="E.164")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), doc="of staff; where new records begin")
    branch_limited = Column(
        Boolean, nullable=False, default=False, doc="sees this branch and those below it only"
    )
    user = relationship("User", lazy="joined")
    branch = relationship("Branch")

    def __repr__(self):
        return self.user.get_full_name()


@shared
class AccessGroup(Model, Stamped, Archived):
    """A group of external users with the same rights and the same view of the catalogue (ACC-18, ACC-19)."""

    __tablename__ = "access_groups"
    __label__ = ("name",)
    __history__ = "access_group"
    name = Column(String(120), nullable=False, unique=True)
    profile = Column(String(20), nullable=False, default="Customer", doc="managed role its members hold")
    restrictions = relationship("AccessRestriction", back_populates="group", cascade="all, delete-orphan")

    def __repr__(self):
        return self.name


@infrastructure
class Membership(Model):
    """That a user acts for a customer, in an access group. Many to many."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "customer_id"),)
    __history__ = "membership"
    id = Column(BigInteger, Identity(), primary_key=True)
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False, index=True)
    customer_id = Column(BigInteger, ForeignKey("customers.id"), nullable=False, index=True)
    access_group_id = Column(BigInteger, ForeignKey("access_groups.id"), index=True)
    user = relationship("User")
    customer = relationship("Customer")
    access_group = relationship("AccessGroup")

    def __repr__(self):
        return f"{self.user_id}:{self.customer_id}"


@infrastructure
class SetPasswordLink(Model):
    """A one-time link with which a user chooses his password (X-03). Only its hash is kept."""

    __tablename__ = "set_password_links"
    id = Column(BigInteger, Identity(), primary_key=True)
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False, index=True)
    token_sha256 = Column(String(64), nullable=False, unique=True)
    expires_at = Column(DateTime(timezone=True), nullable=False)
    used_at = Column(DateTime(timezone=True))


@infrastructure
class FailedSignIn(Model):
    """A failed attempt to sign in, counted per account and per address."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (Index("ix_failed_sign_ins", "kind", "key", "at"),)
    id = Column(BigInteger, Identity(), primary_key=True)
    kind = Column(String(8), nullable=False, doc="account or address")
    key = Column(String(200), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False)


@infrastructure
class AccessStamp(Model):
    """One row that changes whenever a role, group or tick changes: what processes remember is as old as this."""

    __tablename__ = "access_stamp"
    id = Column(Integer, primary_key=True)
    stamp = Column(BigInteger, nullable=False, default=0)
