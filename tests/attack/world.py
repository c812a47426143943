"""The world under attack: the demo company, its attackers, and what belongs to the victim.

The victim is customer 1. Canaries are texts that stand in the victim's rows and nowhere else: none of
them may ever reach an attacker.
"""

from collections import defaultdict

from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import Group, Role
from sqlalchemy import String, Text, select, text
from sqlalchemy.orm import undefer

from app.core.scope import rows_of
from app.rules import people
from demo import company
from models.customers import Customer
from tests import people as usual

VICTIM, OTHER = 1, 2
MODELS = sorted((m.class_ for m in Model.registry.mappers), key=lambda cls: cls.__tablename__)
OWNED = [model for model in MODELS if rows_of(model).kind == "owned"]
SHORTEST = 6  # letters of a canary
ATTACKERS = ("buyer3", "roleless", "grouped", "mole")


def make(work):
    """Fill a database with the demo company and its attackers."""
    company.fill(work, usual.PASSWORD)
    session = work.session
    people.create_user(work, "roleless", kind="external", password=usual.PASSWORD)
    group = Group(name="Grouped", label="Grouped", description="a role by group only")
    group.roles = session.scalars(select(Role).where(Role.name == "Customer")).all()
    session.add(group)
    other = session.get(Customer, OTHER)
    grouped = people.create_user(work, "grouped", kind="external", password=usual.PASSWORD, customers=(other,))
    grouped.groups = [group]
    people.create_user(
        work,
        "mole",
        kind="external",
        password=usual.PASSWORD,
        customers=(other,),
        roles=("Reviewer", "Finance", "Editor"),
    )
    session.flush()


def owner_column(model):
    return getattr(model, rows_of(model).column)


def victims(work):
    """{table: [ids of the victim's rows]} for every owned table."""
    found = {}
    for model in OWNED:
        rows = work.session.scalars(
            select(model.id).where(owner_column(model) == VICTIM).order_by(model.id.desc()).limit(3)
        )
        found[model.__tablename__] = rows.all()
    return found


def canaries(work):
    """Texts of the victim's rows that no other row of any table has."""
    mine, others = defaultdict(set), set()
    for model in MODELS:
        rows = rows_of(model)
        names = [
            column.key for column in model.__mapper__.column_attrs
            if isinstance(column.columns[0].type, String | Text) and len(column.columns) == 1
        ]  # fmt: skip
        for row in work.session.scalars(select(model).options(undefer("*")), execution_options={"with_deleted": True}):
            owned = rows.kind == "owned" and getattr(row, rows.column) == VICTIM
            if not owned:  # names kept in several languages
                others |= {str(value) for value in vars(row).values() if isinstance(value, dict)}
            for name in names:
                value = getattr(row, name)
                if isinstance(value, str) and telling(value.strip()):
                    (mine[value.strip()].add(f"{model.__tablename__}.{name}") if owned else others.add(value.strip()))
    blob = "\n".join(others)
    return {value: sorted(places) for value, places in mine.items() if value not in blob}


def telling(value):
    """Whether a text tells something of somebody: long enough, and no word of the house (order, application/pdf)."""
    return len(value) >= SHORTEST and any(c.isdigit() or c in " @" for c in value)


def fingerprint(engine):
    """A checksum of every row of the victim: what an attack must not change."""
    sums = {}
    with engine.connect() as connection:
        connection.execute(text("select set_config('role', 'serai_staff', true)"))
        for model in OWNED:
            column = rows_of(model).column
            sums[model.__tablename__] = connection.execute(
                text(
                    "select count(*), md5(string_agg(t::text, chr(10) order by t::text)) "
                    f'from "{model.__tablename__}" t where {column} = {VICTIM}'
                )
            ).one()
    return sums


def reveal(answer, secrets):
    """The canaries an answer shows."""
    body = answer.get_data(as_text=True) if not answer.is_streamed or answer.mimetype.startswith("text") else ""
    body += answer.headers.get("Location", "") + answer.headers.get("Content-Disposition", "")
    return {value: places for value, places in secrets.items() if value in body}
