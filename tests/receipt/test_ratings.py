"""Receipt and ratings as rules: each side rates once, after receipt, and may think again for some days."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from app.core.errors import BusinessError
from app.core.history import History
from app.core.settings import SettingValue
from app.core.work import Actor
from app.jobs.runner import run_pending
from app.rules import orders, ratings
from models.orders import Order
from models.ratings import Rating
from tests import makers
from tests.conftest import NOW

FLOW = orders.FLOW
STAFF = Actor("clerk", kind="staff", may=lambda permission: True)


def buyer(customer_id):
    may = {"order.receive", "order.read", "rating.read", "rating.write"}
    return Actor("buyer", kind="external", customers=frozenset({customer_id}), may=may.__contains__)


@pytest.fixture
def order(open_work):
    """A released order: its id and its customer's."""
    with open_work() as work:
        customer = makers.make_customer(work)
        made = makers.make_order(work, customer, (makers.make_product(work, price="2", stock_of=9), 4, 2))
        for verb in ("submit", "approve", "release"):
            FLOW.run_one(verb, made)
        return made.id, customer.id


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


def worker(engine):
    run_pending(sessionmaker(engine))


def test_the_order_is_completed_by_itself_once_receipt_is_confirmed(open_work, engine, order):
    pk, customer = order
    with open_work(buyer(customer)) as work:
        FLOW.run_one("receive", pk, stars="4", comment=" Fine. ")
        assert work.session.get(Order, pk).state == "released", "only we complete"
    worker(engine)
    with open_work() as work:
        found = work.session.get(Order, pk)
        assert (found.state, found.received_at, found.rating) == ("completed", NOW, 4)
        assert [line.quantity_shipped for line in found.lines] == [Decimal(4)], "what was kept back has left the stock"
        rating = work.session.scalars(select(Rating)).one()
        assert (rating.source, rating.stars, rating.comment) == ("customer", 4, "Fine.")
        done = work.session.scalars(select(History.action).filter_by(noun="order", record_id=pk).order_by(History.id))
        assert list(done)[-2:] == ["order.receive", "order.complete"]


def test_receipt_is_confirmed_once_and_only_of_a_released_order(open_work, engine, order):
    pk, customer = order
    with open_work(buyer(customer)):
        FLOW.run_one("receive", pk)
        refused("received", FLOW.run_one, "receive", pk)
    worker(engine)
    with open_work(buyer(customer)):
        refused("wrong_state", FLOW.run_one, "receive", pk)


def test_receipt_that_says_something_wrong_changes_nothing(open_work, order):
    pk, customer = order
    with open_work(buyer(customer)) as work:
        refused("bad_stars", FLOW.run_one, "receive", pk, stars="6")
        refused("stars_missing", FLOW.run_one, "receive", pk, comment="Nice")
        refused("comment_too_long", FLOW.run_one, "receive", pk, stars="3", comment="x" * 2001)
        assert work.session.get(Order, pk).received_at is None
        assert work.session.scalars(select(Rating)).all() == []


def test_nobody_else_confirms_receipt(open_work, order):
    pk, _customer = order
    with open_work() as work:
        stranger = makers.make_customer(work).id
    with open_work(buyer(stranger)):
        refused("not_found", FLOW.run_one, "receive", pk)


def test_the_handler_notes_satisfaction_with_the_completion(open_work, order):
    pk, customer = order
    with open_work(STAFF) as work:
        FLOW.run_one("complete", pk, stars="3")
        assert work.session.get(Order, pk).rating == 3
    with open_work(buyer(customer)) as work:
        assert ratings.of_order(work.session.get(Order, pk), work) == {}, "what we note is ours"
        assert work.session.scalars(select(Rating)).all() == []
        mine = ratings.rate(work.session.get(Order, pk), 5, "", work)
        assert mine.source == "customer"
    with open_work(STAFF) as work:
        row = work.session.get(Order, pk)
        assert row.rating == 5, "the customer's own word goes before ours"
        noted = ratings.of_order(row, work)["handler"]
        ratings.change(noted, 1, "", work)
        assert row.rating == 5
        refused("not_yours", ratings.change, ratings.of_order(row, work)["customer"], 1, "", work)


def test_an_order_is_rated_after_receipt_and_once_by_each_side(open_work, order):
    pk, customer = order
    with open_work(buyer(customer)) as work:
        row = work.session.get(Order, pk)
        refused("not_received", ratings.rate, row, 5, "", work)
        assert not ratings.can_rate(row, ratings.of_order(row, work), work)
    with open_work(STAFF):
        FLOW.run_one("complete", pk)
    with open_work(buyer(customer)) as work:
        row = work.session.get(Order, pk)
        assert ratings.can_rate(row, ratings.of_order(row, work), work)
        ratings.rate(row, 5, "", work)
        refused("already_rated", ratings.rate, row, 1, "", work)
        assert not ratings.can_rate(row, ratings.of_order(row, work), work)
    with open_work(STAFF) as work:
        row = work.session.get(Order, pk)
        ratings.rate(row, 4, "", work)
        refused("already_rated", ratings.rate, row, 1, "", work)


@pytest.mark.parametrize("stars", [0, 6, -1, True, None, "", "five", "²", [], {}, 4.0])
def test_stars_are_one_to_five(open_work, order, stars):
    pk, _customer = order
    with open_work(STAFF) as work:
        FLOW.run_one("complete", pk)
        refused("bad_stars", ratings.rate, work.session.get(Order, pk), stars, "", work)


def test_a_rating_is_changed_for_some_days_and_the_history_keeps_both(open_work, order):
    pk, customer = order
    with open_work(STAFF):
        FLOW.run_one("complete", pk)
    with open_work(buyer(customer)) as work:
        identity = ratings.rate(work.session.get(Order, pk), 2, "Late", work).id
    with open_work(replace(buyer(customer), name="colleague"), now=NOW + timedelta(days=14)) as work:
        ratings.change(work.session.get(Rating, identity), 4, "Late, but good", work)
    with open_work(buyer(customer), now=NOW + timedelta(days=14, seconds=1)) as work:
        refused("rating_closed", ratings.change, work.session.get(Rating, identity), 5, "", work)
    with open_work() as work:
        assert work.session.get(Order, pk).rating == 4
        found = work.session.scalars(select(History).filter_by(noun="rating", record_id=identity)).all()
        assert [(one.actor, one.changes["stars"]) for one in found] == [("buyer", [None, 2]), ("colleague", [2, 4])]


def test_the_days_are_a_setting(open_work, order):
    pk, customer = order
    with open_work() as work:
        work.session.add(SettingValue(name="RATING_CHANGE_DAYS", scope="customer", scope_id=customer, value=0))
    with open_work(buyer(customer), now=NOW) as work:
        FLOW.run_one("receive", pk, stars="2")
    with open_work(buyer(customer), now=NOW + timedelta(seconds=1)) as work:
        mine = work.session.scalars(select(Rating)).one()
        assert not ratings.can_change(mine, work)
        refused("rating_closed", ratings.change, mine, 3, "", work)


def test_the_average_counts_rated_orders_only(open_work, work):
    customer = makers.make_customer(work)
    for stars in (5, 4, None, 4):
        makers.make_order(work, customer, rating=stars)
    makers.make_order(work, makers.make_customer(work), rating=1)
    average, many = ratings.average(customer.id, work)
    assert (average.quantize(ratings.TENTH), many) == (Decimal("4.3"), 3)
