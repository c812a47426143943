"""Users, roles, groups and settings through their screens."""

import io
import re

from PIL import Image
from sqlalchemy import select

from app.rules import people as rules
from models.organisation import Branch
from models.people import AccessGroup, Membership, Person
from models.products import Category
from tests.clients import Client


def png():
    """The smallest picture there is."""
    out = io.BytesIO()
    Image.new("RGB", (2, 2), "teal").save(out, "PNG")
    return out.getvalue()


def named(work, username):
    return rules.find_user(username, work).person


def test_new_external_user_is_ready_on_save(sign_in, people, open_work, site):
    admin = sign_in("admin")
    data = {
        "username": "ali",
        "customer": str(people.one),
        "access_group": str(people.group),
        "locale": "fa",
        "timezone": "",
    }
    made = admin.post("/users/add?kind=external", data)
    assert made.status_code == 302, made.get_data(as_text=True)
    page = admin.page(made.location)
    address = re.search(r"/set-password/[\w.-]+", page)[0]
    assert address not in admin.page(made.location), "the link is shown once"
    with open_work() as work:
        person = named(work, "ali")
        assert person.state == "invited" and person.role_names == "Customer" and person.locale == "fa"
    newcomer = Client(site, "ali")
    page = newcomer.page(address)
    assert 'lang="' in page
    assert (
        newcomer.http.post(
            address,
            data={
                "password": "my own words",
                "again": "my own words",
                "csrf_token": re.search(r'csrf-token" content="([^"]+)', page)[1],
            },
        ).status_code
        == 302
    )
    newcomer.sign_in("my own words")
    assert newcomer.get("/portal/").status_code == 200


def test_staff_user_with_password_branch_and_roles(sign_in, people, open_work, site):
    admin = sign_in("admin")
    data = {
        "username": "nina",
        "first_name": "Nina",
        "branch": "1",
        "branch_limited": "y",
        "roles": ["Support", "Editor"],
        "locale": "en",
        "timezone": "Europe/Bucharest",
        "password": "her own words",
        "email": "nina@example.com",
    }
    made = admin.post("/users/add?kind=staff", data)
    assert made.status_code == 302 and "/set-password/" not in admin.page(made.location)
    with open_work() as work:
        person = named(work, "nina@example.com")
        assert (person.state, person.role_names, person.branch_limited) == ("active", "Editor, Support", True)
        pk = person.id
    changed = admin.post(f"/users/edit/{pk}", {**data, "roles": ["Support"], "branch_limited": "", "last_name": "Pop"})
    assert changed.status_code == 302, changed.get_data(as_text=True)
    page = admin.page(f"/users/show/{pk}")
    assert "Nina Pop" in page and "Editor, Support" in page, "the history tells what it was"


def test_a_taken_name_is_told_at_its_field(sign_in, people):
    data = {"username": "Reviewer", "branch": "1", "locale": "en", "timezone": ""}
    answer = sign_in("admin").post("/users/add?kind=staff", data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "There is such a user already." in page and 'value="Reviewer"' in page


def test_ticks_give_a_permission_at_once(sign_in, people):
    admin, support = sign_in("admin"), sign_in("support")
    assert support.get("/settings/list/").status_code == 403
    pk = people.ids["support"]
    assert 'value="can_read:Setting"' in admin.page(f"/users/ticks/{pk}")
    admin.post(f"/users/ticks/{pk}", {"tick": ["can_read:Setting", "can_read:Unheard"]})
    assert support.get("/settings/list/").status_code == 200
    assert "/settings/list/" in support.page("/"), "and its menu item"
    admin.post(f"/users/ticks/{pk}", {})
    assert support.get("/settings/list/").status_code == 403


def test_role_is_copied_ticked_and_deleted(sign_in, people, open_work):
    admin = sign_in("admin")
    with open_work() as work:
        support = rules.roles_named(["Support"], work)[0].id
    assert admin.get(f"/roles/edit/{support}").status_code in (302, 422)
    copied = admin.post(f"/roles/copy/{support}", {"name": "Night desk"})
    pk = int(copied.location.rsplit("/", 1)[1])
    saved = admin.post(f"/roles/edit/{pk}", {"name": "Night desk", "tick": ["can_read:Order"]})
    assert saved.status_code == 302
    assert "Night desk" in admin.page("/roles/list/")
    assert admin.post(f"/roles/delete/{pk}").status_code == 302
    admin.page("/roles/list/")  # tells that it is gone
    assert "Night desk" not in admin.page("/roles/list/")
    admin.post(f"/roles/delete/{support}")
    assert "Support" in admin.page("/roles/list/")


def test_group_gives_its_roles(sign_in, people, open_work):
    admin = sign_in("admin")
    made = admin.post("/groups/add", {"name": "Evening", "description": "", "roles": ["Editor"]})
    assert made.status_code == 302
    pk = people.ids["warehouse"]
    admin.post(
        f"/users/edit/{pk}",
        {"username": "warehouse", "branch": "1", "roles": [], "groups": ["Evening"], "locale": "en", "timezone": ""},
    )
    with open_work() as work:
        assert work.session.get(Person, pk).group_names == "Evening"
    assert "Warehouse" in admin.page(made.location)
    assert sign_in("warehouse").get("/orders/list/").status_code == 200


def test_memberships_and_restrictions(sign_in, people, open_work):
    admin, pk = sign_in("admin"), people.ids["buyer3"]
    admin.post(f"/users/join/{pk}", {"customer": str(people.one), "access_group": str(people.group)})
    with open_work() as work:
        mine = work.session.scalars(select(Membership).where(Membership.user_id == pk).order_by(Membership.id)).all()
        assert [one.customer_id for one in mine] == [people.two, people.one]
        category = Category(code="tools", names={"en": "Tools"})
        work.session.add(category)
        work.session.flush()
        last, category_id = mine[-1].id, category.id
    assert "Acme Ltd" in admin.page(f"/users/show/{pk}")
    admin.post(f"/users/leave/{pk}/{last}")
    group = people.group
    both = admin.post(f"/access_groups/restrict/{group}", {}, follow_redirects=True)
    assert "Choose either a category or a price list." in both.get_data(as_text=True)
    admin.post(f"/access_groups/restrict/{group}", {"category": str(category_id)})
    with open_work() as work:
        found = work.session.get(AccessGroup, group).restrictions
        assert [one.category_id for one in found] == [category_id]
        restriction = found[0].id
    assert "Tools" in admin.page(f"/access_groups/show/{group}")
    admin.post(f"/access_groups/unrestrict/{group}/{restriction}")
    with open_work() as work:
        assert work.session.get(AccessGroup, group).restrictions == []
        assert len(work.session.scalars(select(Membership).where(Membership.user_id == pk)).all()) == 1


def test_switch_and_scoped_setting_on_screen(sign_in, people):
    admin, buyer = sign_in("admin"), sign_in("buyer1")
    assert buyer.get("/orders/list/").status_code == 200
    assert admin.post("/settings/edit/ALLOW_EXTERNAL_ACCESS/system", {}).status_code == 302
    assert buyer.get("/orders/list/").status_code == 403 and "No access yet" in buyer.page("/")
    admin.post("/settings/drop/ALLOW_EXTERNAL_ACCESS/system/0")
    assert buyer.get("/orders/list/").status_code == 200
    bad = admin.post("/settings/edit/ORDER_DUE_HOURS/branch", {"record": "1", "value": "soon"})
    assert bad.status_code == 422
    admin.post("/settings/edit/ORDER_DUE_HOURS/branch", {"record": "1", "value": "12"})
    page = admin.page("/settings/show/ORDER_DUE_HOURS")
    assert "Head office" in page and "12" in page


def test_profile_is_everybodys_and_names_are_not(sign_in, people, open_work):
    buyer, pk = sign_in("buyer1"), people.ids["buyer1"]
    data = {
        "locale": "fa",
        "calendar": "jalali",
        "digits": "latin",
        "timezone": "Asia/Tehran",
        "mobile": "+98 912 000",
        "first_name": "Evil",
        "kind": "staff",
        "branch_limited": "",
    }
    assert buyer.post("/profile/", data).status_code == 302
    assert '<html lang="fa" dir="rtl"' in buyer.page("/profile/")
    with open_work() as work:
        person = work.session.get(Person, pk)
        assert (person.calendar, person.timezone, person.kind, person.first_name) == (
            "jalali",
            "Asia/Tehran",
            "external",
            "Buyer1",
        )
    assert sign_in("nobody").get("/profile/").status_code == 200


def test_profile_follows_the_setting(sign_in, people, open_work):
    admin, buyer = sign_in("admin"), sign_in("buyer1")
    admin.post("/settings/edit/PROFILE_EDITABLE_FIELDS/access_group", {"record": str(people.group), "value": "locale"})
    page = buyer.page("/profile/")
    assert 'name="locale"' in page and 'name="mobile"' not in page
    buyer.post("/profile/", {"locale": "ro", "mobile": "+1"})
    with open_work() as work:
        person = work.session.get(Person, people.ids["buyer1"])
        assert (person.locale, person.mobile) == ("ro", "")


def test_branch_with_logo_and_tree(sign_in, people, open_work):
    admin, picture = sign_in("admin"), png()
    data = {
        "name": "Cluj",
        "parent": "1",
        "legal_name": "Serai SRL",
        "country_code": "RO",
        "currency_code": "RON",
        "timezone": "Europe/Bucharest",
        "tax_id": "RO123",
        "address": "",
        "bank": "",
        "registration": "",
        "email": "",
        "phone": "",
    }
    page = admin.post("/branches/add", {**data, "logo": (io.BytesIO(b"<svg/>"), "logo.png")})
    assert page.status_code == 422 and "PNG or JPEG" in page.get_data(as_text=True)
    made = admin.post("/branches/add", {**data, "logo": (io.BytesIO(picture), "logo.png")})
    assert made.status_code == 302, made.get_data(as_text=True)[:3000]
    assert "data:image/png" in admin.page(made.location)
    with open_work() as work:
        branch = work.session.scalars(select(Branch).where(Branch.name == "Cluj")).one()
        assert branch.logo == picture and branch.country_code == "RO" and branch.parent_id == 1
        pk = branch.id
    own = admin.post(f"/branches/edit/{pk}", {**data, "parent": str(pk)})
    assert own.status_code == 422
    assert admin.post("/branches/delete/1", follow_redirects=True).status_code == 200
    with open_work() as work:
        assert work.session.get(Branch, 1).archived_at is None


def test_masters_of_the_house_refuse_nonsense(sign_in, people):
    admin = sign_in("admin")
    wrong = {
        "/exchange_rates/add": {"currency_code": "EUR", "base_code": "EUR", "valid_on": "2026-01-01", "rate": "1"},
        "/tax_rates/add": {"category": "1", "country_code": "ZZ", "valid_on": "2026-01-01", "rate": "19"},
        "/payment_terms/add": {"code": "x", "names.en": "X", "days": "-1", "prepayment_percent": "0"},
        "/approval_rules/add": {"name": "Empty", "level": "supervisor"},
        "/currencies/add": {"code": "E1€", "digits": "2"},
        "/number_series/edit/1": {"prefix": "SO-", "yearly": "y", "width": "40"},
    }
    found = {url: admin.post(url, data).status_code for url, data in wrong.items()}
    assert set(found.values()) == {422}, found
    right = {
        "/exchange_rates/add": {"currency_code": "EUR", "base_code": "GBP", "valid_on": "2026-01-01", "rate": "0.85"},
        "/tax_rates/add": {"category": "1", "country_code": "RO", "valid_on": "2026-01-01", "rate": "19"},
        "/payment_terms/add": {"code": "x", "names.en": "X", "days": "10", "prepayment_percent": "0"},
        "/approval_rules/add": {"name": "Big", "level": "supervisor", "over_amount": "5000", "currency_code": "GBP"},
        "/currencies/add": {"code": "sek", "digits": "2"},
        "/currencies/edit/EUR": {"digits": "2", "active": ""},
        "/number_series/edit/1": {"prefix": "OR-", "yearly": "y", "width": "5"},
        "/order_types/edit/1": {
            "code": "standard",
            "names.en": "Standard",
            "series": "order",
            "number_mode": "auto",
            "confirmation": "manager",
            "delete_policy": "hq_only",
        },
        "/portals/edit/1": {"code": "default", "name": "Our portal", "preset": "S4", "address": ""},
    }
    found = {url: admin.post(url, data) for url, data in right.items()}
    assert {url: one.status_code for url, one in found.items() if one.status_code != 302} == {}
    for answer in found.values():
        admin.page(answer.location)


def test_customer_names_of_others_stay_out_of_reach(sign_in, people):
    """A member of staff without the permission cannot open users through the choices either."""
    assert sign_in("support").get("/users/choices?term=a").status_code == 403
    assert sign_in("buyer1").get("/users/choices?term=a").status_code == 403
