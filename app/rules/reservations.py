"""The rows that say how much of which product is kept for an order line; the levels are `app.rules.stock`'s."""

from itertools import groupby

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models.orders import Reservation


def held(order_line_ids, work):
    """What is kept for order lines, locked: {(line id, warehouse id): reservation}."""
    rows = work.session.scalars(
        select(Reservation)
        .where(Reservation.order_line_id.in_(order_line_ids))
        .order_by(Reservation.id)
        .with_for_update(of=Reservation)
        .execution_options(populate_existing=True)
    )
    return {(row.order_line_id, row.warehouse_id): row for row in rows}


def take(held, key, kept, work):
    """Use up a reservation, wholly or in part."""
    if not kept:
        return
    if held[key].quantity == kept:
        work.session.delete(held.pop(key))
    else:
        held[key].quantity -= kept


def hand_over(moves, work):
    """What is kept for one order line is kept for another from now on; nothing of it is free in between.

    The levels stay as they are, so they are not locked: call it while both orders are locked.

    :param moves: [(from order line, to order line, quantity)] of the same products
    """
    kept, fresh = held([source.id for source, _target, _quantity in moves], work), []
    of_line = {line: list(keys) for line, keys in groupby(sorted(kept), key=lambda key: key[0])}
    for source, target, quantity in moves:
        for key in of_line.get(source.id, ()):
            row = kept[key]
            taken = min(row.quantity, quantity)
            if taken <= 0:
                continue
            quantity -= taken
            fresh.append({"customer_id": row.customer_id, "order_line_id": target.id, "product_id": row.product_id,
                          "warehouse_id": row.warehouse_id, "quantity": taken,
                          "reserved_at": row.reserved_at})  # fmt: skip
            take(kept, key, taken, work)
    work.session.flush()
    if fresh:
        work.session.execute(insert(Reservation).returning(Reservation.id), fresh)
