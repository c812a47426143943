"""What every noun must have: a declaration of its rows, sound flows, grants, an index for each order."""

import re

import pytest
from flask_appbuilder import Model
from sqlalchemy import text

import app
from app import roles
from app.access import view_name
from app.core.flow import FLOWS
from app.core.scope import DECLARED, rows_of
from app.notices.core import NOTICES
from app.rules import log_entries
from migrations.new import records_of
from models.conversations import Conversation, InternalNote
from models.files import Attachment
from models.notifications import Notification
from views import attachments, threads
from views.api import HouseApi
from views.base import HouseView

app.load_engine()
MAPPED = sorted((m.class_ for m in Model.registry.mappers), key=lambda cls: cls.__name__)
FRAMEWORK = "flask_appbuilder."


@pytest.mark.parametrize(
    "model", [m for m in MAPPED if not m.__module__.startswith(FRAMEWORK)], ids=lambda m: m.__name__
)
def test_every_table_says_whose_its_rows_are(model):
    assert model in DECLARED, f"{model.__name__}: say owned_by, shared, offered, staff_only or infrastructure"


@pytest.mark.parametrize("model", [m for m in MAPPED if rows_of(m).kind == "owned"], ids=lambda m: m.__name__)
def test_owned_rows_have_an_owner(model):
    column = model.__mapper__.columns[rows_of(model).column]
    assert not column.nullable, f"{model.__name__}.{column.key} may be null: such a row belongs to nobody"


def test_row_security_is_on_and_says_what_the_declaration_says(engine):
    with engine.connect() as connection:
        on = dict(connection.execute(text("select relname, relrowsecurity from pg_class where relkind = 'r'")).all())
        policies = connection.execute(
            text("select tablename, policyname, roles::text, qual from pg_policies where schemaname = 'public'")
        ).all()
    by_table = {}
    for table, _name, role, qual in policies:
        by_table.setdefault(table, {})[role.strip("{}")] = qual
    for model in MAPPED:
        rows, table = rows_of(model), model.__tablename__
        if rows.kind not in ("owned", "offered", "audience", "staff_only"):
            assert not on[table], f"{table} is {rows.kind}, but has row security"
            continue
        assert on[table], f"{table} has no row security"
        assert by_table[table].get("serai_staff") == "true", table
        assert "serai_branch" in by_table[table], table
        outside = by_table[table].get("serai_external")
        if rows.kind == "owned":
            assert outside and rows.column in outside and "app.customers" in outside, f"{table}: {outside}"
        elif rows.kind == "staff_only":
            assert outside is None, f"{table} lets customers in"
        else:
            assert outside, table
        assert "serai_none" not in by_table[table], f"{table} shows rows to nobody in particular"
        inside = by_table[table]["serai_branch"]
        if rows.branch:
            assert f"({rows.branch} = ANY" in inside, table
        if rows.further:
            assert f"FROM {rows.further}" in inside, table
        if rows.about:
            assert set(re.findall(r"WHEN '(\w+)'", inside)) == set(records_of(rows.about)), table
        assert not rows.apart or inside != "true", table


def test_what_hangs_on_records_says_on_which(web):
    told = {fact.partition(".")[0] for one in NOTICES.values() for fact in one.facts}
    hanging = {Conversation: {*threads.KINDS, *log_entries.NOUNS}, InternalNote: set(threads.NOTED),
               Attachment: {*attachments.PAGES, "message"}, Notification: told}  # fmt: skip
    pairs, _menus = roles.available(web.appbuilder)
    for model, nouns in hanging.items():
        about = rows_of(model).about
        assert nouns <= set(about), f"{model.__name__} hangs on {nouns - set(about)} too"
        for noun in about:
            assert ("can_read", view_name(noun)) in pairs, f"nobody can be allowed to read what hangs on {noun}"


def test_no_policy_names_those_who_may_see_nothing(engine):
    with engine.connect() as connection:
        named = connection.execute(
            text("select tablename, roles::text from pg_policies where schemaname = 'public'")
        ).all()
    closed = {m.__tablename__ for m in MAPPED if rows_of(m).kind == "staff_only"}
    for table, role in named:
        assert "serai_none" not in role and "public" not in role, table
        assert table not in closed or "serai_external" not in role, table


def test_history_is_append_only(engine):
    with engine.connect() as connection:
        for role in ("serai_staff", "serai_branch", "serai_external"):
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                may = connection.execute(
                    text("select has_table_privilege(:r, 'history', :p)"), {"r": role, "p": right}
                ).scalar()
                assert not may, f"{role} may {right} history"


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.noun)
def test_flows_are_sound(flow):
    assert flow.problems() == []


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.noun)
def test_where_a_state_is_set_by_hand_something_says_what_follows(flow):
    nothing_follows = {"ticket"}
    assert not flow.settable or flow.by_hand or flow.noun in nothing_follows


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.noun)
def test_every_step_is_granted_to_somebody(flow):
    for step in flow.transitions.values():
        holders = [role for role, grants in roles.ROLES.items() if step.name in grants.get(flow.noun, ())]
        assert holders or step.hidden or flow.noun in roles.ADMIN_ONLY, (
            f"no role may {step.key}: add it to app/roles.py"
        )


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.noun)
def test_every_step_tells_what_happened(flow):
    for step in flow.transitions.values():
        assert str(step.told) != str(step.label), f"{step.key}: say with told= what the timeline tells, not the button"


def test_roles_grant_only_what_exists(web):
    pairs, _menus = roles.available(web.appbuilder)
    for role, grants in roles.ROLES.items():
        for noun, verbs in grants.items():
            for verb in verbs:
                assert (f"can_{verb}", view_name(noun)) in pairs, f"{role}: {noun}.{verb} exists nowhere"


def test_lists_are_ordered_by_indexed_columns_only(web):
    for view in web.appbuilder.baseviews:
        if not isinstance(view, HouseView | HouseApi):
            continue
        for name in view.order_columns:
            if name == "id":
                continue
            columns = view.model.__mapper__.columns
            column = columns[name if name in columns else f"{name}_code"]
            keys = [[c.name for c in index.columns] for index in view.model.__table__.indexes]
            assert [column.name, "id"] in keys, f"{type(view).__name__} orders by {name} without an index ({name}, id)"


def test_migrations_make_what_the_models_say(engine, database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    owner = create_engine(database)
    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda o, name, kind, r, c: not (kind == "table" and name.startswith("procrastinate"))
            },
        )
        assert compare_metadata(context, Model.metadata) == []
    owner.dispose()
