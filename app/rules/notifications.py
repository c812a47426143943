"""Notifications on their way: waiting, sent or failed; sent again by a button."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import or_, select

from app.core import queue, scope, settings
from app.core.errors import NotFound
from app.core.flow import Flow
from app.rules import about
from models.notifications import Notification

FLOW = Flow(
    Notification,
    "notification",
    states={
        "waiting": _lp("notification", "Queued"),
        "sent": _lp("notification", "Sent"),
        "failed": _lp("notification", "Failed"),
    },
    final={"sent"}, settable=False,  # a mail goes by its steps only
)


@scope.narrow(Notification)
def visible_to(actor):
    """A customer's user finds what was sent to him or to the customer's own address, not his colleagues' mail."""
    return or_(Notification.user_id.is_(None), Notification.user_id == actor.user_id)


def readable(actor):
    """The condition of the mails somebody may read: about records he may read, and what he was sent himself.

    :returns: None where that leaves nothing out
    """
    known = about.readable(Notification, actor)
    return None if known is None else or_(Notification.user_id == actor.user_id, known)


def may_read(notification, work):
    """Refuse what the actor may not read.

    :raises NotFound: 'not_found'
    """
    known = readable(work.actor)
    if known is None:
        return
    if work.session.scalar(select(Notification.id).where(Notification.id == notification.id, known)) is None:
        raise NotFound("not_found", _l("There is no such record."))


settings.setting(
    "NOTIFY_CHANGES",
    bool,
    True,
    _l("Customers are told by e-mail about changes of their orders and invoices"),
    scopes=("customer", "portal", "system"),
)


@FLOW.transition("deliver", source={"waiting"}, target="sent", hidden=True, label=_lp("notification", "Send"),
                 told=_lp("history", "Sent"))  # fmt: skip
def deliver(notification, work):
    """The mail server has taken it."""
    notification.attempts += 1
    notification.sent_at, notification.error = work.now, ""


@FLOW.transition("fail", source={"waiting"}, target="failed", hidden=True, label=_l("Give up"),
                 told=_lp("history", "Given up"))  # fmt: skip
def fail(notification, work, error=""):
    """It cannot be delivered; somebody has to look at it."""
    notification.attempts += 1
    notification.error = error


@FLOW.transition("resend", source={"sent", "failed"}, target="waiting", icon="fa-rotate-right", label=_l("Send again"),
                 guards=(may_read,), told=_lp("history", "Sent again"), ask=_l("Send the notification again?"),
                 ask_many=lambda many, count: ngettext(
                     "Send %(count)s notification again?",
                     "Send %(count)s notifications again?", many, count=count,
                 ))  # fmt: skip
def resend(notification, work):
    """Send it once more to the same address, in the words it was written in then."""
    notification.attempts, notification.error = 0, ""
    queue.defer(work, "notices.send", {"notification_id": notification.id})
