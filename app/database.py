"""The database as the product sees it: its address, its roles, and what is refused before anything is served.

`DATABASE_URL` is the owner's: it migrates, and it makes the four roles that own nothing and cannot log in:

    serai_none       no policy names it: sees nothing; every connection starts as this one
    serai_staff      sees all rows
    serai_branch     sees the rows of its branches
    serai_external   sees the rows of its customers

Functions take a psycopg connection or a SQLAlchemy one.
"""

import pathlib
import re
import urllib.parse

import psycopg
from psycopg import errors, sql

import config
from app.trouble import Trouble

ROLES = ("serai_none", "serai_staff", "serai_branch", "serai_external")
OLDEST = 15  # PostgreSQL: row security on views and MERGE came with it
MIGRATIONS = config.ROOT / "migrations" / "versions"


def owner_url():
    """The owner's address as SQLAlchemy wants it."""
    if not config.DATABASE_OWNER_URL:
        raise Trouble("DATABASE_URL is not set. Start through ./serai, which brings its own database.")
    return config.DATABASE_OWNER_URL


def app_url():
    """The address for web and worker: a log-in of their own (DATABASE_APP_URL), else the owner's."""
    return config.SQLALCHEMY_DATABASE_URI or owner_url()


def libpq_url(url):
    """The address as psycopg, psql and pg_dump want it."""
    return config.sqlalchemy_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def connect(url, **options):
    """A psycopg connection; what went wrong is told in words, without the password.

    :raises Trouble: unreachable, wrong password, no such database or user
    """
    if not config.sqlalchemy_url(url).startswith("postgresql+psycopg://"):
        raise Trouble("DATABASE_URL must begin with postgresql:// (Serai runs on PostgreSQL only).")
    options = {"connect_timeout": 10, "application_name": "serai"} | options
    try:
        return psycopg.connect(libpq_url(url), **options)
    except psycopg.Error as error:
        raise Trouble(_in_words(str(error).strip(), url)) from None


def _in_words(text, url):
    where = re.sub(r"://([^:@/]*):[^@/]*@", r"://\1:***@", libpq_url(url))
    for pattern, words in (
        ("password authentication failed|no password supplied", "refuses the password"),
        ("role .* does not exist", "knows no such user"),
        ("database .* does not exist", "has no such database"),
        ("pg_hba.conf", "does not let this machine or user in (pg_hba.conf)"),
        ("too many (clients|connections)|remaining connection slots", "has no free connection"),
        ("(invalid|missing|unexpected).*(URI|conninfo|connection option|port)", "has no valid address"),
    ):
        if re.search(pattern, text):
            return f"The database {where} {words}: {text}"
    return f"The database {where} cannot be reached: {text}"


def raw(connection):
    """The psycopg connection behind a SQLAlchemy one; a psycopg connection itself."""
    return getattr(getattr(connection, "connection", None), "driver_connection", connection)


def check_server(connection):
    """Refuse a server that is too old, and a database that cannot hold every language."""
    driver = raw(connection)
    version = driver.info.server_version // 10000
    if version < OLDEST:
        raise Trouble(f"The database is PostgreSQL {version}; Serai needs {OLDEST} or newer.")
    encoding = driver.execute("select current_setting('server_encoding')").fetchone()[0]
    if encoding != "UTF8":
        raise Trouble(f"The database is encoded in {encoding}; Serai needs UTF8.")


def known_revisions(folder=MIGRATIONS):
    """The identifiers of all migrations that this version of the product has."""
    texts = (path.read_text() for path in pathlib.Path(folder).glob("*.py"))
    found = (re.search(r"""^revision\b[^=\n]*=\s*["']([^"']+)["']""", text, re.MULTILINE) for text in texts)
    return {match[1] for match in found if match}


def refuse_newer(connection, known=None):
    """Refuse a database that a newer version has migrated: we would write what it no longer expects."""
    driver = raw(connection)
    if driver.execute("select to_regclass('alembic_version')").fetchone()[0] is None:
        return
    try:
        found = {row[0] for row in driver.execute("select version_num from alembic_version")}
    except errors.InsufficientPrivilege:
        return  # a log-in of its own for web and worker; whoever ran `init` was asked
    strange = found - (known_revisions() if known is None else set(known))
    if strange:
        raise Trouble(
            f"The database was migrated by a newer version of Serai (revision {', '.join(sorted(strange))}). "
            "Update this installation, or restore a backup of this version.")


def app_user():
    """The separate log-in of web and worker (DATABASE_APP_URL), None when they use the owner's."""
    user = urllib.parse.urlsplit(config.SQLALCHEMY_DATABASE_URI).username
    owner = urllib.parse.urlsplit(config.DATABASE_OWNER_URL).username
    return urllib.parse.unquote(user) if user and user != owner else None


def has_roles(connection):
    """Whether the roles are there: those of a restored database may not be, they belong to its former server."""
    asked = "select count(*) from pg_roles where rolname = any(%s)"
    return raw(connection).execute(asked, [[*ROLES]]).fetchone()[0] == len(ROLES)


def ensure_roles(connection):
    """Make the roles that are missing, and let the owner and the log-in of web and worker take them on.

    Safe when many do it at once, in this database or in another one of the same server: roles belong to all.
    :raises Trouble: when the owner may not make roles; the text has the SQL for who may
    """
    driver = raw(connection)
    users = [driver.execute("select session_user").fetchone()[0], *filter(None, [app_user()])]
    for statement in _missing(driver, users):
        try:
            _insist(driver, statement)
        except errors.InsufficientPrivilege as error:
            todo = ";\n".join(s.as_string(driver) for s in _missing(driver, users))
            raise Trouble(
                f"The owner of the database may not make its roles ({error.diag.message_primary}). "
                f"Let an administrator of the server run this, then start again:\n{todo};") from None
    _refuse_strong_roles(driver)


def _missing(driver, users):
    """The statements that make what is not there yet."""
    there = {row[0] for row in driver.execute("select rolname from pg_roles")}
    newer = driver.info.server_version >= 160000
    grant = "grant {} to {} with set true, inherit false" if newer else "grant {} to {}"
    statements = []
    for role in ROLES:
        if role not in there:
            statements.append(sql.SQL("create role {} nologin nobypassrls").format(sql.Identifier(role)))
        for user in users:
            if role not in there or not _may_become(driver, user, role, newer):
                statements.append(sql.SQL(grant).format(sql.Identifier(role), sql.Identifier(user)))
    return statements


def _may_become(driver, user, role, newer):
    asked = "select pg_has_role(%s::name, %s::name, %s)"
    return driver.execute(asked, [user, role, "SET" if newer else "MEMBER"]).fetchone()[0]


def _insist(driver, statement):
    """Run it until it is done: another session may be at the same row of the server's catalogue."""
    for tries_left in reversed(range(20)):
        try:
            with driver.transaction():
                driver.execute(statement)
            return
        except (errors.DuplicateObject, errors.UniqueViolation):
            return  # somebody else made it
        except errors.InternalError_:  # "tuple concurrently updated"
            if not tries_left:
                raise


def _refuse_strong_roles(driver):
    strong = driver.execute(
        "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls or rolcanlogin)",
        [[*ROLES]]).fetchall()
    if strong:
        names = ", ".join(row[0] for row in strong)
        raise Trouble(f"These roles may log in or pass row security, which they must not: {names}.")


def refuse_unsafe_user(connection):
    """Refuse to serve as a user whom row security does not bind: superuser, BYPASSRLS, or an owner."""
    name, strong, owner = raw(connection).execute(
        """select r.rolname, r.rolsuper or r.rolbypassrls,
                  exists (select from pg_database d where d.datname = current_database()
                          and pg_has_role(r.oid, d.datdba, 'USAGE'))
                  or exists (select from pg_class c where c.relkind in ('r', 'p') and c.oid >= 16384
                             and pg_has_role(r.oid, c.relowner, 'USAGE'))
           from pg_roles r where r.rolname = current_user""").fetchone()
    if strong or owner:
        why = "may pass row security" if strong else "owns tables"
        raise Trouble(
            f"Refusing to serve as the database user {name}, who {why}: every customer's rows would be open. "
            "Connections must start as serai_none (run ./serai init).")
