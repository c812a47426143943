"""Stock: goods move, goods are kept back for orders, and nothing is promised twice.

A level is the running sum of its movements and reservations and changes under its row lock only; levels are
locked in the order of product and warehouse, so that two orders never wait for each other in a circle.
Levels and movements are the house's own: call from a step that runs `as_house`, or inside `scope.lifted`.
Quantities are in the product's base unit. A service has no stock.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import and_, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.core import kept
from app.core.errors import BusinessError
from app.core.money import exact_decimal
from app.rules import masters, reservations
from app.rules.products import check_digits
from models.base import HOUSE_BRANCH
from models.orders import Reservation
from models.products import Product
from models.stock import StockLevel, StockMovement, Warehouse

KINDS = {
    "opening": _l("Opening stock"),
    "receipt": _lp("stock movement", "Receipt"),
    "shipment": _lp("stock movement", "Shipment"),
    "return": _lp("stock movement", "Return"),
    "adjustment": _l("Stock adjustment"),
    "transfer": _lp("stock movement", "Transfer"),
}


@dataclass(frozen=True)
class Low:
    """A product of which less is free than we want to keep (STK-04)."""

    product: Any
    free: Decimal
    threshold: Decimal


# --- movements ---------------------------------------------------------------------------------


def move(product, warehouse, quantity, kind, work, noun="", record_id=None, reason=""):
    """Book goods in or out.

    :param quantity: negative goes out
    :param kind: one of KINDS
    :param noun: with `record_id` the source document
    :returns: the movement
    :raises BusinessError: 'out_of_stock', 'service_has_no_stock', 'uneven_quantity', 'quantity_zero'
    """
    (made,) = move_all([(product, quantity)], warehouse, kind, work, noun, record_id, reason)
    return made


def move_all(rows, warehouse, kind, work, noun="", record_id=None, reason=""):
    """Book many products in or out of a warehouse at once: [(product, quantity)]; all or nothing."""
    if kind not in KINDS:
        raise ValueError(f"no such kind of movement: {kind}")
    for product, quantity in rows:
        _check(product, quantity)
    products = {(product.id, warehouse.id): product for product, _quantity in rows}
    levels = _levels(products, work)
    for product, quantity in rows:
        levels[product.id, warehouse.id].on_hand += quantity
    _refuse_short(products, levels, {(product.id, warehouse.id) for product, quantity in rows if quantity < 0})
    source = {"kind": kind, "noun": noun, "record_id": record_id, "reason": reason}
    return _book([(product, warehouse.id, quantity) for product, quantity in rows], work, **source)


def adjust(product, warehouse, counted, work, reason=""):
    """Say how much was counted; the difference is booked (STK-03).

    :returns: the movement, or None where the count agrees
    :raises BusinessError: 'out_of_stock' when less was counted than is promised to orders
    """
    exact_decimal(counted, "A quantity")
    if counted < 0:
        raise BusinessError("figure_negative", _l("This figure cannot be negative."), field="counted")
    key = (product.id, warehouse.id)
    difference = counted - _levels({key: product}, work)[key].on_hand
    return move(product, warehouse, difference, "adjustment", work, reason=reason) if difference else None


def transfer(product, source, target, quantity, work, reason=""):
    """Move goods from one warehouse to another: what leaves here arrives there.

    :returns: both movements
    :raises BusinessError: 'same_warehouse', 'quantity_not_positive', 'out_of_stock'
    """
    if source.id == target.id:
        raise BusinessError("same_warehouse", _l("Choose two different warehouses."), field="to")
    if quantity <= 0:
        raise BusinessError("quantity_not_positive", _l("Enter a figure greater than zero."), field="quantity")
    _check(product, quantity)
    # both at once: two transfers in opposite directions would wait for each other
    keys = (product.id, source.id), (product.id, target.id)
    levels = _levels(dict.fromkeys(keys, product), work)
    levels[keys[0]].on_hand -= quantity
    levels[keys[1]].on_hand += quantity
    _refuse_short(dict.fromkeys(keys, product), levels, {keys[0]})
    rows = [(product, source.id, -quantity), (product, target.id, quantity)]
    return _book(rows, work, kind="transfer", reason=reason)


def check_warehouse(warehouse, work):
    """What a warehouse must be before it is saved; the orders of a branch draw on one default warehouse.

    :raises BusinessError: 'code_missing', 'name_missing'
    """
    needed = {"code": ("code_missing", _l("Give a code.")), "name": ("name_missing", _l("Give a name."))}
    for name, (code, text) in needed.items():
        setattr(warehouse, name, (getattr(warehouse, name) or "").strip())
        if not getattr(warehouse, name):
            raise BusinessError(code, text, field=name)
    if warehouse.default:
        with work.session.no_autoflush:
            branch = masters.related(warehouse, "branch", work)
            others = select(Warehouse).where(Warehouse.branch_id == branch.id, Warehouse.default)
            for other in work.session.scalars(others):
                other.default = other is warehouse


def remove_warehouse(warehouse, work):
    """Delete a warehouse in which nothing ever lay; archive any other (X-44)."""
    return masters.remove(warehouse, work)


def _check(product, quantity):
    exact_decimal(quantity, "A quantity")
    if product.service:
        text = _l("%(sku)s is a service and has no stock.", sku=product.sku)
        raise BusinessError("service_has_no_stock", text, sku=product.sku)
    if not quantity:
        raise BusinessError("quantity_zero", _l("Enter a quantity other than zero."), field="quantity")
    check_digits(quantity, product.unit, "quantity")


def _book(rows, work, **source):
    made = [
        StockMovement(product_id=product.id, warehouse_id=warehouse, quantity=quantity, moved_at=work.now, **source)
        for product, warehouse, quantity in rows
    ]  # fmt: skip
    work.session.add_all(made)
    work.session.flush()
    return made


# --- levels under lock -------------------------------------------------------------------------


def _levels(products, work):
    """Levels locked and freshly read; those that are missing begin at nothing.

    :param products: {(product id, warehouse id): product}
    """
    work.session.flush()
    levels = _lock(products, work)
    missing = sorted(products.keys() - levels.keys())
    if missing:
        rows = [{"product_id": product, "warehouse_id": warehouse, "backorder": False}
                for product, warehouse in missing]  # fmt: skip
        work.session.execute(insert(StockLevel).on_conflict_do_nothing(), rows)
        levels |= _lock(missing, work)
    return levels


def _lock(keys, work):
    rows = work.session.scalars(
        select(StockLevel)
        .where(tuple_(StockLevel.product_id, StockLevel.warehouse_id).in_(sorted(keys)))
        .order_by(StockLevel.product_id, StockLevel.warehouse_id)
        .with_for_update(of=StockLevel)
        .execution_options(populate_existing=True)
    )
    return {(row.product_id, row.warehouse_id): row for row in rows}


def _refuse_short(products, levels, taken):
    """Refuse where less is left than is promised; the levels remember what the products allow.

    :param taken: keys of the levels from which something was taken
    :raises BusinessError: 'out_of_stock' naming the item codes
    """
    short = sorted({products[key].sku for key in taken
                    if levels[key].free < 0 and not products[key].backorder})  # fmt: skip
    if short:
        text = _l("There is not enough stock of %(skus)s.", skus=", ".join(short))
        raise BusinessError("out_of_stock", text, skus=short)
    for key, level in levels.items():
        level.backorder = bool(products[key].backorder or level.free < 0)


# --- promises ----------------------------------------------------------------------------------


def available(product_ids, work, warehouse=None, branch_id=HOUSE_BRANCH):
    """How much of each product can still be promised, in one statement.

    :param warehouse: None for the one that the orders of the branch draw on
    :returns: {product id: quantity, or None for a service, which has no stock}; a product that allows
        back-orders may be promised beyond it
    """
    place = select(Warehouse.id).where(Warehouse.archived_at.is_(None), Warehouse.default)
    nearest = place.order_by(Warehouse.branch_id != branch_id, Warehouse.branch_id, Warehouse.id)
    place = nearest.limit(1).scalar_subquery()
    at = and_(StockLevel.product_id == Product.id,
              StockLevel.warehouse_id == (place if warehouse is None else warehouse.id))  # fmt: skip
    free = func.coalesce(StockLevel.on_hand - StockLevel.reserved, Decimal(0))
    statement = select(Product.id, Product.service, free).outerjoin(StockLevel, at)
    rows = work.session.execute(statement.where(masters.among(Product.id, product_ids)))
    return {product: None if service else left for product, service, left in rows}


def warehouse_of(order_line, work):
    """The id of the warehouse a line draws on: its own, else the default one of the order's branch."""
    if order_line.warehouse_id is not None:
        return order_line.warehouse_id
    return default_warehouse(work, order_line.order.branch_id)


def _default_warehouses(work):
    statement = select(Warehouse.branch_id, Warehouse.id).where(Warehouse.archived_at.is_(None), Warehouse.default)
    rows = work.session.execute(statement.order_by(Warehouse.branch_id.desc(), Warehouse.id.desc()))
    return dict(rows.all())


def default_warehouse(work, branch_id=HOUSE_BRANCH):
    """The id of the warehouse that the orders of a branch draw on, else the first default one.

    :raises BusinessError: 'no_warehouse'
    """
    found = kept.get(work, "default warehouses", _default_warehouses)
    if not found:
        raise BusinessError("no_warehouse", _l("No warehouse is marked as the default one."))
    return found.get(branch_id, found[min(found)])


def reserve(lines, work):
    """Keep goods back for order lines, all of them or none.

    :param lines: [(order line, product, quantity)]; a line that has a reservation gets more
    :raises BusinessError: 'out_of_stock' naming the item codes
    """
    wanted = [(line, product, warehouse_of(line, work), quantity) for line, product, quantity in lines
              if not product.service and quantity > 0]  # fmt: skip
    if not wanted:
        return
    products = {(product.id, warehouse): product for _line, product, warehouse, _quantity in wanted}
    levels = _levels(products, work)
    for _line, product, warehouse, quantity in wanted:
        levels[product.id, warehouse].reserved += exact_decimal(quantity, "A quantity")
    _refuse_short(products, levels, products.keys())
    work.session.flush()
    statement = insert(Reservation)
    more = {"quantity": Reservation.quantity + statement.excluded.quantity}
    rows = [{"customer_id": line.customer_id, "order_line_id": line.id, "product_id": product.id,
             "warehouse_id": warehouse, "quantity": quantity, "reserved_at": work.now}
            for line, product, warehouse, quantity in wanted]  # fmt: skip
    statement = statement.on_conflict_do_update(index_elements=["order_line_id", "warehouse_id"], set_=more)
    work.session.execute(statement.returning(Reservation.id), rows)  # what returns something is sent for all at once


def release(order_line_ids, work):
    """Give back what is kept for order lines. Safe to run twice."""
    ids = list(order_line_ids)
    held = Reservation.order_line_id.in_(ids)
    places = select(Reservation.product_id, Reservation.warehouse_id).where(held).distinct()
    keys = set(work.session.execute(places).all())
    if not keys:
        return
    work.session.flush()
    levels = _lock(keys, work)
    gone = delete(Reservation).where(held).returning(
        Reservation.product_id, Reservation.warehouse_id, Reservation.quantity
    )  # fmt: skip
    rows = work.session.execute(gone, execution_options={"synchronize_session": False}).all()
    for product, warehouse, quantity in rows:
        levels[product, warehouse].reserved -= quantity
    work.session.flush()


def consume(lines, work, noun="shipment", record_id=None):
    """Ship goods: what was kept back for the lines goes out; what was not is taken from free stock.

    :param lines: [(order line, product, quantity)]
    :returns: the movements
    :raises BusinessError: 'out_of_stock' naming the item codes
    """
    work.session.flush()
    going = [(line, product, warehouse_of(line, work), quantity) for line, product, quantity in lines
             if not product.service and quantity > 0]  # fmt: skip
    if not going:
        return []
    products = {(product.id, warehouse): product for _line, product, warehouse, _quantity in going}
    levels = _levels(products, work)
    held = reservations.held([line.id for line, *_rest in going], work)
    for line, product, warehouse, quantity in going:
        check_digits(exact_decimal(quantity, "A quantity"), product.unit, "quantity")
        kept = min(held[line.id, warehouse].quantity, quantity) if (line.id, warehouse) in held else Decimal(0)
        levels[product.id, warehouse].on_hand -= quantity
        levels[product.id, warehouse].reserved -= kept
        reservations.take(held, (line.id, warehouse), kept, work)
    _refuse_short(products, levels, products.keys())
    rows = [(product, warehouse, -quantity) for _line, product, warehouse, quantity in going]
    return _book(rows, work, kind="shipment", noun=noun, record_id=record_id)


def take_back(noun, record_id, work):
    """Book in again what left the stock for a record: it was not delivered after all. Safe to run twice."""
    place = StockMovement.product_id, StockMovement.warehouse_id
    booked = select(*place, func.sum(StockMovement.quantity))
    booked = booked.where(StockMovement.noun == noun, StockMovement.record_id == record_id)
    gone = {(product, warehouse): -quantity for product, warehouse, quantity
            in work.session.execute(booked.group_by(*place)) if quantity}  # fmt: skip
    if not gone:
        return
    ids = {product for product, _warehouse in gone}
    known = {one.id: one for one in work.session.scalars(select(Product).where(Product.id.in_(ids)))}
    products = {key: known[key[0]] for key in gone}
    levels = _levels(products, work)
    for key, quantity in gone.items():
        levels[key].on_hand += quantity
    _refuse_short(products, levels, set())
    rows = [(products[key], key[1], quantity) for key, quantity in gone.items()]
    _book(rows, work, kind="return", noun=noun, record_id=record_id)


# --- watching ----------------------------------------------------------------------------------


def threshold_warnings(work):
    """Products of which less is free, in all warehouses together, than their threshold (STK-04)."""
    free = func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved), Decimal(0))
    statement = (
        select(Product, free)
        .outerjoin(StockLevel, StockLevel.product_id == Product.id)
        .where(Product.stock_threshold.is_not(None), Product.archived_at.is_(None), ~Product.service)
        .group_by(Product.id)
        .having(free < Product.stock_threshold)
        .order_by(Product.sku)
    )
    return [Low(product, left, product.stock_threshold) for product, left in work.session.execute(statement)]


def check(work):
    """Prove that every level is the sum of its movements and of its reservations.

    :returns: a sentence for each that is not
    """
    moved = _sums(StockMovement, work)
    promised = _sums(Reservation, work)
    columns = (StockLevel.product_id, StockLevel.warehouse_id, StockLevel.on_hand, StockLevel.reserved)
    levels: dict[Any, Any] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for product, warehouse, on_hand, reserved in work.session.execute(select(*columns)):
        levels[product, warehouse] = (on_hand, reserved)
    problems = []
    for product, warehouse in sorted(levels.keys() | moved.keys() | promised.keys()):
        on_hand, reserved = levels[product, warehouse]
        names = {"product": product, "warehouse": warehouse}
        if on_hand != moved.get((product, warehouse), 0):
            text = _l("Stock of product %(product)s in warehouse %(warehouse)s differs from its movements.", **names)
            problems.append(text)
        if reserved != promised.get((product, warehouse), 0):
            text = _l("Stock of product %(product)s in warehouse %(warehouse)s differs from its reservations.", **names)
            problems.append(text)
    return problems


def _sums(model, work):
    statement = select(model.product_id, model.warehouse_id, func.sum(model.quantity))
    rows = work.session.execute(statement.group_by(model.product_id, model.warehouse_id))
    return {(product, warehouse): total for product, warehouse, total in rows}
