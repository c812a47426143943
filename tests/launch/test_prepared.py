"""A start skips `init` only while code and database are exactly as the last one left them."""

import shutil
import subprocess
import sys

import psycopg
import pytest

import config
from app import database as databases
from app import prepared, setup


@pytest.fixture(autouse=True)
def thrown_away(own_database):
    """A database of each test's own: what is changed here the others could not see."""
    own_database.forget()
    yield
    own_database.forget()


@pytest.fixture
def ready(site, database):
    """The URL of a database that `init` has prepared."""
    prepared.remember(database, setup.sync_permissions(database, site))
    return database


def run(url, *statements):
    with databases.connect(url) as connection:
        for one in statements:
            connection.execute(one)


def test_nothing_is_prepared_before_init_has_ended(database, site):
    assert not prepared.already(database)
    mark = setup.sync_permissions(database, site)
    assert not prepared.already(database), "a start that was cut short begins again"
    prepared.remember(database, mark)
    assert prepared.already(database) and prepared.already(database)


def test_users_and_their_roles_are_nothing_init_writes(ready, people):
    assert prepared.already(ready)


GRANT = "(select id from ab_role where name = 'Customer')"


@pytest.mark.parametrize("tampered", [
    f"delete from ab_permission_view_role where role_id = {GRANT} "
    f"and id = (select max(id) from ab_permission_view_role where role_id = {GRANT})",
    f"insert into ab_permission_view_role (permission_view_id, role_id) select o.id, {GRANT} from ab_permission_view o "
    "join ab_permission p on p.id = o.permission_id join ab_view_menu v on v.id = o.view_menu_id "
    "where p.name = 'can_approve' and v.name = 'Order'",
    "update ab_role set name = 'Reviewers' where name = 'Reviewer'",
    "delete from ab_permission_view_role; delete from ab_permission_view",
    "update alembic_version set version_num = '0026_notifications_seen'",
    "alter table access_stamp drop column prepared",
])  # fmt: skip
def test_whatever_was_touched_brings_init_back(ready, tampered):
    run(ready, tampered)
    assert not prepared.already(ready)


def test_a_tampered_managed_role_is_as_it_was_after_the_next_init(ready, site):
    run(ready, f"delete from ab_permission_view_role where role_id = {GRANT}")
    assert not prepared.already(ready)
    prepared.remember(ready, setup.sync_permissions(ready, site))
    assert prepared.already(ready)
    with databases.connect(ready) as connection:
        many = connection.execute(f"select count(*) from ab_permission_view_role where role_id = {GRANT}").fetchone()
    assert many[0] > 10


def test_missing_roles_of_the_server_are_made_before_anything_is_served(ready, monkeypatch):
    asked = []
    monkeypatch.setattr(databases, "ensure_roles", asked.append)
    assert prepared.already(ready)
    assert len(asked) == 1


def test_every_source_counts(tmp_path):
    for name in prepared.FILES:
        shutil.copy(config.ROOT / name, tmp_path / name)
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "orders.py").write_text("one\n")
    before = prepared.code(tmp_path)
    assert before == prepared.code(tmp_path)
    (tmp_path / "views" / "orders.py").write_text("two\n")
    changed = prepared.code(tmp_path)
    (tmp_path / "views" / "orders.py").rename(tmp_path / "views" / "others.py")
    assert len({before, changed, prepared.code(tmp_path)}) == 3


def test_an_empty_database_is_not_prepared(database):
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
    assert not prepared.already(database)


def test_two_inits_at_once_prepare_one_empty_database(empty, tmp_path):
    """Indexes are built concurrently: PostgreSQL then waits for every snapshot, also of who waits for the lock."""
    command = [sys.executable, "-m", "app.launch", "init", "--data", str(tmp_path)]
    both = [
        subprocess.Popen(command, cwd=config.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env={"DATABASE_URL": empty, "PATH": "/usr/bin:/bin"})
        for _ in range(2)
    ]  # fmt: skip
    said = [one.communicate(timeout=300) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert sum("User admin, password:" in out for out, _err in said) == 1
    assert prepared.already(empty)


def init(url, data):
    """What `./serai init` says, and whether it had to load the application."""
    script = (
        "import atexit, sys; from app import launch; "
        "atexit.register(lambda: print('loaded' if 'sqlalchemy' in sys.modules else 'skipped')); "
        "sys.exit(launch.main(['init', '--data', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(data)], cwd=config.ROOT, capture_output=True, text=True, timeout=300,
        env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_second_init_has_nothing_to_do(database, tmp_path):
    first = init(database, tmp_path)
    assert "User admin, password:" in first and "loaded" in first
    assert init(database, tmp_path).split() == ["skipped"]
    run(database, f"delete from ab_permission_view_role where role_id = {GRANT}")
    assert "loaded" in init(database, tmp_path)
