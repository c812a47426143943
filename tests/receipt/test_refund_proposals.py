"""Refund proposals: written with the cancelling of a paid order, decided on once, never more than was paid (X-15)."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import sessionmaker

from app.check_sql import LEDGER
from app.core.errors import BusinessError
from app.core.history import History
from app.core.work import Actor
from app.core.work import work as unit_of_work
from app.jobs.runner import run_pending
from app.rules import invoices, order_deletion, order_expiry, orders, paid_orders, payments, ratings, refund_proposals
from models.customers import Customer
from models.invoices import Invoice
from models.notifications import Notification
from models.orders import Order
from models.payments import Allocation, Payment
from models.refund_proposals import RefundProposal
from tests import makers
from tests.conftest import NOW

FLOW = refund_proposals.FLOW
STAFF = Actor("clerk", kind="staff", may=lambda permission: True)


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


def ordered(work, *paid, confirm=True):
    """A confirmed order of 100 pounds with a payment request, and payments on it; their ids."""
    customer = makers.make_customer(work)
    order = makers.make_confirmed_order(work, customer, (makers.make_product(work), 1, 100))
    asked = invoices.from_order(order, work, "payment_request")
    work.session.flush()
    invoices.FLOW.run_one("issue", asked)
    made = [makers.make_payment(work, customer, amount, invoice_id=asked.id) for amount in paid]
    for payment in made:
        payments.FLOW.run_one("confirm" if confirm else "report", payment)
    paid_orders.payment_of_order(order.id, work)
    return order, asked, made


def proposals(work):
    return work.session.scalars(select(RefundProposal).order_by(RefundProposal.id)).all()


def test_cancelling_a_paid_order_proposes_what_was_paid(open_work):
    with open_work() as work:
        order, _asked, _paid = ordered(work, 60, 40)
        pk = order.id
        assert order.payment == "paid"
    with open_work(STAFF) as work:
        orders.FLOW.run_one("cancel", pk, reason="Not made any more")
        found = proposals(work)
        assert [(one.amount, one.currency_code, one.state) for one in found] == [
            (60, "GBP", "proposed"), (40, "GBP", "proposed")]  # fmt: skip
        assert {(one.order_id, one.customer_id) for one in found} == {(pk, found[0].order.customer_id)}


def test_an_order_that_nobody_paid_proposes_nothing(work):
    order, _asked, _paid = ordered(work, 50, confirm=False)
    orders.FLOW.run_one("cancel", order, reason="x")
    assert proposals(work) == []


def test_a_cancelling_that_is_undone_proposes_nothing(open_work):
    with open_work() as work:
        pk = ordered(work, 100)[0].id
    with open_work() as work:
        orders.FLOW.run_one("cancel", pk, reason="x")
        work.session.rollback()
    with open_work() as work:
        assert proposals(work) == []


def test_a_confirmed_proposal_refunds_the_payment_and_frees_the_order(open_work, engine):
    with open_work() as work:
        order, asked, paid = ordered(work, 100)
        orders.FLOW.run_one("cancel", order, reason="x")
        pk, bill, payment = order.id, asked.id, paid[0].id
    with open_work(STAFF) as work:
        FLOW.run_one("confirm", proposals(work)[0])
    run_pending(sessionmaker(engine))
    with open_work() as work:
        assert work.session.get(Payment, payment).state == "refunded"
        assert work.session.get(Invoice, bill).paid_amount == 0
        assert work.session.get(Order, pk).payment == "unpaid"
        assert proposals(work)[0].state == "confirmed"
        refused("wrong_state", FLOW.run_one, "confirm", proposals(work)[0])
        refused("wrong_state", FLOW.run_one, "dismiss", proposals(work)[0], reason="x")


def test_a_dismissed_proposal_leaves_the_money_and_says_why(open_work):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100)
        orders.FLOW.run_one("cancel", order, reason="x")
        payment, proposal = paid[0].id, proposals(work)[0].id
    with open_work(STAFF):
        FLOW.run_one("dismiss", proposal, reason="Kept for the next order")
    with open_work() as work:
        assert (work.session.get(Payment, payment).unallocated, proposals(work)[0].state) == (100, "dismissed")
        told = work.session.scalars(select(History).filter_by(noun="refund_proposal", action="refund_proposal.dismiss"))
        assert told.one().note == "Kept for the next order"


def test_a_payment_that_settles_an_invoice_by_now_is_not_given_back(work):
    order, _asked, paid = ordered(work, 100)
    orders.FLOW.run_one("cancel", order, reason="x")
    bill = makers.make_invoice(work, work.session.get(Customer, order.customer_id), 30)
    paid[0].allocations.append(Allocation(customer_id=order.customer_id, invoice_id=bill.id, amount=Decimal(30)))
    paid[0].unallocated -= 30
    refused("nothing_left", FLOW.run_one, "confirm", proposals(work)[0])
    assert (paid[0].state, paid[0].unallocated, proposals(work)[0].state) == ("confirmed", 70, "proposed")
    FLOW.run_one("dismiss", proposals(work)[0], reason="Used elsewhere")


def test_a_payment_refunded_by_hand_closes_its_proposal(open_work, engine):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100)
        orders.FLOW.run_one("cancel", order, reason="x")
        payments.FLOW.run_one("refund", paid[0])
    run_pending(sessionmaker(engine))
    with open_work() as work:
        assert [one.state for one in proposals(work)] == ["confirmed"]


def test_money_that_arrives_after_the_cancelling_is_proposed_too(open_work, engine):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100, confirm=False)
        orders.FLOW.run_one("cancel", order, reason="x")
        payments.FLOW.run_one("confirm", paid[0])
    run_pending(sessionmaker(engine))
    with open_work() as work:
        assert [(one.amount, one.state) for one in proposals(work)] == [(100, "proposed")]
        refund_proposals.propose(work.session.scalars(select(Order)).one(), work)
        assert len(proposals(work)) == 1, "once is enough"


@pytest.mark.parametrize("gone", ["expired", "deleted by the customer"])
def test_money_that_arrives_for_an_order_that_is_not_there_any_more_goes_back(open_work, jobs, gone):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100, confirm=False)
        number, payment = order.number, paid[0].id
        if gone == "expired":
            order.expires_at = NOW - timedelta(seconds=1)
            work.session.flush()
            assert order_expiry.run_out(work) == 1
        else:
            order_deletion.remove(order, work)
    with open_work() as work:
        assert work.session.scalars(select(Order)).all() == [], "a tombstone"
        payments.FLOW.run_one("confirm", payment)
    given_back(open_work, jobs, number)


def test_what_was_paid_for_an_order_that_is_deleted_goes_back(open_work, jobs):
    with open_work() as work:
        order, _asked, _paid = ordered(work, 100)
        pk, number, order.submitted_at = order.id, order.number, NOW
    with open_work() as work:
        orders.FLOW.run_one("request_deletion", pk, reason="Entered twice")
    with open_work(STAFF):
        orders.FLOW.run_one("approve_deletion", pk)
    given_back(open_work, jobs, number)


def given_back(open_work, jobs, number):
    """What was paid is proposed for refund, once; confirmed, its customer is told."""
    jobs()
    with open_work(STAFF) as work:
        assert [(one.amount, one.state) for one in proposals(work)] == [(100, "proposed")]
        FLOW.run_one("confirm", proposals(work)[0])
    jobs()
    told(open_work, number)


def told(open_work, number):
    """Nobody but the customer of an order was told, once, that its money goes back."""
    with open_work() as work:
        mail = work.session.scalars(select(Notification).filter_by(name="payment_refunded")).one()
        assert number in mail.subject and mail.customer_id


def sound(work):
    for name in ("payments are spread otherwise than they came in", "invoices have a wrong open amount"):
        assert work.session.connection().execute(text(LEDGER[name])).one().count == 0, name


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paid=st.lists(st.integers(1, 15_000), min_size=1, max_size=3),
    answers=st.lists(st.sampled_from(["confirm", "dismiss", "by hand", "nothing"]), min_size=3, max_size=3),
)
def test_never_more_goes_back_than_was_paid(work, paid, answers):
    """Whatever was paid and decided: the ledger adds up, and what went back is what was confirmed, once."""
    amounts = [Decimal(one) / 100 for one in paid]
    order, asked, made = ordered(work, *amounts)
    orders.FLOW.run_one("cancel", order, reason="x")
    mine = [one for one in proposals(work) if one.order_id == order.id]
    assert [one.amount for one in mine] == amounts
    for proposal, payment, answer in zip(mine, made, answers, strict=False):
        if answer == "by hand":
            payments.FLOW.run_one("refund", payment)
        if answer in ("confirm", "by hand"):
            FLOW.run_one("confirm", proposal)
        if answer == "dismiss":
            FLOW.run_one("dismiss", proposal, reason="x")
    back = sum(one.amount for one in made if one.state == "refunded")
    assert back == sum(one.amount for one in mine if one.state == "confirmed") <= sum(amounts)
    assert asked.paid_amount == min(sum(amounts) - back, asked.total_gross)
    sound(work)


# --- two at once -------------------------------------------------------------------------------


def at_once(engine, *calls):
    """Each call with a unit of work of its own, all at the same moment; what each got."""
    factory, gate, found = sessionmaker(engine), Barrier(len(calls)), [None] * len(calls)

    def take(number, call):
        with factory() as session, unit_of_work(Actor.system("race"), session, now=NOW) as one:
            gate.wait()
            try:
                call(one)
                found[number] = "done"
            except BusinessError as error:
                found[number] = error.code

    threads = [Thread(target=take, args=pair) for pair in enumerate(calls)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


@pytest.mark.parametrize("_round", range(3))
def test_two_cancel_a_paid_order_at_once(open_work, engine, _round):
    with open_work() as work:
        pk = ordered(work, 100)[0].id
    cancel = lambda work: orders.FLOW.run_one("cancel", pk, reason="x")  # noqa: E731
    assert sorted(at_once(engine, cancel, cancel)) == ["done", "wrong_state"]
    with open_work() as work:
        assert len(proposals(work)) == 1


@pytest.mark.parametrize("_round", range(3))
def test_two_propose_the_same_refund_at_once(open_work, engine, _round):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100, confirm=False)
        orders.FLOW.run_one("cancel", order, reason="x")
        payments.FLOW.run_one("confirm", paid[0])
        pk = order.id
    again = lambda work: refund_proposals._if_cancelled(pk, work)  # noqa: E731
    assert at_once(engine, again, again, again) == ["done"] * 3
    with open_work() as work:
        assert len(proposals(work)) == 1


@pytest.mark.parametrize("_round", range(3))
def test_a_proposal_is_confirmed_while_its_payment_is_refunded_by_hand(open_work, engine, _round):
    with open_work() as work:
        order, _asked, paid = ordered(work, 100)
        orders.FLOW.run_one("cancel", order, reason="x")
        proposal, payment = proposals(work)[0].id, paid[0].id
    answers = at_once(engine, lambda work: FLOW.run_one("confirm", proposal),
                      lambda work: payments.FLOW.run_one("refund", payment))  # fmt: skip
    assert answers in (["done", "done"], ["done", "wrong_state"])
    run_pending(sessionmaker(engine))
    with open_work() as work:
        row = work.session.get(Payment, payment)
        assert (row.state, row.unallocated) == ("refunded", 0), "it went back once"
        assert proposals(work)[0].state == "confirmed"


@pytest.mark.parametrize("_round", range(3))
def test_two_rate_the_same_order_at_once(open_work, engine, _round):
    with open_work() as work:
        order = makers.make_order(work, makers.make_customer(work))
        orders.FLOW.record(order, "completed", NOW, "test")
        pk = order.id
    rate = lambda stars: lambda work: ratings.rate(work.session.get(Order, pk), stars, "", work)  # noqa: E731
    assert sorted(at_once(engine, rate(5), rate(1))) == ["already_rated", "done"]
