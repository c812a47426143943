"""Whose rows somebody sees, whatever roles he holds: lists, search, select boxes, exports, REST, order entry."""

import pytest
from flask_appbuilder.security.sqla.models import Group

from app.rules import access_groups
from app.rules import people as rules
from models.organisation import Branch
from models.people import AccessGroup, Person
from models.products import Category
from tests import makers
from tests.clients import Client, Rest
from tests.people import PASSWORD


@pytest.fixture
def orders(people, open_work):
    """An order of each customer, and one of a customer of another branch."""
    with open_work() as work:
        product = makers.make_product(work, "A-1", price="5", stock_of=10)
        cluj = Branch(name="Cluj", legal_name="Serai SRL", country_code="RO", currency_code="RON", parent_id=1)
        work.session.add(cluj)
        work.session.flush()
        far = makers.make_customer(work, "Napoca SRL", branch_id=cluj.id, number="C-FAR")
        found = {"cluj": cluj.id, "far": far.id}
        for name, customer_id, branch in (("one", people.one, 1), ("two", people.two, 1), ("abroad", far.id, cluj.id)):
            customer = work.session.get(type(far), customer_id)
            order = makers.make_order(
                work, customer, (product, 1), number=f"SO-{name.upper()}-1", branch_id=branch, reference=f"REF-{name}"
            )
            found[name] = order.id
    return found


@pytest.fixture
def user(people, open_work, site):
    """`user("name", kind=..., roles=...)` makes a user and gives his two clients: cookie and token."""

    def made(username, **more):
        with open_work() as work:
            if "branch" in more:
                more["branch_id"] = more.pop("branch")
            if "customer" in more:
                more["customers"] = [work.session.get(makers.Customer, more.pop("customer"))]
            if "group" in more:
                more["access_group"] = work.session.get(AccessGroup, more.pop("group"))
            rules.create_user(work, username, password=PASSWORD, **more)
        client = Client(site, username)
        client.enter()
        return client, Rest(site, username)

    return made


def numbers(client, rest):
    """The order numbers somebody finds through list, export and REST."""
    page = client.page("/orders/list/")
    csv = client.page("/orders/export/csv")
    listed = {name for name in ("ONE", "TWO", "ABROAD") if f"SO-{name}-1" in page}
    exported = {name for name in ("ONE", "TWO", "ABROAD") if f"SO-{name}-1" in csv}
    told = {row["number"].split("-")[1] for row in rest.get("/orders/").json["result"]}
    assert listed == exported == told
    return told


def test_external_user_with_a_staff_role_sees_his_rows_only(orders, user, people):
    client, rest = user("mole", kind="external", customer=people.one, roles=["Supervisor", "Customer"])
    assert numbers(client, rest) == {"ONE"}
    assert client.get(f"/orders/show/{orders['two']}").status_code == 404
    assert rest.get(f"/orders/{orders['two']}").status_code == 404
    for mine in ("one", "two"):  # nobody outside acts for the house, at his own orders either
        assert rest.post(f"/orders/{orders[mine]}/approve").status_code == 403
    assert "Rival" not in client.page("/customers/choices?term=Rival")
    assert client.page(f"/customers/choices?id={people.two}").strip() == "[]"
    assert rest.get("/approval_rules/").status_code == 404


def test_external_administrator_is_still_external(orders, user, people):
    client, rest = user("boss", kind="external", customer=people.one, roles=["Admin"])
    assert numbers(client, rest) == {"ONE"}
    made = client.post("/users/add?kind=staff", {"username": "evil", "branch": "1", "locale": "en", "timezone": ""})
    assert made.status_code in (403, 404, 422)


def test_role_by_a_group_only_opens_the_same_doors(orders, user, open_work):
    with open_work() as work:
        group = Group(name="Desk", roles=rules.roles_named(["Reviewer"], work))
        work.session.add(group)
        work.session.flush()
        group_id = group.id
    client, rest = user("grouped", kind="staff")
    assert client.get("/orders/list/").status_code == 403 and rest.get("/orders/").status_code == 403
    with open_work() as work:
        person = rules.find_user("grouped", work).person
        rules.give_roles(person, [], [work.session.get(Group, group_id)], work)
    assert numbers(client, rest) == {"ONE", "TWO", "ABROAD"}


def test_staff_without_a_person_row_see_nothing(orders, user, open_work):
    client, rest = user("ghost", kind="staff", roles=["Admin"])
    with open_work() as work:
        work.session.delete(work.session.get(Person, rules.find_user("ghost", work).id))
    assert client.get("/orders/list/").status_code == 403 and rest.get("/orders/").status_code == 403
    assert "No access yet" in client.page("/")


def test_staff_limited_to_a_branch_see_its_rows_only(orders, user, people):
    client, rest = user("local", kind="staff", roles=["Supervisor"], branch=orders["cluj"], branch_limited=True)
    assert numbers(client, rest) == {"ABROAD"}
    for pk in (orders["one"], 999_999):
        assert client.get(f"/orders/show/{pk}").status_code == 404 and rest.get(f"/orders/{pk}").status_code == 404
    assert "SO-ONE-1" not in client.page("/orders/list/?q=SO-ONE")
    assert "SO-ONE-1" not in client.page("/orders/list/?customer_name=Acme")
    assert "Acme" not in client.page("/customers/list/") and "Napoca" in client.page("/customers/list/")
    assert client.page("/customers/choices?term=Acme").strip() == "[]"
    assert "Napoca" in client.page("/customers/choices?term=Nap")
    assert rest.get(f"/customers/{people.one}").status_code == 404
    made = rest.post(
        "/orders/", {"customer": people.one, "currency": "GBP", "lines": [{"sku": "A-1", "quantity": "1"}]}
    )
    assert made.status_code in (400, 404, 422), made.json


def test_limit_covers_the_branches_below(orders, user):
    client, rest = user("head", kind="staff", roles=["Supervisor"], branch=1, branch_limited=True)
    assert numbers(client, rest) == {"ONE", "TWO", "ABROAD"}


def test_limited_administrator_cannot_lift_his_own_limit(orders, user, open_work):
    client, _rest = user("local", kind="staff", roles=["Admin"], branch=orders["cluj"], branch_limited=True)
    with open_work() as work:
        pk = rules.find_user("local", work).id
    answer = client.post(f"/users/edit/{pk}", {"username": "local", "branch": "1", "locale": "en", "timezone": ""})
    assert answer.status_code == 422
    with open_work() as work:
        assert work.session.get(Person, pk).branch_limited


@pytest.fixture
def shop(people, open_work):
    """Two products in two categories; an access group that finds one of them."""
    with open_work() as work:
        found = {}
        for code in ("tools", "toys"):
            category = Category(code=code, names={"en": code.capitalize()})
            work.session.add(category)
            work.session.flush()
            found[code] = makers.make_product(
                work, sku=code.upper(), price="5", stock_of=10, category_id=category.id
            ).id
            if code == "tools":
                group = access_groups.save(AccessGroup(), "Tools only", "Customer", work)
                access_groups.restrict(group, category, None, work)
                found["group"] = group.id
    return found


def test_restricted_group_finds_its_part_of_the_catalogue_through_every_door(shop, user, people):
    client, rest = user("hand", kind="external", customer=people.one, group=shop["group"])
    free, free_rest = user("free", kind="external", customer=people.one, group=people.group)
    doors = ("/products/list/", "/products/choices?term=to", "/products/export/csv", "/orders/products?term=to")
    for url in doors:
        page, whole = client.page(url), free.page(url)
        assert "TOOLS" in page and "TOYS" not in page, url
        assert "TOYS" in whole, url
    told = {row["sku"] for row in rest.get("/products/").json["result"]}
    assert told == {"TOOLS"} and {row["sku"] for row in free_rest.get("/products/").json["result"]} == {"TOOLS", "TOYS"}
    assert rest.get(f"/products/{shop['toys']}").status_code == 404
    assert client.get(f"/products/show/{shop['toys']}").status_code == 404
    hidden, unknown = (client.get(f"/orders/price?sku={sku}&currency=GBP") for sku in ("TOYS", "NOSUCH"))
    assert hidden.status_code == unknown.status_code >= 400
    lines = [{"sku": "TOYS", "quantity": "1"}]
    refused = rest.post("/orders/", {"currency": "GBP", "lines": lines})
    assert refused.status_code in (400, 404, 422), refused.json
    assert free_rest.post("/orders/", {"currency": "GBP", "lines": lines}).status_code == 201


def test_an_external_user_with_the_role_admin_sees_no_other_people(user, people):
    client, rest = user("chief", kind="external", customer=people.one, roles=["Admin"])
    assert numbers(client, rest) <= {"ONE"}
    for path in ("/users/list/", "/users/show/1", "/users/choices", "/roles/list/", "/settings/list/"):
        assert client.get(path).status_code in (403, 404), path
    for path in ("/orders/1/approve", "/orders/1/override", "/orders/1/assign", "/payments/1/confirm"):
        assert rest.post(path, {}).status_code in (403, 404), path
