"""Merging, taking it back and splitting through the doors: pages and REST, both sides, the other customer."""

import re

import pytest

from app.core.work import Actor
from app.rules import order_unmerge, orders
from models.orders import Order, OrderType
from tests import makers
from tests.conftest import NOW


@pytest.fixture
def two(people, open_work, rest):
    """Two orders buyer1 has submitted, to one address."""
    with open_work() as work:
        makers.make_address(work, makers.customer_of(work, people.one))
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_product(work, sku="B-2", price="10", stock_of=100)
    buyer = rest("buyer1")
    found = []
    for lines in (("A-1", "6"), ("B-2", "3")), (("A-1", "2"),):
        content = {"currency": "GBP", "lines": [{"sku": sku, "quantity": many} for sku, many in lines], "submit": True}
        made = buyer.post("/orders/", content)
        assert made.status_code == 201, made.json
        found.append(made.json["id"])
    return found


def lines(rest, pk):
    return {one["sku"]: one["id"] for one in rest("admin").get(f"/orders/{pk}").json["result"]["lines"]}


# --- REST --------------------------------------------------------------------------------------


def test_merge_over_rest_is_all_or_nothing_and_says_what_it_made(rest, two):
    buyer = rest("buyer1")
    done = buyer.post("/orders/merge", {"ids": two})
    assert done.status_code == 200 and sorted(done.json["done"]) == two and done.json["refused"] == []
    made = done.json["made"]
    assert made["noun"] == "order" and made["number"]
    result = buyer.get(f"/orders/{made['id']}").json["result"]
    assert (result["state"], result["made_as"], result["total_net"]) == ("submitted", "merge", "50.00")
    first = result["lines"][0]
    assert (first["quantity_ordered"], [one["order"] for one in first["origins"]]) == ("8", two)
    source = buyer.get(f"/orders/{two[0]}").json["result"]
    assert (source["state"], source["merged_into"]) == ("cancelled", {"id": made["id"], "number": made["number"]})
    again = buyer.post("/orders/merge", {"ids": two})
    assert {one["error"] for one in again.json["refused"]} == {"wrong_state"} and "made" not in again.json


def test_a_dry_run_tells_the_order_that_would_be_made_and_makes_nothing(rest, two):
    buyer = rest("buyer1")
    before = [buyer.get(f"/orders/{pk}").json for pk in two]
    tried = buyer.post("/orders/merge", {"ids": two, "dry_run": True}).json
    assert sorted(tried["done"]) == two and tried["dry_run"] is True and "made" not in tried
    would = tried["would_make"]
    assert (would["state"], would["total_net"], would["total_gross"]) == ("submitted", "50.00", "50.00")
    assert [(one["sku"], one["quantity_ordered"]) for one in would["lines"]] == [("A-1", "8"), ("B-2", "3")]
    assert "id" not in would and "number" not in would and "id" not in would["lines"][0]
    assert [buyer.get(f"/orders/{pk}").json for pk in two] == before
    assert buyer.get("/orders/").json["count"] == 2


def test_unmerge_over_rest_on_result_or_source(rest, two):
    buyer = rest("buyer1")
    made = buyer.post("/orders/merge", {"ids": two}).json["made"]["id"]
    names = {one["name"]: one["enabled"] for one in buyer.get(f"/orders/{made}/transitions").json}
    assert names["unmerge"] is True
    done = buyer.post(f"/orders/{two[1]}/unmerge")
    assert (done.status_code, done.json["state"]) == (200, "submitted")
    assert buyer.get(f"/orders/{made}").status_code == 404
    refused = buyer.post(f"/orders/{two[0]}/unmerge")
    assert (refused.status_code, refused.json["error"]) == (422, "not_merged")


def test_split_over_rest_says_what_it_made(rest, two):
    buyer, known = rest("buyer1"), lines(rest, two[0])
    wanted = [{"id": known["A-1"], "quantity": "2"}, {"id": known["B-2"]}]
    done = buyer.post(f"/orders/{two[0]}/split", {"lines": wanted})
    assert (done.status_code, done.json["id"], done.json["state"]) == (200, two[0], "submitted")
    result = buyer.get(f"/orders/{done.json['made']['id']}").json["result"]
    assert (result["total_net"], result["made_as"], result["number"]) == ("35.00", "split", done.json["made"]["number"])
    assert buyer.get(f"/orders/{two[0]}").json["result"]["total_net"] == "10.00"


@pytest.mark.parametrize(("given", "status", "error"), [
    ({}, 422, "nothing_chosen"), ({"lines": "x"}, 400, "bad_lines"), ({"lines": [{"id": 1.5}]}, 400, "bad_lines"),
    ({"lines": [{"id": 1, "quantity": 0.5}]}, 400, "bad_lines"), ({"lines": [{"id": 999999}]}, 422, "lines_refused"),
    ({"version": 99, "lines": []}, 409, "stale"),
])  # fmt: skip
def test_what_cannot_be_split_off_is_refused_and_nothing_changes(rest, two, given, status, error):
    answer = rest("buyer1").post(f"/orders/{two[0]}/split", given)
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert rest("buyer1").get("/orders/").json["count"] == 2


def test_another_customer_finds_nothing_to_merge_or_split(rest, sign_in, two):
    other, known = rest("buyer3"), lines(rest, two[0])
    assert {one["error"] for one in other.post("/orders/merge", {"ids": two}).json["refused"]} == {"not_found"}
    for verb in ("split", "unmerge"):
        answer = other.post(f"/orders/{two[0]}/{verb}", {"lines": [{"id": known["A-1"]}]} if verb == "split" else None)
        assert answer.status_code == 404
    screen = sign_in("buyer3")
    assert screen.get(f"/orders/split/{two[0]}").status_code == 404
    assert screen.post(f"/orders/split/{two[0]}", {"whole": known["A-1"]}).status_code == 404
    page = screen.page(f"/orders/merge?id={two[0]}&id={two[1]}")
    assert "A-1" not in page and "Choose at least two orders" in page
    screen.post("/orders/merge", {"id": two, "do": "merge"})
    assert rest("buyer1").get(f"/orders/{two[0]}").json["result"]["state"] == "submitted"


def test_an_address_of_another_customer_is_refused(rest, two, people, open_work):
    with open_work() as work:
        own = makers.make_address(work, makers.customer_of(work, people.one)).id
        foreign = makers.make_address(work, makers.customer_of(work, people.two)).id
        work.session.get(Order, two[0]).delivery_address_id = own
    buyer = rest("buyer1")
    refused = buyer.post("/orders/merge", {"ids": two, "delivery_address": foreign}).json["refused"]
    assert {one["error"] for one in refused} == {"bad_address"}
    assert buyer.post("/orders/merge", {"ids": two, "delivery_address": own}).json["made"]


# --- screens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["buyer1", "reviewer"])
def test_ticked_orders_are_looked_at_and_merged_on_a_page(sign_in, rest, two, who):
    screen = sign_in(who)
    assert 'data-bulk-form="merge"' in screen.page("/orders/list/")
    asked = screen.post("/orders/action_post", {"action": "merge", "rowid": two})
    page = screen.page(asked.location)
    assert "Added up" in page and "£50.00" in page and "Show the result" not in page
    assert rest("buyer1").get("/orders/").json["count"] == 2
    versions = dict(re.findall(r'name="(version-\d+)" value="(\d+)"', page))
    done = screen.post("/orders/merge", {"id": two, "do": "merge", **versions})
    assert done.status_code == 302
    page = screen.page(done.location)
    assert "Where the lines come from" in page and "Take the merge back" in page and "Merged from" in page
    page = screen.page(f"/orders/show/{two[0]}")
    assert "Marked for deletion" in page and "Merged into" in page and done.location in page
    assert "Marked for deletion" in screen.page("/orders/list/")
    back = screen.post(f"/orders/step/unmerge/{two[0]}")
    page = screen.page(back.location)
    assert "Marked for deletion" not in page and "Merge taken back" in page


def test_what_cannot_be_merged_is_told_at_its_order_and_the_others_are_offered(sign_in, rest, two):
    third = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "1"}]}).json["id"]
    page = sign_in("reviewer").page("/orders/merge?" + "&".join(f"id={pk}" for pk in (*two, third)))
    assert "This step is not possible in the state “Draft”." in page and "Merge the others only" in page
    assert "Nothing was done" not in page and "disabled" in page


def test_a_stale_page_merges_nothing(sign_in, rest, two):
    screen = sign_in("reviewer")
    page = screen.page(f"/orders/merge?id={two[0]}&id={two[1]}")
    versions = dict(re.findall(r'name="(version-\d+)" value="(\d+)"', page))
    rest("buyer1").post(f"/orders/{two[0]}/amend", {"remark": "Ring first"})
    done = screen.post("/orders/merge", {"id": two, "do": "merge", **versions})
    assert done.status_code == 422 and "Somebody else changed this record" in done.get_data(as_text=True)


def test_different_addresses_are_chosen_on_the_page(sign_in, rest, two, people, open_work):
    with open_work() as work:
        own = makers.make_address(work, makers.customer_of(work, people.one), city="Ely").id
        work.session.get(Order, two[0]).delivery_address_id = own
    screen = sign_in("buyer1")
    page = screen.page(f"/orders/merge?id={two[0]}&id={two[1]}")
    assert 'name="delivery_address"' in page and "Ely" in page and "Added up" in page
    persian = screen.page(f"/orders/merge?id={two[0]}&id={two[1]}&lang=fa")
    chosen = re.search(r'<select[^>]*name="delivery_address".*?</select>', persian, re.S)[0]
    assert "GB" not in chosen and "بریتانیا" in chosen
    refused = screen.post("/orders/merge", {"id": two, "do": "merge"})
    assert refused.status_code == 422 and "Choose the one for the merged order" in refused.get_data(as_text=True)
    done = screen.post("/orders/merge", {"id": two, "do": "merge", "delivery_address": own})
    assert done.status_code == 302


def test_splitting_on_its_page_keeps_what_was_typed_and_says_what_is_wrong(sign_in, rest, two):
    screen, known = sign_in("buyer1"), lines(rest, two[0])
    assert f"/orders/split/{two[0]}" in screen.page(f"/orders/show/{two[0]}")
    url = f"/orders/split/{two[0]}"
    assert 'name="quantity-' in screen.page(url)
    for typed, said in (("7", "The line has less than that."), ("many", "many")):
        refused = screen.post(url, {f"quantity-{known['A-1']}": typed, "whole": known["B-2"]})
        page = refused.get_data(as_text=True)
        assert refused.status_code == 422 and said in page and f'value="{typed}"' in page and "checked" in page
    assert screen.post(url, {}).status_code == 422
    done = screen.post(url, {f"quantity-{known['A-1']}": "2", "whole": known["B-2"]})
    page = screen.page(done.location)
    assert "Split from" in page and "£35.00" in page
    assert "Split into" in screen.page(f"/orders/show/{two[0]}")


@pytest.mark.parametrize("who", ["reviewer", "buyer1"])
def test_a_type_numbered_by_hand_asks_for_the_number_on_both_pages(sign_in, rest, two, open_work, who):
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "manual"
    screen, known = sign_in(who), lines(rest, two[0])
    assert 'name="number"' in screen.page(f"/orders/merge?id={two[0]}&id={two[1]}")
    url = f"/orders/split/{two[0]}"
    assert 'name="number"' in screen.page(url)
    refused = screen.post(url, {"whole": known["B-2"]})
    assert refused.status_code == 422 and "enter a number" in refused.get_data(as_text=True)
    assert screen.post(url, {"whole": known["B-2"], "number": "M-1"}).status_code == 302
    assert screen.post("/orders/merge", {"id": two, "do": "merge", "number": "M-2"}).status_code == 302


def test_a_deleted_source_is_named_without_a_way_to_it(sign_in, rest, two, open_work):
    made = rest("buyer1").post("/orders/merge", {"ids": two}).json["made"]["id"]
    with open_work(Actor.system("job"), now=NOW.replace(year=2030)) as work:
        number = str(work.session.get(Order, two[0]))
        assert order_unmerge.clean_up(work) == 2
    page = sign_in("buyer1").page(f"/orders/show/{made}")
    assert number in page and f"/orders/show/{two[0]}" not in page and "Take the merge back" not in page


def test_who_may_not_merge_has_neither_button_nor_page(sign_in, two):
    screen = sign_in("finance")
    assert 'data-bulk-form="merge"' not in screen.page("/orders/list/")
    assert screen.get(f"/orders/merge?id={two[0]}&id={two[1]}").status_code in (302, 403)
    assert screen.get(f"/orders/split/{two[0]}").status_code in (302, 403)
    assert {"merge", "unmerge", "split"} <= orders.FLOW.transitions.keys()
