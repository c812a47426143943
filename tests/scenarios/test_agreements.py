"""A contract approved by two pairs of eyes and renewed: the successor begins where it ends, both keep their numbers."""

import re

import pytest

from tests import makers

TERM = {"title": "Care of the machines", "currency": "GBP", "starts_on": "2026-06-01", "months": 12}
LINES = [{"sku": "CARE", "quantity": "2"}]


@pytest.fixture
def care(people, open_work):
    """A service at 20 GBP per month."""
    with open_work() as work:
        makers.make_product(work, sku="CARE", price="20", service=True)


def number_on(page):
    """The number of the contract whose page it is."""
    return re.search(r"<h1[^>]*>[^<]*(?:<bdi>)?(CT?[-\d]+)", page)[1]


def test_a_contract_is_approved_and_renewed_on_screens(care, people, sign_in, jobs, words):
    reviewer, supervisor, buyer = (sign_in(one) for one in ("reviewer", "supervisor", "buyer1"))
    head = TERM | {"months": "12", "customer": str(people.one)}
    made = reviewer.json("/contracts/save", {**head, "lines": LINES, "submit": True}).json
    shown, pk = made["url"], made["id"]
    refused = reviewer.post(f"/contracts/step/approve/{pk}", follow_redirects=True).get_data(as_text=True)
    assert "You submitted this contract. Somebody else must approve it." in refused
    supervisor.post(f"/contracts/step/approve/{pk}")
    assert "Active" in supervisor.page(shown)
    reviewer.post(f"/contracts/step/renew/{pk}", {"months": "24"})
    old = buyer.page(shown)
    later = re.search(rf"/contracts/show/(?!{pk}\b)\d+", old)[0]
    first = number_on(old)
    second = number_on(buyer.page(later))
    assert first != second and first in buyer.page(later) and second in old
    supervisor.post(f"/contracts/step/approve/{later.rsplit('/', 1)[1]}")
    jobs()
    assert "01/06/2027" in buyer.page(later), "it begins where the first one ends"
    paper = words(buyer.get(f"/contracts/document/{later.rsplit('/', 1)[1]}/contract.pdf").data)
    assert second in paper and first in paper
    assert sign_in("buyer3").get(later).status_code == 404


def test_a_contract_is_approved_and_renewed_over_rest(care, people, rest, jobs):
    reviewer, supervisor, buyer = (rest(one) for one in ("reviewer", "supervisor", "buyer1"))
    made = reviewer.post("/contracts/", {**TERM, "customer": people.one, "lines": LINES, "submit": True}).json
    pk = made["id"]
    assert reviewer.post(f"/contracts/{pk}/approve").json["error"] == "own_decision"
    assert supervisor.post(f"/contracts/{pk}/approve").json["state"] == "active"
    successor = reviewer.post(f"/contracts/{pk}/renew", {"months": 24}).json["made"]
    assert supervisor.post(f"/contracts/{successor['id']}/approve").json["state"] == "active"
    jobs()
    old, new = (buyer.get(f"/contracts/{one}").json["result"] for one in (pk, successor["id"]))
    assert (new["starts_on"], new["ends_on"], new["months"]) == (old["ends_on"], "2029-06-01", 24)
    assert new["predecessor"]["id"] == pk and new["predecessor_number"] == old["number"] != new["number"]
    assert (old["state"], new["state"]) == ("active", "active"), "the first one runs to its end"
    edited = reviewer.put(f"/contracts/{successor['id']}", {"starts_on": "2030-01-01"})
    assert edited.json["error"] == "frozen"
    assert rest("buyer3").get(f"/contracts/{successor['id']}").status_code == 404
