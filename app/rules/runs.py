"""Work done in the background for a user: a step on a frozen selection, an export too long for a request."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select

from app.core import queue
from app.core.errors import BusinessError, NotFound
from app.core.flow import FLOWS
from models.documents import BackgroundRun

CHUNK = 50  # records per transaction: what a stop leaves behind is at most this many more
REFUSALS_KEPT = 5_000

STATES = {
    "waiting": _lp("job", "Waiting"), "running": _lp("job", "Running"), "stopping": _lp("job", "Stopping"),
    "stopped": _lp("job", "Stopped"), "done": _lp("job", "Done"), "failed": _lp("job", "Failed"),
}  # fmt: skip


def begin(work, noun, verb, ids, data, kind="bulk"):
    """Freeze a selection and promise the step on it, in the transaction of whoever asks.

    :param data: what the step's form gave; plain values
    """
    run = BackgroundRun(
        user_id=work.actor.user_id, kind=kind, noun=noun, verb=verb, ids=list(ids), total=len(ids),
        parameters={key: value if isinstance(value, str | int | bool | None) else str(value)
                    for key, value in data.items()},
        locale=work.actor.locale, created_at=work.now,
    )  # fmt: skip
    work.session.add(run)
    work.session.flush()
    queue.defer(work, f"{kind}.run", {"run_id": run.id})
    return run


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
        outcome = FLOWS[run.noun].run(run.verb, chunk, **run.parameters)
        run.done += len(outcome.done)
        told = [[one.id, one.label, one.error.code, str(one.error.message)] for one in outcome.refused]
        run.refused = [*run.refused, *told][:REFUSALS_KEPT]
    run.position += len(chunk)
    if run.position >= run.total:
        run.state, run.finished_at = "done", work.now
    return run.state == "running"
