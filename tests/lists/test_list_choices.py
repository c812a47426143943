"""Saved filters and chosen columns: each person's own, shared among staff, never a way to what is kept inside."""

import csv
import io
import re

import pytest

from app.core.errors import BusinessError, NotFound
from app.core.work import Actor
from app.rules import list_choices
from models.customers import Customer
from tests import makers
from views.orders import OrderView


@pytest.fixture
def orders(people, open_work):
    """Two orders of customer one, of 10 and of 500 pounds."""
    with open_work() as work:
        one = work.session.get(Customer, people.one)
        bolt = makers.make_product(work, price="10")
        found = [makers.make_order(work, one, (bolt, n), reference=f"PO-{n}") for n in (1, 50)]
        return [row.id for row in found]


def save(client, query, name, **more):
    return client.post("/list_choices/save", {"screen": "orders", "query": query, "name": name, **more})


def shown(page):
    """Ids of the rows of a list, and what its columns are called."""
    ids = [int(one) for one in re.findall(r'<tr data-url="/orders/show/(\d+)"', page)]
    return ids, [re.sub(r"<[^>]*>", "", one).strip() for one in re.findall(r'<th scope="col".*?>(.*?)</th>', page)]


def test_a_saved_filter_is_found_again_and_the_list_opens_with_it(orders, sign_in):
    small, big = orders
    client = sign_in("reviewer")
    answer = save(client, "?least=100&after=abc", "Big ones", opens="1")
    assert answer.location.endswith("/orders/list/?least=100")
    page = client.page("/orders/list/")
    assert shown(page)[0] == [big] and "Big ones" in page and "view=all" in page
    assert shown(client.page("/orders/list/?view=all"))[0] == [big, small]
    exported = client.page("/orders/export/csv")
    assert "PO-50" in exported and "PO-1" not in exported.replace("PO-1,", "PO-1")
    again = save(client, "?least=5", "Big ones")
    assert again.status_code == 302
    assert shown(client.page("/orders/list/"))[0] == [big, small], "the same name is the same filter"


def test_filters_are_shared_with_staff_only_where_one_of_staff_wants_it(orders, sign_in):
    save(sign_in("reviewer"), "?least=100", "Mine alone")
    save(sign_in("reviewer"), "?least=100", "For us all", shared="1")
    theirs = sign_in("support").page("/orders/list/")
    assert "For us all" in theirs and "Mine alone" not in theirs
    buyer = sign_in("buyer1")
    assert "For us all" not in buyer.page("/orders/list/")
    save(buyer, "?least=100", "Buyer's own", shared="1")
    assert "Buyer's own" not in sign_in("buyer2").page("/orders/list/").replace("&#39;", "'")
    assert "Buyer's own" not in sign_in("reviewer").page("/orders/list/").replace("&#39;", "'")


def test_nobody_touches_what_somebody_else_saved(orders, sign_in, open_work, people):
    save(sign_in("reviewer"), "?least=100", "Shared", shared="1")
    with open_work(Actor("r", "staff", people.ids["reviewer"], may=lambda p: True)) as work:
        (row,) = list_choices.of("orders", work).filters
        identity = row.id
    for name in ("buyer1", "support"):
        client = sign_in(name)
        assert client.post(f"/list_choices/remove/{identity}").status_code == 404
    assert (
        sign_in("buyer1").post("/list_choices/open_with", {"screen": "orders", "filter": identity}).status_code == 404
    )
    assert (
        sign_in("support").post("/list_choices/open_with", {"screen": "orders", "filter": identity}).status_code == 302
    )
    assert (
        sign_in("support").post("/list_choices/open_with", {"screen": "tickets", "filter": identity}).status_code == 404
    )
    assert sign_in("admin").post(f"/list_choices/remove/{identity}").status_code == 302
    assert sign_in("support").post("/list_choices/save", {"screen": "people", "name": "x"}).status_code == 404


def test_columns_are_chosen_in_their_order_and_exported_so(orders, sign_in):
    client = sign_in("reviewer")
    client.post(
        "/list_choices/columns", {"screen": "orders", "column": ["reference", "number", "channel", "data", "x"]}
    )
    page = client.page("/orders/list/")
    assert shown(page)[1] == ["Reference", "Number", "Channel"]
    exported = csv.reader(io.StringIO(client.page("/orders/export/csv").lstrip("\ufeff")))
    assert next(exported) == ["Reference", "Number", "Channel"]
    assert shown(sign_in("support").page("/orders/list/"))[1][0] == "Number"
    client.post("/list_choices/columns", {"screen": "orders", "reset": "1", "column": ["number"]})
    assert len(shown(client.page("/orders/list/"))[1]) == len(OrderView.list_columns)


def test_a_customer_never_chooses_a_column_that_is_kept_inside(orders, sign_in, open_work, people):
    buyer = sign_in("buyer1")
    hidden = sorted(OrderView.internal)
    buyer.post("/list_choices/columns", {"screen": "orders", "column": [*hidden, "number", "remark"]})
    page = buyer.page("/orders/list/")
    assert shown(page)[1] == ["Number", "Remark"]
    offered = set(re.findall(r'name="column" value="(\w+)"', page))
    assert offered and not offered & OrderView.internal
    with open_work() as work:  # also what was chosen while it was still shown stays inside
        row = work.session.query(list_choices.ListChoice).filter_by(user_id=people.ids["buyer1"], name="").one()
        row.columns = ["handler", "number"]
    assert shown(buyer.page("/orders/list/"))[1] == ["Number"]
    assert "Handler" not in buyer.page("/orders/export/csv")


def test_names_and_numbers_of_filters_are_bounded(people, open_work):
    actor = Actor("r", "staff", people.ids["reviewer"], may=lambda p: True)
    with open_work(actor) as work:
        for name, query, code in (
            ("  ", "", "name_missing"),
            ("x" * 81, "", "bad_data"),
            ("x", "a=" + "b" * 2001, "bad_data"),
        ):
            with pytest.raises(BusinessError) as refused:
                list_choices.save_filter("orders", name, query, work)
            assert refused.value.code == code
        for number in range(list_choices.MOST):
            list_choices.save_filter("orders", f"F {number}", "?state=draft", work)
        with pytest.raises(BusinessError):
            list_choices.save_filter("orders", "One more", "", work)
        with pytest.raises(NotFound):
            list_choices.find(2**70, work)
