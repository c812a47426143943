"""Two at once on one order: amend against approve, submit twice, expiry against release; one wins, all adds up."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import sessionmaker

from app.core import facts
from app.core.errors import BusinessError
from app.core.history import History
from app.core.work import Actor, work
from app.rules import order_proposals, orders, stock
from models.orders import Order, Reservation
from tests import makers
from tests.conftest import NOW
from tests.expect import refused
from views import order_amend

ROUNDS = 6


@pytest.fixture
def at_once(engine):
    """`at_once(pk, calls)`: each (verb, data, now, actor?) in a thread of its own, all at once; what each got."""
    factory = sessionmaker(engine)

    def run(pk, *calls):
        found, gate = [None] * len(calls), threading.Barrier(len(calls))

        def take(number, verb, data, now, actor=None):
            with factory() as session, work(actor or Actor.system("race"), session, now=now):
                gate.wait()
                try:
                    orders.FLOW.run_one(verb, pk, **data)
                    found[number] = "done"
                except BusinessError as error:
                    found[number] = error.code

        threads = [threading.Thread(target=take, args=(number, *call)) for number, call in enumerate(calls)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return found

    return run


def made(open_work, state="submitted"):
    with open_work() as one:
        customer = makers.make_customer(one)
        order = makers.make_order(one, customer, (makers.make_product(one, price="2", stock_of=9), 4, 2))
        for verb in {"draft": (), "submitted": ("submit",), "confirmed": ("submit", "approve")}[state]:
            orders.FLOW.run_one(verb, order)
        return order.id


def held(open_work, pk):
    with open_work() as one:
        assert stock.check(one) == []
        kept = one.session.scalar(select(func.coalesce(func.sum(Reservation.quantity), Decimal(0))))
        order = one.session.get(Order, pk, execution_options={"with_deleted": True})
        return order.state, kept


def told(open_work, name):
    with open_work() as one:
        return one.session.scalar(select(func.count()).select_from(facts.Fact).where(facts.Fact.name == name))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_amend_against_approve(open_work, at_once, _round):
    pk = made(open_work)
    answers = at_once(pk, ("amend", {"remark": "x"}, NOW), ("approve", {}, NOW))
    # approve first, then amend gives the goods back; or amend first, then there is nothing to approve
    assert answers in (["done", "done"], ["done", "wrong_state"])
    assert held(open_work, pk) == ("changed", 0)
    assert told(open_work, "order.approve") == answers.count("done") - 1


def test_sixteen_submits_make_one_number(open_work, at_once):
    pk = made(open_work, "draft")
    answers = at_once(pk, *[("submit", {}, NOW)] * 16)
    assert sorted(answers) == ["done"] + ["wrong_state"] * 15
    assert told(open_work, "order.submit") == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_expiry_against_release(open_work, at_once, _round):
    pk, late = made(open_work, "confirmed"), NOW + timedelta(days=11)
    answers = at_once(pk, ("expire", {}, late), ("release", {}, late))
    assert sorted(answers) in (["done", "not_found"], ["done", "wrong_state"])  # an expired order is out of sight
    assert held(open_work, pk) == (("cancelled", 0) if answers[0] == "done" else ("released", 4))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_people_change_the_same_order(open_work, at_once, _round):
    pk = made(open_work)
    with open_work() as one:
        version = one.session.get(Order, pk).version
    answers = at_once(pk, ("amend", {"remark": "a", "reference": "A"}, NOW), ("amend", {"remark": "b"}, NOW))
    assert answers == ["done", "done"]  # both hold: each change is whole, and its own set in the history
    with open_work() as one:
        order = one.session.get(Order, pk)
        assert (order.remark, order.reference) in (("a", "A"), ("b", "A"))
        sets = select(func.count()).select_from(History).where(History.action == "order.amend")
        assert (one.session.scalar(sets), order.version) == (2, version + 2)


@pytest.fixture
def proposed(open_work):
    """A confirmed order of four whose customer proposes six; its id, and the customer."""
    pk = made(open_work, "confirmed")
    with open_work() as one:
        order = one.session.get(Order, pk)
        line, customer = order.lines[0].id, order.customer_id
    buyer = Actor("Bea", kind="external", customers=frozenset({customer}), may=lambda permission: True)
    with open_work(buyer):
        orders.FLOW.run_one("propose", pk, lines=[{"id": line, "quantity": "6"}])
    return pk, buyer


def ended(open_work, pk):
    """How the proposal ended, and whose is open."""
    with open_work() as one:
        order = one.session.get(Order, pk)
        (found,) = order_proposals.of_order(order, one)
        assert order.total_net == sum(line.net for line in order.lines)
        return found.state, order.proposed_side, order.lines[0].quantity_ordered


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_answer_against_withdraw(open_work, at_once, proposed, _round):
    pk, buyer = proposed
    answers = at_once(pk, ("answer", {"rest": "accept"}, NOW), ("withdraw", {}, NOW, buyer))
    assert sorted(answers) == ["done", "no_proposal"]
    won = answers[0] == "done"
    assert ended(open_work, pk) == (("answered", None, 6) if won else ("withdrawn", None, 4))
    assert held(open_work, pk) == ("confirmed", 6 if won else 4)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_answer_against_amend(open_work, at_once, proposed, _round):
    pk, buyer = proposed
    answers = at_once(pk, ("answer", {"rest": "accept"}, NOW), ("amend", {"remark": "x"}, NOW, buyer))
    # answered first, the order is changed afterwards; or changed first, then nothing is open to be answered
    assert answers in (["done", "done"], ["no_proposal", "done"])
    won = answers[0] == "done"
    assert ended(open_work, pk) == (("answered", None, 6) if won else ("closed", None, 4))
    assert held(open_work, pk) == ("changed", 0)


def test_one_of_eight_answers_counts(open_work, at_once, proposed):
    pk, _buyer = proposed
    answers = at_once(pk, *[("answer", {"rest": "accept"}, NOW)] * 8)
    assert sorted(answers) == ["done"] + ["no_proposal"] * 7
    assert held(open_work, pk) == ("confirmed", 6)
    assert told(open_work, "order.answer") == 1


def test_a_line_taken_out_of_a_confirmed_order_gives_its_goods_back(open_work):
    with open_work() as one:
        goods = [(makers.make_product(one, price="2", stock_of=9), 4, 2) for _ in range(2)]
        order = makers.make_order(one, makers.make_customer(one), *goods)
        for verb in ("submit", "approve"):
            orders.FLOW.run_one(verb, order)
        pk, line = order.id, order.lines[0]
        left = [{"id": line.id, "sku": line.sku, "quantity": line.quantity_ordered}]
    with open_work() as one:
        orders.FLOW.run_one("amend", pk, lines=left)
    assert held(open_work, pk) == ("changed", 0)


def test_a_change_on_a_version_that_was_overtaken_is_stale(open_work):
    pk = made(open_work)
    with open_work() as mine:
        order = mine.session.get(Order, pk)
        seen = order.version
        with mine.session.get_bind().begin() as other:  # between looking at the version and locking the order
            other.execute(text("set role serai_staff"))
            theirs = text("update orders set version = version + 1, reference = 'theirs' where id = :pk")
            other.execute(theirs, {"pk": pk})
        with refused("stale"):
            order_amend.take("amend", order, {"version": seen}, {"reference": "mine"})
    with open_work() as one:
        assert one.session.get(Order, pk).reference == "theirs"
