"""A discount on a whole quote: what it comes to, and that the order costs the same to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.check_sql import LEDGER
from app.core.money import Money
from app.rules import invoices, orders, quote_discounts, quote_entry, quotes, tax
from app.rules import quote_revisions as revisions
from models.orders import Order
from models.organisation import TaxRate
from models.quotes import Quote
from tests import makers
from tests.expect import refused

FLOW = quotes.FLOW
LATER = (date.today() + timedelta(days=20)).isoformat()  # the doors look at the clock


def offer(work, *lines, **head):
    """Our offer of lines (quantity, price)."""
    goods = [(makers.make_product(work, stock_of=10**6), many, price) for many, price in lines]
    return makers.make_quote(work, makers.make_customer(work), *goods, **head)


def amounts(row):
    return [getattr(row, f"total_{name}") for name in ("net", "tax", "gross")]


def test_per_cent_are_taken_off_the_whole_and_stand_as_a_total_of_their_own(work):
    quote = offer(work, (3, "33.33"), (1, "0.01"), discount_percent=Decimal(10))
    assert [line.net for line in quote.lines] == [Decimal("99.99"), Decimal("0.01")], "lines stay as they were offered"
    assert quote.total_discount == 10 and quote.total_net == 90
    FLOW.run_one("accept", quote)
    order = FLOW.run_one("convert", quote)
    assert amounts(order) == amounts(quote)
    assert sum(line.net for line in order.lines) == 90


def test_an_amount_is_shared_out_and_the_order_costs_the_same(work):
    quote = offer(work, (7, "10"), (3, "9.99"), (1, "0"), discount_amount=Decimal("10.01"))
    assert (quote.total_discount, quote.total_net) == (Decimal("10.01"), Decimal("89.96"))
    FLOW.run_one("accept", quote)
    order = FLOW.run_one("convert", quote)
    assert amounts(order) == amounts(quote)
    assert [line.list_price for line in order.lines] == [10, Decimal("9.99"), 0], "what was quoted before the discount"
    orders.FLOW.run_one("approve", order)
    assert amounts(invoices.from_order(order, work)) == amounts(quote)


def test_who_takes_a_part_of_the_offer_gets_a_part_of_the_amount(work):
    quote = offer(work, (1, "75"), (1, "25"), discount_amount=Decimal(10))
    FLOW.run_one("accept", quote, lines=[quote.lines[1].id])
    assert (quote.total_discount, quote.total_net) == (Decimal("2.50"), Decimal("22.50"))


@pytest.mark.parametrize("counter, discount, total", [
    ({"quantity": "4"}, 20, 20), ({"quantity": "20"}, 50, 150), ({"unit_price": "8"}, 40, 40),
    ({"quantity": "1", "unit_price": "0.01"}, "0.01", 0), ({"unit_price": "0"}, 0, 0),
])  # fmt: skip
@pytest.mark.parametrize("agreed", [True, False])
def test_of_less_than_was_offered_the_customer_gets_a_part_of_the_amount(work, counter, discount, total, agreed):
    quote = offer(work, (10, "10"), discount_amount=Decimal(50))
    FLOW.run_one("counter", quote, lines=[{"id": quote.lines[0].id, **counter}])
    if agreed:
        FLOW.run_one("agree", quote)
    else:
        FLOW.run_one("revise", quote)
        assert revisions.working(quote).discount_amount == Decimal(discount), "he who revises it sees what he gives"
        FLOW.run_one("publish", quote)
    assert (quote.total_discount, quote.total_net) == (Decimal(discount), total)
    if agreed and total:
        assert amounts(FLOW.run_one("convert", quote)) == amounts(quote)


def test_a_discount_that_is_more_than_its_lines_is_not_published(work):
    quote = offer(work, (1, "100"), discount_amount=Decimal(20))
    FLOW.run_one("revise", quote)
    revisions.working(quote).discount_amount = Decimal(101)
    with refused("bad_discount"):
        FLOW.run_one("publish", quote)


def test_the_next_revision_and_a_copy_keep_the_discount(work):
    quote = offer(work, (1, "100"), discount_percent=Decimal(5))
    FLOW.run_one("revise", quote)
    assert revisions.working(quote).total_net == 95
    quote_entry.change(quote, work, discount_percent=Decimal(0), discount_amount=Decimal(20))
    assert (revisions.working(quote).total_net, quote.total_net) == (80, 95)
    FLOW.run_one("publish", quote)
    assert (quote.total_net, quote.total_discount) == (80, 20)
    assert FLOW.run_one("copy", quote).revisions[0].total_net == 80


@pytest.mark.parametrize("head", [{"discount_percent": Decimal(10)}, {"discount_amount": Decimal("3.33")}, {}])
@pytest.mark.parametrize("gross", [False, True])
def test_the_daily_check_finds_a_wrong_total_and_none_where_there_is_a_discount(work, head, gross):
    goods = makers.make_product(work)
    work.session.add(TaxRate(category=makers.tax_category(work), country_code="GB", valid_on=date(2020, 1, 1),
                             rate=Decimal("17.5")))  # fmt: skip
    makers.make_price(work, goods, "9.99", makers.make_price_list(work, includes_tax=gross))
    quote = quote_entry.create(work, makers.make_customer(work), lines=[{"sku": goods.sku, "quantity": Decimal(3)}],
                               **head)  # fmt: skip
    FLOW.run_one("publish", quote)
    assert quote.includes_tax == gross and quote.total_tax > 0
    work.session.flush()

    def wrong():
        found = {name: work.session.connection().execute(text(asked)).one() for name, asked in LEDGER.items()}
        return {name: row.example for name, row in found.items() if row.count}

    assert wrong() == {}
    for broken in ("total_net = total_net + 1, total_gross = total_gross + 1", "total_tax = total_tax + 1",
                   "total_discount = total_discount + 1"):  # fmt: skip
        with work.session.begin_nested() as tried:
            work.session.connection().execute(text(f"update quotes set {broken}"))
            assert wrong() == {"quotes differ from their lines": quote.number}
            tried.rollback()


@pytest.mark.parametrize("head, code", [
    ({"discount_percent": Decimal(101)}, "bad_discount"), ({"discount_percent": Decimal(-1)}, "bad_discount"),
    ({"discount_amount": Decimal(-1)}, "bad_discount"), ({"discount_amount": Decimal("100.01")}, "bad_discount"),
    ({"discount_amount": Decimal("0.001")}, "bad_discount"),
    ({"discount_amount": Decimal(1), "discount_percent": Decimal(1)}, "two_discounts"),
])  # fmt: skip
def test_a_discount_that_cannot_be_is_refused(work, head, code):
    with refused(code):
        offer(work, (1, "100"), **head)


# --- to the cent, whatever the figures ---------------------------------------------------------

def figure(least, most, places):
    """Decimals with exactly so many places; made of whole numbers, because that is quick."""
    return st.integers(least, most).map(lambda whole: Decimal(whole).scaleb(-places))


rows = st.lists(
    st.tuples(
        figure(1, 30_000_000, 3), figure(0, 9_990_000, 4),
        st.sampled_from([Decimal(0), Decimal("7.5"), Decimal(100)]), st.sampled_from([Decimal(0), Decimal("17.5")]),
        st.booleans(),
    ), min_size=1, max_size=6,
)  # fmt: skip


@given(rows, st.booleans(), figure(0, 10_000, 2), figure(0, 100, 2), st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine busy with other tests
def test_what_the_order_lines_cost_adds_up_to_the_quote(given_rows, gross, percent, part, by_amount):
    head = SimpleNamespace(currency_code="GBP")
    found = []
    for quantity, price, off, rate, counts in given_rows:
        worth = tax.net_tax_gross(price, quantity, off, rate, gross, "GBP")
        found.append(SimpleNamespace(quantity=quantity, unit_price=price, discount_percent=off, tax_rate=rate,
                                     counts=counts, alternative=False, net=worth.net.amount, tax=worth.tax.amount,
                                     gross=worth.gross.amount))  # fmt: skip
    whole = sum((line.gross if gross else line.net) for line in found)
    amount = Money(whole * part, "GBP").rounded().amount
    revision = SimpleNamespace(includes_tax=gross, discount_percent=Decimal(0) if by_amount else percent,
                               discount_amount=amount if by_amount else Decimal(0))  # fmt: skip
    quote_discounts.sum_up(head, found, head, revision)
    ordered = [
        tax.net_tax_gross(one.unit_price, one.line.quantity, one.line.discount_percent, one.line.tax_rate, gross, "GBP")
        for one in quote_discounts.spread(head, revision, found).shares
    ]
    for name in ("net", "tax", "gross"):
        assert sum((getattr(one, name).amount for one in ordered), Decimal(0)) == getattr(head, f"total_{name}")
    assert all(one.net.amount >= 0 for one in ordered) and head.total_discount >= 0
    fine = [line for line in found if line.counts and line.quantity <= 10_000 and line.gross]
    if not by_amount and len(fine) == len([line for line in found if line.counts and line.gross]):
        before = sum(((line.gross if gross else line.net) for line in found if line.counts), Decimal(0))
        assert head.total_discount == Money(before * percent / 100, "GBP").rounded().amount


# --- through the doors -------------------------------------------------------------------------


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="BOLT", price="2.50", stock_of=1000)
        makers.make_address(work, makers.customer_of(work, people.one))
    return people


def test_the_discount_is_entered_shown_and_ordered_through_the_doors(goods, rest, sign_in):
    asked = {"customer": goods.one, "lines": [{"sku": "BOLT", "quantity": "10", "unit_price": "10"}],
             "valid_until": LATER, "discount_percent": "12.5"}  # fmt: skip
    made = rest("reviewer").post("/quotes/", asked)
    assert made.status_code == 201, made.json
    pk, working = made.json["id"], made.json["result"]["working"]
    assert (working["discount_percent"], working["total_discount"], working["total_net"]) == ("12.5", "12.50", "87.50")
    bad = rest("reviewer").put(f"/quotes/{pk}", {"discount_amount": "5"})
    assert (bad.status_code, bad.json["error"]) == (422, "two_discounts")
    assert "discount_amount" in str(bad.json)
    desk = sign_in("reviewer")
    assert 'value="12.5"' in desk.page(f"/quotes/edit/{pk}")
    page = desk.page(f"/quotes/show/{pk}")
    for said in ("Sum of the lines", "£100.00", "Discount on the whole, 12.5%", "-£12.50", "£87.50"):
        assert said in page, said
    assert rest("reviewer").post(f"/quotes/{pk}/publish").status_code == 200
    buyer = rest("buyer1")
    seen = buyer.get(f"/quotes/{pk}").json["result"]
    assert (seen["total_discount"], seen["total_net"], seen["lines"][0]["net"]) == ("12.50", "87.50", "100.00")
    assert "Discount on the whole, 12.5%" in sign_in("buyer1").page(f"/quotes/show/{pk}")
    paper = buyer.get(f"/quotes/{pk}/documents/quote.html").get_data(as_text=True)
    assert "Discount on the whole, 12.5%" in paper and "87.50" in paper and "Sum of the lines" in paper
    assert buyer.post(f"/quotes/{pk}/accept").status_code == 200
    order = buyer.post(f"/quotes/{pk}/convert").json["made"]["id"]
    bought = buyer.get(f"/orders/{order}").json["result"]
    assert (bought["total_net"], bought["lines"][0]["unit_price"]) == ("87.50", "8.75")


def test_totals_follow_the_discount_while_it_is_typed(goods, sign_in, open_work):
    desk = sign_in("reviewer")
    sent = {"customer": goods.one, "discount_amount": "۲٫۵۰", "lines": [{"sku": "BOLT", "quantity": "2"}]}
    answer = desk.json("/quotes/totals", sent)
    rows = dict(answer.json["rows"])
    assert (rows["Net"], rows["Discount on the whole"]) == ("£2.50", "-£2.50")
    with open_work() as work:
        assert work.session.query(Quote).count() == work.session.query(Order).count() == 0
