"""What waits for the reader, noun by noun: his orders, work stages, tickets, quotes and contracts, overdue ones first.

A later noun registers with `waits`; its screen, columns and labels are those of its list.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import abort, g
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, literal_column, select

from app.core.flow import FLOWS
from app.core.localized import format_datetime, format_number
from app.extensions import db
from app.reading import reader
from app.rules import approvals, assignment, order_deletion, quote_flow
from models.contracts import Contract
from models.customers import Customer
from models.orders import Order
from models.quotes import Quote
from models.tickets import Ticket
from models.work_stages import WorkStage
from views import lists, queues
from views.cells import kind_of, show
from views.labels import label
from views.work_stages import OPEN as WORK_TO_DO

SHOWN = 20
SOURCES = []


@dataclass(frozen=True)
class Source:
    """Records of a noun that wait for somebody.

    :param mine: (user id) -> criterion: they wait for him
    :param late: states in which a due day that has passed is overdue; none where the noun knows no such day
    :param url: the whole list, as the noun's own screen finds it
    """

    noun: str
    title: Any
    model: Any
    names: tuple[str, ...]
    mine: Any
    url: str
    late: tuple[str, ...] = ()
    permission: str = ""

    def overdue(self, now):
        """The criterion of those that should be done by now."""
        return (self.model.due_at < now) & self.model.state.in_(self.late)


def waits(*arguments, **more):
    """Register a noun whose records wait for people."""
    SOURCES.append(Source(*arguments, **more))


def _handled(model, states):
    return lambda user: (model.handler_id == user) & model.state.in_(states)


def _to_approve(user):
    """Contracts of customers he manages that wait for approval."""
    mine = select(Customer.id).where(Customer.manager_id == user)
    return (Contract.state == "submitted") & Contract.customer_id.in_(mine)


def _to_supervise(user):
    """Orders a supervisor has to decide about, but those he has submitted himself."""
    return approvals.waiting_for_supervisor() & Order.submitted_by.is_distinct_from(user)


waits("order", _l("Orders"), Order, ("number", "customer", "state", "due_at"),
      _handled(Order, assignment.OPEN), "/orders/list/?mine=yes", assignment.WAITING)  # fmt: skip
waits("order", _l("Waiting for a supervisor"), Order, ("number", "customer", "state", "due_at"), _to_supervise,
      "/orders/list/?supervisor=yes", assignment.WAITING, "order.supervise")  # fmt: skip
waits("order", _l("Deletion asked for"), Order, ("number", "customer", "state", "due_at"), order_deletion.waiting_for,
      "/orders/list/?deletion_asked=yes", permission="order.approve_deletion")  # fmt: skip
waits("work", _l("Work list"), WorkStage, ("number", "names", "customer", "state", "due_at"),
      lambda user: (WorkStage.handler_id == user) & queues.in_turn(), "/work_stages/list/?mine=yes",
      WORK_TO_DO)  # fmt: skip
waits("ticket", _l("Tickets"), Ticket, ("number", "subject", "customer", "state", "created_at"),
      _handled(Ticket, ("open",)), "/tickets/list/?mine=yes&state=open")  # fmt: skip
waits("quote", _l("Quotes"), Quote, ("number", "customer", "state", "valid_until"),
      lambda user: (Quote.handler_id == user) & quote_flow.our_turn(), "/quotes/list/?mine=yes")  # fmt: skip
waits("contract", _l("Contracts"), Contract, ("number", "title", "customer", "state"), _to_approve,
      "/contracts/list/?state=submitted", permission="contract.approve")  # fmt: skip


class MyWorkView(BaseView):
    """The work that waits for who looks (ORD-20, ORD-22)."""

    route_base = "/my_work"
    class_permission_name = "Home"
    method_permission_name = {"list": "read"}

    @expose("/")
    @has_access
    def list(self):
        if not g.work.actor.inside:
            abort(404)
        mine = _counted([one for one in SOURCES if g.work.actor.may(one.permission or f"{one.noun}.read")])
        house = SimpleNamespace(
            greeting=_("My work"), lead=_("What waits for you. Overdue work comes first."), actions=[], find=None,
            queues=[_queue(one, many, late) for one, many, late in mine], news=[], history=None,
            lists=[_mini(one) for one, many, _late in mine if many], recent=None,
        )  # fmt: skip
        if not house.lists:
            house.recent = SimpleNamespace(title=_("My work"), columns=[], rows=[], more_url=None,
                                           empty=_("Nothing waits for you."))  # fmt: skip
        return self.render_template("house/home.html", title=_("My work"), house=house)


def _query(source):
    return db.session.query(source.model).filter(source.mine(g.work.actor.user_id))


def _counted(sources):
    """[(source, how many wait, how many of them are overdue)], in one statement."""
    parts = []
    for one in sources:
        late = _query(one).filter(one.overdue(g.work.now)) if one.late else None
        parts += [_count(_query(one)), _count(late) if late is not None else literal_column("0")]
    found = db.session.query(*parts).one() if parts else ()
    return [(one, found[2 * at], found[2 * at + 1]) for at, one in enumerate(sources)]


def _count(query):
    inner = query.with_entities(literal_column("1")).limit(lists.STATE_CAP).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


def _said(many):
    return format_number(many, reader()) + ("+" if many >= lists.STATE_CAP else "")


def _queue(source, many, late):
    told = _("Overdue: %(count)s", count=_said(late)) if late else None
    state = "overdue" if late else ("submitted" if many else "draft")
    return SimpleNamespace(label=source.title, count=_said(many), url=source.url, state=state, note=told)


def _mini(source):
    """The rows of a noun, what is due first before the rest, overdue marked in words."""
    query = lists.narrow_columns(_query(source), source.model, source.names)
    if source.late:
        query = query.order_by(source.overdue(g.work.now).desc(), source.model.due_at.asc().nulls_last())
    rows = query.order_by(source.model.id.desc()).limit(SHOWN).all()
    kinds = {name: kind_of(source.model, name) for name in source.names}
    columns = [SimpleNamespace(name=name, label=label(name), kind="state" if name == "due_at" else kinds[name])
               for name in source.names]  # fmt: skip
    return SimpleNamespace(title=source.title, columns=columns, rows=[_row(source, row) for row in rows],
                           more_url=source.url, empty=None)  # fmt: skip


def _row(source, row):
    states = FLOWS[source.noun].states
    cells = [_due(source, row) if name == "due_at" else show(row, name, reader(), states) for name in source.names]
    base = source.url.partition("/list/")[0]
    return SimpleNamespace(id=row.id, url=f"{base}/show/{row.id}", cells=[cells[0] or str(row), *cells[1:]])


def _due(source, row):
    """Until when something is due, with the word where that has passed."""
    if row.due_at is None or row.state not in source.late:  # what we had to do by then is done
        return None
    when = format_datetime(row.due_at, reader())
    late = row.due_at < g.work.now
    return ("overdue", _("Overdue: %(when)s", when=when)) if late else ("none", when)


def register(appbuilder):
    appbuilder.add_view_no_menu(MyWorkView)
    view = next(one for one in appbuilder.baseviews if isinstance(one, MyWorkView))
    appbuilder.menu.add_link("my_work", href="/my_work/", icon="fa-user-check", label=_l("My work"), baseview=view,
                             cond=lambda: g.work.actor.inside)  # fmt: skip
