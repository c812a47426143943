"""The embedded PostgreSQL: made, started, found and stopped by ourselves, as a child in the foreground.

The wheel's own `get_server()` is not used: it trusts every local user, and its servers outlive their starter.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time

from app import binaries, leash
from app.cluster import OWNER, SUPERUSER, Cluster, entrance, prepare
from app.trouble import Trouble

STALLED = 60  # seconds without any sign of progress until a start is given up

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",  # backups are dumps; bulk loads write less
    "max_wal_senders": "0",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_max_workers": "2",
    "jit": "off",  # costs more than it saves on short statements, and memory in every backend
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_startup_progress_interval": "5s",  # how a long recovery shows that it goes on
}
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "100",
        "shared_buffers": "128MB", "autovacuum": "off"}
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Server:
    """A running server that we started; `stop` ends it, and it ends with this process whatever ends that."""

    def __init__(self, cluster, process, lock):
        self.cluster, self.process, self._lock = cluster, process, lock
        self.url, self.superuser_url = cluster.url(OWNER), cluster.url(SUPERUSER)

    def alive(self):
        """Whether a connection answers with the identity of our cluster."""
        return self.process.poll() is None and self.cluster.answers()

    def revive(self, fast=False, tell=print):
        """Start a server that died again; nobody else may take over the data directory meanwhile."""
        leash.end(self.process, signal.SIGQUIT)
        self.process = _up(self.cluster, self.cluster.user(), fast, tell)

    def stop(self):
        """End sessions, write everything, stop."""
        leash.end(self.process, signal.SIGINT, signal.SIGQUIT, patience=30)
        self.cluster.remove_socket_folder()
        self._lock.release()


def running(data_dir):
    """The owner's URL of the server that answers on this data directory, None when none does."""
    cluster = Cluster(data_dir)
    return cluster.url(OWNER) if cluster.files.exists() and cluster.answers() else None


def start(data_dir, fast=False, tell=print, patience=0):
    """Start the server of a data directory, made on first use, and wait until it answers.

    :param fast: for tests: what is written does not survive a crash of the machine
    :param patience: seconds to wait for another process that runs it, None for ever
    :raises Trouble: when another process still runs it, or it does not come up
    """
    cluster = Cluster(prepare(data_dir))
    lock = leash.Lock(cluster.data / "owner.lock")
    busy = f"Waiting for another command that uses {cluster.data}"
    if not lock.take(patience=patience, tell=lambda: tell(busy)):
        lock.release()
        raise Trouble(f"Another process already runs the database in {cluster.data}.")
    try:
        return _start(cluster, lock, fast, tell)
    except BaseException:
        lock.release()
        raise


def _start(cluster, lock, fast, tell):
    user = cluster.user()
    if not cluster.files.exists():
        tell(f"Making the database in {cluster.data}")
        _create(cluster, user, fast)
    version = (cluster.files / "PG_VERSION").read_text().strip()
    if version != str(binaries.MAJOR):
        raise Trouble(
            f"The database in {cluster.data} was made by PostgreSQL {version}, this is {binaries.MAJOR}. "
            "Restore a backup into a new data directory.")
    return Server(cluster, _up(cluster, user, fast, tell), lock)


def _up(cluster, user, fast, tell):
    process = _launch(cluster, user, fast, tell)
    try:
        _wait(cluster, process, tell)
    except BaseException:
        leash.end(process, signal.SIGINT, signal.SIGQUIT)
        cluster.remove_socket_folder()
        raise
    return process


def _create(cluster, user, fast):
    """Make the cluster aside and move it into place, so that a made one is complete."""
    new = cluster.data / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if user is not None:
        os.chown(new, user.pw_uid, user.pw_gid)
    passwords = {OWNER: secrets.token_hex(24), SUPERUSER: secrets.token_hex(24)}
    cluster.passwords.unlink(missing_ok=True)
    with open(os.open(cluster.passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}:{word}\n" for name, word in passwords.items())
    statements = (
        f"alter role {SUPERUSER} password '{passwords[SUPERUSER]}'",
        f"create role {OWNER} login createdb createrole password '{passwords[OWNER]}'",
        f"create database serai owner {OWNER}",
    )
    # collation by code point: needs no locale of the machine, and plain indexes serve prefix searches
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    with entrance(new, user) as (name, fds):
        _run("initdb", user, fds, "-D", name, "-U", SUPERUSER, "--auth=reject", "--no-instructions",
             *locale, *(["--no-sync"] if fast else []))
        # nobody has a password yet and nobody may connect: these run in a single process without a socket
        _run("postgres", user, fds, "--single", "-D", name, "-c", "log_min_messages=warning", "postgres",
             text="".join(f"{statement}\n" for statement in statements))
    (new / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    new.rename(cluster.files)


def _run(program, user, fds, *arguments, text=""):
    options = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(
        [binaries.program(program, user), *arguments], input=text, capture_output=True, text=True,
        pass_fds=fds, cwd="/", env=CLEAN, **options)
    if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        raise Trouble(f"{program} failed:\n{(done.stderr or done.stdout).strip()}")


def _launch(cluster, user, fast, tell):
    """Start `postgres`. Its processes inherit postgres.lock: while it is held, one of them still lives."""
    lock = leash.Lock(cluster.data / "postgres.lock")
    if not lock.take(patience=STALLED, tell=lambda: tell("Waiting for the former database server to end")):
        raise Trouble(f"A former database server in {cluster.data} does not end.")
    _refuse_foreign_server(cluster)
    (cluster.files / "postmaster.pid").unlink(missing_ok=True)
    folder = cluster.make_socket_folder(user)
    settings = SETTINGS | (FAST if fast else {}) | {"unix_socket_directories": str(folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with entrance(cluster.files, user) as (name, fds), _log(cluster) as log:
        process = leash.spawn(
            [binaries.program("postgres", user), "-D", name, *options], signum=signal.SIGINT, user=user,
            pass_fds=(*fds, lock.fd), cwd="/", env=CLEAN, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    lock.release()
    return process


def _log(cluster):
    """The server's log, for us only: it may quote statements with people's data."""
    if cluster.log.exists() and cluster.log.stat().st_size > 10_000_000:
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
    return open(os.open(cluster.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _refuse_foreign_server(cluster):
    """Refuse when somebody runs the cluster without us (pg_ctl by hand): two servers would destroy it."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((cluster.files / "postmaster.pid").read_text().splitlines()[0])
        if os.path.samefile(f"/proc/{pid}/cwd", cluster.files):
            raise Trouble(f"Another PostgreSQL (process {pid}) runs on {cluster.files}.")


def _wait(cluster, process, tell):
    """Wait for the first answer. Recovery may take long: give up only when the log stands still."""
    size, since, told = -1, time.monotonic(), False
    while not cluster.answers():
        if process.poll() is not None:
            raise Trouble(f"The database did not start. The end of {cluster.log}:\n{_tail(cluster.log)}")
        now_size = cluster.log.stat().st_size
        if now_size != size:
            size, since = now_size, time.monotonic()
        elif time.monotonic() - since > STALLED:
            raise Trouble(f"The database does not answer. The end of {cluster.log}:\n{_tail(cluster.log)}")
        if not told and time.monotonic() - since > 3:
            tell("Waiting for the database to recover")
            told = True
        time.sleep(0.03)


def _tail(path, lines=8):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


@contextlib.contextmanager
def lease(data_dir, fast=False, tell=print):
    """The owner's URL of a running server for the length of a command.

    Uses the one that runs; else starts one, waits at the end for commands that came to use it, and stops it.
    """
    data = prepare(data_dir)
    users = leash.Lock(data / "users.lock")
    began, told = time.monotonic(), False
    try:
        while True:
            users.take(shared=True, patience=None)
            url = running(data)
            if url:
                yield url
                return
            users.release()
            users = leash.Lock(data / "users.lock")
            owner = leash.Lock(data / "owner.lock")
            if owner.take():
                break
            owner.release()
            if not told and time.monotonic() - began > 2:
                tell("Waiting for the database")
                told = True
            if time.monotonic() - began > 2 * STALLED:
                raise Trouble(f"The database in {data} does not answer.")
            time.sleep(0.1)
        try:
            server = _start(Cluster(data), owner, fast, tell)
        except BaseException:
            owner.release()
            raise
        try:
            yield server.url
        finally:
            users.take(patience=None, tell=lambda: tell("Waiting for other commands that use the database"))
            server.stop()
    finally:
        users.release()
