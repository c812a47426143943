"""What customers may read of a record's past says which of us worked on it nowhere, over REST or on screen."""

import pytest

from app.core.history import History
from tests import makers
from views import timeline
from views.api import HouseApi


def users_of(model):
    """The columns of a model that name a user."""
    return [
        column.key for column in model.__mapper__.columns
        if any(key.target_fullname.startswith("ab_user.") for key in column.foreign_keys)
    ]  # fmt: skip


@pytest.fixture
def orders_past(people, open_work):
    """An order of customer 1 in whose history every column stands that names a user."""
    with open_work() as work:
        order = makers.make_order(work, makers.customer_of(work, people.one), (makers.make_product(work), 1))
        names = users_of(type(order))
        changes = {name: [None, people.ids["supervisor"]] for name in names} | {"reference": ["", "PO-9"]}
        work.session.add(
            History(customer_id=people.one, noun="order", record_id=order.id, at=work.now, actor="Reviewer Reviewer",
                    inside="staff", action="order.edit", source="screen", changes=changes))  # fmt: skip
        return order.id, names


def edit(client, identity):
    """The change set as a program reads it."""
    return next(one for one in client.get(f"/orders/{identity}/history").json if one["action"] == "edit")


def test_a_customer_reads_neither_the_id_nor_the_name_of_any_of_us(orders_past, rest, sign_in):
    identity, names = orders_past
    assert "handler_id" in names
    told = edit(rest("buyer1"), identity)
    assert told["changes"] == {"reference": ["", "PO-9"]} and told["actor"] == "Our team"
    ours = edit(rest("reviewer"), identity)
    assert set(names) <= set(ours["changes"]) and ours["actor"] == "Reviewer Reviewer"
    page = sign_in("buyer1").page(f"/orders/show/{identity}")
    assert "PO-9" in page and "Reviewer" not in page and "Supervisor" not in page


def test_every_noun_is_guarded_by_what_a_column_refers_to(web):
    apis = [view for view in web.appbuilder.baseviews if isinstance(view, HouseApi) and users_of(view.model)]
    assert {"order", "ticket", "customer"} <= {api.noun for api in apis}
    for api in apis:
        assert all(timeline.names_a_user(api.model, name) for name in users_of(api.model)), api.noun
    assert not timeline.names_a_user(apis[0].model, "lines.7.quantity_ordered")
