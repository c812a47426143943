"""The house's own jobs: facts to their subscribers, notices to their readers, and the timetable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import force_locale
from sqlalchemy import delete, or_, text

import config
from app.core import facts
from app.jobs.registry import every, job, on_screens
from app.notices import sending
from app.rules import contracts, people, runs
from models.documents import BackgroundRun, IdempotencyKey
from models.people import FailedSignIn, SetPasswordLink

FINISHED = timedelta(days=1)  # how long a job that succeeded stays to be looked at
FAILED = timedelta(days=30)


@job("facts.deliver", called=lambda arguments: str(arguments["subscriber"]))
def deliver(work: Any, fact_id: int, subscriber: str) -> None:
    """Let one subscriber act on one fact, once."""
    facts.deliver(work, fact_id, subscriber)


job("notices.send")(sending.send)
job("people.forgotten")(people.forgotten)


def requester(work: Any, run_id: int) -> int:
    """Whose background run it is: the job acts for him and sees what he sees."""
    run = work.session.get(BackgroundRun, run_id)
    return run.user_id if run else 0


@job("bulk.run", by=requester)
def bulk(work: Any, run_id: int) -> None:
    """A step on many records, a chunk per transaction; its row is locked, so a second worker waits its turn."""
    more = True
    while more:
        run = runs.mine(run_id, work, lock=True)
        with force_locale(run.locale):
            more = runs.advance(run, work)
        work.session.commit()


on_screens("export.run", "views.exports:run", by=requester)


@every("11 * * * *", "contracts.expire")
def expire_contracts(work: Any) -> None:
    """Contracts end with their last day, on the calendar of their branch."""
    contracts.FLOW.run("expire", contracts.overdue(work))


@every("17 * * * *", "retention")
def retention(work: Any) -> None:
    """Remove what has served its time: answers kept for repeats, failed sign-ins, used links, finished jobs."""
    old = work.now - timedelta(days=1)
    session = work.session
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < old))
    window = timedelta(seconds=max(config.SIGN_IN_WINDOW, 3600))
    session.execute(delete(FailedSignIn).where(FailedSignIn.at < work.now - window))
    gone = or_(SetPasswordLink.used_at < old, SetPasswordLink.expires_at < old)
    session.execute(delete(SetPasswordLink).where(gone))
    session.execute(text(_OLD_JOBS), {"finished": work.now - FINISHED, "failed": work.now - FAILED})


_OLD_JOBS = """
delete from procrastinate_jobs j where j.status in ('succeeded', 'failed', 'cancelled', 'aborted')
and (select max(e.at) from procrastinate_events e where e.job_id = j.id)
    < case when j.status = 'succeeded' then cast(:finished as timestamptz) else cast(:failed as timestamptz) end
"""
