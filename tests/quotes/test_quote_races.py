"""Two at once: accept against publish, accept against revise, and one order of one quote."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from app.core.errors import BusinessError
from app.core.work import Actor, work
from app.rules import quote_entry, quotes
from app.rules import quote_revisions as revisions
from models.orders import Order, OrderLine
from models.products import Product
from models.quotes import Quote
from tests import makers


@pytest.fixture
def step(engine):
    """`step("accept", id)` in a session of its own: what became of it."""
    factory = sessionmaker(engine)

    def take(verb, identity, **data):
        with factory() as session, work(Actor.system("race"), session):
            try:
                quotes.FLOW.run_one(verb, identity, **data)
                return "done"
            except BusinessError as error:
                return error.code

    return take


def together(*calls):
    """Run the calls in threads that start at the same moment; what each gave, in order."""
    found, gate = [None] * len(calls), threading.Barrier(len(calls))

    def run(place, call):
        gate.wait()
        found[place] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def quote_of(open_work, state="offered", revised=False):
    with open_work() as one:
        quote = makers.make_quote(one, makers.make_customer(one))
        if revised:
            quotes.FLOW.run_one("revise", quote)
            for line in revisions.lines(quote, 2):
                line.unit_price = 7
        if state == "accepted":
            quotes.FLOW.run_one("accept", quote)
        return quote.id


@pytest.mark.parametrize("turn", range(3))
def test_an_offer_is_accepted_or_replaced_never_both(open_work, step, turn):
    """Whoever comes first is right: the customer accepts what he sees, or the new revision is what he sees."""
    identity = quote_of(open_work, revised=True)
    accepted, published = together(lambda: step("accept", identity), lambda: step("publish", identity))
    with open_work() as one:
        quote = one.session.get(Quote, identity)
        assert accepted == "done" and quote.state == "accepted"
        if published == "done":  # first the revision, then the answer to it
            assert quote.revision == 2
        else:
            assert (published, quote.revision) == ("wrong_state", 1) and revisions.working(quote) is None
        standing = [line for line in revisions.lines(quote, quote.revision) if line.counts]
        assert quote.total_net == sum(line.net for line in standing)


@pytest.mark.parametrize("turn", range(3))
def test_who_accepts_an_older_version_is_told(open_work, engine, turn):
    """With the version he saw, a customer never accepts a revision he has not seen."""
    identity = quote_of(open_work, revised=True)
    factory = sessionmaker(engine)
    with open_work() as one:
        seen = one.session.get(Quote, identity).version

    def accept():
        with factory() as session, work(Actor.system("race"), session):
            outcome = quotes.FLOW.run("accept", [identity], versions={identity: seen})
            return outcome.refused[0].error.code if outcome.refused else "done"

    def publish():
        with factory() as session, work(Actor.system("race"), session):
            outcome = quotes.FLOW.run("publish", [identity])
            return outcome.refused[0].error.code if outcome.refused else "done"

    assert sorted(together(accept, publish)) in (["done", "stale"], ["done", "wrong_state"])


def test_a_quote_accepted_and_revised_at_once_is_accepted(open_work, step):
    identity = quote_of(open_work)
    accepted, revised = together(lambda: step("accept", identity), lambda: step("revise", identity))
    assert accepted == "done" and revised in ("done", "wrong_state")
    with open_work() as one:
        quote = one.session.get(Quote, identity)
        assert (quote.state, quote.revision, revisions.working(quote)) == ("accepted", 1, None)


def test_a_quote_becomes_one_order_however_many_convert_it(open_work, step):
    identity = quote_of(open_work, state="accepted")
    found = together(*[lambda: step("convert", identity)] * 8)
    assert sorted(found) == ["already_converted"] * 7 + ["done"]
    with open_work() as one:
        assert one.session.scalar(select(func.count()).select_from(Order)) == 1


def test_two_quotes_in_words_that_are_converted_at_once_share_one_product(open_work, step):
    with open_work() as one:
        customer, ids = makers.make_customer(one), []
        for word in ("Engraving", "Gilding"):
            rows = [{"name": word, "quantity": Decimal(1), "unit_price": Decimal(5)}]
            quote = quote_entry.create(one, customer, lines=rows)
            quotes.FLOW.run_one("publish", quote)
            quotes.FLOW.run_one("accept", quote)
            ids.append(quote.id)
    assert together(*[lambda pk=pk: step("convert", pk) for pk in ids]) == ["done", "done"]
    with open_work() as one:
        sold = set(one.session.scalars(select(OrderLine.product_id)))
        assert sold == set(one.session.scalars(select(Product.id).where(Product.sku == "CUSTOM"))) and len(sold) == 1


def test_an_offer_is_accepted_or_declined(open_work, step):
    identity = quote_of(open_work)
    found = together(lambda: step("accept", identity), lambda: step("reject", identity))
    assert sorted(found) == ["done", "wrong_state"]
