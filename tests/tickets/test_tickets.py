"""Tickets and conversations: numbered, answered, reopened by the customer, and counted while unread."""

from dataclasses import replace
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import conversations, tickets
from models.conversations import Conversation, Message
from models.files import Attachment
from tests import makers

FLOW = tickets.FLOW


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


def customer_of(ticket):
    return Actor(
        "ann", kind="external", customers=frozenset({ticket.customer_id}), may=lambda permission: True
    )


@pytest.fixture
def ticket(work):
    return tickets.open_ticket(makers.make_customer(work).id, "Late", "Where are my goods?", work)


def test_a_new_ticket_has_a_number_at_once(work, ticket):
    assert (ticket.state, ticket.number) == ("open", "TK-2026-000001")
    assert [fact.name for fact in work.pending_facts] == ["ticket.open"]


def test_a_ticket_says_what_it_is_about(work):
    customer, other = makers.make_customer(work), makers.make_customer(work)
    order = makers.make_order(work, other, (makers.make_product(work), 1, 1))
    refused("no_subject", tickets.open_ticket, customer.id, " ", "text", work)
    refused("empty_message", tickets.open_ticket, customer.id, "Late", "", work)
    refused("foreign_order", tickets.open_ticket, customer.id, "Late", "text", work, order_id=order.id)


def test_answering_writes_a_message_and_resolving_closes_the_matter(work, ticket):
    FLOW.run_one("answer", ticket, text="On its way.")
    assert (ticket.state, ticket.answered_at) == ("answered", work.now)
    [message] = conversations.messages(ticket, "ticket", "ticket", work)
    assert (message.text, message.inside) == ("On its way.", "system")
    FLOW.run_one("resolve", ticket)
    FLOW.run_one("close", ticket)
    assert ticket.state == "closed" and ticket.resolved_at == work.now
    FLOW.run_one("reopen", ticket)
    assert ticket.state == "open" and ticket.resolved_at is None


def test_an_empty_answer_changes_nothing(work, ticket):
    refused("empty_message", FLOW.run_one, "answer", ticket, text="  ")
    assert ticket.state == "open" and conversations.messages(ticket, "ticket", "ticket", work) == []


@pytest.mark.parametrize("step", ["answer", "resolve"])
def test_what_the_customer_writes_puts_the_ticket_back_into_work(work, open_work, ticket, step):
    FLOW.run_one(step, ticket, **({"text": "Done."} if step == "answer" else {}))
    work.session.commit()
    with open_work(customer_of(ticket)) as hers:
        mine = hers.session.get(tickets.Ticket, ticket.id)
        tickets.reply(mine, "It is still broken.", hers)
        assert mine.state == "open"
        assert "ticket.reopen" in [fact.name for fact in hers.pending_facts]


def test_nobody_writes_into_a_closed_ticket(work, open_work, ticket):
    FLOW.run_one("close", ticket)
    work.session.commit()
    with open_work(customer_of(ticket)) as hers:
        mine = hers.session.get(tickets.Ticket, ticket.id)
        refused("ticket_closed", tickets.reply, mine, "Hello?", hers)
        hers.session.rollback()


def test_taking_keeps_the_state(work, ticket):
    FLOW.run_one("take", ticket)
    assert ticket.state == "open" and ticket.handler_id is None  # the house itself is no user


def test_attachments_and_other_customers(work, open_work, ticket):
    file = SimpleNamespace(name="photo.png", media_type="image/png", size=3, sha256="0" * 64)
    tickets.reply(ticket, "", work, [file])
    other = makers.make_customer(work)
    work.session.commit()
    assert work.session.scalars(select(Attachment.name)).all() == ["photo.png"]
    stranger = replace(customer_of(ticket), customers=frozenset({other.id}))
    with open_work(stranger) as theirs:
        assert theirs.session.scalars(select(Message)).all() == []
        assert conversations.unread_about("ticket", [ticket.id], theirs) == {}


def test_unread_counts_what_others_wrote_until_it_is_read(work, open_work, ticket):
    me = user(work)
    tickets.reply(ticket, "one", work)
    tickets.reply(ticket, "two", work)
    work.session.commit()
    pk = ticket.id
    with open_work(replace(customer_of(ticket), user_id=me)) as hers:
        thread = hers.session.scalars(select(Conversation)).one()
        assert conversations.unread_about("ticket", [pk], hers) == {pk: 2}
        conversations.mark_read(thread, me, hers)
        conversations.mark_read(thread, me, hers)
        assert conversations.unread_about("ticket", [pk], hers) == {}
        tickets.reply(hers.session.get(tickets.Ticket, ticket.id), "thanks", hers)
        assert conversations.unread_about("ticket", [pk], hers) == {}
    with open_work() as house:
        assert conversations.unread_about("ticket", [pk], house) == {pk: 1}
        assert conversations.unread_about("order", [pk], house) == {}


def user(work):
    from flask_appbuilder.security.sqla.models import User

    found = User(first_name="Ann", last_name="Ames", username="ann", email="ann@example.com", active=True)
    work.session.add(found)
    work.session.flush()
    return found.id


def test_two_who_begin_a_conversation_at_once_share_it(open_work):
    with open_work() as work:
        ticket = tickets.open_ticket(makers.make_customer(work).id, "Late", "Where?", work).id
    ready = Barrier(4)

    def write():
        with open_work() as work:
            found = work.session.get(tickets.Ticket, ticket)
            ready.wait()
            tickets.reply(found, "hello", work)

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_work() as work:
        counted = [work.session.scalar(select(func.count(model.id))) for model in (Conversation, Message)]
    assert counted == [1, 4]
