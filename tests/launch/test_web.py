"""The web server: gunicorn as we set it up."""

import os
import pathlib
import signal
import subprocess
import sys
import urllib.request

import pytest

from app import address
from app.trouble import Trouble
from tests.launch.test_supervisor import free_port, lives, until


@pytest.fixture
def served():
    """A web server in a process of its own, and the process id of the one that answers."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.launch.standins", "gunicorn", str(port)])
    process.url = f"http://127.0.0.1:{port}/"

    def answer(**headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(process.url, headers=headers), timeout=5) as got:
                return int(got.read()), got.headers["X-Scheme"]
        except OSError:
            return None

    process.answer = answer
    until(answer)
    yield process
    process.kill()
    process.wait()


def test_it_stops_when_told(served):
    pid, _ = served.answer()
    served.send_signal(signal.SIGTERM)
    assert served.wait(15) == 0
    assert not lives(pid)


def test_no_process_of_it_outlives_a_killed_master(served):
    pid, _ = served.answer()
    served.kill()
    until(lambda: not lives(pid))


def test_a_killed_process_is_replaced(served):
    pid, _ = served.answer()
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: (served.answer() or [pid])[0] != pid)


def test_nobody_claims_https_by_a_header(served):
    assert served.answer(**{"X-Forwarded-Proto": "https"})[1] == "http"


def test_it_leaves_no_control_socket(served):
    names = {line.split()[-1] for line in pathlib.Path("/proc/net/unix").read_text().splitlines()}
    assert not [name for name in names if "gunicorn" in name]


def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(Trouble, match="Cannot listen on"):
        address.listen("192.0.2.1", 8080)
