"""Customers at their browsers: an order by keyboard alone, a portal in Persian, on the telephone."""

import re
import time

import pytest

PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
SKUS = ("TW-101", "TW-102", "TW-103", "TW-104", "TW-105", "TW-106", "TE-401", "TE-402", "CO-501", "CO-502")


class Keys:
    """A keyboard that counts its strokes; nothing else touches the page."""

    def __init__(self, page):
        self.board, self.count = page.keyboard, 0

    def type(self, text):
        self.board.type(text)
        self.count += len(text)

    def press(self, *names):
        for name in names:
            self.board.press(name)
            self.count += 1


def order_form(buyer, keys):
    """From the list to the first line, by keys."""
    page = buyer.visit("/orders/list/")
    keys.press("n")
    page.wait_for_url("**/orders/add")
    page.wait_for_selector('[data-sku][role="combobox"]')
    for _field in range(40):
        if buyer.focused(".order-head input"):
            break
        keys.press("Tab")
    for _field in range(20):
        if buyer.focused("[data-sku]"):
            break
        keys.press("Tab" if buyer.focused("textarea") else "Enter")  # in a remark Enter begins a new line
    assert buyer.focused("[data-sku]")
    return page


def test_ten_lines_are_ordered_by_keyboard_alone_within_a_minute(person):
    buyer = person("buyer1")
    keys, began = Keys(buyer.page), time.monotonic()
    page = order_form(buyer, keys)
    buyer.pointed.clear()
    for sku in SKUS:
        keys.type(sku)
        keys.press("Enter")
        keys.type("6")
        keys.press("Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(10) [data-name]:not(:empty)")
    page.wait_for_selector("[data-lines-totals] .grand")
    keys.press("Control+Enter")
    page.wait_for_url("**/orders/show/*")
    assert time.monotonic() - began < 60
    assert keys.count < 200 and buyer.pointed == []
    assert page.locator("#lines tbody tr").count() == 10
    assert "We are reviewing your order." in page.inner_text(".next-step")


def test_a_refused_row_says_why_and_keeps_all_others(person):
    buyer = person("buyer1")
    buyer.expected |= {"status of 422", "status of 404"}
    keys = Keys(buyer.page)
    page = order_form(buyer, keys)
    for sku, quantity in (("TW-101", "6"), ("NO-SUCH", "2"), ("CO-501", "12")):
        keys.type(sku)
        keys.press("Escape", "Enter")
        keys.type(quantity)
        keys.press("Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(2).refused")
    keys.press("Control+Enter")
    page.wait_for_selector("[data-lines-errors] .alert")
    why = page.inner_text("[data-lines] tr:nth-child(2) [data-why]")
    assert why.strip() and "All others are kept." in page.inner_text("[data-lines-errors]")
    values = page.eval_on_selector_all("[data-lines] [data-sku]", "all => all.map((one) => one.value)")
    assert values[:3] == ["TW-101", "NO-SUCH", "CO-501"]
    assert buyer.focused("tr.refused [data-sku]"), "the keyboard is where something is to be done"

    keys.press("Control+a")
    keys.type("TE-401")
    keys.press("Escape", "Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(2):not(.refused) [data-name]:not(:empty)")
    keys.press("Control+Enter")
    page.wait_for_url("**/orders/show/*")
    assert [text.split()[0] for text in page.locator("#lines tbody td.code").all_inner_texts()][:3] == [
        "TW-101", "TE-401", "CO-501"]  # fmt: skip


def test_a_quantity_that_cannot_be_read_is_marked_at_its_row(person):
    buyer = person("buyer1")
    buyer.expected.add("status of 400")
    keys = Keys(buyer.page)
    page = order_form(buyer, keys)
    keys.type("TW-101")
    keys.press("Escape", "Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(1) [data-amount]:not(:empty)")
    keys.type("abc")
    keys.press("Enter")
    page.wait_for_selector("[data-lines] tr:nth-child(1).refused")
    assert page.inner_text("[data-lines] tr:nth-child(1) [data-why]").strip() == "This is not a number."
    assert page.inner_text("[data-lines] tr:nth-child(1) [data-amount]") == "", "what one piece costs is not its price"
    keys.type("CO-501")
    keys.press("Escape", "Enter")
    keys.type("12")
    page.wait_for_selector("[data-lines] tr:nth-child(2) [data-amount]:not(:empty)")
    keys.press("Control+Enter")
    page.wait_for_selector("[data-lines-errors] .alert")
    assert page.inner_text("[data-lines] tr.refused [data-why]").strip() == "This is not a number."
    assert "All others are kept." in page.inner_text("[data-lines-errors]")
    assert page.locator("[data-lines] tr.refused").count() == 1


def test_an_answer_that_was_lost_on_its_way_makes_no_second_order(person):
    buyer = person("buyer1")
    buyer.expected.add("Failed to load resource")
    keys, lost = Keys(buyer.page), []

    def lose(route):
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().json())  # the server has done it
        route.abort()

    buyer.page.route("**/orders/save", lose)  # before the page is there: it must not be too late for its request
    page = order_form(buyer, keys)
    keys.type("TW-101")
    keys.press("Escape", "Enter", "Enter")
    keys.press("Control+Enter")
    page.wait_for_selector(".toast, [data-toast], #toasts > *")
    keys.press("Control+Enter")
    page.wait_for_url("**/orders/show/*")
    assert page.url.endswith(lost[0]["url"])


def test_the_portal_in_persian_reads_from_right_to_left(person):
    reader = person("fa", width=1280, locale="fa-IR")
    page = reader.visit("/orders/list/")
    assert page.get_attribute("html", "dir") == "rtl" and page.get_attribute("html", "lang") == "fa"
    side, main = page.locator("#side").bounding_box(), page.locator("main").bounding_box()
    assert side["x"] > main["x"], "the menu is on the right"
    days = page.locator("tbody td.date, tbody td[data-label='تاریخ سفارش']").all_inner_texts()
    assert days and all(re.search(f"[{PERSIAN}]{{4}}/", text) for text in days), days
    assert all(text.strip().startswith("۱۴") for text in days), "days of the Jalali calendar"
    amounts = page.locator("tbody td.num").all_inner_texts()
    assert all(re.search(f"[{PERSIAN}]", text) and not re.search("[0-9]", text) for text in amounts), amounts

    page.click("tbody tr:has([data-state=confirmed]) td.main-cell a")
    page.wait_for_url("**/orders/show/*")
    assert "۱۴" in page.inner_text("main")
    total, card = page.locator("#lines .grand td.num bdi").bounding_box(), page.locator("#lines").bounding_box()
    assert total["x"] > card["x"], "no digit of the total is out of sight"
    link = page.locator('#documents a[href*="order_confirmation.pdf"]').first.get_attribute("href")
    pdf = page.request.get(link)
    assert pdf.headers["content-type"] == "application/pdf" and pdf.body().startswith(b"%PDF")

    page = reader.visit("/orders/add")
    page.fill("#requested_on-shown", "۱۴۰۵/۱۰/۱۰")
    page.keyboard.press("Tab")
    assert page.input_value('[name="requested_on"]') == "2026-12-31"
    row = page.locator("[data-lines] tr").first
    row.locator("[data-sku]").fill("TE-401")
    row.locator("[data-quantity]").fill("۵")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-lines] [data-name]:not(:empty)")
    page.wait_for_function("document.querySelector('[data-lines] [data-amount]').textContent.trim() !== ''")
    assert re.search(f"[{PERSIAN}]", row.locator("[data-amount]").inner_text())
    assert reader.fits()


def test_switching_the_language_keeps_the_page(person):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/?state=confirmed&order=total_gross&direction=asc")
    before = page.url
    rows = page.eval_on_selector_all("tbody tr", "all => all.map((one) => one.dataset.url)")
    for code, direction in (("fa", "rtl"), ("zh-Hans-CN", "ltr"), ("en", "ltr")):
        page.locator("summary:has(.fa-globe)").click()
        page.click(f'.drop-menu a[hreflang="{code}"]')
        page.wait_for_function(f"document.documentElement.dir === '{direction}' && "
                               f"'{code}'.startsWith(document.documentElement.lang.split('-')[0])")  # fmt: skip
        page.wait_for_load_state("networkidle")
        assert page.url == before
        assert page.eval_on_selector_all("tbody tr", "all => all.map((one) => one.dataset.url)") == rows


@pytest.mark.parametrize("locale", ["fa", "ro", "ru", "tr", "zh-CN"])
def test_a_newcomer_is_greeted_in_the_language_of_his_browser(person, locale):
    page = person(locale=locale).visit("/login/")
    assert page.get_attribute("html", "lang").split("-")[0] == locale.split("-")[0]
    assert page.inner_text("h1") != "Sign in"


@pytest.mark.parametrize("username", ["buyer1", "fa"])
def test_on_a_telephone_the_menu_folds_and_nothing_is_cut(person, username):
    buyer = person(username, width=360)
    page = buyer.visit("/orders/list/")
    assert not page.locator("#side a.brand").is_visible()
    page.click("[data-drawer-open]")
    page.wait_for_selector("#side a.brand", state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("#side a.brand", state="hidden")
    first = page.locator("tbody td.main-cell a").first.get_attribute("href")
    for path in ("/portal/", "/orders/list/", first, "/orders/add", "/invoices/list/", "/tickets/add", "/files/list/"):
        buyer.visit(path)
        assert buyer.fits(), path
