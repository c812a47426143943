"""What a step in the background was given reaches it as it was: days, figures, rows, files."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import sessionmaker

import config
from app.jobs import run_pending
from app.rules import orders, runs, work_plan, work_stages
from app.rules.files import Kept
from models.contracts import Contract
from models.customers import Customer
from models.documents import BackgroundRun
from models.orders import Order
from models.quotes import Quote
from tests import makers
from tests.services.test_work_rules import happened, ordered


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())


@pytest.fixture
def customer(people):
    return people.one


def later(rest, engine, web, address, who="supervisor", **given):
    """Take a step in the background; how many it was taken on, and who was refused."""
    client = rest(who)
    sent = client.post(address, {**given, "background": True})
    assert sent.status_code == 202, sent.json
    run_pending(sessionmaker(engine), app=web)
    run = client.get(sent.json["run"]["url"].removeprefix("/api/v1")).json["result"]
    return run["done"], [one["message"] for one in run["refused"]]


def test_a_day_is_a_day(rest, engine, web, open_work, customer):
    with open_work() as work:
        contract = makers.make_contract(work, work.session.get(Customer, customer))
        pk, day = contract.id, contract.starts_on + timedelta(days=9)
    assert later(rest, engine, web, "/contracts/terminate", ids=[pk], terminated_on=day.isoformat()) == (1, [])
    with open_work() as work:
        assert work.session.get(Contract, pk).terminated_on == day


def test_rows_are_rows(rest, engine, web, open_work, customer):
    with open_work() as work:
        quote = makers.make_quote(work, work.session.get(Customer, customer))
        pk, line = quote.id, quote.lines[0].id
    proposal = {"id": line, "quantity": "5", "unit_price": "1.50"}
    assert later(rest, engine, web, "/quotes/counter", "buyer1", ids=[pk], lines=[proposal]) == (1, [])
    with open_work() as work:
        (line,) = work.session.get(Quote, pk).lines
        assert (line.counter_quantity, line.counter_price) == (5, Decimal("1.50"))


def test_quantities_of_lines_are_figures(rest, engine, web, open_work, customer):
    with open_work() as work:
        product = makers.make_product(work, "A-1", price="10", stock_of=9)
        rows = [{"sku": product.sku, "quantity": Decimal(6)}]
        order = orders.create(work, customer=customer, lines=rows, submit=True)
        pk, line = order.id, order.lines[0].id
    moved = [{"id": line, "quantity": "2"}]
    assert later(rest, engine, web, "/orders/split", ids=[pk], lines=moved) == (1, [])
    with open_work() as work:
        assert work.session.get(Order, pk).lines[0].quantity_ordered == 4


def test_no_files_are_no_files(rest, engine, web, open_work, customer):
    with open_work() as work:
        order = ordered(work, work.session.get(Customer, customer))
        for verb in ("approve", "release"):
            orders.FLOW.run_one(verb, order)
        happened(work, "order.release", order)
        pk = work_plan.of_order(order, work)[0].id
        work_stages.FLOW.run_one("take", pk)
    assert later(rest, engine, web, "/work_stages/show", ids=[pk], note="Look") == (1, [])


def test_what_json_does_not_know_comes_back(work, people):
    data = {"files": [Kept("0" * 64, 7, "text/plain", "a.txt")], "lines": [{"id": 1, "quantity": Decimal("1.5")}],
            "on": date(2026, 11, 21), "note": "x", "partial": True, "nothing": None}  # fmt: skip
    run = BackgroundRun(parameters=runs.kept(data))
    assert runs.typed(run.parameters) == data
    assert runs.kept(run.parameters) == run.parameters, "what was tried is carried out with what was kept of it"
