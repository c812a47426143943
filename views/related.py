"""Where a record came from and what was made of it, as a section of its page."""

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import facts
from app.core.localized import format_datetime
from app.extensions import db
from app.reading import reader
from app.rules import documents
from views.sections import line, table

NOUNS = {"order": _l("Order"), "invoice": _l("Invoice"), "contract": _l("Contract"), "quote": _l("Quote")}
KINDS = {  # kind of link -> what stands at the record it came from, at the record that was made
    "renews": (_l("Renewed contract"), _l("Renewed by")),
    "invoices": (_l("Bills"), _l("Billed by")),
    "returns": (_l("Corrects invoice"), _l("Credited by")),
    "copied": (_l("Copied from"), _l("Copied to")),
    "merged": (_l("Merged from"), _l("Merged into")),
    "split": (_l("Split from"), _l("Split into")),
    "quoted": (_l("Quoted in"), _l("Ordered as")),
    "supersedes": (_l("Supersedes"), _l("Superseded by")),
}


def there(noun, ids):
    """Which of these records the reader can open: tombstones are left out."""
    model = facts.model_of(noun)
    return set(db.session.scalars(select(model.id).where(model.id.in_(ids)))) if ids else set()


def links(row, house):
    """Add the section, where there is anything the reader may see."""
    linked = [_other(one, documents.noun_of(row), row.id) for one in documents.links_of(row, g.work)]
    linked = [one for one in linked if one[1] in NOUNS and g.work.actor.may(f"{one[1]}.read")]
    open_ = {noun: there(noun, {one[2] for one in linked if one[1] == noun}) for noun in {one[1] for one in linked}}
    found = []
    for link, noun, key, number, made in linked:
        if not number and not g.work.actor.inside:
            continue  # what has no number yet is a draft of ours
        cells = (KINDS[link.kind][made], NOUNS[noun], number or f"#{key}", format_datetime(link.at, reader()))
        found.append((cells, f"/{noun}s/show/{key}" if key in open_[noun] else None))
    if found:
        heads = [(_("Number"), "code"), _("Relation"), _("Kind"), (_("Date"), "date")]
        rows = [line(cells[2], cells[0], cells[1], cells[3], url=url) for cells, url in found]
        house.sections.append(table("related", _("Related documents"), heads, rows))


def _other(link, noun, key):
    """The other end of a link: (link, its noun, its id, its number, whether it was made of this record)."""
    made = (link.from_noun, link.from_id) == (noun, key)
    side = "to" if made else "from"
    return link, *(getattr(link, f"{side}_{name}") for name in ("noun", "id", "number")), made
