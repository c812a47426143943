"""What would happen: a step on many is tried, told and undone; its report can be downloaded, and then it is done."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from app.core.facts import Fact
from app.core.history import History
from app.core.numbering import NumberCounter
from app.extensions import db
from app.jobs.runner import run_pending
from app.rules import orders
from models.customers import Customer
from models.documents import BackgroundRun
from models.orders import Order, Reservation
from tests import makers
from views import bulk


@pytest.fixture
def three(people, open_work):
    """Two orders that can be approved, one for which there is nothing in stock."""
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        there, gone = (makers.make_product(work, price="10", stock_of=many) for many in (9, None))
        made = [makers.make_order(work, customer, (product, 1)) for product in (there, there, gone)]
        for one in made:
            orders.FLOW.run_one("submit", one)
        return [one.id for one in made]


def kept(open_work):
    """What a step leaves behind."""
    with open_work() as work:
        counts = [work.session.scalar(select(func.count()).select_from(one)) for one in (Fact, History, Reservation)]
        numbers = work.session.execute(select(NumberCounter.series_id, NumberCounter.last)).all()
        states = work.session.scalars(select(Order.state).order_by(Order.id)).all()
        return counts, sorted(map(tuple, numbers)), states


def test_a_dry_run_tells_who_would_pass_and_changes_nothing(three, sign_in, rest, open_work):
    before = kept(open_work)
    answer = rest("reviewer").post("/orders/approve", {"ids": three, "dry_run": True})
    assert answer.status_code == 200 and answer.json["done"] == three[:2] and answer.json["dry_run"] is True
    assert [one["id"] for one in answer.json["refused"]] == three[2:]
    assert kept(open_work) == before
    client = sign_in("reviewer")
    tried = client.post("/orders/action_post", {"action": "approve", "rowid": three, "trial": "1"})
    page = client.page(tried.location)
    assert "2 would pass and 1 would be refused" in page and "stock" in page
    assert kept(open_work) == before
    report = client.page(re.search(r'href="(/runs/report/\d+\.csv)"', page)[1])
    assert report.count("Would be done") == 2 and report.count("Would be refused") == 1 and "stock" in report
    assert client.get(re.search(r'href="(/runs/report/\d+\.xlsx)"', page)[1]).data[:2] == b"PK"
    assert rest("reviewer").post("/orders/approve", {"ids": three, "dry_run": "yes"}).status_code == 400
    assert rest("buyer1").post("/orders/approve", {"ids": three, "dry_run": True}).status_code == 403


def test_a_long_dry_run_goes_to_the_background_and_is_then_done(three, sign_in, site, open_work, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    client = sign_in("reviewer")
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)  # what followed from submitting them
    before = kept(open_work)
    given = {"action": "approve", "all_matching": "1", "query": "?state=submitted", "trial": "1"}
    tried = client.post("/orders/action_post", given)
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    page = client.page(tried.location)
    assert "2 would pass and 1 would be refused" in page and kept(open_work) == before
    doing = client.post(re.search(r'action="(/runs/carry_out/\d+)"', page)[1])
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    assert kept(open_work)[2].count("confirmed") == 2
    page = client.page(doing.location)
    assert client.page(re.search(r'href="(/runs/report/\d+\.csv)"', page)[1]).count("Confirmed") == 2


def test_a_step_on_many_leaves_a_report_that_is_its_requesters_own(three, sign_in, open_work):
    client = sign_in("reviewer")
    client.post("/orders/action_post", {"action": "approve", "rowid": three})
    page = client.page("/orders/list/")
    report = re.search(r'href="(/runs/show/(\d+))">Open the report', page)
    assert report and "Refused" in client.page(report[1])
    with open_work() as work:
        run = work.session.get(BackgroundRun, int(report[2]))
        assert (run.state, run.done, len(run.refused)) == ("done", 2, 1)
    for name in ("supervisor", "buyer1"):
        for address in (report[1], f"/runs/report/{report[2]}.csv"):
            assert sign_in(name).get(address).status_code == 404
        assert sign_in(name).post(f"/runs/carry_out/{report[2]}").status_code == 404
