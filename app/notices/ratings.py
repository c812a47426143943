"""Who hears about ratings: those responsible, when a customer is not satisfied."""

from app.core import facts
from app.notices.core import link, notice
from app.notices.readers import holders, responsible, staff
from app.rules import ratings


def _order(rating, work):
    return facts.record_of(work, "order", rating.order_id)


def _responsible(rating, work):
    """Who handles the order, and who supervises the desk."""
    order = _order(rating, work)
    above = staff(holders("order.supervise", work), work, order.branch_id)
    return [*responsible(order, "order.supervise", work), *above]


@notice(("rating.give", "rating.change"), name="rating_low", to=_responsible)
def rating_low(rating, work):
    """A customer is not satisfied with an order (TKT-05)."""
    if not ratings.is_low(rating, work):
        return {}
    order = _order(rating, work)
    return {
        "number": order.number or f"#{order.id}", "customer": order.customer.name,
        "stars": ratings.drawn(rating.stars), "word": ratings.WORDS[rating.stars], "text": rating.comment,
        "link": link("orders", order.id),
    }  # fmt: skip
