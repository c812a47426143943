"""Who hears that an order was split: the customer, and who of us has to act."""

from sqlalchemy import select

from app.notices.core import link, notice
from app.notices.orders import both, values
from app.rules import order_split as rules
from models.orders import DocumentLink


@notice("order.split_off", name="order_split", to=both, changes=True)
def order_split(order, work):
    """What was one order is two from now on, both in the same state."""
    asked = select(DocumentLink).where(DocumentLink.to_noun == "order", DocumentLink.to_id == order.id,
                                       DocumentLink.kind == rules.KIND)  # fmt: skip
    whole = work.session.scalars(asked).first()
    if whole is None:
        return {}
    return values(order, work) | {
        "whole": whole.from_number, "whole_link": link("orders", whole.from_id),
        "moved": [{"sku": line.sku, "name": line.name, "quantity": line.quantity_ordered} for line in order.lines],
    }  # fmt: skip
