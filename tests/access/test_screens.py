"""Every administrator's page opens, in the reader's language; nobody else may open it."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.extensions import db

PAGES = (
    "/users/list/",
    "/users/add?kind=staff",
    "/users/add?kind=external",
    "/users/export/csv",
    "/roles/list/",
    "/roles/add",
    "/groups/list/",
    "/groups/add",
    "/access_groups/list/",
    "/access_groups/add",
    "/settings/list/",
    "/settings/show/ALLOW_EXTERNAL_ACCESS",
    "/settings/edit/ALLOW_EXTERNAL_ACCESS/system",
    "/settings/edit/PROFILE_EDITABLE_FIELDS/access_group",
    "/branches/list/",
    "/branches/add",
    "/branches/show/1",
    "/branches/edit/1",
    "/currencies/list/",
    "/currencies/show/GBP",
    "/currencies/edit/GBP",
    "/currencies/add",
    "/countries/list/",
    "/countries/show/GB",
    "/units/list/",
    "/units/show/C62",
    "/units/edit/C62",
    "/exchange_rates/list/",
    "/exchange_rates/add",
    "/tax_categories/list/",
    "/tax_categories/show/1",
    "/tax_rates/list/",
    "/tax_rates/add",
    "/payment_terms/list/",
    "/payment_terms/show/1",
    "/payment_terms/edit/1",
    "/delivery_methods/list/",
    "/order_types/list/",
    "/order_types/show/1",
    "/order_types/edit/1",
    "/number_series/list/",
    "/number_series/show/1",
    "/number_series/edit/1",
    "/portals/list/",
    "/portals/show/1",
    "/portals/edit/1",
    "/approval_rules/list/",
    "/approval_rules/add",
)


def test_pages_open_for_the_administrator(sign_in, people):
    admin = sign_in("admin")
    found = {
        url: admin.get(url).status_code
        for url in (
            *PAGES,
            f"/users/show/{people.ids['buyer1']}",
            f"/users/edit/{people.ids['buyer1']}",
            f"/users/edit/{people.ids['support']}",
            f"/users/ticks/{people.ids['support']}",
            f"/access_groups/show/{people.group}",
            f"/access_groups/edit/{people.group}",
        )
    }
    assert {url: status for url, status in found.items() if status != 200} == {}


@pytest.mark.parametrize("who", ["reviewer", "buyer1", "nobody"])
def test_pages_are_closed_to_others(sign_in, who):
    somebody = sign_in(who)  # groups are read by who edits customers
    found = {url: somebody.get(url).status_code for url in PAGES if url != "/access_groups/list/"}
    assert {url: status for url, status in found.items() if status not in (403, 404)} == {}


def test_pages_ask_strangers_to_sign_in(site):
    answer = site.test_client().get("/users/list/")
    assert answer.status_code == 302 and "/login/" in answer.location


def test_records_have_their_routes(web):
    """Of the framework's own screens nothing is left that would change something by a link or show its folder."""
    rules = [rule for rule in web.url_map.iter_rules() if not rule.rule.startswith(("/api/", "/static/"))]
    assert [rule.rule for rule in rules if "/download/" in rule.rule] == []
    assert [rule.rule for rule in rules if "/delete/" in rule.rule and "GET" in rule.methods] == []
    gone = ("ResetPasswordView", "ResetMyPasswordView", "UserInfoEditView", "UserDBModelView", "RoleModelView")
    assert [rule.endpoint for rule in web.url_map.iter_rules() if rule.endpoint.startswith(gone)] == []


def test_placeholder_addresses_are_never_shown(sign_in, people):
    admin = sign_in("admin")
    for url in (
        "/users/list/",
        "/users/export/csv",
        f"/users/show/{people.ids['buyer1']}",
        f"/users/edit/{people.ids['buyer1']}",
    ):
        assert "no-mail.invalid" not in admin.page(url), url
    assert "no-mail.invalid" not in sign_in("buyer1").page("/profile/")


def test_menu_shows_what_may_be_opened(sign_in):
    assert "/users/list/" in sign_in("admin").page("/")
    assert "/users/list/" not in sign_in("reviewer").page("/")


def test_who_has_no_role_is_told_so(sign_in):
    page = sign_in("nobody").page("/")
    assert "No access yet" in page and "Sign out" in page


@contextmanager
def counted(engine):
    """The statements sent to the database by the lines inside."""
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement[:200])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_lists_cost_the_same_however_many_rows_they_show(site, sign_in, people, open_work):
    admin = sign_in("admin")
    with site.app_context():
        engine = db.engine
    for url in (
        "/users/list/",
        "/roles/list/",
        "/groups/list/",
        "/access_groups/list/",
        "/branches/list/",
        "/settings/list/",
    ):
        with counted(engine) as seen:
            admin.page(url)
        assert len(seen) <= 12, (url, seen)
