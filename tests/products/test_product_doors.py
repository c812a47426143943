"""Products through their doors: staff keep them, buyers browse what they may find at their own prices."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from models.customers import Customer
from models.people import AccessGroup
from models.products import AccessRestriction, Category, Product
from tests import makers
from tests.expect import statements

FORM = {"sku": "LAMP-1", "names.en": "Lamp", "names.fa": "چراغ", "unit": "C62", "tax_category": "1", "brand": "Lux",
        "model": "", "family": "", "characteristic": "", "specification": "", "barcode": ""}  # fmt: skip


def picture(size=(600, 400), colour="red", format_="PNG"):
    """A picture as it is uploaded."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format_)
    out.seek(0)
    return out


@pytest.fixture
def goods(people, open_work):
    """Two categories, a product in each; customer one has its own price for the first."""
    with open_work() as work:
        lights, mugs = Category(code="lights", names={"en": "Lights"}), Category(code="mugs", names={"en": "Mugs"})
        work.session.add_all([lights, mugs])
        work.session.flush()
        names = {"en": "Desk lamp"}
        lamp = makers.make_product(work, sku="LAMP-1", price="10", stock_of=5, category=lights, names=names)
        mug = makers.make_product(work, sku="BEAKER-1", price="4", category=mugs, names={"en": "Blue beaker"})
        own = makers.make_price_list(work, "Acme special", customers=(work.session.get(Customer, people.one),))
        makers.make_price(work, lamp, "8.50", own)
        return {"lamp": lamp.id, "mug": mug.id, "lights": lights.id, "own": own.id}


def test_staff_make_a_product_with_price_and_picture(people, sign_in, rest, open_work):
    editor = sign_in("editor")
    refused = editor.post("/products/add", {**FORM, "names.en": "", "names.fa": ""})
    assert refused.status_code == 422
    made = editor.post("/products/add", FORM)
    assert made.status_code == 302, made.get_data(as_text=True)[-3000:]
    with open_work() as work:
        pk = work.session.scalars(select(Product.id).where(Product.sku == "LAMP-1")).one()
        price_list = makers.make_price_list(work, "General").id
    sent = {"product": pk, "price_list": price_list, "from_quantity": "1", "unit_price": "9.90"}
    back = editor.post(f"/prices/add?from=product&product={pk}", sent)
    assert back.headers["Location"].endswith(f"/products/show/{pk}#prices")
    twice = editor.post(f"/prices/add?from=product&product={pk}", sent)
    assert twice.status_code == 422 and "from this quantity on already" in twice.get_data(as_text=True)
    editor.post(f"/products/add_picture/{pk}", {"file": (picture(), "lamp.png")}, content_type="multipart/form-data")
    page = editor.page(f"/products/show/{pk}?customer={people.one}&quantity=3")
    assert "£9.90" in page and "Applies: this price list is for everyone." in page and "lamp.png" in page
    (shown,) = rest("editor").get(f"/products/{pk}").json["result"]["pictures"]
    thumb = editor.get(f"/products/picture/{pk}/{shown['id']}")
    assert thumb.mimetype == "image/jpeg" and max(Image.open(io.BytesIO(thumb.data)).size) == 480
    again = editor.get(f"/products/picture/{pk}/{shown['id']}", headers={"If-None-Match": thumb.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    assert Image.open(io.BytesIO(editor.get(f"/products/picture/{pk}/{shown['id']}?size=full").data)).size == (600, 400)
    assert rest("editor").delete(f"/products/{pk}/pictures/{shown['id']}").status_code == 200
    assert editor.get(f"/products/picture/{pk}/{shown['id']}").status_code == 404


def test_what_is_no_picture_is_refused(goods, sign_in):
    editor, url = sign_in("editor"), f"/products/add_picture/{goods['lamp']}"
    for upload in (io.BytesIO(b"<svg onload='x'/>"), io.BytesIO(b"%PDF-1.4"), io.BytesIO(picture().read()[:60])):
        page = editor.post(url, {"file": (upload, "x.png")}, content_type="multipart/form-data", follow_redirects=True)
        assert page.status_code == 200 and "No pictures yet" in page.get_data(as_text=True)


def test_buyer_browses_at_his_own_price(goods, people, sign_in, rest):
    buyer, other = sign_in("buyer1"), sign_in("buyer3")
    page = buyer.page("/products/list/?q=lamp")
    assert "£8.50" in page and "In stock" in page and "Add to cart" in page and "Blue beaker" not in page
    assert "£10.00" in other.page("/products/list/?q=lamp")
    assert "Blue beaker" not in buyer.page(f"/products/list/?category={goods['lights']}")
    page = buyer.page(f"/products/show/{goods['lamp']}")
    assert "£8.50" in page and "Warn below" not in page and "Rival" not in page
    listed = rest("buyer1").get("/products/?q=(filters:!((col:name,opr:ct,value:lamp)))").json["result"][0]
    wanted = {"sku": "LAMP-1", "name": "Desk lamp", "active": True, "unit": "C62", "price": "8.50", "currency": "GBP"}
    assert {name: listed[name] for name in wanted} == wanted
    staff = rest("reviewer")
    assert staff.get(f"/products/{goods['lamp']}").json["result"]["price"] == "10.00"
    assert staff.get(f"/products/{goods['lamp']}?customer={people.one}").json["result"]["price"] == "8.50"
    foreign = rest("buyer3").get(f"/products/{goods['lamp']}?customer={people.one}")
    assert foreign.status_code == 422 and foreign.json["error"] == "bad_reference"


def test_prices_of_a_page_take_one_statement(goods, rest, site, open_work):
    client = rest("buyer1")
    with open_work() as work:
        for number in range(12):
            makers.make_product(work, sku=f"P-{number}", price="1")

    def taken(size):
        with site.app_context():
            from app.extensions import db  # the engine of the application, not of the test

            class Asked:
                session = db.session

            with statements(Asked) as seen:
                assert client.get(f"/products/?q=(page_size:{size})").status_code == 200
        return [one for one in seen if " prices" in one], len(seen)

    taken(2)  # what a process reads once is read now
    (priced, few), (_again, many) = taken(2), taken(10)
    assert len(priced) == 1
    assert few == many


def test_archived_product_is_nowhere_for_customers(goods, sign_in, rest):
    sign_in("editor").post(f"/products/archive/{goods['mug']}")
    buyer, api = sign_in("buyer1"), rest("buyer1")
    for url in ("/products/list/", "/products/list/?q=beak", "/products/list/?archived=yes", "/products/export/csv",
                "/products/choices?term=beak", f"/products/choices?id={goods['mug']}", "/prices/list/",
                "/search/?q=beak"):  # fmt: skip
        assert "Blue beaker" not in buyer.page(url) and "BEAKER-1" not in buyer.page(url), url
    assert "BEAKER-1" not in api.get("/products/").get_data(as_text=True) + api.get("/prices/").get_data(as_text=True)
    assert buyer.get(f"/products/show/{goods['mug']}").status_code == 404
    assert api.get(f"/products/{goods['mug']}").status_code == 404
    assert "BEAKER-1" in sign_in("editor").page("/products/list/?archived=yes")


def test_product_beyond_an_access_group_is_nowhere(goods, people, sign_in, rest, open_work):
    with open_work() as work:
        group = work.session.get(AccessGroup, people.group)
        group.restrictions.append(AccessRestriction(category_id=goods["lights"]))
    editor = sign_in("editor")
    url = f"/products/add_picture/{goods['mug']}"
    editor.post(url, {"file": (picture(), "m.png")}, content_type="multipart/form-data")
    buyer, api = sign_in("buyer1"), rest("buyer1")
    for url in ("/products/list/", "/products/choices?term=beak", f"/products/choices?id={goods['mug']}",
                "/products/suggest/brand", "/products/report/csv", "/categories/list/", "/search/?q=beak",
                "/prices/list/"):  # fmt: skip
        page = buyer.page(url)
        assert "Blue beaker" not in page and "BEAKER-1" not in page and "Mugs" not in page, url
    for url in (f"/products/show/{goods['mug']}", f"/products/picture/{goods['mug']}/1"):
        assert buyer.get(url).status_code == 404, url
    for url in (f"/products/{goods['mug']}", f"/products/{goods['mug']}/pictures/1"):
        assert api.get(url).status_code == 404, url
    assert "Desk lamp" in buyer.page("/products/list/")
    assert "BEAKER-1" not in api.get("/products/").get_data(as_text=True)


def test_price_list_offered_to_some(goods, people, sign_in, rest):
    editor = sign_in("editor")
    page = editor.page(f"/price_lists/show/{goods['own']}")
    assert "Acme Ltd" in page and "£8.50" in page
    editor.post(f"/price_lists/offer/{goods['own']}", {"offer_customer": people.two})
    assert "£8.50" in sign_in("buyer3").page("/products/list/?q=lamp")
    assert "Acme Ltd" not in sign_in("buyer3").page(f"/price_lists/show/{goods['own']}")
    seen = rest("buyer3").get("/price_lists/").json["result"]
    assert [one["name"] for one in seen] == ["Acme special", "General GBP"]
    refused = rest("editor").put(f"/price_lists/{goods['own']}", {"currency": "EUR"})
    assert refused.json["error"] == "currency_in_use"
    assert rest("buyer3").put(f"/price_lists/{goods['own']}", {"name": "x"}).status_code == 403


def test_category_is_never_below_itself(goods, sign_in, rest):
    child = rest("editor").post("/categories/", {"code": "led", "name": "LED", "parent": goods["lights"]})
    assert child.status_code == 400  # a category has names, in every language
    child = rest("editor").post("/categories/", {"code": "led", "names": {"en": "LED"}, "parent": goods["lights"]})
    assert child.status_code == 201, child.json
    refused = sign_in("editor").post(f"/categories/edit/{goods['lights']}",
                                     {"code": "lights", "names.en": "Lights", "parent": child.json["id"]})  # fmt: skip
    assert refused.status_code == 422 and "below itself" in refused.get_data(as_text=True)


def test_price_for_more_is_told_where_it_is_typed_and_over_rest(people, sign_in, rest, open_work):
    with open_work() as work:
        customers = [work.session.get(Customer, one) for one in (people.one, people.two)]
        bolt = makers.make_product(work, "BOLT", price="10")
        makers.make_price(work, bolt, "8", from_quantity=10)
        own = makers.make_price_list(work, "Own", customers=customers[1:])
        makers.make_price(work, bolt, "3", own)
        bolt = bolt.id
    live = sign_in("buyer1").get("/orders/price?sku=BOLT&quantity=2").json
    assert live["unit_price"] == "10.00" and "10" in live["break_text"] and "£8.00" in live["break_text"]
    assert sign_in("buyer1").get("/orders/price?sku=BOLT&quantity=10").json["break_text"] is None
    mine = rest("buyer1").get(f"/products/{bolt}/price?quantity=12").json
    assert mine["unit_price"] == "8.00"
    assert [(one["from_quantity"], one["unit_price"]) for one in mine["steps"]] == [("1", "10.00"), ("10", "8.00")]
    assert [one["applies"] for one in mine["candidates"]] == [True, False] and "Own" not in str(mine)
    assert rest("buyer1").get(f"/products/{bolt}/price?customer={people.two}").status_code in (404, 422)
    assert rest("reviewer").get(f"/products/{bolt}/price?customer={people.two}").json["unit_price"] == "3.00"
    assert rest("reviewer").get(f"/products/{bolt}/price").status_code == 400
