"""Messages about orders through their doors: written on the order's page, counted until they are read."""

import pytest

from tests import makers


@pytest.fixture
def order(people, open_work):
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        return makers.make_confirmed_order(work, one, (makers.make_product(work), 1, 10)).id


def test_customer_and_staff_write_about_an_order(order, people, rest, sign_in):
    buyer, reviewer = sign_in("buyer1"), sign_in("reviewer")
    assert buyer.post(f"/messages/write/order/{order}", {"text": "Please hurry."}).status_code == 302
    assert "Please hurry." in reviewer.page("/messages/list/?unread=yes")
    assert "Unread messages" in reviewer.page("/")
    page = reviewer.page(f"/orders/show/{order}")
    assert "Please hurry." in page and "Buyer1" in page
    assert "Please hurry." not in reviewer.page("/messages/list/?unread=yes")  # he has read it by now
    assert "Please hurry." in sign_in("supervisor").page("/messages/list/?unread=yes")
    assert (
        rest("reviewer").post("/messages/", {"noun": "order", "record_id": order, "text": "We do."}).status_code == 201
    )
    assert "We do." in buyer.page("/portal/")
    assert "Our team" in buyer.page(f"/orders/show/{order}")
    assert "We do." not in buyer.page("/portal/")
    assert buyer.get("/messages/list/").status_code == 200
    assert buyer.post(f"/messages/write/order/{order}", {"text": " "}, follow_redirects=True).status_code == 200


def test_messages_over_rest_are_filtered_by_record(order, people, rest):
    buyer = rest("buyer1")
    made = buyer.post("/messages/", {"noun": "order", "record_id": order, "text": "One"}).json
    assert (made["result"]["noun"], made["result"]["record_id"], made["result"]["text"]) == ("order", order, "One")
    assert [row["text"] for row in buyer.get(f"/messages/?noun=order&record_id={order}").json["result"]] == ["One"]
    query = f"(filters:!((col:noun,opr:eq,value:order),(col:record_id,opr:eq,value:{order})))"
    assert len(rest("reviewer").get(f"/messages/?q={query}").json["result"]) == 1
    assert buyer.get(f"/messages/?noun=ticket&record_id={order}").json["result"] == []
    assert rest("buyer3").get("/messages/").json["result"] == []
    assert rest("buyer3").get(f"/messages/{made['id']}").status_code == 404
    assert rest("reviewer").get("/messages/?q=(filters:!((col:unread,opr:eq,value:!t)))").json["count"] == 1
    assert buyer.put(f"/messages/{made['id']}", {"text": "Two"}).status_code == 403
    assert rest("admin").delete(f"/messages/{made['id']}").status_code == 403


def test_nobody_writes_about_what_is_not_his(order, people, rest, sign_in):
    stranger = rest("buyer3")
    assert stranger.post("/messages/", {"noun": "order", "record_id": order, "text": "x"}).status_code == 404
    assert sign_in("buyer3").post(f"/messages/write/order/{order}", {"text": "x"}).status_code == 404
    buyer = rest("buyer1")
    for given in (
        {},
        {"noun": "order"},
        {"noun": [], "record_id": order, "text": "x"},
        {"noun": "customer", "record_id": 1, "text": "x"},
        {"noun": "order", "record_id": "1", "text": "x"},
        {"noun": "order", "record_id": order, "text": ""},
        {"noun": "order", "record_id": order, "text": "x" * 10_001},
        {"noun": "invoice", "record_id": 1, "text": "x"},
        {"noun": "order", "record_id": order, "text": "x", "inside": "staff"},
    ):
        assert 400 <= buyer.post("/messages/", given).status_code < 500, given


def test_notes_stay_among_ourselves(order, people, sign_in):
    reviewer, buyer = sign_in("reviewer"), sign_in("buyer1")
    reviewer.post(f"/messages/note/order/{order}", {"note-text": "Check his address."})
    assert "Check his address." in reviewer.page(f"/orders/show/{order}")
    assert "Check his address." not in buyer.page(f"/orders/show/{order}")
