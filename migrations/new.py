"""Make the next revision of a noun from its models: `python -m migrations.new NOUN "why"`. Then read it.

Tables come with their row security and grants, taken from their declaration in `app.core.scope`.
"""

import pathlib
import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

HERE = pathlib.Path(__file__).parent
CORE = {"engine": ("app.core.",), "framework": ("flask_appbuilder.",)}


def configuration(connection=None):
    """Alembic's configuration for this repository."""
    found = Config()
    found.set_main_option("script_location", str(HERE))
    found.set_main_option("file_template", "%%(rev)s")
    if connection is not None:
        found.attributes["connection"] = connection
    return found


def modules(noun):
    """The modules whose tables belong to a noun's revision."""
    return CORE.get(noun, (f"models.{noun}",))


def tables_of(noun):
    """{table name: class} of the models of a noun."""
    from flask_appbuilder import Model

    found = {}
    for mapper in Model.registry.mappers:
        if any(mapper.class_.__module__.startswith(start) for start in modules(noun)):
            found[mapper.local_table.name] = mapper.class_
    if noun == "framework":
        found |= {name: None for name in Model.metadata.tables if name.startswith("ab_")}
    return found


def records_of(nouns):
    """{noun: table of its records}, of those whose rows the database guards."""
    from app.core.facts import model_of
    from app.core.scope import rows_of

    models = {noun: model_of(noun) for noun in nouns}
    return {noun: one.__tablename__ for noun, one in models.items() if one and rows_of(one).kind != "infrastructure"}


def secure_line(name, model):
    """The call of `migrations.security` that says what the model's declaration says."""
    from app.core.scope import rows_of

    rows = rows_of(model)
    more = {
        key: value
        for key, value in (
            ("branch", rows.branch), ("via", rows.via), ("about", records_of(rows.about)), ("reader", rows.reader),
            ("audience", rows.audience), ("parent", rows.parent), ("apart", rows.apart),
        )
        if value
    }  # fmt: skip
    if rows.kind == "owned":
        more |= {} if rows.column == "customer_id" else {"column": rows.column}
        more |= {} if rows.writable else {"writable": False}
        more |= {"append_only": True} if name == "history" else {}
    return f"security.{rows.kind}({', '.join([repr(name), *(f'{k}={v!r}' for k, v in more.items())])})"


def generate(connection, noun, revision, message):
    """Write the revision file of a noun against the database behind `connection`."""
    from flask_appbuilder import Model

    wanted = tables_of(noun)
    config = configuration(connection)

    def only(obj, name, kind, reflected, compare_to):
        table = name if kind == "table" else getattr(getattr(obj, "table", None), "name", None)
        return table in wanted

    config.attributes["only"] = only
    script = command.revision(config, message=message, autogenerate=True, rev_id=revision)
    path = pathlib.Path(script.path)
    text = path.read_text()
    made = [name for name in Model.metadata.tables if f"op.create_table('{name}'" in text]
    lines = [secure_line(name, wanted[name]) for name in made if wanted.get(name) is not None]
    if lines:
        block = "\n    ".join(["# whose rows, and who may do what", *lines])
        text = text.replace("    # ### end Alembic commands ###\n", f"    {block}\n    # ### end\n", 1)
    path.write_text(text)
    return path


if __name__ == "__main__":
    import config as deployment

    with create_engine(deployment.DATABASE_OWNER_URL).connect() as owner:
        print(generate(owner, sys.argv[1], sys.argv[2], sys.argv[3]))
