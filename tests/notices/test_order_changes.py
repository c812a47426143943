"""What people are told when an order is changed, cut, released, runs out or is to be deleted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.work import Actor
from app.rules import order_expiry, order_lines, orders, settings_pages
from models.notifications import Notification
from models.orders import OrderType
from tests import makers
from tests.conftest import NOW
from tests.notices.conftest import make_user

FLOW = orders.FLOW
RULES = ["order.approve", "order.approve_deletion", "order.request_deletion"]


@pytest.fixture
def people(open_work, mailbox):
    """Acme with its buyer ann, and rita and sue of ours; a product of which four are there."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd", email="office@acme.example")
        ids = {"ann": make_user(work, "ann", ["order.read"], customer=customer).id, "customer": customer.id}
        ids |= {name: make_user(work, name, RULES).id for name in ("rita", "sue")}
        makers.make_product(work, "A-1", price="10", stock_of=4)
        return ids


@pytest.fixture
def told(open_work, run_jobs):
    """`told("order_changed")` lets the worker run and gives (to, subject, body) of the messages of that name."""

    def run(name):
        run_jobs()
        with open_work() as work:
            rows = work.session.scalars(select(Notification).where(Notification.name == name).order_by(Notification.id))
            return [(row.to.partition("@")[0], row.subject, row.body) for row in rows]

    return run


def ann(people):
    return Actor("Ann", kind="external", user_id=people["ann"], customers=frozenset({people["customer"]}),
                 may=lambda permission: True)  # fmt: skip


def ours(people, name):
    return Actor(name, kind="staff", user_id=people[name], may=lambda permission: True)


def placed(open_work, people, quantity, **kind):
    with open_work() as work:
        for name, value in kind.items():
            setattr(work.session.get(OrderType, 1), name, value)
        wanted = [{"sku": "A-1", "quantity": Decimal(quantity)}]
        return orders.create(work, customer=people["customer"], lines=wanted, submit=True).id


def step(open_work, actor, verb, pk, **data):
    with open_work(actor):
        FLOW.run_one(verb, pk, **data)


def lines(open_work, pk, quantity):
    with open_work() as work:
        line = work.session.get(makers.Order, pk).lines[0]
        return [{"id": line.id, "sku": "A-1", "quantity": Decimal(quantity)}]


def test_the_other_side_is_told_what_changed(open_work, people, told):
    pk = placed(open_work, people, 3)
    step(open_work, ann(people), "amend", pk, lines=lines(open_work, pk, 2))
    assert {to for to, _subject, _body in told("order_changed_by_customer")} == {"rita", "sue"}
    assert told("order_changed") == []
    step(open_work, ours(people, "rita"), "amend", pk, lines=lines(open_work, pk, 1))
    ((to, subject, body),) = told("order_changed")
    assert (to, "was changed" in subject) == ("ann", True)
    assert "A-1: 2 before, 1 now" in body
    step(open_work, ann(people), "reconfirm", pk)
    assert {to for to, _subject, _body in told("order_reconfirmed")} == {"rita", "sue"}


def test_the_mail_about_a_confirmed_order_names_what_was_changed_only(open_work, people, told):
    with open_work() as work:
        makers.make_product(work, "B-2", price="1", stock_of=9)
        rows = [{"sku": "A-1", "quantity": Decimal(2)}, {"sku": "B-2", "quantity": Decimal(3)}]
        pk = orders.create(work, customer=people["customer"], lines=rows, submit=True).id
    for name, actor, sku in (("order_changed", ours(people, "rita"), "B-2"),
                             ("order_changed_by_customer", ann(people), "A-1")):  # fmt: skip
        with open_work() as work:
            FLOW.override(work.session.get(makers.Order, pk), "confirmed", "x")
            more = order_lines.more(work.session.get(makers.Order, pk), [{"sku": sku, "quantity": Decimal(1)}])
        step(open_work, actor, "amend", pk, lines=more)
        body = told(name)[0][2]
        other = {"A-1": "B-2", "B-2": "A-1"}[sku]
        assert f"{sku}: " in body and f"{other}: " not in body and body.count(" now") == 1


def test_who_only_opens_an_order_tells_nobody(open_work, people, told):
    pk = placed(open_work, people, 3)
    step(open_work, ours(people, "rita"), "amend", pk)
    assert told("order_changed") == []


def test_the_customer_hears_what_is_not_in_stock_and_nobody_of_us_has_to_act(open_work, people, told):
    with open_work() as work:
        settings_pages.put("PARTIAL_QTY", "system", 0, "approve_available", work)
    pk = placed(open_work, people, 6, confirmation="auto_stock_check")
    ((to, _subject, body),) = told("order_cut")
    assert to == "ann" and "approved 4 of 6" in body and "Total: £40.00" in body
    assert told("order_submitted") == []
    step(open_work, ann(people), "reconfirm", pk)
    ((to, subject, _body),) = told("order_confirmed")
    assert to == "ann" and "is confirmed" in subject
    assert told("order_reconfirmed") == []


def test_released_completed_expiring_and_expired_orders_are_told(open_work, people, told):
    pk, late = placed(open_work, people, 1), placed(open_work, people, 1)
    for one in (pk, late):
        step(open_work, None, "approve", one)
    step(open_work, ann(people), "release", pk)
    step(open_work, None, "complete", pk)
    assert "can no longer be changed" in told("order_released")[0][2]
    assert "have you received everything" in told("order_completed")[0][1]
    with open_work(now=NOW + timedelta(days=9)) as work:
        settings_pages.put("TTL_WARN_DAYS", "system", 0, 3, work)
        order_expiry.warn(work)
    ((to, _subject, body),) = told("order_expiring")
    assert to == "ann" and "Kept until" in body
    with open_work(now=NOW + timedelta(days=10)) as work:
        order_expiry.run_out(work)
    assert {to for to, _subject, _body in told("order_expired")} == {"ann", "rita", "sue"}


@pytest.mark.parametrize(("fate", "leads"), [("mark_deleted", "/orders/list/"), ("cancel_order", "/orders/show/")])
def test_who_is_told_that_an_order_expired_is_led_to_a_page_that_is_there(open_work, people, told, fate, leads):
    pk = placed(open_work, people, 1)
    step(open_work, None, "approve", pk)
    with open_work(now=NOW + timedelta(days=10)) as work:
        settings_pages.put("EXPIRED_ORDERS", "system", 0, fate, work)
        order_expiry.run_out(work)
    mails = told("order_expired")
    assert mails and all(leads in body for _to, _subject, body in mails)


def test_a_deletion_is_asked_for_refused_and_at_last_done(open_work, people, told):
    pk = placed(open_work, people, 1, delete_policy="special_approval")
    step(open_work, ours(people, "rita"), "request_deletion", pk, reason="Entered twice")
    assert [(to, "Entered twice" in body) for to, _subject, body in told("deletion_requested")] == [("sue", True)]
    step(open_work, ours(people, "sue"), "refuse_deletion", pk, reason="It is right")
    assert [(to, "It is right" in body) for to, _subject, body in told("deletion_refused")] == [("rita", True)]
    step(open_work, ours(people, "rita"), "request_deletion", pk, reason="Really")
    step(open_work, ours(people, "sue"), "approve_deletion", pk)
    assert {to for to, _subject, _body in told("order_deleted")} == {"ann", "rita"}
