"""Contracts through their doors: entered with their lines, approved by somebody else, renewed, read by customers."""

from datetime import date, timedelta

import pytest

from tests import makers


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="SUP-1", price="20")
        makers.make_product(work, sku="SUP-2")


def contract(rest, people, who="reviewer", **more):
    lines = [{"sku": "sup-1", "quantity": "2"}, {"sku": "SUP-2", "quantity": 1, "unit_price": "7.50", "months": 6}]
    given = {"customer": people.one, "title": "Support", "currency": "GBP", "starts_on": "2026-01-01", "months": 12}
    return rest(who).post("/contracts/", {**given, "lines": lines, **more})


def test_a_contract_is_entered_approved_and_renewed_over_rest(goods, people, rest):
    made = contract(rest, people)
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["total_net"], result["ends_on"], result["state"]) == ("525.00", "2027-01-01", "draft")
    assert [(line["unit_price"], line["months"], line["net"]) for line in result["lines"]] == [
        ("20.00", 12, "480.00"), ("7.50", 6, "45.00")]  # fmt: skip
    reviewer = rest("reviewer")
    keep = result["lines"][0]["id"]
    changed = reviewer.put(f"/contracts/{pk}", {"version": result["version"], "starts_on": "2026-03-01", "lines": [
        {"id": keep, "sku": "SUP-1", "quantity": "3", "unit_price": "20"}]})  # fmt: skip
    assert changed.status_code == 200, changed.json
    [line] = changed.json["result"]["lines"]
    assert (line["id"], line["quantity"], line["starts_on"]) == (keep, "3", "2026-03-01")
    assert reviewer.put(f"/contracts/{pk}", {"version": result["version"], "title": "x"}).json["error"] == "stale"
    assert rest("buyer1").get(f"/contracts/{pk}").status_code == 404
    assert reviewer.post(f"/contracts/{pk}/submit").json["state"] == "submitted"
    assert reviewer.post(f"/contracts/{pk}/approve").json["error"] == "own_decision"
    assert rest("supervisor").post(f"/contracts/{pk}/approve").json["state"] == "active"
    renewed = reviewer.post(f"/contracts/{pk}/renew", {"months": 24})
    assert renewed.status_code == 200, renewed.json
    later = reviewer.get(f"/contracts/{renewed.json['made']['id']}").json["result"]
    assert (later["months"], later["predecessor"]["id"], later["state"]) == (24, pk, "submitted")
    assert later["starts_on"] >= "2027-03-01" and later["predecessor_number"]
    assert reviewer.put(f"/contracts/{later['id']}", {"starts_on": "2030-01-01"}).json["error"] == "frozen"
    assert reviewer.post(f"/contracts/{pk}/terminate", {"reason": "moved"}).json["state"] == "terminated"


def test_refused_lines_are_named(goods, people, rest):
    answer = contract(
        rest,
        people,
        lines=[
            {"sku": "SUP-1", "quantity": "1"},
            {"sku": "SUP-2", "quantity": "1"},
            {"sku": "NONE", "quantity": "1"},
            {"sku": "SUP-1", "quantity": "0"},
        ],
    )
    assert answer.status_code == 422
    assert [(one["index"], one["error"]) for one in answer.json["details"]["lines"]] == [
        (1, "no_price"), (2, "unknown_product"), (3, "bad_quantity")]  # fmt: skip
    for more in (
        {"months": 0},
        {"months": "many"},
        {"currency": "???"},
        {"starts_on": "soon"},
        {"lines": 7},
        {"title": " "},
        {"customer": 999_999},
        {"lines": [{"sku": "SUP-1", "quantity": "1", "sale_type": []}]},
        {"colour": 1},
        {"lines": [{"sku": "SUP-1", "quantity": 1.5}]},
        {"submit": "yes"},
    ):
        assert 400 <= contract(rest, people, **more).status_code < 500, more


def test_customers_read_their_contracts_and_make_none(goods, people, rest, sign_in):
    assert contract(rest, people, who="buyer1").status_code == 403
    pk = contract(rest, people, submit=True).json["id"]
    seen = rest("buyer1").get(f"/contracts/{pk}").json["result"]
    assert seen["number"] and "submitted_by" not in seen
    assert rest("buyer3").get(f"/contracts/{pk}").status_code == 404
    page = sign_in("buyer1").page(f"/contracts/show/{pk}")
    assert "Contract lines" in page and "Internal notes" not in page
    assert sign_in("buyer1").get("/contracts/add").status_code in (302, 403)


def test_a_contract_is_entered_and_approved_on_screen(goods, people, sign_in):
    reviewer, supervisor = sign_in("reviewer"), sign_in("supervisor")
    assert "Price per month" in reviewer.page(f"/contracts/add?customer={people.one}")
    live = reviewer.get(f"/contracts/price?customer={people.one}&sku=SUP-1&quantity=2&months=6").json
    assert live["unit_price"] == "20.00" and "240" in live["amount_text"]
    head = {
        "customer": str(people.one),
        "title": "Support",
        "currency": "GBP",
        "starts_on": "2026-01-01",
        "months": "12",
    }
    lines = [{"sku": "SUP-1", "quantity": "2", "sale_type": "purchase"}]
    assert "480" in reviewer.json("/contracts/totals", {**head, "lines": lines}).json["rows"][0][1]
    refused = reviewer.json(
        "/contracts/save", {**head, "lines": [{"sku": "SUP-2", "quantity": "1"}]}, Accept="application/json"
    )
    assert refused.status_code == 422 and refused.json["details"]["lines"][0]["index"] == 0
    saved = reviewer.json("/contracts/save", {**head, "lines": lines}, Accept="application/json")
    assert saved.status_code == 201, saved.json
    url = saved.json["url"]
    pk = url.rsplit("/", 1)[1]
    assert "Support" in reviewer.page(f"/contracts/edit/{pk}")
    again = reviewer.json(f"/contracts/save/{pk}", {"title": "Care", "months": "12", "lines": lines, "submit": True})
    assert again.status_code == 200, again.json
    supervisor.post(f"/contracts/step/approve/{pk}")
    assert "Active" in supervisor.page(url)
    assert supervisor.post(f"/contracts/step/renew/{pk}", {"months": ""}, follow_redirects=True).status_code == 200
    assert "Renewed by" in supervisor.page(url)
    assert supervisor.get(f"/contracts/document/{pk}/contract.pdf").data.startswith(b"%PDF")
    assert reviewer.get(f"/contracts/edit/{pk}").status_code == 302


def test_contracts_ending_soon_are_found(people, open_work, sign_in):
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        today = date.today()  # the doors look at the clock
        makers.make_contract(
            work, one, title="Ends", starts_on=date(today.year - 1, today.month, min(today.day, 28)), months=13
        )
        makers.make_contract(work, one, title="Stays", starts_on=today, months=24)
    page = sign_in("reviewer").page("/contracts/list/?ending=60")
    assert "Ends" in page and "Stays" not in page
    assert "Ends" in sign_in("buyer1").page("/portal/")


def test_a_draft_is_called_by_its_id_and_a_renewed_contract_asks_for_no_renewal(goods, people, rest, sign_in):
    pk = contract(rest, people, starts_on=str(date.today() - timedelta(days=340))).json["id"]
    reviewer = sign_in("reviewer")
    assert f"#{pk}" in reviewer.page("/contracts/list/")
    api = rest("reviewer")
    assert api.post(f"/contracts/{pk}/submit").status_code == 200
    assert rest("supervisor").post(f"/contracts/{pk}/approve").status_code == 200
    assert "Renew the contract." in reviewer.page(f"/contracts/show/{pk}")
    assert api.post(f"/contracts/{pk}/renew", {}).status_code == 200
    shown = reviewer.page(f"/contracts/show/{pk}")
    assert "Renew the contract." not in shown
    assert "The contract has been renewed." in shown
