"""The demo company is what the contract says of it."""

from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app import access, checks
from app.core.localized import LOCALES
from app.rules import orders, quotes, stock
from demo import company, generator
from models.approvals import Approval, ApprovalRule
from models.contracts import Contract
from models.conversations import Message
from models.customers import Customer
from models.documents import IssuedDocument
from models.files import FileAudience
from models.invoices import Invoice
from models.notifications import Notification
from models.orders import Order, OrderLine
from models.payments import Payment
from models.people import Membership
from models.products import Category, PriceListAudience, Product
from models.quotes import Quote
from models.tickets import Ticket
from tests.people import PASSWORD


def test_its_people_can_sign_in_and_act_for_whom_they_should(look):
    users = {one.username: one for one in look.session.scalars(select(User))}
    assert set(users) == {"reviewer", "supervisor", "finance", "warehouse", "support", "editor", "buyer1", "buyer2",
                          "buyer3", "fa", "ro", "ru", "tr", "zh"}  # fmt: skip
    assert all(check_password_hash(one.password, PASSWORD) for one in users.values())
    acts = dict(look.session.execute(select(Membership.user_id, Membership.customer_id)).all())
    assert [acts[users[name].id] for name in ("buyer1", "buyer2", "buyer3")] == [1, 1, 2]
    for name, locale in (("fa", "fa"), ("ro", "ro"), ("ru", "ru"), ("tr", "tr"), ("zh", "zh_Hans_CN")):
        assert look.session.get(Customer, acts[users[name].id]).language == locale
        assert access.of_user(users[name].id, look.session).locale == locale


def test_every_noun_has_rows_of_the_first_two_customers(look):
    for model in (Order, Quote, Contract, Invoice, Payment, Ticket, Message, IssuedDocument, Notification, FileAudience,
                  PriceListAudience):  # fmt: skip
        owners = set(look.session.scalars(select(model.customer_id).distinct()))
        assert {1, 2} <= owners, model.__name__
    notes = select(Invoice.customer_id).where(Invoice.type == "credit_note")
    assert set(look.session.scalars(notes)) == {1, 2}


def test_orders_stand_in_every_state(look):
    states = set(look.session.scalars(select(Order.state).distinct()))
    assert states == set(orders.FLOW.states)


def test_quotes_stand_in_every_state(look):
    assert set(look.session.scalars(select(Quote.state).distinct())) == set(quotes.FLOW.states)


def test_texts_are_there_in_six_languages(look):
    for model, column in ((Product, Product.names), (Category, Category.names), (ApprovalRule, ApprovalRule.texts)):
        for names in look.session.scalars(select(column)):
            assert set(names) == set(LOCALES) and all(names.values()), model.__name__


FIRST = [Product.id, Product.id.desc(), Product.sku, Product.sku.desc(), Product.names["en"].astext]


@pytest.mark.parametrize("order", FIRST)
def test_reviewer_approves_an_order_of_a_thousand_pounds(demo, open_work, order):
    """Whichever products come first on a page: stock and credit are there, and no supervisor is needed."""
    with open_work() as work:
        ids = dict(work.session.execute(select(User.username, User.id)).all())
        wanted = work.session.scalars(select(Product).order_by(order).limit(3)).all()
        lines = [{"sku": one.sku, "quantity": Decimal(300 // int(_price(one)))} for one in wanted]
    with open_work() as work:
        buyer = access.actor_of(ids["buyer1"], work.session)
    with open_work(buyer) as work:
        made = orders.create(work, lines=lines, submit=True)
        assert 800 < made.total_gross < 1200
        number = made.id
    with open_work() as work:
        reviewer = access.actor_of(ids["reviewer"], work.session)
    with open_work(reviewer) as work:
        orders.FLOW.run_one("approve", number)


def _price(product):
    return min(one.unit_price for one in product.prices if one.price_list.currency_code == "GBP")


def test_large_and_unpaid_orders_wait_for_the_supervisor(look):
    rows = look.session.execute(select(Approval.rule_name, Approval.level).where(Approval.answer == "")).all()
    assert ("Total above 5,000 GBP", "supervisor") in rows and ("Credit limit exceeded", "supervisor") in rows


def test_it_is_refused_in_a_database_that_is_not_empty(demo, open_work):
    with open_work() as work, pytest.raises(RuntimeError, match="empty database"):
        company.fill(work, PASSWORD)


def test_stock_and_ledger_agree(demo, capsys):
    assert checks.command() == 0, capsys.readouterr().out


def test_a_generated_book_is_valid(demo, capsys, open_work):
    with open_work() as work:
        last = work.session.scalar(select(func.max(Order.id)))
    assert generator.command(300, "shell:test") == 0
    assert "300 orders" in capsys.readouterr().out
    assert checks.command() == 0, capsys.readouterr().out
    with open_work() as work:
        assert stock.check(work) == []
        waiting = select(Order.id).where(Order.state == "submitted", Order.reference.like("PO-%"), Order.id > 100)
        outcome = orders.FLOW.run("approve", list(work.session.scalars(waiting.limit(5))))
        assert len(outcome.done) == 5
        count = select(func.count()).select_from(OrderLine).where(OrderLine.order_id > last)
        assert work.session.scalar(count) == 900
        fresh = orders.create(work, customer=1, lines=[{"sku": "TW-101", "quantity": Decimal(1)}], submit=True)
        taken = select(func.count()).select_from(Order).where(Order.number == fresh.number)
        assert work.session.scalar(taken) == 1
