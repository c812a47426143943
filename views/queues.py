"""What waits beside orders: counters on the home page of staff, short lists on the customer's. Bounded statements."""

from datetime import timedelta
from types import SimpleNamespace

from flask import g
from flask_babel import gettext as _
from flask_babel import pgettext as _p
from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import joinedload

from app.core.localized import format_date, format_datetime, format_money, format_number
from app.core.money import Money
from app.extensions import db
from app.reading import reader, today
from app.rules import approvals, assignment, conversations
from app.rules import contracts as contract_rules
from app.rules import quote_flow as quote_rules
from app.rules import tickets as ticket_rules
from app.rules.invoices import RECEIVABLE
from models.contracts import Contract
from models.conversations import Message
from models.invoices import Invoice
from models.orders import Order
from models.payments import Payment
from models.quotes import Quote
from models.refund_proposals import RefundProposal
from models.tickets import Ticket
from models.work_stages import WorkStage
from views import lists, threads
from views.cells import kind_of, show
from views.labels import label

SOON = 60  # days before its end a contract is worth a reminder
SHOWN = 6


def in_turn():
    """Work stages that wait for one of us."""
    return WorkStage.due_at.is_not(None) & WorkStage.state.in_(("waiting", "doing", "changes_requested"))


def staff():
    """Counters of what waits for billing and service: one statement for all of them."""
    day = today()
    late = (
        (Invoice.state == "issued") & (Invoice.open_amount > 0) & (Invoice.due_on < day) & Invoice.type.in_(RECEIVABLE)
    )
    ending = (Contract.state == "active") & (Contract.ends_on <= day + timedelta(days=SOON))
    overdue = (Order.due_at < g.work.now) & Order.state.in_(assignment.WAITING)
    mine = (Order.handler_id == g.work.actor.user_id) & Order.state.in_(assignment.OPEN)
    wanted = [
        ("order.read", Order, mine, _("My orders"), "/orders/list/?mine=yes", "submitted"),
        ("order.supervise", Order, approvals.waiting_for_supervisor(), _("Waiting for a supervisor"),
         "/orders/list/?supervisor=yes", "submitted"),
        ("order.answer", Order, Order.proposed_side == "customer", _("Proposals to answer"),
         "/orders/list/?proposed_side=customer", "warning"),
        ("order.read", Order, overdue, _("Orders overdue"), "/orders/list/?overdue=yes", "overdue"),
        ("invoice.read", Invoice, late, _("Invoices overdue"), "/invoices/list/?state=issued&overdue=yes", "overdue"),
        (
            "payment.confirm",
            Payment,
            Payment.state == "reported",
            _("Payments reported"),
            "/payments/list/?state=reported",
            "reported",
        ),
        ("refund_proposal.confirm", RefundProposal, RefundProposal.state == "proposed", _("Refunds to decide on"),
         "/refund_proposals/list/?state=proposed", "reported"),
        (
            "ticket.read",
            Ticket,
            Ticket.state == "open",
            _("Tickets in progress"),
            "/tickets/list/?state=open",
            "in_progress",
        ),
        (
            "contract.approve",
            Contract,
            Contract.state == "submitted",
            _("Contracts to approve"),
            "/contracts/list/?state=submitted",
            "submitted",
        ),
        ("quote.price", Quote, Quote.state == "requested", _("Quotes requested"), "/quotes/list/?state=requested",
         "submitted"),
        ("quote.review", Quote, Quote.state == "priced", _("Quotes to publish"), "/quotes/list/?state=priced",
         "submitted"),
        ("quote.price", Quote, quote_rules.counter_offers(), _("Counter-offers to answer"),
         "/quotes/list/?countered=yes", "warning"),
        ("work.take", WorkStage, in_turn(), _("Work to do"), "/work_stages/list/?todo=yes", "waiting"),
        ("work.take", WorkStage, in_turn() & (WorkStage.due_at < g.work.now), _("Work overdue"),
         "/work_stages/list/?overdue=yes", "overdue"),
        ("contract.read", Contract, ending, _("Contracts ending soon"), "/contracts/list/?ending=60", "warning"),
        (
            "message.read",
            Message,
            conversations.is_unread(g.work.actor),
            _("Unread messages"),
            "/messages/list/?unread=yes",
            "new",
        ),
    ]
    wanted = [one for one in wanted if g.work.actor.may(one[0])]
    if not wanted:
        return []
    counts = db.session.query(*[_count(model, condition) for _may, model, condition, *_more in wanted]).one()
    return [
        SimpleNamespace(
            label=title,
            url=url,
            state=state if many else "draft",
            note=None,
            count=format_number(many, reader()) + ("+" if many >= lists.STATE_CAP else ""),
        )
        for (_may, _model, _condition, title, url, state), many in zip(wanted, counts, strict=True)
    ]


def _count(model, condition):
    query = db.session.query(model).filter(condition)
    query = threads.readable(query) if model is Message else query
    inner = query.with_entities(literal_column("1")).limit(lists.STATE_CAP).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


# --- the customer's home -----------------------------------------------------------------------


def _mini(title, columns, rows, more_url, empty):
    heads = [SimpleNamespace(name=name, label=title_, kind=kind) for name, title_, kind in columns]
    found = [SimpleNamespace(id=identity, url=url, cells=cells) for identity, url, cells in rows]
    return SimpleNamespace(title=title, columns=heads, rows=found, more_url=more_url, empty=empty)


def open_invoices():
    """Invoices still to be paid, the oldest debt first, each with a mark that says how it stands."""
    if not g.work.actor.may("invoice.read"):
        return None
    query = db.session.query(Invoice).filter(
        Invoice.state == "issued", Invoice.open_amount > 0, Invoice.type != "credit_note"
    )
    rows = query.order_by(Invoice.due_on, Invoice.id).limit(SHOWN).all()
    columns = [
        ("number", label("number"), "code"),
        ("due_on", label("due_on"), "date"),
        ("mark", label("state"), "state"),
        ("open_amount", label("open_amount"), "num"),
    ]
    found = [(row.id, f"/invoices/show/{row.id}",
              [str(row), format_date(row.due_on, "short", reader()), _due(row), show(row, "open_amount", reader())])
             for row in rows]  # fmt: skip
    return _mini(None, columns, found, "/invoices/list/?state=issued", _("Nothing is open"))


def _due(row):
    """How an open invoice stands: overdue, due soon, open."""
    day = today()
    if row.due_on < day:
        return "overdue", _("Overdue")
    return ("warning", _("Due soon")) if row.due_on <= day + timedelta(days=7) else ("issued", _p("invoice", "Open"))


def tickets():
    """The customer's tickets that are not over."""
    if not g.work.actor.may("ticket.read"):
        return None
    query = db.session.query(Ticket).filter(Ticket.state.in_(("open", "answered", "resolved")))
    return _listed(
        _("Tickets"), query, Ticket, ticket_rules.FLOW, ("number", "subject", "state"), "/tickets", _("No open tickets")
    )


def quotes():
    """What the customer asked for and was offered, while it is open."""
    if not g.work.actor.may("quote.read"):
        return None
    query = db.session.query(Quote).filter(Quote.state.in_(quote_rules.OPEN))
    names = ("number", "reference", "state", "valid_until")
    found = _listed(_("Quotes"), query, Quote, quote_rules.FLOW, names, "/quotes", None)
    return found if found.rows else None


def contracts():
    """Contracts whose term ends soon."""
    if not g.work.actor.may("contract.read"):
        return None
    last = today() + timedelta(days=SOON)
    query = db.session.query(Contract).filter(Contract.state == "active", Contract.ends_on <= last)
    found = _listed(
        _("Contracts ending soon"),
        query,
        Contract,
        contract_rules.FLOW,
        ("number", "title", "ends_on"),
        "/contracts",
        None,
    )
    return found if found.rows else None


def _listed(title, query, model, flow, names, base, empty):
    rows = lists.page(lists.narrow_columns(query, model, names), model, size=SHOWN).rows
    columns = [(name, label(name), kind_of(model, name)) for name in names]
    found = []
    for row in rows:
        cells = [show(row, name, reader(), flow.states) for name in names]
        found.append((row.id, f"{base}/show/{row.id}", [cells[0] or str(row), *cells[1:]]))
    return _mini(title, columns, found, f"{base}/list/", empty)


def unread():
    """What the other side wrote and the reader has not opened yet."""
    if not g.work.actor.may("message.read"):
        return None
    query = threads.readable(db.session.query(Message)).options(joinedload(Message.conversation))
    rows = query.filter(conversations.is_unread(g.work.actor)).order_by(Message.id.desc()).limit(SHOWN).all()
    about = threads.numbers(row.conversation for row in rows)
    names = threads.authors([row.author_id for row in rows if threads._named(row)])
    return [
        SimpleNamespace(
            author=threads.author(row, names), at=format_datetime(row.created_at, reader()), text=row.text,
            subject=about.get((row.conversation.noun, row.conversation.record_id)) or f"#{row.conversation.record_id}",
            url=f"/{row.conversation.noun}s/show/{row.conversation.record_id}#messages-of-record",
        )
        for row in rows
    ]  # fmt: skip


def balance():
    """What is open and what of it is overdue, in each currency."""
    if not g.work.actor.may("invoice.read"):
        return None
    late = func.coalesce(func.sum(Invoice.open_amount).filter(Invoice.due_on < today()), 0)
    rows = db.session.execute(
        select(Invoice.currency_code, func.sum(Invoice.open_amount), late)
        .where(Invoice.state == "issued", Invoice.open_amount > 0, Invoice.type.in_(RECEIVABLE))
        .group_by(Invoice.currency_code).order_by(Invoice.currency_code)
    ).all()  # fmt: skip
    items = []
    for currency, total, overdue in rows:
        items.append((_("Open amount"), format_money(Money(total, currency), reader()), "money"))
        if overdue:
            items.append((_("Overdue"), format_money(Money(overdue, currency), reader()), "money"))
    return items or [(_("Open amount"), _("Nothing is open"), "text")]
