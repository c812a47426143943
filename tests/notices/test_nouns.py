"""Every noun's notices, from the step that causes them to the words that arrive."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

import app
from app.core.flow import FLOWS
from app.core.localized import LOCALES
from app.core.money import Money
from app.core.work import Actor
from app.notices import core, documents, people, words
from app.notices.readers import Reader
from app.rules import conversations, links, tickets
from models.documents import BackgroundRun
from models.files import File, FileAudience
from models.notifications import Notification
from models.people import Person
from tests import makers
from tests.conftest import NOW
from tests.notices.conftest import make_user

app.load_engine()  # every notice, before the tests below are counted
READS = ["order.read", "invoice.read", "payment.read", "contract.read", "ticket.read", "file.read"]


@pytest.fixture
def house(open_work, mailbox):
    """Acme with its buyer ann, and rita of ours who does everything; ids by name."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd", email="office@acme.example")
        ann = make_user(work, "ann", READS, customer=customer)
        rita = make_user(work, "rita", ["order.approve", "ticket.answer"])
        return {"customer": customer.id, "ann": ann.id, "rita": rita.id}


@pytest.fixture
def step(open_work):
    """`step("order.submit", record)` takes a step as the house, or as `actor`."""

    def take(what, model, identity, actor=None, **data):
        noun, _, verb = what.partition(".")
        with open_work(actor) as work:
            FLOWS[noun].run_one(verb, work.session.get(model, identity), **data)

    return take


@pytest.fixture
def told(open_work, run_jobs):
    """`told("order_confirmed")` runs the jobs and gives the notifications of that name."""

    def run(name):
        run_jobs()
        with open_work() as work:
            wanted = select(Notification).where(Notification.name == name).order_by(Notification.id)
            rows = work.session.scalars(wanted).all()
            work.session.expunge_all()
        assert all(row.state == "sent" for row in rows), [(row.state, row.error) for row in rows]
        return rows

    return run


def pdf_in(mailbox, row):
    (path,) = mailbox.glob(f"*-{row.id}.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    (part,) = mail.iter_attachments()
    assert part.get_content().startswith(b"%PDF") and part.get_content_type() == "application/pdf"
    return part.get_filename()


def test_an_order_on_its_way(house, step, told, open_work, mailbox):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        product = makers.make_product(work, "A-1", price="10", stock_of=5)
        order = makers.make_order(work, customer, (product, 3))
        identity = order.id
    step("order.submit", makers.Order, identity)
    (received,), (submitted,) = told("order_received"), told("order_submitted")
    assert received.to == "ann@example.com" and submitted.to == "rita@example.com"
    assert "Acme Ltd" in submitted.subject and submitted.customer_id == 0 and received.customer_id == house["customer"]
    step("order.approve", makers.Order, identity)
    (confirmed,) = told("order_confirmed")
    assert "is confirmed" in confirmed.subject
    assert pdf_in(mailbox, confirmed).startswith("order_confirmation")
    step("order.cancel", makers.Order, identity, reason="Changed our mind")
    assert {row.to for row in told("order_cancelled")} == {"ann@example.com", "rita@example.com"}
    assert "Changed our mind" in told("order_cancelled")[0].body


def test_lines_that_were_cut_are_named(house, open_work, told):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        order = makers.make_confirmed_order(work, customer, (makers.make_product(work, "A-1"), 3))
        order.lines[0].quantity_approved = 1
        order.lines[0].reason = "Only one left"
        work.session.flush()
        core.facts.publish(work, "order.approve", "order", order)
    (row,) = told("order_confirmed")
    assert "A-1" in row.body and "approved 1 of 3" in row.body and "Only one left" in row.html


def test_the_result_of_a_review_is_told(house, step, told, open_work):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        identity = makers.make_order(work, customer, (makers.make_product(work), 1)).id
    step("order.submit", makers.Order, identity)
    step("order.reject", makers.Order, identity, reason="We do not deliver there")
    (row,) = told("order_rejected")
    assert "was not approved" in row.subject and "We do not deliver there" in row.body


def test_an_invoice_comes_with_its_paper_and_a_payment_is_thanked_for(house, told, open_work, mailbox, step):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        invoice = makers.make_invoice(work, customer, gross=100)
        payment = makers.make_payment(work, customer, 60)
        number, identity = invoice.number, payment.id
    (row,) = told("invoice_issued")
    assert row.subject == f"Invoice {number}" and "Amount: £100.00" in row.body
    assert pdf_in(mailbox, row).startswith("invoice")
    step("payment.confirm", type(payment), identity)
    (row,) = told("payment_confirmed")
    assert "£60.00" in row.body and number in row.body


def test_a_proforma_invoice_also_comes_by_sms(house, open_work, monkeypatch):
    monkeypatch.setattr(core.config, "SMS_URL", "json://127.0.0.1:1/{to}")
    with open_work() as work:
        work.session.get(Person, house["ann"]).mobile = "+447700900123"
        work.session.flush()
        customer = work.session.get(makers.Customer, house["customer"])
        invoice = makers.make_invoice(work, customer, issued=False, type="proforma", number="PF-1")
        (row,) = core.tell(core.NOTICES["invoice_issued", "sms"], invoice, work)
        assert (row.channel, row.to) == ("sms", "+447700900123")
        assert row.body.startswith("Serai: proforma invoice PF-1 over £100.00")
        invoice.type = "final"
        assert core.tell(core.NOTICES["invoice_issued", "sms"], invoice, work) == []


def test_a_contract_is_active_then_renewed(house, told, open_work, mailbox, step):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        contract = makers.make_contract(work, customer)
        number, identity = contract.number, contract.id
    (row,) = told("contract_approved")
    assert row.subject == f"Contract {number} is active" and pdf_in(mailbox, row).startswith("contract")
    step("contract.renew", type(contract), identity)
    (row,) = told("contract_renewed")
    assert f"Renewed contract: {number}" in row.body


def test_a_ticket_goes_to_and_fro(house, told, open_work, step):
    ann = Actor("ann", kind="external", user_id=house["ann"], customers=frozenset({house["customer"]}))
    with open_work(ann) as work:
        identity = tickets.open_ticket(house["customer"], "Broken", "It is broken.", work).id
    (row,) = told("ticket_opened")
    assert row.to == "rita@example.com" and "It is broken." in row.body
    rita = Actor("rita", kind="staff", user_id=house["rita"], may=lambda permission: True)
    step("ticket.answer", tickets.Ticket, identity, actor=rita, text="Turn it off and on.")
    (row,) = told("ticket_answered")
    assert row.to == "ann@example.com" and "Turn it off and on." in row.body
    assert told("message_posted") == []  # the answer has a notice of its own
    with open_work(ann) as work:
        tickets.reply(work.session.get(tickets.Ticket, identity), "Did not help.", work)
    (row,) = told("message_posted")
    assert row.to == "rita@example.com" and "Did not help." in row.body and row.customer_id == 0


def test_a_message_goes_to_the_other_side(house, told, open_work):
    with open_work() as work:
        customer = work.session.get(makers.Customer, house["customer"])
        product = makers.make_product(work)
        order = makers.make_order(work, customer, (product, 1), number="SO-1", handler_id=house["rita"])
        identity = order.id
    ann = Actor("ann", kind="external", user_id=house["ann"], customers=frozenset({house["customer"]}))
    with open_work(ann) as work:
        conversations.post(work.session.get(makers.Order, identity), "order", "order", "Where is it?", work)
    (row,) = told("message_posted")
    assert row.to == "rita@example.com" and row.subject == "New message about order SO-1"
    rita = Actor("rita", kind="staff", user_id=house["rita"])
    with open_work(rita) as work:
        conversations.post(work.session.get(makers.Order, identity), "order", "order", "<b>Soon</b>", work)
    row = told("message_posted")[-1]
    assert row.to == "ann@example.com" and "&lt;b&gt;Soon" in row.html and "<b>Soon" in row.body


def test_a_file_is_announced_once_to_whom_it_is_offered_by_name(house, told, open_work):
    with open_work() as work:
        file = File(title="Price list 2027", everyone=False)
        file.audiences = [FileAudience(customer_id=house["customer"])]
        work.session.add(file)
        work.session.flush()
        core.facts.publish(work, "file.offer", "file", file)
        identity = file.id
    (row,) = told("file_offered")
    assert row.to == "ann@example.com" and "Price list 2027" in row.subject
    with open_work() as work:
        core.facts.publish(work, "file.offer", "file", work.session.get(File, identity))
    assert len(told("file_offered")) == 1


def test_who_asked_for_an_export_is_told(house, told, open_work):
    with open_work() as work:
        run = BackgroundRun(user_id=house["ann"], kind="export", noun="order", created_at=NOW)
        run.result_name = "orders.xlsx"
        work.session.add(run)
        work.session.flush()
    ann = Actor("ann", kind="external", user_id=house["ann"], customers=frozenset({house["customer"]}))
    with open_work(ann) as work:  # the job runs as whoever asked
        documents.tell_ready(work.session.get(BackgroundRun, run_id(open_work)), work)
    (row,) = told("export_ready")
    assert row.to == "ann@example.com" and row.subject == "Your file orders.xlsx is ready"


def run_id(open_work):
    with open_work() as work:
        return work.session.scalar(select(BackgroundRun.id))


# --- accounts ----------------------------------------------------------------------------------


@pytest.fixture
def invited(house, open_work):
    """Ann got a link; its id and its token."""
    with open_work() as work:
        link = links.make(house["ann"], work)
        core.facts.publish(work, "person.invite", "person", work.session.get(Person, house["ann"]))
        return link.id, links.token(link)


def mail_of(mailbox, row):
    (path,) = mailbox.glob(f"*-{row.id}.eml")
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_the_link_is_in_the_mail_and_nowhere_else(invited, house, told, mailbox, open_work):
    _identity, token = invited
    (row,) = told("invitation")
    text = mail_of(mailbox, row).get_body(("plain",)).get_content()
    assert f"https://orders.example.com/set-password/{token}" in text
    assert token not in row.body + row.html and row.customer_id == 0
    with open_work() as work:
        assert links.use(token, work) == house["ann"]
    with open_work() as work, pytest.raises(links.NotFound):
        links.use(token, work)


def test_a_link_that_is_over_is_not_sent(invited, house, open_work, run_jobs):
    run_jobs(now=NOW + timedelta(days=30))  # the worker was off
    with open_work() as work:
        assert work.session.scalars(select(Notification)).all() == []


def test_a_newer_link_stops_an_older_one(invited, house, open_work):
    with open_work() as work:
        links.make(house["ann"], work)
    with open_work() as work, pytest.raises(links.NotFound):
        links.find(invited[1], work)


def test_nobody_can_have_somebody_elses_link_sent_to_him(invited, house, open_work, mailbox):
    identity, token = invited
    with open_work() as work:
        rita = work.session.get(User, house["rita"])
        mark = f"[[set-password:{identity}]]"
        for name, user in (("message_posted", house["ann"]), ("invitation", rita.id)):
            row = Notification(name=name, user_id=user, body=mark)
            assert token not in people.reveal(row, row.body, work)


# --- all of them -------------------------------------------------------------------------------

LINE = {"sku": "A-1", "name": "Lamp", "ordered": 3, "approved": 1, "reason": "sold out"}
MONEY = Money(makers.Decimal("1234.5"), "EUR")
TERMS = {"sku": "A-1", "quantity": 3, "price": MONEY, "discount_percent": 10, "requested_on": NOW.date(),
         "amount": MONEY}  # fmt: skip
PROPOSED = {"before": TERMS, "after": TERMS, "answer": "countered", "remark": "Too dear", "why": "No"}
VALUES = {
    "number": "SO-1", "reference": "PO-1", "customer": "Acme <i>Ltd</i>", "total": MONEY, "lines": 3, "cut": [LINE],
    "approved": 2, "reason": "no", "order": "SO-1", "due": NOW.date(), "type": "final", "amount": MONEY,
    "paid_on": NOW.date(), "settled": [("INV-1", MONEY)], "credit": MONEY, "title": "Support", "starts": NOW.date(),
    "ends": NOW.date(), "renewed": "CT-1", "subject": "Broken", "text": "It is\nbroken", "priority": "high",
    "about": "SO-1", "noun": "order", "username": "ann", "until": NOW, "name": "orders.xlsx", "description": "all",
    "valid_until": NOW.date(), "wished": NOW.date(), "revision": 2, "remark": "In boxes", "answer": "countered",
    "part": False, "status": "Packed", "said": "Too dear", "whole": [LINE], "ordered_total": MONEY,
    "changed": [{"sku": "A-1", "before": 3, "after": 2}], "service": "Book layout", "stage": "First version",
    "note": "Two covers", "comment": "Larger type", "by_time": True, "by_work": False, "gone": False,
    "ours": False, "proposed": [PROPOSED, PROPOSED | {"after": None, "answer": ""}], "counter": [PROPOSED],
    "channel": "Phone call", "at": NOW, "stars": "★★☆☆☆", "word": "Dissatisfied", "payment": "PAY-1",
    "rate": "https://orders.example.com/ratings/rate/1", "rule": "Orders <i>above</i> 5,000 GBP",
    "sources": [{"number": "SO-2", "state": "submitted", "link": "https://orders.example.com/orders/show/2"}],
    "moved": [{"sku": "A-1", "name": "Lamp", "quantity": 3}],
    "link": "https://orders.example.com/orders/show/1", "site": "https://orders.example.com",
    "house": {"name": "Serai", "address": "1 High Street", "email": "", "phone": ""},
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name, channel", sorted(core.NOTICES))
def test_every_notice_has_its_words_in_every_language(name, channel, locale, flask_app):
    reader = Reader("ann@example.com", "Ann", locale)
    with flask_app.app_context():
        if channel == "sms":
            assert words.render_short(name, VALUES | {"reader": reader}, reader.eyes)
            return
        subject, text, html = words.render(name, VALUES | {"reader": reader}, reader.eyes)
    assert subject and "\n" not in subject
    assert VALUES["link"] in text and f'href="{VALUES["link"]}"' in html
    assert f'dir="{"rtl" if locale == "fa" else "ltr"}"' in html and "<i>Ltd" not in html
    assert "\n\n\n" not in text


def test_every_template_belongs_to_a_notice():
    known = {name for name, _ in core.NOTICES}
    assert {path.name for path in words.FOLDER.iterdir() if path.is_dir()} == known
