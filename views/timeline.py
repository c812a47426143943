"""What happened to a record, newest first, in words: the timeline of its page.

The history keeps codes, ids and plain numbers (app/core/history.py); here they become what the reader calls them.
What cannot be said in words is left to REST.
"""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import SimpleNamespace

from babel import Locale
from flask import current_app, g
from flask_babel import gettext as _
from flask_babel import pgettext as _p
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, inspect, select

from app.core.flow import FLOWS
from app.core.history import History, number_of
from app.core.localized import LOCALES, format_date, format_datetime, format_money, format_number, format_percent
from app.core.money import Money
from app.extensions import db
from app.reading import reader
from app.rules import ratings
from models.base import Exact
from models.organisation import ExchangeRate
from views.cells import AMOUNTS, STARS, factor, percent, price_source, said, unit
from views.labels import LABELS, VALUES, label, value_label, words_of

SHOWN = 30  # change sets
FIELDS = 40  # of one change set
_NONE = Column()  # stands for what is no column: a list of roles, a file
TOLD = frozenset({
    "order.reject", "order.cancel", "quote.reject", "quote.cancel", "payment.refuse", "ticket.close", "ticket.reopen",
    "work.show", "order.merge", "order.unmerge", "order.split", "order.propose", "order.answer",
})  # steps of ours whose reason the customer reads; what we note about others stays inside


def history(view, row, limit=SHOWN, actions=()):
    """The last change sets of a record, or only those of some actions; none where its noun keeps no history."""
    mark = getattr(view.model, "__history__", None)
    if not isinstance(mark, str):
        return None
    only = (History.action.in_(actions),) if actions else ()
    rows = list(db.session.scalars(
        select(History)
        .where(History.noun == mark, History.record_id == number_of(row), *only)
        .order_by(History.id.desc())
        .limit(limit)
    ))  # fmt: skip
    names = {} if view.outside else _named(view.model, rows)
    return [entry(view, one, row, names) for one in rows if not kept_inside(view, one)]


def kept_inside(view, one):
    """Whether somebody outside is told nothing of a change set: a step of ours, or work on what he cannot see."""
    if g.work.actor.inside or one.inside == "external":
        return False
    secret = getattr(view, "internal", None) or getattr(view, "portal_hidden", ())
    hidden = one.changes and all(
        path.partition(".")[0] in view.inside_parts or path.removesuffix("_id") in secret for path in one.changes
    )
    return one.action.rpartition(".")[2] in view.inside_steps or (one.action.endswith("edit") and bool(hidden))


def entry(view, one, row=None, names=None):
    """One change set for the timeline: when, who, what, why, and what became what."""
    changes = [] if _made(one) else _changes(view, one, row, names or {})
    return SimpleNamespace(
        at=format_datetime(one.at, reader()), actor=actor_name(one), action=action_label(one, row), changes=changes,
        note=note(one),
    )  # fmt: skip


def note(one):
    """The reason or remark given with an action, as far as the reader may know it."""
    told = g.work.actor.inside or one.inside == "external" or one.action in TOLD
    return one.note if told else None


def actor_name(one):
    """Who acted, as the reader may know it: names of staff stay inside."""
    if one.inside == "system" and one.actor.startswith("system:"):
        return current_app.appbuilder.app_name
    if g.work.actor.inside or one.inside == "external":
        return one.actor
    return _("Our team")


def action_label(one, row=None):
    """What was done, in words; what was done to another record is said with its kind."""
    noun, dot, verb = one.action.partition(".")
    if not dot:
        noun, verb = one.noun, noun
    flow = FLOWS.get(noun)
    if flow and verb in flow.transitions:
        step = flow.transitions[verb]
        if noun == one.noun:
            return step.told if row is None else step.on(row).told
        return f"{value_label('noun', noun)} · {step.told}"
    if noun != one.noun:
        verb = "edit"  # something that belongs to the record was made or went away
    words = {"create": _p("history", "Created"), "edit": _p("history", "Changed"), "delete": _p("history", "Deleted"),
             "record": _("Taken over"), "override": _("Status set by hand"), "tag": _("Tags changed"),
             "offer": _("Audience changed"), "attach": _("File attached"), "archive": _p("history", "Archived"),
             "restore": _p("history", "Restored"), "password": _("Password changed"),
             "rate": _p("history", "Rated")}  # fmt: skip
    return words.get(verb, words["edit"])


def _made(one):
    """Whether the record came into being here: what it was then can be read from the page and later changes."""
    before = [pair[0] for name, pair in one.changes.items() if "." not in name]
    born = one.action.rpartition(".")[2] in ("create", "record") or one.changes.get("state", [""])[0] is None
    return born and all(value is None for value in before)


def _changes(view, one, row, names):
    found = []
    for path, (before, after) in list(one.changes.items())[:FIELDS]:
        model, name = _column(view.model, path)
        if view.outside and path.partition(".")[0] in view.inside_parts:
            continue
        if before in (None, "", []) and after in (None, "", []):
            continue
        if _silent(view, model, one, name, after):
            continue
        pair = [told(view, model, name, value, row, names, path) for value in (before, after)]
        if pair[0] != pair[1]:
            plain = name.removesuffix("_id")
            title = view.label_columns.get(plain) or label(plain) if "." not in path else label(plain)
            found.append((_title(title, path, one, row), *pair))
    return found


def _silent(view, model, one, name, after):
    """Whether a change would only repeat who acted and when, or say nothing to the reader."""
    if isinstance(inspect(model).columns.get(name, _NONE).type, LargeBinary):
        return True
    if name.endswith("_by") or name == "position" or name.removesuffix("_id") not in LABELS:
        return True
    if view.outside and (name in view.internal or name.endswith("_id")):
        return True
    return name.endswith("_at") and isinstance(after, str) and after == one.at.isoformat()


def _column(model, path):
    """The model and the name of the column that changed; `lines.7.quantity` belongs to a line."""
    part, dot, name = path.rpartition(".")
    relation = inspect(model).relationships.get(part.partition(".")[0]) if dot else None
    return (relation.mapper.class_ if relation is not None else model), name


def names_a_user(model, path):
    """Whether a change says which user: an id that is nothing for customers, whatever the column is called."""
    owner, name = _column(model, path)
    column = inspect(owner).columns.get(name)
    return column is not None and any(key.column.table.name == "ab_user" for key in column.foreign_keys)


def _title(title, path, one, row):
    """What changed; of which line, where the record has several."""
    part, _dot, _name = path.rpartition(".")
    if not part.startswith("lines."):
        return title
    identity = part.partition(".")[2]
    line = next((line for line in getattr(row, "lines", ()) if str(line.id) == identity), None)
    number = getattr(line, "position", None) or next(filter(None, one.changes.get(f"{part}.position", ())), None)
    if number is None:
        return title
    return _("Line %(number)s, %(field)s", number=format_number(int(number), reader()), field=title)


def told(view, model, name, value, row, names, path):
    """One value of the history as people read it; it is kept as JSON."""
    if value is None or value == "":
        return None
    if name.endswith("_id"):
        return names.get((path, value))
    if name == "state":
        own = view.flow.states if view.flow and "." not in path else None
        return value_label(name, value, own)
    words = words_of(model, name)
    if isinstance(value, bool | dict) or words in VALUES:
        return value_label(words, value)
    if name in STARS:
        return ratings.drawn(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    try:
        return _typed(model, name, value, getattr(row, "currency_code", None))
    except (ValueError, InvalidOperation):
        return value


def _typed(model, name, value, currency):
    column = inspect(model).columns.get(name)
    kind = column.type if column is not None else None
    if isinstance(kind, DateTime):
        return format_datetime(datetime.fromisoformat(value), reader())
    if isinstance(kind, Date):
        return format_date(date.fromisoformat(value), "short", reader())
    if isinstance(kind, Exact | Integer):
        return _figure(model, name, Decimal(str(value)), currency)
    return format_number(value, reader()) if isinstance(value, int) else _word(name, value)


def _figure(model, name, value, currency):
    if model is ExchangeRate:
        return factor(value, reader())
    if percent(model, name):
        return format_percent(value, reader())
    if name in AMOUNTS and currency and Money(value, currency).rounded().amount == value:
        return format_money(Money(value, currency), reader())
    return format_number(value, reader())


def _word(name, value):
    if name == "price_source":
        return price_source(value, reader())
    if name in ("language", "locale") and value in LOCALES:
        return Locale.parse(value).get_display_name(reader().locale) or value
    if name == "country_code":
        return Locale.parse(reader().locale).territories.get(value, value)
    return unit(value, reader()) if name == "unit_code" else value


def _named(model, rows):
    """What the rows are called whose ids changed, with one query per kind: {(path, id): name}."""
    wanted = {}
    for one in rows:
        for path, pair in ({} if _made(one) else one.changes).items():
            relation = inspect(model).relationships.get(path.removesuffix("_id"))
            if relation is not None and path.endswith("_id"):
                ids = wanted.setdefault(relation.mapper.class_, {})
                ids.setdefault(path, set()).update(value for value in pair if value is not None)
    found = {}
    for target, paths in wanted.items():
        every = set().union(*paths.values())
        texts = {row.id: said(row, reader()) for row in db.session.scalars(select(target).where(target.id.in_(every)))}
        found |= {(path, one): texts[one] for path, ids in paths.items() for one in ids if one in texts}
    return found
