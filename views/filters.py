"""Filters of a list: each knows its field, how to read what was typed, and how to narrow a query.

A filter is declared once per screen; list, export, bulk step on all that match and saved address share it.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import ARRAY, BigInteger, any_, bindparam, false, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY
from wtforms import SelectField, StringField

from app.core import searchtext
from app.core.localized import format_date
from app.core.readable import parse_date, parse_decimal
from app.core.scope import lifted
from app.core.work import current
from app.rules import approvals, order_deletion, ratings
from app.rules.products import matching
from models.products import Product
from views.cells import said
from views.fields import DateText, ReferenceField, options
from views.labels import VALUES, label

STARTS_CAP = 10_000  # records one beginning of a number may stand for
NAMES_CAP = 500  # customers whose orders one name may stand for


def like(value):
    """A value as the beginning of a LIKE pattern."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


class Filter:
    """One condition a reader can set. `name` is its parameter in the address.

    `searching`: it stands for many ids; the tabs of the list are not counted under it.
    """

    searching = False
    scattered = False  # what it finds may lie anywhere in the list

    def __init__(self, name, title=None, column=None):
        self.name, self.title, self.column = name, label(name) if title is None else title, column or name

    def field(self):
        """The WTForms field that asks for it."""
        return StringField(self.title)

    def read(self, text, reader):
        """What was typed, as a value; ValueError when it is none."""
        return text.strip()

    def said(self, value, session, reader):
        """The value in words, for the chip above the list."""
        return str(value)

    def apply(self, query, model, value, session):
        return query.filter(getattr(model, self.column) == value)


class Starts(Filter):
    """A number by its beginning; served by a text_pattern_ops index, in upper case."""

    searching = True

    def apply(self, query, model, value, session):
        return starting(query, model, self.column, value, session)


class Words(Filter):
    """Words of the record's own search text, each by its beginning, in any language."""

    def apply(self, query, model, value, session):
        return query.filter(searched(model, value))


class OwnerWords(Filter):
    """Words of the customer's name: customers first, then their records by id."""

    searching = scattered = True

    def __init__(self, name, owner, title=None):
        super().__init__(name, title)
        self.owner = owner

    def apply(self, query, model, value, session):
        ids = session.scalars(
            select(self.owner.id).where(self.owner.search.op("@@")(tsquery(value))).limit(NAMES_CAP)
        ).all()
        return query.filter(model.customer_id == among(ids))


class NumberOrOwner(Filter):
    """The one search field of a document list: number by its beginning, else words of the customer's name."""

    searching = scattered = True

    def __init__(self, owner, name="q", title=None, numbers=("number",), alone=None):
        super().__init__(name, title or _l("Search"))
        self.owner, self.numbers = owner, numbers
        self.alone = alone or label("number")  # what it is called where there is one customer only

    def apply(self, query, model, value, session):
        if any(c.isdigit() for c in value):
            found = starting(query, model, "number", value, session)
            if found.with_entities(literal_column("1")).limit(1).first() is not None or not self.owner:
                return found
        return OwnerWords(self.name, self.owner).apply(query, model, value, session)


class Choice(Filter):
    """One of a column's coded values."""

    def __init__(self, name, choices=None, title=None, column=None):
        super().__init__(name, title, column)
        self.choices = choices or VALUES[name]

    def field(self):
        return SelectField(self.title, choices=options(self.choices, blank=True))

    def read(self, text, reader):
        if text not in self.choices:
            raise ValueError(text)
        return text

    def said(self, value, session, reader):
        return str(self.choices[value])


class Rated(Choice):
    """Records with so many stars."""

    def __init__(self, name, title=None):
        super().__init__(name, {str(stars): ratings.drawn(stars) for stars in ratings.WORDS}, title)

    def apply(self, query, model, value, session):
        return super().apply(query, model, int(value), session)


class Flag(Filter):
    """Yes or no."""

    def field(self):
        return SelectField(self.title, choices=options({"yes": _l("Yes"), "no": _l("No")}, blank=True))

    def read(self, text, reader):
        return {"yes": True, "no": False}[text]

    def said(self, value, session, reader):
        return str(_l("Yes") if value else _l("No"))

    def apply(self, query, model, value, session):
        column = getattr(model, self.column)
        if self.column.endswith("_at"):  # archived_at: a moment stands for yes
            return query.filter(column.is_not(None) if value else column.is_(None))
        return query.filter(column.is_(value))


class Mine(Flag):
    """Records the reader handles."""

    def apply(self, query, model, value, session):
        mine = model.handler_id == current().actor.user_id
        return query.filter(mine if value else model.handler_id.is_(None) | ~mine)


class Overdue(Flag):
    """Records that should have been handled by now.

    :param states: where somebody has still to act
    """

    def __init__(self, name, states, title=None):
        super().__init__(name, title or _l("Overdue"), "due_at")
        self.states = states

    def apply(self, query, model, value, session):
        late = (model.due_at < current().now) & model.state.in_(self.states)
        return query.filter(late if value else ~late | model.due_at.is_(None))


class Supervised(Flag):
    """Orders a supervisor has to decide about."""

    scattered = True
    waiting = staticmethod(approvals.waiting_for_supervisor)

    def apply(self, query, model, value, session):
        return query.filter(self.waiting() if value else ~self.waiting())


class DeletionAsked(Supervised):
    """Orders whose deletion somebody has asked for: a second person decides."""

    waiting = staticmethod(order_deletion.waiting)


class Refers(Filter):
    """A record the column refers to, chosen from a list that asks the server."""

    def __init__(self, name, target, endpoint, title=None, column=None):
        super().__init__(name, title, column or f"{name}_id")
        self.target, self.endpoint = target, endpoint

    def field(self):
        return ReferenceField(self.title, target=self.target, endpoint=self.endpoint)

    def read(self, text, reader):
        return int(text)

    def said(self, value, session, reader):
        row = session.get(self.target, value)
        return said(row, reader) if row is not None else str(value)


class Since(Filter):
    """From a day on (or, with `until`, up to and with a day), in the reader's time zone."""

    def __init__(self, name, column, title, until=False):
        super().__init__(name, title, column)
        self.until = until

    def field(self):
        return DateText(self.title)

    def read(self, text, reader):
        return parse_date(text, reader), reader.tz

    def said(self, value, session, reader):
        return format_date(value[0], "short", reader)

    def apply(self, query, model, value, session):
        day, zone = value
        column = getattr(model, self.column)
        if self.column.endswith("_on"):
            return query.filter(column <= day if self.until else column >= day)
        edge = datetime.combine(day + timedelta(days=int(self.until)), time(), ZoneInfo(zone))
        return query.filter(column < edge if self.until else column >= edge)


class Least(Filter):
    """An amount or quantity from (or, with `most`, up to) a value."""

    def __init__(self, name, column, title, most=False):
        super().__init__(name, title, column)
        self.most = most

    def read(self, text, reader):
        return parse_decimal(text, reader)

    def apply(self, query, model, value, session):
        column = getattr(model, self.column)
        return query.filter(column <= value if self.most else column >= value)


class Within(Filter):
    """Records one of whose lines matches: `lines` is the line's class, `key` its way to the record."""

    searching = True

    def __init__(self, name, title, lines, key, column):
        super().__init__(name, title, column)
        self.lines, self.key = lines, key

    def apply(self, query, model, value, session):
        products = select(Product.id).where(searched(Product, value)).limit(NAMES_CAP)
        with lifted(current(), "what somebody has ordered he finds again when it is no longer offered"):
            ids = session.scalars(products).all()
        return query.filter(model.id.in_(select(getattr(self.lines, self.key)).where(self.lines.product_id.in_(ids))))


def starting(query, model, column, value, session):
    """The query narrowed to what begins with a text.

    The matches are found first, by the text's own index: with the order by id in the same statement the
    planner walks the whole table backwards until a page is full, which for an old number is all of it.
    """
    wanted = getattr(model, column).like(like(value.upper()))
    ids = session.scalars(select(model.id).where(wanted).limit(STARTS_CAP + 1)).all()
    return query.filter(model.id == among(ids) if len(ids) <= STARTS_CAP else wanted)


def among(ids):
    """One parameter for any number of ids: the statement stays the same and is planned once."""
    return any_(bindparam(None, list(ids), type_=ARRAY(BigInteger), unique=True))


def searched(model, value):
    """The criterion of a search by the beginnings of words; a text without any word finds nothing."""
    if model is Product:
        found = matching(value)
        return false() if found is None else found
    return model.search.op("@@")(tsquery(value))


def tsquery(value):
    """A search text as PostgreSQL takes it; a text without any word finds nothing."""
    return bindparam(None, searchtext.query(value), type_=TSQUERY, unique=True)
