"""Work done in the background for a user: a step on a frozen selection, an export too long for a request."""

from contextlib import contextmanager, nullcontext
from datetime import date
from decimal import Decimal

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select, text

from app.core import queue
from app.core.errors import BusinessError, NotFound
from app.core.flow import FLOWS
from app.rules.files import Kept
from models.documents import BackgroundRun

CHUNK = 50  # records per transaction: what a stop leaves behind is at most this many more
REFUSALS_KEPT = 5_000
REPORTED = 500  # records a report reads at once
TYPES = {  # what JSON does not know: name -> (type, as JSON, back)
    "$day": (date, date.isoformat, date.fromisoformat),
    "$figure": (Decimal, str, Decimal),
    "$file": (Kept, list, Kept._make),
}

STATES = {
    "waiting": _lp("job", "Waiting"), "running": _lp("job", "Running"), "stopping": _lp("job", "Stopping"),
    "stopped": _lp("job", "Stopped"), "done": _lp("job", "Done"), "failed": _lp("job", "Failed"),
}  # fmt: skip


def begin(work, noun, verb, ids, data, kind="bulk"):
    """Freeze a selection and promise the step on it, in the transaction of whoever asks.

    :param data: what the step's form gave: plain values, days, figures, stored files, and lists of rows of them
    :param kind: bulk, export, or trial: see what a bulk step would do, and undo it
    """
    run = _frozen(work, noun, verb, ids, data, kind)
    queue.defer(work, "export.run" if kind == "export" else "bulk.run", {"run_id": run.id})
    return run


def keep(work, noun, verb, ids, data, refused, *, kind="bulk"):
    """Keep what a step on a selection did at once, for its report.

    :param refused: the refusals of its outcome
    """
    run = _frozen(work, noun, verb, ids, data, kind)
    run.position, run.done, run.refused = len(ids), len(ids) - len(refused), told(refused)
    run.state, run.finished_at = "done", work.now
    work.session.flush()
    return run


def told(refused):
    """Refusals as a run keeps them, in the words of who asked."""
    return [[one.id, one.label, one.error.code, str(one.error.message)] for one in refused][:REFUSALS_KEPT]


def _frozen(work, noun, verb, ids, data, kind):
    run = BackgroundRun(
        user_id=work.actor.user_id, kind=kind, noun=noun, verb=verb, ids=list(ids), total=len(ids),
        parameters=kept(data),
        locale=str(get_locale() or work.actor.locale),  # the language of the page asked from, chosen for now or always
        created_at=work.now,
    )  # fmt: skip
    work.session.add(run)
    work.session.flush()
    return run


def kept(value):
    """The data of a step as JSON keeps it while the step waits; `typed` gives it back."""
    for name, (kind, plain, _back) in TYPES.items():
        if isinstance(value, kind):
            return {name: plain(value)}
    if isinstance(value, dict):
        return {key: kept(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [kept(one) for one in value]
    return value if isinstance(value, str | int | bool | None) else str(value)


def typed(value):
    """What `kept` kept, as the step takes it."""
    if isinstance(value, list):
        return [typed(one) for one in value]
    if not isinstance(value, dict):
        return value
    name = next(iter(value), "")
    if len(value) == 1 and name in TYPES:
        return TYPES[name][2](value[name])
    return {key: typed(one) for key, one in value.items()}


@contextmanager
def trial(work):
    """What is done inside is undone at its end: rows, numbers, jobs, facts, history (a dry run)."""
    work.session.flush()
    mark, attempt = work.mark(), work.session.begin_nested()
    try:
        yield
    finally:
        if attempt.is_active:
            attempt.rollback()
        work.rewind(mark)


def report(run, work):
    """What became of each record of a run so far: (label, state now, whether it passed, reason).

    Beyond the refusals that are kept nobody knows which of the others passed: then only those kept are told.
    """
    reasons = {one: (name, message) for one, name, _code, message in run.refused}
    flow, handled = FLOWS[run.noun], run.ids[: run.position]
    if run.position - run.done > len(run.refused):
        handled = [one for one in handled if one in reasons]
    for start in range(0, len(handled), REPORTED):
        part = handled[start : start + REPORTED]
        gone = {"with_deleted": True}
        found = work.session.scalars(select(flow.model).where(flow.model.id.in_(part)).execution_options(**gone))
        rows = {row.id: row for row in found}
        for one in part:
            name, message = reasons.get(one, (None, None))
            row = rows.get(one)
            state = str(flow.states[flow.state(row)]) if row is not None else None
            yield name or str(one if row is None else row), state, one not in reasons, message


def mine(run_id, work, lock=False):
    """A run of the actor's own.

    :raises NotFound: it is not there, or somebody else's
    """
    query = select(BackgroundRun).where(BackgroundRun.id == run_id, BackgroundRun.user_id == work.actor.user_id)
    run = work.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if run is None:
        raise NotFound("not_found", _l("There is no such record."))
    return run


def stop(run, work):
    """Ask a run to stop after the chunk it is at.

    :raises BusinessError: 'run_over'
    """
    if run.state not in ("waiting", "running"):
        raise BusinessError("run_over", _l("This run is over already."))
    run.state = "stopping"


def advance(run, work):
    """Handle the next chunk of a bulk run, as its requester; the caller commits and calls again.

    A killed worker has committed whole chunks only: the position says where to go on, no record twice.
    :returns: False when there is nothing left to do
    """
    if run.state in ("stopped", "done", "failed"):
        return False
    if run.state == "stopping":
        run.state, run.finished_at = "stopped", work.now
        return False
    run.state = "running"
    chunk = run.ids[run.position : run.position + CHUNK]
    if chunk:
        with trial(work) if run.kind == "trial" else nullcontext():
            outcome = FLOWS[run.noun].run(run.verb, chunk, **typed(run.parameters))
            done, refused = len(outcome.done), told(outcome.refused)
        run.done += done
        run.refused = [*run.refused, *refused][:REFUSALS_KEPT]
    run.position += len(chunk)
    if run.position >= run.total:
        run.state, run.finished_at = "done", work.now
    return run.state == "running"


def give_up(work):
    """Say of runs whose job was given up that they failed; what they had done before stays done."""
    left = (BackgroundRun.state.in_(("waiting", "running", "stopping")), text(_LEFT))
    for run in work.session.scalars(select(BackgroundRun).where(*left).with_for_update(skip_locked=True)):
        run.state, run.finished_at = "failed", work.now


_LEFT = """not exists (select 1 from procrastinate_jobs j where j.task_name in ('bulk.run', 'export.run')
and (j.args->>'run_id')::bigint = background_runs.id and j.status in ('todo', 'doing'))"""
