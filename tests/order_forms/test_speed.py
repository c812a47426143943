"""What many rows cost: statements do not grow with them, and large forms are checked in the background."""

import psycopg
import pytest
from sqlalchemy.orm import sessionmaker

from app import access
from app.core.errors import BusinessError
from app.core.localized import Reader
from app.core.settings import SettingValue
from app.core.work import Actor, work
from app.jobs import run_pending
from app.rules import order_forms, people
from benchmarks import order_forms as benchmark
from benchmarks.statements import counted
from models.order_forms import OrderForm
from tests import makers
from tests.orders.test_races import together

EN = Reader("en")


@pytest.fixture
def shop(database, open_work):
    """A customer and 300 products with prices."""
    with open_work() as one:
        customer = makers.make_customer(one).id
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        skus = benchmark.make_goods(connection, "GBP", 300)
    return customer, skus


def text(skus, quantity=2):
    return "\n".join(f"{sku}\t{quantity}" for sku in skus)


def test_statements_do_not_grow_with_the_rows(shop, open_work):
    customer, skus = shop
    counts = []
    for many in (20, 20, 300):  # the first one fills the caches of a running house
        with counted() as sent, open_work() as one:
            form = order_forms.paste(one, text(skus[:many]), EN, customer=customer)
            assert form.taken_count == many
            pk = form.id
        previewed = len(sent)
        with counted() as sent, open_work():
            order_forms.FLOW.run_one("order", pk, submit=True)
        counts.append((previewed, len(sent)))
    assert counts[1][0] == counts[2][0]
    assert counts[2][0] <= 35
    assert counts[2][1] <= counts[1][1] + 3, counts


def test_a_large_form_is_checked_in_the_background_and_can_be_watched(shop, engine, open_work, monkeypatch):
    customer, skus = shop
    monkeypatch.setattr(order_forms, "AT_ONCE", 50)
    monkeypatch.setattr(order_forms, "CHUNK", 100)
    with open_work() as one:
        user = sender(one)
    seen = []
    advance = order_forms.advance

    def watched(form_id, one):
        more = advance(form_id, one)
        seen.append(one.session.get(OrderForm, form_id).checked_count)
        return more

    monkeypatch.setattr(order_forms, "advance", watched)
    with open_work(user) as one:
        form = order_forms.paste(one, text([*skus[:250], skus[0]]), EN, customer=customer)
        assert (form.state, form.checked_count) == ("reading", 0)
        pk = form.id
    run_pending(sessionmaker(engine))
    assert seen == [100, 200, 251]
    with open_work() as one:
        form = one.session.get(OrderForm, pk)
        assert (form.state, form.taken_count, form.changed_count) == ("ready", 249, 2)
        assert advance(pk, one) is False


def sender(one):
    """A member of staff who may send order forms."""
    made = people.create_user(one, "sender", kind="staff", roles=("Reviewer",))
    people.FLOW.move(made.person, "active")
    one.session.flush()
    return access.actor_of(made.id, one.session)


def test_more_rows_than_may_be_are_refused(shop, open_work):
    customer, skus = shop
    with open_work() as one:
        one.session.add(SettingValue(name="ORDER_FORM_MAX_ROWS", value=5))
        one.session.flush()
        with pytest.raises(BusinessError) as refused:
            order_forms.paste(one, text(skus[:6]), EN, customer=customer)
        assert (refused.value.code, refused.value.details["field"]) == ("too_many_rows", "rows")


def test_two_who_order_at_the_same_moment_make_one_order(shop, engine, open_work):
    customer, skus = shop
    with open_work() as one:
        pk = order_forms.paste(one, text(skus[:3]), EN, customer=customer).id
    factory = sessionmaker(engine)

    def ordered(_number):
        with factory() as session, work(Actor.system("race"), session):
            try:
                return order_forms.FLOW.run_one("order", pk).id
            except BusinessError as error:
                return error.code

    found = together(ordered)
    assert sorted(map(str, found)).count("wrong_state") == 15
    assert len({one for one in found if one != "wrong_state"}) == 1
