"""A number that stands in a form before anybody types is written as the reader writes it, and read back so."""

import re

import pytest

from models.customers import Customer
from models.people import Person


@pytest.fixture
def persian(people, open_work):
    """A buyer and an administrator who read Persian, and a second administrator who wants Latin digits."""
    with open_work() as work:
        for name, digits in (("buyer1", ""), ("admin", ""), ("buyer2", "latin")):
            person = work.session.get(Person, people.ids[name])
            person.locale, person.digits = "fa", digits
        work.session.get(Customer, people.one).language = "fa"


def value(page, name):
    return re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]


def test_quick_order_begins_with_one(persian, sign_in):
    assert 'value="۱"' in value(sign_in("buyer1").page("/portal/"), "quantity")
    latin = sign_in("buyer2").page("/portal/")
    assert 'value="1"' in value(latin, "quantity") and 'data-digits="latin"' in latin


def test_whole_numbers_of_a_form(persian, sign_in):
    desk = sign_in("admin")
    page = desk.page("/currencies/edit/GBP")
    assert 'value="۲"' in value(page, "digits") and 'data-digits="native"' in page
    assert desk.post("/currencies/edit/GBP", {"digits": "۳", "active": "y"}).status_code == 302
    assert 'value="۳"' in value(desk.page("/currencies/edit/GBP"), "digits")
    assert desk.post("/currencies/edit/GBP", {"digits": "۲٫۵", "active": "y"}).status_code == 422
    assert desk.post("/currencies/edit/GBP", {"digits": "many", "active": "y"}).status_code == 422
