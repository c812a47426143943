"""The roles, and what is refused before anything is served."""

import os
import threading
import types
import urllib.parse

import psycopg
import pytest
from psycopg import sql

import config
from app import database, embedded
from app.trouble import Trouble
from tests import cluster

OURS = ("zz_none", "zz_staff", "zz_branch", "zz_external")


@pytest.fixture
def name():
    """A database of this test's own."""
    made = f"launch_{os.getpid()}"
    cluster.make_database(made)
    yield made
    cluster.drop_database(made)


@pytest.fixture
def roles(monkeypatch):
    """Roles of this test's own: the real ones are in use by other tests of the same server."""
    mine = tuple(f"{role}_{os.getpid()}" for role in OURS)
    monkeypatch.setattr(database, "ROLES", mine)
    yield mine
    with psycopg.connect(database.libpq_url(cluster.cluster()), autocommit=True) as connection:
        for role in mine:
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


@pytest.fixture
def weak(name):
    """The URL of the database for a log-in that may make no roles."""
    user, word = f"weak_{os.getpid()}", "only-for-a-test"
    with psycopg.connect(database.libpq_url(cluster.cluster()), autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login password {}").format(
            sql.Identifier(user), sql.Literal(word)))
        parts = urllib.parse.urlsplit(cluster.url_of(name))
        yield parts._replace(netloc=f"{user}:{word}@{parts.netloc.rpartition('@')[2]}").geturl()
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(user)))


def test_roles_are_made_once_and_can_be_taken_on(name, roles):
    with database.connect(cluster.url_of(name)) as connection:
        database.ensure_roles(connection)
        database.ensure_roles(connection)
        for role in roles:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            database.refuse_unsafe_user(connection)


def test_two_databases_of_one_server_make_the_roles_at_once(name, roles):
    urls, failures = [cluster.url_of(name), cluster.cluster()], []

    def make(url):
        try:
            with database.connect(url) as connection:
                database.ensure_roles(connection)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(url,)) for url in urls * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_owner_who_may_not_make_roles_is_told_the_sql(weak, roles):
    with database.connect(weak) as connection, pytest.raises(Trouble) as told:
        database.ensure_roles(connection)
    for role in roles:
        assert f'create role "{role}" nologin nobypassrls;' in str(told.value)
        assert f'grant "{role}" to "weak_{os.getpid()}"' in str(told.value)


def test_a_role_that_could_pass_row_security_is_refused(name, roles):
    with database.connect(cluster.url_of(name)) as connection:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(roles[0])))
        with pytest.raises(Trouble, match=f"must not: {roles[0]}"):
            database.ensure_roles(connection)
        connection.rollback()


def test_the_log_in_of_web_and_worker_may_take_the_roles_on(name, roles, weak, monkeypatch):
    monkeypatch.setattr(config, "SQLALCHEMY_DATABASE_URI", weak)
    monkeypatch.setattr(config, "DATABASE_OWNER_URL", cluster.url_of(name))
    with database.connect(cluster.url_of(name)) as connection:
        database.ensure_roles(connection)
    with database.connect(weak) as connection:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(roles[1])))


def test_serving_as_an_owner_is_refused(name):
    with database.connect(cluster.url_of(name)) as connection, pytest.raises(Trouble, match="Refusing to serve"):
        database.refuse_unsafe_user(connection)


def test_serving_as_the_owner_of_a_single_table_is_refused(name, weak):
    with database.connect(cluster.url_of(name)) as connection:
        connection.execute("grant create on schema public to public")
    with database.connect(weak, autocommit=True) as connection:
        database.refuse_unsafe_user(connection)
        connection.execute("create table mine (n int)")
        with pytest.raises(Trouble, match="owns tables"):
            database.refuse_unsafe_user(connection)
        connection.execute("drop table mine")


@pytest.fixture(scope="module")
def embedded_server(tmp_path_factory):
    """An embedded server, also where TEST_DATABASE_URL names another one: it has passwords and a superuser."""
    server = embedded.start(tmp_path_factory.mktemp("server") / "data", fast=True, tell=lambda text: None)
    yield server
    server.stop()


@pytest.mark.parametrize("strength", ["superuser", "bypassrls"])
def test_serving_as_somebody_whom_row_security_does_not_bind_is_refused(embedded_server, strength):
    with psycopg.connect(database.libpq_url(embedded_server.superuser_url)) as connection:
        connection.execute(f"create role {strength}_x {strength}")
        connection.execute(f"set role {strength}_x")
        with pytest.raises(Trouble, match=f"the database user {strength}_x, who may pass row security"):
            database.refuse_unsafe_user(connection)


def test_connections_of_web_and_worker_start_as_the_role_that_sees_nothing(name):
    url = cluster.url_of(name)
    with database.connect(url) as connection:
        database.ensure_roles(connection)
    with database.connect(url, **config.engine_options(url)["connect_args"]) as connection:
        assert connection.execute("select current_user").fetchone() == ("serai_none",)
        connection.execute("select set_config('role', 'serai_staff', true)")
        connection.commit()
        assert connection.execute("select current_user").fetchone() == ("serai_none",)
        database.refuse_unsafe_user(connection)


def test_an_old_server_is_refused():
    old = types.SimpleNamespace(info=types.SimpleNamespace(server_version=140011))
    with pytest.raises(Trouble, match="is PostgreSQL 14; Serai needs 15"):
        database.check_server(old)


def test_a_database_of_a_newer_version_is_refused(name, tmp_path):
    (tmp_path / "0001.py").write_text('"""First."""\n\nrevision: str = "0001"\ndown_revision = None\n')
    known = database.known_revisions(tmp_path)
    assert known == {"0001"}
    with database.connect(cluster.url_of(name)) as connection:
        database.refuse_newer(connection, known)
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('0001')")
        database.refuse_newer(connection, known)
        connection.execute("update alembic_version set version_num = '0099'")
        with pytest.raises(Trouble, match=r"newer version of Serai .revision 0099."):
            database.refuse_newer(connection, known)


def test_this_version_knows_its_own_migrations():
    files = [path for path in database.MIGRATIONS.glob("*.py") if path.name != "__init__.py"]
    assert len(database.known_revisions()) == len(files) > 0


@pytest.mark.parametrize("url, words", [
    ("postgres://ann:secret@127.0.0.1:1/x", "cannot be reached"),
    ("postgresql://ann:secret@127.0.0.1:port/x", "127.0.0.1"),
    ("mysql://ann:secret@localhost/x", "must begin with postgresql://"),
    ("sqlite:///x.db", "must begin with postgresql://"),
])
def test_a_bad_address_is_told_without_its_password(url, words):
    with pytest.raises(Trouble, match=words) as told:
        database.connect(url)
    assert "secret" not in str(told.value)


def test_a_wrong_password_and_a_missing_database_are_told(embedded_server):
    parts = urllib.parse.urlsplit(embedded_server.url)
    wrong = parts._replace(netloc=f"{parts.username}:wrong@{parts.netloc.rpartition('@')[2]}").geturl()
    with pytest.raises(Trouble, match="refuses the password"):
        database.connect(wrong)
    with pytest.raises(Trouble, match="has no such database"):
        database.connect(cluster.url_of("no_such_database"))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_address_is_understood(scheme):
    assert config.sqlalchemy_url(f"{scheme}://u:p@h/d?x=1") == "postgresql+psycopg://u:p@h/d?x=1"
    assert database.libpq_url(f"{scheme}://u:p@h/d") == "postgresql://u:p@h/d"


def test_options_of_the_address_are_kept_beside_ours():
    options = config.engine_options("postgresql://u@h/d?options=-c%20search_path%3Dx")["connect_args"]["options"]
    assert options.startswith("-c search_path=x ") and "-c role=serai_none" in options
