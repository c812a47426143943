"""What people do with keyboard and mouse works, under the policy and without a message on the console."""

import pytest

from tests.theme import stand

HARMLESS = ("the server responded with a status of 404", "the server responded with a status of 422")


@pytest.fixture(scope="module")
def language():
    return {"lang": "en"}


@pytest.fixture(scope="module")
def app(language):
    return stand.make(language)


@pytest.fixture(scope="module")
def address(app):
    with stand.running(app) as found:
        yield found


@pytest.fixture
def page(browser, address, app, language):
    """A fresh page; fails at its end when the console said anything."""
    language["lang"] = "en"
    app.config["posted"].clear()
    context = browser.new_context(base_url=address, viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    said = []
    opened.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert [text for text in said if not any(known in text for known in HARMLESS)] == []


def visit(page, path):
    page.goto(path)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("lang", "width"), [("en", 360), ("fa", 360), ("en", 1400), ("fa", 1400)])
def test_every_page_fits_its_window(page, language, lang, width):
    language["lang"] = lang
    page.set_viewport_size({"width": width, "height": 800})
    wider = []
    for path in sorted(stand.pages()):
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wider.append(path)
    assert wider == []


def test_ticked_rows_are_what_a_bulk_step_posts(page, app):
    visit(page, "/orders/list/")
    page.check("tbody tr:nth-child(2) [data-pick]")
    page.check("tbody tr:nth-child(4) [data-pick]")
    assert page.inner_text("[data-bulk] [data-bulk-said]") == "Selected: 2"
    page.click('[data-open-dialog="bulk-reject"]')
    page.fill("#bulk-reject textarea", "Out of stock")
    page.click('#bulk-reject button[type="submit"]')
    page.wait_for_url("**/posted")
    [sent] = app.config["posted"]
    assert sent["rowid"] == ["2", "4"] and sent["action"] == ["reject"] and sent["reason"] == ["Out of stock"]
    assert "all_matching" not in sent


def test_all_that_match_posts_the_query_instead_of_rows(page, app):
    visit(page, "/orders/list/?q=acme")
    page.click("[data-pick-all]")
    page.click("[data-pick-matching]")
    assert page.inner_text("[data-bulk] [data-bulk-said]") == "Selected: 1,240"
    page.click('[data-open-dialog="bulk-approve"]')
    page.click('#bulk-approve button[type="submit"]')
    page.wait_for_url("**/posted")
    [sent] = app.config["posted"]
    assert sent["all_matching"] == ["1"] and sent["query"] == ["?q=acme"] and "rowid" not in sent


def test_the_keyboard_walks_ticks_and_opens_rows(page):
    visit(page, "/orders/list/")
    for key in ("j", "j", "x", "k"):
        page.keyboard.press(key)
    assert page.is_checked("tbody tr:nth-child(2) [data-pick]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/show/1")


def test_slash_searches_and_n_makes_a_new_order(page):
    visit(page, "/orders/list/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("n")  # a letter now
    assert page.input_value("[data-list-search]") == "n"
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.wait_for_url("**/orders/add")


def test_a_double_click_opens_the_record(page):
    visit(page, "/orders/list/")
    page.dblclick("tbody tr:nth-child(1) td.num")
    page.wait_for_url("**/orders/show/1")


def test_deleting_asks_first_and_no_means_no(page, app):
    visit(page, "/orders/show/1")
    page.click(".page-head .btn-danger")
    assert page.inner_text("#confirm [data-question]") == "Delete this record?"
    page.click('#confirm button[value="no"]')
    assert app.config["posted"] == [] and page.url.endswith("/orders/show/1")
    page.click(".page-head .btn-danger")
    page.click('#confirm button[value="yes"]')
    page.wait_for_url("**/posted")
    assert len(app.config["posted"]) == 1


def test_a_step_that_is_not_possible_says_why_and_does_nothing(page):
    visit(page, "/orders/show/1")
    page.click('button[aria-describedby="why-complete"]', force=True)
    assert page.query_selector("dialog[open]") is None
    assert "The order has not been released yet." in page.inner_text("#why-complete")


def choose_customer(page):
    """Pick Acme in the head, then go to the first line: all by keyboard."""
    page.focus("#customer-shown")
    page.keyboard.type("Acm")
    page.wait_for_selector('.combo-list [role="option"]')
    page.keyboard.press("Enter")
    assert page.input_value("#customer") == "7"
    for _field in ("from the customer", "from the reference", "from the delivery date"):
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('[data-sku]')")


def test_without_a_customer_a_line_says_what_is_missing(page):
    visit(page, "/orders/add")
    page.focus("[data-sku]")
    page.keyboard.type("85123A")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-lines] tr.refused")
    assert "Choose the customer first." in page.inner_text("[data-lines] tr")


def test_ten_lines_are_typed_without_the_mouse(page, app):
    visit(page, "/orders/add")
    choose_customer(page)
    for _line in range(10):
        page.keyboard.type("85123A")
        page.keyboard.press("Enter")
        page.keyboard.type("6")
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(10) [data-name]:not(:empty)")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/orders/show/1")
    [sent] = app.config["posted"]
    assert sent["customer"] == "7" and sent["submit"] is True
    assert sent["lines"] == [{"sku": "85123A", "quantity": "6"}] * 10


def test_a_refused_line_says_why_and_keeps_the_others(page, app):
    visit(page, "/orders/add")
    choose_customer(page)
    for sku in ("85123A", "22423", "nope"):
        page.keyboard.type(sku)
        page.keyboard.press("Enter")
        page.keyboard.type("6")
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(3).refused")
    assert "There is no product with this SKU." in page.inner_text("[data-lines] tr:nth-child(3)")
    page.wait_for_selector("[data-lines] tr:nth-child(2) .availability.short")
    page.click("[data-submit-order]")
    page.wait_for_selector("[data-lines] tr:nth-child(2).refused")
    assert "The product is archived." in page.inner_text("[data-lines] tr:nth-child(2)")
    assert page.input_value("[data-lines] tr:nth-child(1) [data-sku]") == "85123A"
    assert page.is_enabled("[data-submit-order]")


@pytest.mark.parametrize(
    ("lang", "typed", "sent"),
    [
        ("en", "3/2/2027", "2027-02-03"),
        ("fa", "۱۴۰۵/۰۸/۳۰", "2026-11-21"),
        ("fa", "1403/12/30", "2025-03-20"),
        ("fa", "2026-11-21", "2026-11-21"),
    ],
)
def test_dates_are_typed_in_the_readers_calendar_and_sent_in_iso(page, language, lang, typed, sent):
    language["lang"] = lang
    visit(page, "/orders/form")
    page.fill("#due_on-shown", typed)
    page.keyboard.press("Tab")
    assert page.input_value('[name="due_on"]') == sent


def test_the_persian_calendar_picks_the_day_it_shows(page, language):
    language["lang"] = "fa"
    visit(page, "/orders/form")
    page.fill("#due_on-shown", "1405/08/15")
    page.keyboard.press("Tab")
    page.click(".date .open")
    page.click(".calendar td button:not(.other) >> nth=0")
    assert page.input_value('[name="due_on"]') == "2026-10-23" and page.input_value("#due_on-shown") == "۱۴۰۵/۰۸/۰۱"


def test_the_side_bar_folds_and_remembers(page):
    visit(page, "/")
    page.click("[data-side-fold]")
    visit(page, "/orders/list/")
    assert page.get_attribute("html", "data-side") == "rail"
    page.set_viewport_size({"width": 360, "height": 780})
    page.wait_for_selector("#side a.brand", state="hidden")
    page.click("[data-drawer-open]")
    page.wait_for_selector("#side a.brand", state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("#side a.brand", state="hidden")


def test_a_bulk_job_shows_its_end_and_its_refusals(page):
    visit(page, "/progress")
    page.wait_for_selector("[data-progress-rows] tr")
    assert page.inner_text("[data-progress-text]") == "3 of 3"
    assert "It exceeds the credit limit." in page.inner_text("[data-progress-refused]")
    assert page.query_selector("[data-progress-stop]") is None
