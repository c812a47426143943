"""Who gets a submitted order: the first rule that fits, the people who are there, in turn or by their load (ORD-20)."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import sessionmaker

from app.core.errors import BusinessError
from app.extensions import db
from app.jobs.runner import run_pending
from app.rules import assignment, orders
from models.assignment import AssignmentRule
from models.customers import Customer
from models.notifications import Notification
from models.people import Person
from models.products import Category
from tests import makers
from tests.conftest import NOW

TODAY = date(2026, 11, 21)
PROFILE = {"locale": "en", "calendar": "gregorian", "digits": "latin", "timezone": "Europe/London", "mobile": ""}


@pytest.fixture
def desk(people, open_work):
    """Somebody who submits orders of customer one and says who got them."""

    def submit(product=None, **values):
        with open_work() as work:
            customer = work.session.get(Customer, people.one)
            product = work.session.merge(product) if product else makers.make_product(work, price="10", stock_of=100)
            order = makers.make_order(work, customer, (product, 1), **values)
            orders.FLOW.run_one("submit", order)
            return next((name for name, one in people.ids.items() if one == order.handler_id), None)

    return submit


def rule(open_work, people, mode, *names, **values):
    with open_work() as work:
        ids = [people.ids[one] for one in names]
        row = AssignmentRule(name=f"{mode} {names}", mode=mode, user_ids=ids, **values)
        assignment.check_rule(row, work)
        work.session.add(row)


def away(open_work, people, name, until):
    with open_work() as work:
        work.session.get(Person, people.ids[name]).away_until = until


def test_without_a_rule_the_manager_of_the_customer_gets_it(desk, people, open_work):
    assert desk() is None
    with open_work() as work:
        work.session.get(Customer, people.one).manager_id = people.ids["supervisor"]
    assert desk() == "supervisor"
    rule(open_work, people, "person", "support")
    assert desk() == "support", "a rule comes before"
    assert desk(handler_id=people.ids["reviewer"]) == "reviewer", "who has it keeps it"


def test_a_manager_who_is_away_gets_nothing_without_a_rule_either(desk, people, open_work):
    with open_work() as work:
        work.session.get(Customer, people.one).manager_id = people.ids["supervisor"]
    away(open_work, people, "supervisor", TODAY)
    assert desk() is None
    rule(open_work, people, "manager")
    assert desk() is None
    away(open_work, people, "supervisor", TODAY - timedelta(days=1))
    assert desk() == "supervisor"


def test_people_take_turns_and_those_away_are_passed_over(desk, people, open_work):
    rule(open_work, people, "in_turn", "reviewer", "support", "supervisor")
    assert [desk() for _n in range(4)] == ["reviewer", "support", "supervisor", "reviewer"]
    away(open_work, people, "support", TODAY)
    assert [desk(), desk()] == ["supervisor", "reviewer"], "away up to and with that day"
    away(open_work, people, "support", TODAY - timedelta(days=1))
    assert desk() == "support"


def test_whoever_has_the_fewest_open_orders_gets_the_next(desk, people, open_work):
    rule(open_work, people, "fewest", "reviewer", "support")
    assert [desk() for _n in range(4)] == ["reviewer", "support", "reviewer", "support"]


def test_the_first_rule_that_fits_and_finds_somebody_decides(desk, people, open_work):
    with open_work() as work:
        lamps = Category(code="lamps", names={"en": "Lamps"})
        work.session.add(lamps)
        work.session.flush()
        desk_lamps = Category(code="desk", names={"en": "Desk lamps"}, parent_id=lamps.id)
        work.session.add(desk_lamps)
        work.session.flush()
        lamp = makers.make_product(work, price="10", stock_of=100, category_id=desk_lamps.id)
        group = lamps.id
    rule(open_work, people, "person", "support", position=1, category_id=group)
    rule(open_work, people, "person", "finance", position=2, customer_id=people.two)
    rule(open_work, people, "person", "warehouse", position=3)
    assert desk(lamp) == "support", "a product group stands for all below it"
    assert desk() == "warehouse"
    away(open_work, people, "support", TODAY)
    assert desk(lamp) == "warehouse", "nobody of the first rule is there"


def test_a_rule_names_people_of_ours(work, people):
    for ids, code in (([], "nobody_named"), ([people.ids["buyer1"]], "bad_handler")):
        with pytest.raises(BusinessError) as refused:
            assignment.check_rule(AssignmentRule(name="x", mode="person", user_ids=ids), work)
        assert refused.value.code == code


def test_who_gets_an_order_by_hand_is_told_and_finds_it_in_his_work(desk, people, open_work, sign_in, rest, site):
    with open_work() as work:
        order = makers.make_order(work, work.session.get(Customer, people.one),
                                  (makers.make_product(work, price="10", stock_of=9), 1), reference="PO-77")
        orders.FLOW.run_one("submit", order)
        order.due_at = NOW - timedelta(days=2)
        work.session.get(Person, people.ids["support"]).user.email = "support@example.com"
        number, pk = order.number, order.id
    assert rest("reviewer").post(f"/orders/{pk}/assign", {"handler": people.ids["support"]}).status_code == 200
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    with open_work() as work:
        told = work.session.query(Notification).filter_by(name="order_assigned").all()
        assert [(one.user_id, number in one.subject) for one in told] == [(people.ids["support"], True)]
    page = sign_in("support").page("/my_work/")
    assert number in page and "Overdue" in page
    assert number not in sign_in("reviewer").page("/my_work/")
    listed = sign_in("support").page("/orders/list/?mine=yes&overdue=yes")
    assert number in listed and 'data-state="overdue"' in listed
    assert number not in sign_in("reviewer").page("/orders/list/?mine=yes")


def test_customers_learn_nothing_of_who_handles_what(people, sign_in, rest):
    buyer = sign_in("buyer1")
    assert buyer.get("/my_work/").status_code in (302, 403, 404)
    assert buyer.get("/customers/managers").json == []
    assert buyer.get("/assignment_rules/list/").status_code in (302, 403, 404)
    assert rest("buyer1").get("/assignment_rules/").status_code == 403
    page = buyer.page("/orders/list/")
    assert 'name="mine"' not in page and 'name="overdue"' not in page and "Handler" not in page


def test_an_administrator_keeps_the_rules_on_screen_and_over_rest(people, sign_in, rest):
    client = sign_in("admin")
    given = {"name": "Head office", "position": "5", "mode": "in_turn",
             "user_ids": [str(people.ids["reviewer"]), str(people.ids["support"])], "branch": "1"}  # fmt: skip
    assert client.post("/assignment_rules/add", given).status_code == 302
    (row,) = rest("admin").get("/assignment_rules/").json["result"]
    assert row["user_ids"] == [people.ids["reviewer"], people.ids["support"]] and row["mode"] == "in_turn"
    assert "Reviewer" in client.page(f"/assignment_rules/show/{row['id']}")
    assert rest("admin").put(f"/assignment_rules/{row['id']}", {"mode": "lottery"}).status_code == 400
    assert rest("admin").put(f"/assignment_rules/{row['id']}", {"user_ids": []}).status_code == 422
    assert rest("reviewer").post("/assignment_rules/", {"name": "x"}).status_code == 403


def test_staff_say_themselves_until_when_they_are_away_and_customers_are_not_asked(people, sign_in, open_work):
    desk = sign_in("reviewer")
    page = desk.page("/profile/")
    assert 'name="away_until"' in page and 'name="away_until"' not in sign_in("buyer1").page("/profile/")
    given = PROFILE | {"away_until": "2031-03-05"}
    assert desk.post("/profile/", given).status_code == 302
    with open_work() as work:
        assert work.session.get(Person, people.ids["reviewer"]).away_until == date(2031, 3, 5)
    assert 'value="2031-03-05"' in desk.page("/profile/")
    assert desk.post("/profile/", given | {"away_until": "sometime"}).status_code == 422
    sign_in("buyer1").post("/profile/", given)
    with open_work() as work:
        assert work.session.get(Person, people.ids["buyer1"]).away_until is None
