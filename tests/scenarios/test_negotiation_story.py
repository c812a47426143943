"""Three rounds about an order: a customer wants more for less, we have too little of one thing, both meet."""

from datetime import date, timedelta

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from models.orders import Reservation
from tests import makers

LATER = (date.today() + timedelta(days=21)).isoformat()  # the doors look at the clock


def kept(open_work):
    with open_work() as work:
        return work.session.scalar(select(func.coalesce(func.sum(Reservation.quantity), 0)))


def test_an_order_is_negotiated_line_by_line_in_three_rounds(people, rest, sign_in, jobs, mails, open_work):
    with open_work() as work:
        customer = makers.customer_of(work, people.one)
        customer.email = "office@acme.example"
        work.session.get(User, people.ids["reviewer"]).email = "rita@serai.example"
        makers.make_address(work, customer)
        for sku, price, pieces in (("CUPS", "4", 200), ("TRAY", "12", 40), ("JUG", "9", 40), ("LID", "1", 40)):
            makers.make_product(work, sku=sku, price=price, stock_of=pieces, names={"en": sku.title()})
    buyer, desk, api = sign_in("buyer1"), sign_in("reviewer"), rest("buyer1")
    wanted = [{"sku": "CUPS", "quantity": "100"}, {"sku": "TRAY", "quantity": "10"}, {"sku": "LID", "quantity": "5"}]
    pk = api.post("/orders/", {"currency": "GBP", "lines": wanted, "submit": True}).json["id"]
    assert rest("reviewer").post(f"/orders/{pk}/approve").json["state"] == "confirmed"
    cups, tray, lid = (one["id"] for one in api.get(f"/orders/{pk}").json["result"]["lines"])
    assert (api.get(f"/orders/{pk}").json["result"]["total_net"], kept(open_work)) == ("525.00", 115)

    # first round: the customer proposes on the page; nothing is given back, nothing can be sent off
    sent = buyer.post(f"/orders/propose/{pk}", {
        f"quantity-{cups}": "150", f"unit_price-{cups}": "3.20", f"refuse-{lid}": "1", f"requested_on-{tray}": LATER,
        "note": "We open a second shop."})  # fmt: skip
    assert sent.status_code == 302, sent.text
    jobs()
    assert kept(open_work) == 115
    assert api.post(f"/orders/{pk}/release").json["error"] == "proposal_open"
    page = desk.page(f"/orders/show/{pk}")
    assert "Waiting for you: answer the customer" in page and "We open a second shop." in page

    # second round: the lid goes, the day is fine, the cups cost more, and the tray could be a jug
    lines = rest("reviewer").get(f"/orders/{pk}/proposals").json[0]["lines"]
    assert [one["before"]["sku"] for one in lines] == ["CUPS", "TRAY", "LID"]
    said = {f"answer-{lines[0]['id']}": "counter", f"unit_price-{lines[0]['id']}": "3.60",
            f"quantity-{lines[0]['id']}": "150", f"remark-{lines[0]['id']}": "Three sixty is our limit",
            f"answer-{lines[1]['id']}": "counter", f"substitute-{lines[1]['id']}": "JUG",
            f"answer-{lines[2]['id']}": "accept"}  # fmt: skip
    assert desk.post(f"/orders/answer/{pk}", {"do": "answer", **said}).status_code == 302
    jobs()
    result = api.get(f"/orders/{pk}").json["result"]
    assert (result["state"], result["total_net"], kept(open_work)) == ("confirmed", "520.00", 110)  # without the lid
    page = buyer.page(f"/orders/show/{pk}")
    assert "Waiting for you: answer our proposal." in page and "Three sixty is our limit" in page
    assert "Jug" in page and "Reviewer" not in page

    # third round: the cups are agreed on, the tray stays a tray but comes later; we take that
    first, second = api.get(f"/orders/{pk}/proposals").json[0]["lines"]
    answer = {"lines": [
        {"id": first["id"], "answer": "accept"},
        {"id": second["id"], "answer": "counter", "substitute": "TRAY", "requested_on": LATER},
    ]}  # fmt: skip
    assert api.post(f"/orders/{pk}/answer", answer).status_code == 200
    result = api.get(f"/orders/{pk}").json["result"]
    assert (result["state"], result["total_net"], kept(open_work)) == ("confirmed", "660.00", 160)
    assert rest("reviewer").post(f"/orders/{pk}/answer", {"rest": "accept"}).status_code == 200
    jobs()

    result = api.get(f"/orders/{pk}").json["result"]
    names = ("sku", "quantity_approved", "unit_price", "requested_on")
    assert [tuple(one[name] for name in names) for one in result["lines"]] == [
        ("CUPS", "150", "3.60", None), ("TRAY", "10", "12.00", LATER)]  # fmt: skip
    assert (result["proposed_side"], kept(open_work)) == (None, 160)
    assert [one["step"] for one in api.get(f"/orders/{pk}/changes").json] == ["answer"] * 3
    assert [one["state"] for one in api.get(f"/orders/{pk}/proposals").json] == ["answered"] * 3
    subjects = [str(one["subject"]) for one in mails()]
    for words in ("proposes something else for the order", "answered your proposal", "answered our proposal"):
        assert any(words in one for one in subjects), (words, subjects)
    assert api.post(f"/orders/{pk}/release").json["state"] == "released"
