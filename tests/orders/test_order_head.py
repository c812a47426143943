"""The head of an order on its form: where it goes, who pays, by which channel it came (CRT-14, CRT-16, CRT-19)."""

from datetime import date

import pytest
from sqlalchemy import select

from models.orders import OrderType
from models.organisation import TaxRate
from models.products import Product
from tests import makers


@pytest.fixture
def places(people, open_work):
    """Two addresses of customer one, the second abroad, one of customer two; 20 % tax at home, 7 % abroad."""
    with open_work() as work:
        one, two = (work.session.get(makers.Customer, pk) for pk in (people.one, people.two))
        product = makers.make_product(work, sku="A-1", price="100", stock_of=100)
        category = product.tax_category
        for country, rate in (("GB", 20), ("DE", 7)):
            work.session.add(TaxRate(category=category, country_code=country, valid_on=date(2020, 1, 1), rate=rate))
        home = makers.make_address(work, one)
        abroad = makers.make_address(work, one, city="Berlin", country_code="DE")
        foreign = makers.make_address(work, two, city="York")
        return {"home": home.id, "abroad": abroad.id, "foreign": foreign.id}


def test_customers_choose_among_their_own_addresses(places, people, sign_in):
    found = sign_in("buyer1").get(f"/orders/addresses/delivery?customer={people.two}").json
    assert found == []
    mine = sign_in("buyer1").get("/orders/addresses/delivery?term=berl").json
    assert [one["id"] for one in mine] == [str(places["abroad"])]
    assert mine[0]["text"].endswith("Berlin, Germany")
    assert sign_in("buyer1").get(f"/orders/addresses/delivery?id={places['foreign']}").json == []
    theirs = sign_in("reviewer").get(f"/orders/addresses/billing?customer={people.two}").json
    assert [one["id"] for one in theirs] == [str(places["foreign"])]


def test_an_order_is_taxed_where_it_goes(places, people, sign_in, rest):
    reviewer = sign_in("reviewer")
    given = {"customer": str(people.one), "currency": "GBP", "channel": "email",
             "delivery_address": str(places["abroad"]), "lines": [{"sku": "A-1", "quantity": "1"}]}  # fmt: skip
    made = reviewer.json("/orders/save", given)
    assert made.status_code == 201, made.json
    order = rest("reviewer").get(f"/orders/{made.json['id']}").json["result"]
    assert (order["total_tax"], order["channel"]) == ("7.00", "email")
    again = reviewer.json(f"/orders/save/{made.json['id']}", {**given, "delivery_address": str(places["home"])})
    assert again.status_code == 200, again.json
    assert rest("reviewer").get(f"/orders/{made.json['id']}").json["result"]["total_tax"] == "20.00"


def test_the_totals_of_what_is_typed_are_those_of_where_it_goes(places, people, sign_in):
    reviewer, lines = sign_in("reviewer"), [{"sku": "A-1", "quantity": "1"}]
    given = {"customer": str(people.one), "currency": "GBP", "lines": lines}

    def tax(**more):
        rows = reviewer.json("/orders/totals", {**given, **more}).json["rows"]
        return [amount for _name, amount in rows][-1]

    assert tax() == tax(delivery_address=str(places["home"])) == "£120.00"
    assert tax(delivery_address=str(places["abroad"])) == "£107.00"
    assert reviewer.json("/orders/totals", {**given, "delivery_address": "999999"}).json == {"rows": []}
    pk = reviewer.json("/orders/save", {**given, "submit": True}).json["id"]
    changed = reviewer.json(f"/orders/totals?order={pk}", {"lines": lines, "delivery_address": str(places["abroad"])})
    assert changed.json["rows"][-1][1] == "£107.00"


def test_a_draft_that_goes_elsewhere_is_taxed_anew_also_where_no_line_is_sent(places, people, rest):
    reviewer = rest("reviewer")
    given = {"customer": people.one, "currency": "GBP", "delivery_address": places["home"]}
    pk = reviewer.post("/orders/", {**given, "lines": [{"sku": "A-1", "quantity": "1"}]}).json["id"]
    moved = reviewer.put(f"/orders/{pk}", {"delivery_address": places["abroad"]}).json["result"]
    assert (moved["total_net"], moved["total_tax"], moved["total_gross"]) == ("100.00", "7.00", "107.00")


def test_a_draft_in_another_currency_costs_what_the_lists_in_it_say(places, people, open_work, rest):
    with open_work() as work:
        product = work.session.scalars(select(Product).where(Product.sku == "A-1")).one()
        makers.make_price(work, product, "120", currency="EUR")
    buyer = rest("buyer1")
    pk = buyer.post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}]}).json["id"]
    changed = buyer.put(f"/orders/{pk}", {"currency": "EUR"}).json["result"]
    assert (changed["currency"], changed["total_net"]) == ("EUR", "240.00")
    refused = buyer.put(f"/orders/{pk}", {"currency": "IRR"})
    assert (refused.status_code, refused.json["error"]) == (422, "lines_refused")
    assert buyer.get(f"/orders/{pk}").json["result"]["currency"] == "EUR"


def test_an_address_of_another_customer_is_refused(places, people, sign_in, rest):
    given = {"currency": "GBP", "lines": [], "delivery_address": places["foreign"]}
    refused = rest("buyer1").post("/orders/", given)
    assert (refused.status_code, refused.json["error"]) == (400, "bad_reference")
    wrong = rest("reviewer").post("/orders/", {**given, "customer": people.one})
    assert wrong.status_code == 422, wrong.json


def test_the_form_asks_for_the_head_and_folds_what_is_rare(places, people, sign_in):
    staff, buyer = sign_in("reviewer").page("/orders/add"), sign_in("buyer1").page("/orders/add")
    for name in ("customer", "delivery_address", "billing_address", "payment_terms", "channel"):
        assert f'name="{name}"' in staff, name
    for name in ("customer", "payment_terms", "channel"):
        assert f'name="{name}"' not in buyer, name
    assert 'name="delivery_address"' in buyer
    assert 'name="number"' not in staff, "the series numbers all orders here"


def number_by(open_work, mode):
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = mode


def test_customers_number_orders_of_a_type_that_is_numbered_by_hand(places, open_work, sign_in, rest):
    buyer, lines = sign_in("buyer1"), [{"sku": "A-1", "quantity": "1"}]
    assert 'name="number"' not in buyer.page("/orders/add")
    number_by(open_work, "manual")
    assert 'name="number"' in buyer.page("/orders/add")
    missing = buyer.json("/orders/save", {"lines": lines, "number": "", "submit": True},
                         Accept="application/json")  # fmt: skip
    assert (missing.status_code, missing.json["error"]) == (422, "number_missing")
    assert "number" in missing.json["details"]["fields"]
    made = buyer.json("/orders/save", {"lines": lines, "number": "MINE-1", "submit": True})
    assert made.status_code == 201, made.json
    assert rest("buyer1").get(f"/orders/{made.json['id']}").json["result"]["number"] == "MINE-1"
    again = rest("buyer1").post("/orders/", {"lines": lines, "number": "MINE-1", "submit": True})
    assert (again.status_code, again.json["error"]) == (422, "number_taken")
    late = rest("buyer1").post(f"/orders/{made.json['id']}/amend", {"number": "MINE-2"})
    assert late.status_code in (400, 422), late.json
    number_by(open_work, "auto")
    refused = rest("buyer1").post("/orders/", {"lines": lines, "number": "MINE-3"})
    assert (refused.status_code, refused.json["error"]) == (422, "number_given")
