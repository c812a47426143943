"""Who hears about the work on a service order, by which channel and in which language (NTF-03, ORD-52)."""

import pytest
from sqlalchemy import select

import config
from app.core import facts
from app.rules import orders, wizard_drafts, work_plan, work_stages
from models.notifications import Notification
from models.orders import Order
from models.work_stages import WorkStage
from tests import makers
from tests.notices.conftest import make_user
from tests.services.test_wizard_rules import GOOD, upload

FLOW = work_stages.FLOW


@pytest.fixture
def stages(open_work, mailbox, tmp_path, monkeypatch):
    """The stages of a released order of a Persian customer; rita does the work, fritz writes the invoices."""
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    with open_work() as work:
        customer = makers.make_customer(work, "نشر پارس", language="fa")
        make_user(work, "ann", ["work.read"], customer=customer, locale="fa", mobile="+989120000000")
        make_user(work, "blind", ["order.read"], customer=customer)
        make_user(work, "rita", ["work.take"])
        make_user(work, "fritz", ["invoice.issue"])
        draft = wizard_drafts.begin(makers.make_service(work).id, work, customer=customer.id)
        wizard_drafts.keep(draft, GOOD, work)
        wizard_drafts.attach(draft, "manuscript", upload(work), work)
        order = wizard_drafts.FLOW.run_one("confirm", draft)
        for verb in ("approve", "release"):
            wizard_drafts.orders.FLOW.run_one(verb, order)
        facts.subscribers("order.release")["work.plan"](None, order, work)
        work.pending_facts.clear()
        return [one.id for one in work_plan.of_order(order, work)]


@pytest.fixture
def told(open_work, run_jobs):
    """`told("work_shown")` runs the jobs and gives (channel, reader, subject, text) of that name."""

    def run(name):
        run_jobs()
        with open_work() as work:
            rows = work.session.scalars(select(Notification).where(Notification.name == name).order_by(Notification.id))
            return [(row.channel, row.to, row.subject, row.body) for row in rows]

    return run


def test_the_start_of_the_work_is_not_told_as_a_shipment(stages, open_work, told):
    with open_work() as work:
        order = work.session.get(WorkStage, stages[0]).order
        make_user(work, "emma", ["order.read"], customer=order.customer, locale="en")
        facts.publish(work, "order.release", "order", order)
    [(_channel, _to, subject, body)] = [row for row in told("order_released") if "emma" in row[1]]
    with open_work() as work:
        html = work.session.scalars(select(Notification.html).where(Notification.to.contains("emma"))).one()
    assert subject.startswith("The work on order SO-") and subject.endswith(" has begun")
    for text in (body, html):
        assert "We have begun the work on your order. The order can no longer be changed." in text
        assert "shipment" not in text


@pytest.mark.parametrize("name", ["order_expiring", "order_expired"])
def test_an_order_of_work_that_nobody_started_is_not_told_to_have_goods(stages, open_work, told, name):
    with open_work() as work:
        order = work.session.get(WorkStage, stages[0]).order
        make_user(work, "emma", ["order.read"], customer=order.customer, locale="en")
        orders.FLOW.move(order, "confirmed")
        order.expires_at = work.now
        facts.publish(work, f"order.{'expire' if name == 'order_expired' else 'expiring'}", "order", order)
    [(_channel, _to, _subject, body)] = [row for row in told(name) if "emma" in row[1]]
    with open_work() as work:
        html = work.session.scalars(select(Notification.html).where(Notification.to.contains("emma"))).one()
    for text in (body, html):
        assert "work" in text and "goods" not in text and "shipment" not in text


def take(open_work, identity, *steps):
    with open_work() as work:
        for name, data in steps:
            FLOW.run_one(name, work.session.get(WorkStage, identity), **data)


SHOW = (("take", {}), ("show", {"note": "The first chapter"}))


def test_what_is_shown_is_told_to_the_customer_by_mail_and_sms(stages, open_work, told, monkeypatch):
    monkeypatch.setattr(config, "SMS_URL", "json://127.0.0.1:9/{to}")
    monkeypatch.setattr("app.notices.sms.deliver", lambda row: None)
    take(open_work, stages[0], *SHOW)
    found = told("work_shown")
    assert sorted((channel, to) for channel, to, *_rest in found) == [
        ("email", "ann@example.com"), ("sms", "+989120000000")]  # fmt: skip
    mail = next(one for one in found if one[0] == "email")
    assert "The first chapter" in mail[3] and f"/work_stages/show/{stages[0]}" in mail[3]


def test_the_expert_hears_the_answer(stages, open_work, told):
    take(open_work, stages[0], *SHOW, ("request_changes", {"reason": "Larger type, please"}))
    ((_channel, to, _subject, text),) = told("work_changes_requested")
    assert to == "rita@example.com" and "Larger type, please" in text
    take(open_work, stages[0], *SHOW, ("approve", {"by_time": True}))
    ((_channel, to, _subject, text),) = told("work_approved")
    assert to == "rita@example.com" and "Nobody answered in time" in text


def test_accepted_work_is_told_to_who_writes_invoices(stages, open_work, told):
    for one in stages[:2]:
        take(open_work, one, *SHOW, ("approve", {}))
    assert told("work_accepted") == []
    take(open_work, stages[1], ("check", {}))
    ((_channel, to, subject, text),) = told("work_accepted")
    with open_work() as work:
        number = work.session.scalar(select(Order.number))
    assert to == "fritz@example.com" and number in subject and "/orders/show/" in text
    take(open_work, stages[2], ("take", {}), ("finish", {"note": "Sent today"}))
    ((_channel, to, _subject, text),) = told("work_finished")
    assert to == "ann@example.com" and "Sent today" in text
