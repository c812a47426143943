"""The queue of jobs, on the same PostgreSQL: what is promised is written with its cause.

The worker and the timetable live in `app.jobs`; this is only the pen that writes a job into the
transaction of whoever promises it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import procrastinate

from app.core.work import Work

tasks = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(
    work_: Work,
    task: str,
    *arguments: dict[str, Any],
    queue: str = "default",
    at: datetime | None = None,
    lock: str | None = None,
    priority: int = 0,
) -> None:
    """Write one job of `task` per dict of arguments into the open transaction.

    :param at: not before this instant (UTC)
    :param lock: jobs with one lock run one after the other
    """
    if not arguments:
        return
    connection = work_.session.connection().connection.dbapi_connection
    deferrer = tasks.configure_task(
        task,
        allow_unknown=True,
        connection=connection,
        queue=queue,
        schedule_at=at,
        lock=lock,
        priority=priority,
    )
    deferrer.batch_defer(*arguments)
