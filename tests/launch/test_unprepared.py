"""Commands on a database that `init` has not seen yet, or not with this version: prepared, or told in one line."""

import json
import subprocess
import sys

import pytest

import config
from app import cli, setup
from app import database as databases
from app.trouble import Trouble
from tests.imports.conftest import SAMPLE

FILLING = (("import", "online-retail", str(SAMPLE)), ("load", "--orders", "5"))
READING = (("flow", "order", "approve", "1"), ("check",))
TOLD = "The database is not prepared for this version of Serai. Run ./serai init first."


def launch(url, data, *words):
    return subprocess.run(
        [sys.executable, "-m", "app.launch", *words, "--data", str(data)], cwd=config.ROOT, capture_output=True,
        text=True, timeout=300, env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_what_reads_the_books_says_that_there_are_none(empty, tmp_path, words):
    done = launch(empty, tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"serai: {TOLD}\n")


def test_what_fills_a_database_prepares_an_empty_one(empty, tmp_path):
    first = launch(empty, tmp_path, *FILLING[0])
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("User admin, password: ")
    assert json.loads(first.stdout.splitlines()[-1])["orders"] > 0
    then = launch(empty, tmp_path, *FILLING[1])
    assert then.returncode == 0 and "password" not in then.stdout, then.stderr
    checked = launch(empty, tmp_path, "check")
    assert checked.returncode == 0, checked.stdout


@pytest.fixture
def older(database, own_database, monkeypatch):
    """A database that an older version has prepared."""
    monkeypatch.setattr(config, "DATABASE_OWNER_URL", database)
    with databases.connect(database) as connection:
        connection.execute("update alembic_version set version_num = '0026_notifications_seen'")
    yield database
    own_database.forget()


@pytest.mark.parametrize("words", FILLING + READING, ids=lambda words: words[0])
def test_nothing_is_done_to_the_books_of_an_older_version(older, words):
    with pytest.raises(Trouble) as told:
        cli.main(list(words), standalone_mode=False)
    assert str(told.value) == TOLD


def test_an_init_that_was_cut_short_has_prepared_nothing(database):
    with databases.connect(database) as connection:
        connection.execute("update access_stamp set prepared = ''")
    assert setup.standing(database) == "new"
