"""Two stories of reviewing at real browsers: a supervisor approves; head office deletes what a branch entered."""

import re

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

import config
from app.core.work import Actor, work
from models.customers import Customer
from models.orders import OrderType
from models.organisation import Branch
from models.people import Person
from tests import cluster


@pytest.fixture
def leeds(server, database_name):
    """A branch to whose rows the clerk is limited; only head office deletes its orders."""
    url = cluster.url_of(database_name)
    engine = create_engine(url, **config.engine_options(url))
    with sessionmaker(engine)() as session, work(Actor.system("test"), session) as one:
        branch = Branch(name="Leeds", legal_name="Leeds", country_code="GB", currency_code="GBP", parent_id=1)
        one.session.add(branch)
        one.session.flush()
        clerk = one.session.scalars(select(Person).join(Person.user).where(Person.user.has(username="reviewer"))).one()
        clerk.branch_id, clerk.branch_limited = branch.id, True
        one.session.get(Customer, 2).branch_id = branch.id
        one.session.get(OrderType, 1).delete_policy = "hq_only"
    engine.dispose()


def enter(somebody, quantity, sku="TW-101"):
    """An order of one line; gives its address."""
    page = somebody.page
    page.wait_for_selector('[data-sku][role="combobox"]')
    row = page.locator("[data-lines] tr").first
    row.locator("[data-sku]").fill(sku)
    row.locator("[data-sku]").press("Escape")
    row.locator("[data-quantity]").fill(quantity)
    row.locator("[data-quantity]").press("Tab")
    row.locator("[data-name]:not(:empty)").wait_for()
    page.click("[data-submit-order]")
    page.wait_for_url("**/orders/show/*")
    return re.search(r"/orders/show/\d+", page.url)[0]


def test_a_large_order_waits_for_the_supervisor_and_the_customer_is_told(person, jobs):
    buyer, reviewer, supervisor = person("buyer1"), person("reviewer"), person("supervisor")
    buyer.visit("/orders/add")
    where = enter(buyer, "900")
    assert "We are reviewing your order." in buyer.page.inner_text(".next-step")
    number = buyer.page.inner_text("h1")
    reviewer.visit(where)
    assert reviewer.why_not("Approve").startswith("Approve: A supervisor has to decide about this order:")
    assert reviewer.why_not("Reject").startswith("Reject: A supervisor has to decide about this order:")

    supervisor.visit(where)
    supervisor.step("Reject", reason="Too much at once, please order less.")
    jobs()
    page = buyer.visit(where)
    assert "Too much at once" in page.inner_text("#history")
    buyer.press("Change", "link")
    page.wait_for_selector("[data-lines] [data-name]:not(:empty)")
    page.locator("[data-quantity]").first.fill("800")
    page.click("[data-submit-order]")
    page.wait_for_url(f"**{where}")
    reviewer.page.reload()
    assert "A supervisor has to decide" in reviewer.why_not("Approve")
    supervisor.page.reload()
    supervisor.step("Approve", note="Agreed by telephone.")
    jobs()
    said = buyer.visit("/notifications/list/").inner_text("main")
    assert f"Order {number} was not approved" in said and f"Order {number} is confirmed" in said
    page = buyer.visit(where)
    assert page.locator("header .badge[data-state=confirmed]").count() == 1
    assert "Agreed by telephone." not in page.inner_text("main"), "what supervisors note stays inside"
    buyer.step("Send for shipment")
    assert page.locator("header .badge[data-state=released]").count() == 1


def test_a_branch_asks_and_head_office_deletes(person, leeds, jobs):
    clerk, office, buyer = person("reviewer"), person("supervisor"), person("buyer3")
    clerk.visit("/orders/add")
    clerk.choose("Customer", "Northern Cafés")
    where = enter(clerk, "6")
    page = clerk.visit(where)
    assert page.get_by_role("button", name="Delete", exact=True).count() == 0
    clerk.step("Ask for deletion", reason="Entered for the wrong customer.")
    assert "asked for already" in clerk.why_not("Ask for deletion")
    jobs()
    page = office.visit(where)
    assert "Entered for the wrong customer." in page.inner_text("main")
    office.step("Approve the deletion", reason="Wrong customer")
    assert "/orders/list/" in page.url
    for one in (clerk, office, buyer):
        assert one.page.request.get(where).status == 404
