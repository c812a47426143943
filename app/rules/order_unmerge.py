"""Taking a merge back while its sources are there, and deleting them when their time is over (ORD-33, X-25).

Sources are brought back as they were before; the links between them and the merged order go, the history of each
tells what happened.
"""

from datetime import timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from app.core import facts, history, settings
from app.core.errors import BusinessError, Conflict
from app.rules import order_checks, order_merge, order_papers, order_parts, orders, stock
from models.orders import DocumentLink, Order
from models.products import Product

FLOW = orders.FLOW
KIND = order_merge.KIND
CHUNK = 200  # orders of one transaction of the job
settings.setting(
    "MERGE_DELETE_DELAY_MIN", int, 5, _l("Minutes after which orders that were merged into another one are deleted")
)


# --- who belongs together ----------------------------------------------------------------------


def result_of(order, work):
    """The order that a merged one went into, or itself where it is one; None of any other."""
    if order.merged_at is not None:
        asked = select(Order).join(DocumentLink, (DocumentLink.to_noun == "order") & (DocumentLink.to_id == Order.id))
        return work.session.scalars(asked.where(*_from(order.id))).first()
    return order if order.made_as == "merge" else None


def _from(identity):
    return DocumentLink.from_noun == "order", DocumentLink.from_id == identity, DocumentLink.kind == KIND


def _to(identity):
    return DocumentLink.to_noun == "order", DocumentLink.to_id == identity, DocumentLink.kind == KIND


def family(ids, work):
    """The orders that belong together by a merge with any of these: result and sources."""
    results = set(work.session.scalars(
        select(DocumentLink.to_id).where(DocumentLink.from_noun == "order", DocumentLink.from_id.in_(ids),
                                         DocumentLink.kind == KIND)))  # fmt: skip
    asked = select(DocumentLink.from_id).where(
        DocumentLink.to_noun == "order", DocumentLink.to_id.in_({*results, *ids}), DocumentLink.kind == KIND
    )
    return {*results, *work.session.scalars(asked)}


def sources_of(result, work):
    """The orders a merged one was made of, by id, those that were deleted left out; and how many they once were."""
    ids = work.session.scalars(select(DocumentLink.from_id).where(*_to(result.id))).all()
    asked = select(Order).where(Order.id.in_(ids), Order.state == "cancelled", Order.merged_at.is_not(None))
    rows = work.session.scalars(asked.options(selectinload(Order.lines)).order_by(Order.id)).all()
    return rows, len(ids)


def undoable(order, work):
    """Guard: the merge can be taken back as long as its sources are there and nothing has become of the result."""
    result = result_of(order, work)
    if result is None and order.merged_at is not None:
        raise BusinessError("too_late", _l("The order it was merged into is not there any more."))
    if result is None:
        raise BusinessError("not_merged", _l("This order was not merged."))
    if result.state not in (*order_parts.OPEN, "rejected"):
        text = _l("The merged order %(order)s has gone on meanwhile.", order=str(result))
        raise Conflict("wrong_state", text, state=result.state, transition="unmerge")
    for guard in (orders.nothing_shipped, orders.nothing_invoiced, order_parts.nothing_paid):
        guard(result, work)
    reasons = order_parts.bound([result], work)
    if reasons:
        raise reasons[result.id]
    rows, once = sources_of(result, work)
    if len(rows) < once or not once:
        raise BusinessError("too_late", _l("The merged orders have been deleted: the merge cannot be taken back."))
    if _goods([result]) != _goods(rows):
        text = _l("The merged order has been changed since. Taking the merge back would lose these changes.")
        raise BusinessError("changed_since", text)


def _goods(found):
    sums = {}
    for one in found:
        for line in one.lines:
            sums[line.product_id] = sums.get(line.product_id, Decimal(0)) + line.quantity_ordered
    return sums


# --- taking it back ----------------------------------------------------------------------------


@FLOW.transition(
    "unmerge", source=(*order_parts.OPEN, "rejected", "cancelled"), target=None, icon="fa-object-ungroup",
    as_house=True, beside=family, label=_l("Take the merge back"), told=_lp("history", "Merge taken back"),
    ask=_l("Bring the merged orders back as they were? The order made of them is deleted."), guards=(undoable,),
)  # fmt: skip
def unmerge(order, work):
    """Bring the sources of a merge back as they were; taken on the result or on any of them.

    What was confirmed is confirmed again where its goods are still there; else it is changed to what is in stock, and
    the customer is asked. The result is cancelled and deleted; what was written about it meanwhile goes to the first.
    """
    result = result_of(order, work)
    rows, _once = sources_of(result, work)
    orders.give_back(result, work)
    FLOW.move(result, "cancelled")
    result.cancelled_at, result.cancelled_by = work.now, work.actor.user_id
    result.deleted_at, result.deleted_by, result.deleted_reason = work.now, work.actor.user_id, "unmerged"
    work.session.execute(delete(DocumentLink).where(*_to(result.id)))
    order_papers.move(result, rows[0], work)
    if result is not order:  # whose followers the step itself asks
        FLOW.follow(result, "unmerge", work)
    for row in rows:
        history.record(work, row, "order.unmerge", str(result))
        before, row.merged_at, row.merged_state = row.merged_state, None, None
        row.cancelled_at = row.cancelled_by = None
        FLOW.move(row, before)
    work.session.flush()
    for row in [one for one in rows if one.state == "confirmed" and not _held_again(one, work)]:
        _cut(row, work)
    facts.publish(work, "order.unmerged", "order", result)


def _held_again(order, work):
    """Keep the goods of a confirmed order back once more.

    :returns: whether they were all there
    """
    ids = {line.product_id for line in order.lines}
    products = {one.id: one for one in work.session.scalars(select(Product).where(Product.id.in_(ids)))}
    wanted = [(line, products[line.product_id], line.quantity_approved) for line in order.lines]
    mark = work.mark()
    try:
        with work.session.begin_nested():
            stock.reserve(wanted, work)
        return True
    except BusinessError:
        work.rewind(mark)
        return False


def _cut(order, work):
    """The goods went elsewhere: the order is changed to what is in stock, and that has to be accepted."""
    FLOW.move(order, "changed")
    order.confirmed_at = order.expires_at = None
    work.session.flush()
    with work.doing("order.adjust"):
        order_checks.adjust(order, work)
        work.session.flush()
    facts.publish(work, "order.adjust", "order", order, before="confirmed", after="changed")


def not_merged_away(order, before, after, work):
    """What was merged lives on in another order: only taking the merge back brings it back.

    :raises BusinessError: 'merged'
    """
    if order.merged_at is not None:
        raise BusinessError("merged", _l("This order was merged into another one. Take the merge back instead."))


FLOW.by_hand.append(not_merged_away)


# --- deleting ----------------------------------------------------------------------------------


def served(order, work):
    """Guard, asked under the order's lock: it was merged long enough ago."""
    if order.merged_at is None or order.merged_at > _before(work):
        raise BusinessError("not_merged", _l("This order was not merged."))


def _before(work):
    return work.now - timedelta(minutes=max(settings.get("MERGE_DELETE_DELAY_MIN", work), 0))


@FLOW.transition(
    "bury", source={"cancelled"}, target=None, hidden=True, guards=(served,), label=_l("Delete the merged order"),
    told=_lp("history", "Deleted"),
)  # fmt: skip
def bury(order, work):
    """Delete an order that was merged into another some minutes ago; a tombstone stays (ORD-33, X-25).

    What was written about it and attached to it goes along to the merged order.
    """
    result = result_of(order, work)
    if result is not None:
        order_papers.move(order, result, work)
    order.deleted_at, order.deleted_by, order.deleted_reason = work.now, work.actor.user_id, KIND


def clean_up(work, limit=CHUNK):
    """Delete one portion of the merged orders whose time is over.

    :returns: how many were deleted
    """
    asked = select(Order.id).where(Order.merged_at <= _before(work), Order.deleted_at.is_(None),
                                   Order.state == "cancelled")  # fmt: skip
    ids = work.session.scalars(asked.order_by(Order.merged_at, Order.id).limit(limit)).all()
    return len(FLOW.run("bury", ids).done)
