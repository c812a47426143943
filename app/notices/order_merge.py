"""Who hears that orders were merged, and that a merge was taken back: the customer, and who of us has to act."""

from sqlalchemy import select

from app.notices.core import link, notice
from app.notices.orders import both, of_all, values
from app.rules import orders
from models.orders import Order


def _sources(order, work):
    """The orders a merged one was made of: {"number", "state", "link"}; its lines know where they came from."""
    ids = {one["order"] for line in order.lines for one in line.origins}
    rows = work.session.scalars(
        select(Order).where(Order.id.in_(ids)).order_by(Order.id), execution_options={"with_deleted": True}
    )
    return [{"number": str(one), "state": str(orders.FLOW.states[one.state]), "link": link("orders", one.id)}
            for one in rows]  # fmt: skip


@notice("order.merged", name="orders_merged", to=both, changes=True)
def orders_merged(order, work):
    """The new order waits for its confirmation; those it was made of go (ORD-31, ORD-32)."""
    return values(order, work) | {"sources": _sources(order, work)}


@notice("order.unmerged", name="merge_taken_back", to=both, changes=True)
def merge_taken_back(order, work):
    """The orders are there again, each with its state; the one made of them is gone."""
    return values(order, work) | {"sources": _sources(order, work), **of_all()}
