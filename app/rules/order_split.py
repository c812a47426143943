"""Splitting a placed order in two: lines and quantities go to a new order of their own (issue 3, M2).

Both sides keep the state, the agreed prices and the terms; what is kept back of the stock goes over with its lines.
A quantity that is parted is rounded anew on each side, as any line is: the sums may differ by the smallest coin.
"""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import Form, StringField
from wtforms.validators import Length, Optional

from app.core import facts, history
from app.core.errors import BusinessError, Malformed
from app.core.money import parse_amount
from app.rules import approvals, documents, entry, order_parts, order_terms, orders, reservations
from app.rules.products import check_digits
from app.rules.rows import RowsField
from models.approvals import Approval
from models.orders import Order
from models.products import Product

FLOW = orders.FLOW
KIND = "split"  # of the link from the order to what was split off it
HEAD = ("customer_id", "branch_id", "order_type_id", "portal_id", "channel", "locale", "currency_code",
        "exchange_rate", "includes_tax", "reference", "promotion_code", "contract_id", "delivery_address_id",
        "billing_address_id", "payment_terms_id", "delivery_method_id", "payment_method_id", "remark", "requested_on",
        "due_at", "handler_id", "ordered_at", "submitted_at", "submitted_by", "changed_side", "changed_at",
        "expires_at")  # fmt: skip


def _row(row):
    """A line that goes to the new order: {"id", "quantity"?}; without a quantity all of it."""
    if not isinstance(row, dict) or row.keys() - {"id", "quantity"}:
        raise _malformed()
    identity, quantity = row.get("id"), row.get("quantity")
    if isinstance(identity, bool) or not isinstance(identity, int) or not 0 < identity < 2**63:
        raise _malformed()
    if quantity is None:
        return {"id": identity}
    if isinstance(quantity, bool) or not isinstance(quantity, str | int):
        raise _malformed()
    try:
        return {"id": identity, "quantity": parse_amount(str(quantity))}
    except (ValueError, TypeError):
        raise _malformed() from None


def _malformed():
    return Malformed("bad_lines", _l("lines is a list of {id, quantity}."), field="lines")


class SplitForm(Form):
    """Which lines go to the new order, and how much of each."""

    lines = RowsField(_row)
    number = StringField(_l("Number"), [Optional(), Length(max=40)])


@FLOW.transition(
    "split", source=order_parts.OPEN, target=None, icon="fa-scissors", as_house=True,
    label=_l("Split the order"), told=_lp("history", "Split"), form=SplitForm, guards=order_parts.WHOLE,
    ask=_l("Move lines of this order to a new order?"),
)  # fmt: skip
def split(order, work, lines=None, number=None):
    """Move lines, or a part of their quantities, to a new order in the same state.

    :param lines: [{"id", "quantity"?}]; without a quantity the whole line goes
    :param number: only where the type of the order is numbered by hand
    :returns: the new order
    :raises BusinessError: 'nothing_chosen', 'everything_chosen', 'lines_refused' with `lines`; 'invoiced'
    """
    reasons = order_parts.bound([order], work)
    if reasons:
        raise reasons[order.id]
    moves = _moves(order, lines or [], work)
    made = _begun(order, number, work)
    with work.session.no_autoflush:
        made.lines = [_moved(line, made, at, quantity) for at, (line, quantity) in enumerate(moves, 1)]
        entry.sum_up(made)
    FLOW.move(made, order.state)
    work.session.add(made)
    work.session.flush()
    pairs = list(zip(moves, made.lines, strict=True))
    if order.state == "confirmed":
        reservations.hand_over([(line, mine, mine.quantity_approved) for (line, _quantity), mine in pairs], work)
        warned = order.expiry_warned_at is not None and order.expiry_warned_at >= order.confirmed_at
        made.confirmed_at = order.confirmed_at = work.now  # each side has a confirmation of its own from now on
        if warned:  # and what the customer was told of the confirmation before still holds
            made.expiry_warned_at = order.expiry_warned_at = work.now
    _take_out(order, moves, work)
    _ask_too(order, made, work)
    documents.link(order, made, KIND, work)
    history.record(work, made, "order.split", str(order))
    history.record(work, order, "order.split", str(made))
    facts.publish(work, "order.split_off", "order", made)
    return made


def _begun(order, number, work):
    made = Order(**{name: getattr(order, name) for name in HEAD}, made_as="split")
    for name in ("customer", "delivery_address", "billing_address"):
        setattr(made, name, getattr(order, name))
    with work.session.no_autoflush:
        if number:
            order_terms.check_number(made, number, work)
            made.number = number
        orders.take_number(made, work)
    return made


# --- which lines -------------------------------------------------------------------------------


def _moves(order, wanted, work):
    """What goes over: [(line, quantity)] in the order of the lines.

    :raises BusinessError: 'nothing_chosen', 'everything_chosen'; 'lines_refused' with `lines`:
        [{"index", "error", "message"}] for every refused row
    """
    known = {line.id: line for line in order.lines}
    ids = [line.product_id for line in order.lines]
    goods = select(Product).where(Product.id.in_(ids)).options(joinedload(Product.unit))
    products = {one.id: one for one in work.session.scalars(goods)}
    taken, refused = {}, []
    for index, row in enumerate(wanted):
        try:
            line = known.get(row["id"])
            taken[row["id"]] = line, _quantity(line, row, taken, products)
        except BusinessError as error:
            refused.append({"index": index, "error": error.code, "message": str(error.message)})
    if refused:
        text = _l("Some lines cannot be moved this way. Nothing has been done yet.")
        raise BusinessError("lines_refused", text, lines=refused)
    moves = [taken[line.id] for line in order.lines if line.id in taken]
    if not any(entry.agreed(line) > 0 for line, _quantity in moves):
        raise BusinessError("nothing_chosen", _l("Choose at least one line to move."))
    left = [line for line in order.lines if taken.get(line.id, (line, 0))[1] < line.quantity_ordered]
    if not any(entry.agreed(line) > 0 for line in left):
        raise BusinessError("everything_chosen", _l("Something has to stay in the order."))
    return moves


def _quantity(line, row, taken, products):
    """How much of a line goes over."""
    if line is None:
        raise BusinessError("unknown_line", _l("This line is not part of the order any more."))
    if line.id in taken:
        raise BusinessError("twice", _l("This line is named twice."))
    quantity = row.get("quantity", line.quantity_ordered)
    if quantity <= 0:
        raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."))
    if quantity > line.quantity_ordered:
        raise BusinessError("too_much", _l("The line has less than that."))
    if quantity < line.quantity_ordered and order_parts.cut(line):
        text = _l("Less was agreed on than was ordered: this line goes over as a whole or not at all.")
        raise BusinessError("cut_line", text)
    check_digits(quantity, products[line.product_id].unit, "quantity")
    return quantity


def _moved(line, made, position, quantity):
    """The line of the new order, with as much agreed and available as goes over."""
    mine = order_parts.copied(line, made, position, quantity)
    mine.state, mine.reason = line.state, line.reason
    if line.state != "open":
        mine.quantity_approved = min(line.quantity_approved, quantity)
    if line.quantity_available is not None:
        mine.quantity_available = min(line.quantity_available, quantity)
    entry.count(mine, made)
    return mine


def _take_out(order, moves, work):
    """Take out of the order what went over."""
    with work.session.no_autoflush:
        for line, quantity in moves:
            if quantity == line.quantity_ordered:
                order.lines.remove(line)
                continue
            line.quantity_ordered -= quantity
            if line.state != "open":
                line.quantity_approved -= quantity
            if line.quantity_available is not None:
                line.quantity_available -= min(line.quantity_available, quantity)
            entry.count(line, order)
        for position, line in enumerate(order.lines, 1):
            if line.position != position:
                line.position = position
        entry.sum_up(order)
    work.session.flush()


def _ask_too(order, made, work):
    """Who has to agree to the order has to agree to both: nothing gets past a rule by being split."""
    for one in approvals.pending(order):
        work.session.add(
            Approval(customer_id=made.customer_id, noun="order", record_id=made.id, rule_id=one.rule_id,
                     rule_name=one.rule_name, level=one.level)
        )  # fmt: skip
