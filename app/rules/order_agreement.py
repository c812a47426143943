"""What both sides agreed on for lines of an order, carried out as one change set: lines, totals, goods kept back."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core import facts
from app.core.errors import BusinessError, Conflict
from app.rules import approvals, entry, order_lines, order_terms, orders, stock

FLOW = orders.FLOW


def carry_out(order, accepted, approved, work):
    """Make the order's lines be what was agreed on; every other line stays as it was.

    A confirmed order keeps its goods and its state, unless its new total or lines need an approval it has not got
    yet; a submitted one is looked at anew.

    :param accepted: lines of a proposal, none of them twice
    :param approved: whether the one of us who agreed may approve this order
    :raises BusinessError: 'line_gone', 'no_lines', 'out_of_stock', 'shipped', 'invoiced', and of `entry.set_lines`
        with the ids of refused lines
    """
    orders.nothing_shipped(order, work)
    orders.nothing_invoiced(order, work)
    changes = {one.order_line_id: one for one in accepted}
    _check_lines(order, changes)
    before, anew = order.total_gross, {key for key, one in changes.items() if one.refuse or one.quantity is not None}
    with work.session.no_autoflush:  # between two steps the lines hang on nothing
        if order.state == "confirmed":
            stock.release(anew, work)
        _rewrite(order, changes, work)
        order.changed_at = work.now
        if order.state == "confirmed":
            _confirm_again(order, [line for line in order.lines if line.id in anew], before, approved, work)
        elif order.state == "submitted":
            entry.check_stock(order, work)
            approvals.ask(order, work)


def _check_lines(order, changes):
    there = {line.id for line in order.lines}
    for key, one in changes.items():
        if key not in there:
            text = _l("%(sku)s is not part of the order any more.", sku=one.sku)
            raise Conflict("line_gone", text, sku=one.sku)
    order_lines.some_stay([line for line in order.lines if not (line.id in changes and changes[line.id].refuse)])


def _rewrite(order, changes, work):
    """Write the lines as they were agreed on; where only the price or the day changes, what was approved stays so."""
    stays = {line.id: (line.quantity_approved, line.state, line.reason, line.list_price) for line in order.lines
             if line.id in changes and changes[line.id].quantity is None}  # fmt: skip
    same = {line.id: line.list_price for line in order.lines
            if line.id in changes and changes[line.id].product_id is None}  # fmt: skip
    wanted = [_wanted(order, line, changes.get(line.id)) for line in order.lines
              if not (line.id in changes and changes[line.id].refuse)]  # fmt: skip
    plan = order_lines.plan(order, wanted)
    if plan.changes:
        _carry_out(order, plan, wanted, work)
    for line in order.lines:
        one = changes.get(line.id)
        if one is not None and one.requested_on is not None:
            line.requested_on = one.requested_on
        if line.id in stays:
            line.quantity_approved, line.state, line.reason, line.list_price = stays[line.id]
        elif one is not None:  # a quantity is agreed on in full, also where it is what was ordered and cut before
            line.quantity_approved, line.state, line.reason = Decimal(0), "open", ""
        if line.id in same:
            line.list_price = same[line.id]
    orders.recount(order, [line for line in order.lines if line.id in changes and _priced(changes[line.id])])


def _priced(one):
    """Whether a line costs something else by what was agreed on."""
    return one.quantity is not None or one.unit_price is not None


def _carry_out(order, plan, wanted, work):
    """As `order_lines.carry_out`; a refusal names the line of the order besides its place, which no proposal knows."""
    try:
        order_lines.carry_out(order, plan, work)
    except BusinessError as error:
        for one in error.details.get("lines", ()):
            one["line"] = wanted[one["index"]]["id"]
        raise


def _wanted(order, line, one):
    """A line as it is to be; what was agreed on holds also when somebody changes the order later."""
    row = {"id": line.id, "sku": line.sku, "quantity": line.quantity_ordered}
    if one is None or (one.quantity is None and one.unit_price is None and one.product_id is None):
        return row
    price, discount = line.unit_price, line.discount_percent
    if one.unit_price is not None:
        price, discount = one.unit_price, Decimal(0)
    agreed = {
        "name": one.new_name or line.name, "unit_price": format(price, "f"), "discount_percent": format(discount, "f"),
        "includes_tax": order.includes_tax,
    }  # fmt: skip
    return row | {
        "sku": one.new_sku or line.sku, "quantity": one.quantity or line.quantity_ordered, "unit_price": price,
        "discount_percent": discount, "agreed": agreed,
    }  # fmt: skip


def _confirm_again(order, fresh, before, approved, work):
    """Keep back what was agreed on anew; or have the order reviewed, where nobody has approved the like of it."""
    products = orders.products_of(order, work)
    for line in fresh:
        line.quantity_approved, line.state, line.reason = line.quantity_ordered, "approved", ""
    stock.reserve([(line, products[line.product_id], line.quantity_approved) for line in fresh], work)
    if approved and not _unanswered(order, before, work):
        order.confirmed_at, order.expires_at = work.now, order_terms.expiry(order, work)
        return
    orders.give_back(order, work)
    FLOW.move(order, "submitted")
    orders.submit(order, work)
    facts.publish(work, "order.reconfirm", "order", order, before="confirmed", after="submitted")


def _unanswered(order, before, work):
    """Whether a rule applies that nobody has agreed to for this order, or only when it was worth less."""
    agreed = {one.rule_id for one in order.decisions if one.answer == "approved"}
    known = agreed if order.total_gross <= before else set()
    return any(rule.id not in known for rule in approvals.applying(order, work))
