"""Quotes through their doors: a request, our offer, the answer; on screens and over REST."""

from datetime import date, timedelta

import pytest

from app.rules import quotes
from tests import makers

LATER = (date.today() + timedelta(days=20)).isoformat()  # the doors look at the clock
ASKED = [{"sku": "bolt", "quantity": "10"}, {"name": "A gold screw", "quantity": "1"}]


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="BOLT", price="2.50", stock_of=1000)
        makers.make_product(work, sku="NUT", stock_of=1000)
        makers.make_address(work, makers.customer_of(work, people.one))
        return people


def request(rest, who="buyer1", **more):
    return rest(who).post("/quotes/", {"reference": "RFQ-1", "lines": ASKED, "submit": True, **more})


def priced(rest, pk, lines=None, **more):
    """Our prices for a request."""
    lines = lines or [{"sku": "BOLT", "quantity": "10", "unit_price": "2", "internal_cost": "1.20"},
                      {"name": "A gold screw", "quantity": "1", "unit_price": "99.90"}]  # fmt: skip
    answer = rest("reviewer").put(f"/quotes/{pk}", {"lines": lines, "valid_until": LATER, **more})
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def offered(rest, **more):
    pk = request(rest).json["id"]
    priced(rest, pk, **more)
    assert rest("reviewer").post(f"/quotes/{pk}/publish").json["state"] == "offered"
    return pk


def test_a_request_is_sent_priced_published_and_accepted_over_rest(goods, rest):
    made = request(rest)
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["state"], result["total_gross"], result["lines"][0]["unit_price"]) == ("requested", "0.00", None)
    assert result["number"].startswith("QU-") and "internal_remark" not in result
    mine = priced(rest, pk, internal_remark="Margin is thin", offer_remark="Free delivery")
    assert mine["working"]["total_net"] == "119.90" and mine["total_net"] == "119.90"
    assert mine["working"]["lines"][0]["internal_cost"] == "1.20"
    seen = rest("buyer1").get(f"/quotes/{pk}").json["result"]
    assert seen["total_net"] == "0.00" and "working" not in seen and len(seen["revisions"]) == 1
    assert "119.90" not in str(seen) and "thin" not in str(seen) and "1.20" not in str(seen)
    reviewer = rest("reviewer")
    assert reviewer.post(f"/quotes/{pk}/publish").json["state"] == "offered"
    seen = rest("buyer1").get(f"/quotes/{pk}").json["result"]
    assert (seen["total_net"], seen["valid_until"], seen["revision"]) == ("119.90", LATER, 1)
    assert seen["revisions"][1]["remark"] == "Free delivery" and "internal_cost" not in seen["lines"][0]
    accepted = rest("buyer1").post(f"/quotes/{pk}/accept", {"lines": [seen["lines"][0]["id"]]})
    assert accepted.status_code == 200 and accepted.json["state"] == "accepted", accepted.json
    order = rest("buyer1").post(f"/quotes/{pk}/convert", {"reference": "PO-1"})
    assert order.status_code == 200, order.json
    assert order.json["made"]["noun"] == "order"
    bought = rest("buyer1").get(f"/orders/{order.json['made']['id']}").json["result"]
    assert (bought["total_net"], bought["lines"][0]["unit_price"], bought["state"]) == ("20.00", "2.00", "submitted")
    again = rest("buyer1").post(f"/quotes/{pk}/convert")
    assert (again.status_code, again.json["error"]) == (422, "already_converted")


def test_what_is_internal_stays_inside(goods, rest, sign_in):
    pk = offered(rest, internal_remark="Margin is thin")
    rest("reviewer").post(f"/quotes/{pk}/revise")
    priced(rest, pk, lines=[{"sku": "BOLT", "quantity": "10", "unit_price": "1.77"}])
    buyer = rest("buyer1")
    for path in (f"/quotes/{pk}", f"/quotes/{pk}/history", f"/quotes/{pk}/transitions", "/quotes/"):
        text = buyer.get(path).get_data(as_text=True)
        assert "thin" not in text and "1.77" not in text and "internal" not in text and "reviewer" not in text, path
    assert "revise" not in str(buyer.get(f"/quotes/{pk}/history").json)
    page = sign_in("buyer1").page(f"/quotes/show/{pk}")
    for secret in ("Margin is thin", "1.77", "Internal", "Our cost", "Being worked out", "Revision begun"):
        assert secret not in page, secret
    assert "1.77" in sign_in("reviewer").page(f"/quotes/show/{pk}")
    assert sign_in("buyer1").get(f"/quotes/revision/{pk}/2").status_code == 404
    for kind in ("html", "csv"):
        paper = buyer.get(f"/quotes/{pk}/documents/quote.{kind}").get_data(as_text=True)
        assert "1.20" not in paper and "1.77" not in paper and "thin" not in paper and "99.9" in paper


def test_counter_offers_and_revisions_over_rest(goods, rest):
    pk = offered(rest)
    buyer, reviewer = rest("buyer1"), rest("reviewer")
    line = buyer.get(f"/quotes/{pk}").json["result"]["lines"][0]["id"]
    proposal = {"id": line, "unit_price": "1.80", "requested_on": LATER}
    answer = buyer.post(f"/quotes/{pk}/counter", {"comment": "Too dear", "lines": [proposal]})
    assert answer.status_code == 200 and answer.json["state"] == "offered", answer.json
    seen = reviewer.get(f"/quotes/{pk}").json["result"]
    assert seen["lines"][0]["counter_price"] == "1.80" and seen["countered_at"]
    assert [row["id"] for row in reviewer.get("/quotes/?q=(filters:!((col:state,opr:eq,value:offered)))").json["result"]
            ] == [pk]  # fmt: skip
    assert reviewer.post(f"/quotes/{pk}/revise").status_code == 200
    assert reviewer.post(f"/quotes/{pk}/publish").json["state"] == "offered"
    seen = buyer.get(f"/quotes/{pk}").json["result"]
    assert (seen["revision"], seen["lines"][0]["unit_price"], seen["countered_at"]) == (2, "1.80", None)
    assert [one["revision"] for one in seen["revisions"]] == [0, 1, 2]
    assert seen["revisions"][1]["counter_comment"] == "Too dear"
    assert buyer.post(f"/quotes/{pk}/reject", {"reason": "Bought elsewhere"}).json["state"] == "rejected"
    assert buyer.post(f"/quotes/{pk}/accept").json["error"] == "wrong_state"


def test_quotes_are_my_work_while_it_is_our_turn(goods, rest, sign_in):
    pk = request(rest).json["id"]
    rest("reviewer").post(f"/quotes/{pk}/take")
    there = f"/quotes/show/{pk}"
    assert there in sign_in("reviewer").page("/my_work/")
    priced(rest, pk)
    rest("reviewer").post(f"/quotes/{pk}/publish")
    assert there not in sign_in("reviewer").page("/my_work/")  # the customer has to answer
    assert rest("buyer1").post(f"/quotes/{pk}/counter", {"comment": "Less, please"}).status_code == 200
    assert there in sign_in("reviewer").page("/my_work/")


def test_malformed_answers_are_refused(goods, rest):
    pk = offered(rest)
    buyer = rest("buyer1")
    for lines in (7.5, "x", {}, [None], ["1"], [True], [-1], [10**30], [{"id": 1}]):
        assert 400 <= buyer.post(f"/quotes/{pk}/accept", {"lines": lines}).status_code < 500, lines
    assert buyer.post(f"/quotes/{pk}/accept", {"lines": []}).json["error"] == "nothing_chosen"
    line = buyer.get(f"/quotes/{pk}").json["result"]["lines"][0]["id"]
    for row in (
        1, {"id": "x"}, {"id": line, "quantity": 1.5}, {"id": line, "unit_price": "many"}, {"id": line, "colour": 1},
        {"id": line, "requested_on": "soon"}, {"id": line, "quantity": "-1"}, {"id": line, "quantity": "1e9"},
    ):  # fmt: skip
        assert 400 <= buyer.post(f"/quotes/{pk}/counter", {"lines": [row]}).status_code < 500, row
    assert buyer.get(f"/quotes/{pk}").json["result"]["state"] == "offered"
    for more in ({"lines": 7}, {"lines": [{"sku": "BOLT"}]}, {"lines": [{"sku": "BOLT", "quantity": 0.5}]},
                 {"delivery_address": 999_999}, {"new_address": 7}, {"new_address": {"street": "x"}},
                 {"lines": [{"sku": "BOLT", "quantity": "1", "unit_price": "1"}]}, {"colour": 1},
                 {"valid_until": LATER}, {"requested_on": "soon"}, {"delivery_method": 999_999}, {"submit": "yes"},
                 {"lines": []}):  # fmt: skip
        assert 400 <= request(rest, **more).status_code < 500, more
    huge = [{"sku": "BOLT", "quantity": "999999999999", "unit_price": "99999999999"}]
    assert 400 <= rest("reviewer").post("/quotes/", {"customer": goods.one, "lines": huge}).status_code < 500


def test_our_own_offer_is_hidden_until_it_is_published(goods, rest, sign_in):
    lines = [{"sku": "BOLT", "quantity": "1"}, {"sku": "NUT", "quantity": "1", "unit_price": "3"},
             {"sku": "BOLT", "quantity": "2", "alternative": True}]  # fmt: skip
    made = rest("support").post("/quotes/", {"customer": goods.one, "lines": lines, "valid_until": LATER})
    assert made.status_code == 201, made.json
    pk, result = made.json["id"], made.json["result"]
    assert (result["state"], result["total_net"], result["valid_until"]) == ("draft", "5.50", LATER)
    assert [line["alternative"] for line in result["lines"]] == [False, False, True]
    assert rest("support").get("/quotes/").json["result"][0]["total_net"] == "5.50"
    assert "5.50" in sign_in("support").page("/quotes/list/")
    assert rest("buyer1").get(f"/quotes/{pk}").status_code == 404
    assert rest("support").post(f"/quotes/{pk}/publish").json["state"] == "offered"
    assert rest("buyer1").get(f"/quotes/{pk}").status_code == 200


def test_another_customer_has_no_part_in_it(goods, rest, sign_in):
    pk, rival = offered(rest), rest("buyer3")
    line = rest("buyer1").get(f"/quotes/{pk}").json["result"]["lines"][0]["id"]
    assert rival.get(f"/quotes/{pk}").status_code == 404
    assert rival.get(f"/quotes/{pk}/documents/quote.pdf").status_code == 404
    for verb in ("accept", "reject", "counter", "cancel", "convert", "copy", "submit"):
        asked = quotes.FLOW.transitions[verb].form
        given = {name: "x" for name in ("comment", "reason") if hasattr(asked, name)}
        assert rival.post(f"/quotes/{pk}/{verb}", given).status_code == 404, verb
    assert rival.put(f"/quotes/{pk}", {"reference": "x"}).status_code == 404
    for verb in ("publish", "price", "take", "revise", "agree", "review", "expire"):
        assert rival.post(f"/quotes/{pk}/{verb}").status_code == 403, verb
    own = request(rest, "buyer3").json["id"]
    rest("reviewer").post(f"/quotes/{own}/take")
    priced(rest, own)
    rest("reviewer").post(f"/quotes/{own}/publish")
    assert rival.post(f"/quotes/{own}/accept", {"lines": [line]}).json["error"] == "unknown_line"
    browser = sign_in("buyer3")
    for page in (f"/quotes/show/{pk}", f"/quotes/answer/{pk}", f"/quotes/revision/{pk}/1", f"/quotes/edit/{pk}"):
        assert browser.get(page).status_code == 404, page
    assert request(rest, customer=goods.two).status_code in (400, 403, 422)


def test_a_request_on_screen(goods, rest, sign_in):
    buyer = sign_in("buyer1")
    assert "Request a quote" in buyer.page("/portal/")
    page = buyer.page("/quotes/add")
    assert "Another delivery address" in page and "Description" in page and "Our cost" not in page
    live = buyer.get("/quotes/price?sku=BOLT&quantity=2").json
    assert live["name"] == "Product BOLT" and live["unit_price"] is None
    assert buyer.get("/quotes/price?sku=NONE&quantity=2").status_code == 404
    head = {"currency": "GBP", "reference": "RFQ-2", "requested_on": "", "delivery_method": "", "remark": "In boxes",
            "delivery_address": "", "new_recipient": "Acme", "new_street": "2 Low Street", "new_city": "York",
            "new_postcode": "", "new_country": "GB"}  # fmt: skip
    lines = [{"sku": "", "quantity": "3", "name": "Gold screws", "requested_on": LATER}]
    saved = buyer.json("/quotes/save", {**head, "lines": lines}, Accept="application/json")
    assert saved.status_code == 201, saved.json
    url, pk = saved.json["url"], saved.json["id"]
    page = buyer.page(url)
    assert "York" in page and "Gold screws" in page and "Waiting for you: send the request." in page
    assert "Gold screws" in buyer.page(f"/quotes/edit/{pk}")
    again = {**head, "new_street": "", "new_recipient": "", "new_city": "", "new_country": "", "lines": lines}
    sent = buyer.json(f"/quotes/save/{pk}", {**again, "submit": True})
    assert sent.status_code == 200, sent.json
    assert "Requested" in buyer.page(url) and "We are working out your offer." in buyer.page(url)
    assert buyer.get(f"/quotes/edit/{pk}").status_code == 302
    refused = buyer.json("/quotes/save", {**head, "lines": [{"sku": "NONE", "quantity": "1"}]},
                         Accept="application/json").json  # fmt: skip
    assert refused["details"]["lines"][0]["index"] == 0


def test_an_offer_on_screen_and_its_answer_line_by_line(goods, rest, sign_in):
    pk = request(rest).json["id"]
    reviewer = sign_in("reviewer")
    assert "Quotes requested" in reviewer.page("/")
    reviewer.post(f"/quotes/step/take/{pk}")
    page = reviewer.page(f"/quotes/edit/{pk}")
    assert "Our cost" in page and "Internal remark" in page and "2.5" in page
    totals = reviewer.json(f"/quotes/totals?quote={pk}", {"lines": [{"sku": "BOLT", "quantity": "4"}]}).json["rows"]
    assert totals[0][1] == "£10.00"
    live = reviewer.get(f"/quotes/price?quote={pk}&sku=BOLT&quantity=4&discount_percent=10").json
    assert (live["given"], live["amount_text"]) == ({"unit_price": "2.50"}, "£9.00")
    lines = [{"sku": "BOLT", "quantity": "10", "unit_price": "2", "discount_percent": "5", "internal_cost": "1"},
             {"sku": "", "name": "A gold screw", "quantity": "1", "unit_price": "90", "internal_cost": "60"},
             {"sku": "NUT", "quantity": "1", "unit_price": "80", "alternative": "1"}]  # fmt: skip
    saved = reviewer.json(f"/quotes/save/{pk}", {"valid_until": LATER, "lines": lines, "submit": True})
    assert saved.status_code == 200, saved.json
    page = reviewer.page(f"/quotes/show/{pk}")
    assert "Margin" in page and "Being worked out: revision 1" in page and "Priced" in page
    reviewer.post(f"/quotes/step/publish/{pk}")
    buyer = sign_in("buyer1")
    assert "Waiting for you: accept the offer" in buyer.page("/portal/")
    page = buyer.page(f"/quotes/show/{pk}")
    assert "Answer line by line" in page and "Alternative" in page and "Margin" not in page
    page = buyer.page(f"/quotes/answer/{pk}")
    ids = [line["id"] for line in rest("buyer1").get(f"/quotes/{pk}").json["result"]["lines"]]
    wrong = buyer.post(f"/quotes/answer/{pk}", {"do": "counter", f"quantity-{ids[0]}": "many", "comment": "Dear sirs"})
    assert wrong.status_code == 422 and "Dear sirs" in wrong.get_data(as_text=True)
    sent = buyer.post(f"/quotes/answer/{pk}", {"do": "counter", f"price-{ids[0]}": "1.50", "comment": "Too dear"})
    assert sent.status_code == 302
    page = reviewer.page(f"/quotes/show/{pk}")
    assert "Waiting for us: answer the counter-offer." in page and "Proposed: £1.50" in page
    assert "Counter-offers to answer" in reviewer.page("/")
    assert f"/quotes/show/{pk}" in reviewer.page("/quotes/list/?countered=yes")
    assert "Too dear" in buyer.page(f"/quotes/revision/{pk}/1")
    both = buyer.post(f"/quotes/answer/{pk}", {"do": "accept", "take": [str(ids[1]), str(ids[2])]})
    assert both.status_code == 422, "one of the alternatives"
    assert buyer.post(f"/quotes/answer/{pk}", {"do": "accept", "take": [str(ids[2])]}).status_code == 302
    page = buyer.page(f"/quotes/show/{pk}")
    assert "Accepted" in page and "Not accepted" in page and "£80.00" in page
    buyer.post(f"/quotes/step/convert/{pk}", {"reference": "PO-5"})
    assert "Ordered as" in buyer.page(f"/quotes/show/{pk}")


def test_quotes_are_found_and_talked_about(goods, rest, sign_in):
    pk = offered(rest)
    number = rest("buyer1").get(f"/quotes/{pk}").json["result"]["number"]
    assert f"/quotes/show/{pk}" in sign_in("buyer1").page(f"/search/?q={number}")
    assert f"/quotes/show/{pk}" not in sign_in("buyer3").page(f"/search/?q={number}")
    sent = rest("buyer1").post("/messages/", {"noun": "quote", "record_id": pk, "text": "How soon?"})
    assert sent.status_code == 201, sent.json
    assert "How soon?" in sign_in("reviewer").page(f"/quotes/show/{pk}")
    assert rest("buyer3").post("/messages/", {"noun": "quote", "record_id": pk, "text": "x"}).status_code == 404
