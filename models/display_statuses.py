"""Further statuses of orders beside their state: what the house tells about a stage of its own (ORD-19, ORD-34)."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB

from models.base import Archived, Localized, Model, Stamped, shared

TONES = ("neutral", "info", "good", "warning", "bad")


@shared
class DisplayStatus(Model, Stamped, Archived):
    """A word staff put on an order to tell how far it is; the order's state machine does not know it."""

    __tablename__ = "display_statuses"
    __history__ = "display_status"
    __label__ = ("code", "names")
    __listed__ = ("tone", "visible_outside", "states")  # what decides how and to whom it shows on a list
    __table_args__ = (
        CheckConstraint("tone in ('neutral', 'info', 'good', 'warning', 'bad')", name="ck_display_statuses_tone"),
        Index("ix_display_statuses_position", "position", "id"),
    )
    code = Column(String(20), nullable=False, unique=True)
    names = Column(Localized, nullable=False)
    position = Column(Integer, nullable=False, default=10, doc="their order, where they are chosen")
    tone = Column(String(8), nullable=False, default="info", doc="its colour: neutral, info, good, warning, bad")
    visible_outside = Column(Boolean, nullable=False, default=True, server_default="true", doc="customers see it")
    states = Column(JSONB, nullable=False, default=list, doc="it holds while the order is in one of these; empty: any")

    def __repr__(self):
        return self.names.get("en") or self.code

    def holds_in(self, state):
        """Whether an order in this state still shows it."""
        return not self.states or state in self.states
