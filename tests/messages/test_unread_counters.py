"""The figures in the top bar: what waits to be read, in one statement, and nothing of anybody else's."""

import re

import pytest

from app.core.work import Actor
from app.rules import conversations
from models.notifications import Notification
from models.orders import Order
from models.people import Person
from tests import makers
from views import unread


def figure(client, name, address="/profile/"):
    """What a counter of the top bar says: its label and its figure, empty when there is nothing to read."""
    page = client.page(address)
    where = {"message": "/messages/list/", "notification": "/notifications/list/"}[name]
    found = re.search(rf'class="tool counter"[^>]* href="{where}[^"]*" title="([^"]*)".*?</a>', page, re.DOTALL)
    assert found, page[:3000]
    number = re.search(r'class="count"[^>]*>([^<]*)<', found[0])
    return found[1], number[1] if number else ""


@pytest.fixture
def thread(people, open_work):
    """An order of customer 1 about which his buyer has written three times, and we once."""
    with open_work() as work:
        order = makers.make_order(work, makers.customer_of(work, people.one), (makers.make_product(work), 1)).id
    write(people, open_work, order, "external", "buyer1", 3)
    write(people, open_work, order, "staff", "support", 1)
    return order


def write(people, open_work, order_id, kind, who, times):
    actor = Actor(name=who, kind=kind, user_id=people.ids[who], may=lambda permission: True,
                  customers=frozenset({people.one} if kind == "external" else ()))  # fmt: skip
    with open_work(actor) as work:
        for _again in range(times):
            conversations.post(work.session.get(Order, order_id), "order", "order", "Where is it?", work)


def test_each_side_counts_what_the_other_wrote(thread, people, sign_in):
    assert figure(sign_in("reviewer"), "message") == ("3 unread messages", "3")
    assert figure(sign_in("buyer1"), "message") == ("1 unread message", "1")
    assert figure(sign_in("buyer3"), "message") == ("No unread messages", "")
    desk = sign_in("reviewer")
    desk.page(f"/orders/show/{thread}")
    assert figure(desk, "message")[1] == "", "he has read them"


def test_figures_are_those_of_the_reader(thread, sign_in):
    desk = sign_in("reviewer")
    assert figure(desk, "message", "/profile/?lang=fa")[1] == "۳"


def test_many_are_said_as_many(thread, people, open_work, sign_in):
    write(people, open_work, thread, "external", "buyer1", 120)
    assert figure(sign_in("reviewer"), "message") == ("99+ unread messages", "99+")


def told(open_work, people, who, customer):
    with open_work() as work:
        work.session.add(
            Notification(customer_id=customer, noun="order", record_id=1, name="order_confirmed", to="a@example.com",
                         user_id=people.ids[who], locale="en", subject="Confirmed", body="Yes"))  # fmt: skip


def test_a_notification_is_new_until_its_reader_looks(people, open_work, sign_in):
    told(open_work, people, "buyer1", people.one)
    told(open_work, people, "buyer2", people.one)
    buyer, colleague = sign_in("buyer1"), sign_in("buyer2")
    assert figure(buyer, "notification") == ("1 new notification", "1")
    assert "Confirmed" in buyer.page("/notifications/list/?mine=yes")
    assert figure(buyer, "notification") == ("No new notifications", "")
    assert figure(colleague, "notification")[1] == "1"
    told(open_work, people, "buyer1", people.one)
    assert figure(buyer, "notification")[1] == "1"
    with open_work() as work:
        assert work.session.get(Person, people.ids["buyer3"]).seen_notification_id == 0


def test_who_may_read_neither_is_asked_nothing(people, sign_in):
    assert "tool counter" not in sign_in("nobody").page("/profile/")


def test_a_house_of_many_messages_counts_the_latest_only(thread, people, open_work, sign_in, monkeypatch):
    monkeypatch.setattr(unread, "LATEST", 2)
    assert figure(sign_in("reviewer"), "message")[1] == "2"
