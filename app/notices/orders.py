"""Who hears about orders."""

from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import buyer, handlers, responsible
from app.notices.reasons import reason
from app.rules import orders

READ = buyer("order.read")


def _values(order, work):
    return {
        "number": order.number or f"#{order.id}",
        "reference": order.reference,
        "customer": order.customer.name,
        "total": Money(order.total_gross, order.currency_code),
        "link": link("orders", order.id),
    }


def _line(line):
    return {"sku": line.sku, "name": line.name, "ordered": line.quantity_ordered,
            "approved": line.quantity_approved, "reason": orders.reason_of(line)}  # fmt: skip


@notice("order.submit", name="order_received", to=READ, changes=True)
def order_received(order, work):
    """It has arrived and will be reviewed (NTF-01)."""
    return _values(order, work) | {"lines": len(order.lines)}


@notice("order.submit", name="order_submitted", to=handlers("order.approve"))
def order_submitted(order, work):
    """An order waits for its review."""
    return _values(order, work) | {"lines": len(order.lines)}


@notice("order.approve", name="order_confirmed", to=READ, attach=("order_confirmation",), changes=True)
def order_confirmed(order, work):
    """What we deliver, and which lines we cut or rejected (NTF-05, ORD-25)."""
    cut = [_line(line) for line in order.lines if line.quantity_approved < line.quantity_ordered]
    return _values(order, work) | {"cut": cut, "approved": len(order.lines) - len(cut)}


@notice("order.reject", name="order_rejected", to=READ, changes=True)
def order_rejected(order, work):
    """The result of its review (NTF-08, ORD-41)."""
    return _values(order, work) | {"reason": reason("order", order, "reject", work)}


def _both(order, work):
    return [*READ(order, work), *responsible(order, "order.approve", work)]


@notice("order.cancel", name="order_cancelled", to=_both, changes=True)
def order_cancelled(order, work):
    """It will not be delivered; of a draft nobody has heard yet."""
    if order.submitted_at is None:
        return {}
    return _values(order, work) | {"reason": reason("order", order, "cancel", work)}
