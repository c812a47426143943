"""What people are told when orders are merged, when that is taken back, and when an order is split."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.work import Actor
from app.rules import orders
from models.notifications import Notification
from models.orders import Order
from tests import makers
from tests.notices.conftest import make_user

FLOW = orders.FLOW


@pytest.fixture
def people(open_work, mailbox):
    """Acme with its buyer ann, and rita and sue of ours; ten pieces of a product."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd", email="office@acme.example")
        ids = {"ann": make_user(work, "ann", ["order.read"], customer=customer).id, "customer": customer.id}
        ids |= {name: make_user(work, name, ["order.approve"]).id for name in ("rita", "sue")}
        makers.make_product(work, "A-1", price="10", stock_of=10)
        return ids


@pytest.fixture
def told(open_work, run_jobs):
    """`told()` lets the worker run and gives {name: (readers, subject, body)} of what was new."""
    seen = set()

    def run():
        run_jobs()
        with open_work() as work:
            rows = [row for row in work.session.scalars(select(Notification).order_by(Notification.id))
                    if row.id not in seen]  # fmt: skip
            seen.update(row.id for row in rows)
            return {name: ({row.to.partition("@")[0] for row in rows if row.name == name},
                           *next((row.subject, row.body) for row in rows if row.name == name))
                    for name in {row.name for row in rows}}  # fmt: skip

    return run


def place(open_work, people, quantity):
    with open_work() as work:
        wanted = [{"sku": "A-1", "quantity": Decimal(quantity)}]
        return orders.create(work, customer=people["customer"], lines=wanted, submit=True).id


def ours(people):
    return Actor("Rita", kind="staff", user_id=people["rita"], may=lambda permission: True)


def ann(people):
    return Actor("Ann", kind="external", user_id=people["ann"], customers=frozenset({people["customer"]}),
                 may=lambda permission: True)  # fmt: skip


def number(open_work, pk):
    with open_work() as work:
        return str(work.session.get(Order, pk, execution_options={"with_deleted": True}))


def test_a_merge_is_told_once_to_the_customer_and_to_who_reviews_it(open_work, people, told):
    ids = [place(open_work, people, 2), place(open_work, people, 3)]
    told()
    with open_work(ann(people)):
        made = FLOW.run("merge", ids).made[0].id
    found = told()
    assert found.keys() == {"orders_merged"}  # neither received nor cancelled: one message says it all
    readers, subject, body = found["orders_merged"]
    assert readers == {"ann", "rita", "sue"} and number(open_work, made) in subject
    assert all(number(open_work, one) in body for one in ids) and "50.00" in body


def test_taking_it_back_tells_which_orders_are_there_again_and_how(open_work, people, told):
    ids = [place(open_work, people, 2), place(open_work, people, 9)]
    with open_work():
        FLOW.run_one("approve", ids[1])
        made = FLOW.run("merge", ids).made[0].id
    other = place(open_work, people, 4)  # takes goods that the confirmed one had
    with open_work():
        FLOW.run_one("approve", other)
    told()
    with open_work(ours(people)):
        FLOW.run_one("unmerge", made)
    found = told()
    assert found.keys() == {"merge_taken_back", "order_cut"}
    readers, subject, body = found["merge_taken_back"]
    assert readers == {"ann", "sue"} and number(open_work, made) in subject  # rita did it herself
    first, second = (number(open_work, one) for one in ids)
    assert f"{first}: Submitted" in body and f"{second}: Changed" in body
    assert found["order_cut"][0] == {"ann"} and second in found["order_cut"][1]


def test_a_split_is_told_with_what_went_where(open_work, people, told):
    pk = place(open_work, people, 5)
    told()
    with open_work(ours(people)) as work:
        line = work.session.get(Order, pk).lines[0].id
        made = FLOW.run_one("split", pk, lines=[{"id": line, "quantity": Decimal(2)}]).id
    found = told()
    assert found.keys() == {"order_split"}
    readers, subject, body = found["order_split"]
    assert readers == {"ann", "sue"}
    assert number(open_work, pk) in subject and number(open_work, made) in subject
    assert "A-1" in body and "20.00" in body
