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
#  1 is the connection alive            2 see nothing until somebody is known    3 the user of the cookie
#  4 his kind, roles, customers         5 whose eyes the transaction has         6 the page with its relations
#  7 is it a large table                8 how many match, capped                 9 how many in each state
LIST = 12
# A filter that names another record reads its label, a search by the customer's name first finds the customers.
FILTERED = 12
# Open an order, beside the first five: the order, its customer, its type, branch, addresses, lines, units, history,
# decisions, invoices, attachments, messages, notes.
OPEN = 20
# Create an order with ten lines and submit it, in one request, beside the first five:
#  6 currency             7 customer             8 its addresses       9 the ten products, their units and tax codes
# 10 the branch          11 prices              12 tax rates          13 what the stock allows
# 14 insert order        15 insert ten lines    16 lock the order     17 savepoint          18 its lines
# 19 its type            20 number series       21 take a number      22 settings           23 what the stock allows
# 24 earlier decisions   25 approval rules      26 ask for decisions  27 update the order   28 release the savepoint
# 29 facts               30 history             31 the jobs of the facts
# A buyer costs eight more: his access groups, and whose eyes the transaction has around what only the house sees.
CREATE = 40
# Approve an order of ten lines: beside the first five lock, savepoint, lines, products, warehouse, levels, decisions,
# order, customer, facts, history, jobs; and ten times each: the line, the level, the reservation.
APPROVE = 56


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
