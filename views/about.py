"""Lists of what hangs in conversations: messages and entries of the log, each with the record it is about."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.conversations import Conversation
from views import threads
from views.filters import Choice, Filter
from views.listing import Listing


class About(Filter):
    """What is about records of one noun, or about one record; the conversation knows."""

    def apply(self, query, model, value, session):
        return query.filter(model.conversation_id.in_(select(Conversation.id).where(self.condition(value))))

    def condition(self, value):
        if self.name == "noun":
            return Conversation.noun == value
        return Conversation.record_id == (int(value) if value.isdecimal() and len(value) < 19 else 0)


class AboutNoun(Choice, About):
    """One kind of record people write about."""

    apply, condition = About.apply, About.condition


class AboutListing(Listing):
    """Rows with the number of what they are about, asked for once per page."""

    def query(self, with_state=True):
        return super().query(with_state).options(joinedload(self.model.conversation))

    def page(self):
        page = super().page()
        self.numbers = threads.numbers(row.conversation for row in page.rows)
        return page

    def cells(self, row):
        """What the list says beside the row's own columns: {column: text}."""
        about = row.conversation
        return {"about": self.numbers.get((about.noun, about.record_id)) or f"#{about.record_id}"}

    def url(self, row):
        """Where a row leads."""
        return f"{self.view.route_base}/show/{row.id}"

    def _row(self, row, names):
        found = super()._row(row, names)
        found.cells = list((dict(zip(names, found.cells, strict=True)) | self._known(row, names)).values())
        found.url = self.url(row)
        return found

    def _known(self, row, names):
        return {name: text for name, text in self.cells(row).items() if name in names}
