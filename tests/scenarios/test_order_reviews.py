"""Two stories of reviewing: the order a supervisor decides about, and the branch whose order head office deletes."""

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from models.approvals import ApprovalRule
from models.orders import Order, OrderType, Reservation
from models.organisation import Branch
from models.people import Person
from tests import makers


@pytest.fixture
def goods(people, open_work):
    """A product of which forty are there, and the address it goes to."""
    with open_work() as work:
        makers.make_address(work, makers.customer_of(work, people.one))
        makers.make_product(work, sku="A-1", price="100", stock_of=40)


def order(rest, quantity):
    lines = [{"sku": "A-1", "quantity": str(quantity)}]
    made = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": lines, "submit": True})
    assert made.status_code == 201, made.json
    return made.json["id"]


def subjects(mails, to):
    return [str(one["subject"]) for one in mails() if to in str(one["to"])]


def test_a_large_order_goes_through_supervisor_change_and_second_approval(goods, rest, sign_in, open_work, jobs):
    with open_work() as work:
        work.session.add(ApprovalRule(name="Large", over_amount=2000, currency_code="GBP",
                                      texts={"en": "Orders above 2,000 GBP", "ro": "Comenzi de peste 2.000 GBP"}))
        work.session.get(OrderType, 1).confirmation = "auto_stock_check"
    pk = order(rest, 30)
    jobs()  # the system would confirm by itself, but a rule asks for a supervisor
    reviewer, supervisor, buyer = sign_in("reviewer"), sign_in("supervisor"), sign_in("buyer1")
    page = reviewer.page(f"/orders/show/{pk}")
    assert "A supervisor has to decide about this order: Orders above 2,000 GBP." in page
    spoken = reviewer.page(f"/orders/show/{pk}?lang=ro")
    assert "Comenzi de peste 2.000 GBP" in spoken and "Orders above" not in spoken
    reviewer.page("/orders/list/?lang=en")
    reviewer.post(f"/orders/step/approve/{pk}")
    assert rest("buyer1").get(f"/orders/{pk}").json["result"]["state"] == "submitted"
    supervisor.post(f"/orders/step/reject/{pk}", {"reason": "Too much at once, please order less."})
    jobs()
    assert "Too much at once" in buyer.page(f"/orders/show/{pk}")
    line = rest("buyer1").get(f"/orders/{pk}").json["result"]["lines"][0]["id"]
    less = {"lines": [{"id": line, "sku": "A-1", "quantity": "15"}], "submit": True}
    assert buyer.json(f"/orders/save/{pk}", less).status_code == 200
    jobs()  # below the rule now: the system looks at the stock and confirms
    result = rest("buyer1").get(f"/orders/{pk}").json["result"]
    assert (result["state"], result["total_gross"]) == ("confirmed", "1500.00")
    (changed,) = rest("buyer1").get(f"/orders/{pk}/changes").json
    assert {"line": "A-1", "field": "quantity_ordered", "before": "30", "after": "15"} in changed["changes"]
    assert [one["name"] for one in rest("buyer1").get("/notifications/").json["result"]] == [
        "order_confirmed", "order_rejected", "order_received"]  # fmt: skip
    buyer.post(f"/orders/step/release/{pk}")
    assert rest("buyer1").post(f"/orders/{pk}/amend", {"remark": "x"}).json["error"] == "wrong_state"
    with open_work() as work:
        assert [one.quantity for one in work.session.scalars(select(Reservation))] == [15]


def test_a_branch_has_its_wrong_order_deleted_by_head_office(goods, people, rest, sign_in, open_work, jobs, mails):
    with open_work() as work:
        leeds = Branch(name="Leeds", legal_name="Leeds", country_code="GB", currency_code="GBP", parent_id=1)
        work.session.add(leeds)
        work.session.flush()
        clerk = work.session.get(Person, people.ids["reviewer"])
        clerk.branch_id, clerk.branch_limited = leeds.id, True
        makers.customer_of(work, people.one).branch_id = leeds.id
        work.session.get(OrderType, 1).delete_policy = "hq_only"
        work.session.get(User, people.ids["supervisor"]).email = "supervisor@example.com"
    wrong, reviewed = order(rest, 2), order(rest, 3)
    branch, office = sign_in("reviewer"), sign_in("supervisor")
    page = branch.page(f"/orders/show/{wrong}")
    assert "Ask for deletion" in page and "Delete this order?" not in page
    assert rest("reviewer").delete(f"/orders/{wrong}").json["error"] == "head_office_only"
    branch.post(f"/orders/step/request_deletion/{wrong}", {"reason": "Entered for the wrong customer."})
    jobs()
    assert any("deletion asked for" in one for one in subjects(mails, "supervisor"))
    assert "Entered for the wrong customer." in office.page(f"/orders/show/{wrong}")
    office.post(f"/orders/delete/{wrong}", {"reason": "Wrong customer"})
    assert branch.get(f"/orders/show/{wrong}").status_code == 404
    assert rest("buyer1").get(f"/orders/{wrong}").status_code == 404
    # after the review even head office needs a second person
    office.post(f"/orders/step/approve/{reviewed}")
    assert rest("supervisor").delete(f"/orders/{reviewed}").json["error"] == "needs_approval"
    branch.post(f"/orders/step/request_deletion/{reviewed}", {"reason": "The customer has died."})
    assert rest("reviewer").post(f"/orders/{reviewed}/approve_deletion").status_code == 403
    assert rest("supervisor").post(f"/orders/{reviewed}/approve_deletion").status_code == 200
    with open_work() as work:
        assert not work.session.scalars(select(Reservation)).all()
        gone = work.session.get(Order, reviewed, execution_options={"with_deleted": True})
        assert (gone.deleted_by, gone.deleted_reason) == (people.ids["supervisor"], "The customer has died.")
    history = [one.status_code for one in (rest("supervisor").get(f"/orders/{pk}/history") for pk in (wrong, reviewed))]
    assert history == [404, 404]  # what is deleted is out of everybody's sight; the history itself stays
