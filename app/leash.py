"""Child processes that never outlive us, and the system user under which the database of root runs.

Only the standard library: the supervisor imports this and stays small.
"""

import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

from app.trouble import Trouble

PR_SET_PDEATHSIG = 1
SYSTEM_USER = "serai"
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signum, parent):
    """Ask the kernel to send `signum` to this process when `parent` is gone, whatever ended it.

    Called in the child between fork and exec, after the change of user: that change clears the request.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def spawn(command, *, signum=signal.SIGKILL, user=None, **options):
    """Start a child that gets `signum` when the calling THREAD ends, so call it from one that lives as long.

    :param user: passwd entry to run as, None for the present one
    """
    parent = os.getpid()
    if user is not None:
        options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return subprocess.Popen(command, preexec_fn=lambda: die_with_parent(signum, parent), **options)


def end(process, *signals, patience=10):
    """Stop a child: each signal in turn, `patience` seconds for each, SIGKILL at last."""
    for signum in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def system_user():
    """The unprivileged account for the database of root, made when missing; None when we are not root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is None:
        raise Trouble(f"PostgreSQL refuses to run as root. Make a system user named {SYSTEM_USER} for it.")
    made = subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", SYSTEM_USER], capture_output=True, text=True)
    try:
        # two first starts at once: the slower one finds the user of the other
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise Trouble(f"The system user {SYSTEM_USER} could not be made: {made.stderr.strip()}") from None


def reachable(path, user):
    """Whether `user` (None: ourselves) may enter the folder, or run the program. Tried, not computed."""
    if user is None:
        return os.access(path, os.X_OK)
    trial = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", path],
        user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/")
    return trial.returncode == 0


class Lock:
    """An advisory lock on a file, held until `release` or the end of the process, kill -9 included."""

    def __init__(self, path):
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Trouble(f"Cannot write {path}: {error.strerror}.") from None

    def take(self, *, shared=False, patience=0.0, tell=None):
        """True when taken; tries for `patience` seconds (None: for ever), calling `tell` once after two."""
        began, told = time.monotonic(), tell is None
        while True:
            try:
                fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                waited = time.monotonic() - began
                if patience is not None and waited >= patience:
                    return False
                if not told and waited > 2:
                    tell()
                    told = True
                time.sleep(0.05)

    def release(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
