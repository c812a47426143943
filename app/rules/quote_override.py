"""The state of a quote set by hand: what binds was put before the customer, and what was ordered stays (X-40)."""

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.rules import quote_answers, quotes
from app.rules import quote_revisions as revisions

FLOW = quotes.FLOW
OPEN = ("draft", "requested", "priced")  # an offer is still to be made


def follow(quote, before, after, work):
    """Let number, revision and answer of a quote follow a state set by hand.

    :raises BusinessError: 'already_converted', 'not_priced', and what making the order at once refuses
    """
    if quote.converted_at is not None and before == "accepted":
        raise BusinessError("already_converted", _l("An order was made of this quote already."))
    if after in ("offered", "accepted") and not quote.revision:
        raise BusinessError("not_priced", _l("Give the prices first."))
    if after != "draft":
        quotes.number(quote, work)
    if before == "accepted":  # what was taken of the offer is not taken any more: it is the whole offer again
        revisions.choose(quote, None, work)
    if after in ("accepted", "rejected"):
        (quote_answers.accept if after == "accepted" else quote_answers.reject)(quote, work)
        return
    quote.answered_at = None
    if after in ("expired", "cancelled"):
        revisions.withdraw(quote, work)
    elif after in OPEN and before not in OPEN:
        revisions.open_next(quote, work)


FLOW.by_hand.append(follow)
