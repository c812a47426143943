"""What an order type says: confirmation by itself, expiry, deletion, numbers, preconditions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select, text

from app.core import facts, history
from app.core.errors import BusinessError, Forbidden
from app.core.work import Actor
from app.jobs import house
from app.rules import order_deletion, order_expiry, order_next, order_terms, orders, settings_pages, stock
from models.approvals import Approval, ApprovalRule
from models.orders import Order, OrderType, Reservation
from models.products import Product
from tests import makers
from tests.conftest import NOW

FLOW = orders.FLOW
STAFF = Actor("Rita", kind="staff", user_id=None, may=lambda permission: True)
BRANCH = Actor("Bob", kind="staff", user_id=None, branches=frozenset({1}), may=lambda permission: True)


def buyer(customer_id):
    return Actor("Bea", kind="external", customers=frozenset({customer_id}), may=lambda permission: True)


def kind(work, **values):
    found = work.session.get(OrderType, 1)
    for name, value in values.items():
        setattr(found, name, value)


def put(work, name, value):
    settings_pages.put(name, "system", 0, value, work)


@pytest.fixture
def goods(open_work):
    """A customer's id; A-1 is plentiful, B-2 is short, C-3 is out of stock."""
    with open_work() as work:
        customer = makers.make_customer(work)
        makers.make_address(work, customer)
        makers.make_product(work, "A-1", price="2.50", stock_of=100)
        makers.make_product(work, "B-2", price="10", stock_of=4)
        makers.make_product(work, "C-3", price="4")
        return customer.id


def order(open_work, customer, *skus, actor=None, **header):
    with open_work(actor) as work:
        lines = [{"sku": sku, "quantity": Decimal(6)} for sku in skus or ("A-1",)]
        who = None if work.actor.kind == "external" else customer
        return orders.create(work, customer=who, submit=True, lines=lines, **header).id


def deliver(open_work, *names):
    """Let the house's own subscribers act on what happened, as the worker does."""
    with open_work() as work:
        found = work.session.scalars(select(facts.Fact.id).where(facts.Fact.name.in_(names))).all()
    for one in found:
        with open_work() as work:
            facts.deliver(work, one, "stock_check")


def state(open_work, pk):
    with open_work() as work:
        return work.session.get(Order, pk, execution_options={"with_deleted": True}).state


def refused(open_work, actor, step, pk, **data):
    with pytest.raises(BusinessError) as error, open_work(actor):
        FLOW.run_one(step, pk, **data)
    return error.value.code


# --- confirmation by itself (X-19, X-21, X-22) --------------------------------------------------


def test_what_is_in_stock_is_confirmed_by_itself(open_work, goods):
    with open_work() as work:
        kind(work, confirmation="auto_stock_check")
    pk = order(open_work, goods)
    deliver(open_work, "order.submit")
    with open_work() as work:
        assert work.session.get(Order, pk).state == "confirmed"
        assert [one.quantity for one in work.session.scalars(select(Reservation))] == [6]


def test_a_person_decides_where_a_rule_asks_for_one(open_work, goods):
    with open_work() as work:
        kind(work, confirmation="auto_stock_check")
        work.session.add(ApprovalRule(name="new", new_customer=True))
    pk = order(open_work, goods)
    deliver(open_work, "order.submit")
    assert state(open_work, pk) == "submitted"


@pytest.mark.parametrize(("mode", "short"), [("reject_line", ("rejected", 0)), ("approve_available", ("approved", 4))])
def test_the_system_cuts_what_is_short_and_the_customer_accepts_that(open_work, goods, mode, short):
    with open_work() as work:
        kind(work, confirmation="auto_stock_check")
        put(work, "PARTIAL_QTY", mode)
    pk = order(open_work, goods, "A-1", "B-2", "C-3")
    deliver(open_work, "order.submit")
    with open_work(buyer(goods)) as work:
        one = work.session.get(Order, pk)
        assert (one.state, one.changed_side) == ("changed", "system")
        assert [(line.state, line.quantity_approved) for line in one.lines] == [
            ("approved", 6), short, ("rejected", 0)]  # fmt: skip
        assert "accept what is in stock" in str(order_next.next_step(one, work))
        FLOW.run_one("reconfirm", pk)
    deliver(open_work, "order.reconfirm")
    with open_work() as work:
        one = work.session.get(Order, pk)
        assert one.state == "confirmed"
        assert sum(row.quantity for row in work.session.scalars(select(Reservation))) == 6 + short[1]
        assert [line.quantity_ordered for line in one.lines] == [6, 6, 6]
        assert stock.check(work) == []


def test_a_check_can_change_the_order_again(open_work, goods):
    with open_work() as work:
        kind(work, confirmation="auto_stock_check")
        put(work, "PARTIAL_QTY", "approve_available")
    pk = order(open_work, goods, "B-2")
    deliver(open_work, "order.submit")
    with open_work() as work:
        product = work.session.scalars(select(Product).where(Product.sku == "B-2")).one()
        stock.move(product, makers.main_warehouse(work), Decimal(-3), "adjustment", work)
        FLOW.run_one("reconfirm", pk)
    deliver(open_work, "order.reconfirm")
    with open_work() as work:
        one = work.session.get(Order, pk)
        assert (one.state, one.lines[0].quantity_approved) == ("changed", 1)


def test_lines_the_customer_leaves_alone_stay_as_agreed(open_work, goods):
    with open_work() as work:
        kind(work, confirmation="auto_stock_check")
        put(work, "PARTIAL_QTY", "approve_available")
    pk = order(open_work, goods, "A-1", "B-2")
    deliver(open_work, "order.submit")
    with open_work(buyer(goods)) as work:
        first, second = work.session.get(Order, pk).lines
        wanted = [{"id": first.id, "sku": "A-1", "quantity": Decimal(5)},
                  {"id": second.id, "sku": "B-2", "quantity": Decimal(6)}]  # fmt: skip
        FLOW.run_one("amend", pk, lines=wanted)
        FLOW.run_one("reconfirm", pk)
    deliver(open_work, "order.reconfirm")
    with open_work() as work:
        one = work.session.get(Order, pk)
        assert (one.state, [line.quantity_approved for line in one.lines]) == ("confirmed", [5, 4])


# --- expiry (ORD-26, X-20) ---------------------------------------------------------------------


def confirmed(open_work, goods, **more):
    pk = order(open_work, goods)
    with open_work(**more):
        FLOW.run_one("approve", pk)
    return pk


def test_a_confirmed_order_expires_after_ten_days_and_gives_its_goods_back(open_work, goods):
    pk = confirmed(open_work, goods)
    with open_work(now=NOW + timedelta(days=10) - timedelta(seconds=1)) as work:
        assert order_expiry.run_out(work) == 0
    with open_work(now=NOW + timedelta(days=10)) as work:
        house.expire_orders(work)
    with open_work() as work:
        assert not work.session.scalars(select(Reservation)).all()
        assert work.session.get(Order, pk) is None  # a tombstone: out of every list
        gone = work.session.get(Order, pk, execution_options={"with_deleted": True})
        assert (gone.state, gone.deleted_reason) == ("cancelled", "expired")


def test_expired_orders_may_only_be_cancelled_and_some_are_kept_for_ever(open_work, goods):
    with open_work() as work:
        put(work, "EXPIRED_ORDERS", "cancel_order")
        settings_pages.put("CONFIRMED_ORDER_TTL_DAYS", "system", 0, 3, work)
    short = confirmed(open_work, goods)
    with open_work() as work:
        settings_pages.put("CONFIRMED_ORDER_TTL_DAYS", "order_type", 1, 0, work)
    kept = confirmed(open_work, goods)
    with open_work(now=NOW + timedelta(days=400)) as work:
        house.expire_orders(work)
        assert work.session.get(Order, short).state == "cancelled"
        assert (work.session.get(Order, kept).state, work.session.get(Order, kept).expires_at) == ("confirmed", None)


def test_paid_and_released_orders_do_not_expire_and_confirming_again_restarts_the_clock(open_work, goods):
    paid, released, again = (confirmed(open_work, goods) for _ in range(3))
    with open_work() as work:
        work.session.get(Order, paid).payment = "part"
        FLOW.run_one("release", released)
    with open_work(now=NOW + timedelta(days=9)):
        FLOW.run_one("amend", again)
        FLOW.run_one("reconfirm", again)
        FLOW.run_one("approve", again)
    with open_work(now=NOW + timedelta(days=11)) as work:
        assert order_expiry.due(work) == []
    with open_work(now=NOW + timedelta(days=19)) as work:
        assert order_expiry.due(work) == [again]


def test_the_customer_is_warned_once_per_confirmation(open_work, goods):
    pk = confirmed(open_work, goods)
    with open_work(now=NOW + timedelta(days=9)) as work:
        assert order_expiry.warn(work) == []
        settings_pages.put("TTL_WARN_DAYS", "branch", 1, 2, work)
        assert [one.id for one in order_expiry.warn(work)] == [pk]
    with open_work(now=NOW + timedelta(days=9, hours=1)) as work:
        assert order_expiry.warn(work) == []
        assert work.session.scalar(text("select count(*) from facts where name = 'order.expiring'")) == 1


def test_no_more_orders_are_read_than_are_warned_of(open_work, goods):
    ids = [confirmed(open_work, goods) for _again in range(4)]
    loaded, note = [], lambda order, _context: loaded.append(order.id)
    with open_work(now=NOW + timedelta(days=9)) as work:
        settings_pages.put("TTL_WARN_DAYS", "branch", 1, 2, work)
        event.listen(Order, "load", note)
        try:
            assert [one.id for one in order_expiry.warn(work, limit=2)] == ids[:2] == loaded
        finally:
            event.remove(Order, "load", note)
        assert [one.id for one in order_expiry.warn(work)] == ids[2:]


def test_overdue_orders_are_found_by_an_index(open_work):
    with open_work() as work:
        work.session.execute(text("set local enable_seqscan = off"))
        work.session.execute(text("set local enable_sort = off"))  # of an empty table any other way costs as little
        plan = work.session.execute(text(
            "explain select id from orders where state = 'confirmed' and deleted_at is null and expires_at <= now() "
            "order by expires_at, id limit 200")).scalars().all()  # fmt: skip
        assert "ix_orders_expires" in "\n".join(plan)


# --- deletion (X-13, X-14, X-71) ---------------------------------------------------------------


def delete(open_work, actor, pk, reason="Wrong order"):
    with open_work(actor) as work, work.doing("order.delete"):
        order_deletion.remove(work.session.get(Order, pk), work, reason)


def why_not(open_work, actor, pk):
    with pytest.raises(BusinessError) as error:
        delete(open_work, actor, pk)
    return error.value.code


def test_customers_delete_what_they_have_submitted_while_unpaid_unless_a_setting_forbids_it(open_work, goods):
    pk, paid = order(open_work, goods), order(open_work, goods)
    with open_work() as work:
        put(work, "CUSTOMER_DELETES_SUBMITTED", False)
        work.session.get(Order, paid).payment = "paid"
    with pytest.raises(Forbidden):
        delete(open_work, buyer(goods), pk)
    with open_work() as work:
        put(work, "CUSTOMER_DELETES_SUBMITTED", True)
    delete(open_work, buyer(goods), pk)
    assert why_not(open_work, buyer(goods), paid) == "bound"
    with open_work() as work:
        gone = work.session.get(Order, pk, execution_options={"with_deleted": True})
        assert (gone.deleted_at, gone.deleted_reason) == (NOW, "Wrong order")
        rows = work.session.scalars(select(history.History).where(history.History.record_id == pk,
                                                                   history.History.noun == "order"))  # fmt: skip
        assert rows.all()[-1].actor == "Bea"


def test_a_branch_asks_and_the_head_office_deletes_before_the_review(open_work, goods):
    with open_work() as work:
        kind(work, delete_policy="hq_only")
    pk, reviewed = order(open_work, goods), confirmed(open_work, goods)
    assert why_not(open_work, BRANCH, pk) == "head_office_only"
    with open_work(BRANCH):
        FLOW.run_one("request_deletion", pk, reason="Wrong customer")
    assert refused(open_work, BRANCH, "approve_deletion", pk) == "head_office_only"
    assert refused(open_work, STAFF, "request_deletion", pk, reason="x") == "asked_already"
    delete(open_work, STAFF, pk)
    assert why_not(open_work, STAFF, reviewed) == "needs_approval"
    with open_work() as work:
        (asked,) = work.session.scalars(select(Approval).where(Approval.noun == order_deletion.NOUN))
        assert (asked.asked_reason, asked.answer) == ("Wrong customer", "approved")


def test_a_special_approval_is_given_by_a_second_person(open_work, people, goods):
    with open_work() as work:
        kind(work, delete_policy="special_approval")
    pk = confirmed(open_work, goods)
    asker, second = (Actor(name, kind="staff", user_id=people.ids[name], may=lambda permission: True)
                     for name in ("reviewer", "supervisor"))  # fmt: skip
    assert why_not(open_work, asker, pk) == "needs_approval"
    assert refused(open_work, second, "approve_deletion", pk) == "not_asked"
    with open_work(asker):
        FLOW.run_one("request_deletion", pk, reason="Entered twice")
    assert refused(open_work, asker, "approve_deletion", pk) == "own_request"
    with open_work(second):
        FLOW.run_one("refuse_deletion", pk, reason="It is right")
    with open_work(asker):
        FLOW.run_one("request_deletion", pk, reason="Entered twice, really")
    with open_work(second):
        FLOW.run_one("approve_deletion", pk)
    with open_work() as work:
        gone = work.session.get(Order, pk, execution_options={"with_deleted": True})
        assert (gone.deleted_by, gone.deleted_reason) == (people.ids["supervisor"], "Entered twice, really")
        assert not work.session.scalars(select(Reservation)).all()


def test_a_paid_order_needs_a_second_person_unless_the_setting_says_otherwise(open_work, goods):
    pk = order(open_work, goods)
    with open_work() as work:
        work.session.get(Order, pk).payment = "paid"
    assert why_not(open_work, STAFF, pk) == "needs_approval"
    with open_work() as work:
        put(work, "ALLOW_DELETE_PAID", True)
    assert refused(open_work, STAFF, "request_deletion", pk, reason="x") == "not_needed"
    delete(open_work, STAFF, pk)


# --- numbers and preconditions -----------------------------------------------------------------


def test_numbers_by_hand_are_needed_or_allowed_as_the_type_says_and_never_taken_twice(open_work, goods):
    with pytest.raises(BusinessError) as given:
        order(open_work, goods, number="X-1")
    assert (given.value.code, given.value.details["field"]) == ("number_given", "number")
    with open_work() as work:
        kind(work, number_mode="manual")
    with pytest.raises(BusinessError) as missing:
        order(open_work, goods)
    assert missing.value.code == "number_missing"
    order(open_work, goods, number="X-1")
    with open_work() as work:
        kind(work, number_mode="auto_overridable")
        other = makers.make_customer(work).id
    with pytest.raises(BusinessError) as taken:
        order(open_work, other, actor=buyer(other), number="X-1")
    assert taken.value.code == "number_taken"
    order(open_work, goods, number="SO-2026-000001")
    pk = order(open_work, goods)  # the series passes over what somebody gave by hand
    with open_work() as work:
        assert work.session.get(Order, pk).number == "SO-2026-000002"


def test_submit_says_everything_that_is_missing_before_a_customer_may_order(open_work, goods):
    with open_work() as work:
        bare = makers.make_customer(work, email="", phone="").id
        for name in ("ORDER_NEEDS_ACCOUNT", "ORDER_NEEDS_DATA", "ORDER_NEEDS_REVIEW"):
            put(work, name, True)
    with pytest.raises(BusinessError) as error:
        order(open_work, bare)
    assert (error.value.code, len(error.value.details["missing"])) == ("not_ready", 4)
    with open_work() as work:
        settings_pages.put("ORDER_NEEDS_ACCOUNT", "order_type", 1, False, work)
        makers.customer_of(work, goods).reviewed_at = NOW
    assert state(open_work, order(open_work, goods)) == "submitted"


def test_an_active_user_account_is_one_of_the_preconditions(open_work, people, goods):
    with open_work() as work:
        put(work, "ORDER_NEEDS_ACCOUNT", True)
        one, without = (makers.make_order(work, makers.customer_of(work, pk)) for pk in (people.one, goods))
        order_terms.ready(one, work)
        with pytest.raises(BusinessError, match="no active user account"):
            order_terms.ready(without, work)


def test_who_cancels_is_noted_and_a_gate_of_a_later_noun_keeps_an_order_from_release(open_work, goods, monkeypatch):
    def shut(order, work):
        raise BusinessError("prepayment", "The prepayment has not come.")

    pk = confirmed(open_work, goods)
    monkeypatch.setattr(orders, "GATES", [shut])
    assert refused(open_work, STAFF, "release", pk) == "prepayment"
    with open_work(buyer(goods)):
        FLOW.run_one("cancel", pk)
    with open_work() as work:
        one = work.session.get(Order, pk)
        assert (one.state, one.cancelled_at, one.expires_at) == ("cancelled", NOW, None)
