"""The catalogue in the order of what the reader pays: found list by list along an index, flat at any size.

For one unit of a product the closest list that has it decides (`pricing`): so the products in the order of their
prices are those of the closest list, those of the next list that no closer one has, and so on. Each of these is read
along an index, as many as a page needs, and the page is the best of them.
"""

from decimal import Decimal

from sqlalchemy import exists, or_, select, tuple_, union_all
from sqlalchemy.orm import aliased

from app.rules import pricing
from models.products import Price, Product


def page(query, customer, work, *, down, edge=None, limit=25):
    """[(product id, unit price)] in the order of the price a customer pays for one, then of the id.

    :param query: products, narrowed as the reader asked; those that have no price for the customer are left out
    :param down: the dearest first
    :param edge: (price, product id) after which the page begins
    """
    ranked = pricing.lists_of(customer, customer.currency_code, work)
    parts = [_of_list(query, at, ranked, down, edge, limit) for at in range(len(ranked))]
    if not parts:
        return []
    every = union_all(*[select(one) for one in parts]).subquery()
    order = [every.c.unit_price, every.c.id]
    found = select(every.c.id, every.c.unit_price).order_by(*[one.desc() if down else one for one in order])
    return [(row.id, row.unit_price) for row in work.session.execute(found.limit(limit))]


def _of_list(query, at, ranked, down, edge, limit):
    """The first products whose price for one unit stands in a list."""
    here, key = ranked[at], (Price.unit_price, Price.product_id)
    found = query.order_by(None).join(Price, Price.product_id == Product.id)
    found = found.filter(Price.price_list_id == here.id, Price.from_quantity <= pricing.BASE, ~_beaten(here, ranked))
    if edge is not None:
        left, right = tuple_(*key), tuple_(*edge)
        found = found.filter(left < right if down else left > right)
    found = found.order_by(*[one.desc() if down else one for one in key]).limit(limit)
    return found.with_entities(Product.id.label("id"), Price.unit_price.label("unit_price")).subquery()


def _beaten(here, ranked):
    """Whether another price of the product comes before one of this list for a unit, as `pricing.choose` says."""
    other = aliased(Price)
    closer = [one.id for one in ranked if one.offer < here.offer]
    level = [one.id for one in ranked if one.offer == here.offer]
    newer = level[: level.index(here.id)]
    before = or_(
        other.price_list_id.in_(closer),
        other.price_list_id.in_(level) & (other.from_quantity > Price.from_quantity),
        other.price_list_id.in_(newer) & (other.from_quantity == Price.from_quantity),
    )
    same = other.product_id == Price.product_id, other.deleted_at.is_(None), other.from_quantity <= pricing.BASE
    return exists().where(*same, before)


def unmark(cursor):
    """(price, id) of a mark in an address.

    :raises ValueError: it is none of ours
    """
    value, dot, identity = cursor.partition("~")
    if not dot or not identity.isdecimal() or len(identity) > 18:
        raise ValueError(cursor)
    price = Decimal(value) if value.replace(".", "", 1).isdecimal() and len(value) < 30 else None
    if price is None:
        raise ValueError(cursor)
    return price, int(identity)


def mark(pair):
    """Where a product stands in the order of prices, as it travels in an address."""
    return f"{pair[1]:f}~{pair[0]}"
