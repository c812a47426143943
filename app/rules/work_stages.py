"""The work on service orders: stages taken by experts, shown to the customer, approved or sent back, checked.

Stages come with the release of their order (PRD-04, ORD-42). The order's work is accepted when every stage up to the
last one that the customer must approve is approved and checked; only then may a final invoice be issued (ORD-52).
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import or_, select
from wtforms import Form, IntegerField, MultipleFileField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import facts, history, scope
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.needed import Needed
from app.rules import files, orders
from app.rules.wizard_drafts import edition_of
from app.rules.work_plan import SETTLED, by_setting, decisive, due, lay_out, of_order, setting, turn
from models.files import Attachment
from models.people import Person
from models.work_stages import WorkRound, WorkStage

NOUN = "work"
PREPARED, REPLY = "prepared", "reply"  # parts of files that wait for the next showing, the next answer
OPEN = ("waiting", "doing", "shown", "changes_requested", "approved")
CHUNK = 200  # stages of one transaction

FLOW = Flow(
    WorkStage,
    NOUN,
    states={
        "waiting": _lp("work stage", "Waiting"),
        "doing": _lp("work stage", "In progress"),
        "shown": _lp("work stage", "Shown to the customer"),
        "changes_requested": _lp("work stage", "Changes requested"),
        "approved": _lp("work stage", "Approved"),
        "done": _lp("work stage", "Done"),
        "cancelled": _lp("work stage", "Cancelled"),
    },
    final={"done", "cancelled"}, settable=False,  # invoices hang on its steps
)


@scope.narrow(Attachment)
def visible_files(actor):
    """A customer finds the files of his work once they are shown to him, not while we prepare them."""
    return or_(Attachment.noun != NOUN, Attachment.part != PREPARED)


def part_of(stage, work):
    """What of a stage a file belongs to that is attached to it now."""
    return PREPARED if work.actor.inside else REPLY


files.PARTS[NOUN] = part_of
files.UNTOLD.add(PREPARED)


class HandOverForm(Form):
    """Who does it from now on."""

    handler = IntegerField(_l("Expert"), [Needed(_l("Choose an expert."))])
    note = TextAreaField(_l("Note"), [Optional(), Length(max=2000)])


class ShowForm(Form):
    """What is put before the customer."""

    note = TextAreaField(_l("What the customer should know"), [Optional(), Length(max=5000)])
    files = MultipleFileField(_l("Files"))


class ChangesForm(Form):
    """What is to be different."""

    reason = TextAreaField(_l("What should be changed?"), [Needed(_l("Say what should be changed.")),
                                                           Length(max=5000)])  # fmt: skip
    files = MultipleFileField(_l("Files"))


class NoteForm(Form):
    """A word with it."""

    note = TextAreaField(_l("Note"), [Optional(), Length(max=2000)])


# --- guards ------------------------------------------------------------------------------------


def in_turn(stage, work):
    """A stage begins when those before it are settled; what comes after the last approval waits for the check."""
    stages = of_order(stage.order, work)
    first = {one.id for one in decisive(stages)}
    ready = SETTLED if stage.id in first else ("done",)
    for one in stages:
        if one.position < stage.position and one.state not in ready:
            raise BusinessError("not_in_turn", _l("An earlier stage of this order is not finished yet."))


def for_approval(stage, work):
    if not stage.approval:
        text = _l("The customer does not have to approve this stage. Finish it instead.")
        raise BusinessError("no_approval", text)


def without_approval(stage, work):
    if stage.approval:
        text = _l("The customer must approve this stage. Show it to him instead.")
        raise BusinessError("needs_approval", text)


def revisions_left(stage, work):
    """How often a customer may ask for changes is a setting; we may do so for him at any time (X-42)."""
    most = setting("WORK_FREE_REVISIONS", stage.order, work)
    if not work.actor.inside and most and stage.revisions >= most:
        text = _l("The changes included in this stage are used up. Write to us to agree on further ones.")
        raise BusinessError("revisions_used", text, most=most)


def all_approved(stage, work):
    """The check comes after the last approval."""
    for one in decisive(of_order(stage.order, work)):
        if one.state not in SETTLED:
            raise BusinessError("not_approved", _l("The customer has not approved every stage yet."))


# --- steps -------------------------------------------------------------------------------------


@FLOW.transition(
    "take", source={"waiting", "doing", "changes_requested"}, target="doing", icon="fa-hand", style="primary",
    label=_lp("work", "Take"), told=_lp("history", "Taken"), guards=(in_turn,),
)  # fmt: skip
def take(stage, work):
    """I do this stage from now on; what the customer wants changed is taken up again by this too."""
    stage.handler_id = work.actor.user_id
    _tell(stage, work, "take")


@FLOW.transition(
    "hand_over", source={"waiting", "doing", "shown", "changes_requested", "approved"}, target=None,
    icon="fa-people-arrows", label=_l("Hand over"), told=_lp("history", "Handed over"), form=HandOverForm,
)  # fmt: skip
def hand_over(stage, work, handler, note=None):
    """Another expert does this stage from now on."""
    person = work.session.get(Person, handler) if 0 < handler < 2**31 else None
    if person is None or person.kind != "staff" or person.state != "active":
        raise BusinessError("bad_handler", _l("Choose a member of staff."), field="handler")
    stage.handler_id = handler


@FLOW.transition(
    "show", source={"doing"}, target="shown", icon="fa-eye", style="primary", form=ShowForm, guards=(for_approval,),
    label=_l("Show to the customer"), ask=_l("Put the work before the customer for approval?"),
    ask_many=lambda many, count: ngettext(
        "Put %(count)s stage of the work before its customer for approval?",
        "Put %(count)s stages of the work before their customers for approval?",
        many, count=count,
    ),
    told=_lp("history", "Shown to the customer"),
)  # fmt: skip
def show(stage, work, note=None, files=()):
    """Put the work before the customer: the files prepared for it, those sent along and a word (NTF-03)."""
    made = WorkRound(customer_id=stage.customer_id, stage_id=stage.id, number=len(stage.rounds) + 1,
                     note=note or "", shown_at=work.now)  # fmt: skip
    shown = _gather(stage, PREPARED, f"shown-{made.number}", files, work)
    if not shown and not made.note.strip():
        raise BusinessError("nothing_to_show", _l("Attach a file or write what the customer should know."))
    stage.rounds.append(made)
    stage.shown_at = work.now
    _tell(stage, work, "show")


@FLOW.transition(
    "approve", source={"shown"}, target="approved", icon="fa-check", style="primary", form=NoteForm,
    label=_l("Approve the work"), ask=_l("Approve this stage of the work?"), told=_lp("history", "Work approved"),
    ask_many=lambda many, count: ngettext(
        "Approve %(count)s stage of the work?",
        "Approve %(count)s stages of the work?",
        many, count=count,
    ),
)  # fmt: skip
def approve(stage, work, note=None, by_time=False):
    """The customer is content; after the setting's days the house assumes so (X-42).

    :param by_time: nobody answered; the job says so, no door can
    """
    _answer(stage, "time" if by_time else "approved", note, work)
    stage.approved_at = work.now
    _tell(stage, work, "approve")
    _after(stage, "approved", work)


@FLOW.transition(
    "request_changes", source={"shown"}, target="changes_requested", icon="fa-rotate-left", form=ChangesForm,
    label=_l("Request changes"), told=_lp("history", "Changes requested"), guards=(revisions_left,),
)  # fmt: skip
def request_changes(stage, work, reason, files=()):
    """The customer wants something changed, and says what, with files where they help."""
    _gather(stage, REPLY, f"answer-{len(stage.rounds)}", files, work)
    _answer(stage, "changes", reason, work)
    stage.revisions += 1
    stage.due_at = due(stage, stage.order, work)
    _tell(stage, work, "request_changes")


@FLOW.transition(
    "finish", source={"doing"}, target="done", icon="fa-flag-checkered", style="primary", form=NoteForm,
    label=_lp("work", "Finish"), told=_lp("history", "Finished"), guards=(without_approval,),
)  # fmt: skip
def finish(stage, work, note=None):
    """A stage that needs no approval is done, delivery for instance."""
    made = WorkRound(customer_id=stage.customer_id, stage_id=stage.id, number=len(stage.rounds) + 1,
                     note=note or "", shown_at=work.now)  # fmt: skip
    if _gather(stage, PREPARED, f"shown-{made.number}", (), work) or made.note.strip():
        stage.rounds.append(made)
    stage.done_at = work.now
    _tell(stage, work, "finish")
    _after(stage, "done", work)


def of_same_order(ids, work):
    """The stages of the orders that these are stages of: two who check an order do not wait for each other."""
    orders_ = select(WorkStage.order_id).where(WorkStage.id.in_(ids))
    return work.session.scalars(select(WorkStage.id).where(WorkStage.order_id.in_(orders_))).all()


@FLOW.transition(
    "check", source={"approved"}, target="done", beside=of_same_order, icon="fa-clipboard-check", style="primary",
    form=NoteForm, label=_l("Check the work"),
    ask=_l("Is the approved work complete and right? Then it can be invoiced."),
    ask_many=lambda many, count: ngettext(
        "Is the approved work of %(count)s stage complete and right? Then it can be invoiced.",
        "Is the approved work of %(count)s stages complete and right? Then it can be invoiced.",
        many, count=count,
    ),
    told=_lp("history", "Work checked"), guards=(all_approved,),
)  # fmt: skip
def check(stage, work, note=None):
    """The expert has checked the approved work; every approved stage of the order is done with it (ORD-52)."""
    others = [one.id for one in of_order(stage.order, work) if one.state == "approved" and one.id != stage.id]
    for one in FLOW.lock(others, work).values():
        FLOW.move(one, "done")
        one.done_at = work.now
    stage.done_at = work.now
    _tell(stage, work, "check")
    _after(stage, "done", work)


@FLOW.transition(
    "stop", source=set(OPEN), target="cancelled", icon="fa-ban", style="danger", hidden=True,
    label=_lp("work", "Stop"), told=_lp("history", "Stopped"),
)  # fmt: skip
def stop(stage, work):
    """The order was cancelled, and its work with it."""


@facts.on("order.cancel", "order.delete", called="work.stop")
def stop_all(fact, order, work):
    """Nobody works for an order that is cancelled or deleted, unless it was taken up again meanwhile."""
    if order.state != "cancelled" and order.deleted_at is None:
        return
    FLOW.run("stop", [one for one in of_order(order, work) if one.state in OPEN])


def _follow(order, step, work):
    """Work begins and stops with a state of its order set by hand; what was stopped goes on with the next release."""
    if step not in ("override", "release") or edition_of(order, work) is None:
        return
    with scope.lifted(work, "the work of an order is the house's to begin and to stop"):
        stages = of_order(order, work)
        if order.state == "released":
            _move(stages, ("cancelled",), "waiting", work)
            if step == "override":
                lay_out(order, work)
        elif order.state != "completed":
            _move(stages, OPEN, "cancelled", work)


def _move(stages, states, state, work):
    for one in FLOW.lock([one.id for one in stages if one.state in states], work).values():
        FLOW.move(one, state)


orders.FLOW.followers.append(_follow)


# --- inside the steps --------------------------------------------------------------------------


def _gather(stage, waiting, part, uploads, work):
    """Put files where they belong: those that wait at the stage, and those that come with the step."""
    found = files.attachments(NOUN, stage.id, work, waiting)
    for one in found:
        one.part = part
    for upload in uploads:
        found.append(files.attach(stage, NOUN, upload, work, part=part))
    return found


def _answer(stage, answer, comment, work):
    if stage.rounds:
        last = stage.rounds[-1]
        last.answer, last.comment, last.answered_at = answer, comment or "", work.now


def _tell(stage, work, verb):
    """Enter the step into the timeline of the order as well."""
    history.record(work, stage.order, f"{NOUN}.{verb}", stage=dict(stage.names))


def _after(stage, state, work):
    """What follows when a stage is settled: the next one's turn, and perhaps the accepted work."""
    with work.session.no_autoflush:
        stages = of_order(stage.order, work)
        states = {one.id: state if one.id == stage.id else one.state for one in stages}
        if stage in decisive(stages) and all(states[one.id] == "done" for one in decisive(stages)):
            facts.publish(work, "work.accept", "order", stage.order)
        turn(stages, states, stage.order, work)


# --- by itself ---------------------------------------------------------------------------------


def unanswered(work, limit=CHUNK):
    """Stages that were shown so long ago that they count as approved: ids, the oldest first."""
    over = [kind & (WorkStage.shown_at < work.now - timedelta(days=days))
            for days, kind in by_setting("WORK_AUTO_ACCEPT_DAYS", work).items() if days > 0]  # fmt: skip
    if not over:
        return []
    wanted = select(WorkStage.id).join(WorkStage.order).where(WorkStage.state == "shown", or_(*over))
    return list(work.session.scalars(wanted.order_by(WorkStage.shown_at, WorkStage.id).limit(limit)))


def accept_silence(work):
    """Let one portion of stages that nobody answered count as approved (X-42).

    :returns: how many were
    """
    return len(FLOW.run("approve", unanswered(work), by_time=True).done)
