"""When the work on a service order begins, which stages it has, whose turn it is, and when it counts as accepted."""

from datetime import timedelta
from types import SimpleNamespace

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, true, tuple_

from app.core import facts, kept, settings
from app.core.errors import BusinessError
from app.rules import orders, wizard_drafts
from models.invoices import Invoice
from models.orders import Order, OrderType
from models.organisation import Branch
from models.work_stages import WorkStage

SETTLED = ("approved", "done")
STARTS = {"released": _l("When the order is released"), "paid": _l("When an invoice of the confirmed order is paid")}
BY_ORDER = ("order_type", "branch", "system")

settings.setting("WORK_START", tuple(STARTS), "released", _l("When the work on a service order begins"), BY_ORDER)
settings.setting("WORK_STAGE_DAYS", int, 5, _l("Days planned for a work stage that says nothing else"), BY_ORDER)
settings.setting(
    "WORK_FREE_REVISIONS", int, 0, _l("Changes a customer may ask for in each work stage (0: no limit)"), BY_ORDER
)
settings.setting(
    "WORK_AUTO_ACCEPT_DAYS", int, 0, _l("Days after which work that was shown counts as approved (0: never)"), BY_ORDER
)


@facts.on("order.release", called="work.plan")
def plan(fact, order, work):
    """Put the stages of a released service order on the work list; safe to run twice."""
    lay_out(order, work)


def lay_out(order, work):
    """The stages of a released service order, each waiting for its turn; nothing where they are there or not due."""
    edition = wizard_drafts.edition_of(order, work)
    if edition is None or order.state != "released" or of_order(order, work):
        return
    with work.doing("work.create"):
        for position, stage in enumerate(edition.definition["stages"], 1):
            work.session.add(
                WorkStage(
                    number=f"{order.number}/{position}", customer_id=order.customer_id, branch_id=order.branch_id,
                    order_id=order.id, service_version_id=edition.id, position=position, names=stage["names"],
                    approval=stage["approval"], days=stage["days"], revisions=0,
                )
            )  # fmt: skip
        work.session.flush()
    turn(of_order(order, work), {}, order, work)


@facts.on("invoice.settle", called="work.start")
def start(fact, invoice, work):
    """Where the work begins with the payment: an order whose invoice is paid is released by us (ORD-42)."""
    if not invoice.order_id or invoice.payment_status != "paid" or invoice.type == "credit_note":
        return
    _start(work.session.get(Order, invoice.order_id), work)


@facts.on("order.approve", "order.answer", "order.withdraw", called="work.start_paid")
def start_paid(fact, order, work):
    """The same for an order that is paid already when it is confirmed, or when the proposal is over that it waits for.
    """
    paid = select(Invoice.id).where(Invoice.order_id == order.id, Invoice.state == "issued",
                                    Invoice.payment_status == "paid", Invoice.type != "credit_note")  # fmt: skip
    if work.session.scalar(paid.limit(1)) is not None:
        _start(order, work)


def _start(order, work):
    if order is None or order.state != "confirmed" or wizard_drafts.edition_of(order, work) is None:
        return
    if setting("WORK_START", order, work) == "paid":
        orders.FLOW.run("release", [order])  # who closes the gate it is refused at starts it then


def paid_first(order, work):
    """Whether the work on an order begins with its payment, so that nobody has to release it."""
    return order.by_work and setting("WORK_START", order, work) == "paid"


def released_by_hand(work):
    """The criterion of orders that somebody has to release: all but those of `paid_first`."""
    paid = by_setting("WORK_START", work).get("paid")
    return true() if paid is None else ~(Order.data["service"].is_not(None) & paid)


def by_setting(name, work):
    """The criterion of the orders for which a setting has a value: {value: criterion}."""
    found = {}
    for kind in kept.rows(work, OrderType):
        for branch in kept.rows(work, Branch):
            one = SimpleNamespace(order_type_id=kind.id, branch_id=branch.id)
            found.setdefault(setting(name, one, work), []).append((kind.id, branch.id))
    return {value: tuple_(Order.order_type_id, Order.branch_id).in_(pairs) for value, pairs in found.items()}


def setting(name, order, work):
    """A setting as it holds for an order."""
    return settings.get(name, work, order_type=order.order_type_id, branch=order.branch_id)


def of_order(order, work):
    """The stages of an order, in their order."""
    wanted = select(WorkStage).where(WorkStage.order_id == order.id).order_by(WorkStage.position)
    return list(work.session.scalars(wanted))


def turn(stages, settled, order, work):
    """Give the stage whose turn has come the day it is due.

    :param settled: {id: state} of a stage whose step is being taken
    """
    for stage in stages:
        state = settled.get(stage.id, stage.state)
        if state == "waiting" and stage.due_at is None:
            stage.due_at = due(stage, order, work)
        if state not in SETTLED:
            return


def due(stage, order, work):
    """When a stage that is begun now has to be finished."""
    days = stage.days if stage.days is not None else setting("WORK_STAGE_DAYS", order, work)
    return work.now + timedelta(days=days)


# --- accepted ----------------------------------------------------------------------------------


def decisive(stages):
    """The stages that must be done before the work counts as accepted: those up to the last approval."""
    last = max((one.position for one in stages if one.approval), default=len(stages))
    return [one for one in stages if one.position <= last]


def work_accepted(order, work):
    """Whether nothing of the work stands in the way of a final invoice (ORD-52); true of orders without work."""
    edition = wizard_drafts.edition_of(order, work)
    if edition is None or not edition.definition["stages"]:
        return True
    stages = of_order(order, work)
    return bool(stages) and all(one.state == "done" for one in decisive(stages))


def check_accepted(order, work):
    """Refuse what has to wait for the accepted work.

    :raises BusinessError: 'work_not_accepted'
    """
    if not work_accepted(order, work):
        text = _l("The customer must approve the work and an expert must check it first.")
        raise BusinessError("work_not_accepted", text, order=order.id)


def check_finished(order, work):
    """An order is complete when every stage of its work is done.

    :raises BusinessError: 'work_not_finished'
    """
    edition = wizard_drafts.edition_of(order, work)
    if edition is None or not edition.definition["stages"]:
        return
    stages = of_order(order, work)
    if not stages or any(one.state != "done" for one in stages):
        raise BusinessError("work_not_finished", _l("Not every stage of the work is done."), order=order.id)


orders.LAST_WORDS.append(check_finished)
