"""Notifications on their way: waiting, sent or failed; sent again by a button."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import or_

from app.core import queue, scope, settings
from app.core.flow import Flow
from models.notifications import Notification

FLOW = Flow(
    Notification,
    "notification",
    states={
        "waiting": _lp("notification", "Queued"),
        "sent": _lp("notification", "Sent"),
        "failed": _lp("notification", "Failed"),
    },
    final={"sent"},
)


@scope.narrow(Notification)
def visible_to(actor):
    """A customer's user finds what was sent to him or to the customer's own address, not his colleagues' mail."""
    return or_(Notification.user_id.is_(None), Notification.user_id == actor.user_id)


settings.setting(
    "NOTIFY_CHANGES",
    bool,
    True,
    _l("Customers are told by e-mail about changes of their orders and invoices"),
    scopes=("customer", "portal", "system"),
)


@FLOW.transition("deliver", source={"waiting"}, target="sent", hidden=True, label=_lp("notification", "Send"))
def deliver(notification, work):
    """The mail server has taken it."""
    notification.attempts += 1
    notification.sent_at, notification.error = work.now, ""


@FLOW.transition("fail", source={"waiting"}, target="failed", hidden=True, label=_l("Give up"))
def fail(notification, work, error=""):
    """It cannot be delivered; somebody has to look at it."""
    notification.attempts += 1
    notification.error = error


@FLOW.transition("resend", source={"sent", "failed"}, target="waiting", icon="fa-rotate-right", label=_l("Send again"),
                 ask=_l("Send the selected notifications again?"))  # fmt: skip
def resend(notification, work):
    """Send it once more to the same address, in the words it was written in then."""
    notification.attempts, notification.error = 0, ""
    queue.defer(work, "notices.send", {"notification_id": notification.id})
