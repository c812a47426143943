"""The embedded PostgreSQL starts, survives, and never runs twice or by itself."""

import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading

import psycopg
import pytest

from app import cluster, embedded
from app.trouble import Trouble
from tests.launch.test_supervisor import sweep, until

STARTER = """
import sys, time
from app import embedded
server = embedded.start(sys.argv[1], fast=True)
print(server.process.pid, flush=True)
time.sleep(600)
"""


def plain(url):
    return url.replace("+psycopg", "", 1)


def quiet(text):
    """Tells nobody."""


@pytest.fixture
def start(tmp_path):
    """Starts the server of this test's data directory, and stops it."""
    servers = []

    def started(folder="data"):
        servers.append(embedded.start(tmp_path / folder, fast=True, tell=quiet))
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


@pytest.fixture
def starter(tmp_path):
    """Another process that has started the server of this test's data directory."""
    process = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "data")],
                               stdout=subprocess.PIPE, text=True)
    lines = iter(process.stdout.readline, "")
    process.postmaster = next(int(line) for line in lines if line.strip().isdigit())
    yield process
    process.kill()
    process.communicate()
    sweep(tmp_path / "data")


def test_data_outlives_a_restart_and_is_for_us_only(start, tmp_path):
    server = start()
    with psycopg.connect(plain(server.url)) as connection:
        connection.execute("create table kept as select 7 as n")
        owner, strong = connection.execute(
            "select current_user, rolsuper from pg_roles where rolname = current_user").fetchone()
    assert (owner, strong) == ("serai", False)
    assert embedded.running(tmp_path / "data") == server.url
    folder = cluster.Cluster(tmp_path / "data").socket_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(str(folder)) + len("/.s.PGSQL.5432") < 100
    for name in ("postgres.passwords", "postgres.log"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    assert os.stat(f"/proc/{server.process.pid}").st_uid != 0
    server.stop()
    assert embedded.running(tmp_path / "data") is None
    with psycopg.connect(plain(start().url)) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_nobody_enters_without_the_password(start):
    server = start()
    folder = str(server.cluster.socket_folder())
    for user in ("serai", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=folder, user=user, dbname="serai", password="guessed")


def test_no_permission_of_the_folders_above_changes(start, tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = [folder.stat().st_mode for folder in private.parents] + [private.stat().st_mode]
    assert start("private/data").alive()
    assert before == [folder.stat().st_mode for folder in private.parents] + [private.stat().st_mode]


def test_it_dies_with_its_starter_and_the_next_start_waits_for_its_end(starter, start, tmp_path):
    starter.kill()
    starter.wait()
    assert start().alive()
    assert not pathlib.Path(f"/proc/{starter.postmaster}/cwd").exists()


def test_a_stale_pid_file_that_names_a_living_process_is_harmless(start, tmp_path):
    server = start()
    file = tmp_path / "data" / "postgres" / "postmaster.pid"
    text = file.read_text()
    server.stop()
    file.write_text(text.replace(text.split()[0], str(os.getppid()), 1))
    assert embedded.running(tmp_path / "data") is None
    assert start().alive()


def test_a_server_that_somebody_runs_by_hand_is_left_alone(start, tmp_path):
    server = start()
    server.stop()
    files = tmp_path / "data" / "postgres"
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=files, stdin=subprocess.PIPE) as other:
        (files / "postmaster.pid").write_text(f"{other.pid}\n{files}\n")
        with pytest.raises(Trouble, match=f"Another PostgreSQL .process {other.pid}. runs"):
            start()
        other.kill()


def test_a_second_start_is_refused_while_the_first_one_runs(starter, start):
    with pytest.raises(Trouble, match="Another process already runs the database"):
        start()


def test_a_killed_server_is_revived_with_what_was_committed(start):
    server = start()
    with psycopg.connect(plain(server.url)) as connection:
        connection.execute("create table kept as select 7 as n")
    server.process.send_signal(signal.SIGKILL)
    until(lambda: not server.alive())
    server.revive(fast=True, tell=quiet)
    with psycopg.connect(plain(server.url)) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_a_command_uses_the_server_that_runs_and_leaves_it_running(start, tmp_path):
    server = start()
    with embedded.lease(tmp_path / "data", tell=quiet) as url:
        assert url == server.url
    assert server.alive()


def test_two_commands_at_once_share_one_server_and_the_last_one_out_stops_it(tmp_path):
    data, urls, first_done = tmp_path / "data", [], threading.Event()

    def second():
        with embedded.lease(data, fast=True, tell=quiet) as url:
            urls.append(url)
            first_done.wait(10)
            with psycopg.connect(plain(url)) as connection:
                connection.execute("select 1")

    with embedded.lease(data, fast=True, tell=quiet) as url:
        thread = threading.Thread(target=second)
        thread.start()
        until(lambda: urls)
        threading.Timer(0.3, first_done.set).start()
    thread.join()
    assert urls == [url]
    assert embedded.running(data) is None


def test_what_cannot_be_opened_is_told(start, tmp_path):
    start().stop()
    version = tmp_path / "data" / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(Trouble, match="was made by PostgreSQL 17"):
        start()
    version.write_text("18\n")
    (tmp_path / "data" / "postgres.passwords").unlink()
    with pytest.raises(Trouble, match=r"postgres.passwords is missing"):
        start()


def test_a_server_that_cannot_start_says_why(start, tmp_path):
    start().stop()
    (tmp_path / "data" / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Trouble, match="no_such_setting"):
        start()


def test_an_interrupted_making_is_done_again(start, tmp_path):
    (tmp_path / "data" / "postgres.new" / "base").mkdir(parents=True)
    assert start().alive()


def test_a_copy_of_the_programs_runs_where_the_installed_ones_cannot_be_reached(tmp_path, monkeypatch):
    from app import binaries, leash

    if os.geteuid() != 0:
        # only root runs the database as somebody else: then the copy is never made
        assert binaries.folder(leash.system_user()) == binaries.in_wheel()
        return
    monkeypatch.setattr(binaries, "COPIES", tmp_path / "copies")
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    wheel = binaries.in_wheel()
    for part in (wheel.parent, wheel.parent.with_name(f"{binaries.PACKAGE}.libs")):
        (hidden / part.name).symlink_to(part)
    monkeypatch.setattr(binaries, "in_wheel", lambda: hidden / binaries.PACKAGE / wheel.name)
    copy = binaries.folder(leash.system_user())
    assert copy.is_relative_to(tmp_path / "copies")
    for name in ("initdb", "postgres", "pg_dump", "pg_restore"):
        assert subprocess.run([copy / "bin" / name, "-V"], capture_output=True).returncode == 0
    assert binaries.folder(leash.system_user()) == copy
