"""Tags: words with which staff group records of any noun."""

import re

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core import history
from app.core.errors import BusinessError
from models.customers import Tag, Tagging

MOST_LETTERS = 60
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def check(row, work):
    """What a tag must be before it is saved.

    :raises BusinessError: 'name_missing', 'tag_too_long', 'bad_colour'
    """
    row.name = " ".join((row.name or "").split())
    if not row.name:
        raise BusinessError("name_missing", _l("Give a name."), field="name")
    _check_length(row.name)
    if not COLOUR.fullmatch(row.colour or ""):
        raise BusinessError("bad_colour", _l("Write a colour like #64748b."), field="colour")


def _check_length(name):
    if len(name) > MOST_LETTERS:
        text = _l("A tag has at most %(letters)s letters.", letters=MOST_LETTERS)
        raise BusinessError("tag_too_long", text, field="tags")


def tag(record, noun, names, work):
    """Let a record carry exactly these tags; words that are not there yet are made.

    :param names: written in any case; the first spelling of a word stays
    :raises BusinessError: 'tag_too_long'
    """
    work.session.flush()
    wanted = _tags(names, work)
    held = select(Tagging.tag_id).where(Tagging.noun == noun, Tagging.record_id == record.id)
    before = set(work.session.scalars(held))
    after = {one.id for one in wanted}
    if before == after:
        return
    mine = (Tagging.noun == noun, Tagging.record_id == record.id)
    work.session.execute(delete(Tagging).where(*mine, Tagging.tag_id.in_(before - after)))
    work.session.add_all([Tagging(noun=noun, record_id=record.id, tag_id=one) for one in sorted(after - before)])
    history.record(work, record, f"{noun}.tag", tags=", ".join(sorted(one.name for one in wanted)))
    work.session.flush()


def _tags(names, work):
    clean = {" ".join(name.split()).lower(): " ".join(name.split()) for name in reversed(list(names))}
    clean.pop("", None)
    for name in clean:
        _check_length(name)
    found = {one.name.lower(): one for one in _named(clean, work)}
    new = [clean[key] for key in sorted(clean.keys() - found.keys())]
    if not new:
        return list(found.values())
    stamps = {"created_at": work.now, "updated_at": work.now, "created_by": work.actor.user_id}
    # somebody else may make the same tag at the same moment
    work.session.execute(insert(Tag).on_conflict_do_nothing(), [{"name": name, **stamps} for name in new])
    return _named(clean, work)


def _named(keys, work):
    return list(work.session.scalars(select(Tag).where(func.lower(Tag.name).in_(list(keys))))) if keys else []


def tags_of(noun, record_ids, work):
    """The tags of many records in one statement: {record id: [names in order]}."""
    ids = list(record_ids)
    statement = (
        select(Tagging.record_id, Tag.name)
        .join(Tag, Tag.id == Tagging.tag_id)
        .where(Tagging.noun == noun, Tagging.record_id.in_(ids))
        .order_by(Tag.name)
    )
    found: dict[int, list[str]] = {one: [] for one in ids}
    for record_id, name in work.session.execute(statement):
        found[record_id].append(name)
    return found
