"""Messages about orders through their doors: written on the order's page, counted until they are read."""

from io import BytesIO

import pytest

from tests import makers
from tests.scenarios.conftest import folders

__all__ = ["folders"]
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20


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


def test_files_go_with_a_message_over_rest(order, people, rest):
    buyer, desk = rest("buyer1"), rest("reviewer")
    sent = {"noun": "order", "record_id": str(order), "text": "The drawing", "files": (BytesIO(PNG), "drawing.png")}
    made = buyer.http.post("/api/v1/messages/", data=sent, headers=buyer.headers)
    assert made.status_code == 201, made.text
    (file,) = made.json["result"]["files"]
    assert file["name"] == "drawing.png"
    assert desk.get(f"/attachments/{file['id']}/content").data == PNG
    assert rest("buyer3").get(f"/attachments/{file['id']}/content").status_code == 404
    only = {"noun": "order", "record_id": str(order), "files": [(BytesIO(PNG), "a.png"), (BytesIO(PNG), "b.png")]}
    answer = desk.http.post("/api/v1/messages/", data=only, headers=desk.headers).json["result"]
    assert (answer["text"], [one["name"] for one in answer["files"]]) == ("", ["a.png", "b.png"])
    for wrong in ({"record_id": "x"}, {"files": (BytesIO(b"MZ\0"), "a.exe")}, {"noun": "invoice"}, {"record_id": ""},
                  {"text": "", "files": (BytesIO(b""), "")}, {"inside": "staff"}):  # fmt: skip
        fresh = {"noun": "order", "record_id": str(order), "text": "x"} | wrong
        assert 400 <= buyer.http.post("/api/v1/messages/", data=fresh, headers=buyer.headers).status_code < 500, wrong
    assert buyer.get("/messages/").json["count"] == 2


def test_notes_over_rest_are_staffs(order, people, rest):
    desk, buyer = rest("reviewer"), rest("buyer1")
    given = {"noun": "order", "record_id": order, "text": "Check his address."}
    made = desk.post("/internal_notes/", given)
    assert made.status_code == 201, made.text
    assert (made.json["result"]["text"], made.json["result"]["author"]) == ("Check his address.", "Reviewer")
    query = f"(filters:!((col:record_id,opr:eq,value:{order}),(col:noun,opr:eq,value:order)))"
    assert desk.get(f"/internal_notes/?q={query}").json["count"] == 1
    assert buyer.get("/internal_notes/").json["result"] == []
    assert buyer.get(f"/internal_notes/{made.json['id']}").status_code == 404
    assert buyer.post("/internal_notes/", given).status_code == 403
    assert desk.post("/internal_notes/", given | {"text": " "}).status_code == 422
    assert desk.post("/internal_notes/", given | {"noun": "customer"}).status_code == 404


def test_the_order_list_says_where_something_is_unread(order, people, open_work, rest, sign_in):
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        other = makers.make_confirmed_order(work, one, (makers.make_product(work), 1, 10)).id
    buyer, desk = sign_in("buyer1"), sign_in("reviewer")
    for text in ("One", "Two"):
        buyer.post(f"/messages/write/order/{order}", {"text": text})
    page = desk.page("/orders/list/")
    assert page.count("Unread: 2") == 1 and "Unread: " not in buyer.page("/orders/list/")
    unread = desk.page("/orders/list/?unread=yes")
    assert f"/orders/show/{order}" in unread and f"/orders/show/{other}" not in unread
    assert f"/orders/show/{order}" not in desk.page("/orders/list/?unread=no")
    found = {row["id"]: row["unread_messages"] for row in rest("reviewer").get("/orders/").json["result"]}
    assert found == {order: 2, other: 0}
    assert rest("reviewer").get(f"/orders/{order}").json["result"]["unread_messages"] == 2
    assert "2 new messages" in desk.page(f"/orders/show/{order}"), "the record says which are new"
    assert "2 new messages" not in desk.page(f"/orders/show/{order}")
    assert "Unread: 2" not in desk.page("/orders/list/")
    desk.post(f"/messages/write/order/{order}", {"text": "Yes"})
    assert "Unread: 1" in buyer.page("/orders/list/")
    assert "Unread: 1" not in sign_in("buyer3").page("/orders/list/")
