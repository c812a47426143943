"""Merging against others at the same moment: one wins, the other gets a clear refusal, and all goods add up."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from app.core.work import Actor, work
from app.rules import order_unmerge, orders, stock
from models.orders import DocumentLink, Order, Reservation
from tests import makers
from tests.conftest import NOW

ROUNDS = 4


@pytest.fixture
def at_once(engine):
    """`at_once(call, ...)`: each call in a thread and unit of work of its own, at the same moment; what each gave."""
    factory = sessionmaker(engine)

    def run(*calls):
        found, gate = [None] * len(calls), threading.Barrier(len(calls))

        def take(number, call):
            with factory() as session, work(Actor.system("race"), session, now=NOW) as one:
                gate.wait()
                found[number] = call(one)

        threads = [threading.Thread(target=take, args=(number, call)) for number, call in enumerate(calls)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return found

    return run


def step(verb, ids, **data):
    """The call that takes a step on orders: "done", or the codes of the refusals."""

    def call(_work):
        outcome = orders.FLOW.run(verb, ids, **data)
        return "done" if not outcome.refused else {one.error.code for one in outcome.refused}

    return call


@pytest.fixture
def confirmed(open_work):
    """Three confirmed orders of one product, which hold all of its stock."""
    with open_work() as one:
        customer = makers.make_customer(one)
        product = makers.make_product(one, price="2", stock_of=9)
        ids = []
        for _number in range(3):
            order = makers.make_order(one, customer, (product, 3, 2))
            orders.FLOW.run_one("submit", order)
            orders.FLOW.run_one("approve", order)
            ids.append(order.id)
        return ids


def books(open_work):
    """{state: orders that are there}, and how much is held: what confirmed and released orders were promised."""
    with open_work() as one:
        assert stock.check(one) == []
        held = one.session.scalar(select(func.coalesce(func.sum(Reservation.quantity), Decimal(0))))
        rows = one.session.scalars(select(Order)).all()
        assert held == sum((line.quantity_approved for row in rows if row.state in ("confirmed", "released")
                            for line in row.lines), Decimal(0))  # fmt: skip
        return {state: [row.state for row in rows].count(state) for state in {row.state for row in rows}}, held


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_merge_against_release(open_work, at_once, confirmed, _round):
    answers = at_once(step("merge", confirmed), step("release", confirmed[:1]))
    if answers[0] == "done":
        assert answers[1] == {"wrong_state"}
        assert books(open_work) == ({"cancelled": 3, "submitted": 1}, 0)
    else:
        assert answers == [{"wrong_state", "selection_refused"}, "done"]
        assert books(open_work) == ({"confirmed": 2, "released": 1}, 9)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_merge_against_merge_of_overlapping_sets(open_work, at_once, confirmed, _round):
    answers = at_once(step("merge", confirmed[:2]), step("merge", confirmed[1:]))
    assert sorted(map(str, answers)).count("done") == 1 and [one for one in answers if one != "done"] == [
        {"wrong_state", "selection_refused"}]  # fmt: skip
    assert books(open_work) == ({"cancelled": 2, "submitted": 1, "confirmed": 1}, 3)


def test_sixteen_merges_of_one_set_make_one_order(open_work, at_once, confirmed):
    answers = at_once(*[step("merge", confirmed)] * 16)
    assert answers.count("done") == 1 and answers.count({"wrong_state"}) == 15
    assert books(open_work) == ({"cancelled": 3, "submitted": 1}, 0)
    with open_work() as one:
        assert one.session.scalar(select(func.count()).select_from(DocumentLink)) == 3


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_taking_back_on_both_sides_and_deleting_at_once(open_work, at_once, confirmed, _round):
    with open_work():
        (made,) = orders.FLOW.run("merge", confirmed).made
        made = made.id
    answers = at_once(step("unmerge", [confirmed[2]]), step("unmerge", [made]), step("unmerge", [confirmed[0]]))
    assert answers.count("done") == 1
    assert all(one in ("done", {"not_merged"}, {"not_found"}, {"wrong_state"}) for one in answers)
    assert books(open_work) == ({"confirmed": 3}, 9)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_taking_back_against_deleting(open_work, at_once, confirmed, _round):
    with open_work(now=NOW.replace(year=2025)):
        (made,) = orders.FLOW.run("merge", confirmed).made
        made = made.id
    undone, buried = at_once(step("unmerge", [made]), lambda one: order_unmerge.clean_up(one))
    assert (undone, buried) in (("done", 0), ({"too_late"}, 3))
    assert books(open_work) == (({"confirmed": 3}, 9) if buried == 0 else ({"submitted": 1}, 0))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_split_against_merge_and_release(open_work, at_once, confirmed, _round):
    with open_work() as one:
        line = one.session.get(Order, confirmed[0]).lines[0].id
    rows = [{"id": line, "quantity": Decimal(1)}]
    answers = at_once(step("split", confirmed[:1], lines=rows), step("merge", confirmed[:2]),
                      step("release", confirmed[:1]))  # fmt: skip
    states, held = books(open_work)
    assert held == (3 if answers[1] == "done" else 9) + (1 if answers[0] == answers[1] == "done" else 0)
    assert (answers[1] == "done") + (answers[2] == "done") == 1
    assert states.get("released", 0) == (answers[2] == "done")
