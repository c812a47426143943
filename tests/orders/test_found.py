"""Orders are found by what was ordered (ORD-02) and by the one word somebody types, on screen and over REST."""

import prison
import pytest

from models.products import Product
from tests import makers


@pytest.fixture
def made(people, open_work, rest):
    with open_work() as work:
        for sku, name in (("L-1", "Night lamp"), ("C-1", "Garden chair")):
            product = makers.make_product(work, sku=sku, price="2.50", stock_of=100)
            product.names = {"en": name}
    found = {}
    for user, sku in (("buyer1", "L-1"), ("buyer1", "C-1"), ("buyer3", "L-1")):
        given = {"currency": "GBP", "lines": [{"sku": sku, "quantity": "2"}], "submit": True}
        found[user, sku] = rest(user).post("/orders/", given).json["id"]
    return found


def asked(client, column, value, operator="ct"):
    q = prison.dumps({"filters": [{"col": column, "opr": operator, "value": value}]})
    answer = client.get(f"/orders/?q={q}")
    assert answer.status_code == 200, answer.json
    return {row["id"] for row in answer.json["result"]}


def test_orders_are_found_by_the_name_of_a_product(made, rest, sign_in, open_work):
    assert asked(rest("buyer1"), "product", "lamp") == {made["buyer1", "L-1"]}
    assert asked(rest("buyer3"), "product", "chair") == set()
    assert asked(rest("reviewer"), "product", "night", "sw") == {made["buyer1", "L-1"], made["buyer3", "L-1"]}
    page = sign_in("buyer1").page("/orders/list/?product=lamp")
    assert f"/orders/show/{made['buyer1', 'L-1']}" in page and f"/orders/show/{made['buyer1', 'C-1']}" not in page
    assert 'name="product"' in page
    with open_work() as work:
        work.session.query(Product).filter_by(sku="L-1").one().archived_at = work.now
    assert asked(rest("buyer1"), "product", "lamp") == {made["buyer1", "L-1"]}, "what was ordered is found again"
    refused = rest("buyer1").get("/orders/?q=(filters:!((col:product,opr:gt,value:lamp)))")
    assert (refused.status_code, refused.json["error"]) == (400, "bad_filter")


def test_one_word_finds_a_number_or_a_customer(made, rest):
    reviewer = rest("reviewer")
    number = reviewer.get(f"/orders/{made['buyer1', 'C-1']}").json["result"]["number"]
    assert asked(reviewer, "q", number.lower()) == {made["buyer1", "C-1"]}
    assert asked(reviewer, "q", "rival") == {made["buyer3", "L-1"]}
    assert asked(rest("buyer1"), "q", "rival") == set()
    filters = reviewer.get("/orders/_info").json["filters"]
    assert {one["operator"] for one in filters["q"]} == {one["operator"] for one in filters["product"]} == {
        "ct", "sw", "eq"}
