"""Offers end and their customers are reminded in portions, however many there are."""

from datetime import timedelta

from app.jobs import house
from app.rules import quotes, settings_pages
from models.quotes import Quote
from tests import makers
from tests.conftest import NOW


def test_offers_end_and_are_told_of_in_portions(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        made = [makers.make_quote(work, customer, valid_until=NOW.date() + timedelta(days=days)) for days in (1, 0, 0)]
        settings_pages.put("QUOTE_WARN_DAYS", "system", 0, 3, work)
        last, *first = (one.id for one in made)
        assert [quotes.warn(work, limit=2), quotes.warn(work, limit=2), quotes.warn(work)] == [first, [last], []]
    with open_work(now=NOW + timedelta(days=1)) as work:
        assert [quotes.overdue(work, limit=1), quotes.overdue(work)] == [first[:1], first]
        house.expire_quotes(work)
        assert [work.session.get(Quote, one).state for one in (*first, last)] == ["expired", "expired", "offered"]
