"""What runs later or by the clock: each job in a unit of work of its own, idempotent, retried.

`python -m app.jobs worker` is the process; `run_pending` does the same inside a test or a command.
"""

from app.jobs import house
from app.jobs.registry import JOBS, Job, every, job, on_screens
from app.jobs.runner import Runner, run_pending

__all__ = ["JOBS", "Job", "Runner", "every", "house", "job", "on_screens", "run_pending"]
