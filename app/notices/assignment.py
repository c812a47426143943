"""Who hears that an order is his from now on."""

from app.notices.core import notice
from app.notices.orders import values
from app.notices.readers import staff


def _handler(order, work):
    return staff([order.handler_id], work, order.branch_id)


@notice("order.assign", name="order_assigned", to=_handler)
def order_assigned(order, work):
    """He handles the order from now on (ORD-20)."""
    return values(order, work) | {"until": order.due_at}
