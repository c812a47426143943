"""Every screen there is opens: its list, its empty form, and what it offers leads somewhere."""

import re

import pytest

from views.base import HouseView


@pytest.fixture
def screens(web):
    return [one for one in web.appbuilder.baseviews if isinstance(one, HouseView)]


def test_every_list_and_form_opens_for_the_administrator(people, web, screens, sign_in):
    admin = sign_in("admin")
    with web.test_request_context():
        pages = [one.url(page) for one in screens for page in ("list", "add") if one.has(page)]
    for address in pages:
        status = admin.get(address).status_code
        assert status in (200, 302, 403, 404), (address, status)


def test_what_a_list_offers_is_there(people, web, screens, sign_in):
    admin = sign_in("admin")
    with web.test_request_context():
        lists = [one.url("list") for one in screens if one.has("list")]
    rules = web.url_map.bind("localhost")
    for address in lists:
        answer = admin.get(address)
        if answer.status_code == 200:
            main = answer.get_data(as_text=True).partition("<main")[2]
            for found in set(re.findall(r'(?:href|action)="(/[^"?#]+)', main)):
                assert rules.test(found, "GET") or rules.test(found, "POST"), (address, found)


@pytest.mark.parametrize("who", ["reviewer", "warehouse", "support", "editor", "finance", "supervisor", "buyer1"])
def test_every_entry_of_the_menu_opens(people, sign_in, who):
    somebody = sign_in(who)
    menu = somebody.page("/profile/").partition('id="side"')[2].partition("</nav>")[0]
    entries = set(re.findall(r'href="(/[^"#]*)"', menu))
    assert len(entries) > 5
    for address in entries:
        assert somebody.get(address, follow_redirects=True).status_code == 200, address
