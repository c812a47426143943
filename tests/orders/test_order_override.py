"""A state set by hand: goods, days, decisions, work and money of the order follow it, or it is refused (X-40)."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import invoices, order_expiry, orders, stock, work_plan, work_stages
from models.orders import Order, Reservation
from models.refund_proposals import RefundProposal
from models.stock import StockMovement
from tests import makers
from tests.orders.joining import STAFF
from tests.receipt.test_refund_proposals import ordered

FLOW = orders.FLOW
PAST = {"draft": (), "submitted": (), "changed": ("amend",), "confirmed": ("approve",),
        "released": ("approve", "release"), "completed": ("approve", "release", "complete"),
        "cancelled": ("cancel",), "rejected": ("reject",)}  # fmt: skip


def held(work):
    """What is kept back for the order, and what lies in the warehouse."""
    assert stock.check(work) == []
    kept = work.session.scalar(select(func.coalesce(func.sum(Reservation.quantity), 0)))
    return kept, work.session.scalar(select(func.sum(StockMovement.quantity)))


@pytest.fixture
def begun(open_work, shop, place):
    """`begun("released")`: an order of 6 pieces of A-1 that went there step by step: its id."""

    def made(state):
        if state == "draft":
            with open_work() as work:
                return orders.create(work, customer=shop, lines=[{"sku": "A-1", "quantity": Decimal(6)}]).id
        pk = place(A1=6)
        for step in PAST[state]:
            with open_work(STAFF):
                FLOW.run_one(step, pk, **({"reason": "x"} if step in ("reject", "cancel") else {}))
        return pk

    return made


def by_hand(open_work, pk, state, who=STAFF):
    with open_work(who) as work:
        FLOW.override(work.session.get(Order, pk), state, "by hand")


def refused(code, *args):
    with pytest.raises(BusinessError) as error:
        by_hand(*args)
    assert error.value.code == code
    return str(error.value.message)


def test_who_has_looked_at_an_older_version_is_refused_under_the_lock(open_work, begun):
    pk = begun("submitted")
    with open_work(STAFF) as slow:
        seen = slow.session.get(Order, pk).version  # what he looks at, while somebody else approves it
        with open_work(STAFF):
            FLOW.run_one("approve", pk)
        with pytest.raises(BusinessError) as error:
            FLOW.override(slow.session.get(Order, pk), "rejected", "by hand", seen)
        assert error.value.code == "stale"
    with open_work(STAFF) as work:
        assert work.session.get(Order, pk).state == "confirmed"


@pytest.mark.parametrize("before", PAST)
def test_goods_and_days_follow_the_state(open_work, begun, before):
    pk = begun(before)
    for after in PAST.keys() - {before}:
        with open_work(STAFF) as work:
            order = work.session.get(Order, pk)
            FLOW.override(order, after, "by hand")
            follows(work, order, after)
            work.session.rollback()


def follows(work, order, state):
    assert order.state == state
    (line,), agreed = order.lines, state in ("confirmed", "released", "completed")
    assert held(work) == (6 if state in ("confirmed", "released") else 0, 24 if state == "completed" else 30)
    assert (line.quantity_approved, line.quantity_shipped) == (6 * agreed, 6 * (state == "completed"))
    assert line.state == ("approved" if agreed else "open")
    assert (order.confirmed_at is not None) == agreed
    assert (order.expires_at is not None) == (state == "confirmed")
    assert (order.cancelled_at is not None) == (state == "cancelled")
    assert (order.completed_at is not None) == (state == "completed")
    assert order.shipping == ("full" if state == "completed" else "none")
    assert state in ("draft", "cancelled") or (order.number and order.submitted_at is not None)


def test_goods_are_kept_once_whoever_approves_again(open_work, begun):
    pk = begun("confirmed")
    by_hand(open_work, pk, "submitted")
    with open_work(STAFF) as work:
        assert held(work)[0] == 0
        FLOW.run_one("approve", pk)
        assert held(work)[0] == 6


def test_between_confirmed_and_released_the_goods_stay_and_the_order_expires_or_not(open_work, begun):
    pk = begun("confirmed")
    with open_work() as work:
        (kept,) = work.session.scalars(select(Reservation.id))
    by_hand(open_work, pk, "released")
    by_hand(open_work, pk, "confirmed")
    with open_work() as work:
        assert work.session.scalars(select(Reservation.id)).all() == [kept]
        order = work.session.get(Order, pk)
        assert order.expires_at is not None
        work.now = order.expires_at
        assert order_expiry.due(work) == [pk]


def test_goods_that_are_not_there_refuse_it(open_work, place):
    pk = place(A1=11)
    for state in ("confirmed", "released", "completed"):
        assert "A-1" in refused("out_of_stock", open_work, pk, state)
    with open_work() as work:
        assert work.session.get(Order, pk).state == "submitted" and held(work) == (0, 30)


def test_the_state_an_order_has_cannot_be_set(open_work, begun):
    pk = begun("confirmed")
    assert "Confirmed" in refused("same_state", open_work, pk, "confirmed")


def test_what_is_invoiced_stays_confirmed(open_work, begun):
    pk = begun("completed")
    with open_work() as work:
        bill = invoices.from_order(work.session.get(Order, pk), work)
        work.session.flush()
        invoices.FLOW.run_one("issue", bill)
    for state in ("draft", "submitted", "changed", "rejected", "cancelled"):
        refused("invoiced", open_work, pk, state)
    by_hand(open_work, pk, "released")
    with open_work() as work:
        assert held(work) == (6, 30)


def test_an_order_without_lines_is_not_confirmed(open_work, shop):
    with open_work() as work:
        pk = orders.create(work, customer=shop).id
    refused("no_lines", open_work, pk, "confirmed")


def test_who_sent_an_order_stays_the_one_who_sent_it(open_work, begun):
    pk = begun("confirmed")
    with open_work() as work:
        work.session.get(Order, pk).submitted_by = None
    by_hand(open_work, pk, "submitted")
    with open_work() as work:
        order = work.session.get(Order, pk)
        assert order.submitted_by is None
        assert [one.answer for one in order.decisions] == ["approved", ""]


def test_paid_money_goes_back_with_the_order_and_stays_with_it(open_work):
    with open_work() as work:
        order, _asked, _paid = ordered(work, 100)
        pk = order.id
    by_hand(open_work, pk, "cancelled")
    with open_work() as work:
        assert [one.state for one in work.session.scalars(select(RefundProposal))] == ["proposed"]
    by_hand(open_work, pk, "draft")
    with open_work() as work:
        assert work.session.scalars(select(RefundProposal)).all() == []
    by_hand(open_work, pk, "cancelled")
    with open_work() as work:
        assert [one.state for one in work.session.scalars(select(RefundProposal))] == ["proposed"]


def test_a_merged_order_is_brought_back_by_taking_the_merge_back_only(open_work, place):
    one, two = place(A1=1), place(A1=2)
    with open_work(STAFF):
        assert not FLOW.run("merge", [one, two]).refused
    refused("merged", open_work, one, "confirmed")


def test_a_branch_sets_states_of_its_orders_too(open_work, place):
    pk = place(A1=6)
    clerk = Actor("Bob", kind="staff", branches=frozenset({1}), may=lambda permission: True)
    for state in ("confirmed", "completed", "released", "cancelled"):
        by_hand(open_work, pk, state, clerk)
    with open_work() as work:
        assert held(work) == (0, 30)


# --- the work of a service order ---------------------------------------------------------------


@pytest.fixture
def layout(open_work, shop):
    """A submitted order of a service with three stages."""
    with open_work() as work:
        service = makers.make_service(work)
        data = {"service": {"version_id": service.published_id, "answers": {}}}
        lines = [{"sku": "A-1", "quantity": Decimal(1)}]
        return orders.create(work, customer=shop, lines=lines, submit=True, data=data).id


def stages(open_work, pk):
    with open_work() as work:
        return [one.state for one in work_plan.of_order(work.session.get(Order, pk), work)]


def test_the_work_comes_and_stops_with_the_state(open_work, layout):
    by_hand(open_work, layout, "released")
    assert stages(open_work, layout) == ["waiting"] * 3
    with open_work(STAFF) as work:
        work_stages.FLOW.run_one("take", work_plan.of_order(work.session.get(Order, layout), work)[0])
    by_hand(open_work, layout, "submitted")
    assert stages(open_work, layout) == ["cancelled"] * 3
    with open_work(STAFF):
        FLOW.run_one("approve", layout)
        FLOW.run_one("release", layout)
    assert stages(open_work, layout) == ["waiting"] * 3


def test_unfinished_work_refuses_completion(open_work, layout):
    by_hand(open_work, layout, "released")
    refused("work_not_finished", open_work, layout, "completed")


# --- other nouns -------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["invoices", "payments", "contracts"])
def test_documents_of_money_have_no_state_by_hand(people, open_work, rest, sign_in, noun):
    with open_work() as work:
        customer = makers.customer_of(work, people.one)
        made = {"invoices": makers.make_invoice, "contracts": makers.make_contract,
                "payments": makers.make_payment}[noun](work, customer)  # fmt: skip
        pk, states = made.id, type(made)
        state = made.state
    answer = rest("admin").post(f"/{noun}/{pk}/override", {"state": "cancelled", "reason": "x"})
    assert answer.status_code in (403, 404, 405), answer.json
    admin = sign_in("admin")
    assert "Set status by hand" not in admin.page(f"/{noun}/show/{pk}")
    admin.post(f"/{noun}/override/{pk}", {"state": "draft", "reason": "x"})
    with open_work() as work:
        assert work.session.get(states, pk).state == state
