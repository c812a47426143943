"""After the goods: released, talked about, received, rated, and a bad word heard by those who can mend it."""

import re

import pytest
from flask_appbuilder.security.sqla.models import User

from tests import makers


@pytest.fixture
def goods(people, open_work):
    """Something in stock, and people who can be written to."""
    with open_work() as work:
        makers.make_product(work, sku="CUP", price="2.50", stock_of=100)
        for user in work.session.query(User):
            user.email = f"{user.username}@example.com"


def plain(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def subjects(mails):
    return [(mail["To"], mail["Subject"]) for mail in mails()]


def test_from_the_release_to_the_rating(goods, people, sign_in, rest, jobs, mails):
    buyer, reviewer, warehouse = (sign_in(one) for one in ("buyer1", "reviewer", "warehouse"))
    given = {"currency": "GBP", "lines": [{"sku": "CUP", "quantity": "20"}], "submit": True}
    order = buyer.json("/orders/save", given).json
    shown, pk = order["url"], order["id"]
    reviewer.post(f"/orders/step/approve/{pk}")
    reviewer.post(f"/orders/step/assign/{pk}", {"handler": str(people.ids["support"])})
    assert f"/orders/step/receive/{pk}" not in buyer.page(shown), "nothing is on its way yet"
    buyer.post(f"/orders/step/release/{pk}")
    jobs()

    # they talk: the customer asks, his handler is told; the answer is told to the customer's people, not to its author
    buyer.post(f"/messages/write/order/{pk}", {"text": "When does it come?"})
    jobs()
    asked = [to for to, subject in subjects(mails) if "New message" in subject]
    assert asked == ["support@example.com"]
    support = sign_in("support")
    assert "Unread: 1" in support.page("/orders/list/")
    assert "When does it come?" in support.page(shown) and "Unread: 1" not in support.page("/orders/list/")
    support.post(f"/messages/note/order/{pk}", {"note-text": "He is in a hurry."})
    support.post(f"/messages/write/order/{pk}", {"text": "On Thursday."})
    held = {"channel": "phone", "direction": "out", "held_on": "2026-11-20", "held_time": "10:00",
            "contact": "Buyer1", "text": "Promised Thursday morning."}  # fmt: skip
    support.post(f"/log_entries/enter/order/{pk}", held)
    jobs()
    answered = {to for to, subject in subjects(mails) if "New message" in subject} - {"support@example.com"}
    assert answered == {"buyer1@example.com", "buyer2@example.com"}
    page = buyer.page(shown)
    assert "On Thursday." in page and "He is in a hurry." not in page and "Promised Thursday" not in page

    # the customer has everything, says so and how he liked it; the house completes the order
    buyer.post(f"/orders/step/receive/{pk}", {"stars": "1", "comment": "Half of the cups were broken."})
    jobs()
    page = plain(buyer.page(shown))
    assert "Completed" in page and "Receipt confirmed" in page and "Half of the cups were broken." in page
    heard = {to for to, subject in subjects(mails) if "was rated" in subject}
    assert heard == {"support@example.com", "supervisor@example.com", "admin@example.com"}
    with_stock = rest("warehouse").get(f"/orders/{pk}").json["result"]
    assert (with_stock["state"], with_stock["shipping"], with_stock["rating"]) == ("completed", "full", 1)

    # we make good for it; he thinks again, and the history keeps both
    change = re.search(r"/ratings/change/\d+", buyer.page(shown))[0]
    buyer.post(change, {"stars": "4", "comment": "New cups came the next day."})
    assert "★★★★☆" in reviewer.page(shown)
    rating = rest("buyer1").get(f"/ratings/{change.rsplit('/', 1)[1]}/history").json
    assert [one["changes"]["stars"] for one in rating] == [[1, 4], [None, 1]]
    assert "4 of 5, one order" in plain(reviewer.page(f"/customers/show/{people.one}"))
    support.post(f"/ratings/rate/{pk}", {"stars": "3", "comment": "Still a little cross on the telephone."})
    assert "a little cross" in reviewer.page(shown) and "a little cross" not in buyer.page(shown)
    assert rest("reviewer").get(f"/orders/{pk}").json["result"]["rating"] == 4, "his own word counts"
    assert warehouse.get(f"/orders/show/{pk}").status_code == 200
