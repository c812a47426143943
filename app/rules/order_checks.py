"""Confirmation by itself: after submit the system looks at the stock and goes on, or says what it had to cut (X-19).

Runs as a job right after the submit, in the name of the house: people who read the history see who decided.
"""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from app.core import facts
from app.core.errors import BusinessError
from app.rules import approvals, documents, entry, order_terms, orders
from models.orders import Order

FLOW = orders.FLOW


@facts.on("order.submit", "order.reconfirm", "order.answer", "order.correct", called="stock_check")
def check(fact, order, work):
    """Go on with an order whose type is confirmed by itself, unless a person has to agree (ORD-25, ORD-28, ORD-40)."""
    if order.state != "submitted" or not by_itself(order, work):
        return
    for step in ("approve", "adjust", "approve"):  # between two looks at the stock somebody may take or return goods
        refused = FLOW.run(step, [order]).refused
        if not refused or refused[0].error.code not in ("out_of_stock", "in_stock"):
            return


def by_itself(order, work):
    """Whether the system goes on with a submitted order: its type says so, and no rule asks for a person's approval."""
    if _manager_first(order, work):
        return False
    kind = order_terms.kind_of(order, work)
    rules = kind.confirmation == "auto_stock_check" and approvals.pending(order)
    return kind.confirmation == "auto_stock_check" and not any(one.rule_id is not None for one in rules)


def _manager_first(order, work):
    """A merged order waits until a person has confirmed it; so does what was split off before (ORD-32, X-19)."""
    if order.made_as is None or order_terms.term("MERGE_CONFIRMATION", order, work) != "by_manager":
        return False
    until = None
    while order is not None and not _agreed_to(order, until):
        if order.made_as != "split":
            return order.made_as == "merge"
        order, until = _split_from(order, work)
    return False


def _agreed_to(order, until):
    return any(one.answer == "approved" and (until is None or one.decided_at <= until) for one in order.decisions)


def _split_from(order, work):
    """The order, deleted or not, that this one was split off, and when."""
    links = documents.links_of(order, work)
    link = next((one for one in links if one.kind == "split" and one.to_id == order.id), None)
    if link is None:
        return None, None
    return work.session.get(Order, link.from_id, execution_options={"with_deleted": True}), link.at


@FLOW.transition(
    "adjust", source={"submitted"}, target="changed", as_house=True, hidden=True,
    label=_l("Change to what is in stock"), told=_lp("history", "Changed to what is in stock"),
)  # fmt: skip
def adjust(order, work):
    """Cut or refuse the lines the stock does not hold; the customer accepts that or changes the order (X-21, X-22).

    :raises BusinessError: 'in_stock' when everything is there
    """
    entry.check_stock(order, work)
    products = orders.products_of(order, work)
    whole_lines = order_terms.term("PARTIAL_QTY", order, work) == "reject_line"
    short = [line for line in order.lines if _cut(line, products[line.product_id], whole_lines)]
    if not short:
        raise BusinessError("in_stock", _l("Everything of this order is in stock."))
    orders.recount(order, short)
    order.changed_side, order.changed_at = "system", work.now


def _cut(line, product, whole_lines):
    """Write what can be delivered into a line.

    :returns: whether that is less than was wanted
    """
    wanted = entry.agreed(line)
    have = wanted if product.service or product.backorder else min(line.quantity_available, wanted)
    given = Decimal(0) if have < wanted and whole_lines else have
    line.quantity_approved = given
    line.state = "approved" if given > 0 else "rejected"
    if given < line.quantity_ordered and (given < wanted or not line.reason):
        line.reason = "out_of_stock" if have == 0 else "part_in_stock"
    return given < wanted
