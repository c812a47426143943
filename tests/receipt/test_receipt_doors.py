"""Receipt, ratings and refund proposals through their doors: screens and REST, for both sides."""

import re

import pytest
from flask_appbuilder.security.sqla.models import User

from app.core.settings import SettingValue
from app.rules import invoices, orders, payments
from models.notifications import Notification
from models.orders import Order
from tests import makers


@pytest.fixture(autouse=True)
def reachable(people, open_work):
    """Everybody has an address that mail can be sent to."""
    with open_work() as work:
        for user in work.session.query(User):
            user.email = f"{user.username}@example.com"


@pytest.fixture
def released(people, open_work):
    """A released order of customer 1 in whose stock everything is."""
    with open_work() as work:
        customer = makers.customer_of(work, people.one)
        made = makers.make_order(work, customer, (makers.make_product(work, price="2", stock_of=9), 4, 2))
        for verb in ("submit", "approve", "release"):
            orders.FLOW.run_one(verb, made)
        made.handler_id = people.ids["support"]
        return made.id


@pytest.fixture
def cancelled(people, open_work):
    """An order of customer 1 with a confirmed payment request, paid, then cancelled by us."""
    with open_work() as work:
        order = makers.make_confirmed_order(work, makers.customer_of(work, people.one), (makers.make_product(work), 1))
        asked = invoices.from_order(order, work, "payment_request")
        work.session.flush()
        invoices.FLOW.run_one("issue", asked)
        payment = makers.make_payment(work, order.customer, 10, invoice_id=asked.id)
        payments.FLOW.run_one("confirm", payment)
        orders.FLOW.run_one("cancel", order, reason="Not made any more")
        return order.id


def delete(open_work, pk):
    """Somebody asks for the deletion of an order, somebody else approves it."""
    for verb in ("request_deletion", "approve_deletion"):
        with open_work():
            orders.FLOW.run_one(verb, pk, reason="Entered twice")


def plain(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def told(open_work, name):
    with open_work() as work:
        return sorted(row.to for row in work.session.query(Notification).filter_by(name=name))


# --- receipt and rating ------------------------------------------------------------------------


def test_a_customer_confirms_receipt_and_rates_on_screens(released, people, sign_in, jobs, open_work):
    buyer, desk = sign_in("buyer1"), sign_in("reviewer")
    shown = f"/orders/show/{released}"
    page = buyer.page(shown)
    assert "Confirm receipt" in page and "Very satisfied" in page
    assert "do-receive" not in desk.page(shown), "we complete; only customers confirm receipt"
    assert buyer.post(f"/orders/step/receive/{released}", {"stars": "2", "comment": "A cup was broken."}).location
    assert "You have confirmed receipt. Thank you." in buyer.page(shown)
    jobs()
    page = plain(buyer.page(shown))
    assert "Completed" in page and "A cup was broken." in page and "★★☆☆☆" in page
    assert "Rate the order" not in page, "it is rated"
    page = plain(desk.page(shown))
    assert "The customer" in page and "Buyer1" in page and "Note satisfaction" in page
    assert told(open_work, "order_completed") == [], "who confirmed receipt is not asked whether he has it"
    assert told(open_work, "rating_low") == ["admin@example.com", "supervisor@example.com", "support@example.com"]
    assert "A cup was broken." in desk.page("/ratings/list/?stars=2")
    assert "A cup was broken." not in desk.page("/ratings/list/?stars=3")
    assert f"/orders/show/{released}" in desk.page("/orders/list/?rating=2")
    assert f"/orders/show/{released}" not in desk.page("/orders/list/?rating=5")
    assert "2 of 5, one order" in plain(desk.page(f"/customers/show/{people.one}"))
    assert desk.get("/ratings/export/csv").status_code == 200


def test_the_form_of_a_rating_keeps_what_was_typed(released, sign_in, jobs):
    buyer, desk = sign_in("buyer1"), sign_in("reviewer")
    desk.post(f"/orders/step/complete/{released}")
    assert "Rate the order" in buyer.page(f"/orders/show/{released}")
    address = f"/ratings/rate/{released}"
    assert "Very satisfied" in buyer.page(address)
    refused = buyer.post(address, {"stars": "", "comment": "Kept as typed"})
    assert refused.status_code == 422
    assert "Choose one to five stars." in refused.text and "Kept as typed" in refused.text
    assert buyer.post(address, {"stars": "4", "comment": "Good"}).location.endswith(f"/orders/show/{released}#ratings")
    again = buyer.post(address, {"stars": "5", "comment": "Again"})
    assert again.status_code == 422 and "has been rated already" in again.text
    change = re.search(r"/ratings/change/\d+", buyer.page(f"/orders/show/{released}"))[0]
    assert "Good" in buyer.page(change)
    buyer.post(change, {"stars": "3", "comment": "Good, but late"})
    page = buyer.page(f"/orders/show/{released}")
    assert "★★★☆☆" in page and "Good, but late" in page
    assert change not in desk.page(f"/orders/show/{released}"), "what the customer said is his"
    assert desk.post(change, {"stars": "5", "comment": "x"}).status_code in (403, 422)
    stranger = sign_in("buyer3")
    assert stranger.get(change).status_code == 404
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"stars": "1"}).status_code == 404


def test_staff_note_satisfaction_that_the_customer_never_sees(released, sign_in, rest):
    desk, buyer = sign_in("reviewer"), sign_in("buyer1")
    desk.post(f"/orders/step/complete/{released}", {"stars": "4", "comment": "Told me on the telephone"})
    shown = f"/orders/show/{released}"
    assert "Told me on the telephone" in desk.page(shown)
    page = buyer.page(shown)
    assert "Told me on the telephone" not in page and "★★★★☆ Satisfied" not in plain(page)
    assert rest("buyer1").get("/ratings/").json["result"] == []
    one = rest("buyer1").get(f"/orders/{released}").json["result"]
    assert "rating" not in one and one["ratings"] == []
    for entry in rest("buyer1").get(f"/orders/{released}/history").json:
        assert "rating" not in entry["changes"], "neither in the history"
    assert "Told me on the telephone" not in str(rest("buyer1").get(f"/orders/{released}/history").json)


def test_satisfaction_noted_over_rest_leaves_no_trace_for_the_customer(released, sign_in, rest):
    desk, buyer, screen = rest("reviewer"), rest("buyer1"), sign_in("buyer1")
    sign_in("reviewer").post(f"/orders/step/complete/{released}")

    def told():
        return buyer.get(f"/orders/{released}/history").json, screen.page(f"/orders/show/{released}").count("Our team")

    before = told()
    noted = desk.post("/ratings/", {"order": released, "stars": 2}).json["result"]
    assert told() == before
    assert desk.put(f"/ratings/{noted['id']}", {"stars": 3}).status_code == 200
    assert told() == before
    assert [one["changes"]["rating"] for one in desk.get(f"/orders/{released}/history").json[:2]] == [[2, 3], [None, 2]]
    own = buyer.post("/ratings/", {"order": released, "stars": 4}).json["id"]
    (made,) = buyer.get(f"/ratings/{own}/history").json
    assert "stars" in made["changes"] and "branch_id" not in made["changes"]


def test_receipt_and_rating_over_rest(released, people, rest, jobs):
    buyer, desk = rest("buyer1"), rest("reviewer")
    offered = {one["name"]: one["enabled"] for one in buyer.get(f"/orders/{released}/transitions").json}
    assert offered["receive"] and "complete" not in offered
    assert buyer.post("/ratings/", {"order": released, "stars": 5}).json["error"] == "not_received"
    assert desk.post(f"/orders/{released}/receive").status_code == 403
    assert rest("buyer3").post(f"/orders/{released}/receive").status_code == 404
    answer = buyer.post(f"/orders/{released}/receive")
    assert (answer.status_code, answer.json["state"]) == (200, "released")
    assert buyer.post(f"/orders/{released}/receive").status_code == 409
    jobs()
    assert buyer.get(f"/orders/{released}").json["result"]["state"] == "completed"

    made = buyer.post("/ratings/", {"order": released, "stars": 4, "comment": "Good"})
    assert made.status_code == 201, made.text
    result = made.json["result"]
    assert (result["stars"], result["comment"], result["source"]) == (4, "Good", "customer")
    assert result["open_until"] > result["created_at"]
    assert buyer.post("/ratings/", {"order": released, "stars": 1}).status_code == 409
    changed = buyer.put(f"/ratings/{made.json['id']}", {"stars": 5, "version": result["version"]})
    assert (changed.status_code, changed.json["result"]["stars"], changed.json["result"]["comment"]) == (200, 5, "Good")
    assert buyer.put(f"/ratings/{made.json['id']}", {"stars": 1, "version": 1}).json["error"] == "stale"
    assert desk.put(f"/ratings/{made.json['id']}", {"stars": 1}).status_code == 403
    assert desk.delete(f"/ratings/{made.json['id']}").status_code == 403
    assert [one["changes"]["stars"] for one in buyer.get(f"/ratings/{made.json['id']}/history").json] == [
        [4, 5], [None, 4]]  # fmt: skip
    assert desk.post("/ratings/", {"order": released, "stars": 3}).json["result"]["source"] == "handler"
    assert desk.get(f"/orders/{released}").json["result"]["rating"] == 5
    query = f"(filters:!((col:order,opr:rel_o_m,value:{released}),(col:stars,opr:gt,value:4)))"
    assert [one["source"] for one in desk.get(f"/ratings/?q={query}").json["result"]] == ["customer"]
    assert len(desk.get("/orders/?q=(filters:!((col:rating,opr:eq,value:5)))").json["result"]) == 1
    assert rest("buyer3").get(f"/ratings/{made.json['id']}").status_code == 404


@pytest.mark.parametrize("given", [
    {}, {"order": None, "stars": 5}, {"order": "1", "stars": 5}, {"order": 10**30, "stars": 5},
    {"order": True, "stars": 1}, {"order": -1, "stars": 3}, {"order": 2**62, "stars": 3}, {"stars": "5"},
    {"stars": 0}, {"stars": 6}, {"stars": 4.5}, {"stars": [5]}, {"stars": 5, "comment": 7}, {"stars": 5, "source": "x"},
    {"stars": 5, "comment": "x" * 2001}, {"stars": 5, "comment": "a\0b"}, {"stars": 5, "customer": 2},
])  # fmt: skip
def test_a_rating_that_is_not_well_formed_is_refused(released, rest, open_work, given):
    with open_work() as work:
        orders.FLOW.run_one("complete", released)
        work.session.flush()
    whole = {"order": released, **given} if "order" not in given and given else given
    answer = rest("buyer1").post("/ratings/", whole)
    assert 400 <= answer.status_code < 500, (given, answer.text)
    assert rest("buyer1").get("/ratings/").json["result"] == []


def test_a_rating_can_no_longer_be_changed_once_its_days_are_over(released, rest, sign_in, open_work):
    with open_work() as work:
        orders.FLOW.run_one("complete", released)
        work.session.add(SettingValue(name="RATING_CHANGE_DAYS", scope="system", scope_id=0, value=-1))
    made = rest("buyer1").post("/ratings/", {"order": released, "stars": 4}).json["id"]
    assert rest("buyer1").put(f"/ratings/{made}", {"stars": 5}).json["error"] == "rating_closed"
    assert f"/ratings/change/{made}" not in sign_in("buyer1").page(f"/orders/show/{released}")


def test_the_rating_of_an_order_that_was_deleted_can_be_read_but_not_changed(released, rest, sign_in, jobs, open_work):
    sign_in("reviewer").post(f"/orders/step/complete/{released}")
    made = rest("buyer1").post("/ratings/", {"order": released, "stars": 1}).json["id"]
    delete(open_work, released)
    jobs()
    assert "supervisor@example.com" in told(open_work, "rating_low"), "what was said is heard all the same"
    for door in (rest("buyer1"), rest("reviewer")):
        assert door.get(f"/ratings/{made}").json["result"]["stars"] == 1
    answer = rest("buyer1").put(f"/ratings/{made}", {"stars": 5})
    assert (answer.status_code, answer.json["error"]) == (404, "not_found")
    buyer, desk = sign_in("buyer1"), sign_in("reviewer")
    assert buyer.get(f"/ratings/change/{made}").status_code == 404
    assert buyer.post(f"/ratings/change/{made}", {"stars": "5"}).status_code == 404
    assert "★☆☆☆☆" in plain(desk.page("/ratings/list/"))


# --- refunds -----------------------------------------------------------------------------------


def test_finance_finds_and_confirms_a_proposed_refund_on_screens(cancelled, people, sign_in, jobs, open_work):
    jobs()
    finance, buyer = sign_in("finance"), sign_in("buyer1")
    assert told(open_work, "refund_proposed") == ["admin@example.com", "finance@example.com"]
    assert "Refunds to decide on" in finance.page("/")
    assert "Refund proposals" in finance.page("/my_work/")
    page = finance.page("/refund_proposals/list/?state=proposed")
    address = re.search(r"/refund_proposals/show/\d+", page)[0]
    assert "£10.00" in finance.page(address) and "Has the money been sent back" in finance.page(address)
    assert address in finance.page(f"/orders/show/{cancelled}")
    assert buyer.get("/refund_proposals/list/").status_code in (302, 403)
    assert buyer.get(address).status_code in (302, 403)
    assert "Refund proposals" not in buyer.page(f"/orders/show/{cancelled}")
    pk = address.rsplit("/", 1)[1]
    assert "do-confirm" not in sign_in("supervisor").page(address), "a supervisor looks, finance decides"
    finance.post(f"/refund_proposals/step/dismiss/{pk}", {"reason": " "})
    finance.post(f"/refund_proposals/step/confirm/{pk}")
    jobs()
    page = plain(finance.page(address))
    assert "Refunded" in page
    with open_work() as work:
        assert work.session.get(Order, cancelled).payment == "unpaid"
    assert told(open_work, "payment_refunded"), "the customer hears that his money goes back"
    assert "Refunds to decide on" in finance.page("/")


def test_a_refund_is_confirmed_when_its_order_has_been_deleted(cancelled, sign_in, rest, jobs, open_work):
    delete(open_work, cancelled)
    jobs()
    assert told(open_work, "refund_proposed") == ["admin@example.com", "finance@example.com"]
    finance = sign_in("finance")
    address = re.search(r"/refund_proposals/show/\d+", finance.page("/refund_proposals/list/?state=proposed"))[0]
    assert "£10.00" in finance.page(address)
    pk = address.rsplit("/", 1)[1]
    assert rest("finance").get(f"/refund_proposals/{pk}").json["result"]["amount"] == "10.00"
    finance.post(f"/refund_proposals/step/confirm/{pk}")
    jobs()
    with open_work() as work:
        number = work.session.get(Order, cancelled, execution_options={"with_deleted": True}).number
        mails = work.session.query(Notification).filter_by(name="payment_refunded").all()
        assert [one.to for one in mails] == ["buyer1@example.com", "buyer2@example.com"]
        assert all(number in one.subject and number in one.body for one in mails)


def test_a_proposed_refund_over_rest(cancelled, rest):
    finance = rest("finance")
    found = finance.get("/refund_proposals/?q=(filters:!((col:state,opr:eq,value:proposed)))").json["result"]
    assert [(one["amount"], one["currency"], one["order"]["id"]) for one in found] == [("10.00", "GBP", cancelled)]
    pk = found[0]["id"]
    assert rest("buyer1").get("/refund_proposals/").status_code == 403
    assert rest("reviewer").post(f"/refund_proposals/{pk}/confirm").status_code == 403
    assert finance.post(f"/refund_proposals/{pk}/dismiss", {}).status_code == 422, "a reason is asked for"
    answer = finance.post(f"/refund_proposals/{pk}/dismiss", {"reason": "Kept for the next order"})
    assert answer.json["state"] == "dismissed"
    assert finance.post(f"/refund_proposals/{pk}/confirm").status_code == 409
    assert finance.get(f"/refund_proposals/{pk}/history").json[0]["note"] == "Kept for the next order"
