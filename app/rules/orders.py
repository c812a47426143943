"""The life of an order: draft, submitted, confirmed, released, completed; changed, rejected or cancelled on the way."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from wtforms import BooleanField, Form, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.core import numbering, scope, settings
from app.core.errors import BusinessError, Forbidden
from app.core.flow import Flow
from app.rules import approvals, entry, stock
from models.orders import Order, OrderType
from models.organisation import Branch
from models.people import Person
from models.products import Product

FLOW = Flow(
    Order,
    "order",
    states={
        "draft": _lp("order", "Draft"),
        "submitted": _lp("order", "Submitted"),
        "changed": _lp("order", "Changed"),
        "confirmed": _lp("order", "Confirmed"),
        "released": _lp("order", "Released"),
        "completed": _lp("order", "Completed"),
        "cancelled": _lp("order", "Cancelled"),
        "rejected": _lp("order", "Rejected"),
    },
    final=("completed", "cancelled"),
)
EDITABLE = ("draft", "changed")
NEXT_STEPS = {  # (state, who looks): what comes next, in words
    ("draft", "inside"): _l("Submit the order, or change it."),
    ("draft", "outside"): _l("Waiting for you: submit the order."),
    ("submitted", "inside"): _l("Review the order: approve or reject it."),
    ("submitted", "outside"): _l("We are reviewing your order."),
    ("changed", "inside"): _l("The order was changed: reconfirm it."),
    ("changed", "outside"): _l("Waiting for you: reconfirm the changed order."),
    ("confirmed", "inside"): _l("Release the order when it may be shipped."),
    ("confirmed", "outside"): _l("Confirmed: we keep the goods for you."),
    ("released", "inside"): _l("Complete the order when the customer has received everything."),
    ("released", "outside"): _l("Your order is being prepared."),
    ("rejected", "inside"): _l("Amend the order, or cancel it."),
    ("rejected", "outside"): _l("Rejected: see the reason in the history."),
}
CUT = {  # why a line was not approved in full; kept as a code, since who reads it may speak another language
    "out_of_stock": _l("Not in stock"),
    "part_in_stock": _l("Only part of it is in stock"),
}
settings.setting(
    "ORDER_DUE_HOURS", int, 48, _l("Hours within which a submitted order should be handled"), ("branch", "system")
)


class ReasonForm(Form):
    """Why: kept in the history and told to the customer."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Give a reason.")), Length(max=2000)])


class OptionalReasonForm(Form):
    """Why, where it matters."""

    reason = TextAreaField(_l("Reason"), [Optional(), Length(max=2000)])


class ApproveForm(Form):
    """How to approve when the stock does not hold everything."""

    partial = BooleanField(_l("Approve what is available"))
    note = TextAreaField(_l("Note"), [Optional(), Length(max=2000)])


class AssignForm(Form):
    """Who handles the order from now on."""

    handler = IntegerField(_l("Handler"), [InputRequired(_l("Choose a handler."))])


# --- guards ------------------------------------------------------------------------------------


def has_lines(order, work):
    if not order.lines:
        raise BusinessError("no_lines", _l("An order needs at least one line."))


def decidable(order, work):
    approvals.check_may_decide(order, work)


def unpaid_for_customers(order, work):
    """A customer cancels only while nothing is paid (ORD-10, X-15)."""
    if not work.actor.inside and order.payment != "unpaid":
        raise BusinessError("paid", _l("A paid order can only be cancelled by us."))


def nothing_shipped(order, work):
    if order.shipping != "none":
        raise BusinessError("shipped", _l("Part of this order has been shipped already."))


def nothing_invoiced(order, work):
    if order.billing != "none":
        raise BusinessError("invoiced", _l("This order has been invoiced. Cancel or credit the invoice first."))


# --- steps -------------------------------------------------------------------------------------


@FLOW.transition(
    "submit", source={"draft"}, target="submitted", icon="fa-paper-plane", style="primary", as_house=True,
    label=_lp("order", "Submit"), ask=_l("Submit the order for review?"), guards=(has_lines,),
)  # fmt: skip
def submit(order, work):
    """Number the order, freeze its prices, look at the stock and ask for the approvals it needs.

    Never refuses for credit or stock: it routes to approval (ORD-24, ORD-39).
    """
    with work.session.no_autoflush:  # one update of the order, not one per question asked
        _number(order, work)
        order.submitted_at, order.submitted_by = work.now, work.actor.user_id
        hours = settings.get("ORDER_DUE_HOURS", work, branch=order.branch_id)
        order.due_at = work.now + timedelta(hours=hours)
        order.handler_id = order.handler_id or order.customer.manager_id
        entry.check_stock(order, work)
        approvals.ask(order, work)


@FLOW.transition(
    "approve", source={"submitted"}, target="confirmed", icon="fa-check", style="primary", as_house=True,
    label=_l("Approve"), ask=_l("Approve the order and keep its goods back?"), form=ApproveForm,
    guards=(has_lines, decidable),
)  # fmt: skip
def approve(order, work, partial=False, note=None):
    """Keep back what is approved; everything ordered, or with `partial` what the stock allows (X-22)."""
    products = {
        one.id: one
        for one in work.session.scalars(
            select(Product).where(Product.id.in_([line.product_id for line in order.lines]))
        )
    }
    if partial:
        entry.check_stock(order, work)
    for line in order.lines:
        _approve_line(line, products[line.product_id], partial)
    approved = [line for line in order.lines if line.quantity_approved > 0]
    if not approved:
        raise BusinessError("out_of_stock", _l("Nothing of this order is in stock."))
    stock.reserve([(line, products[line.product_id], line.quantity_approved) for line in approved], work)
    approvals.answer(order, "approved", note, work)
    order.confirmed_at = work.now
    if order.customer.first_order_at is None:
        order.customer.first_order_at = work.now


def reason_of(line):
    """Why a line was rejected or cut, in the reader's language where the reason is ours."""
    return str(CUT.get(line.reason, line.reason))


def _approve_line(line, product, partial):
    whole = line.quantity_ordered
    allowed = whole if not partial or product.backorder or product.service else line.quantity_available or 0
    line.quantity_approved = allowed
    line.state = "approved" if allowed > 0 else "rejected"
    if allowed < whole:
        line.reason = "out_of_stock" if allowed == 0 else "part_in_stock"


@FLOW.transition(
    "reject", source={"submitted"}, target="rejected", icon="fa-xmark", style="danger", as_house=True,
    label=_l("Reject"), ask=_l("Reject the order? The customer is told the reason."), form=ReasonForm,
)  # fmt: skip
def reject(order, work, reason):
    """Refuse the order; the customer reads the reason (ORD-41)."""
    approvals.answer(order, "rejected", reason, work)


@FLOW.transition(
    "amend", source={"submitted", "confirmed", "rejected"}, target="changed", icon="fa-pen", as_house=True,
    label=_lp("order", "Amend"), ask=_l("Open the order for changes? It must be reconfirmed afterwards."),
    guards=(nothing_shipped, nothing_invoiced),
)  # fmt: skip
def amend(order, work):
    """Open the order for changes and give its goods back until it is reconfirmed."""
    _give_back(order, work)


@FLOW.transition(
    "reconfirm", source={"changed"}, target="submitted", icon="fa-rotate", style="primary", as_house=True,
    label=_l("Reconfirm"), ask=_l("Send the changed order for review again?"), guards=(has_lines,),
)  # fmt: skip
def reconfirm(order, work):
    """Have the changed order checked and reviewed as if it were submitted anew (ORD-28)."""
    submit(order, work)


@FLOW.transition(
    "release", source={"confirmed"}, target="released", icon="fa-truck", style="primary",
    label=_lp("order", "Release"), ask=_l("Release the order? From then on it can no longer be changed."),
)  # fmt: skip
def release(order, work):
    """Let the order be prepared and shipped; it is locked from now on (ORD-29)."""


@FLOW.transition(
    "complete", source={"released"}, target="completed", icon="fa-flag-checkered", as_house=True,
    label=_lp("order", "Complete"), ask=_l("Has the customer received everything?"),
)  # fmt: skip
def complete(order, work):
    """The customer has received everything (ORD-23): what was kept back for the order leaves the stock."""
    ids = [line.product_id for line in order.lines]
    products = {one.id: one for one in work.session.scalars(select(Product).where(Product.id.in_(ids)))}
    going = [(line, products[line.product_id], line.quantity_approved - line.quantity_shipped) for line in order.lines]
    stock.consume(going, work, noun="order", record_id=order.id)
    for line in order.lines:
        line.quantity_shipped = line.quantity_approved
    order.shipping, order.completed_at = "full", work.now


@FLOW.transition(
    "cancel", source={"draft", "submitted", "changed", "confirmed", "released", "rejected"}, target="cancelled",
    icon="fa-ban", style="danger", as_house=True, label=_l("Cancel order"), ask=_l("Cancel the order?"),
    form=OptionalReasonForm, guards=(unpaid_for_customers, nothing_shipped, nothing_invoiced),
)  # fmt: skip
def cancel(order, work, reason=None):
    """Stop the order before shipment and give its goods back (ORD-09, X-15)."""
    if work.actor.kind == "staff" and not (reason or "").strip():
        raise BusinessError("reason_missing", _l("Give a reason."), field="reason")
    _give_back(order, work)


@FLOW.transition(
    "assign", source={"draft", "submitted", "changed", "confirmed", "released"}, target=None, icon="fa-user-check",
    as_house=True, label=_l("Assign"), form=AssignForm,
)  # fmt: skip
def assign(order, work, handler):
    """Make a member of staff responsible for the order (ORD-20)."""
    person = work.session.get(Person, handler) if handler < 2**31 else None
    if person is None or person.kind != "staff":
        raise BusinessError("bad_handler", _l("Choose a member of staff."), field="handler")
    order.handler_id = handler


def _number(order, work):
    """Take the order's number, as its type says (X-16)."""
    if order.number:
        return
    kind = work.session.get(OrderType, order.order_type_id)
    if kind.number_mode == "manual":
        raise BusinessError("number_missing", _l("Orders of this type are numbered by hand: enter a number."))
    zone = work.session.get(Branch, order.branch_id).timezone
    order.number = numbering.take(kind.series, order.branch_id, work, zone)


def _give_back(order, work):
    stock.release([line.id for line in order.lines], work)
    for line in order.lines:
        if line.quantity_approved or line.state != "open":
            line.quantity_approved, line.state, line.reason = 0, "open", ""
    order.confirmed_at = None


# --- entering and changing ---------------------------------------------------------------------


def create(work, *, customer=None, lines=(), submit=False, **header):
    """Make an order with its lines and, when asked, submit it: one transaction, all or nothing.

    :param customer: id of the customer; an external actor leaves it out
    :param lines: see `entry.set_lines`
    :param header: columns of Order: currency_code, reference, remark, requested_on, number ...
    :raises BusinessError: 'lines_refused' and whatever `submit` refuses
    """
    order = Order(order_type_id=header.pop("order_type_id", None) or 1)
    who = entry.customer_of(customer, work)
    with work.session.no_autoflush:
        for name, value in header.items():
            setattr(order, name, value)
        order.customer_id = who.id
        entry.begin(order, who, work)
        if lines:
            entry.set_lines(order, lines, work)
        if submit:
            with scope.lifted(work, "what the stock allows is written with the lines, not into each of them later"):
                entry.check_stock(order, work)
    work.session.add(order)
    work.session.flush()
    if submit:
        FLOW.run_one("submit", order)
    return order


def change(order, work, *, lines=None, **header):
    """Change an order that is open for changes.

    :raises BusinessError: 'frozen' once it is submitted; amend it first
    """
    check_open(order, work)
    for name, value in header.items():
        setattr(order, name, value)
    if lines is not None:
        entry.set_lines(order, lines, work)


def check_open(order, work):
    """Refuse changes to what has been submitted.

    :raises BusinessError: 'frozen'
    """
    if order.state not in EDITABLE:
        raise BusinessError("frozen", _l("This order has been submitted. Amend it to change it."))


def remove(order, work, reason=""):
    """Delete an order: a tombstone stays. Drafts by their owner; staff before anything is paid or shipped (X-14)."""
    if order.state != "draft":
        if not work.actor.inside:
            raise Forbidden("not_permitted", _l("Only a draft can be deleted. Cancel the order instead."))
        for guard in (nothing_shipped, nothing_invoiced):
            guard(order, work)
        if order.payment != "unpaid":
            raise BusinessError("paid", _l("A paid order cannot be deleted."))
    stock.release([line.id for line in order.lines], work)
    order.deleted_at, order.deleted_by, order.deleted_reason = work.now, work.actor.user_id, reason[:500]


def next_step(order, work):
    """What comes next, in words, for whoever looks."""
    return NEXT_STEPS.get((order.state, "inside" if work.actor.inside else "outside"))
