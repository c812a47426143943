"""A customer at his browser sends the order form he filled in, looks at every row, and orders."""

import io

from python_calamine import load_workbook

from tests.order_forms import books


def test_the_downloaded_form_is_filled_in_sent_looked_at_and_ordered(person):
    buyer = person("buyer1")
    page = buyer.visit("/portal/")
    page.click("a[href='/order_forms/add']")
    with page.expect_download() as waiting:
        page.click("form[action*='template'] button:not([formaction])")
    with open(waiting.value.path(), "rb") as found:
        rows = load_workbook(io.BytesIO(found.read())).get_sheet_by_index(0).to_python()
    assert rows[0] == ["SKU", "Product", "Unit", "Unit price", "Quantity"]
    asked = {"TW-101": 24, "CO-501": 2.5}
    filled = [[*row[:4], asked.get(row[0], "")] for row in rows[1:]]
    data = books.xlsx(rows[0], *filled, ["NO-SUCH", "", "", "", 1])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.set_input_files("input[name=file]", {"name": "our order.xlsx", "mimeType": kind, "buffer": data})
    page.click(".form-foot .btn-primary")
    page.wait_for_url("**/order_forms/show/*")
    told = page.inner_text("#rows")
    assert "There is no product NO-SUCH." in told
    assert "Rounded to whole steps of the unit: 3 instead of 2.5." in told
    page.click("[data-open-dialog='do-order']")
    page.fill("dialog[open] input[name=reference]", "PO-FORM")
    page.click("dialog[open] .buttons .btn-primary")
    page.wait_for_selector(".badge[data-state=ordered]")
    page.click("a[href^='/orders/show/']")
    page.wait_for_url("**/orders/show/*")
    assert page.locator("#lines tbody tr").count() == 2
    assert "We are reviewing your order." in page.inner_text(".next-step")


def test_a_broken_file_is_told_at_its_field_and_what_was_typed_stays(person):
    buyer = person("buyer1")
    buyer.expected |= {"status of 422"}
    page = buyer.visit("/order_forms/add")
    page.fill("textarea[name=rows]", "TW-101; 6")
    page.set_input_files("input[name=file]", {"name": "order.xlsx", "mimeType": "text/plain", "buffer": b"PK\x03\x04?"})
    page.click(".form-foot .btn-primary")
    page.wait_for_selector("#errors-file")
    assert "damaged" in page.inner_text("#errors-file")
    assert page.input_value("textarea[name=rows]") == "TW-101; 6"
