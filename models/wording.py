"""What portals call the states of records: the wording of a manual, or words of one's own (X-17, Appendix A)."""

from sqlalchemy import Column, String, UniqueConstraint
from sqlalchemy.orm import backref, relationship

from models.base import Localized, Model, Stamped, reference, shared


@shared
class StateWord(Model, Stamped):
    """What one portal calls one state, in the languages it has a word for."""

    __tablename__ = "state_words"
    __history__ = ("portal", "words")
    __label__ = ("noun", "state")
    __table_args__ = (UniqueConstraint("portal_id", "noun", "state"),)
    portal_id = reference("portals.id", index=False)
    portal = relationship(
        "Portal", backref=backref("words", cascade="all, delete-orphan", order_by="StateWord.id")
    )
    noun = Column(String(40), nullable=False)
    state = Column(String(20), nullable=False)
    texts = Column(Localized, nullable=False, doc="{locale: word}; other languages keep our own word")

    def __repr__(self):
        return f"{self.noun} {self.state}"
