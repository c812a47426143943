"""Documents as they were issued, and results that were made in the background."""

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
from sqlalchemy.dialects.postgresql import JSONB

from models.base import Model, Stamped, infrastructure, owned_by


@owned_by("customer_id", about=("order", "quote", "contract", "invoice", "customer"))
class IssuedDocument(Model, Stamped):
    """The bytes of a document as it was issued: served for ever, whatever the template says by then."""

    __tablename__ = "documents"
    __label__ = ("name", "number")
    __history__ = "document"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("noun", "record_id", "report", "edition", "format", "locale"),
        Index("ix_documents_customer", "customer_id", "id"),
    )
    customer_id = Column(BigInteger, nullable=False, doc="0: the house's own")
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    report = Column(String(60), nullable=False)
    edition = Column(String(40), nullable=False, default="", server_default="", doc="amended and issued anew")
    format = Column(String(5), nullable=False)
    locale = Column(String(12), nullable=False)
    translation = Column(Boolean, nullable=False, default=False, doc="not the language it was issued in")
    number = Column(String(40), nullable=False)
    name = Column(String(200), nullable=False, doc="file name")
    media_type = Column(String(120), nullable=False)
    size = Column(BigInteger, nullable=False, doc="bytes")
    sha256 = Column(String(64), nullable=False)
    template_version = Column(Integer, nullable=False)

    def __repr__(self):
        return self.name


@infrastructure
class BackgroundRun(Model):
    """Work done in the background for a user: a bulk step or an export, its progress and its result."""

    __tablename__ = "background_runs"
    __table_args__ = (
        Index("ix_background_runs_user", "user_id", "id"),
        CheckConstraint(
            "state in ('waiting', 'running', 'stopping', 'stopped', 'done', 'failed')",
            name="ck_background_runs_state",
        ),
    )
    id = Column(BigInteger, Identity(), primary_key=True)
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False)
    kind = Column(String(10), nullable=False, doc="bulk or export")
    noun = Column(String(40), nullable=False)
    verb = Column(String(40), nullable=False, default="")
    state = Column(String(10), nullable=False, default="waiting")
    locale = Column(String(12), nullable=False, default="en")
    parameters = Column(JSONB, nullable=False, default=dict)
    ids = Column(JSONB, nullable=False, default=list, doc="frozen selection")
    position = Column(Integer, nullable=False, default=0, doc="how many of the selection are through")
    total = Column(Integer, nullable=False, default=0)
    done = Column(Integer, nullable=False, default=0)
    refused = Column(JSONB, nullable=False, default=list, doc="[[id, label, code, message]]")
    result_sha256 = Column(String(64))
    result_name = Column(String(200))
    result_media_type = Column(String(120))
    created_at = Column(DateTime(timezone=True), nullable=False)
    finished_at = Column(DateTime(timezone=True))


@infrastructure
class IdempotencyKey(Model):
    """The first answer to a POST, given again when the same request comes again within 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index("ix_idempotency_keys_at", "at"))
    id = Column(BigInteger, Identity(), primary_key=True)
    user_id = Column(Integer, nullable=False)
    key = Column(String(200), nullable=False)
    fingerprint = Column(String(64), nullable=False, doc="sha256 of method, path and body")
    status = Column(Integer, doc="null while the first request still runs")
    body = Column(JSONB)
    at = Column(DateTime(timezone=True), nullable=False)
