"""Tickets: what a customer asks or complains about, who takes it, until it is solved (TKT-01)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import facts, numbering
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.needed import Needed
from app.rules import conversations, customer_branches
from models.base import HOUSE_BRANCH
from models.customers import Customer
from models.orders import Order
from models.organisation import Branch
from models.tickets import Ticket

PRIORITIES = {
    "low": _lp("priority", "Low"),
    "normal": _lp("priority", "Normal"),
    "high": _lp("priority", "High"),
}

FLOW = Flow(
    Ticket,
    "ticket",
    states={
        "open": _lp("ticket", "In progress"),
        "answered": _lp("ticket", "Answered"),
        "resolved": _lp("ticket", "Resolved"),
        "closed": _lp("ticket", "Closed"),
    },
    final={"closed"},
)


class AnswerForm(Form):
    text = TextAreaField(
        _lp("ticket", "Answer"), validators=[Needed(), Length(max=conversations.LONGEST)]
    )


class NoteForm(Form):
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=500)])


def check(ticket, work):
    """What must hold before a ticket is written by a form; a new one gets its number and branch here.

    :raises BusinessError: 'no_subject', 'empty_message', 'foreign_order'
    """
    if not (ticket.subject or "").strip():
        raise BusinessError("no_subject", _l("Give the ticket a subject."), field="subject")
    if not (ticket.text or "").strip():
        raise BusinessError("empty_message", _l("Write a message."), field="text")
    if ticket.order_id is not None:
        order = work.session.get(Order, ticket.order_id)
        if order is None or order.customer_id != ticket.customer_id:
            text = _l("This order is not one of the customer's.")
            raise BusinessError("foreign_order", text, field="order")
    if ticket.number is None:
        customer = work.session.get(Customer, ticket.customer_id)
        ticket.branch_id = ticket.branch_id or (customer_branches.of(customer, work) if customer else HOUSE_BRANCH)
        zone = work.session.get(Branch, ticket.branch_id).timezone
        ticket.number = numbering.take("ticket", ticket.branch_id, work, zone)
        facts.publish(work, "ticket.open", "ticket", ticket)


def open_ticket(customer_id, subject, text, work, *, order_id=None, priority="normal"):
    """A new ticket of a customer, with its number; its text is the first message."""
    ticket = Ticket(customer_id=customer_id, subject=subject, text=text, order_id=order_id, priority=priority)
    check(ticket, work)
    work.session.add(ticket)
    work.session.flush()
    return ticket


def reply(ticket, text, work, attachments=()):
    """Write into the conversation of a ticket; what a customer writes puts it back into work."""
    return conversations.post(ticket, "ticket", "ticket", text, work, attachments)


@conversations.listener("ticket")
def _written(ticket, message, work):
    if message.inside != "external":
        return
    ticket = FLOW.lock([ticket.id], work)[ticket.id]  # one of us may be deciding on it right now
    state = FLOW.state(ticket)
    if state == "closed":
        raise BusinessError("ticket_closed", _l("This ticket is closed. Please open a new one."))
    if state != "open":
        with work.doing("ticket.reopen"):
            _back(ticket)
            FLOW.move(ticket, "open")
            work.session.flush()
        facts.publish(work, "ticket.reopen", "ticket", ticket, before=state, after="open")


def _back(ticket):
    ticket.resolved_at = None


@FLOW.transition(
    "take",
    source={"open", "answered"},
    target=None,
    label=_lp("ticket", "Take"),
    told=_lp("history", "Taken"),
    icon="fa-hand",
)
def take(ticket, work):
    """I look after this ticket from now on."""
    ticket.handler_id = work.actor.user_id


@FLOW.transition(
    "answer",
    source={"open", "answered", "resolved"},
    target="answered",
    label=_lp("ticket", "Answer"),
    told=_lp("history", "Answered"),
    icon="fa-reply",
    style="primary",
    form=AnswerForm,
)
def answer(ticket, work, text, files=()):
    """Our answer to the customer, with files where they help; whoever answers an untaken ticket takes it."""
    reply(ticket, text, work, files)
    ticket.answered_at = work.now
    ticket.resolved_at = None
    ticket.handler_id = ticket.handler_id or work.actor.user_id


@FLOW.transition(
    "resolve",
    source={"open", "answered"},
    target="resolved",
    label=_lp("ticket", "Resolve"),
    told=_lp("history", "Resolved"),
    icon="fa-check",
)
def resolve(ticket, work):
    """The matter is solved, as far as we can tell."""
    ticket.resolved_at = work.now


@FLOW.transition(
    "reopen",
    source={"answered", "resolved", "closed"},
    target="open",
    label=_lp("ticket", "Reopen"),
    told=_lp("history", "Reopened"),
    icon="fa-undo",
    form=NoteForm,
)
def reopen(ticket, work, reason=None):
    """It was not solved after all."""
    _back(ticket)


@FLOW.transition(
    "close",
    source={"open", "answered", "resolved"},
    target="closed",
    label=_lp("ticket", "Close"),
    told=_lp("history", "Closed"),
    ask=_l("Close the ticket?"),
    ask_many=lambda many, count: ngettext(
        "Close %(count)s ticket?",
        "Close %(count)s tickets?", many, count=count,
    ),
    icon="fa-lock",
    form=NoteForm,
)
def close(ticket, work, reason=None):
    """Nothing more is to be done."""
