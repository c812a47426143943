"""How satisfied customers are: one rating per order and source, said after receipt (TKT-04, TKT-05, X-37)."""

from datetime import timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import func, select
from wtforms import Form, SelectField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import facts, settings
from app.core.errors import BusinessError, Conflict, Forbidden, NotFound
from app.core.scope import narrow
from models.orders import Order
from models.ratings import Rating

TENTH = Decimal("0.1")  # averages are told that exactly
LONGEST = 2000  # letters of a comment
WORDS = {
    5: _l("Very satisfied"),
    4: _l("Satisfied"),
    3: _lp("rating", "Neutral"),
    2: _l("Dissatisfied"),
    1: _l("Very dissatisfied"),
}
SOURCES = {"customer": _lp("rating", "The customer"), "handler": _lp("rating", "Our team")}
settings.setting(
    "RATING_CHANGE_DAYS", int, 14, _l("Days in which a rating can still be changed"), ("customer", "branch", "system")
)
settings.setting(
    "RATING_LOW", int, 2, _l("Ratings of up to so many stars are told to those responsible"), ("branch", "system")
)


@narrow(Rating)
def visible_to(actor):
    """A customer finds what he said himself; what we note of his satisfaction is ours (X-37)."""
    return Rating.source == "customer"


def choices():
    """The stars for a select field, nothing chosen first."""
    return [("", "–"), *((str(stars), f"{drawn(stars)} {word}") for stars, word in WORDS.items())]


def drawn(stars):
    """Stars as they are drawn: "★★★★☆"."""
    return "★" * stars + "☆" * (5 - stars)


class RatingForm(Form):
    """A rating given on the way, with a step; none is fine too."""

    stars = SelectField(_l("Rating"), choices=choices, validators=[Optional()], default="")
    comment = TextAreaField(_l("Comment"), [Optional(), Length(max=LONGEST)])


def source_of(actor):
    """In whose name an actor rates."""
    return "handler" if actor.inside else "customer"


# --- what can be rated -------------------------------------------------------------------------


def check_rateable(order):
    """Refuse a rating before the customer has what he ordered.

    :raises BusinessError: 'not_received'
    """
    if order.state != "completed" and order.received_at is None:
        text = _l("An order can be rated once it has been received or completed.")
        raise BusinessError("not_received", text)


def of_order(order, work):
    """{source: rating} of an order, as far as the actor may see them."""
    found = work.session.scalars(select(Rating).filter_by(order_id=order.id))
    return {one.source: one for one in found}


def can_rate(order, found, work):
    """Whether the actor's side has still to rate an order it may rate now.

    :param found: the order's ratings, as `of_order` gives them
    """
    over = order.state == "completed" or order.received_at is not None
    return over and work.actor.may("rating.write") and source_of(work.actor) not in found


# --- rating ------------------------------------------------------------------------------------


def rate(order, stars, comment, work):
    """Give the rating of the actor's side: the customer's own, or what we note of his satisfaction.

    :param stars: 1 very dissatisfied to 5 very satisfied
    :raises BusinessError: 'not_received', 'bad_stars', 'comment_too_long'; Conflict: 'already_rated';
        NotFound: the order has been deleted
    """
    order = _locked(order.id, work)
    check_rateable(order)
    return add(order, stars, comment, work)


def add(order, stars, comment, work):
    """As `rate`, for a step that has locked the order and makes it rateable itself."""
    stars, comment = _checked(stars, comment)
    source = source_of(work.actor)
    if source in of_order(order, work):
        raise Conflict("already_rated", _l("This order has been rated already. Change the rating instead."))
    made = Rating(customer_id=order.customer_id, branch_id=order.branch_id, order_id=order.id, source=source,
                  stars=stars, comment=comment)  # fmt: skip
    _note(order, made, work)
    work.session.add(made)
    work.session.flush()
    facts.publish(work, "rating.give", "rating", made, stars=stars, source=source)
    return made


def change(rating, stars, comment, work):
    """Change a rating of one's own side while that is open; the history keeps what it was.

    :raises BusinessError: 'rating_closed', 'bad_stars', 'comment_too_long'; Forbidden: it is the other side's;
        NotFound: its order has been deleted
    """
    order = _locked(rating.order_id, work)
    work.session.refresh(rating)
    check_own(rating, work)
    check_open(rating, work)
    before = rating.stars
    rating.stars, rating.comment = _checked(stars, comment)
    _note(order, rating, work)
    work.session.flush()
    if rating.stars != before:
        facts.publish(work, "rating.change", "rating", rating, stars=rating.stars, source=rating.source)
    return rating


def check_own(rating, work):
    """Nobody changes what the other side said.

    :raises Forbidden: 'not_yours'
    """
    if rating.source != source_of(work.actor):
        raise Forbidden("not_yours", _l("Only who gave a rating can change it."))


def check_open(rating, work):
    """Refuse a change after the days the setting allows.

    :raises BusinessError: 'rating_closed'
    """
    if work.now > open_until(rating, work):
        raise BusinessError("rating_closed", _l("This rating can no longer be changed."))


def open_until(rating, work):
    """Until when a rating can be changed."""
    days = settings.get("RATING_CHANGE_DAYS", work, customer=rating.customer_id, branch=rating.branch_id)
    return rating.created_at + timedelta(days=days)


def can_change(rating, work):
    """Whether the actor may change a rating now."""
    own = rating.source == source_of(work.actor) and work.actor.may("rating.write")
    return own and work.now <= open_until(rating, work)


def given(order, stars, comment, work):
    """Keep the rating that came with a step of the order, where one did.

    :raises BusinessError: as `rate`, and 'stars_missing' for a comment alone
    """
    if stars:
        add(order, stars, comment, work)
    elif (comment or "").strip():
        raise BusinessError("stars_missing", _l("Choose one to five stars for your comment."), field="stars")


def _locked(order_id, work):
    """The order, so that two who rate at once are seen one after the other."""
    wanted = select(Order).where(Order.id == order_id).with_for_update(of=Order)
    found = work.session.scalars(wanted.execution_options(populate_existing=True)).unique().one_or_none()
    if found is None:
        raise NotFound("not_found", _l("There is no such record."))
    return found


def _checked(stars, comment):
    if isinstance(stars, str) and stars.strip().isdecimal() and len(stars.strip()) < 3:
        stars = int(stars)
    if not isinstance(stars, int) or isinstance(stars, bool) or stars not in WORDS:
        raise BusinessError("bad_stars", _l("Choose one to five stars."), field="stars")
    comment = (comment or "").strip()
    if len(comment) > LONGEST:
        text = _l("A comment has at most %(most)s characters.", most=LONGEST)
        raise BusinessError("comment_too_long", text, field="comment")
    return stars, comment


def _note(order, rating, work):
    """Keep the stars on the order, for lists: the customer's word goes before ours."""
    if rating.source == "customer" or "customer" not in of_order(order, work):
        order.rating = rating.stars


# --- sums --------------------------------------------------------------------------------------


def average(customer_id, work):
    """The average of the rated orders of a customer and their number: (Decimal or None, count)."""
    wanted = select(func.avg(Order.rating), func.count(Order.rating)).where(
        Order.customer_id == customer_id, Order.rating.is_not(None)
    )
    return work.session.execute(wanted).one()


def is_low(rating, work):
    """Whether a rating is one that those responsible have to hear of."""
    return rating.stars <= settings.get("RATING_LOW", work, branch=rating.branch_id)
