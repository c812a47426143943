"""`./serai` itself: where it may be called from, what it installs, what it refuses."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.launch.test_supervisor import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ("serve", "test", "web", "worker", "init", "import", "load", "flow", "check")
ECHO = "import os, sys\nprint(sys.argv[1:], os.getcwd(), os.environ.get('HOME'))\n" \
       "sys.exit(64 if os.environ.get('SERAI_ONLY_PARSE') else 0)\n"
# no index, no mirror, no folder of wheels answers
OFFLINE = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "",
           "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"}


def run(*words, cwd=None, **environment):
    environment = {k: v for k, v in (os.environ | environment).items() if v is not None}
    return subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout that needs no packages and whose commands only tell how they were called."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "serai", root)
    (root / "app").mkdir()
    for name in ("install.py", "leash.py", "trouble.py"):
        shutil.copy(ROOT / "app" / name, root / "app")
    (root / "app" / "launch.py").write_text(ECHO)
    (root / "requirements.txt").write_text("# none\n")
    (root / "requirements-dev.txt").write_text("# none\n")
    return root


@pytest.fixture(scope="module")
def started(checkout):
    """What the two first starts of that checkout said: both at once."""
    command = [checkout / "serai", "check"]
    first = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
             for _ in range(2)]
    return [(*one.communicate(), one.returncode) for one in first]


def test_two_first_starts_at_once_make_one_environment(started):
    assert [code for _, _, code in started] == [0, 0]
    assert all("['check']" in out for out, _, _ in started)
    assert sum("Making the Python environment" in err for _, err, _ in started) == 1


def test_changed_requirements_are_installed_and_unchanged_ones_are_not(checkout, started):
    assert run(checkout / "serai", "check").stderr == ""
    (checkout / "requirements.txt").write_text("# changed\n")
    changed = run(checkout / "serai", "check").stderr
    assert "Installing the packages" in changed and "Making" not in changed
    assert run(checkout / "serai", "check").stderr == ""


def test_only_tests_need_the_tools_for_tests(checkout, started):
    assert not (checkout / ".venv" / "serai-test").exists()
    assert "requirements-dev.txt" in run(checkout / "serai", "--data", "x", "test", "-k", "y").stderr
    assert (checkout / ".venv" / "serai-test").exists()
    assert "requirements" not in run(checkout / "serai", "--data", "test", "check").stderr


@pytest.mark.parametrize("home", [None, "", "/nonexistent"])
def test_it_runs_without_a_home_from_elsewhere_and_through_links(checkout, started, tmp_path, home):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "app").mkdir()
    (elsewhere / "app" / "launch.py").write_text("raise SystemExit('of another program')")
    (elsewhere / "first").symlink_to(checkout / "serai")
    (elsewhere / "second").symlink_to("first")
    done = run("./second", "import", "online-retail", "a file.csv", cwd=elsewhere, HOME=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"['import', 'online-retail', 'a file.csv'] {elsewhere} {home or None}\n"


def test_a_missing_venv_module_names_the_package(checkout, tmp_path):
    copy = shutil.copytree(checkout, tmp_path / "copy", ignore=shutil.ignore_patterns(".venv*"))
    # as on Debian without python3-venv
    (copy / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    done = run(copy / "serai", "check")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_package_index_is_told(checkout, tmp_path):
    copy = shutil.copytree(checkout, tmp_path / "copy", ignore=shutil.ignore_patterns(".venv*"))
    (copy / "requirements.txt").write_text("a-package-nobody-has==1.0\n")
    done = run(copy / "serai", "check", **OFFLINE)
    assert done.returncode == 1
    assert "no package index answers" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copy / ".venv" / "serai-runtime").exists()


def test_no_python_is_told(tmp_path):
    for tool in ("dirname", "readlink", "cksum", "cat"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(ROOT / "serai", copy)
    (copy / "requirements.txt").write_text("")
    done = run("/bin/sh", copy / "serai", "check", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("serai: Python 3.11 or newer is needed")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The real launcher in a checkout where nothing is installed."""
    root = tmp_path_factory.mktemp("bare")
    shutil.copy(ROOT / "serai", root)
    shutil.copytree(ROOT / "app", root / "app", ignore=shutil.ignore_patterns("static", "templates", "core"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, root)
    yield root
    assert not (root / ".venv").exists(), "help and bad usage install nothing"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_installs_nothing(bare, command):
    done = run(bare / "serai", command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: serai {command}") and "--data DIR" in done.stdout


@pytest.mark.parametrize("words", [
    (), ("dance",), ("serve", "--port", "0"), ("serve", "--port", "x"), ("serve", "--nonsense"), ("serve", "extra"),
    ("serve", "--workers", "0"), ("import",), ("import", "other-shop", "f.csv"), ("import", "online-retail"),
    ("load",), ("load", "--orders", "-1"), ("flow", "order", "approve"), ("flow", "order", "approve", "x"),
    ("check", "--data"), ("--data", "d"),
], ids=" ".join)
def test_bad_usage_is_2_and_installs_nothing(bare, words):
    done = run(bare / "serai", *words)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr.startswith("usage: serai")


def launch(*words, **environment):
    environment = {"DATABASE_URL": None, "DATABASE_APP_URL": None, "PYTHONPATH": str(ROOT)} | environment
    return run(sys.executable, "-m", "app.launch", *words, **environment)


@pytest.mark.parametrize("command", [("check",), ("init",), ("web", "--port", "1"), ("worker",), ("serve",)])
def test_an_unreachable_database_is_told(tmp_path, command):
    port = ("--port", free_port()) if command == ("serve",) else ()
    done = launch(*command, *port, "--data", tmp_path / "data", DATABASE_URL="postgres://ann:secret@127.0.0.1:1/x")
    assert done.returncode == 1
    assert "ann:***@127.0.0.1:1/x cannot be reached" in done.stderr
    assert "secret" not in done.stderr and "Traceback" not in done.stderr


def test_a_data_directory_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for words in (("--data", tmp_path / "file", "check"), ("check", "--data", tmp_path / "file")):
        done = launch(*words)
        assert done.returncode == 1
        assert done.stderr.startswith("serai: The data directory ")
    assert launch("check", SERAI_DATA=str(tmp_path / "file" / "below")).returncode == 1


def test_files_that_everybody_could_read_are_closed(tmp_path):
    from app import cluster

    (tmp_path / "files").mkdir(mode=0o755)
    cluster.prepare(tmp_path)
    assert (tmp_path / "files").stat().st_mode & 0o777 == 0o700


def test_the_secret_is_made_once_and_is_ours(tmp_path, monkeypatch):
    from app import launch as module

    monkeypatch.delenv("SERAI_SECRET_KEY", raising=False)
    module.set_secret(tmp_path)
    first = os.environ["SERAI_SECRET_KEY"]
    monkeypatch.delenv("SERAI_SECRET_KEY")
    module.set_secret(tmp_path)
    assert os.environ["SERAI_SECRET_KEY"] == first and len(first) > 40
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_stale_catalogue_is_compiled_and_a_fresh_one_left(tmp_path):
    from app import catalogues

    folder = tmp_path / "fa" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Order"\nmsgstr "سفارش"\n')
    catalogues.compile_stale(tmp_path)
    assert "سفارش".encode() in (folder / "messages.mo").read_bytes()
    before = (folder / "messages.mo").stat().st_mtime_ns
    catalogues.compile_stale(tmp_path)
    assert (folder / "messages.mo").stat().st_mtime_ns == before
