"""Makes the Python environment of the checkout: `python -m app.install runtime|test STAMP`.

Runs under the machine's own Python, before anything is installed: the standard library only. The launcher
calls it when the stamp in `.venv` is not the one of today's requirements. A lock lets one process work while
others wait; the stamp is written last, so an interrupted installation is simply done again.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

from app import leash
from app.trouble import Trouble

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = {"runtime": "requirements.txt", "test": "requirements-dev.txt"}
UNREACHABLE = (  # what pip says when nobody answers
    "Could not find a version", "No matching distribution", "NewConnectionError", "ConnectionError",
    "Connection refused", "Max retries", "name resolution",
)


def say(text):
    print(f"serai: {text}", file=sys.stderr, flush=True)


def ensure(kind, stamp, root=ROOT):
    """Make or complete `.venv` for `kind`, unless another process has just done so."""
    venv = root / ".venv"
    lock = leash.Lock(root / ".venv.lock")
    lock.take(patience=None, tell=lambda: say("Another process makes the Python environment; waiting for it"))
    mark = venv / f"serai-{kind}"
    if not mark.exists() or mark.read_text().strip() != stamp.strip():
        mark.unlink(missing_ok=True)
        if not _usable(venv):
            _make(venv)
        _fill(venv, root / FILES[kind])
        mark.write_text(stamp.strip() + "\n")
    lock.release()


def _usable(venv):
    """Whether the environment starts, and with the Python that we are."""
    python = venv / "bin" / "python"
    if not python.exists():
        return False
    asked = "import sys, pip; print(*sys.version_info[:2])"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _make(venv):
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = "{}.{}".format(*sys.version_info)
        raise Trouble(
            f"{sys.executable} has no venv module. On Debian and Ubuntu install it with: "
            f"apt install python3-venv (or python{version}-venv)")
    say(f"Making the Python environment in {venv}")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", venv], capture_output=True, text=True)
    if done.returncode != 0:
        raise Trouble(f"The Python environment could not be made:\n{(done.stdout + done.stderr).strip()}")


def _fill(venv, requirements):
    say(f"Installing the packages of {requirements.name} (once; about a minute)")
    options = ["--disable-pip-version-check", "--no-input", "--quiet", "--root-user-action=ignore"]
    if "PIP_RETRIES" not in os.environ:
        options += ["--retries", "2"]
    done = subprocess.run(
        [venv / "bin" / "python", "-m", "pip", "install", *options, "-r", requirements],
        capture_output=True, text=True)
    if done.returncode == 0:
        return
    text = (done.stdout + done.stderr).strip()
    last = "\n".join(text.splitlines()[-6:])
    if any(sign in text for sign in UNREACHABLE):
        raise Trouble(
            "The Python packages could not be fetched: no package index answers. At its first start Serai "
            f"needs one, directly or as a mirror (PIP_INDEX_URL). pip said:\n{last}")
    raise Trouble(f"The Python packages could not be installed. pip said:\n{last}")


def main():
    try:
        ensure(*sys.argv[1:3])
    except Trouble as trouble:
        say(trouble)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
