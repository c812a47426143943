"""Putting a display status on an order, telling it, and who sees it; the order's state stays as it is (ORD-19)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import or_, select
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import facts, history, kept
from app.core.errors import BusinessError
from app.rules import masters, orders
from models.display_statuses import DisplayStatus
from models.orders import Order

TONES = {"neutral": _lp("colour", "Grey"), "info": _lp("colour", "Blue"), "good": _lp("colour", "Green"),
         "warning": _lp("colour", "Yellow"), "bad": _lp("colour", "Red")}  # fmt: skip


class StatusForm(Form):
    """Which display status an order shows from now on, and whether the customer is told."""

    status = StringField(_l("Display status"), [Optional(), Length(max=20)])
    tell = BooleanField(_l("Tell the customer"))
    note = TextAreaField(_l("Note"), [Optional(), Length(max=2000)])


@orders.FLOW.transition(
    "set_status", source=set(orders.FLOW.states) - {"draft"}, target=None, icon="fa-tag", as_house=True,
    label=_l("Set display status"), told=_lp("history", "Display status set"), form=StatusForm,
)  # fmt: skip
def set_status(order, work, status=None, tell=False, note=None):
    """Show a display status at an order, or none; its state stays what it is.

    :param status: code or id; nothing takes the status away
    :raises BusinessError: 'unknown_status', 'status_not_here'
    """
    row = find(status, work) if status else None
    if row is not None and not row.holds_in(order.state):
        text = _l("This display status is not meant for orders in this state.")
        raise BusinessError("status_not_here", text, field="status")
    order.display_status_id = row.id if row is not None else None
    order.display_status = row
    if tell and row is not None and row.visible_outside:
        facts.publish(work, "order.tell_status", "order", order)
    if note:
        history.record(work, order, "order.set_status", note)


def find(status, work):
    """A display status in use, by its code or id.

    :raises BusinessError: 'unknown_status'
    """
    known = DisplayStatus.code == str(status)
    if str(status).isdecimal() and len(str(status)) < 19:
        known = or_(known, DisplayStatus.id == int(status))
    row = work.session.scalars(select(DisplayStatus).where(known, DisplayStatus.archived_at.is_(None))).first()
    if row is None:
        raise BusinessError("unknown_status", _l("There is no such display status."), field="status")
    return row


def shown(order, work):
    """The display status an order shows to whoever looks: while it holds, to customers what they may see."""
    row = order.display_status
    if row is None or not row.holds_in(order.state) or not (work.actor.inside or row.visible_outside):
        return None
    return row


def offered(work):
    """The display statuses in use, in their order: (id, names, whether customers see it); kept until one changes."""
    return kept.get(work, "display statuses", _offered)


def _offered(work):
    wanted = select(DisplayStatus.id, DisplayStatus.names, DisplayStatus.visible_outside)
    rows = work.session.execute(wanted.where(DisplayStatus.archived_at.is_(None)).order_by(DisplayStatus.position))
    return [(identity, dict(names), outside) for identity, names, outside in rows]


def showing(status_id, work):
    """The criterion of orders that show a display status to whoever looks."""
    row = work.session.get(DisplayStatus, status_id)
    if row is None or not (work.actor.inside or row.visible_outside):
        return Order.id.is_(None)
    held = Order.state.in_(row.states) if row.states else True
    return (Order.display_status_id == row.id) & held


def check(row, work):
    """A display status has a code of its own and words, and names states that there are.

    :raises BusinessError: 'bad_code', 'text_missing', 'unknown_state'
    """
    row.code = (row.code or "").strip()
    if not row.code or row.code.isdecimal():
        raise BusinessError("bad_code", _l("This code is not possible."), field="code")
    if not any((text or "").strip() for text in (row.names or {}).values()):
        raise BusinessError("text_missing", _l("Fill in the word in at least one language."), field="names")
    if set(row.states or ()) - set(orders.FLOW.states):
        raise BusinessError("unknown_state", _l("There is no such state."), field="states")


def remove(row, work):
    """Delete a display status no order ever had; archive any other."""
    return masters.remove(row, work)
