"""Users, roles and access groups: what the rules allow."""

from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import Group, Role, User
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app import access, roles
from app.core.errors import Forbidden, NotFound
from app.core.history import History
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import access_groups, links, people, permissions, settings_pages
from models.people import AccessGroup, Membership, Person
from tests import makers
from tests.conftest import NOW
from tests.expect import refused


def person_of(work, username):
    return work.session.scalars(select(Person).join(User, User.id == Person.id).where(User.username == username)).one()


def make(work, username="ann", kind="staff", **more):
    return work.session.get(Person, people.create_user(work, username, kind=kind, **more).id)


def actor_of(work, person):
    work.session.flush()
    return access.actor_of(person.id, work.session)


def history_of(work, row, noun):
    rows = work.session.scalars(
        select(History).where(History.noun == noun, History.record_id == row.id).order_by(History.id)
    )
    return {name: pair for one in rows for name, pair in one.changes.items()}


def test_external_user_needs_a_name_only_and_comes_in_by_a_link(work):
    customer = makers.make_customer(work)
    person, link = people.create(work, username="ali", kind="external", customers=[customer], roles=["Customer"])
    assert person.state == "invited" and person.email == "" and person.user.password.startswith("!")
    assert links.use(links.token(link), work) == person.id
    people.choose_password(person, "a long enough one", work)
    assert person.state == "active" and check_password_hash(person.user.password, "a long enough one")


def test_link_works_once_and_for_a_day_only(open_work):
    with open_work() as work:
        _person, link = people.create(work, username="ali", kind="external")
        token = links.token(link)
    with open_work(now=NOW + timedelta(hours=25)) as work, pytest.raises(NotFound):
        links.find(token, work)
    with open_work(now=NOW + timedelta(hours=23)) as work:
        links.use(token, work)
    with open_work() as work, pytest.raises(NotFound):
        links.use(token, work)


def test_new_link_ends_the_old_one(work):
    person, link = people.create(work, username="ali", kind="external")
    old = links.token(link)
    people.FLOW.run_one("invite", person)
    with refused("bad_link"):
        links.find(old, work)
    assert links.open_for(person.id, work) is not None


@pytest.mark.parametrize("username, email", [("ANN", ""), ("bob", "Ann@Example.com"), ("ann@example.com", "")])
def test_names_and_addresses_are_taken_in_any_case(work, username, email):
    make(work, "ann", email="ann@example.com")
    with refused("user_exists", work):
        make(work, username, email=email)


def test_user_names_of_external_users_follow_the_setting(work):
    settings_pages.put("USERNAME_PATTERN", "system", 0, "[A-Za-z0-9]{4,16}", work)
    with refused("bad_username", work):
        make(work, "a.b", kind="external")
    make(work, "a.b", kind="staff")


@pytest.mark.parametrize(
    "password, code",
    [
        ("short", "password_short"),
        ("\0" * 12, "password_short"),
        ("        ", "password_short"),
        ("x" * 300, "password_long"),
        ("long enough\0", "password_long"),
    ],
)
def test_passwords_have_a_length(work, password, code):
    with refused(code, work):
        make(work, "ann", password=password)


def test_role_by_a_group_counts(work):
    group = Group(name="Desk", roles=people.roles_named(["Support"], work))
    work.session.add(group)
    person = make(work, groups=[group])
    assert actor_of(work, person).may("order.assign")


def test_ticks_are_kept_as_a_personal_role_and_in_the_history(open_work):
    with open_work() as work:
        person = make(work, roles=["Support"])
        people.set_ticks(person, {("can_approve", "Order"), ("can_assign", "Order")}, {"orders"}, work)
    with open_work() as work:
        person = person_of(work, "ann")
        assert actor_of(work, person).may("order.approve") and person.role_names == "Support"
        own = work.session.scalars(select(Role).where(Role.name == f"personal:{person.id}")).one()
        assert permissions.of_roles([own]) == {("can_approve", "Order")}, "what a role gives is not ticked twice"
        assert history_of(work, person, "person")["permissions"] == [None, "order.approve"]
        people.change(person, work, username="ann", first_name="Ann", roles=["Editor"], locale="en")
        assert actor_of(work, person).may("order.approve"), "ticks outlive a change of roles"
        people.set_ticks(person, set(), set(), work)
        assert not actor_of(work, person).may("order.approve")
        assert work.session.scalars(select(Role).where(Role.name.startswith("personal:"))).all() == []


def test_managed_roles_are_copied_not_changed(work):
    support = people.roles_named(["Support"], work)[0]
    with refused("managed_role"):
        permissions.save(support, "Support", set(), set(), work)
    with refused("managed_role"):
        permissions.remove(support, work)
    mine = permissions.copy(support, "Night desk", work)
    permissions.save(mine, "Night desk", {("can_read", "Order")}, {"orders"}, work)
    assert permissions.of_roles([mine]) == {("can_read", "Order")}
    person = make(work, roles=["Night desk"])
    assert actor_of(work, person).may("order.read") and not actor_of(work, person).may("order.assign")
    with refused("in_use"):
        permissions.remove(mine, work)


def test_nobody_gives_more_than_he_holds(open_work):
    with open_work() as work:
        boss = make(work, "boss", roles=["Admin"], password="a long password")
        mate = make(work, "mate", roles=["Support"])
        mini = permissions.save(Role(), "Small admin", {("can_read", "Person"), ("can_write", "Person")}, set(), work)
        clerk = make(work, "clerk", roles=["Small admin"])
        ids = boss.id, mate.id, mini.id, clerk.id
        actor = actor_of(work, clerk)
    with open_work(actor) as work:
        with pytest.raises(Forbidden), work.session.begin_nested():
            make(work, "eve", roles=["Admin"])
        for other in ids[:2]:
            with pytest.raises(Forbidden):
                people.change(work.session.get(Person, other), work, username="x", first_name="x")
        with pytest.raises(Forbidden):
            people.set_ticks(work.session.get(Person, ids[3]), {("can_approve", "Order")}, set(), work)
        person, _link = people.create(work, username="new", kind="staff", roles=["Small admin"])
        assert person.role_names == "Small admin"


def test_who_is_limited_to_branches_manages_nobody(open_work):
    limited = Actor("local", "staff", user_id=999, branches=frozenset({1}), may=lambda permission: True)
    with open_work(limited) as work, refused("central_only"):
        people.create(work, username="new", kind="staff", branch_id=1)


def test_one_administrator_stays_and_nobody_deactivates_himself(open_work):
    with open_work() as work:
        boss = make(work, "boss", roles=["Admin"], password="a long password")
        make(work, "second", roles=["Admin"], password="a long password")
        actor = actor_of(work, boss)
    with open_work(actor) as work:
        with refused("yourself"):
            people.FLOW.run_one("deactivate", person_of(work, "boss"))
        people.FLOW.run_one("deactivate", person_of(work, "second"))
        assert not person_of(work, "second").user.active
        with refused("last_admin", work):
            people.change(person_of(work, "boss"), work, username="boss", first_name="Boss", roles=["Support"])


def test_deactivated_user_is_nobody_until_activated(work):
    person = make(work, roles=["Support"], password="a long password")
    make(work, "boss", roles=["Admin"], password="a long password")
    people.FLOW.run_one("deactivate", person)
    assert actor_of(work, person).kind == "nobody"
    people.FLOW.run_one("activate", person)
    assert actor_of(work, person).may("order.assign")


def test_access_group_gives_its_role_and_changing_it_changes_its_members(work):
    customer = makers.make_customer(work)
    group = access_groups.save(AccessGroup(), "Buyers", "Customer", work)
    person = make(work, "ali", kind="external", customers=[customer], access_group=group)
    assert person.role_names == "Customer" and actor_of(work, person).groups == {group.id}
    permissions.copy(people.roles_named(["Customer"], work)[0], "Reader", work)
    access_groups.save(group, "Buyers", "Reader", work)
    assert person.role_names == "Reader"
    with refused("in_use"):
        access_groups.remove(group, work)


def test_external_user_acts_for_several_customers(work):
    one, two = makers.make_customer(work), makers.make_customer(work, "Rival Ltd")
    person = make(work, "ali", kind="external", customers=[one], roles=["Customer"])
    people.join(person, two, None, work)
    assert actor_of(work, person).customers == {one.id, two.id}
    with refused("already_member"):
        people.join(person, two, None, work)
    kept = work.session.scalars(select(Membership).where(Membership.customer_id == one.id)).one()
    people.leave(person, kept.id, work)
    assert actor_of(work, person).customers == {two.id}
    with refused("not_external"):
        people.join(make(work, "bea"), one, None, work)


def test_global_switch_closes_the_portal(work):
    customer = makers.make_customer(work)
    person, staff = (
        make(work, "ali", kind="external", customers=[customer], roles=["Customer"]),
        make(work, roles=["Support"]),
    )
    settings_pages.put("ALLOW_EXTERNAL_ACCESS", "system", 0, False, work)
    assert actor_of(work, person).kind == "nobody" and actor_of(work, staff).kind == "staff"
    settings_pages.drop("ALLOW_EXTERNAL_ACCESS", "system", 0, work)
    assert actor_of(work, person).kind == "external"


def test_settings_know_their_type_and_scope(work):
    with refused("bad_setting"):
        settings_pages.put("ORDER_DUE_HOURS", "system", 0, "soon", work)
    with refused("bad_scope"):
        settings_pages.put("ALLOW_EXTERNAL_ACCESS", "branch", 1, True, work)
    with refused("bad_scope"):
        settings_pages.put("ORDER_DUE_HOURS", "branch", 0, 4, work)
    settings_pages.put("ORDER_DUE_HOURS", "branch", 1, "4", work)
    assert work.session.scalars(select(SettingValue.value)).one() == 4


def test_profile_fields_of_external_users_follow_their_access_groups(work):
    customer = makers.make_customer(work)
    group = access_groups.save(AccessGroup(), "View only", "Customer", work)
    settings_pages.put("PROFILE_EDITABLE_FIELDS", "access_group", group.id, "", work)
    viewer = make(work, "ali", kind="external", customers=[customer], access_group=group)
    other = make(work, "eli", kind="external", customers=[customer], roles=["Customer"])
    assert people.editable_fields(viewer, work) == ()
    assert people.editable_fields(other, work) == people.PROFILE_FIELDS


def test_customers_hold_no_verb_of_staff():
    staff = {
        "approve",
        "reject",
        "assign",
        "complete",
        "override",
        "supervise",
        "issue",
        "confirm",
        "refuse",
        "refund",
        "renew",
        "terminate",
        "take",
        "answer",
        "resolve",
        "resend",
    }
    # the work shown to him, a proposal or an offer made to him, what he has filled in: these answers are the customer's
    own = {("work", "approve"), ("order", "answer"), ("quote", "reject"), ("wizard_draft", "confirm")}
    held = {(noun, verb) for noun, verbs in roles.ROLES["Customer"].items() for verb in verbs if verb in staff}
    assert held <= own
    assert not set(roles.ROLES["Customer"]) & {
        *roles.ADMIN_ONLY,
        "approval_rule",
        "stock_level",
        "stock_movement",
        "desk",
    }


def test_accounts_are_the_administrators(work):
    for name in roles.ROLES:
        assert not set(roles.ROLES[name]) & set(roles.ADMIN_ONLY), name


def test_what_changed_is_in_the_history_without_secrets(open_work):
    with open_work() as work:
        person = make(work, roles=["Support"], password="a long password", email="ann@example.com")
    with open_work() as work:
        person = person_of(work, "ann")
        people.change(
            person, work, username="ann", first_name="Anna", email="anna@example.com", roles=["Editor"], locale="fa"
        )
    with open_work() as work:
        found = history_of(work, person_of(work, "ann"), "person")
    assert found["roles"] == ["Support", "Editor"] and found["locale"] == ["en", "fa"]
    assert [pair for name, pair in found.items() if name.endswith("first_name")][-1] == ["ann", "Anna"]
    assert not [name for name in found if "password" in name]


def test_forgotten_password_is_a_step_of_the_house(open_work):
    with open_work() as work:
        make(work, "ann", email="ann@example.com", password="a long password")
        make(work, "bob", password="a long password")
    for given in ("ANN@example.com", "ann", "bob", "nobody", "", "\0"):
        with open_work() as work:
            people.forgotten(work, given)
    with open_work() as work:
        assert links.open_for(person_of(work, "ann").id, work) is not None
        assert links.open_for(person_of(work, "bob").id, work) is None, "he has no address"


def test_mobile_number_finds_a_user_when_it_is_his_alone(work):
    make(work, "ann", mobile="+447700900123")
    assert people.find_user("+44 7700 900123", work).username == "ann"
    make(work, "bob", mobile="+447700900123")
    assert people.find_user("+44 7700 900123", work) is None
