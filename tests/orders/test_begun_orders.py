"""An order that was begun and left is kept on the server until it is sent, cancelled or long forgotten (X-32)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.settings import SettingValue
from app.jobs import house
from app.rules import begun_orders
from models.orders import BegunOrder, Order
from tests import makers
from tests.conftest import NOW

TYPED = {"reference": "PO-7", "remark": "Ring twice", "requested_on": "2031-03-05", "number": None, "version": 3,
         "lines": [{"sku": "A-1", "quantity": "4"}, {"sku": "half a code", "quantity": "x", "id": "9"}]}  # fmt: skip


@pytest.fixture
def goods(people, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    return people


def begun(open_work):
    with open_work() as work:
        return {row.user_id: row.content for row in work.session.scalars(select(BegunOrder))}


def test_what_is_typed_is_kept_and_there_again_for_whoever_typed_it(goods, sign_in, open_work):
    buyer, other = sign_in("buyer1"), sign_in("buyer2")
    assert "what you began" not in buyer.page("/orders/add")
    assert buyer.json("/orders/keep", TYPED).status_code == 200
    assert buyer.json("/orders/keep", TYPED | {"reference": "PO-8"}).status_code == 200
    page = buyer.page("/orders/add")
    for said in ('value="PO-8"', "Ring twice", 'value="2031-03-05"', "half a code", 'action="/orders/forget"'):
        assert said in page, said
    assert "what you began" in page
    assert "PO-8" not in other.page("/orders/add") and "PO-8" not in sign_in("reviewer").page("/orders/add")
    assert "what you began" not in buyer.page("/orders/add?sku=A-1"), "who comes from a product begins anew"
    [(user, content)] = begun(open_work).items()
    assert (user, content["lines"][1]) == (goods.ids["buyer1"], {"sku": "half a code", "quantity": "x"})
    with open_work() as work:
        assert work.session.scalars(select(Order)).all() == []


def test_it_goes_when_it_is_sent_or_cancelled(goods, sign_in, open_work):
    buyer = sign_in("buyer1")
    buyer.json("/orders/keep", TYPED)
    refused = buyer.json("/orders/save", {"lines": [{"sku": "NONE", "quantity": "1"}]}, Accept="application/json")
    assert refused.status_code == 422 and begun(open_work), "what was refused is still there"
    made = buyer.json("/orders/save", {"reference": "PO-7", "lines": [{"sku": "A-1", "quantity": "4"}]})
    assert made.status_code == 201 and begun(open_work) == {}
    buyer.json("/orders/keep", TYPED)
    assert buyer.post("/orders/forget").status_code == 302 and begun(open_work) == {}


def test_an_order_begun_beside_it_neither_overwrites_nor_ends_it(goods, sign_in, open_work):
    buyer = sign_in("buyer1")
    assert "data-keep-url" in buyer.page("/orders/add?sku=A-1"), "nothing is begun yet: this one is kept"
    buyer.json("/orders/keep", TYPED)
    page = buyer.page("/orders/add?sku=A-1")
    assert "data-keep-url" not in page and "/orders/forget" not in page
    kept = re.search(r'data-save-url="([^"]+)"', page)[1]
    made = buyer.json(kept, {"lines": [{"sku": "A-1", "quantity": "1"}]})
    assert made.status_code == 201
    page = buyer.page("/orders/add")
    assert 'value="PO-7"' in page and "what you began" in page
    made = buyer.json(re.search(r'data-save-url="([^"]+)"', page)[1], {"lines": [{"sku": "A-1", "quantity": "4"}]})
    assert made.status_code == 201 and begun(open_work) == {}


@pytest.mark.parametrize("bad", [{"lines": "x"}, {"lines": [1]}, {"lines": [{}] * 2001}])
def test_nonsense_is_not_kept(goods, sign_in, open_work, bad):
    assert sign_in("buyer1").json("/orders/keep", bad).status_code == 400
    assert begun(open_work) == {}
    assert sign_in("finance").json("/orders/keep", TYPED).status_code in (302, 403), "who enters no orders keeps none"


def test_a_job_removes_what_nobody_came_back_to(goods, sign_in, open_work):
    with open_work() as work:
        for name, days in (("buyer1", 15), ("buyer2", 13)):
            work.session.add(BegunOrder(user_id=goods.ids[name], content={"head": {}, "lines": []},
                                        at=NOW - timedelta(days=days)))  # fmt: skip
    with open_work() as work:
        house.clean_begun_orders(work)
    assert list(begun(open_work)) == [goods.ids["buyer2"]]
    with open_work(now=NOW + timedelta(days=400)) as work:
        work.session.add(SettingValue(name="BEGUN_ORDER_DAYS", scope="system", scope_id=0, value=0))
        work.session.flush()
        begun_orders.clean_up(work)
    assert begun(open_work)
