"""The state of a quote set by hand: what binds was offered, and what was ordered stays (X-40)."""

import pytest

from app.rules import quote_revisions as revisions
from app.rules import quotes
from models.orders import Order
from models.quotes import Quote
from tests import makers
from tests.expect import refused
from tests.quotes.test_quotes import setting

FLOW = quotes.FLOW


@pytest.fixture
def quote(work):
    """An offer of 2 pieces at 10."""
    return makers.make_quote(work, makers.make_customer(work))


def test_an_offer_accepted_by_hand_is_one_that_was_accepted(quote, work):
    FLOW.override(quote, "accepted", "by telephone")
    assert (quote.state, quote.answered_at, quote.total_net) == ("accepted", work.now, 20)
    order = FLOW.run_one("convert", quote)
    assert order.total_net == 20
    with refused("already_converted"):
        FLOW.override(quote, "offered", "x")


def test_it_makes_its_order_where_acceptance_does(quote, work):
    setting(work, "ORDER_ON_QUOTE_ACCEPT", True)
    FLOW.override(quote, "accepted", "by telephone")
    assert quote.converted_at == work.now and work.session.query(Order).count() == 1


def test_what_was_never_offered_does_not_bind(work):
    draft = makers.make_quote(work, makers.make_customer(work), offered=False)
    for state in ("offered", "accepted"):
        with refused("not_priced"):
            FLOW.override(draft, state, "x")
    FLOW.override(draft, "priced", "x")
    assert draft.number


def test_an_ended_quote_is_worked_out_again_and_an_open_revision_ends_with_it(quote, work):
    FLOW.override(quote, "rejected", "x")
    assert quote.answered_at == work.now
    FLOW.override(quote, "requested", "x")
    assert quote.answered_at is None and revisions.working(quote).revision == 2
    FLOW.override(quote, "expired", "x")
    assert revisions.working(work.session.get(Quote, quote.id)) is None


@pytest.mark.parametrize("state", ["offered", "rejected", "expired"])
def test_an_offer_of_which_a_part_was_taken_is_the_whole_offer_again(work, state):
    one, other = makers.make_product(work), makers.make_product(work)
    quote = makers.make_quote(work, makers.make_customer(work), (one, 1, 10), (other, 1, 20))
    FLOW.run_one("accept", quote, lines=[quote.lines[0].id])
    assert quote.total_net == 10
    FLOW.override(quote, state, "pressed by mistake")
    assert (quote.total_net, [line.counts for line in quote.lines]) == (30, [True, True])
