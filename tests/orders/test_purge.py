"""What is removed for good with an order that was deleted long ago, and what stays (X-13)."""

from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import func, select

import app
from app.core.history import History
from app.jobs import house
from app.rules import conversations, documents, log_entries, order_deletion, ratings, settings_pages
from models.base import Model
from models.conversations import Conversation, InternalNote, Message, ReadMark, Task
from models.files import Attachment
from models.invoices import Invoice
from models.log_entries import LogEntry
from models.notifications import Notification
from models.orders import DocumentLink, Order
from models.ratings import Rating
from models.refund_proposals import RefundProposal
from models.tickets import Ticket
from models.wizard_drafts import WizardDraft
from models.work_stages import WorkStage
from tests import makers
from tests.conftest import NOW
from tests.notices.conftest import make_user


def test_what_was_said_about_an_order_goes_with_it(open_work):
    with open_work() as work:
        customer, bolt = makers.make_customer(work), makers.make_product(work)
        pk, other = (makers.make_order(work, customer, (bolt, 1)).id for _n in range(2))
        reader = make_user(work, "reader").id
    file = SimpleNamespace(name="photo.png", media_type="image/png", size=1, sha256="0" * 64)
    with open_work() as work:
        for one in (pk, other):
            row = work.session.get(Order, one)
            said = conversations.post(row, "order", "order", "Call me at home", work, [file])
            thread = said.conversation
            log_entries.enter(row, "order", work, text="His wife says he has moved")
            ratings.add(row, 2, "Came late", work)
            work.session.add_all([
                InternalNote(noun="order", record_id=one, text="He is often late"), Task(title="Call", record_id=one,
                                                                                       noun="order"),
                ReadMark(customer_id=row.customer_id, conversation_id=thread.id, user_id=reader, message_id=1),
                Attachment(customer_id=row.customer_id, noun="order", record_id=one, name="plan.png",
                           media_type="image/png", size=1, sha256="0" * 64, deleted_at=work.now),
                Notification(customer_id=row.customer_id, noun="order", record_id=one, name="order_received",
                             to="ann@example.com", locale="en", subject="Your order", body="Dear Ann"),
                Notification(customer_id=row.customer_id, noun="message", record_id=said.id, name="message_received",
                             to="bea@example.com", locale="en", subject="A message", body="Call me at home"),
            ])  # fmt: skip
    kept = (Order, Conversation, Message, ReadMark, LogEntry, Rating, InternalNote, Task, Attachment, Notification)

    def counts():
        with open_work() as work:
            asked = {one: select(func.count()).select_from(one) for one in kept}
            return {one.__name__: work.session.scalar(found, execution_options={"with_deleted": True})
                    for one, found in asked.items()}  # fmt: skip

    before = counts()
    with open_work() as work:
        order_deletion.remove(work.session.get(Order, pk), work)
    with open_work(now=NOW + timedelta(days=100)) as work:
        settings_pages.put("PURGE_DELETED_AFTER_DAYS", "system", 0, 90, work)
        house.purge_orders(work)
    assert counts() == {name: many / 2 for name, many in before.items()}, "all of one order, nothing of the other"


def test_no_record_leads_to_an_order_that_is_gone_for_good(open_work):
    with open_work() as work:
        customer, bolt = makers.make_customer(work), makers.make_product(work)
        one, gone, three = (makers.make_order(work, customer, (bolt, 1)) for _n in range(3))
        for source, made in ((one, gone), (gone, three), (one, three)):
            documents.link(source, made, "copied", work)
        order_deletion.remove(gone, work)
        kept = (one.id, three.id)
    with open_work(now=NOW + timedelta(days=100)) as work:
        settings_pages.put("PURGE_DELETED_AFTER_DAYS", "system", 0, 90, work)
        house.purge_orders(work)
        left = work.session.scalars(select(DocumentLink)).all()
        assert [(link.from_id, link.to_id) for link in left] == [kept]


def test_the_work_on_a_service_goes_with_its_order_and_a_ticket_keeps_it(open_work):
    with open_work() as work:
        customer, service = makers.make_customer(work), makers.make_service(work)
        for subject in ("", "It does not open"):
            order = makers.make_order(work, customer, (service.product, 1))
            version = {"customer_id": customer.id, "order_id": order.id, "service_version_id": service.published_id}
            stage = WorkStage(number=f"SO-1/{order.id}", position=1, names={"en": "Layout"}, **version)
            draft = WizardDraft(service_id=service.id, currency_code="GBP", **version)
            work.session.add_all([stage, draft])
            work.session.flush()
            file = {"name": "page.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}
            work.session.add(Attachment(customer_id=customer.id, noun="work", record_id=stage.id, **file))
            if subject:
                work.session.add(Ticket(customer_id=customer.id, subject=subject, text="Help", order_id=order.id))
            order_deletion.remove(order, work)
    with open_work(now=NOW + timedelta(days=100)) as work:
        settings_pages.put("PURGE_DELETED_AFTER_DAYS", "system", 0, 90, work)
        house.purge_orders(work)
    with open_work() as work:
        for model in (Order, WorkStage, WizardDraft, Attachment, Ticket):
            asked = select(func.count()).select_from(model)
            assert work.session.scalar(asked, execution_options={"with_deleted": True}) == 1, model.__name__


KEEP = {Invoice, RefundProposal, Ticket}  # papers, money and cases outlive the order: one that has any is never purged


def test_whatever_refers_to_an_order_or_a_conversation_goes_with_it_or_keeps_it_on_purpose():
    app.load_engine()
    models = {one.class_.__table__: one.class_ for one in Model.registry.mappers}
    referring = {
        models[table] for table in Model.metadata.tables.values() for key in table.foreign_key_constraints
        if key.referred_table in (Order.__table__, Conversation.__table__) and key.ondelete != "CASCADE"
    }  # fmt: skip
    assert referring == {*order_deletion.PARTS, *order_deletion.SAID, *KEEP}


def test_deleted_orders_are_removed_for_good_only_by_setting_and_their_history_stays(open_work):
    with open_work() as work:
        order = makers.make_order(work, makers.make_customer(work), (makers.make_product(work), 1))
        pk = order.id
        order_deletion.remove(order, work, "Wrong order")
    with open_work(now=NOW + timedelta(days=100)) as work:
        assert order_deletion.purge(work) is None
        settings_pages.put("PURGE_DELETED_AFTER_DAYS", "system", 0, 90, work)
        house.purge_orders(work)
    with open_work() as work:
        assert work.session.get(Order, pk, execution_options={"with_deleted": True}) is None
        kept = select(func.count()).select_from(History).where(History.noun == "order", History.record_id == pk)
        assert work.session.scalar(kept)
