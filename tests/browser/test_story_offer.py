"""The Romanian request for an offer at real browsers: asked, priced, reviewed, negotiated, accepted, ordered."""

import re

SKETCH = {"name": "sigla.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


def fill(row, **given):
    """What a line of the form says; `sku` first, so that the product is known."""
    for name, value in given.items():
        box = row.locator("[data-sku]" if name == "sku" else "[data-quantity]" if name == "quantity"
                          else f'[data-line-field="{name}"]')  # fmt: skip
        if name == "alternative":
            box.select_option(value)
        else:
            box.fill(value)
        if name == "sku":
            box.press("Escape")
            box.press("Tab")


def ask(buyer):
    """A machine of ours and something that is no product; gives the address of the quote."""
    page = buyer.visit("/portal/")
    page.locator("main").get_by_role("link", name="Cere ofertă").click()
    page.wait_for_url("**/quotes/add")
    page.wait_for_selector('[data-sku][role="combobox"]')
    page.get_by_label("Referință").fill("CO-17")
    page.get_by_label("Observații").fill("Livrare dimineața, vă rugăm.")
    page.get_by_label("Fișiere").set_input_files(SKETCH)
    fill(page.locator("[data-lines] tr").nth(0), sku="EQ-204", quantity="2")
    page.get_by_role("button", name="Adaugă o linie").click()
    fill(page.locator("[data-lines] tr").nth(1), name="Gravarea siglei", quantity="2")
    page.get_by_role("button", name="Trimite cererea").click()
    page.wait_for_url("**/quotes/show/*")
    assert "Gravarea siglei" in page.inner_text("main") and "sigla.pdf" in page.inner_text("main")
    return re.search(r"/quotes/show/\d+", page.url)[0]


def price(clerk, where):
    """Our prices, with an alternative to the machine, for three weeks."""
    page = clerk.visit(where)
    clerk.step("Take over")
    clerk.press("Edit", "link")
    page.wait_for_selector('[data-sku][role="combobox"]')
    rows = page.locator("[data-lines] tr")
    rows.nth(1).wait_for()
    fill(rows.nth(0), unit_price="900")
    fill(rows.nth(1), unit_price="25")
    page.get_by_role("button", name="Add a line").click()
    fill(rows.nth(2), sku="EQ-206", quantity="2", unit_price="700", alternative="1")
    page.fill("#valid_until-shown", "31/12/2026")
    page.get_by_label("Internal remark").fill("Nobody below 800.")
    page.get_by_role("button", name="Finish pricing").click()
    page.wait_for_url(f"**{where}")


def paper(buyer):
    """The PDF that the buyer's page leads to."""
    link = buyer.page.locator('#documents a[href*="quote.pdf"]').first.get_attribute("href")
    return buyer.page.request.get(link)


def test_an_offer_is_asked_for_in_romanian_negotiated_and_ordered(person, jobs):
    buyer, clerk, reviewer = person("ro", locale="ro-RO"), person("reviewer"), person("supervisor")
    where = ask(buyer)
    price(clerk, where)
    assert "Somebody else" in clerk.why_not("Approve the prices"), "nobody reviews his own prices"
    reviewer.visit(where)
    reviewer.step("Approve the prices")
    clerk.visit(where)
    clerk.step("Publish")
    jobs()

    page = buyer.visit("/portal/")
    page.click(f'.todo a[href="{where}"]')
    page.wait_for_url(f"**{where}")
    said = page.inner_text("main")
    assert "Nobody below" not in said and "Alternativă" in said
    found = paper(buyer)
    assert found.headers["content-type"] == "application/pdf" and found.body().startswith(b"%PDF")
    buyer.press("Răspunde linie cu linie", "link")
    page.get_by_label("Preț propus").first.fill("820,50")
    page.get_by_label("Ce propuneți?").fill("Cumpărăm regulat.")
    buyer.press("Trimite contraoferta")

    page = clerk.visit(where)
    assert "Cumpărăm regulat." in page.inner_text("main")
    clerk.step("Revise")
    clerk.step("Publish")
    jobs()
    page = buyer.visit(where)
    assert "820,50" in page.inner_text("#lines")
    buyer.press("Răspunde linie cu linie", "link")
    boxes = page.locator('[name="take"]')
    for number, take in enumerate((True, False, False)):
        boxes.nth(number).set_checked(take)
    buyer.press("Acceptă liniile bifate")
    buyer.step("Transformă în comandă", reference="CO-17/2")
    page.locator('.alert a[href*="/orders/show/"]').click()
    page.wait_for_url("**/orders/show/*")
    said = page.inner_text("main")
    assert "CO-17/2" in said and "820,50" in said and where in page.content()
