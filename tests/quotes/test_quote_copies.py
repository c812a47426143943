"""A copy of an offer says the same as the offer, also of one that nobody outside has seen yet."""

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
