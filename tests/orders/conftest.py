"""A shop whose orders are merged."""

from decimal import Decimal

import pytest

import config
from app.rules import orders
from tests import makers


@pytest.fixture
def shop(open_work, tmp_path, monkeypatch):
    """A customer with an address, and three products of which 10 are in stock: the customer's id."""
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    with open_work() as work:
        customer = makers.make_customer(work)
        makers.make_address(work, customer)
        for sku, price in (("A-1", "2.50"), ("B-2", "10"), ("C-3", "0.335")):
            makers.make_product(work, sku, price=price, stock_of=10)
        return customer.id


@pytest.fixture
def place(open_work, shop):
    """`place("confirmed", A1=6)` places an order and takes it to that state: its id."""

    def placed(state="submitted", customer=None, header=None, **wanted):
        with open_work() as work:
            lines = [{"sku": f"{name[0]}-{name[1]}", "quantity": Decimal(many)} for name, many in wanted.items()]
            order = orders.create(work, customer=customer or shop, lines=lines, submit=True, **(header or {}))
            if state == "confirmed":
                orders.FLOW.run_one("approve", order)
            if state == "changed":
                orders.FLOW.run_one("amend", order)
            return order.id

    return placed
