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
    noun, found, linked = documents.noun_of(row), [], documents.links_of(row, g.work)
    merged = [one for one in linked if one.kind == "merged"]  # these are deleted minutes later
    gone = {one.from_id for one in merged} - there("order", {one.from_id for one in merged})
    for one in linked:
        made = one.from_noun == noun and one.from_id == row.id
        other = ("to" if made else "from") + "_"
        target, number = getattr(one, other + "noun"), getattr(one, other + "number")
        if target not in NOUNS or not g.work.actor.may(f"{target}.read") or (not number and not g.work.actor.inside):
            continue  # what has no number yet is a draft of ours
        cells = (KINDS[one.kind][1 if made else 0], NOUNS[target], number or f"#{getattr(one, other + 'id')}",
                 format_datetime(one.at, reader()))  # fmt: skip
        lost = one.kind == "merged" and one.from_id in gone
        found.append((cells, None if lost else f"/{target}s/show/{getattr(one, other + 'id')}"))
    if found:
        heads = [(_("Number"), "code"), _("Relation"), _("Kind"), (_("Date"), "date")]
        rows = [line(cells[2], cells[0], cells[1], cells[3], url=url) for cells, url in found]
        house.sections.append(table("related", _("Related documents"), heads, rows))
