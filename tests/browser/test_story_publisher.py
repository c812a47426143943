"""The Persian publisher at real browsers: a service is designed, ordered in Persian, worked, approved, invoiced."""

import re

SERVICE, STEP, TITLE, PAGES, TEXT, STAGE, DELIVERY = (
    "ویرایش کتاب", "معرفی کتاب", "نام کتاب", "شمار صفحه‌ها", "فایل کتاب", "ویرایش متن", "تحویل")  # fmt: skip
WISH = "لطفاً فصل دوم را دوباره ببینید."
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def paper(name):
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF}


def design(editor):
    """An administrator designs the service: what is asked, what it costs, how it is worked."""
    page = editor.visit("/services/add")
    page.fill('[name="code"]', "book-editing")
    named(page, "Book editing", SERVICE)
    editor.choose("Product", "SV-305")
    editor.choose("Currency", "GBP")
    editor.press("Save")
    editor.press("Design", "link")
    where = page.url
    part(editor, "Add a step", "The book", STEP, **{"help.fa": "چند پرسش کوتاه درباره کتاب."})
    part(editor, "Add a field", "Title", TITLE, required=True)
    part(editor, "Add a field", "Pages", PAGES, "number", required=True, least="8")
    part(editor, "Add a field", "Text", TEXT, "file", required=True)
    page.goto(where)
    page.locator("#price").get_by_role("link").click()
    page.select_option('[name="kind"]', "per_unit")
    page.fill('[name="amount"]', "2.50")
    page.select_option('[name="field"]', label="Pages")
    editor.press("Save")
    part(editor, "Add a work stage", "Editing", STAGE)
    part(editor, "Add a work stage", "Delivery", DELIVERY, approval=False)
    editor.step("Publish")
    assert page.locator(".badge", has_text="Published").count()


def named(page, english, persian):
    page.fill('[name="names.en"]', english)
    page.fill('[name="names.fa"]', persian)


def part(editor, add, english, persian, kind=None, **given):
    """One part of the definition, by its plain form."""
    page = editor.press(add, "link")
    if kind:
        page.select_option('[name="kind"]', kind)
    named(page, english, persian)
    for name, value in given.items():
        box = page.locator(f'[name="{name}"]')
        if isinstance(value, bool):
            box.set_checked(value)
        else:
            box.fill(value)
    editor.press("Save")


def order(person):
    """He begins at his desk and goes on by telephone; gives the order's address."""
    reader = person("fa", locale="fa-IR")
    page = reader.visit("/portal/")
    page.locator("main").get_by_role("link", name="سفارش خدمت").click()
    page.locator(".service-cards li", has_text=SERVICE).get_by_role("button", name="شروع").click()
    page.wait_for_url("**/fill/*/1")
    assert "چند پرسش کوتاه" in page.inner_text(".wizard-help")
    page.get_by_label(TITLE).fill("سفرنامه پارس")
    reader.press("ادامه در زمانی دیگر")

    elsewhere = person("fa", width=360, locale="fa-IR")
    page = elsewhere.visit("/portal/")
    page.locator(".todo a", has_text=SERVICE).click()
    page.wait_for_url("**/fill/*/1")
    page.wait_for_load_state("networkidle")
    assert page.get_by_label(TITLE).input_value() == "سفرنامه پارس"
    page.get_by_label(PAGES).fill("۱۲۰")
    page.get_by_label(TEXT).set_input_files(paper("ketab.pdf"))
    assert elsewhere.fits()
    elsewhere.press("مرور سفارش")
    said = page.inner_text("main")
    assert "۱۲۰" in said and "ketab.pdf" in said
    elsewhere.press("تأیید سفارش")
    assert "/orders/show/" in page.url and "سفرنامه پارس" in page.inner_text("#answers")
    return re.search(r"/orders/show/\d+", page.url)[0]


def test_a_service_is_designed_ordered_in_persian_worked_and_invoiced(person, jobs):
    editor, expert, finance = person("editor"), person("reviewer"), person("finance")
    design(editor)
    where = order(person)
    expert.visit(where)
    expert.step("Approve")
    expert.step("Start the work")
    jobs()

    finance.visit(where)
    finance.press("Make invoice", "link")
    finance.press("Make invoice")
    assert "The customer must approve the work and an expert must check it first." in finance.why_not("Issue")

    page = expert.visit(where)
    assert page.locator(".work-stages li").count() == 2
    expert.press("Editing", "link")
    expert.step("Take")
    expert.step("Show to the customer", files=paper("edited.pdf"), note="بخش نخست")
    stage = re.search(r"/work_stages/show/\d+", page.url)[0]

    reader = person("fa", locale="fa-IR")
    page = reader.visit(where)
    assert STAGE in page.inner_text(".next-step") and "edited.pdf" in page.inner_text(".work-stages")
    page = reader.visit("/portal/")
    page.click(f'.todo a[href="{stage}"]')
    page.wait_for_url(f"**{stage}")
    reader.step("درخواست اصلاح", files=paper("marked.pdf"), reason=WISH)
    assert WISH in page.inner_text("#rounds") and "marked.pdf" in page.inner_text("#rounds")

    page = expert.visit(stage)
    assert WISH in page.inner_text("#rounds")
    expert.step("Take")
    expert.step("Show to the customer", note="فصل دوم بازبینی شد.")
    reader.visit(stage)
    reader.step("تأیید کار", note="عالی است")
    finance.page.reload()
    assert "an expert must check it first" in finance.why_not("Issue")
    expert.visit(stage)
    expert.step("Check the work")
    finance.page.reload()
    finance.step("Issue")
    assert "Issued" in finance.page.inner_text("main header")
