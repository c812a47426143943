"""What a customer reads as the next step of a confirmed order: it waits for him, and until when (ORD-26, UI-13)."""

import re
from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

import config
from app.core.localized import Reader, format_date, local
from app.core.settings import SettingValue
from app.rules import orders
from models.customers import Customer
from models.orders import Order
from models.people import Person
from tests import makers
from tests.conftest import NOW
from tests.services.test_work_rules import ordered

KEPT = NOW + timedelta(days=10)
SEND = "Waiting for you: send the order for shipment."
WORK = "Waiting for you: start the work."
QUIET = "Confirmed: we keep the goods for you."


def day(**reader):
    found = Reader(**reader)
    return format_date(local(KEPT, found).date(), "long", found)


@pytest.fixture
def pk(people, open_work):
    """A confirmed order of the first customer."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="10", stock_of=9)
        order = makers.make_order(work, work.session.get(Customer, people.one), (product, 1))
        for verb in ("submit", "approve"):
            orders.FLOW.run_one(verb, order)
        return order.id


@pytest.fixture
def service(people, open_work, tmp_path, monkeypatch):
    """A confirmed order of a service."""
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    with open_work() as work:
        order = ordered(work, work.session.get(Customer, people.one))
        orders.FLOW.run_one("approve", order)
        return order.id


@pytest.fixture
def said(sign_in):
    """`said(pk)` is the next step as the buyer, or somebody else, reads it on the page of the order."""

    def read(pk, who="buyer1"):
        found = re.search(r'class="next-step">(.*?)</p>', sign_in(who).page(f"/orders/show/{pk}"), re.DOTALL)
        return re.sub(r"<[^>]+>", "", found[1])

    return read


def change(open_work, pk, **values):
    with open_work() as work:
        for name, value in values.items():
            setattr(work.session.get(Order, pk), name, value)


def test_a_confirmed_order_waits_for_its_customer_until_a_day(pk, said, sign_in):
    assert f"{SEND} We keep the goods until {day()}." in said(pk)
    assert "Release the order when it may be shipped." in said(pk, "reviewer")
    assert f"We keep the goods until {day()}." in sign_in("buyer1").page("/portal/")


def test_the_day_is_written_as_the_reader_writes_it(pk, said, people, open_work):
    with open_work() as work:
        work.session.get(Person, people.ids["buyer1"]).locale = "fa"
    assert day(locale="fa") in said(pk)


@pytest.mark.parametrize("bound", [{"expires_at": None}, {"payment": "paid"}])
def test_no_day_is_named_where_the_order_does_not_expire(pk, said, open_work, bound):
    change(open_work, pk, **bound)
    assert SEND in said(pk) and "We keep" not in said(pk)


def test_where_the_house_releases_nothing_waits_for_the_customer(pk, said, open_work, sign_in):
    with open_work() as work:
        role = work.session.scalars(select(Role).filter_by(name="Customer")).one()
        may = {(one.permission.name, one.view_menu.name): one for one in role.permissions}
        role.permissions.remove(may["can_release", "Order"])
    assert QUIET in said(pk)
    assert QUIET not in sign_in("buyer1").page("/portal/")


def test_of_a_service_the_customer_starts_the_work(service, said, sign_in, open_work):
    assert f"{WORK} We keep the order until {day()}." in said(service)
    page = sign_in("buyer1").page(f"/orders/show/{service}")
    assert "Start the work" in page and "Send for shipment" not in page
    change(open_work, service, expires_at=None)
    assert WORK in said(service)


def test_work_that_begins_with_the_payment_waits_for_nobody_to_start_it(service, pk, said, open_work, sign_in):
    with open_work() as work:
        work.session.add(SettingValue(name="WORK_START", value="paid"))
    assert "Confirmed: the work can begin." in said(service) and SEND in said(pk)
    home = sign_in("buyer1").page("/portal/").split('class="todo"')[1].split("</ul>")[0]
    assert f"/orders/show/{pk}" in home and f"/orders/show/{service}" not in home
