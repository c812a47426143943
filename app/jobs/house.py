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
from app.rules import (
    begun_orders,
    carts,
    contracts,
    order_deletion,
    order_expiry,
    order_forms,
    order_unmerge,
    people,
    quotes,
    runs,
    wizard_drafts,
    work_stages,
)
from models.documents import BackgroundRun, IdempotencyKey
from models.order_forms import OrderForm
from models.people import EndedSession, FailedSignIn, SetPasswordLink

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


@every("3-58/5 * * * *", "runs.give_up")
def give_up_runs(work: Any) -> None:
    """Tell whoever waits for a run that nobody works on it any more."""
    runs.give_up(work)


def sender(work: Any, form_id: int) -> int:
    """Who sent an order form: the job finds what he finds."""
    form = work.session.get(OrderForm, form_id)
    return form.created_by if form else 0


@job("order_forms.check", by=sender)
def check_order_form(work: Any, form_id: int) -> None:
    """The rows of a large order form, some thousands per transaction."""
    more = True
    while more:
        more = order_forms.advance(form_id, work)
        work.session.commit()


@every("37 3 * * *", "order_forms.clean")
def clean_order_forms(work: Any) -> None:
    """Previews nobody ordered from go after some days."""
    order_forms.clean(work)


on_screens("export.run", "views.exports:run", by=requester)


@every("11 * * * *", "contracts.expire")
def expire_contracts(work: Any) -> None:
    """Contracts end with their last day, on the calendar of their branch."""
    contracts.FLOW.run("expire", contracts.overdue(work))


@every("13 * * * *", "quotes.expire")
def expire_quotes(work: Any) -> None:
    """Offers end with their last day on the calendar of their branch; customers are reminded before.

    A portion per transaction.
    """
    while quotes.run_out(work):
        work.session.commit()
    while quotes.warn(work):
        work.session.commit()


@every("*/10 * * * *", "orders.expire")
def expire_orders(work: Any) -> None:
    """Give up confirmed orders that nobody released in time, a portion per transaction."""
    while order_expiry.run_out(work):
        work.session.commit()


@every("23 * * * *", "orders.warn")
def warn_of_expiry(work: Any) -> None:
    """Tell customers which of their orders are kept for a few more days only."""
    while order_expiry.warn(work):
        work.session.commit()


@every("*/5 * * * *", "orders.bury")
def bury_merged_orders(work: Any) -> None:
    """Delete orders that were merged into another one some minutes ago, a portion per transaction (X-25)."""
    while order_unmerge.clean_up(work):
        work.session.commit()


@every("41 2 * * *", "orders.purge")
def purge_orders(work: Any) -> None:
    """Remove orders for good that were deleted long ago, where a setting says so."""
    last: int | None = 0
    while last is not None:
        last = order_deletion.purge(work, after=last)
        work.session.commit()


@every("29 * * * *", "work.accept")
def accept_work(work: Any) -> None:
    """Work that was shown long ago counts as approved, where a setting says so, a portion per transaction (X-42)."""
    while work_stages.accept_silence(work):
        work.session.commit()


@every("43 2 * * *", "wizard_drafts.clean")
def clean_wizard_drafts(work: Any) -> None:
    """Remove what was begun in the wizard and left alone, a portion per transaction (X-32)."""
    while wizard_drafts.clean_up(work):
        work.session.commit()


@every("53 2 * * *", "begun_orders.clean")
def clean_begun_orders(work: Any) -> None:
    """Remove orders that somebody began to enter and left alone (X-32)."""
    begun_orders.clean_up(work)


@every("47 2 * * *", "carts.clean")
def clean_carts(work: Any) -> None:
    """Remove carts nobody came back to, where a setting says so, a portion per transaction."""
    while carts.clean_up(work):
        work.session.commit()


@every("17 * * * *", "retention")
def retention(work: Any) -> None:
    """Remove what has served its time: answers for repeats, failed sign-ins, used links, ended sessions, old jobs."""
    old = work.now - timedelta(days=1)
    session = work.session
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < old))
    window = timedelta(seconds=max(config.SIGN_IN_WINDOW, 3600))
    session.execute(delete(FailedSignIn).where(FailedSignIn.at < work.now - window))
    cookie = timedelta(seconds=config.PERMANENT_SESSION_LIFETIME)  # an older one is refused for its age
    session.execute(delete(EndedSession).where(EndedSession.at < work.now - cookie))
    gone = or_(SetPasswordLink.used_at < old, SetPasswordLink.expires_at < old)
    session.execute(delete(SetPasswordLink).where(gone))
    session.execute(text(_OLD_JOBS), {"finished": work.now - FINISHED, "failed": work.now - FAILED})


_OLD_JOBS = """
delete from procrastinate_jobs j where j.status in ('succeeded', 'failed', 'cancelled', 'aborted')
and (select max(e.at) from procrastinate_events e where e.job_id = j.id)
    < case when j.status = 'succeeded' then cast(:finished as timestamptz) else cast(:failed as timestamptz) end
"""
