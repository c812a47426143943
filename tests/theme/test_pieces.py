"""Pieces of pages are drawn once for many readers: nothing of one reader may reach another through them."""

import re

from models.display_statuses import DisplayStatus
from tests.test_budgets import book  # noqa: F401  # the fixture

TOKENS = re.compile(r'name="csrf_token" value="([^"]+)"')


def test_every_token_of_a_page_is_its_readers_own(book, sign_in):  # noqa: F811
    pages = [sign_in(name).page("/orders/list/") for name in ("reviewer", "reviewer", "admin")]
    found = [set(TOKENS.findall(page)) for page in pages]
    assert all(len(one) == 1 for one in found), "one token stands in every form of a page"
    assert len(set.union(*found)) == 3, "and it is nobody else's"
    for page, (token,) in zip(pages, found, strict=True):
        assert f'name="csrf-token" content="{token}"' in page
        assert "\ue000" not in page


def test_the_nonce_of_a_page_is_the_one_its_header_allows(book, sign_in):  # noqa: F811
    client = sign_in("reviewer")
    for _ in range(2):
        answer = client.get("/orders/list/")
        (allowed,) = set(re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]))
        assert set(re.findall(r'nonce="([^"]+)"', answer.get_data(as_text=True))) == {allowed}


def test_menu_steps_and_filters_are_those_of_who_reads(book, sign_in):  # noqa: F811
    staff, buyer, again = (sign_in(name).page("/orders/list/") for name in ("reviewer", "buyer1", "reviewer"))
    assert 'id="bulk-approve"' in staff and 'id="bulk-approve"' not in buyer
    assert 'name="handler"' in staff and 'name="handler"' not in buyer
    assert 'title="My company"' in buyer and 'title="My company"' not in staff
    assert len(again) == len(staff)


def test_a_filter_that_is_set_is_shown_filled_to_its_reader_only(book, sign_in):  # noqa: F811
    client = sign_in("reviewer")
    assert 'value="ABC-1"' in client.page("/orders/list/?reference=ABC-1")
    assert 'value="ABC-1"' not in client.page("/orders/list/")
    farsi = client.page("/orders/list/?lang=fa")
    assert 'dir="rtl"' in farsi and farsi.count('data-field="reference"') == 1


def test_a_new_display_status_can_be_filtered_by_at_once(book, sign_in, open_work):  # noqa: F811
    client = sign_in("reviewer")
    assert "On the ship" not in client.page("/orders/list/")
    with open_work() as work:
        work.session.add(DisplayStatus(code="ship", names={"en": "On the ship"}, tone="info", position=1, states=[]))
    assert ">On the ship</option>" in client.page("/orders/list/")
