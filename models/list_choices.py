"""How a person wants to see a list: the filters he saved, the columns he chose, what it opens with."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import Model, Stamped, infrastructure


@infrastructure
class ListChoice(Model, Stamped):
    """A saved filter of one person for one list; the row without a name says how the list itself looks to him."""

    __tablename__ = "list_choices"
    __table_args__ = (
        UniqueConstraint("user_id", "screen", "name"),
        Index("ix_list_choices_shared", "screen", postgresql_where=text("shared")),
    )
    user_id = Column(Integer, ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False)
    screen = Column(String(60), nullable=False, doc="address of the list without its stroke: orders")
    name = Column(String(80), nullable=False, default="", doc="empty: columns and what the list opens with")
    query = Column(String(2000), nullable=False, default="", doc="the filter as parameters of an address")
    shared = Column(Boolean, nullable=False, default=False, server_default="false", doc="shown to all of staff")
    columns = Column(JSONB, doc="names in their order; null: as the list is made")
    opens_with_id = Column(BigInteger, ForeignKey("list_choices.id", ondelete="SET NULL"),
                           doc="the saved filter the list opens with")  # fmt: skip

    def __repr__(self):
        return self.name
