"""`./serai check` finds what is wrong and says where."""

import pytest
from sqlalchemy import func, select, text

from app import checks
from app.core import work as work_
from app.core.work import Actor
from app.extensions import db
from app.rules import orders
from demo import generator
from models.customers import Customer
from models.orders import Order
from tests import makers


@pytest.fixture
def house(site, database, tmp_path, monkeypatch):
    """The application as the command sees it."""
    import config

    monkeypatch.setattr(config, "DATABASE_OWNER_URL", database)
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    monkeypatch.setattr(config, "DATA_DIR", str(tmp_path))
    with site.app_context():
        yield site


def _do(statement):
    with work_.work(Actor.system("test"), db.session) as work:
        work.session.execute(text(statement))


def _submitted(work, customer, product):
    made = makers.make_order(work, customer, (product, 1))
    orders.FLOW.run_one("submit", made)
    return made


def test_a_healthy_house_is_told_so(house, capsys):
    assert checks.command() == 0
    said = capsys.readouterr().out
    assert said.count("ok ") == len(checks.CHECKS) and "Everything is well." in said


@pytest.mark.parametrize(("statement", "words"), [
    ("update order_lines set net = net + 1, gross = gross + 1", "orders differ from their lines"),
    ("update invoices set open_amount = 1 where open_amount > 1", "wrong open amount"),
    ("update stock_levels set on_hand = on_hand + 1", "differs from its movements"),
    ("update orders set state = 'submitted' where state = 'confirmed'", "keep back more than was approved"),
    ("update reservations set quantity = 2; update stock_levels set reserved = 2", "keep back more than was approved"),
])  # fmt: skip
def test_figures_that_do_not_agree_are_found(house, open_work, capsys, statement, words):
    with open_work() as work:
        product = makers.make_product(work, price="10", stock_of=5)
        customer = makers.make_customer(work)
        orders.FLOW.run_one("approve", _submitted(work, customer, product))
        makers.make_invoice(work, customer)
    _do(statement)
    assert checks.command() == 1
    assert words in capsys.readouterr().out


def test_storage_and_jobs_are_looked_at(house, capsys, monkeypatch):
    import config

    _do("""insert into procrastinate_jobs (queue_name, task_name, lock, args, status)
        values ('d', 't', 'l', '{}', 'failed')""")
    monkeypatch.setattr(config, "STORAGE_URL", "file:///proc/nowhere")
    monkeypatch.setattr(config, "MAIL_URL", "smtp://127.0.0.1:9")
    assert checks.command() == 1
    said = capsys.readouterr().out
    for words in ("1 failed", "WRONG  storage", "WRONG  mail"):
        assert words in said


def test_an_empty_database_can_be_loaded(house, open_work):
    generator.command(40, "shell:test")
    assert checks.command() == 0
    with open_work() as work:
        assert work.session.scalar(select(func.count()).select_from(Order)) == 40
        assert work.session.scalar(select(func.count()).select_from(Customer)) == 4
