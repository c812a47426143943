"""The order wizard at a real browser, in Persian: kept while typed, left and resumed, ordered, its work approved."""

import re

PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
TEXT = {"name": "متن.txt", "mimeType": "text/plain", "buffer": "فصل یکم\n".encode()}


def begin(reader):
    """A new draft of the publisher's service; its first step."""
    page = reader.visit("/wizard_drafts/add")
    page.click("button[name=service]")
    page.wait_for_url("**/fill/*/1")
    page.wait_for_load_state("networkidle")
    return page


def test_a_book_is_ordered_step_by_step_in_persian(person):
    reader = person("fa", locale="fa-IR")
    page = begin(reader)
    assert page.get_attribute("html", "dir") == "rtl"
    steps, form = page.locator(".wizard-steps").bounding_box(), page.locator("[data-wizard]").bounding_box()
    assert steps["x"] > form["x"], "the steps stand on the right"
    assert "متن را همان‌طور که هست" in page.inner_text(".wizard-help")
    here = page.url

    page.fill('[name="a-title"]', "سفرنامه ناصرخسرو")
    page.fill('[name="a-pages"]', "۱۲۰")
    page.wait_for_function("() => document.querySelector('[data-wizard-kept]').textContent.trim() !== ''")
    page.wait_for_selector("[data-wizard-price] .grand")
    price = page.inner_text("[data-wizard-price] .grand dd")
    assert re.search(f"[{PERSIAN}]", price) and not re.search("[0-9]", price)

    page = reader.visit("/portal/")  # nothing warns: everything was kept
    page.click(f'.todo a[href*="/wizard_drafts/show/{here.split("/")[-2]}"]')
    page.wait_for_url("**/fill/*/1")
    assert page.input_value('[name="a-title"]') == "سفرنامه ناصرخسرو"
    page.set_input_files('[name="a-text"]', TEXT)
    page.click('button[value="next"]')
    page.wait_for_url("**/fill/*/2")

    reader.expected.add("status of 422")
    page.click('button[value="next"]')
    page.wait_for_selector('[data-field="a-size"] .errors')
    page.wait_for_load_state("networkidle")
    page.select_option('[name="a-size"]', "b5")
    page.fill("#a-ready_on-shown", "۱۴۰۵/۱۲/۱")
    page.keyboard.press("Tab")
    assert page.input_value('[name="a-ready_on"]') == "2027-02-20"
    page.wait_for_function("() => document.querySelectorAll('[data-wizard-price] li').length === 2")
    page.click('button[value="next"]')
    page.wait_for_url("**/fill/*/3")
    page.select_option('[name="a-cover_kind"]', "designed")
    page.click('button[value="next"]')
    page.wait_for_url("**/fill/*/4")
    page.click('button[value="next"]')
    page.wait_for_url("**/review/*")
    said = page.inner_text("main")
    for text in ("سفرنامه ناصرخسرو", "۱۲۰", "متن.txt", "وزیری (B5)", "اسفند ۱۴۰۵"):
        assert text in said, text
    assert reader.fits()
    page.click(".form-foot .btn-primary")
    page.wait_for_url("**/orders/show/*")
    assert "سفرنامه ناصرخسرو" in page.inner_text("#answers")


def test_leaving_warns_while_something_is_not_kept_and_another_window_is_noticed(person):
    reader = person("fa", locale="fa-IR")
    page = begin(reader)
    other = reader.context.new_page()
    other.goto(page.url)
    other.wait_for_load_state("networkidle")
    other.fill('[name="a-title"]', "یکی")
    other.wait_for_function("() => document.querySelector('[data-wizard-kept]').textContent.trim() !== ''")
    reader.expected.add("status of 409")
    page.fill('[name="a-title"]', "دیگری")
    page.wait_for_selector("[data-wizard-kept].bad")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/portal/")
    assert asked == ["beforeunload"]


def test_the_work_is_approved_in_persian(person):
    reader = person("fa", locale="fa-IR")
    page = reader.visit("/portal/")
    page.click('.todo a[href^="/work_stages/show/"]')
    page.wait_for_url("**/work_stages/show/*")
    assert page.locator(".rounds .files a").count() >= 1
    page.click('[data-open-dialog="do-request_changes"]')
    page.fill('#do-request_changes textarea[name="reason"]', "فاصله خط‌ها را بیشتر کنید.")
    page.set_input_files('#do-request_changes input[type="file"]', TEXT)
    page.click("#do-request_changes button[type=submit]")
    page.wait_for_selector('.badge[data-state="changes_requested"]')
    assert "فاصله خط‌ها" in page.inner_text("#rounds") and "متن.txt" in page.inner_text("#rounds")
    where = re.search(r"/work_stages/show/\d+", page.url)[0]

    expert = person("reviewer")
    page = expert.visit(where)
    for step in ("take", "show"):
        page.click(f'[data-open-dialog="do-{step}"]')
        if step == "show":
            page.fill('#do-show textarea[name="note"]', "Wider now.")
        page.click(f"#do-{step} button[type=submit]")
        page.wait_for_load_state("networkidle")
    page = reader.visit(where)
    page.click('[data-open-dialog="do-approve"]')
    page.click("#do-approve button[type=submit]")
    page.wait_for_selector('h1 ~ .badge[data-state="approved"]')


def test_the_designer_asks_only_what_a_kind_of_field_needs(person):
    admin = person("editor")
    page = admin.visit("/services/node/1?at=steps.0.fields")
    page.wait_for_function("() => document.querySelector('[data-field=least]').hidden")
    page.select_option('[name="kind"]', "number")
    assert page.locator('[data-field="least"]').is_visible() and not page.locator('[data-field="order"]').is_visible()
    page.select_option('[name="kind"]', "product")
    assert page.locator('[data-field="order"]').is_visible() and not page.locator('[data-field="least"]').is_visible()
    page = admin.visit("/services/price/1")
    page.select_option('[name="kind"]', "by_choice")
    page.select_option('[name="choice"]', "size")
    assert page.locator('[data-field="table-size-b5"]').is_visible()
    assert not page.locator('[data-field="table-index-yes"]').is_visible()
    assert not page.locator('[data-field="amount"]').is_visible()
    page = admin.visit("/services/preview/1/1")
    page.fill('[name="a-pages"]', "200")
    page.wait_for_selector("[data-wizard-price] .grand")


def test_on_a_telephone_the_wizard_is_not_cut(person):
    reader = person("fa", width=360, locale="fa-IR")
    page = begin(reader)
    here = re.search(r"/wizard_drafts/fill/(\d+)/1", page.url)
    for path in (here[0], f"/wizard_drafts/review/{here[1]}", "/wizard_drafts/add", "/wizard_drafts/list/"):
        reader.visit(path)
        assert reader.fits(), path
