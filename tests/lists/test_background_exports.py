"""The file of a long list is made by a job: it holds what the list showed, as its reader reads it."""

import csv
import io

import pytest
from sqlalchemy.orm import sessionmaker

from app.extensions import db
from app.jobs.runner import run_pending
from app.rules import invoices, orders
from models.customers import Customer
from models.documents import BackgroundRun
from models.people import Person
from tests import makers
from views import exports


@pytest.fixture
def book(people, open_work):
    """An order with an invoice and the credit note of it; their reader counts years and hours as in Tehran."""
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        bolt = makers.make_product(work, price="10", stock_of=9)
        order = makers.make_order(work, customer, (bolt, 2))
        orders.FLOW.run_one("submit", order)
        orders.FLOW.run_one("approve", order)
        orders.FLOW.run_one("release", order)
        bill = invoices.from_order(order, work, "final")
        work.session.flush()
        invoices.FLOW.run_one("issue", bill)
        invoices.credit(bill, None, work)
        for name in ("admin", "buyer1"):
            reader = work.session.get(Person, people.ids[name])
            reader.timezone, reader.calendar, reader.digits = "Asia/Tehran", "jalali", "native"


@pytest.fixture
def exported(book, sign_in, site, monkeypatch):
    """(user name, address) -> the rows of a list's CSV as it is streamed, and as a job makes it."""

    def both(name, address):
        client, found = sign_in(name), []
        for small in (exports.SMALL, -1):
            monkeypatch.setattr(exports, "SMALL", small)
            answer = client.get(address)
            if small < 0:
                assert "/runs/show/" in answer.location, address
                with site.app_context():
                    run_pending(sessionmaker(db.engine), app=site)
                answer = client.get(answer.location.replace("show", "result"))
            assert answer.status_code == 200, address
            found.append(list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))))
        monkeypatch.undo()
        return found

    return both


def test_a_job_makes_the_same_file_as_a_page(exported, site):
    made = []
    for view in site.appbuilder.baseviews:
        if getattr(view, "noun", None) and f"{view.endpoint}.export" in site.view_functions:
            page, job = exported("admin", f"{view.route_base}/export/csv")
            assert page == job, view.route_base
            made.append(view.route_base)
    assert {"/orders", "/invoices", "/credit_notes", "/state_words", "/notifications"} <= set(made)


def test_days_and_persons_of_a_filter_are_those_of_who_asks(exported):
    for address in ("/orders/export/csv?from=1404/01/01&until=1405/09/29", "/notifications/export/csv?mine=no"):
        page, job = exported("buyer1" if "orders" in address else "admin", address)
        assert page == job and len(page) > 1, address


def test_who_may_no_longer_open_a_list_is_not_given_its_file(book, sign_in, site, open_work, people, monkeypatch):
    monkeypatch.setattr(exports, "SMALL", -1)
    asked = sign_in("support").get("/orders/export/csv")
    assert "/runs/show/" in asked.location
    with open_work() as work:
        work.session.get(Person, people.ids["support"]).user.roles = []
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    with open_work() as work:
        run = work.session.query(BackgroundRun).one()
        assert (run.state, run.result_sha256) == ("failed", None)
