"""Steps on many records: each is done or refused with its reason; nothing vanishes."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core import facts
from app.core.errors import BusinessError, Forbidden
from app.core.history import History
from app.core.work import Actor
from app.rules import orders
from models.orders import Order
from tests import makers

STAFF = Actor("Rita", kind="staff", user_id=None, may=lambda permission: True)


@pytest.fixture
def submitted(open_work):
    """Three submitted orders of one customer; the last one asks for more than there is."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd")
        product = makers.make_product(work, sku="A-1", price="2", stock_of=10)
        found = []
        for quantity in (1, 2, 50):
            order = makers.make_order(work, customer, (product, quantity, 2))
            orders.FLOW.run_one("submit", order)
            found.append(order.id)
    return found


def test_one_bad_order_never_spoils_the_good_ones(submitted, open_work):
    with open_work(STAFF) as work:
        outcome = orders.FLOW.run("approve", [*submitted, 999_999])
        assert [row.id for row in outcome.done] == submitted[:2]
        assert {one.id: one.error.code for one in outcome.refused} == {
            submitted[2]: "out_of_stock",
            999_999: "not_found",
        }
        del work
    with open_work() as work:
        states = dict(work.session.execute(select(Order.id, Order.state)).all())
        assert [states[one] for one in submitted] == ["confirmed", "confirmed", "submitted"]
        told = work.session.scalars(select(facts.Fact).where(facts.Fact.name == "order.approve")).all()
        assert sorted(fact.record_id for fact in told) == submitted[:2]
        kept = work.session.scalars(
            select(History).where(History.noun == "order", History.action == "order.approve")
        ).all()
        assert sorted(row.record_id for row in kept) == submitted[:2]
        assert all(row.actor == "Rita" for row in kept)


def test_history_tells_lines_before_and_after(submitted, open_work):
    with open_work(STAFF):
        orders.FLOW.run("approve", submitted[:1])
    with open_work() as work:
        row = work.session.scalars(
            select(History).where(History.noun == "order", History.action == "order.approve")
        ).one()
        assert row.changes["state"] == ["submitted", "confirmed"]
        line = next(name for name in row.changes if name.endswith("quantity_approved"))
        assert row.changes[line] == ["0", "1"]


def test_a_step_needs_its_permission(submitted, open_work):
    nothing = Actor("Nick", kind="staff", may=lambda permission: False)
    with open_work(nothing), pytest.raises(Forbidden):
        orders.FLOW.run("approve", submitted)


def test_an_old_version_is_stale(submitted, open_work):
    with open_work(STAFF):
        outcome = orders.FLOW.run("approve", submitted[:1], versions={submitted[0]: 0})
        assert [one.error.code for one in outcome.refused] == ["stale"]


def test_the_wrong_state_is_told(submitted, open_work):
    with open_work(STAFF):
        orders.FLOW.run("approve", submitted[:1])
        again = orders.FLOW.run("approve", submitted[:1])
        assert [one.error.code for one in again.refused] == ["wrong_state"]
        assert again.refused[0].error.status == 409


def test_nobody_writes_a_state_by_hand(submitted, open_work):
    with pytest.raises(RuntimeError), open_work(STAFF) as work:
        work.session.get(Order, submitted[0]).state = "completed"


def test_nobody_approves_his_own_order(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        product = makers.make_product(work, price="2", stock_of=10)
        order = makers.make_order(work, customer, (product, 1, 2))
        orders.FLOW.run_one("submit", order)
        order.submitted_by = 7
        identity = order.id
    with open_work(Actor("Sam", kind="staff", user_id=7, may=lambda permission: True)):
        outcome = orders.FLOW.run("approve", [identity])
        assert [one.error.code for one in outcome.refused] == ["own_order"]


def test_override_needs_permission_and_reason_and_tells_nobody(submitted, open_work):
    with open_work(STAFF) as work:
        order = work.session.get(Order, submitted[0])
        with pytest.raises(BusinessError):
            orders.FLOW.override(order, "completed", " ")
        orders.FLOW.override(order, "completed", "delivered by hand")
    with open_work() as work:
        assert work.session.get(Order, submitted[0]).state == "completed"
        row = work.session.scalars(
            select(History).where(History.noun == "order", History.action == "order.override")
        ).one()
        assert row.note == "delivered by hand"
        assert work.session.scalars(select(facts.Fact).where(facts.Fact.name == "order.override")).all() == []


def test_offers_say_why_a_step_is_disabled(submitted, open_work):
    with open_work() as work:
        draft = makers.make_order(work, makers.make_customer(work, "Empty Ltd"))
        offers = {offer.step.name: offer for offer in orders.FLOW.offers(draft)}
        assert not offers["submit"].enabled
        assert "at least one line" in str(offers["submit"].reason)
        assert not offers["approve"].fits


def test_an_order_submitted_at_once_is_written_once_and_told_in_two_steps(open_work):
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd")
        product = makers.make_product(work, sku="A-1", price="2", stock_of=10)
        wanted = [{"sku": product.sku, "quantity": Decimal(3)}]
        with work.doing("order.create"):
            order = orders.create(work, customer=customer.id, lines=wanted, submit=True)
        identity, number = order.id, order.number
    with open_work() as work:
        assert work.session.get(Order, identity).version == 1
        made, taken = work.session.scalars(
            select(History).where(History.noun == "order", History.record_id == identity).order_by(History.id)
        )
        assert (made.action, taken.action) == ("order.create", "order.submit")
        assert made.changes["state"] == [None, "draft"] and "number" not in made.changes
        assert [pair for name, pair in made.changes.items() if name.endswith("quantity_ordered")] == [[None, "3"]]
        assert taken.changes["state"] == ["draft", "submitted"] and taken.changes["number"] == [None, number]
        assert [pair for name, pair in taken.changes.items() if name.endswith("quantity_available")] == [[None, "3"]]
        assert not any(name.endswith("quantity_ordered") for name in taken.changes)
        fact = work.session.scalars(select(facts.Fact).where(facts.Fact.record_id == identity)).one()
        assert fact.name == "order.submit" and fact.payload["before"] == "draft"


def test_an_order_whose_first_step_is_refused_is_not_made(open_work):
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd")
        identity = customer.id
    with pytest.raises(BusinessError) as refused, open_work() as work:
        orders.create(work, customer=identity, lines=(), submit=True)
    assert refused.value.code == "no_lines"
    with open_work() as work:
        assert work.session.scalars(select(Order)).all() == []
        assert work.session.scalars(select(facts.Fact).where(facts.Fact.noun == "order")).all() == []
