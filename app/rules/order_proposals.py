"""Proposals for single lines of an order, both ways and in several rounds (ORD-21, ORD-25, X-22).

One side proposes another quantity, price, date or product for lines, or that a line goes; the other one accepts,
refuses or counters each of them. What was agreed last binds meanwhile: totals, documents, goods kept back.
"""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import func, select
from wtforms import Form, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from app.core.errors import BusinessError, Conflict
from app.rules import order_agreement, orders, proposed_lines, rows
from models.order_proposals import OrderProposal

FLOW = orders.FLOW
STATES = ("submitted", "changed", "confirmed")  # in which lines are negotiated
CHANGING = frozenset({"amend", "adjust", "split", "delete"})  # steps after which a proposal fits no more
ANSWERS = {"accept": "accepted", "refuse": "refused", "counter": "countered"}
SIDES = {"customer": _l("The customer"), "staff": _l("Our team")}
TEXTS = {"substitute": 40, "remark": 500}
ROW = {"id": "integer", "quantity": "string", "unit_price": "string", "requested_on": "string", "substitute": "string",
       "refuse": "boolean", "remark": "string"}  # fmt: skip


def _proposed(row):
    return rows.proposal(row, TEXTS, ("refuse",))


def _answered(row):
    found = rows.proposal(row, TEXTS | {"answer": 10}, ("refuse",))
    extra = found.keys() - {"id", "answer", "remark"}
    if found.get("answer") not in ANSWERS or (extra and found["answer"] != "counter"):
        raise rows.malformed()
    return found


class ProposeForm(Form):
    """What is proposed, line by line, and what is said with it."""

    note = TextAreaField(_l("Message"), [Optional(), Length(max=2000)])
    lines = rows.RowsField(_proposed, ROW)


class AnswerForm(Form):
    """What is said to each line; `rest` answers the lines that are not named, `proposal` is the one that was seen."""

    proposal = IntegerField(_l("Proposal"), [Optional()])
    lines = rows.RowsField(_answered, ROW | {"answer": "string"})
    rest = StringField(_l("All other lines"), [Optional(), AnyOf(("accept", "refuse"))])
    note = TextAreaField(_l("Message"), [Optional(), Length(max=2000)])


# --- finding -----------------------------------------------------------------------------------


def side(work):
    """On which side of a negotiation somebody is: customer or staff."""
    return "staff" if work.actor.inside else "customer"


def marked(order, work):
    """How an open proposal marks its order for whoever looks: colour and word."""
    if order.proposed_side == side(work):
        return "waiting", _l("Proposal sent")
    return "changed", _l("Proposal to answer")


def of_order(order, work):
    """Every proposal of an order, the newest first."""
    asked = select(OrderProposal).where(OrderProposal.order_id == order.id).order_by(OrderProposal.number.desc())
    return list(work.session.scalars(asked))


def open_one(order, work):
    """The proposal that waits for an answer, freshly read; None where there is none."""
    if order.proposed_side is None:
        return None
    asked = select(OrderProposal).where(OrderProposal.order_id == order.id, OrderProposal.state == "open")
    return work.session.scalars(asked, execution_options={"populate_existing": True}).one_or_none()


# --- guards ------------------------------------------------------------------------------------


def none_open(order, work):
    """One proposal at a time: who wants something else withdraws his own, or counters the other side's."""
    if order.proposed_side == side(work):
        raise BusinessError("proposal_open", _l("Your last proposal is not answered yet. Withdraw it to make another."))
    if order.proposed_side:
        raise BusinessError("proposal_open", _l("Answer the proposal of the other side first."))


def one_open(order, work):
    """There is something to answer or to withdraw."""
    if order.proposed_side is None:
        raise Conflict("no_proposal", _l("There is no open proposal for this order."))


def theirs(order, work):
    """Nobody answers what his own side proposes."""
    if order.proposed_side == side(work):
        raise BusinessError("own_proposal", _l("Your side has made this proposal. The other side answers it."))


def own(order, work):
    """Only the side that made a proposal takes it back."""
    if order.proposed_side != side(work):
        raise BusinessError("not_own_proposal", _l("Only the side that made a proposal can withdraw it."))


def none_waits(order, work):
    """Guard of the release: nothing is shipped while the sides still talk about it."""
    if order.proposed_side is not None:
        raise BusinessError("proposal_open", _l("A proposal for this order is open: answer or withdraw it first."))


orders.GATES.append(none_waits)


# --- steps -------------------------------------------------------------------------------------


@FLOW.transition(
    "propose", source=STATES, target=None, icon="fa-comments-dollar", own_page=True, label=_l("Propose changes"),
    told=_lp("history", "Changes proposed"), form=ProposeForm,
    guards=(none_open, orders.nothing_shipped, orders.nothing_invoiced),
)  # fmt: skip
def propose(order, work, lines=None, note=None):
    """Propose something else for lines; the order stays as it is until the other side agrees.

    :param lines: [{"id", "quantity"?, "unit_price"?, "requested_on"?, "substitute"?, "refuse"?, "remark"?}]
    :raises BusinessError: 'nothing_proposed', 'lines_refused' with `lines`: [{"index", "line", "error", "message"}],
        the row and the id of its line; 'not_changeable' likewise
    """
    given = [rows.typed(row) for row in lines or ()]
    _make(order, proposed_lines.made(order, given, work), note, work)


@FLOW.transition(
    "answer", source=STATES, target=None, icon="fa-list-check", own_page=True, as_house=True,
    label=_l("Answer the proposal"), told=_lp("history", "Proposal answered"), form=AnswerForm,
    guards=(one_open, theirs),
)  # fmt: skip
def answer(order, work, lines=None, rest=None, note=None, proposal=None):
    """Accept, refuse or counter each line; what is accepted holds at once, what is countered is a new proposal.

    :param lines: [{"id", "answer": accept, refuse or counter, and for a counter as in `propose`}], ids of its lines
    :param rest: the answer to all other lines
    :param proposal: id of the proposal that was seen
    :raises BusinessError: 'unanswered', 'unknown_line', 'lines_refused' and 'not_changeable' as of `propose`, and of
        `order_agreement.carry_out`; Conflict 'stale' where another proposal is open by now
    """
    found = open_one(order, work)
    if proposal is not None and proposal != found.id:
        raise Conflict("stale", _l("Another proposal is open by now. Look at it before you answer."))
    said = _answers(found, lines or (), rest)
    try:
        _carry_out(order, found, said, note, work)
    except BusinessError as error:
        _at_rows(error, found, said)
        raise


def _carry_out(order, found, said, note, work):
    """Do what was said to each line of a proposal: {id of the line: row}."""
    accepted = [line for line in found.lines if said[line.id]["answer"] == "accept"]
    countered = [line for line in found.lines if said[line.id]["answer"] == "counter"]
    proposed_lines.check_allowed(order, accepted, work)
    counters = proposed_lines.countered(order, countered, said, work)
    approved = _may_approve(order, found, work)
    for line in found.lines:
        line.answer, line.answer_remark = ANSWERS[said[line.id]["answer"]], said[line.id].get("remark", "")
    found.answer_note = (note or "").strip()
    _end(order, found, "answered", work)
    if accepted:
        order_agreement.carry_out(order, accepted, approved, work)
    if counters:
        _make(order, counters, note, work)


@FLOW.transition(
    "withdraw", source=STATES, target=None, icon="fa-rotate-left", label=_l("Withdraw the proposal"),
    told=_lp("history", "Proposal withdrawn"), ask=_l("Withdraw the proposal? What was agreed last holds."),
    ask_many=lambda many, count: ngettext(
        "Withdraw %(count)s proposal? What was agreed last holds.",
        "Withdraw %(count)s proposals? What was agreed last holds.", many, count=count,
    ),
    guards=(one_open, own),
)  # fmt: skip
def withdraw(order, work):
    """Take a proposal back that nobody has answered yet."""
    _end(order, open_one(order, work), "withdrawn", work)


def close(order, step, work):
    """A proposal ends without an answer when its order is changed, or leaves the states in which one negotiates."""
    if order.proposed_side is not None and (step in CHANGING or order.state not in STATES or order.deleted_at):
        found = open_one(order, work)
        found.closed_by = f"order.{step}"
        _end(order, found, "closed", work)


FLOW.followers.append(close)


# --- making and ending -------------------------------------------------------------------------


def _make(order, made, note, work):
    if not made:
        raise BusinessError("nothing_proposed", _l("Say for at least one line what you propose."), field="lines")
    last = select(func.max(OrderProposal.number)).where(OrderProposal.order_id == order.id)
    number = (work.session.scalar(last) or 0) + 1
    approving = work.actor.inside and work.actor.may("order.approve")
    found = OrderProposal(customer_id=order.customer_id, order_id=order.id, number=number, side=side(work),
                          note=(note or "").strip(), approving=approving, lines=made)  # fmt: skip
    work.session.add(found)
    order.proposed_side = found.side
    work.session.flush()


def _end(order, found, state, work):
    found.state, found.answered_at, found.answered_by = state, work.now, work.actor.user_id
    order.proposed_side = None
    work.session.flush()  # before a counter: one proposal is open at a time


def _may_approve(order, found, work):
    """Whether the one of us who agrees, by proposing or by accepting, may approve the order (X-27)."""
    who, may = found.created_by, found.approving
    if work.actor.inside:
        who, may = work.actor.user_id, work.actor.may("order.approve")
    return may and (who is None or who != order.submitted_by)


def _answers(found, given, rest):
    """The answer to every line of a proposal: {id of the line: row}."""
    said = {}
    for row in map(rows.typed, given):
        if row["id"] in said:
            raise rows.malformed()
        said[row["id"]] = row
    if said.keys() - {line.id for line in found.lines}:
        raise BusinessError("unknown_line", _l("This line is not part of the proposal."), field="lines")
    missing = [line for line in found.lines if line.id not in said]
    if missing and not rest:
        text = _l("Answer every line: %(skus)s.", skus=", ".join(line.sku for line in missing))
        raise BusinessError("unanswered", text, field="lines", lines=[line.id for line in missing])
    return said | {line.id: {"id": line.id, "answer": rest} for line in missing}


def _at_rows(error, found, said):
    """Count the refused lines as the caller does: the rows he sent, then the lines `rest` answers."""
    places = {key: index for index, key in enumerate(said)}
    rows_of = {line.order_line_id: places[line.id] for line in found.lines}
    for one in error.details.get("lines", ()):
        one["index"] = rows_of[one["line"]]
