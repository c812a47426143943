"""A question and its answer; a file for one customer and for nobody else."""

import io
import re

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def test_a_ticket_is_answered_on_screens(people, sign_in, jobs):
    buyer, support = sign_in("buyer1"), sign_in("support")
    given = {"subject": "Broken cup", "text": "One of the cups is broken.",
             "files": (io.BytesIO(b"sku,quantity\nCUP,1\n"), "broken.csv")}  # fmt: skip
    ticket = buyer.post("/tickets/add", given, content_type="multipart/form-data").location
    pk = ticket.rsplit("/", 1)[1]
    support.post(f"/tickets/step/take/{pk}")
    support.post(f"/tickets/step/answer/{pk}", {"text": "We send you a new one."})
    jobs()
    page = buyer.page(ticket)
    assert "We send you a new one." in page and "Answered" in page
    attached = re.search(r"/attachments/\d+", page)[0]
    assert buyer.get(attached).data == b"sku,quantity\nCUP,1\n"
    stranger = sign_in("buyer3")
    for url in (ticket, attached):
        assert stranger.get(url).status_code == 404
    assert "Broken cup" not in stranger.page("/tickets/list/")
    buyer.post(f"/tickets/step/close/{pk}")
    assert "Closed" in support.page(ticket)


def test_a_ticket_is_answered_over_rest(people, rest, jobs):
    buyer, support = rest("buyer1"), rest("support")
    pk = buyer.post("/tickets/", {"subject": "Broken cup", "text": "One of the cups is broken."}).json["id"]
    assert support.post(f"/tickets/{pk}/take").status_code == 200
    assert support.post(f"/tickets/{pk}/answer", {"text": "We send you a new one."}).json["state"] == "answered"
    jobs()
    [message] = buyer.get(f"/tickets/{pk}").json["result"]["messages"]
    assert (message["text"], message["author"]) == ("We send you a new one.", "Our team")
    assert [row["name"] for row in buyer.get("/notifications/").json["result"]] == ["ticket_answered"]
    assert rest("buyer3").get(f"/tickets/{pk}").status_code == 404
    assert rest("buyer3").get("/notifications/").json["result"] == []


def test_a_file_reaches_whom_it_is_for_on_screens(people, sign_in):
    support, everybody = sign_in("support"), ("buyer1", "buyer2", "buyer3")
    form = {"title": "Agreed prices", "offer_customer": people.one, "file": (io.BytesIO(PDF), "prices.pdf")}
    added = support.post("/files/add", form, content_type="multipart/form-data")
    pk = added.location.rsplit("/", 1)[1]
    found = {}
    for name in everybody:
        client = sign_in(name)
        listed = "Agreed prices" in client.page("/files/list/")
        answer = client.get(f"/files/content/{pk}?download=1")
        found[name] = (listed, answer.status_code, client.get(f"/files/show/{pk}").status_code)
        if answer.status_code == 200:
            assert answer.data == PDF and "prices.pdf" in answer.headers["Content-Disposition"]
    assert found == {"buyer1": (True, 200, 200), "buyer2": (True, 200, 200), "buyer3": (False, 404, 404)}
    assert sign_in("nobody").get(f"/files/content/{pk}").status_code in (302, 403, 404)


def test_a_file_reaches_whom_it_is_for_over_rest(people, rest):
    support = rest("support")
    form = {"title": "Agreed prices", "customers": str(people.two), "file": (io.BytesIO(PDF), "prices.pdf")}
    made = support.http.post("/api/v1/files/", data=form, headers=support.headers, content_type="multipart/form-data")
    pk = made.json["id"]
    found = {}
    for name in ("buyer1", "buyer2", "buyer3"):
        client = rest(name)
        answer = client.get(f"/files/{pk}/content")
        found[name] = (client.get("/files/").json["count"], client.get(f"/files/{pk}").status_code, answer.status_code)
    assert found == {"buyer1": (0, 404, 404), "buyer2": (0, 404, 404), "buyer3": (1, 200, 200)}
    assert rest("buyer3").get(f"/files/{pk}/content").data == PDF
    assert rest("nobody").get(f"/files/{pk}/content").status_code in (403, 404)
