"""Line by line: what one side proposes, what the other one answers, and what binds meanwhile."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import facts
from app.core.work import Actor
from app.rules import audiences, entry, invoices, order_changes, order_fields, order_next, orders
from models.approvals import ApprovalRule
from models.order_proposals import OrderProposal
from models.orders import Order
from tests import makers
from tests.orders.dealing import Deal, cut
from tests.orders.joining import buyer

FLOW = orders.FLOW


@pytest.fixture
def deal(open_work):
    return Deal(open_work)


AGREED = ({"A-1": (6, Decimal("2.50"), 0), "B-2": (3, 10, 0)}, 45, "submitted")
HELD = ({"A-1": (6, Decimal("2.50"), 6), "B-2": (3, 10, 3)}, 45, "confirmed")


def test_nothing_changes_until_the_other_side_agrees(deal):
    deal.take("staff", "approve")
    deal.propose("customer", {"id": 0, "quantity": "8", "unit_price": "2.00"}, note="For the whole year")
    assert deal.lines() == (*HELD, "customer")
    assert deal.refused(deal.take, "staff", "release").code == "proposal_open"
    deal.answer("staff", rest="accept")
    assert deal.lines() == ({"A-1": (8, 2, 8), "B-2": (3, 10, 3)}, 46, "confirmed", None)
    deal.take("staff", "release")


def test_each_line_has_its_own_answer_and_the_accepted_ones_are_one_change_set(deal):
    deal.propose("staff", {"id": 0, "refuse": True}, {"id": 1, "quantity": "2", "requested_on": "2026-12-24"})
    deal.answer("customer", {"id": 0, "answer": "refuse", "remark": "We need it"}, {"id": 1, "answer": "accept"})
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), 0), "B-2": (2, 10, 0)}, 35, "submitted", None)
    with deal.open_work() as work:
        order = work.session.get(Order, deal.pk)
        assert order.lines[1].requested_on == date(2026, 12, 24)
        (change,) = order_changes.change_sets(order, work)
        told = {(one.line, one.field, one.before, one.after) for one in change.values if one.line}
        assert (change.step, change.side) == ("answer", "customer")
        assert {("B-2", "quantity_ordered", "3", "2"), ("B-2", "requested_on", None, "2026-12-24")} <= told
        assert not any(line == "A-1" for line, *_rest in told)


def test_a_line_that_both_sides_drop_goes_with_its_goods(deal):
    deal.take("staff", "approve")
    deal.propose("staff", {"id": 0, "refuse": True, "remark": "Out of production"})
    deal.answer("customer", rest="accept")
    assert deal.lines() == ({"B-2": (3, 10, 3)}, 30, "confirmed", None)
    (kept,) = deal.proposals()
    assert (kept.lines[0].sku, kept.lines[0].was_quantity, kept.lines[0].answer) == ("A-1", 6, "accepted")


def test_the_last_line_is_not_dropped(deal):
    deal.propose("staff", {"id": 0, "refuse": True}, {"id": 1, "refuse": True})
    assert deal.refused(deal.answer, "customer", rest="accept").code == "no_lines"
    assert deal.lines() == (*AGREED, "staff")


def test_a_counter_keeps_what_it_does_not_say_anew(deal):
    deal.propose("staff", {"id": 0, "quantity": "10", "unit_price": "2.40"}, {"id": 1, "unit_price": "9"})
    deal.answer("customer", {"id": 0, "answer": "counter", "unit_price": "2.20"}, {"id": 1, "answer": "accept"})
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), 0), "B-2": (3, 9, 0)}, 42, "submitted", "customer")
    deal.answer("staff", rest="accept")
    assert deal.lines()[0]["A-1"] == (10, Decimal("2.20"), 0)
    assert [(one.number, one.side, one.state) for one in deal.proposals()] == [
        (2, "customer", "answered"), (1, "staff", "answered")]  # fmt: skip


def test_a_customers_price_holds_only_when_we_accept_it(deal):
    deal.propose("customer", {"id": 0, "unit_price": "0.01"})
    assert deal.refused(deal.answer, "customer", rest="accept").code == "own_proposal"
    assert deal.lines() == (*AGREED, "customer")
    deal.answer("staff", {"id": 0, "answer": "counter", "unit_price": "2.30"})
    deal.answer("customer", rest="refuse")
    assert deal.lines() == (*AGREED, None)


def test_what_was_agreed_stays_agreed_when_the_order_is_changed_later(deal):
    deal.propose("staff", {"id": 0, "unit_price": "2.00"})
    deal.answer("customer", rest="accept")
    wanted = [{"id": deal.ids[0], "sku": "A-1", "quantity": Decimal(7)},
              {"id": deal.ids[1], "sku": "B-2", "quantity": Decimal(3)}]  # fmt: skip
    deal.take("customer", "amend", lines=wanted)
    assert deal.lines()[0]["A-1"] == (7, 2, 0)


def test_a_substitute_comes_at_the_price_of_the_list_unless_we_give_one(deal):
    deal.take("staff", "approve")
    deal.propose("staff", {"id": 0, "substitute": "c-3"})
    (line,) = deal.proposals()[0].lines
    assert (line.new_sku, line.quantity, line.unit_price) == ("C-3", 6, 4)
    deal.answer("customer", {"id": 0, "answer": "counter", "unit_price": "3"})
    deal.answer("staff", rest="accept")
    assert deal.lines() == ({"C-3": (6, 3, 6), "B-2": (3, 10, 3)}, 48, "confirmed", None)


def test_a_counter_can_go_back_to_the_first_product(deal):
    deal.propose("staff", {"id": 0, "substitute": "C-3"})
    deal.answer("customer", {"id": 0, "answer": "counter", "substitute": "A-1", "quantity": "5"})
    deal.answer("staff", rest="accept")
    assert deal.lines()[0]["A-1"] == (5, Decimal("2.50"), 0)


def test_only_what_the_customer_is_offered_can_take_the_place_of_a_product(deal):
    with deal.open_work() as work:
        other = makers.make_customer(work, "Rival")
        secret = makers.make_product(work, "SECRET", price="1", stock_of=9)
        audiences.offer(secret, [other], [], False, work)
    told = {}
    for who in ("customer", "staff"):
        error = deal.refused(deal.propose, who, {"id": 0, "substitute": "SECRET"})
        told[who] = error.details["lines"][0]["error"]
    assert told == {"customer": "unknown_product", "staff": "not_offered"}
    missing = deal.refused(deal.propose, "customer", {"id": 0, "substitute": "SECRETS"}).details["lines"][0]
    assert missing["error"] == "unknown_product"  # what is not offered and what is not there look alike


@pytest.mark.parametrize(("row", "code"), [
    ({"id": 0}, "nothing_proposed"), ({"id": 0, "quantity": "6"}, "nothing_proposed"),
    ({"id": 0, "unit_price": "2.5", "remark": "x"}, "nothing_proposed"), ({"id": 0, "quantity": "0"}, "bad_quantity"),
    ({"id": 0, "quantity": "1.5"}, "uneven_quantity"), ({"id": 0, "quantity": "9999999999999"}, "bad_quantity"),
    ({"id": 0, "unit_price": "-1"}, "bad_price"), ({"id": 0, "unit_price": "9999999999999"}, "bad_price"),
    ({"id": 0, "substitute": "NONE"}, "unknown_product"),
])  # fmt: skip
def test_what_cannot_be_proposed_says_why_at_its_line(deal, row, code):
    error = deal.refused(deal.propose, "customer", {"id": 1, "quantity": "4"}, row)
    assert (error.code, [(one["index"], one["error"]) for one in error.details["lines"]]) == (
        "lines_refused", [(1, code)])  # fmt: skip
    assert deal.lines() == (*AGREED, None)


def test_one_proposal_at_a_time_and_only_its_side_takes_it_back(deal):
    assert deal.refused(deal.propose, "staff").code == "nothing_proposed"
    deal.propose("staff", {"id": 0, "quantity": "5"})
    for who in ("staff", "customer"):
        assert deal.refused(deal.propose, who, {"id": 1, "quantity": "5"}).code == "proposal_open"
    assert deal.refused(deal.take, "customer", "withdraw").code == "not_own_proposal"
    deal.take("staff", "withdraw")
    assert (deal.refused(deal.take, "staff", "withdraw").status, deal.proposals()[0].state) == (409, "withdrawn")
    deal.propose("customer", {"id": 1, "quantity": "5"})
    assert deal.lines() == (*AGREED, "customer")


def test_every_line_is_answered_once_and_a_counter_says_something_else(deal):
    deal.propose("staff", {"id": 0, "quantity": "5"}, {"id": 1, "quantity": "5"})
    assert deal.refused(deal.answer, "customer", {"id": 0, "answer": "accept"}).code == "unanswered"
    error = deal.refused(deal.answer, "customer", {"id": 0, "answer": "counter", "quantity": "5"}, rest="refuse")
    assert error.details["lines"][0]["error"] == "same_proposal"
    error = deal.refused(deal.answer, "customer", {"id": 0, "answer": "counter", "quantity": "6"}, rest="refuse")
    assert error.details["lines"][0]["error"] == "nothing_proposed"  # the agreed one: that is a refusal
    error = deal.refused(deal.take, "customer", "answer", lines=[{"id": 10**9, "answer": "accept"}], rest="accept")
    assert error.code == "unknown_line"
    assert deal.lines() == (*AGREED, "staff")


def test_an_answer_to_what_is_not_open_any_more_is_a_conflict(deal):
    deal.propose("staff", {"id": 0, "quantity": "5"})
    first = deal.proposals()[0].id
    with deal.open_work() as work:
        version = work.session.get(Order, deal.pk).version
    deal.take("staff", "withdraw")
    assert deal.refused(deal.take, "customer", "answer", rest="accept").status == 409
    deal.propose("staff", {"id": 0, "quantity": "4"})
    assert deal.refused(deal.answer, "customer", rest="accept", proposal=first).code == "stale"
    assert deal.refused(deal.answer, "customer", rest="accept", version=version).code == "stale"
    assert deal.lines() == (*AGREED, "staff")


@pytest.mark.parametrize(("who", "verb", "data"), [
    ("customer", "amend", {"remark": "x"}), ("staff", "amend", {}), ("staff", "reject", {"reason": "No"}),
    ("staff", "cancel", {"reason": "No"}), ("customer", "cancel", {}),
])  # fmt: skip
def test_a_proposal_is_closed_when_the_order_goes_on(deal, who, verb, data):
    deal.propose("staff", {"id": 0, "quantity": "5"})
    deal.take(who, verb, **data)
    (found,) = deal.proposals()
    assert (found.state, found.closed_by, deal.lines()[3]) == ("closed", f"order.{verb}", None)


def test_a_state_set_by_hand_or_a_deletion_closes_a_proposal_too(deal):
    deal.propose("staff", {"id": 0, "quantity": "5"})
    with deal.open_work() as work:
        FLOW.override(work.session.get(Order, deal.pk), "rejected", "Duplicate")
    assert deal.proposals()[0].state == "closed"


def test_an_approval_of_what_is_agreed_leaves_the_proposal_open(deal):
    deal.propose("customer", {"id": 0, "quantity": "5"})
    deal.take("staff", "approve")
    assert deal.lines() == (*HELD, "customer")


def test_more_than_the_stock_holds_is_refused_and_nothing_is_lost(deal):
    deal.take("staff", "approve")
    deal.propose("customer", {"id": 0, "quantity": "21"}, {"id": 1, "quantity": "2"})
    error = deal.refused(deal.answer, "staff", rest="accept")
    assert (error.code, "A-1" in str(error)) == ("out_of_stock", True)
    assert deal.lines() == (*HELD, "customer")
    deal.answer("staff", {"id": 0, "answer": "counter", "quantity": "20"}, rest="accept")
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), 6), "B-2": (2, 10, 2)}, 35, "confirmed", "staff")


@pytest.mark.parametrize("state", ["submitted", "changed", "confirmed"])
def test_a_line_that_was_cut_keeps_what_was_approved_when_only_its_price_changes(deal, state):
    cut(deal, state).propose("staff", {"id": 0, "unit_price": "2"})
    deal.answer("customer", rest="accept")
    assert deal.lines() == ({"A-1": (6, 2, 4), "B-2": (3, 10, 3)}, 38, state, None)


@pytest.mark.parametrize(("state", "approved"), [("submitted", 0), ("changed", 0), ("confirmed", 6)])
def test_a_line_that_was_cut_can_be_agreed_on_in_full_after_all(deal, state, approved):
    cut(deal, state).propose("staff", {"id": 0, "quantity": "6"})
    deal.answer("customer", rest="accept")
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), approved), "B-2": (3, 10, 3)}, 45, state, None)
    with deal.open_work() as work:
        (order,) = work.session.scalars(select(Order))
        assert (order.lines[0].reason, entry.agreed(order.lines[0])) == ("", 6)
        for step in {"submitted": ["approve"], "changed": ["reconfirm", "approve"], "confirmed": []}[state]:
            FLOW.run_one(step, order)
        assert invoices.from_order(order, work).total_net == order.total_net == 45


def test_a_rule_that_nobody_agreed_to_sends_a_confirmed_order_back_for_review(deal):
    with deal.open_work() as work:
        rule = ApprovalRule(name="Large", texts={"en": "Large order"}, noun="order", level="supervisor",
                            over_amount=Decimal(100), currency_code="GBP")  # fmt: skip
        work.session.add(rule)
    deal.take("staff", "approve")
    deal.propose("customer", {"id": 1, "quantity": "4"})
    deal.answer("staff", rest="accept")
    assert deal.lines()[2] == "confirmed"  # below the amount: nothing to ask
    deal.propose("customer", {"id": 1, "quantity": "12"})
    deal.answer("staff", rest="accept")
    assert deal.lines() == ({"A-1": (6, Decimal("2.50"), 0), "B-2": (12, 10, 0)}, 135, "submitted", None)
    with deal.open_work() as work:
        asked = work.session.get(Order, deal.pk).decisions[-1]
        assert (asked.level, asked.answer) == ("supervisor", "")
        again = select(func.count()).select_from(facts.Fact).where(facts.Fact.name == "order.reconfirm")
        assert work.session.scalar(again) == 1  # reviewers hear of it
    deal.take("staff", "approve")
    deal.propose("staff", {"id": 1, "unit_price": "9.50"})
    deal.answer("customer", rest="accept")
    assert deal.lines()[1:3] == (129, "confirmed")  # agreed to for more than that


def test_who_may_not_approve_agrees_but_the_order_is_reviewed_again(deal):
    seller = Actor("Sam", kind="staff", user_id=None, may=lambda permission: permission != "order.approve")
    deal.take("staff", "approve")
    deal.propose("customer", {"id": 0, "unit_price": "1"})
    with deal.open_work(seller):
        FLOW.run_one("answer", deal.pk, rest="accept")
    assert deal.lines()[1:3] == (36, "submitted")


@pytest.mark.parametrize("price", ["2", "0"])
def test_one_of_us_agrees_only_to_what_the_matrix_lets_him_change(deal, price):
    deal.propose("customer", {"id": 0, "unit_price": price}, {"id": 1, "quantity": "2"})
    with deal.open_work() as work:
        order_fields.apply_preset("S2l", None, work)  # staff change quantities, no prices
    error = deal.refused(deal.answer, "staff", rest="accept")
    assert (error.code, [one["index"] for one in error.details["lines"]]) == ("not_changeable", [0])
    deal.answer("staff", {"id": 0, "answer": "refuse"}, rest="accept")
    assert deal.lines()[0] == {"A-1": (6, Decimal("2.50"), 0), "B-2": (2, 10, 0)}
    assert deal.refused(deal.propose, "staff", {"id": 0, "unit_price": price}).code == "not_changeable"
    assert deal.refused(deal.propose, "staff", {"id": 0, "substitute": "C-3"}).code == "not_changeable"


def test_lines_of_a_changed_order_are_agreed_on_and_the_order_is_still_to_be_reconfirmed(deal):
    deal.take("staff", "amend", remark="By lorry")
    deal.propose("customer", {"id": 0, "quantity": "4"})
    deal.answer("staff", rest="accept")
    assert deal.lines()[1:] == (40, "changed", None)
    deal.take("customer", "reconfirm")
    deal.take("staff", "approve")
    assert deal.lines()[1:3] == (40, "confirmed")


def test_a_line_that_went_meanwhile_is_a_conflict(deal):
    with deal.open_work() as work:
        order_fields.apply_preset("S2k", None, work)
        row = order_fields.FieldRule(side="staff", order_state="submitted", fields=list(order_fields.FIELDS),
                                     review=False, preset="")  # fmt: skip
        work.session.add(row)
    deal.propose("customer", {"id": 0, "quantity": "4"})
    deal.take("staff", "correct", lines=[{"id": deal.ids[1], "sku": "B-2", "quantity": Decimal(3)}])
    error = deal.refused(deal.answer, "staff", rest="accept")
    assert (error.code, error.status) == ("line_gone", 409)
    deal.answer("staff", rest="refuse")
    assert deal.lines()[1] == 30


def test_next_step_says_who_is_waited_for(deal):
    deal.propose("staff", {"id": 0, "quantity": "5"})
    said = {}
    for who in ("customer", "staff"):
        with deal.open_work(deal.who(who)) as work:
            said[who] = str(order_next.next_step(work.session.get(Order, deal.pk), work))
    assert said == {"customer": "Waiting for you: answer our proposal.",
                    "staff": "Waiting for the customer: to answer our proposal."}  # fmt: skip


def test_another_customer_finds_no_proposal(deal):
    deal.propose("staff", {"id": 0, "quantity": "5"})
    with deal.open_work() as work:
        other = makers.make_customer(work, "Rival").id
    with deal.open_work(buyer(other)) as work:
        assert work.session.scalars(select(OrderProposal)).all() == []
        assert FLOW.run("answer", [deal.pk], rest="accept").refused[0].error.code == "not_found"
