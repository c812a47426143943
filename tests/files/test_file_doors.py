"""Files and attachments through their doors: offered, versioned, handed out safely, each to whom it is for."""

import io

import pytest

from models.customers import Customer
from tests import makers

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def multipart(client, path, **fields):
    """POST a form with a file over REST."""
    return client.http.post(f"/api/v1{path}", data=fields, headers=client.headers, content_type="multipart/form-data")


def pdf(content=PDF):
    return io.BytesIO(content), "price list.pdf"


@pytest.fixture
def offered(people, rest):
    """A file for customer one only."""
    made = multipart(rest("support"), "/files/", title="Agreement", customers=str(people.one), file=pdf())
    assert made.status_code == 201, made.json
    return made.json["id"]


def test_file_is_handed_out_to_whom_it_is_for(offered, sign_in, rest):
    row = rest("buyer1").get(f"/files/{offered}").json["result"]
    assert row["name"] == "price list.pdf" and row["media_type"] == "application/pdf" and "customers" not in row
    content = rest("buyer1").get(f"/files/{offered}/content")
    assert content.data == PDF
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    shown = sign_in("buyer1").get(f"/files/content/{offered}")
    assert shown.headers["Content-Disposition"].startswith("inline")
    saved = sign_in("buyer1").get(f"/files/content/{offered}?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    for client in (rest("buyer3"),):
        assert client.get(f"/files/{offered}/content").status_code == 404
        assert client.get("/files/").json["result"] == []
    assert sign_in("buyer3").get(f"/files/content/{offered}").status_code == 404
    assert "Agreement" not in sign_in("buyer3").page("/files/list/")
    assert multipart(rest("buyer1"), "/files/", title="x", file=pdf()).status_code == 403


def test_versions_stay(offered, sign_in, rest):
    staff = sign_in("support")
    staff.post(f"/files/add_version/{offered}", {"file": pdf(PDF + b"\n")}, content_type="multipart/form-data")
    buyer = rest("buyer1")
    assert buyer.get(f"/files/{offered}/content").data == PDF + b"\n"
    assert buyer.get(f"/files/{offered}/content?number=1").data == PDF
    assert [one["number"] for one in buyer.get(f"/files/{offered}").json["result"]["versions"]] == [2, 1]
    assert buyer.get(f"/files/{offered}/content?number=9").status_code == 404


def test_audience_is_said_on_the_page(offered, people, sign_in, rest):
    staff = sign_in("support")
    staff.post(f"/files/offer/{offered}", {"offer_customer": people.two})
    assert "Agreement" in sign_in("buyer3").page("/files/list/")
    page = staff.page(f"/files/show/{offered}")
    assert "Rival Ltd" in page
    assert "Rival" not in sign_in("buyer1").page(f"/files/show/{offered}")
    staff.post(f"/files/offer/{offered}?everyone=1")
    assert rest("support").get(f"/files/{offered}").json["result"]["everyone"] is True
    narrowed = rest("support").put(f"/files/{offered}", {"everyone": False, "customers": [people.one]})
    assert narrowed.status_code == 200, narrowed.json
    assert rest("buyer3").get("/files/").json["result"] == []
    nobody = rest("support").put(f"/files/{offered}", {"everyone": False, "customers": []})
    assert nobody.json["error"] == "nobody_named"


def test_the_page_tells_of_a_file_without_the_customers_that_are_gone(offered, people, sign_in, open_work):
    sign_in("support").post(f"/files/offer/{offered}", {"offer_customer": people.two})
    with open_work() as work:
        priced = makers.make_price_list(work, customers=[work.session.get(Customer, people.one)]).id
        work.session.get(Customer, people.one).deleted_at = work.now
    assert "Rival Ltd" in sign_in("admin").page(f"/files/show/{offered}")
    assert sign_in("admin").get(f"/price_lists/show/{priced}").status_code == 200


def test_file_on_the_screen(people, sign_in):
    staff = sign_in("support")
    assert staff.post("/files/add", {"title": "Empty", "everyone": "y"}).status_code == 422
    bad = {"title": "Bad", "everyone": "y", "file": (io.BytesIO(b"<html><script>x</script>"), "a.pdf")}
    refused = staff.post("/files/add", bad, content_type="multipart/form-data")
    assert refused.status_code == 422
    good = {"title": "Catalogue", "everyone": "y", "file": pdf()}
    assert staff.post("/files/add", good, content_type="multipart/form-data").status_code == 302
    assert "Catalogue" in sign_in("buyer3").page("/files/list/?q=cata")


def test_attachments_belong_to_their_record(people, sign_in, rest, open_work):
    with open_work() as work:
        order = makers.make_order(work, work.session.get(Customer, people.one), number="SO-1").id
        foreign = makers.make_order(work, work.session.get(Customer, people.two), number="SO-2").id
    buyer, sent = rest("buyer1"), {"noun": "order", "record_id": str(order)}
    made = multipart(buyer, "/attachments/", **sent, file=(io.BytesIO(b"a,b\n1,2\n"), "parts.csv"))
    assert made.status_code == 201, made.json
    pk = made.json["id"]
    content = sign_in("buyer2").get(f"/attachments/{pk}")
    assert content.data == b"a,b\n1,2\n" and content.headers["Content-Disposition"].startswith("attachment")
    for url in (f"/attachments/{pk}", f"/attachments/{pk}/content"):
        assert rest("buyer3").get(url).status_code == 404
    assert sign_in("buyer3").get(f"/attachments/{pk}").status_code == 404
    refused = multipart(buyer, "/attachments/", noun="order", record_id=str(foreign), file=pdf())
    assert refused.status_code == 404
    refused = multipart(buyer, "/attachments/", noun="invoice", record_id="1", file=pdf())
    assert refused.status_code == 404
    query = f"(filters:!((col:noun,opr:eq,value:order),(col:record_id,opr:eq,value:{order})))"
    listed = rest("reviewer").get(f"/attachments/?q={query}")
    assert [one["name"] for one in listed.json["result"]] == ["parts.csv"]
    assert rest("buyer2").delete(f"/attachments/{pk}").status_code == 403
    assert buyer.delete(f"/attachments/{pk}").status_code == 200
    assert sign_in("buyer1").get(f"/attachments/{pk}").status_code == 404


def test_attachments_on_the_page_of_a_customer(people, sign_in):
    staff, url = sign_in("reviewer"), f"/attachments/customer/{people.one}"
    staff.post(url, {"file": pdf()}, content_type="multipart/form-data")
    page = staff.page(f"/customers/show/{people.one}")
    assert "price list.pdf" in page
    assert "price list.pdf" not in sign_in("buyer1").page(f"/customers/show/{people.one}")
    refused = sign_in("buyer1").post(url, {"file": pdf()}, content_type="multipart/form-data")
    assert refused.status_code == 403


def test_a_file_for_one_customer_is_for_no_other_whatever_is_ticked(people, sign_in, rest):
    form = {"title": "Terms", "everyone": "y", "offer_customer": people.one, "file": pdf()}
    assert sign_in("support").post("/files/add", form, content_type="multipart/form-data").status_code == 302
    assert "Terms" in sign_in("buyer1").page("/files/list/") and "Terms" not in sign_in("buyer3").page("/files/list/")
    assert 'name="everyone" type="checkbox" value="y" checked' not in sign_in("support").page("/files/add")


def test_an_upload_says_whom_it_is_for(people, rest):
    staff = rest("support")
    for parts, code in (({"customer": "1"}, "unknown_fields"), ({"everyone": "perhaps"}, "bad_value"),
                        ({}, "nobody_named"), ({"customers": ""}, "nobody_named")):  # fmt: skip
        told = multipart(staff, "/files/", title="x", file=pdf(), **parts)
        assert told.json["error"] == code, (parts, told.json)
    made = multipart(staff, "/files/", title="Both", customers=[str(people.one), str(people.two)], file=pdf()).json
    assert set(made["result"]["customers"]) == {people.one, people.two}
    assert multipart(staff, "/files/", title="All", everyone="true", file=pdf()).json["result"]["everyone"] is True
