"""How many statements a page or a step may send: what is added in a loop shows here first.

Times are measured by `python -m benchmarks`; a number of statements is the same on every machine.
"""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.rules import orders
from benchmarks.statements import counted
from models.customers import Customer
from models.orders import Order
from tests import makers
from views.base import HouseView

# A list page, as of the orders:
#  1 is the connection alive            2 who has the cookie, his kind, roles and customers
#  3 whose eyes the transaction has     4 the page with its relations
#  5 how many match, capped, and how many in each state                       6 what waits to be read
# Some lists name what their rows are about, or how full a category is.
LIST = 8
# A filter that names another record reads its label, a search by the customer's name first finds the customers.
FILTERED = 8
# Open an order, beside the first three and the last: the order, its customer, its type, branch, addresses, lines,
# history, links, decisions, invoices, attachments, messages, notes, log, rating.
OPEN = 19
# Create an order with ten lines and submit it, in one request, beside the first three:
#  4 customer, branch      5 its addresses       6 the ten products, their units and tax codes
#  7 prices                8 take a number       9 what the stock allows   10 insert order   11 insert ten lines
# 12 ask for decisions    13 facts              14 history                15 the jobs of the facts
# What administrators set up (rules, series, rates, types) is kept under the stamp (app.core.kept).
# A buyer costs a few more: whose eyes the transaction has around what only the house sees.
CREATE = 20
# Approve an order of ten lines: beside the first three lock, savepoint, lines, products, levels, customer, decisions,
# and once each for all lines: the lines, their levels, their reservations; then decision, order, release, facts,
# history, jobs.
APPROVE = 20


@pytest.fixture
def book(people, open_work):
    """Thirty orders of ten products of the first customer, all submitted."""
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        goods = [makers.make_product(work, price="10", stock_of=1000) for _ in range(10)]
        wanted = [{"sku": one.sku, "quantity": Decimal(2)} for one in goods]
        ids = [orders.create(work, customer=customer.id, lines=wanted, submit=True).id for _ in range(30)]
        return {"skus": [one.sku for one in goods], "orders": ids, "customer": customer.id}


def _statements(take):
    """What the second call sends: the first one fills the caches of a running house."""
    take()
    with counted() as sent:
        take()
    return sent


def _told(sent):
    return "\n".join(" ".join(one.split())[:200] for one in sent)


def _lists(site):
    return sorted({view.route_base + "/list/" for view in site.appbuilder.baseviews if isinstance(view, HouseView)})


def test_every_list_page_is_within_its_budget(site, book, sign_in):
    desk = sign_in("admin")
    over = {}
    for address in _lists(site):
        if desk.get(address).status_code == 200:
            sent = _statements(lambda address=address: desk.page(address))
            if len(sent) > LIST:
                over[address] = _told(sent)
    assert not over, over


ASKED = ["?last=1", "?customer={customer}", "?number=SO-", "?customer_name=acm", "?state=submitted"]


@pytest.mark.parametrize("asked", ASKED)
def test_filtered_order_lists_are_within_their_budget(book, sign_in, asked):
    desk = sign_in("reviewer")
    sent = _statements(lambda: desk.page("/orders/list/" + asked.format(**book)))
    assert len(sent) <= FILTERED, _told(sent)


def test_a_list_sends_the_same_however_many_rows_it_has(book, sign_in, open_work):
    desk = sign_in("reviewer")
    many = _statements(lambda: desk.page("/orders/list/"))
    with open_work() as work:
        for order in work.session.scalars(select(Order).where(Order.id.in_(book["orders"][2:]))):
            orders.FLOW.run_one("reject", order, reason="Not now")
    few = _statements(lambda: desk.page("/orders/list/?state=submitted"))
    assert abs(len(many) - len(few)) <= 1


def test_opening_an_order_is_within_its_budget(book, sign_in):
    desk, ids = sign_in("reviewer"), iter(book["orders"])
    sent = _statements(lambda: desk.page(f"/orders/show/{next(ids)}"))
    assert len(sent) <= OPEN, _told(sent)


@pytest.mark.parametrize("who", ["reviewer", "buyer1"])
def test_creating_and_submitting_ten_lines_is_within_its_budget(book, rest, who):
    client = rest(who)
    order = {"currency": "GBP", "lines": [{"sku": sku, "quantity": "2"} for sku in book["skus"]], "submit": True}
    if who != "buyer1":
        order["customer"] = book["customer"]

    def create():
        answer = client.post("/orders/", order)
        assert answer.status_code == 201, answer.get_data(as_text=True)

    sent = _statements(create)
    assert len(sent) <= CREATE, _told(sent)


def test_approving_ten_lines_is_within_its_budget(book, rest):
    client, ids = rest("reviewer"), iter(book["orders"])

    def approve():
        answer = client.post(f"/orders/{next(ids)}/approve", {})
        assert answer.status_code == 200, answer.get_data(as_text=True)

    sent = _statements(approve)
    assert len(sent) <= APPROVE, _told(sent)
