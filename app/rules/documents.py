"""Papers that have left the house: what is sealed, what came from what, and the bytes that were issued."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import event, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import config
from app.core.errors import Conflict
from app.core.scope import rows_of
from app.core.storage import Storage
from models.documents import IssuedDocument
from models.orders import DocumentLink

LARGEST = 200 * 1024 * 1024  # bytes of one rendered document
ALWAYS = frozenset({"state", "version", "updated_at", "updated_by", "search"})
_stores: dict[str, Storage] = {}


# --- sealed records ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Seal:
    """From which states on a record stays as it is.

    :param open: states in which everything may change
    :param still: columns that go on changing afterwards, because they are recomputed
    """

    open: frozenset[str]
    still: frozenset[str]
    parent: str | None = None


_seals: dict[type, Seal] = {}


def seal(model: type, *, lines: type | None, parent: str, open: Iterable[str], still: Iterable[str]) -> None:
    """Refuse every change of a record and its lines once it has left the `open` states.

    :param parent: the relationship from a line to its record
    """
    _seals[model] = Seal(frozenset(open), frozenset(still) | ALWAYS)
    if lines is not None:
        _seals[lines] = Seal(frozenset(open), ALWAYS, parent)


@event.listens_for(Session, "before_flush")
def _refuse_sealed(session: Session, *_: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        found = _seals.get(type(row))
        if found is not None and _touched(session, row, found) and _closed(row, found):
            refuse_closed()


def _touched(session: Session, row: Any, found: Seal) -> bool:
    state = inspect(row)
    if row in session.deleted:
        return True
    if not state.persistent:
        return found.parent is not None  # a new line; a new record may come in any state (import)
    changed = {one.key for one in state.mapper.column_attrs if state.attrs[one.key].history.has_changes()}
    moved = found.parent is not None and state.attrs[found.parent].history.has_changes()
    return moved or bool(changed - found.still)


def _closed(row: Any, found: Seal) -> bool:
    roots = [row]
    if found.parent:  # a line that was taken out of its record has that record in its past only
        past = inspect(row).attrs[found.parent].history
        roots = [*past.deleted, getattr(row, found.parent)]
    return any(_was_closed(root, found) for root in roots if root is not None)


def _was_closed(root: Any, found: Seal) -> bool:
    if not inspect(root).persistent:
        return False
    before = inspect(root).attrs.state.history.deleted
    return (before[0] if before else root.state) not in found.open


def refuse_closed() -> None:
    """Refuse a change of what has left the house.

    :raises Conflict: 'frozen'
    """
    text = _l("This document has been issued or decided on. It can no longer be changed.")
    raise Conflict("frozen", text)


def discard(record: Any, work: Any, reason: str = "") -> None:
    """Take a draft away; it leaves a tombstone. What has left the house stays.

    :raises Conflict: 'not_draft'
    """
    if record.state != "draft":
        raise Conflict("not_draft", _l("Only a draft can be deleted."))
    record.deleted_at, record.deleted_by = work.now, work.actor.user_id
    record.deleted_reason = reason[:500] or None
    work.session.flush()


# --- what came from what -----------------------------------------------------------------------


def noun_of(record: Any) -> str:
    """The singular noun under which the generic tables know a record."""
    mark = type(record).__history__
    return str(mark if isinstance(mark, str) else type(record).__tablename__)


def link(source: Any, made: Any, kind: str, work: Any) -> DocumentLink:
    """Remember that `made` came from `source`: copied, split, quoted, renews, invoices, returns ..."""
    work.session.flush()
    found = DocumentLink(
        customer_id=made.customer_id,
        from_noun=noun_of(source),
        from_id=source.id,
        from_number=source.number or "",
        to_noun=noun_of(made),
        to_id=made.id,
        to_number=made.number or "",
        kind=kind,
        at=work.now,
    )
    work.session.add(found)
    return found


def number_links(record: Any, work: Any) -> None:
    """Write a number that was taken just now into the links of its record."""
    noun = noun_of(record)
    for side in ("from", "to"):
        here = (
            getattr(DocumentLink, f"{side}_noun") == noun,
            getattr(DocumentLink, f"{side}_id") == record.id,
        )
        work.session.execute(update(DocumentLink).where(*here).values({f"{side}_number": record.number}))


def links_of(record: Any, work: Any) -> list[DocumentLink]:
    """Where a record came from and what was made of it, oldest first."""
    noun, one = noun_of(record), DocumentLink
    either = ((one.from_noun == noun) & (one.from_id == record.id)) | (
        (one.to_noun == noun) & (one.to_id == record.id)
    )
    return list(work.session.scalars(select(one).where(either).order_by(one.id)))


# --- the bytes that were issued ----------------------------------------------------------------


def store() -> Storage:
    """Where this installation keeps its documents."""
    if config.STORAGE_URL not in _stores:
        _stores[config.STORAGE_URL] = Storage(config.STORAGE_URL)
    return _stores[config.STORAGE_URL]


def issued(
    noun: str, record_id: int, report: str, format: str, locale: str, work: Any, edition: str = ""
) -> IssuedDocument | None:
    """The document as it was issued in this edition, format and language, if it was."""
    return work.session.scalars(
        select(IssuedDocument).filter_by(
            noun=noun, record_id=record_id, report=report, edition=edition, format=format, locale=locale
        )
    ).one_or_none()


def freeze(
    record: Any,
    noun: str,
    report: str,
    format: str,
    locale: str,
    rendered: tuple[str, str, bytes],
    work: Any,
    *,
    translation: bool = False,
    template_version: int = 1,
    edition: str = "",
) -> IssuedDocument:
    """Keep a rendered document for ever. Who comes second gets what the first one kept.

    :param rendered: (file name, media type, bytes)
    :param edition: which issue of it, where a record is issued more than once
    :param translation: not in the language in which the document was issued
    """
    name, media_type, data = rendered
    stored = store().put(io.BytesIO(data), LARGEST)
    column = rows_of(type(record)).column
    row = IssuedDocument(
        customer_id=getattr(record, column) if column else 0,
        noun=noun,
        record_id=record.id,
        report=report,
        edition=edition,
        format=format,
        locale=locale,
        translation=translation,
        number=record.number or "",
        name=name,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        template_version=template_version,
    )
    mark = work.mark()
    try:
        with work.session.begin_nested():
            work.session.add(row)
            work.session.flush()
    except IntegrityError:
        work.rewind(mark)
        found = issued(noun, record.id, report, format, locale, work, edition)
        if found is None:
            raise
        return found
    return row


def read(document: IssuedDocument) -> tuple[str, str, bytes]:
    """File name, media type and bytes of an issued document.

    :raises FileNotFoundError: the storage has lost it
    """
    return document.name, document.media_type, store().read(document.sha256)
