"""The job that sends one notification.

The row is locked from before the attempt until its end is written, so two workers never send it at
once; when a worker is killed the lock goes with it, and the job is taken up again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.core import facts, queue
from app.notices import mail, people, sms
from app.notices.core import SEND, branch_of
from app.notices.fate import noted
from app.notices.mail import Attachment, Undelivered
from app.rules import notifications
from models.notifications import Notification
from reports import issue

log = logging.getLogger("serai.notices")

ATTEMPTS = 25  # with the pauses below, three days: a mail server may be down over a weekend
FIRST_PAUSE, LONGEST_PAUSE = 60, 4 * 3600  # seconds


def send(work: Any, notification_id: int) -> None:
    """Send one waiting notification; a failure is noted at it and tried again later and later."""
    row = work.session.scalars(
        select(Notification).where(Notification.id == notification_id).with_for_update(of=Notification)
    ).first()
    if row is None or row.state != "waiting":
        return
    mark = work.mark()
    try:
        with work.session.begin_nested():
            _hand_over(row, work)
    except Undelivered as reason:
        work.rewind(mark)
        _not_sent(row, reason, work)
    else:
        notifications.FLOW.run_one("deliver", row)


def _hand_over(row: Notification, work: Any) -> None:
    if row.channel == "sms":
        sms.deliver(row)
        return
    record = facts.record_of(work, row.noun, row.record_id)
    text, html = (people.reveal(row, part, work) for part in (row.body, row.html))
    branch = branch_of(record, work)
    mail.deliver(mail.message(row, branch, _attachments(row, record, work), text, html), row)


def _attachments(row: Notification, record: Any, work: Any) -> list[Attachment]:
    if row.attach and record is None:
        raise Undelivered("gone", final=True)
    try:
        locale = getattr(record, "locale", None) or row.locale
        return [issue.serve(name, record, "pdf", locale, work) for name in row.attach]
    except Exception as error:
        log.warning("%s of %s %s could not be made", row.attach, row.noun, row.record_id, exc_info=error)
        raise Undelivered("attachment", type(error).__name__) from error


def _not_sent(row: Notification, reason: Undelivered, work: Any) -> None:
    error = noted(reason.code, reason.detail)
    log.warning("notification %s was not sent: %s", row.id, error)
    if reason.final or row.attempts + 1 >= ATTEMPTS:
        notifications.FLOW.run_one("fail", row, error=error)
        return
    row.attempts += 1
    row.error = error
    pause = min(FIRST_PAUSE * 2 ** (row.attempts - 1), LONGEST_PAUSE)
    queue.defer(work, SEND, {"notification_id": row.id}, at=work.now + timedelta(seconds=pause))
