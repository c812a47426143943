"""Other papers of the house at real browsers: a confirmation in Persian, an invoice, a contract, a ticket, a file."""

import re

NOTE = {"name": "prices.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
PHOTO = {"name": "broken.csv", "mimeType": "text/csv", "buffer": b"sku,quantity\nTW-101,2\n"}


def where(page):
    """The page's address without its host."""
    return re.search(r"/\w+/show/\d+", page.url)[0]


def test_an_order_is_billed_paid_and_its_confirmation_read_in_persian(person, jobs):
    finance, buyer = person("finance"), person("buyer1")
    page = finance.visit("/orders/list/?state=confirmed&customer_name=harbour")
    page.locator("tbody td.main-cell a").first.click()
    page.wait_for_url("**/orders/show/*")
    page.click("#documents .languages summary")
    link = page.locator('#documents .languages a[hreflang="fa"]')
    assert link.is_visible() and link.inner_text() == "فارسی"
    answer = page.request.get(link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf" and answer.body().startswith(b"%PDF")

    page = finance.press("Make invoice", "link")
    finance.press("Make invoice")
    finance.step("Issue")
    bill = where(page)
    page = buyer.visit(bill)
    number = re.search(r"INV[-\d]+", page.inner_text("h1"))[0]
    total = re.search(r"£([\d,.]+)", page.locator("#lines .grand td").inner_text())[1]
    assert buyer.page.request.get(page.locator("#documents a").first.get_attribute("href")).body().startswith(b"%PDF")
    buyer.press("Report payment", "link")
    assert number in page.content()
    page.fill('[name="amount"]', total)
    page.fill('[name="reference"]', "PO-9")
    buyer.press("Report payment")
    payment = where(page)
    finance.visit(payment)
    finance.step("Confirm payment")
    jobs()
    page = buyer.visit(bill)
    assert page.locator('.badge[data-state="paid"]').count()


def test_a_contract_is_approved_and_renewed(person):
    clerk, supervisor = person("reviewer"), person("supervisor")
    page = clerk.visit("/contracts/add")
    page.wait_for_selector('[data-sku][role="combobox"]')
    clerk.choose("Customer", "Harbour Hotels")
    page.get_by_label("Title").fill("Care of the machines")
    page.fill("#starts_on-shown", "01/06/2026")
    page.fill('[name="months"]', "12")
    row = page.locator("[data-lines] tr").first
    row.locator("[data-sku]").fill("SV-302")
    row.locator("[data-sku]").press("Escape")
    row.locator("[data-quantity]").fill("2")
    row.locator("[data-quantity]").press("Tab")
    row.locator("[data-name]:not(:empty)").wait_for()
    page.click("[data-submit-order]")
    page.wait_for_url("**/contracts/show/*")
    first = where(page)
    assert "Somebody else must approve it" in clerk.why_not("Approve")
    page = supervisor.visit(first)
    number = page.inner_text("h1")
    supervisor.step("Approve")
    clerk.page.reload()
    clerk.step("Renew", months="24")
    clerk.page.locator('.alert a[href*="/contracts/show/"]').click()
    clerk.page.wait_for_url(lambda url: "/contracts/show/" in url and not url.endswith(first))
    second = where(clerk.page)
    page = supervisor.visit(second)
    supervisor.step("Approve")
    said = page.inner_text("main")
    assert number in said and "01/06/2027" in said and "01/06/2029" in said


def test_a_ticket_is_answered_and_a_file_reaches_whom_it_is_for(person, jobs):
    buyer, support, stranger = person("buyer1"), person("support"), person("buyer3")
    page = buyer.visit("/tickets/add")
    page.get_by_label("Subject").fill("Two cups are broken")
    page.get_by_role("textbox", name="Message").fill("Could you send new ones?")
    page.set_input_files('[name="files"]', PHOTO)
    page.locator("form .form-foot .btn-primary").click()
    page.wait_for_url("**/tickets/show/*")
    ticket = where(page)
    support.visit(ticket)
    support.step("Take")
    thread = support.page.locator("#messages-of-record")
    thread.get_by_role("textbox", name="Message").fill("They are on their way.")
    support.press("Send")
    jobs()
    page = buyer.visit(ticket)
    assert "They are on their way." in page.inner_text("main")
    assert page.locator("header .badge[data-state=answered]").count() == 1

    page = support.visit("/files/add")
    page.get_by_label("Title").fill("Agreed prices")
    page.set_input_files('[name="file"]', NOTE)
    page.get_by_label("For every customer").uncheck()
    support.choose("Customer", "Harbour Hotels")
    page.locator("form .form-foot .btn-primary").click()
    page.wait_for_url("**/files/show/*")
    page = buyer.visit("/files/list/")
    page.get_by_role("link", name="Agreed prices").click()
    page.wait_for_url("**/files/show/*")
    file = where(page)
    with page.expect_download() as waiting:
        page.locator('a[href*="download=1"]').first.click()
    assert waiting.value.suggested_filename == "prices.pdf"
    with open(waiting.value.path(), "rb") as found:
        assert found.read() == NOTE["buffer"]
    for path in (ticket, file):
        assert stranger.page.request.get(path).status == 404
    assert "Agreed prices" not in stranger.visit("/files/list/").inner_text("main")
