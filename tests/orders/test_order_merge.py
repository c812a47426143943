"""Merging placed orders: what becomes one, what is refused and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import facts
from app.core.errors import BusinessError
from app.core.history import History
from app.core.work import Actor
from app.rules import documents, entry, invoices, order_checks, orders, settings_pages, stock
from benchmarks.statements import counted
from models.customers import Customer
from models.orders import DocumentLink, OrderType, Reservation
from models.products import Product
from tests import makers
from tests.conftest import NOW
from tests.orders.joining import STAFF, buyer, merge, of, told

FLOW = orders.FLOW


def test_two_orders_become_one_that_waits_for_its_review(open_work, place, shop):
    first = place(A1=6, B2=3, header={"reference": "PO-1"})
    second = place("changed", A1=2, header={"reference": "PO-2"})
    (made,), refused = merge(open_work, [second, first], buyer(shop))
    assert refused == {}
    with open_work() as work:
        order = of(work, made)
        assert (order.state, order.made_as, order.reference) == ("submitted", "merge", "PO-1, PO-2")
        assert order.number not in (None, of(work, first).number, of(work, second).number)
        assert told(order.lines) == [("A-1", 8, Decimal(20)), ("B-2", 3, Decimal(30))]
        assert order.total_net == Decimal(50) and order.decisions[0].answer in (None, "")
        origins = order.lines[0].origins
        assert [(one["order"], one["quantity"]) for one in origins] == [(first, "6"), (second, "2")]
        assert [one["number"] for one in origins] == [of(work, first).number, of(work, second).number]
        for source, before in ((first, "submitted"), (second, "changed")):
            one = of(work, source)
            assert (one.state, one.merged_state, one.merged_at, one.deleted_at) == ("cancelled", before, NOW, None)
            (link,) = documents.links_of(one, work)
            assert (link.kind, link.to_id, link.to_number) == ("merged", made, order.number)
        assert len(documents.links_of(order, work)) == 2


@pytest.mark.parametrize(("codes", "told"), [
    (("SUMMER", "", "SPRING", "SUMMER"), "SUMMER, SPRING"), (("S" * 30, "T" * 30), "S" * 30 + ", " + "T" * 7 + "…"),
])  # fmt: skip
def test_promotion_codes_go_along(open_work, place, codes, told):
    ids = [place(A1=1, header={"promotion_code": code}) for code in codes]
    (made,), _refused = merge(open_work, ids)
    with open_work() as work:
        assert of(work, made).promotion_code == told


def test_goods_of_confirmed_sources_are_given_back_and_kept_again_when_the_result_is_confirmed(open_work, place):
    ids = [place("confirmed", A1=6), place("confirmed", A1=4)]
    (made,), _refused = merge(open_work, ids)
    with open_work() as work:
        assert work.session.scalars(select(Reservation)).all() == [] and stock.check(work) == []
        assert of(work, made).lines[0].quantity_available == 10  # the sources hold nothing any more
        FLOW.run_one("approve", made)
        assert work.session.scalar(select(func.sum(Reservation.quantity))) == 10 and stock.check(work) == []


def test_what_was_agreed_on_stays_agreed(open_work, place):
    with open_work() as work:
        work.session.get(OrderType, 1).confirmation = "auto_stock_check"
    short, other = place(A1=12, B2=1), place(A1=1)
    with open_work() as work:
        settings_pages.put("PARTIAL_QTY", "system", 0, "approve_available", work)
        FLOW.run_one("adjust", short)
    (made,), refused = merge(open_work, [short, other])
    assert refused == {}
    with open_work() as work:
        found = [(one.sku, one.quantity_ordered, entry.agreed(one), one.reason) for one in of(work, made).lines]
        assert found == [("A-1", 12, 10, "part_in_stock"), ("B-2", 1, 1, ""), ("A-1", 1, 1, "")]
        assert [line.net for line in of(work, made).lines] == [25, 10, Decimal("2.5")]
        assert of(work, made).total_net == sum(of(work, one).total_net for one in (short, other)) == Decimal("37.5")


def test_a_merged_order_waits_for_a_manager_even_where_the_system_confirms(open_work, place):
    with open_work() as work:
        work.session.get(OrderType, 1).confirmation = "auto_stock_check"
    (made,), _refused = merge(open_work, [place(A1=1), place(A1=2)])
    with open_work() as work:
        order = of(work, made)
        order_checks.check(None, order, work)
        assert order.state == "submitted"
        settings_pages.put("MERGE_CONFIRMATION", "system", 0, "by_order_type", work)
    with open_work() as work:
        order = of(work, made)
        order_checks.check(None, order, work)
        assert order.state == "confirmed"


def looked_at(open_work, pk):
    """The state of an order after it was opened, reconfirmed and looked at by the system."""
    now = NOW + timedelta(minutes=2)
    with open_work(now=now) as work:
        work.session.get(OrderType, 1).confirmation = "auto_stock_check"
        for verb in ("amend", "reconfirm"):
            FLOW.run_one(verb, pk)
    with open_work(now=now) as work:
        order_checks.check(None, of(work, pk), work)
        return of(work, pk).state


def split_off(open_work, pk, *lines):
    with open_work() as work:
        return FLOW.run_one("split", pk, lines=[{"id": of(work, pk).lines[at].id} for at in lines]).id


def test_what_is_split_off_a_merged_order_waits_for_a_manager_too(open_work, place):
    (made,), _refused = merge(open_work, [place(A1=1, B2=1), place(A1=2, C3=1)])
    part = split_off(open_work, made, 0, 1)
    smaller = split_off(open_work, part, 1)
    assert [looked_at(open_work, one) for one in (part, smaller)] == ["submitted", "submitted"]
    with open_work(now=NOW + timedelta(minutes=1)) as work:
        FLOW.run_one("approve", part)
        FLOW.run_one("cancel", made, reason="Twice")
        of(work, made).deleted_at = NOW
    assert [looked_at(open_work, one) for one in (part, smaller)] == ["confirmed", "submitted"]


def test_what_is_split_off_a_merged_order_that_a_person_confirmed_needs_nobody_any_more(open_work, place):
    (made,), _refused = merge(open_work, [place(A1=1, B2=1), place(A1=2)])
    with open_work():
        FLOW.run_one("approve", made)
    assert looked_at(open_work, split_off(open_work, made, 0)) == "confirmed"


def test_what_is_split_off_any_other_order_needs_nobody(open_work, place):
    assert looked_at(open_work, split_off(open_work, place(A1=1, B2=1), 0)) == "confirmed"


def test_lines_whose_sum_would_be_rounded_otherwise_stay_apart(open_work, place):
    ids = [place(C3=1), place(C3=1), place(C3=2)]  # 0.34 + 0.34, but 2 x 0.335 = 0.67; 0.34 + 0.67 = 3 x 0.335 = 1.01
    (made,), _refused = merge(open_work, ids)
    with open_work() as work:
        order = of(work, made)
        assert order.total_gross == sum(of(work, one).total_gross for one in ids) == Decimal("1.35")
        assert [(one.quantity_ordered, one.net) for one in order.lines] == [
            (1, Decimal("0.34")), (3, Decimal("1.01"))]  # fmt: skip


def test_equal_lines_stay_apart_where_a_setting_says_so(open_work, place):
    with open_work() as work:
        settings_pages.put("MERGE_ADD_UP", "system", 0, False, work)
    (made,), _refused = merge(open_work, [place(A1=1), place(A1=2)])
    with open_work() as work:
        assert [one.quantity_ordered for one in of(work, made).lines] == [1, 2]


def test_another_price_is_another_line(open_work, place):
    first = place(A1=1)
    with open_work() as work:
        order = of(work, place(A1=2))
        lines = [{"id": order.lines[0].id, "sku": "A-1", "quantity": Decimal(2), "unit_price": Decimal(2)}]
        FLOW.run_one("amend", order, lines=lines)
        second = order.id
    (made,), _refused = merge(open_work, [first, second])
    with open_work() as work:
        assert [(one.quantity_ordered, one.unit_price) for one in of(work, made).lines] == [
            (1, Decimal("2.5")), (2, Decimal(2))]  # fmt: skip


# --- refusals ----------------------------------------------------------------------------------


def test_one_order_alone_is_refused(open_work, place):
    pk = place(A1=1)
    assert merge(open_work, [pk, pk]) == ([], {pk: "at_least_two"})


@pytest.mark.parametrize("verb", ["reject", "release", "cancel"])
def test_all_or_nothing_and_each_is_told_its_reason(open_work, place, verb):
    first, second = place(A1=1), place("confirmed" if verb == "release" else "submitted", A1=2)
    with open_work() as work:
        FLOW.run_one(verb, second, **({} if verb == "release" else {"reason": "because"}))
    assert merge(open_work, [first, second]) == ([], {first: "selection_refused", second: "wrong_state"})
    with open_work() as work:
        assert of(work, first).state == "submitted" and work.session.scalars(select(DocumentLink)).all() == []


def test_orders_of_two_customers_currencies_or_types_are_refused(open_work, place, shop):
    with open_work() as work:
        rival = makers.make_customer(work, "Rival Ltd").id
        kind = OrderType(code="rush", names={"en": "Rush"})
        work.session.add(kind)
        work.session.flush()
        kind = kind.id
    first = place(A1=1)
    assert merge(open_work, [first, place(A1=1), place(A1=1, customer=rival)])[1].popitem()[1] == "other_customer"
    assert merge(open_work, [first, place(A1=1), place(A1=1, header={"order_type_id": kind})])[1][first] == (
        "selection_refused")  # fmt: skip
    with open_work() as work:
        foreign = of(work, place(A1=1, customer=rival)).id
    assert merge(open_work, [first, foreign], buyer(shop)) == ([], {first: "selection_refused", foreign: "not_found"})


def test_paid_invoiced_and_service_orders_stay_whole(open_work, place):
    paid, billed, service, plain = place(A1=1), place("confirmed", A1=1), place(A1=1), place(A1=1)
    with open_work() as work:
        of(work, paid).payment = "part"
        invoices.from_order(of(work, billed), work)
        of(work, service).data = {"service": {"id": 1}}
    refused = merge(open_work, [paid, service, plain])[1]
    assert refused == {paid: "paid", service: "service_order", plain: "selection_refused"}
    assert merge(open_work, [billed, plain])[1] == {billed: "invoiced", plain: "selection_refused"}


def test_an_order_whose_deletion_was_asked_for_is_decided_first(open_work, place):
    with open_work() as work:
        work.session.get(OrderType, 1).delete_policy = "special_approval"
    first, second = place(A1=1), place(A1=1)
    with open_work(STAFF):
        FLOW.run_one("request_deletion", first, reason="Twice")
    assert merge(open_work, [first, second])[1] == {first: "deletion_asked", second: "selection_refused"}


def test_changes_the_customer_must_accept_are_not_accepted_by_merging(open_work, place, shop):
    with open_work() as work:
        makers.make_account(work, work.session.get(Customer, shop))
    first, second = place(A1=1), place(A1=2)
    with open_work(STAFF):
        FLOW.run_one("amend", second, remark="By lorry")
    assert merge(open_work, [first, second])[1][second] == "customer_accepts"
    assert merge(open_work, [first, second], buyer(shop))[1] == {}


def test_different_addresses_need_a_choice(open_work, place, shop):
    with open_work() as work:
        depot = makers.make_address(work, makers.customer_of(work, shop), country_code="DE").id
        rival = makers.make_address(work, makers.make_customer(work, "Rival Ltd")).id
    first, second = place(A1=1), place(A1=2, header={"delivery_address_id": depot})
    assert set(merge(open_work, [first, second])[1].values()) == {"address_missing"}
    for wrong in (rival, 10**9, -1):
        assert set(merge(open_work, [first, second], delivery_address=wrong)[1].values()) == {"bad_address"}
    (made,), _refused = merge(open_work, [first, second], buyer(shop), delivery_address=depot)
    with open_work() as work:
        order = of(work, made)
        assert order.delivery_address_id == depot and told(order.lines) == [("A-1", 3, Decimal("7.5"))]


def test_a_type_numbered_by_hand_asks_for_the_number(open_work, place):
    first, second = place(A1=1), place(A1=2)
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "manual"
    assert set(merge(open_work, [first, second])[1].values()) == {"number_missing"}
    (made,), _refused = merge(open_work, [first, second], number="M-7")
    with open_work() as work:
        assert of(work, made).number == "M-7"


def test_merging_needs_its_permission(open_work, place):
    nobody = Actor("Nick", kind="staff", may=lambda permission: permission != "order.merge")
    with pytest.raises(BusinessError) as refused, open_work(nobody):
        FLOW.run("merge", [place(A1=1), place(A1=2)])
    assert refused.value.code == "not_permitted"


# --- what is told ------------------------------------------------------------------------------


def test_history_and_facts_tell_it_once_on_each_side(open_work, place, shop):
    first, second = place(A1=1), place("confirmed", A1=2)
    (made,), _refused = merge(open_work, [first, second], buyer(shop))
    with open_work() as work:
        names = [str(of(work, one)) for one in (first, second, made)]
        for pk, before in ((first, "submitted"), (second, "confirmed")):
            row = work.session.scalars(
                select(History).where(History.record_id == pk, History.noun == "order").order_by(History.id.desc())
            ).first()
            assert (row.action, row.note, row.changes["state"]) == ("order.merge", names[2], [before, "cancelled"])
            fact = work.session.scalars(
                select(facts.Fact).where(facts.Fact.record_id == pk, facts.Fact.name == "order.merge")
            ).one()
            assert (fact.payload["before"], fact.payload["after"]) == (before, "cancelled")
        rows = work.session.scalars(
            select(History).where(History.record_id == made, History.noun == "order").order_by(History.id)
        ).all()
        assert [(one.action, one.note) for one in rows] == [
            ("order.merge", ", ".join(names[:2])), ("order.submit", None)]  # fmt: skip


def test_merging_sends_the_same_however_many_lines_there_are(open_work, shop):
    def made(count):
        with open_work() as work:
            goods = [makers.make_product(work, price="2", stock_of=1000) for _ in range(count)]
            wanted = [{"sku": one.sku, "quantity": Decimal(1)} for one in goods]
            ids = [orders.create(work, customer=shop, lines=wanted, submit=True).id for _ in range(3)]
            FLOW.run("approve", ids[:2])
        with counted() as sent:
            assert merge(open_work, ids)[1] == {}
        return sent

    made(2)
    few, many = made(3), made(60)
    assert len(many) <= len(few) + 3, "\n".join(" ".join(one.split())[:150] for one in many)


def test_goods_cannot_be_sold_twice_by_merging(open_work, place):
    """All of the stock is kept for the sources: the merged order gets exactly that, and nobody else anything."""
    ids = [place("confirmed", A1=5), place("confirmed", A1=5)]
    (made,), _refused = merge(open_work, ids)
    with open_work() as work:
        product = work.session.scalars(select(Product).where(Product.sku == "A-1")).one()
        assert stock.available([product.id], work)[product.id] == 10
        FLOW.run_one("approve", made)
        assert stock.available([product.id], work)[product.id] == 0
