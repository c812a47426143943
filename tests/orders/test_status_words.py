"""What a state is called where a portal has its own words, and display statuses beside the state (X-17, ORD-19)."""

import pytest
from sqlalchemy.orm import sessionmaker

from app.core import state_words
from app.core.errors import BusinessError
from app.extensions import db
from app.jobs.runner import run_pending
from app.rules import orders, wording
from models.customers import Customer
from models.display_statuses import DisplayStatus
from models.notifications import Notification
from models.orders import Order
from models.organisation import Portal
from models.people import Person
from models.wording import StateWord
from tests import makers


@pytest.fixture
def order(people, open_work):
    """A confirmed order of customer one."""
    with open_work() as work:
        customer = work.session.get(Customer, people.one)
        made = makers.make_order(work, customer, (makers.make_product(work, price="10", stock_of=9), 1))
        orders.FLOW.run_one("submit", made)
        orders.FLOW.run_one("approve", made)
        return made.id


@pytest.fixture
def russian(people, open_work, sign_in):
    """Customer one reads Russian in a portal with the wording of S3."""
    with open_work() as work:
        portal = Portal(code="shop", name="Shop")
        work.session.add(portal)
        work.session.flush()
        work.session.get(Customer, people.one).portal_id = portal.id
        work.session.get(Customer, people.one).language = "ru"
        for name in ("buyer1", "reviewer"):
            work.session.get(Person, people.ids[name]).locale = "ru"
        identity = portal.id
    page = sign_in("admin").post(f"/portals/edit/{identity}", {"code": "shop", "name": "Shop", "preset": "S3"})
    assert page.status_code == 302
    return identity


def test_the_readers_portal_says_the_state_and_nobody_elses(order, russian, people, sign_in, rest, open_work):
    theirs = "Подтвержден менеджером"
    buyer = sign_in("buyer1")
    for address in ("/orders/list/", f"/orders/show/{order}", "/orders/export/csv", "/portal/"):
        assert theirs in buyer.page(address), address
    found = rest("buyer1").get(f"/orders/{order}?lang=ru").json["result"]
    assert (found["state"], found["state_label"]) == ("confirmed", theirs)
    english = rest("buyer1").get(f"/orders/{order}?lang=en").json["result"]
    assert english["state_label"] == "Confirmed", "the portal has no English word"
    (listed,) = rest("buyer1").get("/orders/?lang=ru").json["result"]
    assert listed["state_label"] == theirs
    assert theirs not in sign_in("reviewer").page("/orders/list/"), "staff read our own words"
    assert rest("buyer3").get(f"/orders/{order}?lang=ru").status_code == 404
    with open_work() as work, state_words.spoken_to(wording.portal_of(work.session.get(Order, order))):
        assert str(orders.FLOW.states["confirmed"]) == "Confirmed", "in English there is no word of the portal's"


def test_an_administrator_changes_the_words_of_a_portal(order, russian, sign_in, rest):
    admin = sign_in("admin")
    page = admin.page(f"/portals/show/{russian}")
    assert "Подтвержден менеджером" in page
    given = {"portal": str(russian), "state": "order.rejected", "texts.ru": "Отказ", "texts.en": "Refused"}
    assert admin.post("/state_words/add", given).status_code == 302
    assert admin.post("/state_words/add", given).status_code == 422
    (row,) = (one for one in rest("admin").get("/state_words/").json["result"] if one["state"] == "rejected")
    assert row["texts"] == {"ru": "Отказ", "en": "Refused"}
    assert admin.post(f"/state_words/edit/{row['id']}", {"texts.ru": "Отвергнут"}).status_code == 302
    assert "Отвергнут" in sign_in("buyer1").page("/orders/list/"), "tabs say it at once"
    assert admin.post(f"/state_words/delete/{row['id']}").status_code == 302
    assert "Отвергнут" not in sign_in("buyer1").page("/orders/list/")
    assert rest("buyer1").get("/state_words/").status_code == 403
    assert sign_in("buyer1").post("/state_words/add", given).status_code in (302, 403)


def test_words_are_for_states_that_there_are(work):
    portal = work.session.query(Portal).first()
    wrong = (("order", "lost", {"en": "x"}, "unknown_state"), ("thing", "draft", {}, "unknown_state"),
             ("order", "draft", {"en": " "}, "text_missing"),
             ("order", "draft", {"en": "x" * 61}, "text_long"))  # fmt: skip
    for noun, state, texts, code in wrong:
        with pytest.raises(BusinessError) as refused:
            wording.check_word(StateWord(portal=portal, noun=noun, state=state, texts=texts), work)
        assert refused.value.code == code
        work.session.expunge_all()
        portal = work.session.query(Portal).first()


@pytest.fixture
def statuses(open_work):
    """One status customers see while the order is confirmed or released, one they never see."""
    with open_work() as work:
        packed = DisplayStatus(code="packed", names={"en": "Packed", "ru": "Собран"}, tone="good",
                               states=["confirmed", "released"])  # fmt: skip
        secret = DisplayStatus(code="risky", names={"en": "Looks risky"}, tone="bad", visible_outside=False)
        work.session.add_all([packed, secret])
        work.session.flush()
        return {"packed": packed.id, "risky": secret.id}


def test_staff_put_a_status_on_an_order_and_its_state_stays(order, statuses, people, sign_in, rest, open_work):
    reviewer = rest("reviewer")
    answer = reviewer.post(f"/orders/{order}/set_status", {"status": "packed"})
    assert answer.status_code == 200 and answer.json["state"] == "confirmed"
    for name in ("reviewer", "buyer1"):
        for page in ("/orders/list/", f"/orders/show/{order}", f"/orders/list/?status={statuses['packed']}"):
            assert "Packed" in sign_in(name).page(page), (name, page)
    assert reviewer.get(f"/orders/{order}").json["result"]["display_status"]["code"] == "packed"
    assert any(one["action"] == "set_status" for one in reviewer.get(f"/orders/{order}/history").json)
    assert f"/orders/show/{order}" not in sign_in("reviewer").page(f"/orders/list/?status={statuses['risky']}")
    with open_work() as work:
        orders.FLOW.run_one("cancel", work.session.get(Order, order), reason="x")
    assert "display_status" not in reviewer.get(f"/orders/{order}").json["result"], "it holds no longer"
    assert reviewer.post(f"/orders/{order}/set_status", {"status": "packed"}).json["error"] == "status_not_here"
    assert reviewer.post(f"/orders/{order}/set_status", {"status": "nope"}).json["error"] == "unknown_status"


def test_customers_see_no_status_that_is_ours_and_set_none(order, statuses, people, sign_in, rest):
    assert rest("reviewer").post(f"/orders/{order}/set_status", {"status": "risky", "tell": "1"}).status_code == 200
    buyer, program = sign_in("buyer1"), rest("buyer1")
    assert "Looks risky" in sign_in("reviewer").page("/orders/list/")
    for address in ("/orders/list/", f"/orders/show/{order}", "/orders/export/csv"):
        assert "Looks risky" not in buyer.page(address) and "risky" not in buyer.page(address)
    assert "risky" not in str(program.get(f"/orders/{order}").json) + str(program.get(f"/orders/{order}/history").json)
    assert f"/orders/show/{order}" not in buyer.page(f"/orders/list/?status={statuses['risky']}")
    assert program.post(f"/orders/{order}/set_status", {"status": "packed"}).status_code == 403
    assert program.get("/display_statuses/").status_code == 403
    assert buyer.get("/display_statuses/choices").status_code in (302, 403)


def test_the_customer_is_told_where_staff_want_it(order, statuses, people, rest, site, open_work):
    with open_work() as work:
        work.session.get(Customer, people.one).language = "ru"
    rest("reviewer").post(f"/orders/{order}/set_status", {"status": "packed"})
    rest("reviewer").post(f"/orders/{order}/set_status", {"status": "packed", "tell": "1"})
    with site.app_context():
        run_pending(sessionmaker(db.engine), app=site)
    with open_work() as work:
        told = work.session.query(Notification).filter_by(name="order_status").all()
        assert len(told) == 1 and "Собран" in told[0].subject


def test_a_state_set_by_hand_needs_permission_and_reason_and_is_in_the_history(order, rest, sign_in):
    given = {"state": "released", "reason": "The driver took it along"}
    assert rest("reviewer").post(f"/orders/{order}/override", given).status_code == 403
    assert rest("supervisor").post(f"/orders/{order}/override", {"state": "released", "reason": " "}).status_code == 422
    page = sign_in("supervisor").page(f"/orders/show/{order}")
    assert f'action="/orders/override/{order}"' in page
    assert rest("supervisor").post(f"/orders/{order}/override", given).json["state"] == "released"
    (entry,) = (one for one in rest("reviewer").get(f"/orders/{order}/history").json if one["action"] == "override")
    assert entry["note"] == given["reason"]
