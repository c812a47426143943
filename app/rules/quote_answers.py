"""How a quote is answered: accepted, declined, negotiated, and made an order (QUO-04, CRT-10, X-33)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext

from app.rules import quote_orders, quote_words
from app.rules import quote_revisions as revisions
from app.rules.quote_flow import (
    FLOW,
    AcceptForm,
    ConvertForm,
    CounterForm,
    DeclineForm,
    countered,
    no_review_asked,
    ours,
    still_valid,
)


@FLOW.transition(
    "accept", source={"offered"}, target="accepted", icon="fa-check", style="primary", as_house=True,
    label=_l("Accept"), told=_lp("history", "Accepted"), ask=_l("Accept the whole offer?"), form=AcceptForm,
    ask_many=lambda many, count: ngettext(
        "Accept %(count)s offer as a whole?",
        "Accept %(count)s offers as a whole?", many, count=count,
    ),
    guards=(still_valid,),
)  # fmt: skip
def accept(quote, work, lines=None):
    """Take the offer, whole or some lines of it; by setting the order is made at once (QUO-04, X-33).

    :param lines: ids of the accepted lines; None for the whole offer
    """
    revisions.choose(quote, lines, work)
    return settle(quote, work)


def settle(quote, work):
    """What acceptance means: the negotiation is over, and by setting there is an order."""
    quote.answered_at, quote.countered_at = work.now, None
    revisions.withdraw(quote, work)
    return quote_orders.at_once(quote, work)


@FLOW.transition(
    "reject", source={"offered"}, target="rejected", icon="fa-xmark", style="danger", as_house=True,
    label=_lp("quote", "Decline"), told=_lp("history", "Declined"), ask=_l("Decline the offer?"), form=DeclineForm,
    ask_many=lambda many, count: ngettext(
        "Decline %(count)s offer?",
        "Decline %(count)s offers?", many, count=count,
    ),
)  # fmt: skip
def reject(quote, work, reason=None):
    """The customer does not take the offer; we read why (QUO-04)."""
    quote.answered_at, quote.countered_at = work.now, None
    revisions.withdraw(quote, work)


@FLOW.transition(
    "counter", source={"offered"}, target=None, icon="fa-comments-dollar", label=_l("Make a counter-offer"),
    told=_lp("history", "Counter-offer made"), ask=_l("Our offer stays valid until you agree on another one."),
    ask_many=lambda many, count: ngettext(
        "Make a counter-offer for %(count)s quote? Our offer stays valid until you agree on another one.",
        "Make a counter-offer for %(count)s quotes? Our offers stay valid until you agree on others.",
        many, count=count,
    ),
    form=CounterForm, guards=(still_valid,),
)  # fmt: skip
def counter(quote, work, comment=None, lines=None):
    """Propose other quantities, prices or dates; the last offer binds until the other side agrees.

    :param lines: [{"id", "quantity"?, "unit_price"?, "requested_on"?}]
    """
    revisions.propose(quote, lines or (), comment, work)


@FLOW.transition(
    "agree", source={"offered"}, target="accepted", icon="fa-handshake", label=_l("Agree to the counter-offer"),
    told=_lp("history", "Counter-offer accepted"), ask=_l("Agree to what the customer proposes? It is binding then."),
    ask_many=lambda many, count: ngettext(
        "Agree to what the customer proposes for %(count)s quote? It is binding then.",
        "Agree to what the customers propose for %(count)s quotes? It is binding then.", many, count=count,
    ),
    guards=(ours, countered, still_valid, no_review_asked),
)  # fmt: skip
def agree(quote, work):
    """We take what the customer proposed: it becomes the last revision, accepted by both."""
    revisions.withdraw(quote, work)
    revision = revisions.open_next(quote, work)
    revision.valid_until = quote.valid_until
    revisions.publish(quote, work)
    revisions.choose(quote, None, work)
    return settle(quote, work)


@FLOW.transition(
    "convert", source={"accepted"}, target=None, icon="fa-cart-arrow-down", style="primary", as_house=True,
    label=_l("Convert to order"), told=_lp("history", "Converted to order"),
    ask=_l("Make an order of the accepted lines at the quoted prices?"), form=ConvertForm,
    ask_many=lambda many, count: ngettext(
        "Make %(count)s order of the accepted lines at the quoted prices?",
        "Make %(count)s orders of the accepted lines at the quoted prices?", many, count=count,
    ),
    guards=(quote_orders.not_converted, quote_words.orderable),
)  # fmt: skip
def convert(quote, work, reference=None, number=None):
    """Make the order of the accepted lines (CRT-10)."""
    return quote_orders.make(quote, work, reference, number)
