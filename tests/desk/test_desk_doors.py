"""The data desk: every cell goes through the noun's rule, and a refusal is told at the cell."""

import pytest
from sqlalchemy import select

from models.products import Category, Price, Product
from tests import makers


@pytest.fixture
def sheet(people, open_work):
    """A product with a price, and a category."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="2.50", names={"en": "Lamp"})
        category = Category(code="lights", names={"en": "Lights"})
        work.session.add(category)
        work.session.flush()
        price = work.session.scalars(select(Price)).one()
        return {"product": product.id, "price": price.id, "category": category.id, "list": price.price_list_id}


def cell(client, name, pk, column, value):
    return client.post(f"/desk/{name}/ajax/update/", {"list_form_pk": pk, column: value})


def test_cells_are_shown_and_changed(sheet, sign_in, open_work):
    editor = sign_in("editor")
    assert "data-cell" in editor.page("/desk/prices/")
    assert "A-1" in editor.page(f"/desk/prices/?price_list={sheet['list']}")
    assert "A-1" not in editor.page("/desk/prices/?price_list=999")
    assert "Lamp" in editor.page("/desk/product_names/?search=lam")
    assert "Lamp" not in editor.page("/desk/product_names/?search=z")
    changed = cell(editor, "prices", sheet["price"], "unit_price", "1,234.5")
    assert (changed.status_code, changed.json) == (200, {"display": "1,234.5"})
    assert cell(editor, "product_names", sheet["product"], "names.fa", "چراغ").json == {"display": "چراغ"}
    assert cell(editor, "thresholds", sheet["product"], "stock_threshold", "12").status_code == 200
    assert cell(editor, "category_names", sheet["category"], "names.en", "All lights").status_code == 200
    with open_work() as work:
        product = work.session.get(Product, sheet["product"])
        assert product.names == {"en": "Lamp", "fa": "چراغ"} and product.stock_threshold == 12
        assert work.session.get(Category, sheet["category"]).names == {"en": "All lights"}
        assert str(work.session.get(Price, sheet["price"]).unit_price) == "1234.500000"
    assert "Warn below" in editor.page(f"/products/show/{sheet['product']}")  # and its history has the change


def test_refusals_are_told_at_the_cell_in_the_readers_language(sheet, sign_in, open_work):
    editor = sign_in("editor")
    for name, pk, column, value in (
        ("prices", sheet["price"], "unit_price", "-1"), ("prices", sheet["price"], "unit_price", ""),
        ("prices", sheet["price"], "unit_price", "abc"), ("prices", sheet["price"], "from_quantity", "0"),
        ("prices", sheet["price"], "from_quantity", "0.5"), ("thresholds", sheet["product"], "stock_threshold", "-1"),
        ("product_names", sheet["product"], "names.en", ""), ("category_names", sheet["category"], "names.en", ""),
    ):  # fmt: skip
        refused = cell(editor, name, pk, column, value)
        assert refused.status_code == 422 and refused.json["message"], (name, column, value)
    english = cell(editor, "prices", sheet["price"], "unit_price", "-1").json["message"]
    assert english == "A price cannot be negative."
    editor.get("/lang/fa")
    assert cell(editor, "prices", sheet["price"], "unit_price", "۵٫۲۵").json == {"display": "۵٫۲۵"}
    assert '<html lang="fa" dir="rtl"' in editor.page("/desk/prices/")
    with open_work() as work:
        assert str(work.session.get(Price, sheet["price"]).unit_price) == "5.250000"
        assert work.session.get(Product, sheet["product"]).names == {"en": "Lamp"}


def test_only_whoever_may_writes_on_the_desk(sheet, sign_in, site):
    for who in ("reviewer", "buyer1"):
        client = sign_in(who)
        for url in ("/desk/", "/desk/prices/", "/data_desk/"):
            assert client.get(url).status_code == 403, (who, url)
        assert cell(client, "prices", sheet["price"], "unit_price", "1").status_code == 403
    editor = sign_in("editor")
    forged = editor.http.post("/desk/prices/ajax/update/", data={"list_form_pk": sheet["price"], "unit_price": "1"})
    assert forged.status_code == 400
    assert site.test_client().get("/desk/prices/").status_code == 302
    price = sheet["price"]
    for pk, column in ((999, "unit_price"), ("x", "unit_price"), (price, "version"), (price, "product_id")):
        assert cell(editor, "prices", pk, column, "1").status_code == 404, (pk, column)


def test_rows_are_neither_made_nor_deleted_there(sheet, sign_in, open_work):
    editor = sign_in("editor")
    pk = sheet["price"]
    for url in ("/desk/prices/new/", "/desk/prices/delete/", "/desk/prices/action/", f"/desk/prices/edit/?id={pk}"):
        answer = editor.post(url, {"id": pk, "action": "delete", "rowid": pk, "unit_price": "1"})
        assert answer.status_code in (302, 404), (url, answer.status_code)
    assert editor.get("/desk/prices/?page=100000").status_code == 404
    with open_work() as work:
        assert str(work.session.get(Price, sheet["price"]).unit_price) == "2.500000"
