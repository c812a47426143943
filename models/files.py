"""Files: for everybody, for an access group, for one customer; attached to records; with versions."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import relationship

from models.base import (
    Archived,
    Audience,
    Model,
    Removable,
    Stamped,
    audience,
    everyone,
    offered,
    owned_by,
    reference,
)


@offered("file_audiences", apart=True)
class File(Model, Stamped, Removable, Archived):
    """A file we offer: to everybody, or to those its audience names."""

    __tablename__ = "files"
    __history__ = "file"
    title = Column(String(200), nullable=False)
    description = Column(Text, nullable=False, default="")
    everyone = everyone()
    current_id = Column(BigInteger, doc="the version that is served")
    versions = relationship(
        "FileVersion",
        back_populates="file",
        order_by="FileVersion.number.desc()",
        cascade="all, delete-orphan",
    )
    audiences = relationship("FileAudience", cascade="all, delete-orphan")

    def __repr__(self):
        return self.title


@audience
class FileAudience(Audience, Model):
    """To whom a file is offered that is not for everybody."""

    __tablename__ = "file_audiences"
    record_id = Column(BigInteger, ForeignKey("files.id", ondelete="CASCADE"), nullable=False)
    customer = relationship("Customer")
    access_group = relationship("AccessGroup")


@offered(parent=("file_id", "files"), apart=True)
class FileVersion(Model, Stamped):
    """One version of a file: its bytes by sha256, never changed."""

    __tablename__ = "file_versions"
    __table_args__ = (UniqueConstraint("file_id", "number"),)
    __history__ = ("file", "versions")
    file_id = reference("files.id", index=False)
    file = relationship("File", back_populates="versions")
    number = Column(Integer, nullable=False)
    name = Column(String(200), nullable=False, doc="file name as it is downloaded")
    media_type = Column(String(120), nullable=False)
    size = Column(BigInteger, nullable=False, doc="bytes")
    sha256 = Column(String(64), nullable=False)

    def __repr__(self):
        return self.name

ATTACHED = ("order", "quote", "contract", "invoice", "payment", "ticket", "customer", "product", "work", "wizard_draft",
            "message")  # fmt: skip


@owned_by("customer_id", about=ATTACHED)
class Attachment(Model, Stamped, Removable):
    """A file somebody attached to a record of a customer: an order, a contract, a message."""

    __tablename__ = "attachments"
    __history__ = "attachment"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        Index("ix_attachments_record", "noun", "record_id", "id"),
        Index("ix_attachments_customer", "customer_id", "id"),
    )
    customer_id = Column(BigInteger, nullable=False, doc="copied from the record; 0: the house's own")
    noun = Column(String(40), nullable=False)
    record_id = Column(BigInteger, nullable=False)
    part = Column(
        String(40), nullable=False, default="", doc="what of the record it belongs to: a wizard field"
    )
    name = Column(String(200), nullable=False)
    media_type = Column(String(120), nullable=False)
    size = Column(BigInteger, nullable=False, doc="bytes")
    sha256 = Column(String(64), nullable=False)

    def __repr__(self):
        return self.name
