"""Branches, warehouses and price lists have names in six languages; managed roles are called in the reader's."""

import pytest

from models.organisation import Branch
from models.people import Person, spoken
from models.products import PriceList
from tests import makers


def test_staff_read_names_in_their_language_and_others_where_nobody_translated_them(people, sign_in, rest, open_work):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2")
        makers.make_product(work, sku="B-1", stock_of=5)
    desk = sign_in("editor")
    with open_work() as work:
        listed = work.session.query(PriceList).one().id
    answer = rest("editor").put(f"/price_lists/{listed}", {"other_names": {"fa": "فهرست عمومی"}})
    assert answer.status_code == 200, answer.json
    assert answer.json["result"]["other_names"] == {"fa": "فهرست عمومی"}
    for path in ("/price_lists/list/", f"/price_lists/show/{listed}", "/prices/list/", "/products/show/1"):
        assert "General GBP" in desk.page(f"{path}?lang=en"), path
        assert "فهرست عمومی" in desk.page(f"{path}?lang=fa"), path
        assert "General GBP" in desk.page(f"{path}?lang=ro"), path
    assert 'name="other_names.fa" value="فهرست عمومی"' in desk.page(f"/price_lists/edit/{listed}")
    hidden = rest("buyer1").get(f"/price_lists/{listed}").json["result"]
    assert "other_names" not in hidden and hidden["name"] == "General GBP"


def test_a_branch_is_named_in_the_language_of_the_reader_wherever_it_stands(people, sign_in, open_work):
    with open_work() as work:
        work.session.get(Branch, 1).other_names = {"fa": "دفتر مرکزی", "tr": "Genel merkez"}
    admin = sign_in("admin")
    for path in ("/branches/list/", "/branches/show/1", f"/users/show/{people.ids['reviewer']}",
                 "/warehouses/list/"):  # fmt: skip
        assert "Genel merkez" in admin.page(f"{path}?lang=tr"), path
    chosen = admin.get("/branches/choices?lang=fa").json
    assert chosen[0]["text"] == "دفتر مرکزی"


def test_managed_roles_are_called_in_words_and_chosen_by_their_key(people, sign_in):
    admin = sign_in("admin")
    assert "Administrator" in admin.page("/roles/list/")
    page = admin.page(f"/users/edit/{people.ids['reviewer']}")
    assert 'value="Reviewer"' in page and 'value="Admin"' in page and "Administrator" in page


@pytest.mark.parametrize(("first", "last", "said"), [
    ("伟", "王", "王伟"), ("Brian", "Porter", "Brian Porter"), ("سارا", "احمدی", "سارا احمدی"), ("Wei", "王", "Wei 王"),
    ("伟", "", "伟"), ("", "王", "王"), ("", "", ""),
])  # fmt: skip
def test_the_family_of_a_chinese_name_comes_first(first, last, said):
    assert spoken(first, last) == said


def test_a_chinese_name_is_said_the_same_at_every_door(people, sign_in, open_work):
    with open_work() as work:
        user = work.session.get(Person, people.ids["buyer1"]).user
        user.first_name, user.last_name = "伟", "王"
    own = f"/users/show/{people.ids['buyer1']}"
    for name, path in (("buyer1", "/portal/"), ("admin", "/users/list/"), ("admin", own)):
        page = sign_in(name).page(path)
        assert "王伟" in page and "伟 王" not in page, path


def test_who_has_the_longest_name_there_can_be_does_his_work(people, rest, open_work):
    with open_work() as work:
        user = work.session.get(Person, people.ids["reviewer"]).user
        user.first_name, user.last_name = "A" * 64, "B" * 64
        makers.make_product(work, sku="A-1", price="2")
    wanted = {"customer": people.one, "currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}], "submit": True}
    made = rest("reviewer").post("/orders/", wanted)
    assert made.status_code == 201, made.json
