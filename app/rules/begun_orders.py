"""An order somebody is entering, kept on the server as he types until he sends or cancels it, or stays away (X-32).

It is his own text and no order yet: nothing in it is checked, priced or numbered before it is sent.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core import settings
from models.orders import BegunOrder

settings.setting(
    "BEGUN_ORDER_DAYS", int, 14, _l("Days after which an order that was begun and never sent is removed; 0: never")
)


def keep(content, work):
    """Keep what the actor has typed so far, in the place of what he typed before.

    :param content: {"head": {field: text}, "lines": [{name: text}]}
    """
    if work.actor.user_id is None:
        return
    values = {"user_id": work.actor.user_id, "content": content, "at": work.now}
    written = insert(BegunOrder).values(**values).on_conflict_do_update(
        index_elements=["user_id"], set_={"content": content, "at": work.now}
    )  # fmt: skip
    work.session.execute(written)


def kept(work):
    """What the actor has begun, or None."""
    mine = select(BegunOrder).where(BegunOrder.user_id == (work.actor.user_id or 0))
    return work.session.scalars(mine).one_or_none()


def forget(work):
    """Delete what the actor has begun: it was sent, or he has cancelled it."""
    work.session.execute(delete(BegunOrder).where(BegunOrder.user_id == (work.actor.user_id or 0)))


def clean_up(work):
    """Remove what nobody came back to."""
    days = settings.get("BEGUN_ORDER_DAYS", work)
    if days > 0:
        work.session.execute(delete(BegunOrder).where(BegunOrder.at < work.now - timedelta(days=days)))
