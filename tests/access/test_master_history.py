"""Currencies and units are known by a code; who changed them when is kept as of every other master."""

import pytest

from app.core import history
from app.core.history import History
from models.organisation import Currency, Unit


@pytest.mark.parametrize(("address", "form", "said"), [
    ("/currencies/edit/GBP", {"digits": "3", "active": "y"}, ("Decimal places", "2", "3")),
    ("/units/edit/KGM", {"symbols.en": "kilo", "digits": "3"}, ("Symbol", "kg", "kilo")),
])  # fmt: skip
def test_a_change_stands_in_the_history_of_its_page(site, people, sign_in, open_work, address, form, said):
    desk = sign_in("admin")
    answer = desk.post(address, form)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    page = desk.page(address.replace("edit", "show"))
    told = timeline(page)
    assert "Admin" in told and all(word in told for word in said), told
    other = desk.page(address.replace("edit", "show").replace("GBP", "EUR").replace("KGM", "C62"))
    assert "Admin" not in timeline(other)


def timeline(page):
    """The part of a record's page that tells what happened to it."""
    return page.partition('id="history"')[2].partition("</section>")[0]


def test_codes_have_a_number_of_their_own():
    codes = ["GBP", "EUR", "C62", "H87", "ABCDEFGH", "ZZZZZZZZ", "A"]
    numbers = [history.number_of(Unit(code=code)) for code in codes]
    assert len(set(numbers)) == len(codes) and all(0 < one < 2**63 for one in numbers)
    assert history.number_of(History(id=7)) == 7
    assert history.number_of(Currency(code="GBP")) == history.number_of(Unit(code="GBP")), "the noun tells them apart"
