"""`./serai serve`: the database, the web server and the job worker as children of one small process.

Children die with it, whatever kills it; a child that dies is started again, the database included.
"""

import contextlib
import dataclasses
import os
import select
import signal
import sys
import time

from app import address, cluster, embedded, launch, leash
from app.trouble import Trouble

HEALTHY = 30  # seconds a child must live for its former deaths to be forgotten
LONGEST_PAUSE = 30  # seconds between two attempts, at most
GIVE_UP = 3  # deaths of one child before the first answer: then something is wrong with the installation


@dataclasses.dataclass
class Child:
    """A program that is to run for ever."""

    name: str
    command: list
    fds: tuple = ()
    process: object = None
    deaths: int = 0
    started: float = 0.0
    next_start: float = 0.0

    def keep(self, now):
        """Start it when it does not run and its pause is over."""
        if self.process is not None and self.process.poll() is not None:
            self.deaths = 1 if now - self.started > HEALTHY else self.deaths + 1
            pause = min(LONGEST_PAUSE, 0.25 * 4 ** (self.deaths - 1))
            self.next_start = now + pause
            say(f"{self.name} ended with status {self.process.returncode}; starting it again")
            self.process = None
        if self.process is None and now >= self.next_start:
            # a session of its own: Ctrl-C in the terminal reaches only us, and we stop them in order
            self.process = leash.spawn(self.command, pass_fds=self.fds, start_new_session=True)
            self.started = now


def say(text):
    print(f"serai: {text}", file=sys.stderr, flush=True)


class Stop(Exception):
    """SIGINT or SIGTERM: an orderly end was asked for."""


class Bell:
    """Wakes the supervisor when a child ends or a signal asks to stop.

    While `abrupt`, a signal interrupts whatever runs: a start that waits for a lock or for recovery.
    """

    def __init__(self):
        self.stopping, self.abrupt = False, False
        self.read, self.write = os.pipe()
        os.set_blocking(self.read, False)
        os.set_blocking(self.write, False)
        signal.set_wakeup_fd(self.write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._stop)

    def _stop(self, signum, frame):
        self.stopping = True
        if self.abrupt:
            raise Stop

    def wait(self, seconds):
        """Sleep until something happens, `seconds` at most."""
        if not self.stopping:
            select.select([self.read], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self.read, 1024)
        if self.stopping:
            raise Stop


def program(*words):
    """A command of ours as a child: the same Python, the same environment."""
    return [sys.executable, "-m", "app.launch", *words]


def serve(args, data, program=program):
    """Run everything until SIGINT or SIGTERM.

    :param program: the command line of a child for the words it gets; tests have small ones
    """
    cluster.prepare(data)
    launch.set_secret(data)
    alone = leash.Lock(data / "serve.lock")
    if not alone.take():
        raise Trouble(f"Serai already runs on the data directory {data}.")
    door = address.listen(args.host, args.port)
    os.environ.setdefault("SERAI_ADDRESS", address.url(args.host, args.port))  # for links in mails
    bell = Bell()
    children = [
        Child("web", program("web", "--fd", str(door.fileno()), "--workers", str(args.workers)),
              fds=(door.fileno(),)),
        Child("worker", program("worker")),
    ]
    server = None
    try:
        server = _database(data, bell)
        _init(program("init", *(["--demo"] if args.demo else [])), bell)
        _watch(children, server, bell, args)
    except Stop:
        return 0
    finally:
        _stop(children, server)
        door.close()
        alone.release()


def _database(data, bell):
    """Our server, or None when DATABASE_URL names one."""
    if os.environ.get("DATABASE_URL"):
        launch.preflight()
        return None
    bell.abrupt = True
    server = embedded.start(data, patience=None, tell=say)
    bell.abrupt = False
    os.environ["DATABASE_URL"] = server.url
    return server


def _init(command, bell):
    """Roles, migrations, permissions, in a child of its own, so that we stay small."""
    process = leash.spawn(command, start_new_session=True)
    try:
        while process.poll() is None:
            bell.wait(1)
    finally:
        leash.end(process, signal.SIGTERM)
    if process.returncode != 0:
        raise Trouble("The database could not be prepared; the reason stands above.")


def _watch(children, server, bell, args):
    ready = False
    while True:
        _keep_database(server, bell)
        for child in children:
            child.keep(time.monotonic())
            if not ready and child.deaths >= GIVE_UP:
                raise Trouble(f"{child.name} does not start; the reason stands above.")
        if not ready and address.answers(args.host, args.port):
            ready = True
            print(f"Serai is ready on {address.url(args.host, args.port)}", flush=True)
        bell.wait(5 if ready and all(child.process for child in children) else 0.1)


def _keep_database(server, bell):
    """Start the database again when it died; the children's connections follow by themselves."""
    pause = 0.0
    while server is not None and server.process.poll() is not None:
        bell.wait(pause)
        say("The database ended; starting it again")
        try:
            server.revive(tell=say)
        except Trouble as trouble:
            say(trouble)
            pause = min(LONGEST_PAUSE, pause * 2 + 1)


def _stop(children, server):
    """Web and worker first, so that they finish what they are at; the database last."""
    alive = [child.process for child in children if child.process is not None]
    for process in alive:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
    for process in alive:
        leash.end(process, signal.SIGTERM, patience=20)
    if server is not None:
        server.stop()
