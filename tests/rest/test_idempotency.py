"""The same POST twice: one effect, one answer, whatever the answer was."""

from tests import makers


def send(client, content, key):
    return client.post("/orders/", content, **{"Idempotency-Key": key})


def test_a_refusal_is_given_again_and_another_body_is_a_conflict(people, open_work, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2", stock_of=5)
    buyer = rest("buyer1")
    bad = {"lines": [{"sku": "NOPE", "quantity": "1"}]}
    first, again = send(buyer, bad, "k1"), send(buyer, bad, "k1")
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert first.status_code == 422
    other = send(buyer, {"lines": [{"sku": "A-1", "quantity": "1"}]}, "k1")
    assert (other.status_code, other.json["error"]) == (422, "idempotency_conflict")


def test_one_key_of_two_people_is_two_keys(people, open_work, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2", stock_of=5)
    content = {"lines": [{"sku": "A-1", "quantity": "1"}]}
    one, two = send(rest("buyer1"), content, "k"), send(rest("buyer2"), content, "k")
    assert one.status_code == two.status_code == 201
    assert one.json["id"] != two.json["id"]


def test_a_door_of_the_framework_keeps_its_answer(people, rest):
    buyer = rest("buyer1")
    answers = [
        buyer.post("/security/api_keys/", {"name": "mine"}, **{"Idempotency-Key": "k2"}) for _ in range(2)
    ]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json == answers[1].json
