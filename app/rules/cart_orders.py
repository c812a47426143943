"""What a cart would cost now, and the order that is made of it or takes it in (CRT-04, CRT-08, X-23)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.errors import BusinessError
from app.core.quantity import plain
from app.rules import entry, order_lines, order_preview, orders
from models.customers import Address
from models.orders import Order

OPEN = ("draft", "submitted", "changed", "confirmed", "rejected")  # an order in these takes in further goods
ORDERS_AT_MOST = 50  # so many are offered


@dataclass(frozen=True)
class Look:
    """A cart as it stands today: `rows` as `order_preview` judges them, in the order of the cart's lines."""

    rows: list[dict[str, Any]]
    net: Decimal
    tax: Decimal
    gross: Decimal
    refused: int


def look(cart, locale, work):
    """Look at every line: today's price, what is in stock, what has changed or is gone since it was put in.

    The number of statements does not depend on the number of lines.
    """
    rows = [_row(at, line) for at, line in enumerate(cart.lines, 1)]
    if rows:
        order_preview.judge(rows, sketch(cart, work), locale, work)
    marks, totals = order_preview.finish(rows, cart.currency_code)
    return Look(rows, totals["net"], totals["tax"], totals["gross"], marks[order_preview.REFUSED])


def _row(at, line):
    sku = line.product.sku if line.product is not None else line.sku
    quantity, told = plain(line.quantity), line.told_price
    return {"at": at, "sku": sku, "name": line.name, "unit": "", "asked": quantity, "quantity": quantity,
            "told": None if told is None else plain(told), "problem": ""}  # fmt: skip


def sketch(cart, work):
    """An order of the cart's customer as it would be today, delivered where the cart says; never kept."""
    order = Order(order_type_id=1, customer_id=cart.customer_id, currency_code=cart.currency_code)
    order.delivery_address_id = cart.delivery_address_id
    with work.session.no_autoflush:
        entry.begin(order, cart.customer, work)
    return order


def usual_address(cart, work):
    """The address goods go to where the cart names none."""
    if cart.delivery_address_id is not None:
        return work.session.get(Address, cart.delivery_address_id)
    return sketch(cart, work).delivery_address


def make(cart, work, number=None):
    """Make and submit an order of what is in a cart.

    :param number: its number, where orders of its type are numbered by hand (X-16)
    :raises BusinessError: 'lines_refused' and whatever `orders.create` refuses
    """
    with work.doing("order.create"):
        return orders.create(
            work, customer=cart.customer_id, lines=_lines(cart), submit=True, currency_code=cart.currency_code,
            delivery_address_id=cart.delivery_address_id, delivery_method_id=cart.delivery_method_id,
            payment_method_id=cart.payment_method_id, requested_on=cart.requested_on, reference=cart.reference,
            remark=cart.remark, promotion_code=cart.promotion_code, number=(number or "").strip() or None,
        )  # fmt: skip


def _lines(cart):
    return [{"sku": line.product.sku if line.product is not None else line.sku, "quantity": line.quantity,
             "remark": line.remark} for line in cart.lines]  # fmt: skip


def targets(cart, work):
    """The customer's orders a cart can be put into: not yet released, in the cart's currency, the newest first."""
    wanted = select(Order).where(*_fitting(cart)).order_by(Order.id.desc()).limit(ORDERS_AT_MOST)
    return list(work.session.scalars(wanted))


def _fitting(cart):
    return (Order.customer_id == cart.customer_id, Order.currency_code == cart.currency_code, Order.state.in_(OPEN),
            Order.shipping == "none", Order.billing == "none", Order.deleted_at.is_(None))  # fmt: skip


def pour(cart, identity, work):
    """Put what is in a cart into an order; a submitted one becomes changed and must be reconfirmed (X-23).

    A product that is in the order already adds up there.

    :returns: the order
    :raises BusinessError: 'bad_order', and what the step "amend" refuses
    """
    wanted = select(Order).where(Order.id == identity, *_fitting(cart)) if 0 < identity < 2**63 else None
    order = work.session.scalars(wanted).first() if wanted is not None else None
    if order is None:
        text = _l("Choose an order of the same customer and currency that has not been released yet.")
        raise BusinessError("bad_order", text, field="into")
    lines = order_lines.more(order, _lines(cart))
    if order.state == "draft":
        with work.doing("order.edit"):
            orders.change(order, work, lines=lines)
            order.updated_at = work.now
            work.session.flush()
    else:
        orders.FLOW.run_one("amend", order, lines=lines)
    return order
