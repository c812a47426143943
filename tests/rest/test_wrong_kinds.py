"""Whatever kind of value a program sends in whatever field of whatever verb: it is told, and nothing breaks."""

import base64
import json
from urllib.parse import quote

import pytest

from app.answers import shape
from tests import makers

WRONG = (10**30, 1.5, True, None, [[1]], {"a": [1]}, "x" * 30_000)


@pytest.fixture
def order(people, open_work, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    given = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}], "submit": True}
    return rest("buyer1").post("/orders/", given).json["id"]


def bodies(paths):
    """(path, method, fields) of every verb that takes data."""
    for path, methods in sorted(paths.items()):
        for method in ("post", "put", "delete"):
            if method not in methods or "/security/" in path:
                continue
            content = methods[method].get("requestBody", {}).get("content", {}).get("application/json", {})
            yield path.removeprefix("/api/v1"), method, sorted(content.get("schema", {}).get("properties", {}))


def filled(path, pk):
    for name, value in (("{pk}", pk), ("{report}", "order_confirmation"), ("{kind}", "html")):
        path = path.replace(name, str(value))
    return path.replace("{", "").replace("}", "")


def single(fields):
    """The bodies to try: every field alone, and all of them together."""
    asked = [one for one in fields if one not in ("ids", "version", "versions", "background", "dry_run")]
    return [(one,) for one in asked] if len(asked) < 5 else [tuple(asked)]


def test_no_field_of_any_verb_breaks_on_any_kind_of_value(order, rest):
    admin, broken, tried = rest("admin"), [], 0
    for path, method, fields in bodies(admin.get("/_openapi").json["paths"]):
        for names in single(fields) or [("nonsense",)]:
            for value in WRONG if fields else WRONG[:3]:
                given = dict.fromkeys(names, value) | ({"ids": [order]} if "ids" in fields else {})
                answer = admin.call(method.upper(), filled(path, order), given)
                tried += 1
                if answer.status_code >= 500:
                    broken.append((method, path, names, str(value)[:20], answer.status_code))
    assert tried > 1000
    assert not broken, broken


def test_a_value_of_the_wrong_kind_is_told_by_its_field(order, rest):
    admin = rest("admin")
    for path, field in (("orders/{}/cancel", "reason"), ("orders/{}/reject", "reason"), ("orders/{}/approve", "note"),
                        ("contracts/{}/reject", "reason"), ("contracts/{}/terminate", "reason"),
                        ("invoices/{}/cancel", "reason"), ("credit_notes/{}/cancel", "reason"),
                        ("orders/{}/approve", "partial"), ("orders/{}/override", "reason")):  # fmt: skip
        for value in (5, 1.5, ["x"], {"x": 1}):
            answer = admin.post("/" + path.format(order), {field: value})
            assert (answer.status_code, answer.json["details"]) == (400, {"field": field}), (path, answer.json)


@pytest.mark.parametrize("path", ["/orders/{pk}/cancel", "/orders/cancel"])
def test_many_at_once_are_told_the_same(order, rest, path):
    answer = rest("admin").post(path.format(pk=order), {"reason": 5, **({} if "{" in path else {"ids": [order]})})
    assert (answer.status_code, answer.json["error"], answer.json["details"]) == (400, "bad_value", {"field": "reason"})


def test_a_nul_is_refused_in_every_door(order, rest, sign_in):
    nul = {"status": 400, "error": "bad_value", "details": {"field": "reason"}}
    answer = rest("admin").post(f"/orders/{order}/cancel", {"reason": "a\0b"})
    assert {"status": answer.status_code, **{k: answer.json[k] for k in ("error", "details")}} == nul
    deep = rest("admin").post("/orders/", {"lines": [{"sku": "A\0"}]})
    assert (deep.status_code, deep.json["details"]) == (400, {"field": "sku"})
    assert rest("admin").get("/orders/?lang=%00").status_code == 400
    page = sign_in("reviewer")
    assert page.get("/orders/list/?number=a%00b").status_code == 400
    assert page.post(f"/orders/step/{order}/cancel", {"reason": "a\0b"}).status_code == 400
    told = rest("admin").post(f"/orders/{order}/cancel", {"reason": r"written out: \u0000"})
    assert told.status_code == 200, told.json


def test_a_customer_cannot_lose_its_branch(people, rest):
    answer = rest("admin").post("/customers/", {"name": "x", "branch": None})
    assert (answer.status_code, answer.json["details"]) == (400, {"field": "branch"})


@pytest.mark.parametrize("path", ["/orders/{pk}/approve", "/orders/approve", "/orders/{pk}/release"])
def test_a_step_refuses_fields_that_it_does_not_know(order, rest, path):
    given = {"nonsense": 1, **({} if "{" in path else {"ids": [order]})}
    answer = rest("admin").post(path.format(pk=order), given)
    assert answer.status_code == 400, answer.json
    message = answer.json["message"]
    assert answer.json == shape("unknown_fields", message, {"fields": ["nonsense"]}) and "nonsense" in message
    assert rest("admin").get(f"/orders/{order}").json["result"]["state"] == "submitted"


def test_what_was_meant_for_us_is_not_published(people, rest):
    buyer, support = rest("buyer1"), rest("support")
    pk = buyer.post("/tickets/", {"subject": "Late", "text": "Where is it?"}).json["id"]
    for path, name in ((f"/tickets/{pk}/answer", "answer"), ("/messages/", "message")):
        given = {"text": "between us", "internal": True}
        if name == "message":
            given |= {"noun": "ticket", "record": pk}
        answer = support.post(path, given)
        assert (answer.status_code, answer.json["error"]) == (400, "unknown_fields"), (name, answer.json)


@pytest.mark.parametrize("verb", ["reject", "cancel", "request_deletion"])
def test_a_reason_of_blanks_is_no_reason(order, rest, verb):
    answer = rest("reviewer").post(f"/orders/{order}/{verb}", {"reason": " \n "})
    assert answer.status_code == 422, answer.json
    assert "reason" in (answer.json["details"].get("fields") or answer.json["details"]["field"]), answer.json
    assert rest("reviewer").get(f"/orders/{order}").json["result"]["state"] == "submitted"


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\0"])
def test_half_a_character_is_refused_in_every_door(order, rest, text):
    admin = rest("admin")
    sent = {"data": json.dumps({"reason": text}), "content_type": "application/json", "headers": admin.headers}
    answer = admin.http.post(f"/api/v1/orders/{order}/cancel", **sent)
    assert answer.status_code == 400 and answer.json["error"] in ("bad_value", "malformed"), answer.json
    asked = quote(json.dumps({"filters": [{"col": "reference", "opr": "eq", "value": text}]}))
    assert admin.get(f"/orders/?q={asked}").status_code == 400


@pytest.mark.parametrize("mark", ["[{},1]", '["\\u0000",1]', '["\\ud800",1]', "[1e400,1]", '["A",1e400]', '["A",-1]'])
def test_a_mark_that_is_none_of_ours_is_refused(order, rest, sign_in, mark):
    after = base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")
    for column in ("number", "state", "id"):
        told = rest("admin").get(f"/orders/?q=(order_column:{column})&after={after}")
        assert (told.status_code, told.json["error"]) in ((400, "bad_page"), (400, "bad_order")), told.json
        assert sign_in("reviewer").get(f"/orders/list/?order={column}&after={after}").status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_nobody_does_business_on_is_refused(order, people, rest, sign_in, day):
    buyer = rest("buyer1")
    given = {"currency": "GBP", "requested_on": day, "lines": [{"sku": "A-1", "quantity": "1"}]}
    for path in ("/orders/", "/quotes/"):
        told = buyer.post(path, given)
        assert (told.status_code, told.json["error"]) == (400, "bad_value"), (path, told.json)
    term = {"customer": people.one, "title": "x", "starts_on": day, "months": 12}
    assert rest("reviewer").post("/contracts/", term).status_code == 400
    for name in ("from", "until"):
        assert sign_in("reviewer").get(f"/orders/list/?{name}={day}").status_code < 500


def test_values_of_the_wrong_kind_are_told(order, people, rest):
    admin = rest("admin")
    for value in (["x"], {"a": 1}):
        told = admin.post("/orders/", {"customer": people.one, "channel": value, "lines": []})
        assert (told.status_code, told.json["details"]["field"]) == (400, "channel")
    assert admin.post("/assignment_rules/", {"name": "x", "mode": "person", "user_ids": -1}).status_code in (400, 422)
    made = admin.post("/contacts/", {"customer": people.one, "name": "Ann", "language": "klingon"})
    assert (made.status_code, made.json["error"]) == (422, "language_unknown")


@pytest.mark.parametrize("step", ["split", "propose", "answer"])
def test_lines_nested_without_end_are_refused(order, sign_in, step):
    answer = sign_in("reviewer").post(f"/orders/step/{step}/{order}", {"lines": "[" * 3000})
    assert answer.status_code < 500


def test_a_key_is_the_same_with_and_without_the_closing_slash(order, rest):
    buyer = rest("buyer1")
    given = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "1"}]}
    headers = buyer.headers | {"Idempotency-Key": "one-order"}
    ids = {buyer.http.post(f"/api/v1{path}", json=given, headers=headers).json["id"]
           for path in ("/orders/", "/orders", "/orders/?lang=fa")}  # fmt: skip
    assert len(ids) == 1
