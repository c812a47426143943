"""Who hears of a display status."""

from flask_babel import get_locale

from app.core.localized import pick
from app.notices.core import notice
from app.notices.orders import READ, values


@notice("order.tell_status", name="order_status", to=READ, changes=True)
def order_status(order, work):
    """How far the order is, where staff wanted the customer to know (ORD-14, ORD-34)."""
    row = order.display_status
    if row is None or not row.visible_outside or not row.holds_in(order.state):
        return {}
    return values(order, work) | {"status": pick(row.names, str(get_locale()))}
