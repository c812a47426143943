"""The world under attack: the demo company, its attackers, and what belongs to the victim.

The victim is customer 1. Canaries are texts in the rows of the victim, or about him, and nowhere else: none of
them may ever reach an attacker.
"""

from collections import defaultdict

from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import Group, Role
from sqlalchemy import String, Text, select, text
from sqlalchemy.orm import undefer

from app.core.scope import rows_of
from app.rules import audiences, conversations, people
from models.conversations import InternalNote
from models.customers import Customer
from models.files import File
from models.orders import Order
from models.organisation import Branch
from models.products import PriceList
from tests import makers
from tests import people as usual

VICTIM, OTHER = 1, 2
MODELS = sorted((m.class_ for m in Model.registry.mappers), key=lambda cls: cls.__tablename__)
OWNED = [model for model in MODELS if rows_of(model).kind == "owned"]
SHORTEST = 6  # letters of a canary
ATTACKERS = ("buyer3", "roleless", "grouped", "mole")
BRANCH = "brev"  # one of us who sees a branch to which nothing of the victim belongs
PLANTED = {"Remark 7731 among ourselves", "Agreement 7732 with the victim", "Prices 7733 of the victim"}


def make(work):
    """Let the attackers into the demo company."""
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
    north = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP", parent_id=1)
    session.add(north)
    session.flush()
    people.create_user(work, BRANCH, kind="staff", password=usual.PASSWORD, branch_id=north.id, branch_limited=True,
                       roles=("Supervisor", "Finance", "Editor"))  # fmt: skip
    plant(work)


def plant(work):
    """What stands in no row of the victim and is still about him alone."""
    note, title, prices = sorted(PLANTED, key=lambda one: one.split()[1])
    session, victim = work.session, work.session.get(Customer, VICTIM)
    order = session.scalars(select(Order).where(Order.customer_id == VICTIM).order_by(Order.id).limit(1)).one()
    conversations.write_note(order, "order", note, work)
    file = File(title=title, everyone=False)
    session.add(file)
    audiences.offer(file, [victim], (), False, work)
    makers.make_price_list(work, prices, customers=[victim])
    session.flush()


def owner_column(model):
    return getattr(model, rows_of(model).column)


def victims(work):
    """{table: [ids of the victim's rows]} for every owned table, and of what was planted."""
    found = {}
    for model in OWNED:
        rows = work.session.scalars(
            select(model.id).where(owner_column(model) == VICTIM).order_by(model.id.desc()).limit(3)
        )
        found[model.__tablename__] = rows.all()
    for name in (InternalNote.text, File.title, PriceList.name):
        found[name.class_.__tablename__] = work.session.scalars(select(name.class_.id).where(name.in_(PLANTED))).all()
    return found


def canaries(work):
    """Texts of the victim's rows that no other row of any table has."""
    mine, others, known = defaultdict(set), set(), _records(work)
    for model in MODELS:
        rows = rows_of(model)
        names = [
            column.key for column in model.__mapper__.column_attrs
            if isinstance(column.columns[0].type, String | Text) and len(column.columns) == 1
        ]  # fmt: skip
        for row in work.session.scalars(select(model).options(undefer("*")), execution_options={"with_deleted": True}):
            owned = (rows.kind == "owned" and getattr(row, rows.column) == VICTIM) or _about(row) in known
            if not owned:  # names kept in several languages
                others |= {str(value) for value in vars(row).values() if isinstance(value, dict)}
            for name in names:
                value = getattr(row, name)
                if isinstance(value, str) and telling(value.strip()):
                    (mine[value.strip()].add(f"{model.__tablename__}.{name}") if owned else others.add(value.strip()))
    blob = "\n".join(others)
    found = {value: sorted(places) for value, places in mine.items() if value not in blob}
    return found | {value: ["planted"] for value in PLANTED}


def _records(work):
    """{(noun, id)} of the victim's records: mails to us and notes belong to nobody, but are about them."""
    marks = [(model, getattr(model, "__history__", None)) for model in OWNED]
    return {
        (mark, identity) for model, mark in marks if isinstance(mark, str)
        for identity in work.session.scalars(select(model.id).where(owner_column(model) == VICTIM))
    }  # fmt: skip


def _about(row):
    return getattr(row, "noun", None), getattr(row, "record_id", None)


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
