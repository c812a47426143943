"""Many at once: one approval, no piece promised twice, one order for one key."""

import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from app.core import facts
from app.core.errors import BusinessError
from app.core.work import Actor, work
from app.rules import orders
from models.orders import Order, Reservation
from models.stock import StockLevel
from tests import makers

WRITERS = 16


def together(call):
    """Run `call(number)` in 16 threads that start at the same moment; what each gave, in order."""
    found, gate = [None] * WRITERS, threading.Barrier(WRITERS)

    def run(number):
        gate.wait()
        found[number] = call(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def approve(engine):
    factory = sessionmaker(engine)

    def approved(identity):
        with factory() as session, work(Actor.system("race"), session):
            try:
                orders.FLOW.run_one("approve", identity)
                return "approved"
            except BusinessError as error:
                return error.code

    return approved


def _submitted(open_work, count, stock, products=1):
    with open_work() as one:
        customer = makers.make_customer(one)
        known = [makers.make_product(one, price="2", stock_of=stock) for _ in range(products)]
        ids = []
        for number in range(count):
            product = known[number % products]
            order = makers.make_order(one, customer, (product, 1, 2))
            orders.FLOW.run_one("submit", order)
            ids.append(order.id)
        return ids


def test_sixteen_reviewers_approve_one_order_once(open_work, approve):
    (identity,) = _submitted(open_work, 1, stock=10)
    answers = together(lambda number: approve(identity))
    assert answers.count("approved") == 1
    assert answers.count("wrong_state") == WRITERS - 1
    with open_work() as one:
        assert one.session.scalar(select(func.sum(Reservation.quantity))) == 1
        told = one.session.scalar(
            select(func.count()).select_from(facts.Fact).where(facts.Fact.name == "order.approve")
        )
        assert told == 1


def test_sixteen_orders_want_the_last_piece(open_work, approve):
    ids = _submitted(open_work, WRITERS, stock=1)
    answers = together(lambda number: approve(ids[number]))
    assert sorted(answers) == ["approved"] + ["out_of_stock"] * (WRITERS - 1)
    with open_work() as one:
        level = one.session.scalars(select(StockLevel)).one()
        assert (level.on_hand, level.reserved) == (1, 1)
        states = one.session.execute(select(Order.state, func.count()).group_by(Order.state)).all()
        assert dict(states) == {"confirmed": 1, "submitted": WRITERS - 1}


def test_one_key_sent_at_once_makes_one_order(site, people, open_work, rest):
    with open_work() as one:
        makers.make_product(one, sku="A-1", price="2", stock_of=100)
    buyer = rest("buyer1")
    content = {"lines": [{"sku": "A-1", "quantity": "1"}], "submit": True}
    answers = together(lambda number: buyer.post("/orders/", content, **{"Idempotency-Key": "k-1"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    with open_work() as one:
        assert one.session.scalar(select(func.count()).select_from(Order)) == 1


def test_the_first_orders_of_a_customer_are_approved_at_once(open_work, approve):
    ids = _submitted(open_work, WRITERS, stock=1, products=WRITERS)  # no lock on goods makes one wait for the other
    answers = together(lambda number: approve(ids[number]))
    assert answers == ["approved"] * WRITERS, "all of them say when the customer ordered first"
    with open_work() as one:
        assert one.session.scalar(select(func.sum(Reservation.quantity))) == WRITERS
        assert one.session.scalars(select(Order)).first().customer.first_order_at is not None
