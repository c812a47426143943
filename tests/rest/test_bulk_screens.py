"""A step on many from the list: what a request takes itself, what becomes a run, and how it is asked and told."""

import html
import json
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from app.extensions import db
from app.jobs.runner import run_pending
from app.rules import orders
from models.customers import Customer
from models.documents import BackgroundRun
from models.orders import Order
from tests import makers


@pytest.fixture
def submitted(people, open_work):
    """Eight submitted orders: for two of them there are goods."""
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        there, gone = (makers.make_product(work, price="10", stock_of=many) for many in (9, None))
        made = [makers.make_order(work, customer, (product, 1)) for product in [there] * 2 + [gone] * 6]
        for one in made:
            orders.FLOW.run_one("submit", one)
        return [one.id for one in made]


def states(open_work):
    with open_work() as work:
        return [str(one) for one in work.session.scalars(select(Order.state).order_by(Order.id))]


@pytest.mark.parametrize("more", [{}, {"trial": "1"}])
def test_all_that_match_are_a_run_however_few_they_are(submitted, sign_in, site, open_work, more):
    client = sign_in("reviewer")
    given = {"action": "approve", "all_matching": "1", "query": "?state=submitted", **more}
    answer = client.post("/orders/action_post", given)
    shown = re.fullmatch(r"/runs/show/(\d+)", answer.location)
    assert states(open_work) == ["submitted"] * 8, "nothing is done inside the request"
    with open_work() as work:
        assert work.session.get(BackgroundRun, int(shown[1])).state == "waiting"
    assert "/runs/stop/" in client.page(answer.location)
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    page = client.page(answer.location)
    assert page.count('data-label="Reason">') == 6
    assert states(open_work).count("confirmed") == (0 if more else 2)


def test_many_ticked_rows_are_a_run_and_few_are_done_at_once(submitted, sign_in, open_work):
    client = sign_in("reviewer")
    many = [*submitted, *range(10_000, 10_018)]
    answer = client.post("/orders/action_post", {"action": "approve", "rowid": many})
    assert answer.location.startswith("/runs/show/") and "confirmed" not in states(open_work)
    client.post("/orders/action_post", {"action": "approve", "rowid": submitted[:3]})
    assert states(open_work)[:3] == ["confirmed", "confirmed", "submitted"]
    page = client.page("/orders/list/")
    assert page.count("alert-warning") == 1 and "<details>" not in page.partition('id="messages"')[2][:2000]


def test_more_than_five_refusals_are_one_message_that_opens(submitted, sign_in):
    client = sign_in("reviewer")
    client.post("/orders/action_post", {"action": "approve", "rowid": submitted})
    page = client.page("/orders/list/")
    told = re.search(r"<details><summary>6 records were refused\.</summary><ul>(.*?)</ul></details>", page, re.S)
    assert told and told[1].count("<li>") == 6 and "stock" in told[1]
    assert page.count("alert-warning") == 1


def offered(page):
    return set(re.findall(r'data-bulk-form="(\w+)"', page))


def test_a_tab_offers_the_steps_that_begin_in_its_state(submitted, sign_in):
    client = sign_in("reviewer")
    every, narrow = (offered(client.page(f"/orders/list/{query}")) for query in ("", "?state=submitted"))
    assert {"approve", "release", "complete"} <= every
    assert {"approve", "reject"} <= narrow
    assert narrow == {one for one in every if "submitted" in orders.FLOW.transitions[one].source} < every


def test_a_selection_is_asked_in_the_plural_forms_of_the_language(submitted, sign_in):
    page = sign_in("reviewer").page("/orders/list/")
    dialog = page.partition('id="bulk-approve"')[2]
    asked = json.loads(html.unescape(re.search(r'data-bulk-ask="([^"]+)"', dialog)[1]))
    assert asked == {"one": "Approve {count} order and reserve its goods?",
                     "other": "Approve {count} orders and reserve their goods?"}  # fmt: skip


def test_what_a_list_asks_of_one_it_asks_of_many_too(site):
    singular = set()
    for view in site.appbuilder.baseviews:
        flow = getattr(view, "flow", None)
        if flow is None or not hasattr(view, "step_pages"):
            continue
        for step in flow.transitions.values():
            apart = step.name in view.single_steps or step.name in view.step_pages
            if not (step.hidden or step.own_page or apart) and step.ask is not None and step.ask_many is None:
                singular.add(step.key)
    assert singular == set()


def test_a_run_speaks_the_language_of_the_page_it_was_asked_from(submitted, sign_in, open_work):
    client = sign_in("reviewer")
    client.get("/lang/fa")
    given = {"action": "approve", "all_matching": "1", "query": "?state=submitted"}
    run = client.post("/orders/action_post", given).location.rpartition("/")[2]
    with open_work() as work:
        assert work.session.get(BackgroundRun, int(run)).locale == "fa"


@pytest.mark.parametrize(
    ("noun", "verb", "home"), [("work", "finish", "work_stages"), ("person", "deactivate", "users")]
)
def test_a_run_leads_to_the_screens_of_its_noun(people, sign_in, open_work, noun, verb, home):
    with open_work() as work:
        refused = [[7, "Drawing", "not_allowed", "No."]]
        run = BackgroundRun(user_id=people.ids["reviewer"], kind="bulk", noun=noun, verb=verb, ids=[7],
                            position=1, total=1, state="done", created_at=work.now, refused=refused)  # fmt: skip
        work.session.add(run)
        work.session.flush()
        address = f"/runs/show/{run.id}"
    page = sign_in("reviewer").page(address)
    assert f'href="/{home}/list/"' in page and f'href="/{home}/show/7"' in page
