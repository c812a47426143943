"""An order a supervisor decides about: he hears of it and finds it; the reviewer reads that it is not his (ORD-40)."""

import re

import pytest
from sqlalchemy.orm import sessionmaker

from app.extensions import db
from app.jobs import run_pending
from app.rules import approvals
from models.approvals import ApprovalRule
from models.notifications import Notification
from models.orders import Order
from models.organisation import Branch
from models.people import Person
from tests import makers

TOLD = "order_needs_supervisor"
RULE = "Orders above 2,000 GBP"


@pytest.fixture
def desk(people, open_work):
    """A rule that asks for a supervisor, a product, and mail addresses of who decides."""
    with open_work() as work:
        makers.make_address(work, makers.customer_of(work, people.one))
        makers.make_product(work, sku="A-1", price="100", stock_of=400)
        work.session.add(ApprovalRule(name="Large", over_amount=2000, currency_code="GBP",
                                      texts={"en": RULE, "tr": "2.000 GBP üstü siparişler"}))  # fmt: skip
        for name in ("reviewer", "supervisor"):
            person = work.session.get(Person, people.ids[name])
            person.user.email, person.branch_id = f"{name}@example.com", 1
        makers.customer_of(work, people.one).manager_id = people.ids["reviewer"]
    return people


@pytest.fixture
def place(desk, rest):
    """`place(30)` has the buyer order so many of the product; the id of the order."""

    def placed(quantity):
        lines = [{"sku": "A-1", "quantity": str(quantity)}]
        made = rest("buyer1").post("/orders/", {"currency": "GBP", "lines": lines, "submit": True})
        assert made.status_code == 201, made.json
        return made.json["id"]

    return placed


@pytest.fixture
def told(site, open_work):
    """`told()` runs the jobs and gives [(order, name, to, body)] of what our people were told of who decides."""

    def run():
        with site.app_context():
            run_pending(sessionmaker(db.engine), app=site)
        with open_work() as work:
            rows = work.session.query(Notification).filter(Notification.customer_id == 0).order_by(Notification.id)
            names = (TOLD, "order_submitted", "order_reconfirmed")
            return [(row.record_id, row.name, row.to.partition("@")[0], row.body) for row in rows if row.name in names]

    return run


def test_supervisors_are_told_which_rule_asks_for_them_in_their_language(place, told, open_work, people):
    with open_work() as work:
        work.session.get(Person, people.ids["supervisor"]).locale = "tr"
    large, small = place(30), place(1)
    found = told()
    assert [(pk, name, to) for pk, name, to, _body in found if to == "supervisor"] == [(large, TOLD, "supervisor")]
    (body,) = [body for pk, name, to, body in found if to == "supervisor"]
    assert "2.000 GBP üstü siparişler" in body and "Orders above" not in body
    assert [pk for pk, name, to, _body in found if (name, to) == ("order_submitted", "reviewer")] == [large, small]


def test_a_rule_may_say_more_than_a_decision_notes_of_it(place, open_work):
    said = "Ask the head of sales before " * 10
    with open_work() as work:
        work.session.query(ApprovalRule).one().texts = {"en": said}
    pk = place(30)
    with open_work() as work:
        (asked,) = approvals.pending(work.session.get(Order, pk))
        assert (asked.rule_name, approvals.called(asked, work)) == (said[:120], said)


def test_the_reviewer_reads_in_his_mail_that_a_supervisor_decides(place, told):
    place(30)
    (body,) = [body for _pk, name, to, body in told() if (name, to) == ("order_submitted", "reviewer")]
    assert f"A supervisor has to decide about this order: {RULE}." in body


def test_who_is_told_as_a_supervisor_is_not_told_a_second_time(place, told, open_work, people):
    with open_work() as work:
        makers.customer_of(work, people.one).manager_id = people.ids["supervisor"]
    pk = place(30)
    assert [(one, name) for one, name, to, _body in told() if to == "supervisor"] == [(pk, TOLD)]


def test_supervisors_of_another_branch_are_not_told(place, told, open_work, people):
    with open_work() as work:
        leeds = Branch(name="Leeds", legal_name="Leeds", country_code="GB", currency_code="GBP", parent_id=1)
        work.session.add(leeds)
        work.session.flush()
        person = work.session.get(Person, people.ids["supervisor"])
        person.branch_id, person.branch_limited = leeds.id, True
    place(30)
    assert "supervisor" not in [to for _pk, _name, to, _body in told()]


def test_supervisors_are_told_of_what_is_merged_split_and_agreed_on_too(place, told, rest):
    buyer, reviewer = rest("buyer1"), rest("reviewer")
    merged = buyer.post("/orders/merge", {"ids": [place(15), place(15)]}).json["made"]["id"]
    line = buyer.get(f"/orders/{merged}").json["result"]["lines"][0]["id"]
    half = reviewer.post(f"/orders/{merged}/split", {"lines": [{"id": line, "quantity": "5"}]}).json["made"]["id"]
    assert {pk for pk, name, _to, _body in told() if name == TOLD} == {merged, half}
    agreed = place(1)
    line = buyer.get(f"/orders/{agreed}").json["result"]["lines"][0]["id"]
    assert buyer.post(f"/orders/{agreed}/propose", {"lines": [{"id": line, "quantity": "30"}]}).status_code == 200
    assert reviewer.post(f"/orders/{agreed}/answer", {"rest": "accept"}).status_code == 200
    assert [pk for pk, name, _to, _body in told() if name == TOLD and pk == agreed] == [agreed]


def test_next_step_of_the_reviewer_says_that_a_supervisor_has_to_approve(place, sign_in):
    large, small = place(30), place(1)

    def step(who, pk):
        found = re.search(r'class="next-step">(.*?)</p>', sign_in(who).page(f"/orders/show/{pk}"), re.DOTALL)
        return re.sub(r"<[^>]+>", "", found[1])

    assert f"A supervisor has to decide about this order: {RULE}." in step("reviewer", large)
    assert "Review the order: approve or reject it." in step("supervisor", large)
    assert "Review the order: approve or reject it." in step("reviewer", small)


def test_a_supervisor_finds_what_waits_for_him(place, sign_in, rest):
    large, small = place(30), place(1)
    desk = sign_in("supervisor")

    def links(address):
        return set(map(int, re.findall(r"/orders/show/(\d+)", desk.page(address))))

    assert links("/my_work/") == {large}
    assert 'href="/orders/list/?supervisor=yes"' in desk.page("/")
    assert links("/orders/list/?supervisor=yes") == {large}
    assert links("/orders/list/?supervisor=no") == {small}
    assert "supervisor=yes" not in sign_in("reviewer").page("/")
    assert rest("supervisor").post(f"/orders/{large}/approve", {}).status_code == 200
    assert links("/my_work/") == links("/orders/list/?supervisor=yes") == set()
    assert "supervisor=yes" not in sign_in("buyer1").page("/orders/list/")


def test_what_a_rule_leaves_to_a_supervisor_he_alone_rejects(place, rest, sign_in):
    large, small = place(30), place(1)
    reviewer = rest("reviewer")
    refused = reviewer.post(f"/orders/{large}/reject", {"reason": "Too much at once"})
    assert (refused.status_code, refused.json["error"]) == (422, "needs_supervisor"), refused.json
    assert RULE in refused.json["message"]
    assert reviewer.get(f"/orders/{large}").json["result"]["state"] == "submitted"
    many = reviewer.post("/orders/reject", {"ids": [large, small], "reason": "Closed for the year"}).json
    assert many["done"] == [small] and [one["id"] for one in many["refused"]] == [large], many
    assert rest("supervisor").post(f"/orders/{large}/reject", {"reason": "Too much at once"}).status_code == 200
    assert "Too much at once" in sign_in("buyer1").page(f"/orders/show/{large}")
