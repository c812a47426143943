"""A real installation under test: `serve` with its own database, its processes, programs that talk to it over HTTP."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

import config
from app import embedded
from tests.people import PASSWORD

PATIENCE = 240  # seconds; the machine may be busy with other tests
PAUSE = 0.1  # seconds between two looks
GONE = (urllib.error.URLError, http.client.HTTPException, OSError)  # nobody answered, or not to the end


def until(look, what, patience=PATIENCE):
    """The first true answer of `look`; a database that is away for a moment is no answer."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError):
            found = look()
            if found:
                return found
        time.sleep(PAUSE)
    raise AssertionError(f"not within {patience} seconds: {what}")


class Installation:
    """`serve` on a data directory of its own; it can be started again on the same one."""

    def __init__(self, data, port):
        self.data, self.port, self.process = data, port, None
        self.address = f"http://127.0.0.1:{port}"

    def start(self):
        """Start it; returns when it says that it is ready."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SERAI_", "DATABASE_"))}
        with open(self.data.parent / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.launch", "serve", "--data", str(self.data), "--port", str(self.port)],
                cwd=config.ROOT, env=kept | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        for line in self.process.stdout:
            if line.startswith("Serai is ready"):
                return self
        raise AssertionError((self.data.parent / "serve.log").read_text()[-4000:])

    def command(self, *words):
        """Another command of the launcher, beside it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SERAI_", "DATABASE_"))}
        return subprocess.run([sys.executable, "-m", "app.launch", "--data", str(self.data), *words],
                              cwd=config.ROOT, env=kept, capture_output=True, text=True, timeout=PATIENCE)  # fmt: skip

    def end(self, signum=signal.SIGTERM):
        """Stop the supervisor, in order or not; returns its exit code."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signum)
        self.process.stdout.close()
        return self.process.wait(60)

    # --- its processes ---------------------------------------------------------------------------

    def child(self, name):
        """The process id of the child that runs `app.launch NAME`; None while there is none."""
        for pid in _children(self.process.pid):
            words = _command(pid)
            if "app.launch" in words and name in words:
                return pid
        return None

    def kill(self, name):
        """SIGKILL to web, worker (of jobs), thread (gunicorn's process under web), database or supervisor."""
        pid = until(lambda: self._pid(name), f"{name} runs")
        os.kill(pid, signal.SIGKILL)
        return pid

    def _pid(self, name):
        if name == "supervisor":
            return self.process.pid
        if name == "database":
            with contextlib.suppress(OSError, ValueError):
                return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])
            return None
        if name == "thread":
            web = self.child("web")
            return next(iter(_children(web)), None) if web else None
        return self.child(name)

    # --- its database ----------------------------------------------------------------------------

    def ask(self, statement, *values):
        """Rows of the owner's question."""
        url = until(lambda: embedded.running(self.data), "the database answers")
        with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=10) as connection:
            return connection.execute(statement, values).fetchall()

    def one(self, statement, *values):
        """The single value of a question."""
        return self.ask(statement, *values)[0][0]

    def sessions(self):
        """Sessions as the application has them, without a pool: the database comes and goes."""
        url = embedded.running(self.data)
        options = config.engine_options(url)["connect_args"]
        return sessionmaker(create_engine(url, poolclass=NullPool, connect_args=options))


def _children(pid):
    with contextlib.suppress(OSError):
        return [int(one) for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


class Program:
    """A customer's program: sends every request again until it has an answer, always under the same key."""

    def __init__(self, address, username):
        self.address, self.token = address, None
        given = {"username": username, "password": PASSWORD, "provider": "db", "refresh": True}
        self.token = self.insist("/security/login", given)[1]["access_token"]

    def insist(self, path, content, key=None):
        """(status, answer) of the first attempt that was answered; what was lost or failed is sent again."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(*GONE):
                status, answer = self.once(path, content, key)
                if status < 500:
                    return status, answer
            time.sleep(PAUSE)
        raise AssertionError(f"no answer to {path}")

    def once(self, path, content, key=None):
        """One attempt."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(f"{self.address}/api/v1{path}", json.dumps(content).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"{}")


class Crowd:
    """Several programs at work; remembers the answer to every request."""

    def __init__(self):
        self.answers, self._threads, self._errors = {}, [], []

    def send(self, program, requests):
        """Send (path, content, key) one after the other, beside everything else."""
        thread = threading.Thread(target=self._send, args=(program, requests))
        self._threads.append(thread)
        thread.start()

    def _send(self, program, requests):
        try:
            for path, content, key in requests:
                self.answers[key] = program.insist(path, content, key)
        except Exception as error:  # told by `done`
            self._errors.append(error)

    def answered(self, count):
        """Wait until so many requests have been answered."""
        until(lambda: self._errors or len(self.answers) >= count, f"{count} answers")

    def done(self):
        """Wait for everybody."""
        for thread in self._threads:
            thread.join()
        assert not self._errors, self._errors
        return self.answers
