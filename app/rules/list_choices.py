"""Saved filters and chosen columns: each person's own, filters of staff shared with staff where they want it."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.core import kept
from app.core.errors import BusinessError, NotFound
from app.core.readable import storable
from models.list_choices import ListChoice

MOST = 50  # saved filters of one person for one list
PAGING = frozenset({"after", "before", "last", "lang", "view"})


@dataclass(frozen=True)
class Saved:
    """A saved filter as lists show it: the fields of `ListChoice`."""

    id: int
    user_id: int
    name: str
    query: str
    shared: bool


@dataclass(frozen=True)
class Choices:
    """How a list looks to whoever acts.

    :param columns: names of columns in order, or None for the list's own
    :param opens_with: the saved filter it opens with, or None
    :param filters: saved filters, his own before those shared with him
    """

    columns: tuple[str, ...] | None = None
    opens_with: Saved | None = None
    filters: tuple[Saved, ...] = ()


def of(screen, work):
    """What whoever acts chose for a list; kept until somebody chooses anew."""
    user = work.actor.user_id
    if user is None:
        return Choices()
    return kept.get(work, _what(screen, work), lambda work: _read(screen, work))


def _what(screen, work):
    return f"list choices {work.actor.user_id} {work.actor.inside} {screen}"


def _read(screen, work):
    user, seen = work.actor.user_id, ListChoice.user_id == work.actor.user_id
    if work.actor.inside:
        seen = or_(seen, ListChoice.shared)
    rows = work.session.scalars(select(ListChoice).where(ListChoice.screen == screen, seen)).all()
    look = next((one for one in rows if one.user_id == user and not one.name), None)
    filters = [Saved(one.id, one.user_id, one.name, one.query, one.shared) for one in rows if one.name]
    filters.sort(key=lambda one: (one.user_id != user, one.name.casefold()))
    if look is None:
        return Choices(filters=tuple(filters))
    opens = next((one for one in filters if one.id == look.opens_with_id), None)
    return Choices(tuple(look.columns) if look.columns else None, opens, tuple(filters))


def save_filter(screen, name, query, work, *, shared=False, opens=False):
    """Keep a filter under a name; one of the same name is replaced.

    :param query: parameters of the list's address; where the page stood is left out
    :param shared: show it to all of staff
    :param opens: the list opens with it from now on
    :raises BusinessError: 'name_missing', 'bad_data', 'too_many'
    """
    name = " ".join((name or "").split())
    if not name:
        raise BusinessError("name_missing", _l("Give the filter a name."), field="name")
    left = urlencode([(key, value) for key, value in parse_qsl(query.lstrip("?")) if key not in PAGING])
    if len(name) > 80 or len(left) > 2000 or not storable(name + left):
        raise BusinessError("bad_data", _l("This filter is too long to be saved."), field="name")
    row = _own(screen, name, work)
    if row is None:
        _check_room(screen, work)
        row = ListChoice(user_id=work.actor.user_id, screen=screen, name=name)
        work.session.add(row)
    row.query, row.shared = left, bool(shared and work.actor.inside)
    work.session.flush()
    if opens:
        open_with(screen, row, work)
    kept.forget(work, _what(screen, work))
    return row


def _check_room(screen, work):
    mine = [one for one in of(screen, work).filters if one.user_id == work.actor.user_id]
    if len(mine) >= MOST:
        text = _l("You have saved %(count)s filters for this list. Remove one first.", count=MOST)
        raise BusinessError("too_many", text, field="name")


def find(identity, work):
    """A saved filter that whoever acts may use.

    :raises NotFound: it is not there, or somebody else's own
    """
    row = work.session.get(ListChoice, identity) if identity < 2**63 else None
    mine = row is not None and row.user_id == work.actor.user_id
    if row is None or not row.name or not (mine or (row.shared and work.actor.inside)):
        raise NotFound("not_found", _l("There is no such record."))
    return row


def may_remove(row, work):
    """His own, and for who keeps the settings of the house what others shared."""
    return row.user_id == work.actor.user_id or (row.shared and work.actor.may("setting.write"))


def remove(row, work):
    """Forget a saved filter.

    :raises NotFound: it is shared with him, not his
    """
    if not may_remove(row, work):
        raise NotFound("not_found", _l("There is no such record."))
    work.session.delete(row)
    work.session.flush()
    kept.forget(work, _what(row.screen, work))


def open_with(screen, row, work):
    """Say with which saved filter a list opens; None for all of its rows.

    :raises NotFound: the filter is one of another list
    """
    if row is not None and row.screen != screen:
        raise NotFound("not_found", _l("There is no such record."))
    _look(screen, work).opens_with_id = row.id if row is not None else None
    work.session.flush()
    kept.forget(work, _what(screen, work))


def choose_columns(screen, names, known, work):
    """Say which columns a list shows, in their order; none for the list's own.

    :param known: the columns he may choose from; other names are not taken
    """
    wanted = [name for name in dict.fromkeys(names) if name in known]
    _look(screen, work).columns = wanted or None
    work.session.flush()
    kept.forget(work, _what(screen, work))


def _look(screen, work):
    row = _own(screen, "", work)
    if row is None:
        row = ListChoice(user_id=work.actor.user_id, screen=screen, name="")
        work.session.add(row)
    return row


def _own(screen, name, work):
    mine = select(ListChoice).filter_by(user_id=work.actor.user_id, screen=screen, name=name)
    return work.session.scalars(mine).one_or_none()
