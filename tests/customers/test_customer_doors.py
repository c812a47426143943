"""Customers through their doors: staff keep them, a buyer looks at his own company and adds addresses."""

import pytest
from sqlalchemy import select

from models.customers import Address, Customer
from tests import makers

NEW = {"name": "Ulus Ltd", "country": "TR", "currency": "TRY", "language": "tr", "email": "buy@ulus.example"}


def form(**more):
    """What the form of a customer sends."""
    return {"kind": "company", "name": "Northwind", "branch": "1", "country_code": "GB", "language": "en",
            "currency": "GBP", "email": "", "tags": "", "note_text": "", **more}  # fmt: skip


def test_customer_over_rest(people, rest):
    staff = rest("reviewer")
    made = staff.post("/customers/", {**NEW, "tags": ["VIP"], "note": "Pays late.", "credit_limit": "5000.00"})
    assert made.status_code == 201, made.json
    row = made.json["result"]
    assert {name: row[name] for name in ("name", "country", "language", "currency")} == {
        "name": "Ulus Ltd", "country": "TR", "language": "tr", "currency": "TRY"}  # fmt: skip
    assert row["number"] and row["tags"] == ["VIP"] and row["credit_limit"] == "5000.00" and row["note"] == "Pays late."
    changed = staff.put(f"/customers/{made.json['id']}", {"phone": "1", "version": row["version"]})
    assert changed.status_code == 200, changed.json
    assert staff.put(f"/customers/{made.json['id']}", {"phone": "2", "version": row["version"]}).status_code == 409
    found = staff.get("/customers/?q=(filters:!((col:country,opr:eq,value:tr)))").json
    assert [one["name"] for one in found["result"]] == ["Ulus Ltd"]
    refused = staff.post("/customers/", {**NEW, "country": "XX"})
    assert (refused.status_code, refused.json["error"]) == (422, "country_unknown")


def test_customer_on_screen(people, sign_in, open_work):
    with open_work() as work:
        makers.make_customer(work, "Northwind", phone="020 555 123")
    staff = sign_in("supervisor")
    refused = staff.post("/customers/add", form(country_code=""))
    assert refused.status_code == 422
    page = staff.post("/customers/add", form(tags="VIP, Export", note_text="Rude."), follow_redirects=True)
    text = page.get_data(as_text=True)
    assert "There is already a similar customer" in text and "There is no address." in text
    assert "VIP" in text and "Rude." in text and "No limit" in text
    with open_work() as work:
        pk = work.session.scalars(select(Customer.id).order_by(Customer.id.desc())).first()
    assert "Rude." in staff.page(f"/customers/edit/{pk}")
    staff.post(f"/customers/edit/{pk}", form(note_text="", tags="Export"))
    text = staff.page(f"/customers/show/{pk}")
    assert "Tags changed" in text
    tag = staff.page("/tags/choices?term=exp")
    assert "Export" in tag
    staff.post(f"/customers/archive/{pk}")
    assert f"/customers/show/{pk}" not in staff.page("/customers/list/?q=northwind")
    assert f"/customers/show/{pk}" in staff.page("/customers/list/?q=northwind&archived=yes")
    staff.post(f"/customers/restore/{pk}")
    gone = staff.post(f"/customers/delete/{pk}", follow_redirects=True).get_data(as_text=True)
    assert "Deleted: Northwind" in gone


def test_used_customer_is_archived_not_deleted(people, sign_in, open_work):
    with open_work() as work:
        makers.make_order(work, work.session.get(Customer, people.two))
    page = sign_in("supervisor").post(f"/customers/delete/{people.two}", follow_redirects=True).get_data(as_text=True)
    assert "Archived, because other records refer to it" in page
    with open_work() as work:
        assert work.session.get(Customer, people.two).archived_at is not None


def test_addresses_are_replaced_never_changed(people, sign_in, rest, open_work):
    buyer = sign_in("buyer1")
    sent = {"customer": people.one, "recipient": "Acme Ltd", "street": "1 Mill Lane", "city": "York",
            "country_code": "GB", "delivery": "y", "billing": "y"}  # fmt: skip
    answer = buyer.post("/addresses/add", sent)
    assert answer.headers["Location"].endswith(f"/customers/show/{people.one}#addresses")
    (row,) = rest("buyer1").get("/addresses/").json["result"]
    buyer.post(f"/addresses/edit/{row['id']}", {**sent, "city": "Leeds"})
    with open_work() as work:
        old, new = work.session.scalars(select(Address).order_by(Address.id)).all()
        assert (old.city, new.city, new.replaces_id) == ("York", "Leeds", old.id)
        assert old.retired_at is not None
        newest = new.id
        assert work.session.get(Customer, people.one).version == 1  # adding to it does not change it
    assert "Leeds" in buyer.page(f"/customers/show/{people.one}")
    changed = rest("buyer1").put(f"/addresses/{newest}", {"city": "Hull"})
    assert changed.status_code == 200 and changed.json["id"] != newest
    foreign = buyer.post("/addresses/add", {**sent, "customer": people.two})
    assert foreign.status_code == 422
    assert rest("buyer1").post("/addresses/", {"customer": people.two, "recipient": "x"}).status_code == 400


@pytest.fixture
def secretive(people, open_work):
    """Customer one with what only we may know of it."""
    with open_work() as work:
        makers.make_address(work, work.session.get(Customer, people.one))


def test_buyer_sees_own_company_without_what_is_ours(secretive, people, sign_in, rest):
    staff = sign_in("reviewer")
    staff.post(f"/customers/edit/{people.one}", form(name="Acme Ltd", note_text="Never trust them", tags="Slowpayer",
                                                     credit_limit="4321"))  # fmt: skip
    buyer, api = sign_in("buyer1"), rest("buyer1")
    pages = buyer.page("/customers/list/") + buyer.page(f"/customers/show/{people.one}")
    pages += str(api.get(f"/customers/{people.one}").json) + str(api.get(f"/customers/{people.one}/history").json)
    for secret in ("Never trust", "Slowpayer", "4321", "4,321", "Head office", "Credit limit", "credit_limit"):
        assert secret not in pages, secret
    assert "New address" in pages
    assert buyer.get(f"/customers/show/{people.two}").status_code == 404
    assert buyer.get(f"/customers/edit/{people.one}").status_code == 403
    assert api.put(f"/customers/{people.one}", {"name": "Mine"}).status_code == 403
    assert api.get(f"/customers/{people.two}").status_code == 404
    assert buyer.get(f"/contacts/add?customer={people.one}").status_code == 403


def test_found_customers_are_printed(people, sign_in):
    answer = sign_in("reviewer").get("/customers/report/csv?q=riv")
    text = answer.get_data(as_text=True)
    assert "Rival Ltd" in text and "Acme Ltd" not in text
    assert sign_in("reviewer").get("/customers/report/pdf").mimetype == "application/pdf"


def test_contacts_of_a_customer(people, sign_in):
    staff = sign_in("reviewer")
    sent = {"customer": people.one, "name": "Ann Lee", "position": "Buyer", "email": "ann@acme.example", "language": ""}
    staff.post("/contacts/add", sent)
    page = staff.page(f"/customers/show/{people.one}")
    assert "Ann Lee" in page
    refused = staff.post("/contacts/add", {**sent, "email": "nonsense"})
    assert refused.status_code == 422 and "not an e-mail address" in refused.get_data(as_text=True)
