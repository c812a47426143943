"""What each side is told about a negotiation of lines."""

import pytest
from sqlalchemy import select

from app.core.work import Actor
from app.rules import entry, order_proposals, orders
from models.notifications import Notification
from models.orders import Order
from tests import makers
from tests.notices.conftest import make_user

FLOW = orders.FLOW


@pytest.fixture
def house(open_work, mailbox):
    """Acme with its buyer ann, rita of ours, and an order of 3 A-1 at 10."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd", email="office@acme.example")
        ann = make_user(work, "ann", ["order.read"], customer=customer)
        rita = make_user(work, "rita", ["order.answer"])
        makers.make_product(work, "A-1", price="10", stock_of=9)
        wanted = [{"sku": "A-1", "quantity": makers.Decimal(3)}]
        pk = orders.create(work, customer=customer.id, lines=wanted, submit=True).id
        return {"ann": Actor("Ann", kind="external", user_id=ann.id, customers=frozenset({customer.id}),
                             may=lambda permission: True),
                "rita": Actor("Rita", kind="staff", user_id=rita.id, may=lambda permission: True),
                "pk": pk, "line": work.session.get(Order, pk).lines[0].id}  # fmt: skip


def test_a_discount_stands_where_quantity_times_price_is_not_the_amount(house, open_work, run_jobs):
    with open_work() as work:
        order = work.session.get(Order, house["pk"])
        wanted = [{"id": house["line"], "sku": "A-1", "quantity": makers.Decimal(3),
                   "discount_percent": makers.Decimal("12.5")}]  # fmt: skip
        entry.set_lines(order, wanted, work)
    with open_work(house["rita"]) as work:
        lines = [{"id": house["line"], "quantity": "2"}]
        FLOW.run_one("propose", work.session.get(Order, house["pk"]), lines=lines)
    run_jobs()
    with open_work() as work:
        told = work.session.scalars(select(Notification).where(Notification.name == "order_proposed")).one()
        for text in ("A-1 · 3 × £10.00 −12.5% = £26.25", "A-1 · 2 × £10.00 −12.5% = £17.50"):
            assert text in told.body and text.partition("· ")[2] in told.html


def test_each_round_reaches_the_other_side_with_before_and_after(house, open_work, run_jobs):
    def step(who, verb, **data):
        with open_work(house[who]) as work:
            order = work.session.get(Order, house["pk"])
            if verb == "counter":
                line = order_proposals.open_one(order, work).lines[0].id
                verb, data = "answer", {"lines": [{"id": line, "answer": "counter", **data}]}
            FLOW.run_one(verb, order, **data)
        run_jobs()
        with open_work() as work:
            rows = work.session.scalars(select(Notification).where(Notification.name.like("order_propos%"))).all()
            found = [(one.name, one.to.partition("@")[0], one.body) for one in rows]
            for one in rows:
                work.session.delete(one)
            return found

    line = {"id": house["line"], "unit_price": "8.125", "requested_on": "2026-12-24", "remark": "A year's contract"}
    ((name, to, body),) = step("ann", "propose", lines=[line], note="Dear team")
    assert (name, to) == ("order_proposed", "rita")
    for text in ("A-1 · 3 × £10.00 = £30.00", "A-1 · 3 × £8.125 = £24.38", "24 December 2026", "A year's contract",
                 "Dear team"):  # fmt: skip
        assert text in body
    ((name, to, body),) = step("rita", "counter", unit_price="9", remark="Our limit")
    assert (name, to) == ("order_proposal_answered", "ann")
    for text in ("Countered", "Our limit", "Proposed instead:", "A-1 · 3 × £9.00 = £27.00"):
        assert text in body
    ((name, to, body),) = step("rita", "withdraw")
    assert (name, to) == ("order_proposal_withdrawn", "ann")
    ((name, to, body),) = step("rita", "propose", lines=[{"id": house["line"], "quantity": "2"}])
    assert (name, to) == ("order_proposed", "ann")
    ((name, to, body),) = step("ann", "answer", rest="accept")
    assert (name, to) == ("order_proposal_answered", "rita")
    assert "Accepted" in body
