"""Who is told what about a quote: us of requests and answers, the customer of offers and their end."""

from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

import config
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import documents, quote_entry, quotes
from models.documents import IssuedDocument
from models.notifications import Notification
from models.quotes import Quote
from tests import makers
from tests.conftest import NOW
from tests.notices.conftest import make_user


@pytest.fixture
def house(open_work, mailbox, tmp_path, monkeypatch):
    """Acme with its Romanian buyer ann, and rita of ours who prices, reviews and publishes."""
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    with open_work() as work:
        customer = makers.make_customer(work, "Acme Ltd", email="office@acme.example", language="ro")
        make_user(work, "ann", ["quote.read", "order.read"], customer=customer, locale="ro")
        make_user(work, "rita", ["quote.price", "quote.review", "quote.publish"])
        return customer.id


@pytest.fixture
def told(open_work, run_jobs):
    """`told()` runs the jobs and gives what was told since the last time: {(name, address)}."""
    seen = set()

    def run():
        run_jobs()
        with open_work() as work:
            rows = work.session.scalars(select(Notification).order_by(Notification.id)).all()
            found = [row for row in rows if row.id not in seen]
            assert all(row.state == "sent" for row in found), [(row.name, row.error) for row in found]
            seen.update(row.id for row in rows)
            return {(row.name, row.to) for row in found}

    return run


ANN, RITA = "ann@example.com", "rita@example.com"


def step(open_work, verb, identity, actor=None, **data):
    with open_work(actor):
        quotes.FLOW.run_one(verb, identity, **data)


def test_a_request_is_told_to_us_and_an_offer_to_the_customer(house, open_work, told, mailbox):
    buyer = Actor("ann", kind="external", customers=frozenset({house}), may=lambda permission: True)
    with open_work(buyer) as work:
        rows = [{"name": "A gold screw", "quantity": Decimal(1)}]
        identity = quote_entry.create(work, makers.customer_of(work, house), lines=rows, submit=True).id
    assert told() == {("quote_received", ANN), ("quote_requested", RITA)}
    with open_work() as work:
        rows = [{"name": "A gold screw", "quantity": Decimal(1), "unit_price": Decimal(90)}]
        quote_entry.change(work.session.get(Quote, identity), work, lines=rows)
    step(open_work, "price", identity)
    assert told() == {("quote_to_review", RITA)}
    step(open_work, "publish", identity)
    assert told() == {("quote_published", ANN)}
    with open_work() as work:
        [paper] = work.session.scalars(select(IssuedDocument))
        assert (paper.noun, paper.edition, paper.locale, paper.customer_id) == ("quote", "1", "ro", house)
        [row] = work.session.scalars(select(Notification).where(Notification.name == "quote_published"))
        [path] = mailbox.glob(f"*-{row.id}.eml")
        assert row.locale == "ro"
    [part] = message_from_bytes(path.read_bytes(), policy=policy.default).iter_attachments()
    assert part.get_content().startswith(b"%PDF")
    step(open_work, "counter", identity, buyer, comment="Too dear")
    assert told() == {("quote_answered", RITA)}
    step(open_work, "agree", identity)
    assert told() == {("quote_agreed", ANN)}
    with open_work() as work:
        assert sorted(work.session.scalars(select(IssuedDocument.edition))) == ["1", "2"]
    keep_free_text_product(open_work)
    step(open_work, "convert", identity)
    assert ("quote_ordered", ANN) in told()


def keep_free_text_product(open_work):
    """A product under which free text is ordered."""
    with open_work() as work:
        makers.make_product(work, sku="FREE", service=True)
        work.session.add(SettingValue(name="QUOTE_FREE_TEXT_SKU", scope="system", scope_id=0, value="FREE"))


def test_the_answers_say_what_they_are(house, open_work, told):
    subjects = {}
    for verb, data in (("accept", {}), ("reject", {"reason": "Bought elsewhere"}), ("counter", {"comment": "Less?"})):
        with open_work() as work:
            identity = makers.make_quote(work, makers.customer_of(work, house)).id
        told()
        step(open_work, verb, identity, **data)
        assert told() == {("quote_answered", RITA)}
        with open_work() as work:
            row = work.session.scalars(select(Notification).order_by(Notification.id.desc()).limit(1)).one()
            subjects[verb] = row.subject
            assert all(word in row.body for word in data.values())
    assert "accepted" in subjects["accept"] and "declined" in subjects["reject"] and "counter" in subjects["counter"]


def test_an_offer_that_ends_is_told_before_and_after(house, open_work, told, run_jobs):
    with open_work() as work:
        work.session.add(SettingValue(name="QUOTE_WARN_DAYS", scope="system", scope_id=0, value=3))
        work.session.flush()
        last = NOW.date() + timedelta(days=2)
        identity = makers.make_quote(work, makers.customer_of(work, house), valid_until=last).id
    assert told() == {("quote_published", ANN)}
    with open_work() as work:
        assert quotes.warn(work) == [identity]
    assert told() == {("quote_expiring", ANN)}
    with open_work(now=NOW + timedelta(days=4)) as work:
        quotes.FLOW.run("expire", quotes.overdue(work))
    run_jobs(now=NOW + timedelta(days=4))
    assert ("quote_expired", ANN) in told()


def test_two_revisions_published_before_the_worker_runs_leave_two_papers(house, open_work, told):
    with open_work() as work:
        customer = makers.customer_of(work, house)
        quote = makers.make_quote(work, customer, (makers.make_product(work, sku="BOLT"), 2, "10"))
        quotes.FLOW.run_one("revise", quote)
        rows = [{"sku": "BOLT", "quantity": Decimal(2), "unit_price": Decimal("7.77")}]
        quote_entry.change(quote, work, lines=rows)
        quotes.FLOW.run_one("publish", quote)
        quotes.FLOW.run_one("cancel", quote, reason="Sold out")
        identity = quote.id
    told()
    with open_work() as work:
        papers = work.session.scalars(select(IssuedDocument).order_by(IssuedDocument.edition)).all()
        assert [(one.record_id, one.edition) for one in papers] == [(identity, "1"), (identity, "2")]
        said = ["".join(page.extract_text() for page in PdfReader(BytesIO(documents.read(one)[2])).pages)
                for one in papers]  # fmt: skip
        assert "20,00" in said[0] and "15,54" not in said[0]
        assert "15,54" in said[1] and "20,00" not in said[1]


def test_why_an_offer_was_declined_is_not_told_of_the_next_one(house, open_work, told):
    with open_work() as work:
        identity = makers.make_quote(work, makers.customer_of(work, house)).id
    step(open_work, "reject", identity, reason="Too dear by half")
    told()
    for verb in ("reopen", "publish", "accept"):
        step(open_work, verb, identity)
    assert ("quote_answered", RITA) in told()
    with open_work() as work:
        answers = select(Notification).where(Notification.name == "quote_answered").order_by(Notification.id)
        first, last = work.session.scalars(answers)
        assert "Too dear by half" in first.body and "Too dear by half" not in last.body
