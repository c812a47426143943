"""Every migration runs down and up again on the filled database of a company, and the books are as they were."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_appbuilder import Model
from sqlalchemy import create_engine, text

from app.check_sql import LEDGER
from migrations.new import configuration
from tests import cluster, company

KEPT = "0032_carts"  # what came later changes tables that are there and full
TOTALS = """select count(*), sum(total_gross), sum(total_net), count(number) from orders
union all select count(*), sum(total_gross), sum(total_net), count(number) from quotes
union all select count(*), sum(gross), sum(net), sum(quantity_ordered) from order_lines"""


@pytest.fixture
def filled(database_name):
    """The owner's connection to a copy of the demo company."""
    name = f"{database_name}_migrations"
    engine = create_engine(cluster.make_database(name, company.ready()))
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    cluster.drop_database(name)


def revisions():
    return [one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()]


def only_ours(obj, name, kind, reflected, compare_to):
    """The queue's own tables are no business of ours."""
    return not (kind == "table" and name.startswith("procrastinate"))


def differences(connection):
    context = MigrationContext.configure(connection, opts={"include_object": only_ours})
    found = compare_metadata(context, Model.metadata)
    connection.commit()
    return found


def totals(connection):
    found = connection.execute(text(TOTALS)).all()
    connection.commit()
    return found


def test_what_changes_tables_goes_down_and_up_and_keeps_the_books(filled):
    before = totals(filled)
    assert all(row[0] for row in before)
    for revision in revisions():
        if revision == KEPT:
            break
        command.downgrade(configuration(filled), "-1")
        filled.commit()
    assert MigrationContext.configure(filled).get_current_revision() == KEPT
    filled.commit()
    command.upgrade(configuration(filled), "head")
    filled.commit()
    assert differences(filled) == []
    assert totals(filled) == before
    wrong = {what: filled.execute(text(asked)).scalar() for what, asked in LEDGER.items()}
    assert not any(wrong.values()), wrong


def test_every_migration_goes_down_and_up_on_a_filled_database(filled):
    for _revision in revisions():
        command.downgrade(configuration(filled), "-1")
        filled.commit()
    tables = "select count(*) from pg_tables where schemaname = 'public' and tablename not like 'alembic%'"
    assert filled.execute(text(tables)).scalar() == 0
    filled.commit()
    command.upgrade(configuration(filled), "head")
    filled.commit()
    assert differences(filled) == []
