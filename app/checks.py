"""`./serai check`: is everything well? One line per check; what is wrong says how much and where to look.

Sums are made by PostgreSQL, so that a book of millions of lines needs no more memory than a small one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import text

import config
from app import check_sql, database, setup
from app.core import work
from app.core.scope import DECLARED, rows_of
from app.core.storage import Storage
from app.extensions import db
from app.jobs.worker import STALLED
from app.notices import mail
from app.rules import stock

LONG = 3600  # seconds a job may wait before somebody should look at the worker


class Wrong(Exception):
    """Something is not as it should be; the text says what."""


@dataclass(frozen=True)
class Check:
    """One thing to look at; `look` tells how it stands, or raises Wrong."""

    name: str
    look: Callable[[Any], str]


def command() -> int:
    """Run every check; the exit code is 1 when anything is wrong."""
    bad = 0
    with work.work(work.Actor.system("check"), db.session, commit=False) as one:
        for check in CHECKS:
            try:
                click.echo(f"ok     {check.name}: {check.look(one)}")
            except Exception as error:  # whatever it is, the others are still worth looking at
                bad += 1
                told = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
                click.echo(f"WRONG  {check.name}: {' '.join(told.split())}")
                one.session.rollback()
    click.echo(f"{bad} of {len(CHECKS)} checks failed." if bad else "Everything is well.", err=bool(bad))
    return 1 if bad else 0


# --- the database --------------------------------------------------------------------------------


def server(one: Any) -> str:
    """It answers, is new enough and holds every language."""
    with database.connect(database.owner_url()) as connection:
        database.check_server(connection)
        version = connection.info.server_version
    size = one.session.scalar(text("select pg_size_pretty(pg_database_size(current_database()))"))
    return f"PostgreSQL {version // 10000}.{version % 10000}, {size}"


def roles(one: Any) -> str:
    """Our four roles are weak, connections start as the one that sees nothing, row security is on."""
    strong = one.session.execute(text(check_sql.STRONG), {"roles": list(database.ROLES)}).scalars().all()
    there = one.session.scalar(text(check_sql.ROLES), {"roles": list(database.ROLES)})
    if strong or there != len(database.ROLES):
        raise Wrong(f"{len(database.ROLES) - there} roles are missing, too strong: {', '.join(strong) or 'none'}")
    with db.engine.connect() as connection:
        start = connection.scalar(text("select current_user"))
    if start != "serai_none":
        raise Wrong(f"connections begin as {start}, not as serai_none")
    kinds = ("owned", "offered", "audience", "staff_only")
    tables = sorted(model.__tablename__ for model in DECLARED if rows_of(model).kind in kinds)
    open_ = one.session.execute(text(check_sql.UNGUARDED), {"tables": tables}).scalars().all()
    if open_:
        raise Wrong(f"no row security on {', '.join(open_)}")
    return f"{there} roles, row security on {len(tables)} tables"


def migrations(one: Any) -> str:
    """The database is at this version's last migration."""
    with database.connect(database.owner_url()) as connection:
        found = {row[0] for row in connection.execute("select version_num from alembic_version")}
    heads = setup.heads()
    if found != heads:
        raise Wrong(f"at {', '.join(sorted(found)) or 'nothing'}, this version needs {', '.join(sorted(heads))}")
    return ", ".join(sorted(found))


# --- what runs beside it -------------------------------------------------------------------------


def jobs(one: Any) -> str:
    """Nothing failed for good, nothing lies with a dead worker, nothing waits for hours."""
    row = one.session.execute(text(check_sql.JOBS), {"stalled": STALLED, "long": LONG}).mappings().one()
    bad = {name: row[name] for name in ("failed", "stalled", "late") if row[name]}
    told = f"{row['todo']} waiting, {row['doing']} running"
    if bad:
        raise Wrong(f"{told}, " + ", ".join(f"{count} {name}" for name, count in bad.items()))
    return told


def storage(one: Any) -> str:
    """It can be written and read, and holds every file that a record names."""
    store = Storage(config.STORAGE_URL)
    if not store.healthy():
        raise Wrong("what was written could not be read back")
    count, missing = 0, []
    rows = one.session.execute(text(check_sql.FILES), execution_options={"yield_per": 1000})
    for (sha256,) in rows:
        count += 1
        if not store.fs.exists(store._path(sha256)):
            missing.append(sha256)
            del missing[5:]
    if missing:
        raise Wrong(f"files are missing, for instance {missing[0]}")
    return f"readable and writable, {count} files"


def mails(one: Any) -> str:
    """The mail server answers, or the folder for .eml files can be written."""
    failed = one.session.scalar(text("select count(*) from notifications where state = 'failed'"))
    problems = mail.problems(one.now)
    if problems:
        raise Wrong(" ".join(problems))
    way = f"{mail.server(config.MAIL_URL).host} answers" if config.MAIL_URL else "written as .eml files"
    return way + (f", {failed} notifications have failed" if failed else "")


# --- the books -----------------------------------------------------------------------------------


def ledger(one: Any) -> str:
    """Totals are the sums of their lines, what is open is what is neither paid nor credited."""
    problems = []
    for told, statement in check_sql.LEDGER.items():
        row = one.session.execute(text(statement)).one()
        if row.count:
            problems.append(f"{row.count} {told} (for instance {row.example})")
    if problems:
        raise Wrong("; ".join(problems))
    counts = one.session.execute(text(check_sql.BOOK)).one()
    return f"{counts.orders} orders, {counts.invoices} invoices, {counts.payments} payments"


def goods(one: Any) -> str:
    """Stock on hand is the sum of its movements, what is promised the sum of reservations that orders may hold."""
    problems = [str(problem) for problem in stock.check(one)]
    if problems:
        raise Wrong(f"{len(problems)} levels: {problems[0]}")
    row = one.session.execute(text(check_sql.PROMISED)).one()
    if row.count:
        raise Wrong(f"{row.count} order lines keep back more than was approved (for instance {row.example})")
    levels = one.session.scalar(text("select count(*) from stock_levels"))
    return f"{levels} levels agree with their movements and reservations"


CHECKS = (
    Check("database", server), Check("roles", roles), Check("migrations", migrations), Check("jobs", jobs),
    Check("storage", storage), Check("mail", mails), Check("ledger", ledger), Check("stock", goods),
)  # fmt: skip
