"""An order that is approved in part costs what will be delivered and billed: on every screen, paper and door."""

from decimal import Decimal

import pytest

from app.rules import credit, entry, invoices, orders
from models.orders import Order
from tests import makers

FLOW = orders.FLOW


@pytest.fixture
def shop(people, open_work):
    """Five bolts in stock, no nut, plenty of washers; ten of each ordered, the washers at ten per cent off."""
    with open_work() as work:
        customer = makers.customer_of(work, people.one)
        for sku, price, stock in (("BOLT", "10", 5), ("NUT", "3", None), ("WASHER", "1", 100)):
            makers.make_product(work, sku=sku, price=price, stock_of=stock)
        lines = [{"sku": sku, "quantity": Decimal(10)} for sku in ("BOLT", "NUT", "WASHER")]
        lines[2]["discount_percent"] = Decimal(10)
        return orders.create(work, customer=customer.id, lines=lines, submit=True).id


def approve(open_work, pk):
    with open_work() as work:
        order = work.session.get(Order, pk)
        FLOW.run_one("approve", order, partial=True)
        return [line.net for line in order.lines], order.total_net


def test_totals_are_those_of_what_was_approved_and_equal_the_sum_of_the_lines(shop, open_work):
    with open_work() as work:
        assert work.session.get(Order, shop).total_net == 139
    assert approve(open_work, shop) == ([50, 0, 9], 59)
    with open_work() as work:
        order = work.session.get(Order, shop)
        assert [line.quantity_ordered for line in order.lines] == [10, 10, 10], "what was ordered stays to be read"
        assert order.total_gross == sum(line.gross for line in order.lines)


def test_an_order_that_is_opened_again_costs_what_was_ordered(shop, open_work):
    approve(open_work, shop)
    with open_work() as work:
        FLOW.run_one("amend", shop)
        order = work.session.get(Order, shop)
        assert (order.state, order.total_net, [line.net for line in order.lines]) == ("changed", 139, [100, 30, 9])


def test_a_cut_order_is_billed_at_what_it_says_with_its_discount(shop, open_work):
    approve(open_work, shop)
    with open_work() as work:
        order = work.session.get(Order, shop)
        invoice = invoices.from_order(order, work)
        assert (invoice.total_net, invoice.total_gross) == (order.total_net, order.total_gross)
        assert [(line.quantity, line.net) for line in invoice.lines] == [(5, 50), (10, 9)]


def test_a_part_of_a_discounted_line_is_billed_with_its_discount(work):
    bolt = makers.make_product(work, sku="BOLT", price="10", stock_of=5)
    lines = [{"sku": "BOLT", "quantity": Decimal(10), "discount_percent": Decimal(20)}]
    order = orders.create(work, customer=makers.make_customer(work).id, lines=lines, submit=True)
    FLOW.run_one("approve", order, partial=True)
    invoice = invoices.from_order(order, work)
    assert (order.total_net, invoice.total_net, invoice.lines[0].discount_percent) == (40, 40, 20)
    assert bolt.id == invoice.lines[0].product_id


def test_list_record_rest_paper_and_mail_say_the_same(shop, open_work, sign_in, rest):
    approve(open_work, shop)
    for who in ("reviewer", "buyer1"):
        desk = sign_in(who)
        page = desk.page(f"/orders/show/{shop}")
        assert "Total as ordered" in page and "£139.00" in page and "£59.00" in page
        listed = desk.page("/orders/list/")
        assert "£59.00" in listed and "£139.00" not in listed
        seen = rest(who).get(f"/orders/{shop}").json["result"]
        assert (seen["total_net"], [line["net"] for line in seen["lines"]]) == ("59.00", ["50.00", "0.00", "9.00"])
        paper = rest(who).get(f"/orders/{shop}/documents/order_confirmation.html").get_data(as_text=True)
        assert "Approved quantity" in paper and "59.00" in paper and "139.00" not in paper


def test_a_cut_order_uses_up_credit_for_what_will_be_delivered(shop, open_work):
    approve(open_work, shop)
    with open_work() as work:
        order = work.session.get(Order, shop)
        assert credit.credit_used(order.customer_id, work).amount == order.total_gross


def test_lines_of_one_product_share_the_stock_by_what_is_wanted_of_each(work):
    makers.make_product(work, sku="BOLT", price="10", stock_of=10)
    lines = [{"sku": "BOLT", "quantity": Decimal(many)} for many in (8, 5)]
    order = orders.create(work, customer=makers.make_customer(work).id, lines=lines, submit=True)
    first, second = order.lines
    first.quantity_approved, first.state = Decimal(3), "approved"
    entry.check_stock(order, work)
    assert (first.quantity_available, second.quantity_available) == (8, 5)
    FLOW.run_one("approve", order, partial=True)
    assert [line.quantity_approved for line in order.lines] == [3, 5]
