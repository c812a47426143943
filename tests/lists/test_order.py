"""What lists can be ordered by: no row is lost or told twice, rows without a value stand last."""

import prison
import pytest

from models.orders import Order
from tests import makers
from views.lists import page

NOUNS = {
    "orders": ("number", "state", "ordered_at", "submitted_at", "total_net", "total_gross"),
    "customers": ("name", "number", "country"), "products": ("sku",),
    "invoices": ("number", "issued_on", "due_on", "total_gross"), "quotes": ("number", "submitted_at", "created_at"),
    "contracts": ("number", "created_at", "ends_on"), "tickets": ("number", "created_at"),
    "payments": ("number", "paid_on"),
}  # fmt: skip


@pytest.fixture
def some(open_work):
    """Five orders, two of them without a number."""
    with open_work() as work:
        customer = makers.make_customer(work, "Acme")
        rows = [makers.make_order(work, customer=customer) for _one in range(5)]
        for row, number in zip(rows, ("B", None, "A", None, "B"), strict=True):
            row.number = number and f"{number}-{row.id if number == 'B' else 1}"
        work.session.flush()
        return [row.id for row in rows]


@pytest.mark.parametrize("direction, places", [("desc", (4, 0, 2, 3, 1)), ("asc", (2, 0, 4, 1, 3))])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_forth_and_back_tell_every_row_once(some, open_work, direction, places, size):
    wanted = [some[place] for place in places]
    with open_work() as work:
        def read(**more):
            return page(work.session.query(Order), Order, column="number", direction=direction, size=size, **more)

        found, one = [], read()
        while True:
            found.append([row.id for row in one.rows])
            if one.next is None:
                break
            one = read(after=one.next)
        assert [pk for part in found for pk in part] == wanted
        back = [found[-1]]
        while one.prev is not None:
            one = read(before=one.prev)
            back.insert(0, [row.id for row in one.rows])
        assert back == found
        numbered = [row.id for number in range(5) for row in read(skip=number * size).rows]
        assert numbered == wanted[: 5 * size]
        last = [row.id for row in read(last=True).rows]
        assert last == wanted[-size:]


def test_programs_order_by_what_people_order_by(people, rest):
    admin = rest("admin")
    for noun, columns in NOUNS.items():
        for column in columns:
            for direction in ("asc", "desc"):
                asked = prison.dumps({"order_column": column, "order_direction": direction})
                answer = admin.get(f"/{noun}/?q={asked}")
                assert answer.status_code == 200, (noun, column, answer.json)
    found = admin.get("/customers/?q=(order_column:country,order_direction:asc)").json["result"]
    assert {"Acme Ltd", "Rival Ltd"} <= {row["name"] for row in found}
    refused = admin.get("/orders/?q=(order_column:remark)")
    assert (refused.status_code, refused.json["details"]) == (400, {"field": "order_column"})


def test_a_page_of_a_program_leads_to_the_rows_without_a_value(some, people, rest):
    admin, found = rest("admin"), []
    address = "/orders/?q=(order_column:number,order_direction:asc,page_size:2)"
    while address:
        answer = admin.get(address.removeprefix("/api/v1")).json
        found += [row["id"] for row in answer["result"]]
        address = answer.get("next")
    assert found == [some[place] for place in (2, 0, 4, 1, 3)]


def test_a_heading_orders_the_list(some, sign_in):
    page = sign_in("admin").page("/orders/list/?order=number&direction=asc")
    assert page.index("A-1") < page.index(f"B-{some[0]}")
    assert "order=number" in page and "order=total_gross" in page
