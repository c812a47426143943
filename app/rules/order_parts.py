"""What merging and splitting share: which orders stay as they are, and lines that go over to another order."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.errors import BusinessError
from app.rules import entry, order_changes, order_deletion, orders
from models.invoices import Invoice
from models.orders import OrderLine

OPEN = frozenset({"submitted", "changed", "confirmed"})  # placed, and nothing of it is on its way (ORD-31)
TEXTS = ("product_id", "sku", "name", "unit_code", "pack_factor", "tax_code", "list_price", "discount_percent",
         "unit_price", "price_source", "warehouse_id", "requested_on", "starts_on", "months", "ends_on", "sale_type",
         "remark")  # fmt: skip


# --- guards ------------------------------------------------------------------------------------


def nothing_paid(order, work):
    """Money that has come stays with the order it came for."""
    if order.payment != "unpaid":
        text = _l("This order is paid or partly paid. It stays as it is, so that the payment keeps its order.")
        raise BusinessError("paid", text)


def no_service(order, work):
    """The answers, files and work stages of a service belong to one order."""
    if order.by_work:
        text = _l("This order was made with the form of a service. Its answers and work stages belong to it alone.")
        raise BusinessError("service_order", text)


def agreed(order, work):
    """Changes the customer has to accept are not accepted by the way."""
    if order.state == "changed":
        order_changes.accepted(order, work)


WHOLE = (orders.nothing_shipped, orders.nothing_invoiced, nothing_paid, no_service, agreed)


def bound(found, work):
    """Which orders stay as they are because of what others have made of them: {order id: why}.

    One statement for each kind of paper, however many orders.
    """
    ids = [one.id for one in found]
    reasons = {}
    asked = select(Invoice.order_id).where(Invoice.order_id.in_(ids), Invoice.state != "cancelled").distinct()
    for one in work.session.scalars(asked):
        text = _l("There is an invoice for this order. Cancel the invoice first.")
        reasons[one] = BusinessError("invoiced", text)
    for one in found:
        if order_deletion.open_request(one) is not None:
            text = _l("The deletion of this order has been asked for. It has to be decided first.")
            reasons.setdefault(one.id, BusinessError("deletion_asked", text))
    return reasons


# --- lines -------------------------------------------------------------------------------------


def cut(line):
    """Whether less was agreed on than was ordered."""
    return line.state != "open" and line.quantity_approved < line.quantity_ordered


def copied(line, order, position, quantity, tax_rate=None):
    """A line of another order that takes over `quantity` of this one, at the agreed price; it knows where it came from.

    :param tax_rate: where it is taxed otherwise from now on
    """
    kept = {name: value for name, value in (line.data or {}).items() if name != "origins"}
    made = OrderLine(
        customer_id=line.customer_id, position=position, quantity_ordered=quantity, quantity_approved=Decimal(0),
        state="open", reason="", tax_rate=line.tax_rate if tax_rate is None else tax_rate,
        data=kept | {"origins": [_origin(line, quantity)]}, **{name: getattr(line, name) for name in TEXTS},
    )  # fmt: skip
    entry.count(made, order)
    return made


def _origin(line, quantity):
    return {"order": line.order_id, "number": line.order.number or "", "line": line.id,
            "quantity": format(quantity.normalize(), "f")}  # fmt: skip


def taken_over(origin):
    """How much of a line came from one of its `origins`."""
    return Decimal(origin["quantity"])
