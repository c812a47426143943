"""`./serai serve` keeps its children alive, and none of them outlives it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psycopg
import pytest

from app import cluster as clusters
from app import embedded, leash

PATIENCE = 30  # seconds


def until(check, patience=PATIENCE):
    """The first true answer of `check`."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{check} did not come true in {patience} seconds")


def sweep(data):
    """What a killed server leaves outside its data directory, once it has ended."""
    if (data / "postgres.lock").exists():
        lock = leash.Lock(data / "postgres.lock")
        lock.take(patience=PATIENCE)
        lock.release()
        clusters.Cluster(data).remove_socket_folder()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lives(pid):
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Supervised:
    """A supervisor with small children in the place of ours."""

    def __init__(self, data, port=None, **environment):
        self.data, self.port = data, port or free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.launch.standins", "serve", str(data), str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | environment)

    def ready(self):
        line = self.process.stdout.readline()
        assert line == f"Serai is ready on http://127.0.0.1:{self.port}\n", line or self.process.stderr.read()
        return self

    def web(self):
        """The process id of the web server that answers, None when none does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return int(answer.read())
        except (OSError, urllib.error.URLError):
            return None

    def worker(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.data / "worker.pid").read_text())

    def database(self):
        return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])

    def end(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, err


@pytest.fixture
def supervised(tmp_path):
    started = []

    def start(**environment):
        started.append(Supervised(tmp_path / "data", **environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()
        sweep(one.data)


def test_stops_cleanly_and_takes_everything_along(supervised):
    one = supervised().ready()
    children = [one.web(), until(one.worker), one.database()]
    assert all(lives(pid) for pid in children)
    code, _ = one.end()
    assert code == 0
    assert not any(lives(pid) for pid in children)
    assert embedded.running(one.data) is None
    assert supervised(port=one.port).ready().end(signal.SIGINT)[0] == 0


def test_a_dead_child_is_started_again(supervised):
    one = supervised().ready()
    web, worker = one.web(), until(one.worker)
    os.kill(web, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    assert until(one.web) != web
    assert until(lambda: one.worker() != worker and lives(one.worker()))
    assert one.end()[0] == 0


def test_a_killed_database_comes_back_with_its_data(supervised):
    one = supervised().ready()
    url = until(lambda: embedded.running(one.data)).replace("+psycopg", "", 1)
    with psycopg.connect(url) as connection:
        connection.execute("insert into kept values (1)")
    killed = one.database()
    os.kill(killed, signal.SIGKILL)
    until(lambda: embedded.running(one.data))
    assert one.database() != killed
    with psycopg.connect(url) as connection:
        assert connection.execute("select n from kept").fetchall() == [(1,)]
    assert until(one.web)
    assert one.end()[0] == 0


def test_nothing_outlives_a_killed_supervisor_and_the_next_one_starts(supervised):
    one = supervised().ready()
    children = [one.web(), until(one.worker), one.database()]
    one.end(signal.SIGKILL)
    again = supervised(port=one.port).ready()
    assert not any(lives(pid) for pid in children)
    assert again.end()[0] == 0


def test_a_second_one_on_the_same_data_or_port_is_refused(supervised, tmp_path):
    one = supervised().ready()
    second = supervised()
    assert second.process.wait(PATIENCE) == 1
    assert "already runs on the data directory" in second.process.stderr.read()
    other = Supervised(tmp_path / "other", port=one.port)
    _, err = other.process.communicate(timeout=PATIENCE)
    assert other.process.returncode == 1
    assert err == f"serai: Port {one.port} on 127.0.0.1 is taken by another program. Choose another.\n"
    assert not (tmp_path / "other" / "postgres").exists()
    assert one.web()


def test_a_failed_preparation_ends_it(supervised):
    one = supervised(STANDIN_FAILS="init")
    out, err = one.process.communicate(timeout=PATIENCE)
    assert (one.process.returncode, out) == (1, "")
    assert "could not be prepared" in err


def test_a_web_server_that_never_starts_ends_it(supervised):
    one = supervised(STANDIN_FAILS="web")
    _, err = one.process.communicate(timeout=PATIENCE)
    assert one.process.returncode == 1
    assert "web does not start" in err
    assert embedded.running(one.data) is None


def test_it_waits_for_a_command_that_uses_the_data_directory(supervised, tmp_path):
    server = embedded.start(tmp_path / "data")
    one = supervised()
    time.sleep(0.5)
    assert one.process.poll() is None
    server.stop()
    one.ready()


def test_a_signal_ends_the_waiting(supervised, tmp_path):
    server = embedded.start(tmp_path / "data")
    one = supervised()
    until(lambda: (tmp_path / "data" / "serve.lock").exists())
    time.sleep(0.5)
    assert one.end()[0] == 0
    assert clusters.Cluster(tmp_path / "data").answers()
    server.stop()


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    one = Supervised(tmp_path / "file")
    _out, err = one.process.communicate(timeout=PATIENCE)
    assert one.process.returncode == 1
    assert err.startswith(f"serai: The data directory {tmp_path}/file ")
