"""The credit limit when an order is decided on again: what it was worth before does not count beside what it is now."""

from decimal import Decimal

import pytest

from app.rules import approvals, orders
from models.approvals import ApprovalRule
from models.customers import Customer
from models.orders import Order
from tests.orders.dealing import Deal


@pytest.fixture
def deal(open_work):
    """An order of 45 for a customer who may owe 60, under the rule that a supervisor decides beyond that."""
    found = Deal(open_work)
    with open_work() as work:
        work.session.get(Customer, found.customer).credit_limit = Decimal(60)
        work.session.add(ApprovalRule(name="credit", texts={"en": "Over credit"}, level="supervisor", noun="order",
                                      over_credit=True))  # fmt: skip
    return found


def supervised(deal):
    with deal.open_work() as work:
        return approvals.supervised(work.session.get(Order, deal.pk), work)


def test_an_order_sent_for_confirmation_again_counts_once(deal):
    deal.take("customer", "amend", reference="X")
    deal.take("customer", "reconfirm")
    assert supervised(deal) == ""


def test_a_confirmed_order_stays_confirmed_when_a_lower_price_is_agreed_on(deal):
    deal.take("staff", "approve")
    deal.propose("customer", {"id": 0, "unit_price": "2.40"})
    deal.answer("staff", {"id": 0, "answer": "accept"})
    with deal.open_work() as work:
        assert work.session.get(Order, deal.pk).state == "confirmed"


def test_other_orders_still_count(deal):
    with deal.open_work() as work:
        more = orders.create(work, customer=deal.customer, lines=[{"sku": "B-2", "quantity": Decimal(2)}], submit=True)
        orders.FLOW.run_one("approve", more)
    deal.take("customer", "amend", reference="X")
    deal.take("customer", "reconfirm")
    assert supervised(deal) == "Over credit"
