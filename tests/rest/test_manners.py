"""What every REST endpoint owes a caller, whatever he sends: never a 500, the headers HTTP asks for."""

import pytest

from tests import makers


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)


def sent(client, method, **more):
    """One request as it is, without a client's help."""
    return client.http.open("/api/v1/orders/", method=method, headers=client.headers, **more)


@pytest.mark.parametrize("raw", ["[" * 100_000, '{"a":' * 5_000, "9" * 10_000, "\\ud800", '{"reference": "\\ud800"}'])
def test_json_that_nobody_can_read_is_malformed(people, rest, raw):
    answer = sent(rest("buyer1"), "POST", data=raw.encode(), content_type="application/json")
    assert answer.status_code == 400, answer.status_code
    assert answer.json["message"]


def test_asking_what_an_address_takes_is_answered(people, rest):
    answer = sent(rest("buyer1"), "OPTIONS")
    assert answer.status_code < 500
    assert answer.status_code in (200, 204, 401, 405)


def test_a_wrong_method_is_told_which_ones_fit(people, rest):
    answer = sent(rest("buyer1"), "PATCH")
    assert (answer.status_code, answer.json["error"]) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= {one.strip() for one in answer.headers["Allow"].split(",")}


def test_a_replayed_answer_is_the_same_to_the_byte(goods, rest):
    given = {"currency": "GBP", "reference": "É", "lines": [{"sku": "A-1", "quantity": "2"}]}
    first, second = (rest("buyer1").post("/orders/", given, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.data, first.content_type) == (second.status_code, second.data, second.content_type)


@pytest.mark.parametrize("kind", ["html", "csv"])
def test_a_document_names_its_charset_once(goods, rest, kind):
    pk = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}]}).json["id"]
    answer = rest("buyer1").get(f"/orders/{pk}/documents/order_confirmation.{kind}")
    assert answer.headers["Content-Type"].count("charset") == 1


def test_the_customer_of_an_order_stays(goods, people, rest):
    pk = rest("reviewer").post("/orders/", {"customer": people.one, "currency": "GBP", "lines": []}).json["id"]
    assert rest("reviewer").put(f"/orders/{pk}", {"customer": people.one}).status_code == 200
    refused = rest("reviewer").put(f"/orders/{pk}", {"customer": people.two})
    assert refused.status_code == 422, refused.json
    assert refused.json["details"] == {"field": "customer"}
    foreign = rest("buyer1").put(f"/orders/{pk}", {"customer": people.two})
    assert foreign.status_code == 422


def test_metrics_are_not_for_who_comes_through_a_proxy_that_nobody_named(site):
    asked = site.test_client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert asked.status_code == 403
