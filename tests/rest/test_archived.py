"""Masters are put aside and taken back over REST, as their pages do; products need no tax category to begin with."""

import pytest

from tests import makers


@pytest.fixture
def product(people, open_work):
    with open_work() as work:
        return makers.make_product(work, sku="A-1", price="2.50", stock_of=100).id


@pytest.mark.parametrize("noun", ["customers", "products"])
def test_what_is_archived_comes_back(product, people, rest, noun):
    admin, pk = rest("admin"), product if noun == "products" else people.two
    for active, action in ((False, "archive"), (True, "restore")):
        answer = admin.put(f"/{noun}/{pk}", {"active": active})
        assert (answer.status_code, answer.json["result"]["active"]) == (200, active), answer.json
        assert admin.get(f"/{noun}/{pk}/history").json[0]["action"] == action
    assert admin.put(f"/{noun}/{pk}", {"active": True}).status_code == 200
    refused = admin.put(f"/{noun}/{pk}", {"active": "no"})
    assert (refused.status_code, refused.json["details"]) == (400, {"field": "active"})
    for user in ("buyer1", "support"):
        assert rest(user).put(f"/{noun}/{pk}", {"active": False}).status_code == 403


def test_archiving_and_changing_go_together(product, rest):
    answer = rest("admin").put(f"/products/{product}", {"active": False, "brand": "Acme"})
    assert (answer.json["result"]["active"], answer.json["result"]["brand"]) == (False, "Acme")


def test_a_product_gets_the_usual_tax_category(people, rest):
    made = rest("admin").post("/products/", {"sku": "N-1", "name": "New", "unit": "C62"})
    assert made.status_code == 201, made.json
    assert made.json["result"]["tax_category"]["name"]
    refused = rest("admin").post("/products/", {"sku": "N-2", "name": "New", "unit": "C62", "tax_category": None})
    assert (refused.status_code, refused.json["details"]) == (400, {"field": "tax_category"})
