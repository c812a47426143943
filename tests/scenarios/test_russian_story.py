"""The Russian shop: an order form is sent, stock is short, the order changed, confirmed, merged and sent on its way."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.rules import order_fields, order_unmerge, stock
from app.rules import people as accounts
from models.orders import Order, OrderType, Reservation
from models.people import AccessGroup
from tests import makers
from tests import people as usual
from tests.order_forms import books


@pytest.fixture
def shop(people, open_work):
    """A Russian shop with a user; an order type that confirms from stock, changed as its manual says; the goods."""
    with open_work() as work:
        customer = makers.make_customer(work, "Магазин «Самовар»", language="ru", country_code="RU", credit_limit=10**6)
        makers.make_address(work, customer, country_code="RU", city="Казань")
        user = accounts.create_user(work, "samovar", kind="external", roles=("Customer",), customers=(customer,),
                                    access_group=work.session.get(AccessGroup, people.group), locale="ru",
                                    email="anna@samovar.example")  # fmt: skip
        user.password = usual.HASHED
        accounts.FLOW.move(user.person, "active")
        work.session.get(User, people.ids["reviewer"]).email = "rita@ours.example"
        work.session.get(OrderType, 1).confirmation = "auto_stock_check"
        order_fields.apply_preset("S3", None, work)
        for sku, price, there in (("TEA-1", "4", 50), ("CUP-2", "7.50", 4), ("POT-3", "30", 10)):
            makers.make_product(work, sku, price=price, stock_of=there)
    return people


def sent(client, *rows):
    """An order form sent as a file, looked at, and ordered from: the number of the order in its address."""
    data = io.BytesIO(books.xlsx(books.HEAD, *rows))
    seen = client.post("/order_forms/add", {"file": (data, "заказ.xlsx")}, content_type="multipart/form-data").location
    client.page(seen)
    pk = seen.rpartition("/")[2]
    client.post(f"/order_forms/step/order/{pk}", {"submit": "y", "reference": "ЗК-1"})
    page = client.page(f"/order_forms/show/{pk}")
    return int(page.partition("/orders/show/")[2].partition('"')[0])


def of(rest, pk):
    return rest("samovar").get(f"/orders/{pk}").json["result"]


def told(rest, pk):
    return [(one["sku"], one["quantity_ordered"], one["quantity_approved"], one["state"])
            for one in of(rest, pk)["lines"]]  # fmt: skip


def test_from_the_order_form_to_the_merged_order_on_its_way(shop, sign_in, rest, jobs, mails, open_work):
    buyer, manager = sign_in("samovar"), sign_in("reviewer")

    # the form is sent; the system keeps what is there and refuses the line of which there is too little
    first = sent(buyer, ("TEA-1", "", "", "", 20), ("CUP-2", "", "", "", 6))
    jobs()
    assert (of(rest, first)["state"], of(rest, first)["changed_side"]) == ("changed", "system")
    assert told(rest, first) == [("TEA-1", "20", "20", "approved"), ("CUP-2", "6", "0", "rejected")]
    assert any("anna@samovar.example" in str(one["to"]) for one in mails())
    assert rest("samovar").post(f"/orders/{first}/release").status_code == 409  # first it is confirmed again

    # the customer takes four cups instead, and sends it for confirmation; the system confirms
    lines = [{"id": one["id"], "sku": one["sku"], "quantity": "4" if one["sku"] == "CUP-2" else one["quantity_ordered"]}
             for one in of(rest, first)["lines"]]  # fmt: skip
    assert buyer.json(f"/orders/save/{first}", {"lines": lines, "submit": True}).status_code == 200
    jobs()
    assert of(rest, first)["state"] == "confirmed"
    assert told(rest, first) == [("TEA-1", "20", "20", "approved"), ("CUP-2", "4", "4", "approved")]

    # he has forgotten something: a second order, confirmed at once, and then one of both
    second = sent(buyer, ("TEA-1", "", "", "", 5), ("POT-3", "", "", "", 2))
    jobs()
    assert of(rest, second)["state"] == "confirmed"
    page = buyer.page(buyer.post("/orders/action_post", {"action": "merge", "rowid": [first, second]}).location)
    assert "TEA-1" in page and "25" in page
    made = int(buyer.post("/orders/merge", {"id": [first, second], "do": "merge"}).location.rpartition("/")[2])
    jobs()
    merged = of(rest, made)
    assert (merged["state"], merged["total_net"]) == ("submitted", "190.00")  # a manager confirms it, not the system
    assert told(rest, made) == [("TEA-1", "25", "0", "open"), ("CUP-2", "4", "0", "open"), ("POT-3", "2", "0", "open")]
    assert of(rest, first)["merged_into"]["number"] == merged["number"]
    assert {one["name"] for one in rest("samovar").get("/notifications/").json["result"]} >= {
        "order_cut", "order_confirmed", "orders_merged"}  # fmt: skip
    assert any("rita@ours.example" in str(one["to"]) and merged["number"] in str(one["subject"]) for one in mails())

    # the manager confirms; the customer sends it for shipment
    assert f"/orders/show/{made}" in manager.page("/orders/list/?state=submitted")
    manager.post(f"/orders/step/approve/{made}")
    buyer.post(f"/orders/step/release/{made}")
    assert of(rest, made)["state"] == "released"
    assert rest("samovar").post(f"/orders/{first}/unmerge").json["error"] == "wrong_state"  # it is on its way

    # minutes later the sources are gone, and the goods are held once
    with open_work(now=datetime.now(UTC) + timedelta(minutes=6)) as work:
        assert order_unmerge.clean_up(work) == 2
    assert rest("samovar").get(f"/orders/{first}").status_code == 404
    assert merged["number"] in buyer.page("/orders/list/")
    with open_work() as work:
        assert stock.check(work) == []
        assert work.session.scalar(select(func.sum(Reservation.quantity))) == 31
        assert work.session.get(Order, first, execution_options={"with_deleted": True}).deleted_reason == "merged"
