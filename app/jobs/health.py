"""What is wrong with the queue, in words for whoever runs the installation."""

from sqlalchemy import text

LATE_MINUTES = 10

_COUNTS = text("""
select count(*) filter (where j.status = 'failed' and e.at > :now - interval '7 days') as failed,
       count(*) filter (
           where j.status = 'todo' and coalesce(j.scheduled_at, e.at) < :now - interval '10 minutes') as late,
       (select count(*) from procrastinate_workers where last_heartbeat > :now - interval '1 minute') as workers
from procrastinate_jobs j
left join lateral (select max(at) as at from procrastinate_events where job_id = j.id) e on true
where j.status in ('failed', 'todo')
""")
_FAILED = text("""
select task_name, count(*) from procrastinate_jobs where status = 'failed' group by 1 order by 2 desc limit 5
""")


def problems(work):
    """Sentences: jobs that were given up, jobs nobody takes. A worker that is off is none while nothing waits."""
    found = work.session.execute(_COUNTS, {"now": work.now}).one()
    sentences = []
    if found.failed:
        names = ", ".join(f"{name} ({count})" for name, count in work.session.execute(_FAILED))
        sentences.append(f"{found.failed} jobs failed for good in the last 7 days: {names}.")
    if found.late:
        state = "no worker runs" if not found.workers else f"{found.workers} workers run"
        sentences.append(f"{found.late} jobs have waited for more than {LATE_MINUTES} minutes; {state}.")
    return sentences
