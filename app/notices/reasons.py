"""Why somebody took a step, as he wrote it then."""

from sqlalchemy import select

from app.core.facts import Fact


def reason(noun, record, verb, work):
    """The reason given with the last step `verb` on a record; empty when none was."""
    payload = work.session.scalars(
        select(Fact.payload)
        .where(Fact.noun == noun, Fact.record_id == record.id, Fact.name == f"{noun}.{verb}")
        .order_by(Fact.id.desc())
        .limit(1)
    ).first()
    return (payload or {}).get("reason") or (payload or {}).get("note") or ""
