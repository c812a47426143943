"""Negotiating lines through the doors: screens and REST, both sides, the other customer."""

import re

import pytest
from sqlalchemy import select

from app.rules import order_fields
from models.orders import Order
from models.products import Product
from tests import makers


@pytest.fixture
def pk(people, open_work, rest):
    """An order buyer1 has submitted: 6 A-1 at 2.50, 3 B-2 at 10."""
    with open_work() as work:
        for sku, price in (("A-1", "2.50"), ("B-2", "10"), ("C-3", "4")):
            makers.make_product(work, sku=sku, price=price, stock_of=100)
    lines = [{"sku": "A-1", "quantity": "6"}, {"sku": "B-2", "quantity": "3"}]
    made = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": lines, "submit": True})
    assert made.status_code == 201, made.json
    return made.json["id"]


def ids(rest, pk):
    return [one["id"] for one in rest("admin").get(f"/orders/{pk}").json["result"]["lines"]]


def propose(rest, pk, who="buyer1", **row):
    row = row or {"unit_price": "2.00", "quantity": "8"}
    answer = rest(who).post(f"/orders/{pk}/propose", {"lines": [{"id": ids(rest, pk)[0], **row}], "note": "Please"})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_negotiation_over_rest(rest, pk):
    buyer, desk = rest("buyer1"), rest("reviewer")
    made = propose(rest, pk)
    assert (made["state"], made["id"]) == ("submitted", pk)
    assert buyer.get(f"/orders/{pk}").json["result"]["proposed_side"] == "customer"
    (told,) = desk.get(f"/orders/{pk}/proposals").json
    (line,) = told["lines"]
    assert (told["side"], told["state"], told["note"], line["answer"]) == ("customer", "open", "Please", None)
    assert [line[one][name] for one in ("before", "after") for name in ("quantity", "unit_price", "amount")] == [
        "6", "2.50", "15.00", "8", "2.00", "16.00"]  # fmt: skip
    stale = desk.post(f"/orders/{pk}/answer", {"rest": "accept", "version": made["version"] - 1})
    assert (stale.status_code, stale.json["error"]) == (409, "stale")
    counter = {"id": line["id"], "answer": "counter", "unit_price": "2.25", "remark": "That is the limit"}
    assert desk.post(f"/orders/{pk}/answer", {"proposal": told["id"], "lines": [counter]}).status_code == 200
    assert buyer.post(f"/orders/{pk}/answer", {"proposal": told["id"], "rest": "accept"}).status_code == 409
    done = buyer.post(f"/orders/{pk}/answer", {"rest": "accept"})
    assert (done.status_code, done.json["state"]) == (200, "submitted")
    result = buyer.get(f"/orders/{pk}").json["result"]
    assert (result["lines"][0]["unit_price"], result["total_net"], result["proposed_side"]) == ("2.25", "48.00", None)
    assert buyer.get(f"/orders/{pk}/changes").json[0]["step"] == "answer"
    assert buyer.post(f"/orders/{pk}/withdraw").status_code == 409
    assert [one["state"] for one in buyer.get(f"/orders/{pk}/proposals").json] == ["answered", "answered"]


def test_transitions_say_what_can_be_done_and_why_not(rest, pk):
    propose(rest, pk)

    def told(who):
        return {one["name"]: one["reason"] for one in rest(who).get(f"/orders/{pk}/transitions").json
                if one["name"] in ("propose", "answer", "withdraw")}  # fmt: skip

    assert told("buyer1")["withdraw"] is None and told("reviewer")["answer"] is None
    assert "Your side has made this proposal" in told("buyer1")["answer"]
    assert "Answer the proposal of the other side first" in told("reviewer")["propose"]


def test_what_is_not_a_proposal_is_refused(rest, pk):
    wrong = [
        [{"id": "x", "quantity": "1"}], [7], [{"id": 1, "quantity": 1.5}], [{"id": 1, "state": "x"}],
        [{"id": 1, "requested_on": "soon"}], [{"id": 1, "refuse": "yes"}], [{"id": 1, "remark": "x" * 501}],
    ]  # fmt: skip
    cases = [({"lines": rows}, 400, "bad_lines") for rows in wrong]
    cases += [({"lines": [{"id": 1, "substitute": "a\0b"}]}, 400, "bad_value"), ({}, 422, "nothing_proposed"),
              ({"note": "x" * 2001}, 422, "bad_data"),
              ({"lines": [{"id": 999999999, "quantity": "1"}]}, 422, "lines_refused")]  # fmt: skip
    buyer = rest("buyer1")
    for given, status, error in cases:
        answer = buyer.post(f"/orders/{pk}/propose", given)
        assert (answer.status_code, answer.json["error"]) == (status, error), given


def test_what_is_not_an_answer_is_refused(rest, pk):
    propose(rest, pk)
    desk = rest("reviewer")
    for given, status in (
        ({"rest": "perhaps"}, 422), ({"lines": [{"id": 1, "answer": "maybe"}]}, 400), ({}, 422),
        ({"lines": [{"id": 1, "answer": "accept", "unit_price": "1"}]}, 400), ({"lines": [{"id": 1}]}, 400),
        ({"rest": "accept", "proposal": 99}, 409),
    ):  # fmt: skip
        assert desk.post(f"/orders/{pk}/answer", given).status_code == status, given
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["proposed_side"] == "customer"


def test_another_customer_finds_nothing_to_negotiate(rest, pk, sign_in):
    propose(rest, pk, "reviewer")
    other, screen = rest("buyer3"), sign_in("buyer3")
    for path in ("propose", "answer", "withdraw"):
        answers = [other.post(f"/orders/{one}/{path}", {"rest": "accept"} if path == "answer" else None)
                   for one in (pk, 999999)]  # fmt: skip
        assert [one.status_code for one in answers] == [404, 404]
        assert answers[0].json == answers[1].json
    assert other.get(f"/orders/{pk}/proposals").status_code == 404
    for path in ("propose", "answer"):
        assert screen.get(f"/orders/{path}/{pk}").status_code == 404
        assert screen.post(f"/orders/{path}/{pk}", {"do": "accept"}).status_code == 404
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["proposed_side"] == "staff"


def test_who_may_not_negotiate_neither_proposes_nor_answers(rest, pk, sign_in):
    propose(rest, pk)
    for who in ("finance", "warehouse", "support", "editor"):
        assert rest(who).post(f"/orders/{pk}/propose").status_code == 403
    who = "support"
    assert rest(who).post(f"/orders/{pk}/answer", {"rest": "accept"}).status_code == 403
    for path in ("propose", "answer"):
        assert sign_in(who).post(f"/orders/{path}/{pk}", {"do": "accept"}).status_code == 403
    assert "Accept all" not in sign_in(who).page(f"/orders/show/{pk}")


def test_proposing_on_the_page_and_answering_on_the_record(rest, pk, sign_in):
    desk, buyer = sign_in("reviewer"), sign_in("buyer1")
    first, second = ids(rest, pk)
    assert f"/orders/propose/{pk}" in desk.page(f"/orders/show/{pk}")
    form = desk.page(f"/orders/propose/{pk}")
    assert f'name="quantity-{first}"' in form and "£2.50" in form
    sent = desk.post(f"/orders/propose/{pk}", {f"unit_price-{first}": "2.10", f"refuse-{second}": "1",
                                               f"remark-{second}": "Out of production"})  # fmt: skip
    assert sent.status_code == 302, sent.text
    ours = desk.page(f"/orders/show/{pk}")
    assert "Accept all" not in ours and "Proposal sent" in ours and "Withdraw the proposal" in ours
    page = buyer.page(f"/orders/show/{pk}")
    assert "Waiting for you: answer our proposal." in page and "Proposal to answer" in page
    assert "Out of production" in page and "£2.10" in page and "The line is to be dropped" in page
    assert "Reviewer" not in page  # who of us it was stays inside
    named = re.findall(r'name="answer-(\d+)"', page)
    lines = list(dict.fromkeys(named))
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    answered = buyer.post(f"/orders/answer/{pk}", {
        "do": "answer", "version": version, f"answer-{lines[0]}": "accept", f"answer-{lines[1]}": "refuse",
        f"remark-{lines[1]}": "We need it"})  # fmt: skip
    assert answered.status_code == 302, answered.text
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["total_net"] == "42.60"
    page = desk.page(f"/orders/show/{pk}")
    assert "We need it" in page and "Agreed on a proposal" in page


def test_what_was_typed_is_kept_when_it_is_refused(rest, pk, sign_in):
    buyer = sign_in("buyer1")
    first, second = ids(rest, pk)
    refused = buyer.post(f"/orders/propose/{pk}", {f"quantity-{first}": "0", f"remark-{first}": "Half of it",
                                                   f"unit_price-{second}": "9.5", "note": "Dear team"})  # fmt: skip
    assert refused.status_code == 422
    for text in ("Enter a quantity greater than zero.", "Half of it", 'value="9.5"', "Dear team"):
        assert text in refused.text
    refused = buyer.post(f"/orders/propose/{pk}", {f"unit_price-{first}": "cheap"})
    assert refused.status_code == 422 and "Line 1: " in refused.text and 'value="cheap"' in refused.text
    propose(rest, pk, "reviewer")
    line = rest("buyer1").get(f"/orders/{pk}/proposals").json[0]["lines"][0]["id"]
    refused = buyer.post(f"/orders/answer/{pk}", {"do": "answer", f"answer-{line}": "counter",
                                                  f"quantity-{line}": "8", f"unit_price-{line}": "2"})  # fmt: skip
    assert refused.status_code == 422 and "This is what the other side proposes" in refused.text
    refused = buyer.post(f"/orders/answer/{pk}", {"do": "answer"})
    assert refused.status_code == 422 and "Answer every line: A-1." in refused.text


def test_a_counter_on_the_form_keeps_or_takes_back_a_substitute(rest, pk, sign_in):
    propose(rest, pk, "reviewer", substitute="C-3")
    buyer, api = sign_in("buyer1"), rest("buyer1")
    line = api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["id"]
    form = buyer.page(f"/orders/answer/{pk}")
    assert 'value="C-3"' in form
    sent = buyer.post(f"/orders/answer/{pk}", {
        "do": "answer", f"answer-{line}": "counter", f"substitute-{line}": "C-3", f"quantity-{line}": "6",
        f"unit_price-{line}": "3.80"})  # fmt: skip
    assert sent.status_code == 302, sent.text
    after = api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["after"]
    assert (after["sku"], after["unit_price"]) == ("C-3", "3.80")
    line = api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["id"]
    sent = sign_in("reviewer").post(f"/orders/answer/{pk}", {
        "do": "answer", f"answer-{line}": "counter", f"substitute-{line}": "", f"quantity-{line}": "5",
        f"unit_price-{line}": "2.5"})  # fmt: skip
    assert sent.status_code == 302, sent.text
    after = api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["after"]
    assert (after["sku"], after["unit_price"], after["quantity"]) == ("A-1", "2.50", "5")


def drawn(page, line):
    """The fields of a line as the form of an answer draws them: {name: value}."""
    tags = re.findall(rf'<input[^>]* name="(\w+)-{line}"([^>]*)>', page)
    found = {name: re.search(r'value="([^"]*)"', rest)[1] for name, rest in tags if name != "answer"}
    return {f"{name}-{line}": value for name, value in found.items() if name != "refuse"}


def counter(client, api, pk, **typed):
    """Counter the first line on the page, everything else as the form is drawn; the terms it has then."""
    line = api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["id"]
    form = drawn(client.page(f"/orders/answer/{pk}"), line) | {f"{name}-{line}": value for name, value in typed.items()}
    sent = client.post(f"/orders/answer/{pk}", {"do": "answer", f"answer-{line}": "counter", **form})
    assert sent.status_code == 302, sent.text
    return api.get(f"/orders/{pk}/proposals").json[0]["lines"][0]["after"]


def test_a_counter_on_the_form_leaves_the_discount_of_a_line_alone(rest, pk, people, sign_in):
    lines = [{"sku": "B-2", "quantity": "10", "discount_percent": "10"}]
    content = {"customer": people.one, "currency": "GBP", "lines": lines, "submit": True}
    pk = rest("reviewer").post("/orders/", content).json["id"]
    propose(rest, pk, "reviewer", quantity="8")
    after = counter(sign_in("buyer1"), rest("buyer1"), pk, quantity="9")
    assert (after["quantity"], after["unit_price"], after["discount_percent"]) == ("9", "10.00", "10")


def test_a_counter_on_the_form_says_nothing_of_a_quantity_nobody_touched(rest, pk, sign_in, open_work):
    with open_work() as work:
        line = work.session.get(Order, pk).lines[0]
        line.state, line.quantity_approved = "rejected", 0  # nothing of it could be promised
    propose(rest, pk, "reviewer", unit_price="2")
    after = counter(sign_in("buyer1"), rest("buyer1"), pk, unit_price="1.90")
    assert (after["quantity"], after["unit_price"]) == ("0", "1.90")


@pytest.mark.parametrize(("instead", "price"), [("", "2.50"), ("B-2", "10.00")])
def test_the_price_of_a_substitute_goes_with_it(rest, pk, sign_in, instead, price):
    propose(rest, pk, "reviewer", substitute="C-3", unit_price="3.50")
    after = counter(sign_in("buyer1"), rest("buyer1"), pk, substitute=instead, quantity="5")
    assert (after["sku"], after["unit_price"], after["quantity"]) == (instead or "A-1", price, "5")


@pytest.fixture
def day_and_price(rest, pk, open_work):
    """buyer1 proposes a day for one line, which staff may not agree to, and a price for the other: ids of the lines."""
    lines = [{"id": one, **row} for one, row in zip(ids(rest, pk), ({"requested_on": "2031-03-05"},
                                                                   {"unit_price": "9"}), strict=True)]  # fmt: skip
    assert rest("buyer1").post(f"/orders/{pk}/propose", {"lines": lines}).status_code == 200
    with open_work() as work:
        order_fields.apply_preset("S2r", None, work)  # no days for staff
    return [one["id"] for one in rest("buyer1").get(f"/orders/{pk}/proposals").json[0]["lines"]]


def marked(page):
    """The errors at the lines of the form of an answer: {id of the line: text}."""
    parts = re.findall(r'<fieldset class="proposal-line">(.*?)</fieldset>', page, re.S)
    wrong = [re.search(r'name="answer-(\d+)".*class="proposal-error".*?</i>\s*(.*?)</p>', one, re.S) for one in parts]
    return {int(one[1]): one[2] for one in wrong if one}


@pytest.mark.parametrize("form", [{"do": "accept"}, {"do": "answer"}])
def test_a_refused_answer_marks_the_line_it_is_about(pk, day_and_price, sign_in, form):
    day, cost = day_and_price
    typed = {f"answer-{day}": "accept", f"answer-{cost}": "counter", f"unit_price-{cost}": "9.50"}
    refused = sign_in("reviewer").post(f"/orders/answer/{pk}", form | (typed if form["do"] == "answer" else {}))
    assert refused.status_code == 422
    assert marked(refused.text) == {day: "You cannot change this of the line any more."}


def test_a_refusal_over_rest_names_the_row_that_was_sent_and_its_line(rest, pk, day_and_price):
    day, cost = day_and_price
    desk, lines = rest("reviewer"), ids(rest, pk)

    def refused(*rows, **more):
        answer = desk.post(f"/orders/{pk}/answer", {"lines": list(rows), **more})
        assert answer.status_code == 422
        return [(one["index"], one["line"]) for one in answer.json["details"]["lines"]]

    accept, refuse = ({"id": day, "answer": one} for one in ("accept", "refuse"))
    wrong, good = ({"id": cost, "answer": "counter", "unit_price": one} for one in ("-1", "9.50"))
    assert refused(refuse, wrong) == [(1, lines[1])]
    assert refused(wrong, rest="refuse") == [(0, lines[1])]
    assert refused(good, accept) == [(1, lines[0])]
    assert refused(good, rest="accept") == [(1, lines[0])]


def test_what_cannot_be_carried_out_names_the_line_that_was_accepted(rest, pk, sign_in, open_work):
    first, second = ids(rest, pk)
    lines = [{"id": first, "refuse": True}, {"id": second, "quantity": "4"}]
    assert rest("buyer1").post(f"/orders/{pk}/propose", {"lines": lines}).status_code == 200
    with open_work() as work:
        gone = work.session.scalars(select(Product).where(Product.sku == "B-2")).one()
        gone.archived_at = work.now
    refused = rest("reviewer").post(f"/orders/{pk}/answer", {"rest": "accept"})
    assert [(one["index"], one["line"]) for one in refused.json["details"]["lines"]] == [(1, second)]
    page = sign_in("reviewer").post(f"/orders/answer/{pk}", {"do": "accept"}).text
    told = rest("buyer1").get(f"/orders/{pk}/proposals").json[0]["lines"]
    assert list(marked(page)) == [told[1]["id"]]


def test_the_list_and_the_home_pages_say_that_a_proposal_waits(rest, pk, sign_in):
    propose(rest, pk)
    desk = sign_in("reviewer")
    assert "Proposals to answer" in desk.page("/")
    assert f"/orders/show/{pk}" in desk.page("/orders/list/?proposed_side=customer")
    assert f"/orders/show/{pk}" not in desk.page("/orders/list/?proposed_side=staff")
    assert "Proposal to answer" in desk.page("/orders/list/")
    rest("reviewer").post(f"/orders/{pk}/answer", {"rest": "refuse"})
    propose(rest, pk, "reviewer")
    assert "Waiting for you: answer our proposal." in sign_in("buyer1").page("/portal/")


def test_release_says_why_it_waits(rest, pk, sign_in):
    rest("reviewer").post(f"/orders/{pk}/approve")
    propose(rest, pk)
    answer = rest("buyer1").post(f"/orders/{pk}/release")
    assert (answer.status_code, answer.json["error"]) == (422, "proposal_open")
    assert "answer or withdraw it first" in sign_in("buyer1").page(f"/orders/show/{pk}")


def test_the_document_of_the_interface_describes_the_steps(rest, people):
    paths = rest("admin").get("/_openapi").json["paths"]
    asked = paths["/api/v1/orders/{pk}/propose"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(asked["properties"]) == {"version", "note", "lines"}
    line = asked["properties"]["lines"]["items"]["properties"]
    assert {"id", "quantity", "unit_price", "requested_on", "substitute", "refuse", "remark"} == set(line)
    asked = paths["/api/v1/orders/{pk}/answer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(asked["properties"]) == {"version", "proposal", "lines", "rest", "note"}
    told = paths["/api/v1/orders/{pk}/proposals"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"side", "state", "lines"} <= set(told["items"]["properties"])
    assert "/api/v1/orders/propose" not in paths  # what is said line by line is said to one order
