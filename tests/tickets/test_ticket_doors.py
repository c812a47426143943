"""Tickets through their doors: asked by a customer, taken and answered by us, with files and notes of our own."""

import io

import pytest


def ask(rest, who="buyer1", **more):
    return rest(who).post("/tickets/", {"subject": "Late", "text": "Where are my goods?", **more})


def test_a_ticket_is_asked_and_answered_over_rest(people, rest):
    made = ask(rest)
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert result["number"] and result["state"] == "open" and "priority" not in result and "handler" not in result
    support, buyer = rest("support"), rest("buyer1")
    assert support.post(f"/tickets/{pk}/take").json["state"] == "open"
    answered = support.post(f"/tickets/{pk}/answer", {"text": "On its way."})
    assert answered.status_code == 200 and answered.json["state"] == "answered"
    assert buyer.post(f"/tickets/{pk}/answer", {"text": "no"}).status_code == 403
    [message] = buyer.get(f"/tickets/{pk}").json["result"]["messages"]
    assert (message["text"], message["author"], message["inside"]) == ("On its way.", "Our team", "staff")
    wrote = buyer.post("/messages/", {"noun": "ticket", "record_id": pk, "text": "Still waiting."})
    assert wrote.status_code == 201, wrote.json
    shown = support.get(f"/tickets/{pk}").json["result"]
    assert shown["state"] == "open" and shown["messages"][1]["author"].startswith("Buyer1")
    assert shown["handler"]["name"]
    assert support.post(f"/tickets/{pk}/answer", {"text": " "}).status_code == 422
    assert support.post(f"/tickets/{pk}/resolve").json["state"] == "resolved"
    assert buyer.post(f"/tickets/{pk}/reopen", {"reason": "no"}).json["state"] == "open"
    assert buyer.post(f"/tickets/{pk}/close").json["state"] == "closed"
    assert buyer.post("/messages/", {"noun": "ticket", "record_id": pk, "text": "?"}).json["error"] == "ticket_closed"


def test_tickets_of_others_are_not_there(people, rest):
    pk = ask(rest).json["id"]
    stranger = rest("buyer3")
    assert stranger.get(f"/tickets/{pk}").status_code == 404
    assert stranger.post(f"/tickets/{pk}/close").status_code == 404
    foreign = stranger.post("/messages/", {"noun": "ticket", "record_id": pk, "text": "hi"})
    missing = stranger.post("/messages/", {"noun": "ticket", "record_id": 999_999, "text": "hi"})
    assert foreign.status_code == missing.status_code == 404 and foreign.json == missing.json
    assert ask(rest, customer=people.two).status_code in (404, 422)
    assert ask(rest, priority="high").status_code == 400
    assert ask(rest, who="support", customer=people.two, priority="high").json["result"]["priority"] == "high"


def test_bad_requests_are_told_not_failed(people, rest):
    for more in (
        {"subject": ""},
        {"text": 7},
        {"order": 999_999},
        {"order": "x"},
        {"state": "closed"},
        {"subject": "x" * 201},
    ):
        assert 400 <= ask(rest, **more).status_code < 500, more
    assert 400 <= rest("support").put(f"/tickets/{ask(rest).json['id']}", {"priority": []}).status_code < 500


def test_a_customer_asks_on_screen_with_a_file(people, sign_in):
    buyer, support = sign_in("buyer1"), sign_in("support")
    form = {"subject": "Broken", "text": "See the list.", "files": (io.BytesIO(b"a,b\n1,2\n"), "list.csv")}
    answer = buyer.post("/tickets/add", form)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    page = buyer.page(answer.location)
    assert "See the list." in page and "list.csv" in page and "Internal note" not in page
    assert "Broken" in support.page("/tickets/list/") and "My tickets" in support.page("/tickets/list/")
    pk = answer.location.rsplit("/", 1)[1]
    support.post(f"/tickets/step/take/{pk}")
    assert "Broken" in support.page("/tickets/list/?mine=yes")
    wrote = support.post(
        f"/messages/write/ticket/{pk}", {"text": "We send it again.", "files": (io.BytesIO(b"%PDF-1.4\n%x"), "x.exe")}
    )
    assert wrote.status_code == 302
    assert "We send it again." not in support.page(answer.location)  # the file was refused, and the message with it
    support.post(f"/messages/write/ticket/{pk}", {"text": "We send it again."})
    support.post(f"/messages/note/ticket/{pk}", {"note-text": "He is always late with paying."})
    assert "always late" in support.page(answer.location)
    page = buyer.page(answer.location)
    assert "We send it again." in page and "Answered" in page and "always late" not in page and "Our team" in page
    assert buyer.post(f"/messages/note/ticket/{pk}", {"note-text": "x"}).status_code == 404


def test_staff_open_a_ticket_for_a_customer_on_screen(people, sign_in):
    support = sign_in("support")
    answer = support.post(
        "/tickets/add", {"customer": people.two, "subject": "Called", "text": "Wants a quote", "priority": "high"}
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert "High" in support.page(answer.location)
    pk = answer.location.rsplit("/", 1)[1]
    assert support.post(f"/tickets/edit/{pk}", {"subject": "Called us", "priority": "low"}).status_code == 302
    assert "Called us" in sign_in("buyer3").page(answer.location)
    assert sign_in("buyer1").get(answer.location).status_code == 404
    assert sign_in("buyer3").get(f"/tickets/edit/{pk}").status_code == 403


@pytest.mark.parametrize("who", ["support", "buyer1"])
def test_an_incomplete_form_keeps_what_was_typed(people, sign_in, who):
    answer = sign_in(who).post("/tickets/add", {"subject": "Only a subject", "text": ""})
    assert answer.status_code == 422 and "Only a subject" in answer.get_data(as_text=True)
