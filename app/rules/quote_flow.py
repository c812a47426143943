"""The states of a quote, what its steps ask for, and what must hold before one is taken."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import settings
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.needed import Needed
from app.rules import order_terms, rows
from app.rules import quote_revisions as revisions
from models.quotes import Quote

FLOW = Flow(
    Quote,
    "quote",
    states={
        "draft": _lp("quote", "Draft"),
        "requested": _lp("quote", "Requested"),
        "priced": _lp("quote", "Priced"),
        "offered": _lp("quote", "Sent"),
        "accepted": _lp("quote", "Accepted"),
        "rejected": _lp("quote", "Declined"),
        "expired": _lp("quote", "Expired"),
        "cancelled": _lp("quote", "Cancelled"),
    },
    final=("accepted", "cancelled"),
)
OPEN = ("requested", "priced", "offered")  # somebody has still to act
settings.setting(
    "QUOTE_REVIEW", bool, False, _l("Somebody else reviews a quote before it is published"), ("branch", "system")
)


class AcceptForm(Form):
    """Which lines: the whole offer, or ids of lines."""

    lines = rows.RowsField(rows.identity)


class DeclineForm(Form):
    """Why: told to us."""

    reason = TextAreaField(_l("Reason"), [Optional(), Length(max=2000)])


class ReasonForm(Form):
    """Why: kept in the history."""

    reason = TextAreaField(_l("Reason"), [Needed(_l("Give a reason.")), Length(max=2000)])


class CounterForm(Form):
    """What the customer proposes instead: in words, or line by line."""

    comment = TextAreaField(_l("What do you propose?"), [Optional(), Length(max=2000)])
    lines = rows.RowsField(rows.proposal)


class ConvertForm(Form):
    """The customer's own order number; and the order's, which most houses take from their series (X-16)."""

    reference = StringField(_l("Your order number"), [Optional(), Length(max=80)])
    number = order_terms.NumberField()


# --- whose turn it is ---------------------------------------------------------------------------


def counter_offers():
    """The criterion of offers the customer has answered with one of his own."""
    return (Quote.state == "offered") & Quote.countered_at.is_not(None)


def our_turn():
    """The criterion of quotes that wait for us: to be priced, to be published, to be answered."""
    return Quote.state.in_(("requested", "priced")) | counter_offers()


# --- guards ------------------------------------------------------------------------------------


def ours(quote, work):
    """Our side of a quote is ours, whatever role somebody outside was given."""
    if not work.actor.inside:
        raise BusinessError("staff_step", _l("This step is taken by our team."))


def has_lines(quote, work):
    """A request says what it is about."""
    if not revisions.lines(quote, 0):
        raise BusinessError("no_lines", _l("This document needs at least one line."))


def sent(quote, work):
    """What a customer is still writing is not ours to price."""
    if quote.state == "draft" and quote.origin == "customer":
        raise BusinessError("not_sent", _l("The customer has not sent this request yet."))


def ready(quote, work):
    """There is a revision whose lines all have a price, and it is valid today."""
    found = revisions.working(quote)
    lines = revisions.lines(quote, found.revision) if found else ()
    if not lines and quote.state == "offered":
        raise BusinessError("not_revised", _l("Revise the offer first."))
    if not lines:
        raise BusinessError("not_priced", _l("Give the prices first."))
    for line in lines:
        if line.unit_price is None:
            text = _l("Line %(line)s has no price.", line=line.position)
            raise BusinessError("no_price", text, line=line.position)
    if found.valid_until is None or found.valid_until < revisions.today(quote, work):
        raise BusinessError("bad_validity", _l("Say until when the offer is valid: today or later."))


def not_own(quote, work):
    """Nobody reviews his own prices (QUO-08)."""
    found = revisions.working(quote)
    if found and work.actor.user_id is not None and found.priced_by == work.actor.user_id:
        raise BusinessError("own_decision", _l("You gave these prices. Somebody else must review them."))


def not_reviewed(quote, work):
    """One review is enough."""
    found = revisions.working(quote)
    if found and found.reviewed_at is not None:
        raise BusinessError("already_reviewed", _l("This offer has been reviewed already."))


def reviewed(quote, work):
    """Somebody else has looked at the prices, where the setting asks for it."""
    found = revisions.working(quote)
    if must_review(quote, work) and (found is None or found.reviewed_at is None):
        raise BusinessError("review_missing", _l("Somebody else must review this offer before it is published."))


def must_review(quote, work):
    """Whether quotes of this branch are reviewed."""
    return settings.get("QUOTE_REVIEW", work, branch=quote.branch_id)


def still_valid(quote, work):
    """An offer holds until the end of its last day at the branch."""
    if quote.valid_until is not None and quote.valid_until < revisions.today(quote, work):
        raise BusinessError("expired", _l("This offer is no longer valid."))


def is_over(quote, work):
    """Its last day has passed at its branch."""
    if quote.valid_until is None or quote.valid_until >= revisions.today(quote, work):
        raise BusinessError("not_over", _l("This offer is still valid."))


def countered(quote, work):
    """The customer has answered the offer with another one."""
    if quote.countered_at is None:
        raise BusinessError("no_counter", _l("There is no counter-offer."))


def no_review_asked(quote, work):
    """What must be reviewed goes through a revision."""
    if must_review(quote, work):
        raise BusinessError("review_missing", _l("Revise the offer, so that somebody else can review it."))


def not_revised(quote, work):
    """One revision at a time."""
    if revisions.working(quote) is not None:
        raise BusinessError("revision_open", _l("A revision is being worked out already."))


def customers_before_offer(quote, work):
    """A customer takes back a request; an offer he declines."""
    if not work.actor.inside and quote.state == "offered":
        raise BusinessError("offered", _l("Decline the offer instead."))
