"""A copy of an offer says the same as the offer; an offer that goes elsewhere is taxed there, line by line or not."""

from datetime import date
from decimal import Decimal

from app.rules import quote_entry, quotes
from app.rules import quote_revisions as revisions
from models.organisation import TaxRate
from tests import makers


def test_a_copy_of_an_offer_with_tax_in_its_prices_costs_the_same(work):
    category = makers.tax_category(work)
    work.session.add(TaxRate(category=category, country_code="GB", rate=Decimal(20), valid_on=date(2020, 1, 1)))
    product = makers.make_product(work, "G-1")
    makers.make_price(work, product, "12", makers.make_price_list(work, "Gross", includes_tax=True))
    rows = [{"sku": "G-1", "quantity": Decimal(1)}]
    quote = quote_entry.create(work, makers.make_customer(work), lines=rows)
    copy = quotes.FLOW.run_one("copy", quote)
    for one in (quote, copy):
        offer = revisions.working(one)
        assert (offer.includes_tax, offer.total_net, offer.total_gross) == (True, 10, 12)
    quotes.FLOW.run_one("publish", copy)
    assert (copy.includes_tax, copy.total_gross) == (True, 12)


def test_an_offer_that_goes_to_another_country_is_taxed_there_also_where_no_line_is_sent(work):
    category = makers.tax_category(work)
    for country, rate in (("GB", 20), ("DE", 7)):
        work.session.add(TaxRate(category=category, country_code=country, rate=Decimal(rate),
                                 valid_on=date(2020, 1, 1)))  # fmt: skip
    customer, product = makers.make_customer(work), makers.make_product(work, "N-1", price="100")
    rows = [{"sku": product.sku, "quantity": Decimal(1)}, {"name": "A ribbon", "quantity": Decimal(1),
                                                          "unit_price": Decimal(100)}]  # fmt: skip
    quote = quote_entry.create(work, customer, lines=rows)
    offer = revisions.working(quote)
    assert (offer.total_net, offer.total_tax) == (200, 40)
    quote_entry.change(quote, work, delivery_address_id=makers.make_address(work, customer, country_code="DE").id)
    assert (offer.total_net, offer.total_tax) == (200, 14)
    assert {line.tax_rate for line in revisions.lines(quote, 1)} == {7}
