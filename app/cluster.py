"""One data directory of the embedded PostgreSQL: its files, its socket, and whether it answers.

    postgres/            the cluster, owned by the user it runs as
    postgres.passwords   0600: of `serai`, who owns the database, and of `postgres`, the superuser
    postgres.log         what the server says
    owner.lock           held by the process that started the server
    postgres.lock        held by every process of the server: "gone" is a fact, not a guess from a pid
    users.lock           held, shared, by commands that use a server somebody else started

Only the standard library and psycopg: the supervisor imports this and stays small.
"""

import contextlib
import functools
import hashlib
import os
import pathlib
import pwd
import stat
import struct
import tempfile
import urllib.parse

import psycopg

from app import leash
from app.trouble import Trouble

OWNER, SUPERUSER = "serai", "postgres"
LONGEST_FOLDER = 100 - len("/.s.PGSQL.5432")  # the kernel allows 107 bytes for the path of a socket


class Cluster:
    """The files of one data directory, and how to reach the server that runs on them."""

    def __init__(self, data_dir):
        self.data = pathlib.Path(data_dir).absolute()
        self.files, self.log = self.data / "postgres", self.data / "postgres.log"
        self.passwords = self.data / "postgres.passwords"

    def user(self):
        """Who runs the server: for root the owner of the files, else the system user. None: ourselves."""
        if os.geteuid() == 0 and self.files.exists() and self.files.stat().st_uid != 0:
            with contextlib.suppress(KeyError):
                return pwd.getpwuid(self.files.stat().st_uid)
        return leash.system_user()

    def identifier(self):
        """The cluster's identity, given at its making: the first 8 bytes of its control file."""
        return struct.unpack("=Q", (self.files / "global" / "pg_control").read_bytes()[:8])[0]

    def password(self, name):
        try:
            lines = self.passwords.read_text().splitlines()
        except FileNotFoundError:
            raise Trouble(f"{self.passwords} is missing: the database cannot be opened.") from None
        except PermissionError:
            raise Trouble(f"{self.data} belongs to another user. Run this as that user.") from None
        return dict(line.split(":", 1) for line in lines)[name]

    def url(self, name, database="serai"):
        folder = urllib.parse.quote(str(self.socket_folder()))
        return f"postgresql+psycopg://{name}:{self.password(name)}@/{database}?host={folder}"

    def connect(self):
        return psycopg.connect(
            host=str(self.socket_folder()), user=OWNER, password=self.password(OWNER), dbname="serai",
            connect_timeout=5, application_name="serai launcher", autocommit=True)

    def answers(self):
        """Whether this very cluster answers on our socket; a pid or a socket file proves nothing."""
        try:
            with self.connect() as connection:
                row = connection.execute("select system_identifier from pg_control_system()").fetchone()
            return row[0] == struct.unpack("=q", struct.pack("=Q", self.identifier()))[0]
        except (psycopg.Error, FileNotFoundError):
            return False

    def socket_folder(self):
        """Where the running server listens, as its pid file tells; else where we would let it listen."""
        with contextlib.suppress(OSError, IndexError):
            told = (self.files / "postmaster.pid").read_text().splitlines()[4]
            if told.startswith("/"):  # the server fills the line in later than it writes the file
                return pathlib.Path(told)
        return self.socket_place

    @functools.cached_property
    def socket_place(self):
        """A short path of our own: in the data directory where that works, else where sockets usually are."""
        folder, user = self.data / "run", self.user()
        if len(os.fsencode(folder)) <= LONGEST_FOLDER and leash.reachable(self.data, user):
            return folder
        name = hashlib.sha256(os.fsencode(self.data.resolve())).hexdigest()[:16]
        if user is not None:
            return pathlib.Path("/run" if os.path.isdir("/run") else "/tmp", f"serai-{name}")
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        base = runtime if runtime and os.access(runtime, os.W_OK) else tempfile.gettempdir()
        place = pathlib.Path(base, f"serai-{os.getuid()}-{name}")
        return place if len(os.fsencode(place)) <= LONGEST_FOLDER else pathlib.Path("/tmp", place.name)

    def make_socket_folder(self, user):
        """Make the folder that only we may enter; in a shared place somebody may have made it in our name."""
        folder, owner = self.socket_place, os.geteuid() if user is None else user.pw_uid
        try:
            folder.mkdir(mode=0o700)
            if user is not None:
                os.chown(folder, user.pw_uid, user.pw_gid)
        except FileExistsError:
            pass
        except OSError as error:
            raise Trouble(f"The folder {folder} for the database's socket cannot be made: {error}") from None
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, 0) or found.st_mode & 0o077:
            raise Trouble(f"{folder} is not a private folder of the database's user. Remove it.")
        if user is not None and found.st_uid != owner:
            os.chown(folder, user.pw_uid, user.pw_gid)
        return folder

    def remove_socket_folder(self):
        """Leave nothing behind, once the server has ended."""
        with contextlib.suppress(OSError):
            self.socket_place.rmdir()


@contextlib.contextmanager
def entrance(folder, user):
    """A name under which `user` reaches the folder, and the descriptors a child must inherit for it.

    Root may keep its data where the system user cannot go (/root, a private temporary folder). Permissions of
    the folders above are not ours to change, so the server then enters through a descriptor that we opened.
    """
    if user is None or leash.reachable(folder, user):
        yield str(folder), ()
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}", (fd,)
    finally:
        os.close(fd)


def prepare(data_dir):
    """Make the data directory when it is missing; it holds secrets, so only we look into it.

    The database's user passes through it where that is another one; what customers sent is closed to him as well.
    """
    data = pathlib.Path(data_dir).absolute()
    try:
        data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The data directory {data} cannot be made: {error.strerror}") from None
    if not os.access(data, os.W_OK | os.X_OK):
        raise Trouble(f"The data directory {data} is not writable.")
    with contextlib.suppress(FileNotFoundError, PermissionError):
        (data / "files").chmod(0o700)  # former versions made it for everybody to read
    return data
