"""What all masters have in common: a tree, codes that must exist, and removal that breaks no document (X-44)."""

from typing import Literal

from flask_babel import lazy_gettext as _l
from sqlalchemy import ARRAY, any_, exists, false, inspect, literal, or_, select
from sqlalchemy.orm import aliased

from app.core import history, kept, scope
from app.core.errors import BusinessError
from models.base import Model, Removable
from models.organisation import Branch, Currency

Removal = Literal["deleted", "archived"]


def among(column, values, kind=None):
    """The criterion that a column has one of many values: one parameter, so that thousands cost no more text.

    :param kind: type of the values, where it is not the column's own
    """
    return column == any_(literal(list(values), ARRAY(kind or column.type)))


def below(model, ids, work):
    """The ids given and those of everything below them in the tree of `model`."""
    tree = select(model.id).where(model.id.in_(ids)).cte(recursive=True)
    child = aliased(model)
    tree = tree.union(select(child.id).where(child.parent_id == tree.c.id))
    return frozenset(work.session.scalars(select(model.id).where(model.id.in_(select(tree.c.id)))))


def above(model, ids, work):
    """The ids given and those of everything they hang under."""
    tree = select(model.id, model.parent_id).where(model.id.in_(ids)).cte(recursive=True)
    parent = aliased(model)
    tree = tree.union(select(parent.id, parent.parent_id).where(parent.id == tree.c.parent_id))
    return frozenset(work.session.scalars(select(model.id).where(model.id.in_(select(tree.c.id)))))


def branches_above(identity, work):
    """The id of a branch and those of all it belongs to."""
    parents, found = {one.id: one.parent_id for one in kept.rows(work, Branch)}, set()
    while identity is not None and identity not in found:
        found.add(identity)
        identity = parents.get(identity)
    return found


def check_parent(row, work):
    """A record hangs under another one, never under itself or what is below it.

    :raises BusinessError: 'circular_parent'
    """
    parent = related(row, "parent", work)
    if parent is None or row.id is None:
        return
    with work.session.no_autoflush:  # a circle cannot be written, not even to look for it
        around = parent is row or row.id in above(type(row), [parent.id], work)
    if around:
        raise BusinessError("circular_parent", _l("A record cannot be placed below itself."), field="parent")


def related(row, name, work):
    """What `row` refers to under the relationship `name`, whichever of relationship and key a door filled in."""
    state = inspect(row)
    if state.attrs[name].history.has_changes():
        return getattr(row, name)
    relation = state.mapper.relationships[name]
    (column,) = relation.local_columns
    value = getattr(row, state.mapper.get_property_by_column(column).key)
    if value is None and not state.persistent and column.default is not None:
        value = column.default.arg
    return None if value is None else work.session.get(relation.mapper.class_, value)


def referred_to(row, work, parts=()):
    """Whether any other record names this one.

    :param parts: tables whose rows belong to the record itself and do not count
    """
    table = type(row).__table__
    found = [
        exists().where(key.parent == row.id)
        for other in Model.metadata.tables.values()
        if other.name not in parts
        for key in other.foreign_keys
        if key.column.table is table and key.column.name == "id"
    ]
    with scope.lifted(work, "a record of another branch refers to it as well"):
        return bool(work.session.scalar(select(or_(false(), *found))))


def locked(row, work):
    """The row under its lock: nobody can begin to refer to it before we are done."""
    model = type(row)
    statement = select(model).where(model.id == row.id).with_for_update(of=model)
    return work.session.scalars(statement.execution_options(populate_existing=True)).one()


def remove(row, work, parts=(), reason="", drop_parts=None) -> Removal:
    """Delete a master that nothing refers to; archive one that is referred to (X-44).

    :param drop_parts: removes the rows of `parts` that the database would not remove by itself
    """
    work.session.flush()
    row = locked(row, work)
    if referred_to(row, work, parts):
        archive(row, work)
        return "archived"
    if isinstance(row, Removable):
        row.deleted_at, row.deleted_by, row.deleted_reason = work.now, work.actor.user_id, reason or None
    else:
        if drop_parts is not None:
            drop_parts(row, work)
        work.session.delete(row)
    work.session.flush()
    return "deleted"


def archive(row, work):
    """Offer a master no longer; documents keep naming it. Safe to run twice."""
    if row.archived_at is None:
        row.archived_at = work.now
        work.session.flush()


def restore(row, work):
    """Offer an archived master again."""
    if row.archived_at is not None:
        row.archived_at = None
        history.record(work, row, work.action)
        work.session.flush()


def currency_codes(work):
    """The codes of the currencies there are."""
    return kept.get(work, "currencies", lambda work: frozenset(work.session.scalars(select(Currency.code))))
