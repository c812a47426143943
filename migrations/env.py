"""Alembic's entry: runs on the connection it is given, as the database's owner."""

import os

from alembic import context
from flask_appbuilder import Model
from sqlalchemy import create_engine

import app

app.load_engine()
from flask_appbuilder.security.sqla import models as _security  # noqa: E402, F401

target_metadata = Model.metadata


def include(obj, name, kind, reflected, compare_to):
    """The queue's own tables belong to Procrastinate's schema."""
    only = context.config.attributes.get("only")
    if only is not None and not only(obj, name, kind, reflected, compare_to):
        return False
    return not (kind == "table" and name.startswith("procrastinate_"))


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        compare_type=True,
        include_object=include,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    import config

    with create_engine(config.DATABASE_OWNER_URL or os.environ["DATABASE_URL"]).connect() as own:
        run(own)
