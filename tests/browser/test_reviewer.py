"""A reviewer and an editor at their browsers: filter, approve all that match, keep prices."""

import re

import pytest

from views import bulk
from views.orders import OrderView


@pytest.fixture
def background(monkeypatch):
    """A handful of rows fills a page and is many for one request: the step on them runs as a job."""
    monkeypatch.setattr(OrderView, "page_size", 4)
    monkeypatch.setattr(bulk, "AT_ONCE", 3)


def test_a_wrong_password_is_told_and_the_right_one_opens_the_home_page(person):
    newcomer = person()
    page = newcomer.visit("/orders/list/")
    assert "/login" in page.url, "the door asks who it is"
    page.fill("#username", "reviewer")
    page.fill("#password", "not this one")
    page.press("#password", "Enter")
    page.wait_for_selector("[role=alert], .alert")
    assert "/login" in page.url
    newcomer.sign_in("reviewer")
    assert page.locator("#side").is_visible()
    assert page.get_attribute("html", "lang") == "en"


def test_all_that_match_are_approved_and_the_refused_ones_explained(person, background, jobs):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/")
    page.click(".states a:has-text('Submitted')")
    page.wait_for_url("**state=submitted*")
    page.click('[data-toggle-panel="filters"]')
    page.fill('#filters [name="least"]', "1")
    page.click('#filters button[type="submit"]')
    page.wait_for_url("**least=1*")
    assert page.locator(".chip").count() == 1 and "state=submitted" in page.url
    total = int(re.search(r"\d+", page.inner_text(".toolbar .total"))[0])
    assert total > 4

    page.check("[data-pick-all]")
    page.click("[data-pick-matching]")
    assert page.inner_text("[data-bulk] [data-bulk-said]") == f"Selected: {total}"
    page.click('[data-open-dialog="bulk-approve"]')
    page.click('#bulk-approve button[type="submit"]')
    page.wait_for_url("**/runs/show/*")
    assert page.get_attribute("[data-progress-url]", "data-progress-over") == "false"
    assert "bulk.run" in jobs()

    page.wait_for_selector('[data-progress-state] [data-state="done"]')
    said = page.inner_text("[data-progress-text]")
    refused = int(re.fullmatch(rf"{total} of {total} handled, (\d+) refused\.", said)[1])
    rows = page.locator("[data-progress-rows] tr")
    assert 0 < rows.count() == refused < total
    assert all("supervisor" in text or "stock" in text for text in rows.all_inner_texts()), rows.all_inner_texts()
    rows.first.locator("a").click()
    page.wait_for_url("**/orders/show/*")
    assert page.locator('[data-open-dialog="do-approve"], [aria-describedby="why-approve"]').count() == 1
    page = reviewer.visit("/orders/list/?state=submitted&least=1")
    assert page.locator("tbody [data-pick]").count() == min(refused, 4)


def test_a_price_is_changed_at_its_cell_and_a_refusal_stands_there(person):
    editor = person("editor")
    editor.expected.add("status of 422")
    page = editor.visit("/desk/prices/?search=TW-101")
    first = page.locator('[data-cell][name="unit_price"]').first
    before = first.inner_text()
    first.click()
    page.keyboard.type("-5")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cell-why")
    assert page.inner_text(".cell-why").strip() == "A price cannot be negative."
    assert first.inner_text() == before

    first.click()
    page.keyboard.type("17.25")
    with page.expect_response("**/ajax/update/"):
        page.keyboard.press("Enter")
    page.wait_for_selector(".cell-why", state="detached")
    page.keyboard.press("Escape")
    page.reload()
    assert page.locator('[data-cell][name="unit_price"]').first.inner_text() == "17.25"


def test_deleting_asks_first_and_no_means_no(person):
    buyer = person("buyer1")
    page = buyer.visit("/orders/list/?state=draft")
    page.click("tbody tr:first-child td.main-cell a")
    page.wait_for_url("**/orders/show/*")
    shown = page.url
    page.click("form[data-confirm] .btn-danger")
    assert page.inner_text("#confirm [data-question]") == "Delete this record?"
    page.click('#confirm button[value="no"]')
    assert page.url == shown
    page.click("form[data-confirm] .btn-danger")
    page.click('#confirm button[value="yes"]')
    page.wait_for_url("**/orders/list/**")
    assert "Deleted" in page.inner_text("main")
    assert page.request.get(shown).status == 404


@pytest.mark.parametrize("username", ["admin", "buyer1"])
def test_every_item_of_the_menu_opens(person, username):
    somebody = person(username)
    page = somebody.visit("/")
    links = page.eval_on_selector_all("#side .side-nav a[href]", "all => all.map((one) => one.getAttribute('href'))")
    assert len(links) > 4
    for link in dict.fromkeys(links):
        somebody.glance(link)
        assert page.locator("h1").count() == 1, link
        assert somebody.fits(), link
