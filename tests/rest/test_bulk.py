"""A step on many records over REST: at once, within a limit that is told, or in the background."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import sessionmaker

from app.jobs import run_pending
from app.rules import orders
from models.customers import Customer
from tests import makers


@pytest.fixture
def submitted(people, open_work):
    """Three submitted orders of the first customer."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="10", stock_of=1000)
        customer = work.session.get(Customer, people.one).id
        lines = [{"sku": product.sku, "quantity": Decimal(1)}]
        return [orders.create(work, customer=customer, lines=lines, submit=True).id for _again in range(3)]


def test_more_than_the_limit_is_told_with_the_limit(submitted, rest):
    refused = rest("reviewer").post("/orders/approve", {"ids": list(range(1, 1002))})
    assert (refused.status_code, refused.json["error"]) == (422, "too_many")
    assert refused.json["details"] == {"most": 1000, "sent": 1001}
    assert "1,000" in refused.json["message"] and "background" in refused.json["message"]
    none = rest("reviewer").post("/orders/approve", {"ids": []})
    assert (none.status_code, none.json["error"]) == (400, "bad_ids")


def test_in_the_background_each_refusal_is_told(submitted, rest, engine, web, people):
    reviewer = rest("reviewer")
    sent = reviewer.post("/orders/approve", {"ids": [*submitted, 999999], "background": True})
    assert sent.status_code == 202, sent.json
    address = sent.json["run"]["url"].removeprefix("/api/v1")
    assert reviewer.get(address).json["result"]["state"] == "waiting"
    run_pending(sessionmaker(engine), app=web)
    found = reviewer.get(address).json["result"]
    assert (found["state"], found["total"], found["handled"], found["done"]) == ("done", 4, 4, 3)
    assert [(one["id"], one["error"]) for one in found["refused"]] == [(999999, "not_found")]
    assert reviewer.get(f"/orders/{submitted[0]}").json["result"]["state"] == "confirmed"
    assert [one["id"] for one in reviewer.get("/runs/").json["result"]] == [sent.json["run"]["id"]]
    for other in ("supervisor", "buyer1"):
        assert rest(other).get(address).status_code == 404
        assert rest(other).get("/runs/").json["count"] == 0
    assert reviewer.post("/runs/", {}).status_code == 403 and reviewer.delete(address).status_code == 403


@pytest.mark.parametrize(("more", "status", "code"), [
    ({"background": "yes"}, 400, "bad_value"), ({"background": True, "versions": {"1": 1}}, 400, "bad_versions"),
    ({"background": True, "ids": "all"}, 400, "bad_ids"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(submitted, rest, more, status, code):
    refused = rest("reviewer").post("/orders/approve", {"ids": submitted, **more})
    assert (refused.status_code, refused.json["error"]) == (status, code)


def test_who_may_not_take_the_step_starts_no_run(submitted, rest):
    assert rest("buyer1").post("/orders/approve", {"ids": submitted, "background": True}).status_code == 403
