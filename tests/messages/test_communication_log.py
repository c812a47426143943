"""The communication log: ours until it is published, found by words, on screens and over REST (TKT-03, X-38)."""

from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, text

from app.core.errors import BusinessError
from app.core.history import History
from app.core.work import Actor
from app.rules import log_entries, order_deletion
from models.log_entries import LogEntry
from models.notifications import Notification
from models.orders import Order
from tests import makers
from tests.conftest import NOW
from tests.scenarios.conftest import folders, jobs

__all__ = ["folders", "jobs"]
CALL = {"channel": "phone", "direction": "in", "contact": "Ms Doyle", "text": "Wants blue glasses instead."}


@pytest.fixture
def order(people, open_work):
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        return makers.make_confirmed_order(work, one, (makers.make_product(work), 1, 10)).id


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


def test_an_entry_says_what_was_said_when_and_with_whom(order, open_work):
    with open_work() as work:
        row = work.session.get(Order, order)
        made = log_entries.enter(row, "order", work, **CALL, held_at=NOW - timedelta(hours=2))
        assert (made.state, made.customer_id, made.branch_id) == ("internal", row.customer_id, row.branch_id)
        log_entries.enter(row, "order", work, **CALL)
        assert [one.held_at for one in log_entries.about(row, "order", work)] == [NOW, NOW - timedelta(hours=2)]
        for code, more in (
            ("bad_value", {"channel": "pigeon"}), ("bad_value", {"direction": "up"}), ("empty_message", {"text": "  "}),
            ("in_future", {"held_at": NOW + timedelta(minutes=1)}), ("too_long", {"contact": "x" * 201}),
            ("message_too_long", {"text": "x" * 10_001}),
        ):  # fmt: skip
            refused(code, log_entries.enter, row, "order", work, **(CALL | more))


def test_a_published_entry_stays_as_it_is(order, open_work):
    with open_work() as work:
        made = log_entries.enter(work.session.get(Order, order), "order", work, **CALL)
        log_entries.change(made, work, text="Wants green glasses instead.")
        log_entries.FLOW.run_one("publish", made)
        assert made.published_at == NOW
        refused("frozen", log_entries.change, made, work, text="x")
        refused("wrong_state", log_entries.FLOW.run_one, "publish", made)
        pk = made.id
    with open_work() as work:
        found = work.session.scalars(select(History).filter_by(noun="log_entry", record_id=pk).order_by(History.id))
        assert [one.action for one in found][-1] == "log_entry.publish"


def test_neither_the_application_nor_the_database_shows_a_customer_what_is_ours(order, people, open_work, engine):
    with open_work() as work:
        row = work.session.get(Order, order)
        log_entries.enter(row, "order", work, **CALL)
        told = log_entries.enter(row, "order", work, **CALL)
        log_entries.FLOW.run_one("publish", told)
        pk = told.id
    buyer = Actor("buyer", kind="external", customers=frozenset({people.one}), may=lambda permission: True)
    with open_work(buyer) as work:
        assert work.session.scalars(select(LogEntry.id)).all() == [pk]
        assert [one.id for one in log_entries.about(work.session.get(Order, order), "order", work)] == [pk]
    with engine.connect() as connection:
        connection.execute(text("select set_config('role', 'serai_external', true), "
                                "set_config('app.customers', :c, true)"), {"c": str(people.one)})  # fmt: skip
        assert connection.execute(text("select id from log_entries")).scalars().all() == [pk]


def test_an_entry_is_kept_and_published_on_screens(order, people, open_work, sign_in, jobs):
    desk, buyer = sign_in("reviewer"), sign_in("buyer1")
    with open_work() as work:
        work.session.query(User).filter_by(username="buyer1").one().email = "buyer1@example.com"
    shown = f"/orders/show/{order}"
    assert "Record a contact" in desk.page(shown) and "Record a contact" not in buyer.page(shown)
    address = f"/log_entries/enter/order/{order}"
    assert "With whom" in desk.page(address)
    given = CALL | {"held_on": "2026-11-20", "held_time": "09:15"}
    for wrong in ({"text": ""}, {"held_time": "25:00"}, {"held_on": "soon"}, {"held_on": "2099-01-01"},
                  {"channel": "x"}):  # fmt: skip
        answer = desk.post(address, given | wrong)
        assert answer.status_code == 422, wrong
        assert "Ms Doyle" in answer.text, "what was typed is kept"
    assert desk.post(address, given).location.endswith(f"{shown}#log")
    page = desk.page(shown)
    assert "Wants blue glasses instead." in page and "Phone call" in page and "Reviewer" in page
    assert "Wants blue glasses" not in buyer.page(shown)
    with open_work() as work:
        pk = work.session.scalars(select(LogEntry.id)).one()
    assert buyer.get(f"/log_entries/show/{pk}").status_code == 404
    assert desk.post(f"/log_entries/edit/{pk}", given | {"text": "Wants red glasses."}).status_code == 302
    assert "Wants red glasses." in desk.page("/log_entries/list/?q=glasses")
    assert "Wants red glasses." not in desk.page("/log_entries/list/?q=cups")
    assert "Wants red glasses." not in desk.page("/log_entries/list/?channel=email")
    desk.post(f"/log_entries/step/publish/{pk}")
    assert "Wants red glasses." in buyer.page(shown)
    page = buyer.page(f"/log_entries/show/{pk}")
    assert "Wants red glasses." in page and "Reviewer" not in page
    assert "Wants blue glasses" not in page, "what stood there before it was published"
    assert desk.get(f"/log_entries/edit/{pk}").status_code == 302, "what the customer has read stays"
    jobs()
    with open_work() as work:
        assert [one.to for one in work.session.query(Notification).filter_by(name="log_published")] == [
            "buyer1@example.com"]  # fmt: skip
    assert buyer.get(address).status_code in (302, 403) and buyer.post(address, given).status_code in (302, 403)
    assert desk.get("/log_entries/enter/ticket/1").status_code == 404
    assert desk.get("/log_entries/enter/order/99999").status_code == 404


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+03:00", "9999-12-31T23:59:59-03:00", "0001-01-01T00:00:00Z"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(order, people, rest, moment):
    given = CALL | {"noun": "order", "record_id": order, "held_at": moment}
    refused = rest("support").post("/log_entries/", given)
    assert (refused.status_code, refused.json["error"]) == (400, "bad_value")
    assert refused.json["details"]["field"] == "held_at"


def test_who_is_told_of_an_entry_about_a_deleted_order_reads_its_number(order, open_work, jobs):
    with open_work() as work:
        found = work.session.get(Order, order)
        number, entry = found.number, log_entries.enter(found, "order", work, text="Called once more.").id
        order_deletion.remove(found, work)
    with open_work():
        log_entries.FLOW.run_one("publish", entry)
    jobs()
    with open_work() as work:
        mail = work.session.query(Notification).filter_by(name="log_published").one()
        assert number in mail.subject and number in mail.body


def test_entries_over_rest(order, people, rest):
    desk, buyer = rest("support"), rest("buyer1")
    given = CALL | {"noun": "order", "record_id": order, "held_at": "2026-11-20T09:15:00+03:30"}
    made = desk.post("/log_entries/", given)
    assert made.status_code == 201, made.text
    result, pk = made.json["result"], made.json["id"]
    assert (result["held_at"], result["state"], result["record_id"]) == ("2026-11-20T05:45:00Z", "internal", order)
    assert buyer.get(f"/log_entries/{pk}").status_code == 404
    assert buyer.get("/log_entries/").json["result"] == []
    assert buyer.post("/log_entries/", given).status_code == 403
    assert buyer.post(f"/log_entries/{pk}/publish").status_code == 403
    assert desk.put(f"/log_entries/{pk}", {"text": "Blue, please."}).json["result"]["text"] == "Blue, please."
    assert desk.post(f"/log_entries/{pk}/publish").json["state"] == "published"
    assert desk.put(f"/log_entries/{pk}", {"text": "x"}).status_code == 409
    seen = buyer.get(f"/log_entries/{pk}").json["result"]
    assert seen["text"] == "Blue, please." and "author" not in seen and "state" not in seen
    assert [one["action"] for one in buyer.get(f"/log_entries/{pk}/history").json] == ["publish"]
    assert "Wants blue" not in str(buyer.get(f"/log_entries/{pk}/history").json)
    assert rest("buyer3").get(f"/log_entries/{pk}").status_code == 404
    now = desk.post("/log_entries/", CALL | {"noun": "order", "record_id": order, "publish": True}).json["result"]
    assert now["state"] == "published"
    about = f"record_id,opr:eq,value:{order}"
    for query, count in (("q,opr:eq,value:blue", 2), ("q,opr:eq,value:cups", 0), (about, 2)):
        assert desk.get(f"/log_entries/?q=(filters:!((col:{query})))").json["count"] == count, query
    for wrong in ({"held_at": "2026-11-20T09:15:00"}, {"held_at": "yesterday"}, {"held_at": 7}, {"channel": "x"},
                  {"direction": None, "text": ""}, {"text": 5}, {"noun": "ticket"}, {"record_id": "1"}, {"state": "x"},
                  {"customer": 2}, {"publish": "yes"}, {"record_id": 99999},
                  {"held_at": "2099-01-01T00:00:00Z"}):  # fmt: skip
        answer = desk.post("/log_entries/", given | wrong)
        assert 400 <= answer.status_code < 500, (wrong, answer.text)
    assert desk.get("/log_entries/").json["count"] == 2
