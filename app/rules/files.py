"""Files: kept by their content, attached to records, offered to customers in versions (FIL-01, FIL-03, FIL-04)."""

from functools import lru_cache
from typing import IO, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

import config
from app.core import files_sniff, history, settings
from app.core.errors import BusinessError, NotFound
from app.core.scope import rows_of
from app.core.storage import Storage
from app.rules import audiences
from models.files import Attachment, File, FileVersion

MEGABYTE = 1024 * 1024
settings.setting(
    "UPLOAD_MAX_MB", int, 25, _l("Largest file that can be uploaded, in megabytes"), ("branch", "system")
)
TYPES = settings.setting(
    "UPLOAD_TYPES",
    str,
    " ".join(sorted(files_sniff.TYPES)),
    _l("Media types that can be uploaded, separated by spaces"),
    ("branch", "system"),
)
offer = audiences.offer
PARTS = {}  # noun -> (record, work): what of a record a file belongs to that says nothing itself
UNTOLD = set()  # parts whose files the history does not name: they are not shown to the customer yet


class Kept(NamedTuple):
    """An upload that lies in the storage: what its row in the database says of it."""

    sha256: str
    size: int
    media_type: str
    name: str


class Opened(NamedTuple):
    """A file as it is handed out; the stream is closed by whoever reads it."""

    name: str
    media_type: str
    size: int
    stream: IO[bytes]


def storage():
    """Where the bytes are."""
    return _storage(config.STORAGE_URL)


@lru_cache
def _storage(url):
    return Storage(url)


# --- keeping -----------------------------------------------------------------------------------


def store(stream, name, declared_type, work, branch_id=None):
    """Keep an upload: the content decides what it is, the same bytes are kept once.

    :param declared_type: what the browser says; only told in the refusal
    :raises BusinessError: 'file_empty', 'file_too_large', 'file_type', 'file_name', 'file_unsafe'
    """
    most = settings.get("UPLOAD_MAX_MB", work, branch=branch_id) * MEGABYTE
    allowed = frozenset(settings.get("UPLOAD_TYPES", work, branch=branch_id).split())
    try:
        checked = files_sniff.check(name or "", stream, allowed & files_sniff.TYPES.keys(), most)
    except BusinessError as error:
        error.details.update(name=files_sniff.safe_name(name or ""), declared_type=declared_type, field="file")
        raise
    stored = storage().put(stream, most)
    return Kept(stored.sha256, stored.size, checked.media_type, checked.name)


def attach(record, noun, upload, work, part=""):
    """Attach an upload to a record; it belongs to the record's customer.

    :param upload: what `store` gave
    :param part: what of the record it belongs to, such as a field of the wizard
    :returns: the attachment
    """
    part = part or (PARTS[noun](record, work) if noun in PARTS else "")
    made = Attachment(customer_id=owner(record), noun=noun, record_id=record.id, part=part, **upload._asdict())
    work.session.add(made)
    if part not in UNTOLD:
        history.record(work, record, f"{noun}.attach", file=upload.name)
    work.session.flush()
    return made


def owner(record):
    """The id of the customer a record belongs to; 0 for the house's own."""
    rows = rows_of(type(record))
    return int(getattr(record, rows.column)) if rows.kind == "owned" and rows.column else 0


def attachments(noun, record_id, work, part=None):
    """What is attached to a record, the oldest first."""
    statement = select(Attachment).where(Attachment.noun == noun, Attachment.record_id == record_id)
    if part is not None:
        statement = statement.where(Attachment.part == part)
    return list(work.session.scalars(statement.order_by(Attachment.id)))


def detach(attachment, work, reason=""):
    """Take an attachment away; it leaves a tombstone."""
    attachment.deleted_at, attachment.deleted_by = work.now, work.actor.user_id
    attachment.deleted_reason = reason or None
    work.session.flush()


# --- offering ----------------------------------------------------------------------------------


def check(file, work):
    """What an offered file must be before it is saved.

    :raises BusinessError: 'title_missing'
    """
    file.title = (file.title or "").strip()
    if not file.title:
        raise BusinessError("title_missing", _l("Give a title."), field="title")


def publish(file, upload, work):
    """Put a new version of a file before its readers; older versions stay.

    :returns: the version
    """
    work.session.flush()
    locked = select(File).where(File.id == file.id).with_for_update(of=File)
    work.session.scalars(locked.execution_options(populate_existing=True)).one()
    last = work.session.scalar(select(func.max(FileVersion.number)).where(FileVersion.file_id == file.id))
    made = FileVersion(file_id=file.id, number=(last or 0) + 1, **upload._asdict())
    work.session.add(made)
    work.session.flush()
    file.current_id = made.id
    work.session.flush()
    work.session.expire(file, ["versions"])
    return made


def remove(file, work, reason=""):
    """Take a file back: its readers no longer find it, a tombstone says who removed it when and why."""
    file.deleted_at, file.deleted_by = work.now, work.actor.user_id
    file.deleted_reason = reason or None
    work.session.flush()
    return "deleted"


# --- handing out -------------------------------------------------------------------------------


def open_version(file, work, number=None):
    """Hand out a version of an offered file, the current one unless a number is given.

    :param file: a file or its id; the actor must be among those it is offered to
    :raises NotFound: 'not_found'
    """
    identity = getattr(file, "id", file)
    statement = select(FileVersion).join(File, File.id == FileVersion.file_id).where(File.id == identity)
    wanted = FileVersion.id == File.current_id if number is None else FileVersion.number == number
    return _opened(work.session.scalars(statement.where(wanted)).first())


def open_attachment(attachment_id, work):
    """Hand out an attachment.

    :raises NotFound: 'not_found'
    """
    statement = select(Attachment).where(Attachment.id == attachment_id)
    return _opened(work.session.scalars(statement).first())


def _opened(row):
    if row is None:
        raise NotFound("not_found", _l("There is no such record."))
    return Opened(row.name, row.media_type, row.size, storage().open(row.sha256))
