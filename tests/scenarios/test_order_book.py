"""A reviewer works off an imported order book: filter, approve all that match, confirm in Persian."""

import re

import pytest

from views import bulk

SUBMITTED = "(filters:!((col:state,opr:eq,value:submitted)),page_size:100)"


@pytest.fixture
def background(monkeypatch):
    """A handful of rows is many: the step on them runs as a job."""
    monkeypatch.setattr(bulk, "AT_ONCE", 5)


def numbers_of(page):
    """Record ids that a list links to, in their order."""
    return [int(one) for one in dict.fromkeys(re.findall(r'data-url="/orders/show/(\d+)"', page))]


def persian(text, number, day):
    """What an order confirmation in Persian shows: its title and number, the day it was ordered in the Jalali calendar.

    The reader of PDF turns digits that follow Persian letters around.
    """
    assert number in text
    assert "تأییدیه سفارش" in text
    assert day in text or day[::-1] in text, text
    assert "مشتری" in text and "Order confirmation" not in text


def test_the_book_is_worked_off_on_screens(book, background, sign_in, jobs, words):
    reviewer = sign_in("reviewer")
    narrow = reviewer.page("/orders/list/?state=submitted&from=2010-12-21&until=2010-12-21&customer_name=walk")
    assert len(numbers_of(narrow)) == 1 and "539718" in narrow and "539487" not in narrow

    answer = reviewer.post(
        "/orders/action_post", {"action": "approve", "all_matching": "1", "query": "?state=submitted"}
    )
    progress = answer.location
    assert re.fullmatch(r"/runs/show/\d+", progress), "so many go to the background"
    assert "Waiting" in reviewer.page(progress)
    assert "bulk.run" in jobs()

    page = reviewer.page(progress)
    total = book["orders"]
    told = re.search(rf"{total} of {total} handled, (\d+) refused", page)
    refused = int(told[1])
    assert 0 < refused < total
    assert page.count('data-label="Reason">') == refused and "stock" in page

    left = reviewer.page("/orders/list/?state=submitted")
    assert f"{refused} record" in left
    page = reviewer.page("/orders/list/?state=confirmed&number=539718")
    [order] = numbers_of(page)
    shown = reviewer.page(f"/orders/show/{order}")
    assert "Confirmed" in shown and "Release the order when it may be shipped." in shown
    pdf = reviewer.get(f"/orders/document/{order}/order_confirmation.pdf?lang=fa")
    assert pdf.mimetype == "application/pdf"
    persian(words(pdf.data), "539718", "۱۳۸۹/۰۹/۳۰")


def test_the_book_is_worked_off_over_rest(book, rest, words):
    reviewer = rest("reviewer")
    found = reviewer.get(f"/orders/?q={SUBMITTED}").json
    assert found["count"] == len(found["result"]) == book["orders"]
    ids = [row["id"] for row in found["result"]]

    outcome = reviewer.post("/orders/approve", {"ids": [*ids, 999_999]}).json
    refused = {one["id"]: one for one in outcome["refused"]}
    assert refused.pop(999_999)["error"] == "not_found"
    assert sorted([*outcome["done"], *refused]) == sorted(ids)
    assert {one["error"] for one in refused.values()} == {"out_of_stock"}
    assert all(one["message"] for one in refused.values())
    left = reviewer.get(f"/orders/?q={SUBMITTED}").json
    assert {row["id"] for row in left["result"]} == set(refused)

    found = reviewer.get("/orders/?q=(filters:!((col:number,opr:eq,value:'539718')))").json["result"]
    order = found[0]["id"]
    assert order in outcome["done"]
    result = reviewer.get(f"/orders/{order}").json["result"]
    assert result["state"] == "confirmed"
    assert all(line["quantity_approved"] == line["quantity_ordered"] for line in result["lines"])
    pdf = reviewer.get(f"/orders/{order}/documents/order_confirmation.pdf?lang=fa")
    persian(words(pdf.data), "539718", "۱۳۸۹/۰۹/۳۰")
    actions = [one["action"] for one in reviewer.get(f"/orders/{order}/history").json]
    assert actions[0] == "approve"
