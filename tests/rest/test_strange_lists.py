"""Lists that are asked for in a way nobody writes by hand: told what is wrong, never broken."""

import base64
import json
from urllib.parse import quote

import pytest

from tests import makers


def mark(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("nested", ["[" * 2900, '{"a":' * 900])
def test_a_mark_nested_without_end_is_refused(people, rest, sign_in, nested):
    told = rest("admin").get(f"/orders/?after={mark(nested)}")
    assert (told.status_code, told.json["error"]) == (400, "bad_page")
    assert sign_in("reviewer").get(f"/orders/list/?after={mark(nested)}").status_code == 400


@pytest.mark.parametrize("value", ["2020-01-01", "x", "9" * 30])
def test_a_mark_whose_value_is_no_number_is_refused_where_the_order_is_one(people, rest, value):
    for noun in ("assignment_rules", "display_statuses"):
        asked = f"?q=(order_column:position,order_direction:asc)&after={mark(json.dumps([value, 1]))}"
        told = rest("admin").get(f"/{noun}/{asked}")
        assert (told.status_code, told.json["error"]) == (400, "bad_page"), told.json


@pytest.mark.parametrize("operator", [[1], {}, None, 5])
@pytest.mark.parametrize("column", ["id", "customer", "reference", "total_net"])
def test_an_operator_that_is_no_word_is_refused(people, rest, column, operator):
    asked = {"filters": [{"col": column, "opr": operator, "value": 1}]}
    told = rest("admin").get(f"/orders/?q={quote(json.dumps(asked))}")
    assert (told.status_code, told.json["error"]) == (400, "bad_filter"), told.json


def test_what_has_no_version_is_not_changed_either(open_work, people, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    admin = rest("admin")
    pk = admin.get("/stock_levels/").json["result"][0]["id"]
    assert admin.call("PUT", f"/stock_levels/{pk}", {"version": 1}).status_code == 403
