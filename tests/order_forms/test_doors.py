"""Order forms through their doors: screens, REST, downloads, and another customer's buyer."""

import io
from decimal import Decimal

import pytest
from python_calamine import load_workbook

from models.customers import Customer
from models.products import AccessRestriction, Category
from tests import makers
from tests.order_forms import books


@pytest.fixture
def goods(people, open_work):
    """Three products: for everyone, one in a list of customer 1 only, one nobody offers."""
    with open_work() as work:
        one = work.session.get(Customer, people.one)
        makers.make_product(work, "AB-1", price="10", stock_of=100)
        makers.make_product(work, "AB-2", price="2.50", stock_of=100)
        own = makers.make_price_list(work, "Acme prices", customers=(one,))
        makers.make_price(work, makers.make_product(work, "OWN-1"), "7", price_list=own)
        people.list = own.id
    return people


def sent(*rows, name="form.xlsx", **more):
    return {"file": (io.BytesIO(books.xlsx(books.HEAD, *rows)), name), **more}


ROWS = (("AB-1", "", "", "", 6), ("AB-2", "", "", 9, 2), ("NONE-77", "", "", "", 1))


def upload(client, *rows, **more):
    return client.post("/order_forms/add", sent(*(rows or ROWS), **more), content_type="multipart/form-data")


def test_a_customer_sends_a_file_looks_and_orders(goods, sign_in):
    buyer = sign_in("buyer1")
    answer = upload(buyer)
    assert answer.status_code == 302
    page = buyer.page(answer.headers["Location"])
    assert "There is no product NONE-77." in page
    assert "The price is £2.50 now, it was £9.00 before." in page
    refused = buyer.page(f"{answer.headers['Location']}?mark=refused")
    assert "NONE-77" in refused and "AB-2" not in refused.partition('id="rows"')[2]
    pk = int(answer.headers["Location"].rpartition("/")[2])
    made = buyer.post(f"/order_forms/step/order/{pk}", {"submit": "y", "reference": "PO-1"})
    assert made.status_code == 302
    assert "PO-1" in buyer.page("/orders/list/")
    assert "/orders/show/" in buyer.page(f"/order_forms/show/{pk}")


def test_what_became_of_the_rows_is_told_without_plural_of_a_figure(goods, sign_in):
    buyer = sign_in("buyer1")
    page = buyer.page(upload(buyer, ("AB-1", "", "", "", 6)).headers["Location"])
    assert "Rows taken: 1, changed: 0, refused: 0." in page


def test_rows_are_pasted_and_what_is_wrong_stays_typed(goods, sign_in):
    buyer = sign_in("buyer1")
    answer = buyer.post("/order_forms/add", {"rows": "AB-1\t6\nAB-2 ; 2\n"})
    assert answer.status_code == 302
    assert "AB-2" in buyer.page(answer.headers["Location"])
    wrong = buyer.post("/order_forms/add", {"rows": "\n \n"})
    assert wrong.status_code == 422
    missing = buyer.post("/order_forms/add", {"rows": "", "currency": "GBP"})
    assert missing.status_code == 422
    assert "Choose a file, or paste rows" in missing.get_data(as_text=True)


def test_a_broken_file_is_told_at_its_field(goods, sign_in):
    buyer = sign_in("buyer1")
    given = {"file": (io.BytesIO(b"PK\x03\x04 nonsense"), "form.xlsx"), "rows": "AB-1 kept as typed"}
    answer = buyer.post("/order_forms/add", given, content_type="multipart/form-data")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "This file is damaged" in page.partition('id="errors-file"')[2][:400]
    assert "AB-1 kept as typed" in page
    assert "Nothing here yet" in buyer.page("/order_forms/list/")


def test_staff_send_it_for_a_customer_they_choose(goods, sign_in):
    staff = sign_in("support")
    without = upload(staff)
    assert without.status_code == 422
    answer = upload(staff, customer=str(goods.one))
    assert answer.status_code == 302
    assert "Acme Ltd" in staff.page(answer.headers["Location"])


def test_a_program_sends_a_file_and_orders(goods, rest):
    program = rest("buyer1")
    answer = program.http.post("/api/v1/order_forms/", data=sent(*ROWS), headers=program.headers,
                               content_type="multipart/form-data")  # fmt: skip
    assert answer.status_code == 201, answer.json
    result = answer.json["result"]
    assert (result["state"], result["taken_count"], result["changed_count"], result["refused_count"]) == (
        "ready", 1, 1, 1)  # fmt: skip
    assert [(row["row"], row["mark"], row["quantity"]) for row in result["rows"]] == [
        (2, "taken", "6"), (3, "changed", "2"), (4, "refused", "0")]  # fmt: skip
    assert result["rows"][2]["reasons"] == [{"code": "unknown_product", "message": "There is no product NONE-77."}]
    pk = answer.json["id"]
    shown = program.get(f"/order_forms/{pk}?mark=refused").json["result"]["rows"]
    assert [row["sku"] for row in shown] == ["NONE-77"]
    made = program.post(f"/order_forms/{pk}/order", {"submit": True})
    assert made.status_code == 200, made.json
    assert made.json["made"]["noun"] == "order"
    order = program.get(f"/orders/{made.json['made']['id']}").json["result"]
    assert (order["state"], [line["sku"] for line in order["lines"]]) == ("submitted", ["AB-1", "AB-2"])
    again = program.post(f"/order_forms/{pk}/order", {"submit": True})
    assert (again.status_code, again.json["error"]) == (409, "wrong_state")


def test_a_program_sends_rows_as_json(goods, rest):
    program = rest("buyer1")
    answer = program.post("/order_forms/", {"rows": [{"sku": "ab-1", "quantity": "3"}]})
    assert answer.status_code == 201
    assert answer.json["result"]["total_net"] == "30.00"
    assert program.post("/order_forms/", {"rows": []}).status_code == 400
    assert program.post("/order_forms/", {"rows": [{"sku": "ab-1", "quantity": 1.5}]}).status_code == 400
    assert program.post("/order_forms/", {"nonsense": 1}).status_code == 400


def test_an_order_is_copied_over_rest_and_on_its_page(goods, rest, sign_in, open_work):
    program = rest("buyer1")
    pk = program.post("/orders/", {"lines": [{"sku": "AB-1", "quantity": "3"}, {"sku": "AB-2", "quantity": "1"}],
                                   "submit": True}).json["id"]  # fmt: skip
    with open_work() as work:
        makers.general_list(work).prices[1].unit_price = Decimal(3)
    made = program.post(f"/orders/{pk}/copy", {})
    assert made.status_code == 200, made.json
    copy = made.json["made"]["id"]
    assert program.get(f"/orders/{copy}").json["result"]["total_net"] == "33.00"
    buyer = sign_in("buyer1")
    again = buyer.post(f"/orders/step/copy/{pk}", {}, follow_redirects=True).get_data(as_text=True)
    assert f'Made: <a href="/orders/show/{copy + 1}">' in again
    page = buyer.page(f"/orders/show/{copy}")
    assert "1 row was changed or refused." in page
    assert "The price is £3.00 now, it was £2.50 before." in page


def cells(data):
    return load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def test_the_template_names_what_the_customer_may_buy_at_his_prices(goods, sign_in):
    mine = cells(sign_in("buyer1").get("/order_forms/template/xlsx").data)
    assert [row[0] for row in mine] == ["SKU", "AB-1", "AB-2", "OWN-1"]
    assert mine[1][3] == 10
    other = sign_in("buyer3")
    assert [row[0] for row in cells(other.get("/order_forms/template/xlsx").data)] == ["SKU", "AB-1", "AB-2"]
    assert other.get(f"/order_forms/template/xlsx?price_list={goods.list}").status_code == 404
    own = cells(sign_in("buyer2").get(f"/order_forms/template/xlsx?price_list={goods.list}").data)
    assert [row[0] for row in own] == ["SKU", "OWN-1"]


def test_the_template_comes_back_filled_in_every_language(goods, sign_in):
    buyer = sign_in("buyer1")
    for language in ("en", "fa", "ro", "ru", "tr", "zh_Hans_CN"):
        answer = buyer.get(f"/order_forms/template/csv?language={language}")
        lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
        assert len(lines) == 4
        filled = "\r\n".join([lines[0], lines[1] + "5", *lines[2:]]).encode("utf-8-sig")
        given = {"file": (io.BytesIO(filled), "form.csv")}
        back = buyer.post("/order_forms/add", given, content_type="multipart/form-data")
        assert back.status_code == 302, (language, lines)
        page = buyer.page(back.headers["Location"])
        assert "2 rows without a quantity were left out." in page


def test_access_groups_narrow_template_and_preview(goods, sign_in, open_work):
    with open_work() as work:
        category = Category(code="teapots", names={"en": "Teapots"})
        work.session.add(category)
        work.session.flush()
        makers.make_product(work, "TEA-1", price="4", category_id=category.id)
        work.session.add(AccessRestriction(access_group_id=goods.group, category_id=category.id))
    buyer = sign_in("buyer1")
    assert [row[0] for row in cells(buyer.get("/order_forms/template/xlsx").data)] == ["SKU", "TEA-1"]
    page = buyer.page(upload(buyer).headers["Location"])
    assert "There is no product AB-1." in page
    assert "Product AB-1" not in page


def test_the_file_comes_back_with_reasons_and_without_formulas(goods, sign_in):
    buyer = sign_in("buyer1")
    where = upload(buyer, ("AB-1", "", "", "", 6), ("=1+1", "=cmd()", "", "", 2)).headers["Location"]
    pk = where.rpartition("/")[2]
    data = buyer.get(f"/order_forms/file/{pk}.xlsx").data
    rows = cells(data)
    assert rows[0] == ["Row", "SKU", "Product", "Unit", "Unit price", "Quantity", "Quantity taken", "Result", "Reason"]
    assert rows[2][1] == "=1+1" and rows[2][8] == "There is no product =1+1."
    assert b"<f>" not in books.unzipped(data, "xl/worksheets/sheet1.xml")
    refused = cells(buyer.get(f"/order_forms/file/{pk}.xlsx?mark=refused").data)
    assert len(refused) == 2


def test_another_customers_buyer_finds_nothing(goods, sign_in, rest):
    pk = upload(sign_in("buyer1")).headers["Location"].rpartition("/")[2]
    other, program = sign_in("buyer3"), rest("buyer3")
    for url in (f"/order_forms/show/{pk}", f"/order_forms/file/{pk}.xlsx", f"/order_forms/status/{pk}"):
        assert other.get(url).status_code == 404
    assert other.post(f"/order_forms/step/order/{pk}", {}).status_code == 404
    assert other.post(f"/order_forms/delete/{pk}", {}).status_code == 404
    assert program.get(f"/order_forms/{pk}").status_code == 404
    assert program.get(f"/order_forms/{pk}/file.xlsx").status_code == 404
    assert program.post(f"/order_forms/{pk}/order", {}).status_code == 404
    assert program.get("/order_forms/").json["count"] == 0
    assert program.post("/order_forms/", {"customer": goods.one, "rows": [{"sku": "AB-1", "quantity": "1"}]}).json[
        "error"] == "bad_reference"  # fmt: skip


def test_a_colleague_does_not_see_what_he_did_not_send(goods, sign_in):
    pk = upload(sign_in("buyer1")).headers["Location"].rpartition("/")[2]
    assert sign_in("buyer2").get(f"/order_forms/show/{pk}").status_code == 404
    assert sign_in("reviewer").get(f"/order_forms/show/{pk}").status_code == 200


def test_roles_without_it_are_turned_away(goods, rest):
    for name in ("finance", "nobody"):
        program = rest(name)
        assert program.get("/order_forms/").status_code == 403
        assert program.post("/order_forms/", {"rows": [{"sku": "AB-1", "quantity": "1"}]}).status_code == 403
        assert program.get("/order_forms/template.csv").status_code == 403
