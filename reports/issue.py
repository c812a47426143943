"""Documents as doors and jobs ask for them: issued ones from the archive, all others drawn afresh."""

from dataclasses import replace
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import NotFound
from app.core.localized import Reader
from app.rules import documents
from reports import core

# In these states of its record a document has left the house; from then on its bytes are kept.
ISSUED = {
    "order_confirmation": ("confirmed", "released", "completed"),
    "invoice": ("issued", "cancelled"),
    "quote": ("offered", "accepted", "rejected", "expired"),
    "contract": ("active", "expired", "terminated"),
}
TEMPLATE_VERSION = 1  # raised when the look of the documents changes


def is_issued(name: str, record: Any) -> bool:
    """Whether this document of the record has left the house and is frozen."""
    return getattr(record, "state", None) in ISSUED.get(name, ()) and bool(record.number)


def edition_of(record: Any) -> str:
    """Which issue of a document it is: an order that was amended is confirmed anew, at another instant."""
    if getattr(record, "revision", 0):  # a quote: each revision is a paper of its own
        return str(record.revision)
    confirmed = getattr(record, "confirmed_at", None)
    return confirmed.isoformat() if confirmed else ""


def serve(name: str, record: Any, format: str, locale: str, work: Any) -> tuple[str, str, bytes]:
    """A document in a language: (file name, media type, bytes).

    An issued one is drawn once, then the kept bytes are served for ever. In another language than its
    own it is marked as a translation and kept too, and the original is kept before it.
    :raises NotFound: unknown report or format
    """
    if name not in core.REPORTS or format not in core.FORMATS:
        raise NotFound("not_found", _l("There is no such document."))
    if not is_issued(name, record):
        return core.render(name, record, format, Reader(locale))
    original = core.REPORTS[name].locale_of(record)
    if locale != original:
        _kept(name, record, format, original, False, work)
    return documents.read(_kept(name, record, format, locale, locale != original, work))


def keep(name: str, record: Any, shown: Any, work: Any) -> None:
    """Keep the PDF of an edition in its own language, also when the record has gone on since.

    :param shown: the record as it was when this edition left the house
    """
    _kept(name, record, "pdf", core.REPORTS[name].locale_of(record), False, work, shown)


def _kept(
    name: str, record: Any, format: str, locale: str, translation: bool, work: Any, shown: Any = None
) -> Any:
    noun, shown = documents.noun_of(record), record if shown is None else shown
    edition = edition_of(shown)
    found = documents.issued(noun, record.id, name, format, locale, work, edition)
    if found is not None:
        return found
    rendered = _drawn(name, shown, format, locale, translation)
    return documents.freeze(
        record,
        noun,
        name,
        format,
        locale,
        rendered,
        work,
        translation=translation,
        template_version=TEMPLATE_VERSION,
        edition=edition,
    )


def _drawn(name: str, record: Any, format: str, locale: str, translation: bool) -> tuple[str, str, bytes]:
    reader = Reader(locale)
    document = core.build(name, record, reader)
    if translation:
        with force_locale(locale):
            note = _("This is a translation. Only the document in its original language is binding.")
            document = replace(
                document, marks=(*document.marks, _("Translation")), notes=(*document.notes, note)
            )
    return core.draw(name, document, format, reader)
