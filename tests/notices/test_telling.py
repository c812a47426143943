"""Who is told, in which language, and that everybody is told once."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.core import facts
from app.core.settings import SettingValue
from app.notices import core
from models.customers import Contact
from models.notifications import Notification
from models.organisation import Branch
from tests.makers import make_customer, make_order, make_product
from tests.notices.conftest import make_user


@pytest.fixture
def told(open_work, run_jobs, mailbox):
    """`told()` runs the jobs and gives the notifications that were written."""

    def run(**more):
        run_jobs(**more)
        with open_work() as work:
            rows = work.session.scalars(select(Notification).order_by(Notification.id)).all()
            work.session.expunge_all()
        return rows

    return run


def publish(open_work, fact, record, **payload):
    with open_work() as work:
        facts.publish(work, fact, fact.partition(".")[0], work.session.merge(record, load=True), **payload)


@pytest.fixture
def order(open_work):
    """An order of a customer with a buyer who reads Persian and one who may not see orders."""
    with open_work() as work:
        customer = make_customer(work, email="office@acme.example")
        make_user(work, "ann", ["order.read"], customer=customer)
        make_user(work, "reza", ["order.read"], customer=customer, locale="fa")
        make_user(work, "guest", ["invoice.read"], customer=customer)
        make_user(work, "rita", ["order.approve", "order.read"])
        made = make_order(work, customer, (make_product(work, "A-1"), 3), number="SO-2026-000001", reference="PO-7")
    return made


def test_everybody_concerned_is_told_in_his_language(order, open_work, told):
    publish(open_work, "order.submit", order)
    rows = told()
    assert {(row.name, row.to) for row in rows} == {
        ("order_received", "ann@example.com"),
        ("order_received", "reza@example.com"),
        ("order_submitted", "rita@example.com"),
    }
    assert {row.state for row in rows} == {"sent"}
    ann, reza = (next(row for row in rows if row.to == f"{who}@example.com") for who in ("ann", "reza"))
    assert ann.subject == "We have received order SO-2026-000001"
    assert "Reference: PO-7" in ann.body and "Total: £30.00" in ann.body
    assert "https://orders.example.com/orders/show/" in ann.body
    assert 'dir="rtl"' in reza.html and 'lang="fa"' in reza.html and "\u2066SO-2026-000001\u2069" in reza.subject
    assert "۳۰" in reza.body


def test_contacts_and_the_customers_own_address_are_told_when_no_user_may_see_it(open_work, told):
    with open_work() as work:
        first, second = make_customer(work, email="a@one.example"), make_customer(work, email="b@two.example")
        work.session.add(Contact(customer_id=first.id, name="Bo", email="bo@one.example", gets_documents=True))
        orders = [make_order(work, one, (make_product(work), 1), number=f"X-{one.id}") for one in (first, second)]
    for order in orders:
        publish(open_work, "order.reject", order, reason="No stock")
    rows = told()
    assert {row.to for row in rows} == {"bo@one.example", "b@two.example"}
    assert all("Reason: No stock" in row.body for row in rows)


def test_an_address_is_told_once_and_a_placeholder_never(open_work, told, mailbox):
    with open_work() as work:
        customer = make_customer(work, email="7@no-mail.invalid")
        make_user(work, "ann", ["order.read"], customer=customer)
        make_user(work, "nix", ["order.read"], customer=customer, email="9@no-mail.invalid")
        work.session.add(Contact(customer_id=customer.id, name="Ann", email="ANN@example.com", gets_documents=True))
        order = make_order(work, customer, (make_product(work), 1), number="X-1", submitted_at=work.now)
    publish(open_work, "order.cancel", order)
    assert [row.to for row in told()] == ["ann@example.com"]
    assert len(list(mailbox.glob("*.eml"))) == 1


def test_redelivered_facts_tell_nobody_twice(order, open_work, told):
    publish(open_work, "order.submit", order)
    assert len(told()) == 3
    with open_work() as work:
        for fact in work.session.scalars(select(facts.Fact)):
            for subscriber in facts.subscribers(fact.name):
                assert not facts.deliver(work, fact.id, subscriber)
    assert len(told()) == 3


def test_who_of_us_did_it_himself_is_not_told(order, open_work, told):
    with open_work() as work:
        work.session.merge(order).handler_id = make_user(work, "tom", ["order.approve"]).id
    publish(open_work, "order.submit", order)
    assert "tom@example.com" in {row.to for row in told()}
    with open_work() as work:
        tom = work.session.merge(order).handler_id
        happened = facts.Pending("order.submit", "order", work.session.merge(order))
        core.tell("order_submitted", happened.record, work, but=tom)
    assert [row.to for row in told()].count("tom@example.com") == 1


def test_branch_limited_staff_hear_of_their_branch_only(order, open_work, told):
    with open_work() as work:
        other = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP")
        work.session.add(other)
        work.session.flush()
        make_user(work, "far", ["order.approve"], branch_id=other.id, branch_limited=True)
        make_user(work, "near", ["order.approve"], branch_limited=True)
    publish(open_work, "order.submit", order)
    assert {row.to for row in told() if row.name == "order_submitted"} == {"rita@example.com", "near@example.com"}


def test_customers_may_switch_changes_off(order, open_work, told):
    with open_work() as work:
        owner = work.session.merge(order).customer_id
        work.session.add(SettingValue(name="NOTIFY_CHANGES", scope="customer", scope_id=owner, value=False))
    publish(open_work, "order.submit", order)
    assert {row.name for row in told()} == {"order_submitted"}


def test_the_mail_says_what_a_mail_program_needs(order, open_work, told, mailbox):
    publish(open_work, "order.submit", order)
    row = next(row for row in told() if row.to == "reza@example.com")
    (path,) = mailbox.glob(f"*-{row.id}.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert mail["To"] == "reza@example.com" and mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "fa" and mail["Message-ID"].endswith("@orders.example.com>")
    assert mail["Subject"] == row.subject and mail["Date"] and "Serai" in mail["From"]
    assert mail.get_body(("plain",)).get_content().strip().replace("\r", "") == row.body.strip()
    assert '<html lang="fa" dir="rtl">' in mail.get_body(("html",)).get_content()


def test_texts_of_others_cannot_add_headers_or_markup(open_work, told, mailbox):
    with open_work() as work:
        customer = make_customer(work, email="a@one.example", name="Evil\r\nBcc: victim@example.com <b>Ltd</b>")
        make_user(work, "rita", ["order.approve"])
        order = make_order(work, customer, (make_product(work), 1), number="X-1\r\nBcc: victim@example.com")
    publish(open_work, "order.submit", order)
    rows, mails = told(), list(mailbox.glob("*.eml"))
    assert len(rows) == len(mails) == 2, "the customer and one of us"
    for row in rows:
        assert "\n" not in row.subject and "<b>Ltd" not in row.html
    for path in mails:
        assert message_from_bytes(path.read_bytes(), policy=policy.default)["Bcc"] is None
