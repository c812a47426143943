"""The life of an order: draft, submitted, confirmed, released, completed; changed, rejected or cancelled on the way."""

from datetime import timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import select
from wtforms import BooleanField, Form, IntegerField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import numbering, settings
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.needed import Needed
from app.rules import approvals, entry, order_lines, order_terms, ratings, stock
from models.orders import Order
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
START = {"label": _l("Start the work"), "told": _lp("history", "Work started"), "icon": "fa-play",
         "ask": _l("Start the work? From then on the order can no longer be changed.")}  # fmt: skip
CUT = {  # why a line was not approved in full; kept as a code, since who reads it may speak another language
    "out_of_stock": _l("Not in stock"),
    "part_in_stock": _l("Only part of it is in stock"),
}
ASSIGNERS = []  # (order, work) -> user id or None: later nouns say who gets an order that nobody handles yet
GATES = []  # guards (order, work) of later nouns, asked before an order is released
LAST_WORDS = []  # the same, asked before an order is completed
CANCELLED = []  # (order, work) of later nouns, done with the cancelling: money that has to go back, for instance
settings.setting("ORDER_DUE_HOURS", int, 48, _l("Hours within which a submitted order should be handled"),
                 ("branch", "system"))  # fmt: skip


class ReasonForm(Form):
    """Why: kept in the history and told to the customer."""

    reason = TextAreaField(_l("Reason"), [Needed(_l("Give a reason.")), Length(max=2000)])


class OptionalReasonForm(Form):
    """Why, where it matters."""

    reason = TextAreaField(_l("Reason"), [Optional(), Length(max=2000)])


class ApproveForm(Form):
    """How to approve when the stock does not hold everything."""

    partial = BooleanField(_l("Approve what is available"))
    note = TextAreaField(_l("Note"), [Optional(), Length(max=2000)])


class AssignForm(Form):
    """Who handles the order from now on."""

    handler = IntegerField(_l("Handler"), [Needed(_l("Choose a handler."))])


# --- guards ------------------------------------------------------------------------------------


def has_lines(order, work):
    if not order.lines:
        raise BusinessError("no_lines", _l("An order needs at least one line."))


def decidable(order, work):
    approvals.check_may_decide(order, work)


def rejectable(order, work):
    """What a rule leaves to a supervisor, he alone answers; who submitted an order may well reject it."""
    approvals.check_level(order, work)


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


def all_done(order, work):
    """Later nouns say why an order is not complete yet: work that nobody has accepted, for instance."""
    for one in LAST_WORDS:
        one(order, work)


def gates_open(order, work):
    """Later nouns say why an order may not be released yet: a prepayment that has not come, for instance."""
    for gate in GATES:
        gate(order, work)


# --- steps -------------------------------------------------------------------------------------


@FLOW.transition(
    "submit", source={"draft"}, target="submitted", icon="fa-paper-plane", style="primary", as_house=True,
    label=_lp("order", "Submit"), told=_lp("history", "Submitted"),
    ask=_l("Submit the order for review?"), guards=(has_lines, order_terms.ready),
    ask_many=lambda many, count: ngettext(
        "Submit %(count)s order for review?",
        "Submit %(count)s orders for review?", many, count=count,
    ),
)  # fmt: skip
def submit(order, work):
    """Number the order, freeze its prices, look at the stock and ask for the approvals it needs.

    Never refuses for credit or stock: it routes to approval (ORD-24, ORD-39).
    """
    with work.session.no_autoflush:  # one update of the order, not one per question asked
        take_number(order, work)
        order.submitted_at, order.submitted_by = work.now, work.actor.user_id
        hours = settings.get("ORDER_DUE_HOURS", work, branch=order.branch_id)
        order.due_at = work.now + timedelta(hours=hours)
        order.handler_id = order.handler_id or _handler(order, work)
        entry.check_stock(order, work)
        approvals.ask(order, work)


@FLOW.transition(
    "approve", source={"submitted"}, target="confirmed", icon="fa-check", style="primary", as_house=True,
    label=_l("Approve"), told=_lp("history", "Approved"),
    ask=_l("Approve the order and reserve its goods?"), form=ApproveForm,
    ask_many=lambda many, count: ngettext(
        "Approve %(count)s order and reserve its goods?",
        "Approve %(count)s orders and reserve their goods?", many, count=count,
    ),
    guards=(has_lines, decidable),
)  # fmt: skip
def approve(order, work, partial=False, note=None):
    """Keep back what is approved; everything ordered, or with `partial` what the stock allows (X-22)."""
    with work.session.no_autoflush:  # one update of each row at the end
        products = products_of(order, work)
        if partial:
            entry.check_stock(order, work)
        recount(order, [one for one in order.lines if _approve_line(one, products[one.product_id], partial)])
        approved = [line for line in order.lines if line.quantity_approved > 0]
        if not approved:
            raise BusinessError("out_of_stock", _l("Nothing of this order is in stock."))
        stock.reserve([(line, products[line.product_id], line.quantity_approved) for line in approved], work)
        approvals.answer(order, "approved", note, work)
        order.confirmed_at, order.expires_at = work.now, order_terms.expiry(order, work)
        _first_order(order.customer, work)


def _first_order(customer, work):
    """Note when a customer ordered first; under his lock, since several orders of his may be approved at once."""
    if customer.first_order_at is None:
        work.session.refresh(customer, ["first_order_at", "version"], with_for_update=True)
        customer.first_order_at = customer.first_order_at or work.now


def products_of(order, work):
    """The products of an order's lines, in one statement: {id: product}."""
    ids = [line.product_id for line in order.lines]
    return {one.id: one for one in work.session.scalars(select(Product).where(Product.id.in_(ids)))}


def recount(order, lines):
    """Let an order cost what is wanted of it now, after more or less of these lines is: what will be delivered."""
    for line in lines:
        entry.count(line, order)
    if lines:
        entry.sum_up(order)


def reason_of(line):
    """Why a line was rejected or cut, in the reader's language where the reason is ours."""
    return str(CUT.get(line.reason, line.reason))


def _approve_line(line, product, partial):
    """Say how much of a line is delivered.

    :returns: whether that is less than was wanted
    """
    whole = entry.agreed(line)
    free = not partial or product.backorder or product.service
    allowed = whole if free else min(line.quantity_available or Decimal(0), whole)
    line.quantity_approved = allowed
    line.state = "approved" if allowed > 0 else "rejected"
    if allowed < whole or (allowed < line.quantity_ordered and not line.reason):
        line.reason = "out_of_stock" if allowed == 0 else "part_in_stock"
    return allowed < whole


@FLOW.transition(
    "reject", source={"submitted"}, target="rejected", icon="fa-xmark", style="danger", as_house=True,
    label=_l("Reject"), told=_lp("history", "Rejected"),
    ask=_l("Reject the order? The customer is told the reason."), form=ReasonForm, guards=(rejectable,),
    ask_many=lambda many, count: ngettext(
        "Reject %(count)s order? The customer is told the reason.",
        "Reject %(count)s orders? The customers are told the reason.", many, count=count,
    ),
)  # fmt: skip
def reject(order, work, reason):
    """Refuse the order; the customer reads the reason (ORD-41)."""
    approvals.answer(order, "rejected", reason, work)


def begun(order):
    """Nothing of a service order is shipped: its release starts the work."""
    return START if order.by_work else {}


@FLOW.transition(
    "release", source={"confirmed"}, target="released", icon="fa-truck", style="primary",
    label=_lp("order", "Release"), told=_lp("history", "Released"),
    ask=_l("Release the order? From then on it can no longer be changed."), guards=(gates_open,), own=begun,
    ask_many=lambda many, count: ngettext(
        "Release %(count)s order? From then on it can no longer be changed.",
        "Release %(count)s orders? From then on they can no longer be changed.", many, count=count,
    ),
)  # fmt: skip
def release(order, work):
    """Let the order be prepared and shipped; it is locked from now on and no longer expires (ORD-29)."""
    order.expires_at = None


@FLOW.transition(
    "complete", source={"released"}, target="completed", icon="fa-flag-checkered", as_house=True,
    label=_lp("order", "Complete"), told=_lp("history", "Completed"),
    ask=_l("Has the customer received everything? Note how satisfied he is, if you know."),
    ask_many=lambda many, count: ngettext(
        "Complete %(count)s order? The customer has received everything.",
        "Complete %(count)s orders? Their customers have received everything.", many, count=count,
    ),
    form=ratings.RatingForm, guards=(all_done,),
)  # fmt: skip
def complete(order, work, stars=None, comment=None):
    """The customer has received everything (ORD-23): what was kept back for the order leaves the stock.

    :param stars, comment: how satisfied the customer is, as we know it (TKT-04)
    """
    ratings.given(order, stars, comment, work)
    products = products_of(order, work)
    going = [(line, products[line.product_id], line.quantity_approved - line.quantity_shipped) for line in order.lines]
    stock.consume(going, work, noun="order", record_id=order.id)
    for line in order.lines:
        line.quantity_shipped = line.quantity_approved
    order.shipping, order.completed_at = "full", work.now


@FLOW.transition(
    "cancel", source={"draft", "submitted", "changed", "confirmed", "released", "rejected"}, target="cancelled",
    icon="fa-ban", style="danger", as_house=True, label=_l("Cancel order"), told=_lp("history", "Cancelled"),
    ask=_l("Cancel the order?"),
    ask_many=lambda many, count: ngettext(
        "Cancel %(count)s order?",
        "Cancel %(count)s orders?", many, count=count,
    ),
    form=OptionalReasonForm, guards=(unpaid_for_customers, nothing_shipped, nothing_invoiced),
)  # fmt: skip
def cancel(order, work, reason=None):
    """Stop the order before shipment and give its goods back (ORD-09, X-15)."""
    if work.actor.kind == "staff" and not (reason or "").strip():
        raise BusinessError("reason_missing", _l("Give a reason."), field="reason")
    give_back(order, work)
    stopped(order, work)


def stopped(order, work):
    """Note when and by whom an order was cancelled, and let later nouns do what is theirs with it."""
    order.cancelled_at, order.cancelled_by = work.now, work.actor.user_id
    for one in CANCELLED:
        one(order, work)


@FLOW.transition(
    "assign", source={"draft", "submitted", "changed", "confirmed", "released"}, target=None, icon="fa-user-check",
    as_house=True, label=_l("Assign"), told=_lp("history", "Assigned"), form=AssignForm,
)  # fmt: skip
def assign(order, work, handler):
    """Make a member of staff responsible for the order (ORD-20)."""
    person = work.session.get(Person, handler) if handler < 2**31 else None
    if person is None or person.kind != "staff" or person.state != "active":
        raise BusinessError("bad_handler", _l("Choose a member of staff."), field="handler")
    order.handler_id = handler


def _handler(order, work):
    """Whom a submitted order goes to, as later nouns say; nobody where none of them knows."""
    chosen = (ask(order, work) for ask in ASSIGNERS)
    return next((one for one in chosen if one), None)


def take_number(order, work):
    """Take the order's number, as its type says (X-16)."""
    if order.number:
        return
    kind = order_terms.kind_of(order, work)
    if kind.number_mode == "manual":
        text = _l("Orders of this type are numbered by hand: enter a number.")
        raise BusinessError("number_missing", text, field="number", fields={"number": str(text)})
    zone = work.session.get(Branch, order.branch_id).timezone
    number = numbering.take(kind.series, order.branch_id, work, zone)
    while kind.number_mode == "auto_overridable" and order_terms.number_taken(number, work, but=order.id):
        number = numbering.take(kind.series, order.branch_id, work, zone)  # somebody gave this one by hand
    order.number = number


def give_back(order, work):
    """Give back what is kept for an order that is confirmed no more."""
    stock.release([line.id for line in order.lines], work)
    cut = [line for line in order.lines if entry.agreed(line) != line.quantity_ordered]
    for line in order.lines:
        if line.quantity_approved or line.state != "open":
            line.quantity_approved, line.state, line.reason = Decimal(0), "open", ""
    recount(order, cut)
    order.confirmed_at = order.expires_at = None


# --- entering and changing ---------------------------------------------------------------------


def create(work, *, customer=None, lines=(), submit=False, **header):
    """Make an order with its lines and, when asked, submit it: one transaction, all or nothing.

    :param customer: id of the customer; an external actor leaves it out
    :param lines: see `entry.set_lines` and `order_lines.TERMS`
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
        if order.number:
            order_terms.check_number(order, order.number, work)
        if lines:
            entry.set_lines(order, lines, work)
            order_lines.fill(order, lines, work)
        if submit:
            FLOW.born("submit", order)
            return order
    work.session.add(order)
    work.session.flush()
    return order


def change(order, work, *, lines=None, **header):
    """Change an order that is open for changes.

    :param lines: all lines as they are to be; None leaves them, at the prices and taxes of what the head says now
    :raises BusinessError: 'frozen' once it is submitted, amend it first; of `entry.set_lines`
    """
    check_open(order, work)
    if header.get("number") not in (None, order.number):
        order_terms.check_number(order, header["number"], work)
    currency, country = order.currency_code, entry.country_of(order)
    for name, value in header.items():
        setattr(order, name, value)
    if lines is not None:
        entry.set_lines(order, lines, work)
        order_lines.fill(order, lines, work)
    elif order.currency_code != currency:
        entry.set_lines(order, order_lines.standing(order), work)
    elif entry.country_of(order) != country:
        entry.tax_anew(order, work)


def check_open(order, work):
    """Refuse changes to what has been submitted.

    :raises BusinessError: 'frozen'
    """
    if order.state != "draft":
        raise BusinessError("frozen", _l("This order has been submitted. Amend it to change it."))
