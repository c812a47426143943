"""Which price applies: the closest list, then the largest quantity reached, then the newest list."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask_appbuilder.security.sqla.models import User
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import pricing, tax
from app.rules.pricing import Candidate, Offer
from models.customers import Customer
from models.organisation import Branch, TaxRate
from models.people import AccessGroup, Membership
from models.products import Product
from tests import makers
from tests.expect import refused, statements

TODAY = date(2026, 11, 21)


def price(work, product, customer, quantity=1, on=TODAY, currency="GBP"):
    return pricing.price_of(product, customer, currency, on, Decimal(quantity), work)


def make_group(work, name, *customers):
    group = AccessGroup(name=name)
    user = User(first_name=name, last_name="User", username=name, email=f"{name}@example.com")
    work.session.add_all([group, user])
    work.session.flush()
    for customer in customers:
        row = Membership(user_id=user.id, customer_id=customer.id, access_group_id=group.id)
        work.session.add(row)
    work.session.flush()
    return group


def test_the_closest_price_list_comes_first(work):
    bolt = makers.make_product(work, price="10")
    own, grouped, plain = (makers.make_customer(work) for _n in range(3))
    group = make_group(work, "dealers", own, grouped)
    makers.make_price(work, bolt, "9", makers.make_price_list(work, "Dealers", groups=[group]))
    makers.make_price(work, bolt, "11", makers.make_price_list(work, "Own", customers=[own]))
    assert [price(work, bolt, one).unit_price for one in (own, grouped, plain)] == [11, 9, 10]
    assert str(price(work, bolt, own).source) == "Price list “Own”"


def test_a_larger_quantity_has_its_own_price(work):
    bolt, customer = makers.make_product(work, price="10"), makers.make_customer(work)
    makers.make_price(work, bolt, "8", from_quantity=10)
    makers.make_price(work, bolt, "7", from_quantity=100)
    found = [price(work, bolt, customer, n) for n in (1, 9, 10, 99, 1000)]
    assert [one.unit_price for one in found] == [10, 10, 8, 8, 7]
    assert str(found[2].source) == "Price list “General GBP”, from 10"


def test_the_base_price_holds_for_less_than_one_too(work):
    tea, customer = makers.make_product(work, price="10", unit_code="KGM"), makers.make_customer(work)
    makers.make_price(work, tea, "8", from_quantity=10)
    assert [price(work, tea, customer, n).unit_price for n in ("0.5", "0.001", "9.5", "10")] == [10, 10, 10, 8]
    assert str(price(work, tea, customer, "0.5").source) == "Price list “General GBP”"
    explained = pricing.explain(tea, customer, "GBP", TODAY, Decimal("0.5"), work)
    assert [(one.candidate.unit_price, one.applies, str(one.reason)) for one in explained.candidates] == [
        (10, True, "Applies: this price list is for everyone."), (8, False, "Holds from 10 on."),
    ]  # fmt: skip
    makers.make_price(work, tea, "12", from_quantity="0.1")
    found = [price(work, tea, customer, n).unit_price for n in ("0.01", "0.1", "0.5", "1", "10")]
    assert found == [12, 12, 12, 10, 8]  # the smallest base price holds for all below it
    explained = pricing.explain(tea, customer, "GBP", TODAY, Decimal("0.5"), work)
    assert str(explained.candidates[1].reason) == "Holds from 1 on."


def test_customer_comes_before_group_before_general_then_the_break_then_the_newest(work):
    bolt, customer = makers.make_product(work, price="10"), makers.make_customer(work)
    group = make_group(work, "dealers", customer)
    grouped = makers.make_price_list(work, "Dealers", groups=[group])
    newer = makers.make_price_list(work, "Dealers, new", groups=[group], valid_from=date(2026, 1, 1))
    own = makers.make_price_list(work, "Own", customers=[customer])
    makers.make_price(work, bolt, "5", from_quantity=10)
    makers.make_price(work, bolt, "9", grouped)
    makers.make_price(work, bolt, "7", grouped, from_quantity=20)
    makers.make_price(work, bolt, "8", newer)
    makers.make_price(work, bolt, "6", own, from_quantity=50)
    found = {n: price(work, bolt, customer, n) for n in (1, 10, 20, 50)}
    assert {n: one.unit_price for n, one in found.items()} == {1: 8, 10: 8, 20: 7, 50: 6}
    assert [str(found[n].source) for n in (1, 20)] == ["Price list “Dealers, new”", "Price list “Dealers”, from 20"]


def test_a_newer_list_comes_before_an_older_one_and_only_while_it_is_valid(work):
    bolt, customer = makers.make_product(work, price="10"), makers.make_customer(work)
    autumn = makers.make_price_list(work, "Autumn", valid_from=date(2026, 9, 1), valid_until=date(2026, 11, 30))
    makers.make_price(work, bolt, "8", autumn)
    makers.make_price(work, bolt, "1", makers.make_price_list(work, "Gone", archived_at=work.now))
    makers.make_price(work, bolt, "2", makers.make_price_list(work, "Dollars", "USD"))
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 11, 30), date(2026, 12, 1)]
    assert [price(work, bolt, customer, on=day).unit_price for day in days] == [10, 8, 8, 10]


def test_today_is_the_day_in_the_branch(open_work):
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    with open_work(now=late) as work:
        work.session.get(Branch, 1).timezone = "Asia/Tehran"
        bolt, customer = makers.make_product(work, price="10"), makers.make_customer(work)
        december = makers.make_price_list(work, "December", valid_from=date(2026, 12, 1))
        makers.make_price(work, bolt, "8", december)
        assert price(work, bolt, customer, on=None).unit_price == 8
        assert pricing.local_day(work, customer.branch) == late.astimezone(ZoneInfo("Asia/Tehran")).date()


def test_a_product_without_a_price_is_said_to_have_none(work):
    bolt, nut = makers.make_product(work, price="10"), makers.make_product(work)
    customer = makers.make_customer(work)
    found = pricing.quote([bolt.id, nut.id], customer, "GBP", TODAY, {}, work)
    assert found[bolt.id].unit_price == 10
    assert isinstance(found[nut.id], BusinessError) and found[nut.id].code == "no_price"
    with refused("no_price"):
        price(work, bolt, customer, currency="EUR")
    makers.make_price(work, nut, "3", from_quantity=5)
    with refused("no_price"):
        price(work, nut, customer, 4)


def test_a_thousand_products_are_priced_in_one_statement(work):
    products = [makers.make_product(work, sku=f"P{n}") for n in range(100)]
    for one in products:
        makers.make_price(work, one, "1", makers.general_list(work))
    customer, ids = makers.make_customer(work), [one.id for one in products]
    with statements(work) as seen:
        found = pricing.quote(ids, customer, "GBP", TODAY, dict.fromkeys(ids, Decimal(3)), work)
    assert len(seen) == 1 and len(found) == 100


def test_staff_and_the_customers_own_user_get_the_same_price(open_work):
    with open_work() as work:
        customer, other = makers.make_customer(work), makers.make_customer(work)
        group = make_group(work, "dealers", customer)
        bolt = makers.make_product(work, price="10")
        makers.make_price(work, bolt, "9", makers.make_price_list(work, "Dealers", groups=[group]))
        makers.make_price(work, bolt, "1", makers.make_price_list(work, "Theirs", customers=[other]))
        ids = bolt.id, customer.id, other.id, group.id
    buyer = Actor("buyer", "external", customers=frozenset({ids[1]}), groups=frozenset({ids[3]}))
    staff = Actor("anna", "staff", may=lambda permission: True)
    for actor in (buyer, staff):
        with open_work(actor) as work:
            customer = work.session.get(Customer, ids[1])
            found = pricing.quote([ids[0]], customer, "GBP", TODAY, {}, work)
            assert found[ids[0]].unit_price == 9
            explained = pricing.explain(work.session.get(Product, ids[0]), customer, "GBP", TODAY, Decimal(1), work)
            assert "Theirs" not in [one.candidate.price_list for one in explained.candidates]
    with open_work(staff) as work:
        found = pricing.quote([ids[0]], work.session.get(Customer, ids[2]), "GBP", TODAY, {}, work)
        assert found[ids[0]].unit_price == 1


def test_the_screen_says_why_a_price_applies_and_no_other(work):
    bolt, customer = makers.make_product(work, price="10"), makers.make_customer(work)
    makers.make_price(work, bolt, "8", from_quantity=5)
    makers.make_price(work, bolt, "6", from_quantity=50)
    old = makers.make_price_list(work, "Old", valid_from=date(2019, 1, 1))
    makers.make_price(work, bolt, "9", old, from_quantity=5)
    own = makers.make_price_list(work, "Own", customers=[customer])
    makers.make_price(work, bolt, "12", own)
    found = pricing.explain(bolt, customer, "GBP", TODAY, Decimal(7), work)
    assert found.priced.unit_price == 12
    assert [(one.candidate.unit_price, one.applies, str(one.reason)) for one in found.candidates] == [
        (12, True, "Applies: this price list is offered to the customer."),
        (8, False, "A price list offered more closely to the customer comes first."),
        (9, False, "A price list offered more closely to the customer comes first."),
        (10, False, "A price list offered more closely to the customer comes first."),
        (6, False, "Holds from 50 on."),
    ]


# --- pure --------------------------------------------------------------------------------------

candidates = st.lists(
    st.builds(
        Candidate,
        product_id=st.just(1),
        price_list_id=st.integers(1, 5),
        price_list=st.just("L"),
        includes_tax=st.booleans(),
        valid_from=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
        from_quantity=st.integers(1, 9).map(Decimal),
        unit_price=st.integers(0, 99).map(Decimal),
        offer=st.sampled_from(Offer),
    ),
    max_size=6,
)


@given(candidates, st.integers(1, 9).map(Decimal))
def test_the_price_that_applies_is_reached_and_nothing_closer_is(rows, quantity):
    best = pricing.choose(rows, quantity)
    reached = [one for one in rows if one.from_quantity <= quantity]
    assert (best is None) == (not reached)
    if best is not None:
        assert best in reached and best.offer == min(one.offer for one in reached)
        assert best.order(quantity) == pricing.choose(rows[::-1], quantity).order(quantity)
    weighed = pricing.weigh(rows, quantity)
    assert len(weighed) == len(rows) and sum(one.applies for one in weighed) == bool(reached)


@given(candidates, st.integers(1, 9).map(Decimal))
def test_every_quantity_costs_what_the_last_step_before_it_says(rows, quantity):
    found = pricing.steps(rows)
    assert [from_ for from_, _one in found] == sorted({from_ for from_, _one in found})
    assert all(one.unit_price != other.unit_price for (_a, one), (_b, other) in itertools.pairwise(found))
    best, reached = pricing.choose(rows, quantity), [one for from_, one in found if from_ <= quantity]
    assert (best and best.unit_price) == (reached[-1].unit_price if reached else None)
    cheaper = pricing.next_step(rows, quantity)
    if cheaper is not None:
        assert cheaper[0] > quantity and pricing.choose(rows, cheaper[0]).unit_price == cheaper[1].unit_price
        assert best is None or cheaper[1].unit_price < best.unit_price


# --- tax ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("country, day, rate", [
    ("GB", date(2026, 1, 1), 20), ("GB", date(2010, 6, 1), Decimal("17.5")), ("GB", date(2000, 1, 1), 0),
    ("DE", date(2026, 1, 1), 0), ("FR", date(2026, 1, 1), 20),
])  # fmt: skip
def test_the_rate_is_that_of_the_country_of_delivery_else_ours(work, country, day, rate):
    standard, zero = (makers.tax_category(work, code).id for code in ("standard", "zero"))
    for where, since, per_cent in (("GB", 2008, "17.5"), ("GB", 2011, "20"), ("DE", 2008, "0")):
        row = TaxRate(tax_category_id=standard, country_code=where, valid_on=date(since, 1, 4),
                      rate=Decimal(per_cent))  # fmt: skip
        work.session.add(row)
    work.session.flush()
    with statements(work) as seen:
        assert tax.rate_for([standard, zero], country, day, work) == {standard: rate, zero: 0}
    assert len(seen) <= 2  # the house's rates and its branch: what the same work has written is read anew
