"""Who a user is: staff or external, and for which customers he acts."""

import re
from datetime import UTC

from flask_appbuilder.security.sqla.models import Group, Role, User
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import backref, relationship

from models.base import Archived, Model, Stamped, infrastructure, shared

NO_MAIL = "no-mail.invalid"  # an account without an e-mail address; never shown, never mailed
PERSONAL = "personal:"  # a role that holds the ticks of one person: personal:<user id>

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]+")


def spoken(first, last):
    """First and last name of a person as one says them: of a Chinese name the family comes first, without a space."""
    if _HAN.fullmatch(first) and _HAN.fullmatch(last):
        return last + first
    return f"{first} {last}".strip()


# the framework's own tables take part in the history; what signing in writes there is nobody's action,
# and an address may be a placeholder: app.rules.people enters what there is to say about it
Role.__history__, Group.__history__, User.__history__ = "role", "group", ("person", "user")
User.get_full_name = lambda user: spoken(user.first_name or "", user.last_name or "")
User.__secret__ = frozenset({"password", "email", "last_login", "login_count", "fail_login_count", "created_on",
                            "changed_on",
                             "created_by_fk", "changed_by_fk"})  # fmt: skip


def names_of(rows):
    """Names in one line, in order."""
    return ", ".join(sorted(row.name for row in rows))


Group.role_names = property(lambda group: names_of(group.roles))
Group.user_count = property(lambda group: len(group.users))
Role.user_count = property(lambda role: len(role.user))
Role.permission_count = property(lambda role: sum(one.permission.name != "menu_access" for one in role.permissions))


@infrastructure
class Person(Model):
    """What makes a user one of ours or one of a customer's. Without this row a user sees nothing."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("kind in ('staff', 'external')", name="ck_people_kind"),
        CheckConstraint("kind <> 'staff' or branch_id is not null", name="ck_people_branch"),
        CheckConstraint("state in ('invited', 'active', 'inactive')", name="ck_people_state"),
    )
    __history__ = "person"
    __secret__ = frozenset({"session_round", "seen_notification_id"})
    id = Column("user_id", Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    kind = Column(String(8), nullable=False, doc="staff or external")
    state = Column(String(8), nullable=False, default="invited", server_default="invited",
                   doc="invited: he has not chosen a password yet")  # fmt: skip
    locale = Column(String(12), nullable=False, default="en")
    calendar = Column(String(10), nullable=False, default="", doc="gregorian or jalali; empty: the language's own")
    digits = Column(String(8), nullable=False, default="", doc="latin or native; empty: the language's own")
    timezone = Column(String(60), nullable=False, default="", doc="IANA name; empty: the branch's")
    currency_code = Column(String(3), ForeignKey("currencies.code"))
    mobile = Column(String(40), nullable=False, default="", doc="E.164")
    branch_id = Column(BigInteger, ForeignKey("branches.id"), doc="of staff; where new records begin")
    branch_limited = Column(Boolean, nullable=False, default=False, doc="sees this branch and those below it only")
    away_until = Column(Date, doc="of staff: last day nothing is assigned to him, in his branch's time zone")
    session_round = Column(Integer, nullable=False, default=0, server_default="0",
                           doc="how often all sessions and tokens were ended; those of an earlier round are over")
    seen_notification_id = Column(BigInteger, nullable=False, default=0, server_default="0",
                                  doc="the newest notification when he last looked at those to him")
    user = relationship("User", lazy="joined", innerjoin=True, backref=backref("person", uselist=False))
    branch = relationship("Branch")
    memberships = relationship(
        "Membership", primaryjoin="Person.id == foreign(Membership.user_id)", viewonly=True, order_by="Membership.id"
    )

    def __repr__(self):
        return self.full_name

    @property
    def username(self):
        return self.user.username

    @property
    def full_name(self):
        return self.user.get_full_name() or self.user.username

    @property
    def first_name(self):
        return self.user.first_name

    @property
    def last_name(self):
        return self.user.last_name

    @property
    def email(self):
        """His address, empty where he has none."""
        return "" if self.user.email.lower().endswith(NO_MAIL) else self.user.email

    @property
    def last_login(self):
        """When he last signed in (UTC)."""
        return self.user.last_login and self.user.last_login.replace(tzinfo=UTC)

    @property
    def roles(self):
        """Roles given by name; his own ticks are told apart (`PERSONAL`)."""
        return [role for role in self.user.roles if not role.name.startswith(PERSONAL)]

    @property
    def groups(self):
        return self.user.groups

    @property
    def role_names(self):
        return names_of(self.roles)

    @property
    def group_names(self):
        return names_of(self.groups)


@shared
class AccessGroup(Model, Stamped, Archived):
    """A group of external users with the same rights and the same view of the catalogue (ACC-18, ACC-19)."""

    __tablename__ = "access_groups"
    __label__ = ("name",)
    __history__ = "access_group"
    name = Column(String(120), nullable=False, unique=True)
    profile = Column(String(64), nullable=False, default="Customer", doc="name of the role its members hold")
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
class EndedSession(Model):
    """A session somebody signed out of: whoever has copied its cookie does not come in with it."""

    __tablename__ = "ended_sessions"
    key = Column(String(32), primary_key=True, doc="what the cookie says of its session")
    at = Column(DateTime(timezone=True), nullable=False, index=True)


@infrastructure
class AccessStamp(Model):
    """One row that changes whenever a role, group or tick changes: what processes remember is as old as this."""

    __tablename__ = "access_stamp"
    id = Column(Integer, primary_key=True)
    stamp = Column(BigInteger, nullable=False, default=0)
    prepared = Column(String(64), nullable=False, default="", server_default="", doc="see app.prepared")
