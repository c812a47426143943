"""Bulk approval: 500 submitted orders, as a background run in chunks whose progress is committed.

CPU seconds are those of this process, the database's are not among them.

`python -m benchmarks.bulk` measures in the database of DATABASE_URL (a benchmark's own: it approves orders).
"""

import json
import os
import sys
import time

import psycopg

import app
from app.core import work as work_
from app.extensions import db
from app.rules import runs
from benchmarks.people import reviewer
from benchmarks.statements import counted
from models.documents import BackgroundRun

ORDERS, AIM = 500, 15  # seconds
_WAITING = "select id from orders where state = 'submitted' and deleted_at is null order by id desc limit %s"


def measure(ids: list[int], actor) -> tuple[float, float, int, list[int]]:
    """(seconds, CPU seconds, statements, how far the run was after each chunk)."""
    doing, seen = lambda: work_.work(actor, db.session), []
    with doing() as work:
        run = runs.begin(work, "order", "approve", ids, {}).id
    begun, busy, more = time.perf_counter(), time.process_time(), True
    with counted() as sent:
        while more:
            with doing() as work:
                row = work.session.get(BackgroundRun, run)
                more = runs.advance(row, work)
                seen.append(row.position)
    return time.perf_counter() - begun, time.process_time() - busy, len(sent), seen


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
        ids = [row[0] for row in connection.execute(_WAITING, [ORDERS])]
    site = app.create_app()
    with site.app_context():
        seconds, busy, statements, seen = measure(ids, reviewer("second"))
        with work_.work(work_.Actor.system("benchmark"), db.session) as work:
            last = work.session.query(BackgroundRun).order_by(BackgroundRun.id.desc()).first()
            done, refused = last.done, last.total - last.done
    print(f"bulk approval of {len(ids)} orders: {seconds:.1f} s ({busy:.1f} s CPU), {statements} statements, "
          f"{done} approved, {refused} refused, progress at {seen}, aim {AIM} s", file=sys.stderr)  # fmt: skip
    print(json.dumps({"orders": len(ids), "seconds": round(seconds, 2), "statements": statements, "approved": done}))


if __name__ == "__main__":
    main()
