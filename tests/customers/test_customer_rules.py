"""What a customer must be, whom it looks like, what it owes, and that nothing on paper ever changes."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.history import History
from app.core.money import Money
from app.core.work import Actor
from app.rules import customers
from models.customers import Address, Customer
from models.invoices import Invoice
from models.organisation import ExchangeRate
from tests import makers
from tests.expect import refused, statements


def new(**values):
    given = {"name": "Acme Ltd", "country_code": "GB", "currency_code": "GBP", "email": "a@acme.example"}
    return Customer(**{**given, **values})


def test_a_new_customer_gets_the_next_number(work):
    first, second = new(), new(name="Other", email="o@other.example")
    for one in (first, second):
        customers.check(one, work)
        work.session.add(one)
    work.session.flush()
    assert [first.number, second.number] == ["C-2026-000001", "C-2026-000002"]
    customers.check(first, work)
    assert first.number == "C-2026-000001"


def test_a_number_given_by_hand_is_kept_and_never_twice(work):
    makers.make_customer(work, number="K-1")
    with refused("number_taken"):
        customers.check(new(number=" K-1 "), work)


@pytest.mark.parametrize("values, code", [
    ({"name": "  "}, "name_missing"), ({"kind": "club"}, "kind_unknown"),
    ({"country_code": "XX"}, "country_unknown"), ({"country_code": None}, "country_unknown"),
    ({"currency_code": "QQQ"}, "currency_unknown"), ({"currency_code": None}, "currency_unknown"),
    ({"language": "de"}, "language_unknown"), ({"email": "no at sign"}, "email_shape"),
    ({"credit_limit": Decimal(-1)}, "credit_negative"),
])  # fmt: skip
def test_a_customer_that_is_not_right_is_refused(work, values, code):
    with refused(code):
        customers.check(new(**values), work)


def test_what_is_missing_is_said_but_does_not_stop_anybody(work):
    hints = customers.check(new(email=""), work)
    assert [one.code for one in hints] == ["incomplete", "incomplete"]
    customer = makers.make_customer(work)
    with refused("customer_incomplete"):
        customers.complete(customer, work)
    makers.make_address(work, customer)
    work.session.expire(customer)
    customers.complete(customer, work)
    assert customers.missing(customers.walk_in(work)) == []


@pytest.mark.parametrize("values, fields", [
    ({"name": "ACME  ltd."}, ["name"]), ({"phone": "+44 (20) 7946-0018"}, ["phone"]),
    ({"email": "Info@Acme.Example"}, ["email"]), ({"tax_id": "gb 123 456"}, ["tax_id"]),
])  # fmt: skip
def test_a_similar_customer_is_named(work, values, fields):
    other = makers.make_customer(
        work, phone="+442079460018", email="info@acme.example", tax_id="GB123456", number="K-7"
    )
    one = new(**{"name": "Somebody else", "email": "", **values})
    hints = [hint for hint in customers.check(one, work) if hint.code == "duplicate"]
    assert [hint.details for hint in hints] == [{"id": other.id, "fields": fields}]
    assert str(hints[0].text) == "There is already a similar customer: Acme Ltd (K-7)."


def test_a_customer_is_not_similar_to_itself_nor_to_a_longer_name(work):
    one = makers.make_customer(work)
    makers.make_customer(work, name="Acme Ltd Holding")
    assert [hint.code for hint in customers.check(one, work)] == ["incomplete"]


def test_a_group_of_companies_is_no_circle(work):
    top = makers.make_customer(work, name="Top")
    low = makers.make_customer(work, name="Low", parent_id=top.id)
    top.parent_id = low.id
    with refused("circular_parent"):
        customers.check(top, work)


def test_any_word_of_the_name_finds_a_customer_in_any_script(work):
    makers.make_customer(work, name="Kırmızı Çarşı A.Ş.")
    makers.make_customer(work, name="شرکت آب‌نمک", number="FA-1")
    makers.make_customer(work, name="Gone", archived_at=work.now)
    assert [one.name for one in customers.search("cars", work)] == ["Kırmızı Çarşı A.Ş."]
    assert [one.number for one in customers.search("نمک", work)] == ["FA-1"]
    assert len(customers.search(" ", work)) == 2 and customers.search("gone", work) == []


def test_an_address_is_replaced_and_the_old_one_stays(work):
    customer = makers.make_customer(work)
    old = makers.make_address(work, customer, city="Leeds")
    made = customers.replace_address(old, {"city": "York", "customer_id": 99}, work)
    assert (made.city, made.street, made.replaces_id, made.customer_id) == (
        "York", "1 High Street", old.id, customer.id)  # fmt: skip
    assert old.city == "Leeds" and old.retired_at == work.now
    assert customers.replace_address(made, {"city": "York"}, work) is made
    with refused("address_retired"):
        customers.replace_address(old, {"city": "Hull"}, work)
    with refused("address_incomplete"):
        customers.replace_address(made, {"street": " "}, work)
    assert len(work.session.scalars(select(Address)).all()) == 2


def test_an_external_user_changes_addresses_of_his_customer_only(open_work):
    with open_work() as work:
        mine, other = makers.make_customer(work), makers.make_customer(work)
        ids = [makers.make_address(work, one).id for one in (mine, other)]
        actor = Actor("buyer", "external", customers=frozenset({mine.id}))
    with open_work(actor) as work:
        assert work.session.get(Address, ids[1]) is None
        customers.replace_address(work.session.get(Address, ids[0]), {"city": "York"}, work)


def test_credit_is_used_by_confirmed_orders_and_by_open_invoices(work):
    customer = makers.make_customer(work)
    product = makers.make_product(work)
    for state, amount in (("draft", 1), ("submitted", 2), ("confirmed", 40), ("released", 8), ("completed", 16)):
        made = makers.make_order(work, customer, (product, 1, amount))
        _put(made, state)
    billed = made = makers.make_order(work, customer, (product, 1, 100))
    _put(billed, "confirmed")
    invoice(work, customer, 70, 30, order_id=billed.id)
    invoice(work, customer, 500, 500, state="draft")
    invoice(work, customer, 500, 500, type="proforma")
    invoice(work, customer, 5, 5, type="credit_note")
    work.session.flush()
    with statements(work) as seen:
        assert customers.credit_used(customer.id, work) == Money(Decimal(48 + 30 + 30 - 5), "GBP").rounded()
    assert len(seen) == 2
    assert customers.credit_used(makers.make_customer(work).id, work) == Money(Decimal("0.00"), "GBP")


def _put(row, state):
    row.__dict__["_flow_open"] = True
    row.state = state


def invoice(work, customer, gross, still_open, state="issued", **values):
    gross, still_open = Decimal(gross), Decimal(still_open)
    row = Invoice(customer_id=customer.id, currency_code=values.pop("currency", customer.currency_code),
                  total_net=gross, total_gross=gross, open_amount=still_open, **values)  # fmt: skip
    _put(row, state)
    work.session.add(row)
    return row


def test_other_currencies_count_at_the_latest_rate(work):
    customer = makers.make_customer(work)  # pays in pounds, the branch counts in euros
    invoice(work, customer, 100, 100, currency="USD")
    work.session.flush()
    with refused("no_exchange_rate"):
        customers.credit_used(customer.id, work)
    for currency, day, rate in (("USD", 1, "0.5"), ("USD", 20, "0.9"), ("USD", 30, "7"), ("GBP", 1, "1.2")):
        work.session.add(ExchangeRate(base_code="EUR", currency_code=currency,
                                      valid_on=date(2026, 11, day), rate=Decimal(rate)))  # fmt: skip
    work.session.flush()
    assert customers.credit_used(customer.id, work) == Money(Decimal("75.00"), "GBP")


def test_a_customer_is_new_until_its_first_order(work):
    assert customers.is_new(makers.make_customer(work))
    assert not customers.is_new(makers.make_customer(work, first_order_at=work.now))


def test_there_is_one_walk_in_customer(open_work):
    with open_work() as work:
        first = customers.walk_in(work).id
    with open_work() as work:
        assert customers.walk_in(work).id == first and customers.walk_in(work).walk_in


def test_a_customer_with_orders_is_archived_one_without_leaves_a_tombstone(work):
    used, unused = makers.make_customer(work), makers.make_customer(work)
    makers.make_address(work, unused)
    makers.make_order(work, used, (makers.make_product(work), 1))
    assert customers.remove(used, work) == "archived" and used.archived_at == work.now
    assert customers.remove(unused, work, "entered twice") == "deleted"
    work.session.expire_all()
    assert work.session.scalars(select(Customer)).all() == [used]
    kept = work.session.scalars(select(Customer).execution_options(with_deleted=True)).all()
    assert {one.deleted_reason for one in kept} == {None, "entered twice"}


def test_tags_are_set_as_a_whole_and_told_in_the_history(open_work):
    with open_work() as work:
        customer, other = makers.make_customer(work), makers.make_customer(work)
        customers.tag(customer, "customer", ["Gold", " key  account "], work)
        customers.tag(other, "customer", ["GOLD"], work)
        assert customers.tags_of("customer", [customer.id, other.id], work) == {
            customer.id: ["Gold", "key account"], other.id: ["Gold"]}  # fmt: skip
        customers.tag(customer, "customer", ["gold"], work)
        assert customers.tags_of("customer", [customer.id], work) == {customer.id: ["Gold"]}
        with refused("tag_too_long"):
            customers.tag(customer, "customer", ["x" * 61], work)
        ids = customer.id
    with open_work() as work:
        told = select(History.changes).where(History.record_id == ids, History.action == "customer.tag")
        assert work.session.scalars(told).all() == [{"tags": [None, "Gold"]}]
