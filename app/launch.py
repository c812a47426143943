"""The command line of Serai. `./serai` prepares the Python environment and ends here.

Light on purpose: the supervisor lives in this process, so nothing at the top imports the application. Usage
is checked here for every command, before a database is started for it.
"""

import argparse
import contextlib
import os
import pathlib
import runpy
import secrets
import sys
import tempfile

from app.trouble import Trouble

ROOT = pathlib.Path(__file__).resolve().parent.parent
USAGE_IS_FINE = 64  # what ./serai waits for before it installs anything
SERVING = ("web", "worker")  # these never need the owner's log-in
PASSED_ON = ("test", "init", "import", "load", "flow", "check")  # these know options of their own


def main(argv=None):
    args, rest = parse(sys.argv[1:] if argv is None else argv)
    if os.environ.pop("SERAI_ONLY_PARSE", ""):
        return USAGE_IS_FINE
    try:
        check_environment(args)
        return RUN[args.command](args, rest) or 0
    except Trouble as trouble:
        print(f"serai: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parse(argv):
    """The arguments, and for some commands words that are theirs to understand."""
    parser = _parser()
    args, rest = parser.parse_known_args(argv)
    if rest and args.command not in PASSED_ON:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.words = _without_data(argv)
    return args, rest


def _parser():
    data = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    data.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS,
                      help="data directory (default: $SERAI_DATA, else /var/lib/serai as root, else ./var)")
    top = argparse.ArgumentParser(
        prog="serai", parents=[data], allow_abbrev=False,
        description="Customer portal and order desk. Without DATABASE_URL it brings its own PostgreSQL.")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name, text):
        return commands.add_parser(name, help=text, description=text, parents=[data], allow_abbrev=False)

    serve = add("serve", "run everything: database, migrations, web server and job worker")
    serve.add_argument("--demo", action="store_true", help="fill an empty database with the demo company")
    web = add("web", "run the web server alone, for several machines on one DATABASE_URL")
    for command in (serve, web):
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
        command.add_argument("--port", type=_port, default=8080, help="port to listen on (%(default)s)")
        command.add_argument("--workers", type=_count, default=1, metavar="N",
                             help="web processes, eight threads each (%(default)s)")
    web.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    add("worker", "run the job worker alone")
    test = add("test", "install what tests need and run them; ARGS go to pytest")
    test.usage = "serai test [-h] [--data DIR] [ARGS ...]"
    init = add("init", "make database roles, run migrations, sync permissions; safe to run again")
    init.add_argument("--demo", action="store_true", help="fill an empty database with the demo company")
    imported = add("import", "import a file of orders")
    imported.add_argument("source", choices=["online-retail"], help="the kind of file")
    imported.add_argument("file", metavar="FILE", help="csv or csv.gz")
    imported.add_argument("--report", metavar="FILE", help="write one csv row per refused line")
    imported.add_argument("--open-days", type=_count_or_zero, metavar="N",
                          help="orders of the file's last N days stay submitted (default: 3)")
    load = add("load", "fill the demo or an empty database with generated orders, for load tests")
    load.add_argument("--orders", type=_count, metavar="N", required=True, help="how many")
    flow = add("flow", "run a transition on records")
    flow.add_argument("noun", metavar="NOUN", help="order or orders, invoice, ...")
    flow.add_argument("verb", metavar="VERB", help="approve, reject, ...")
    flow.add_argument("ids", metavar="ID", type=int, nargs="+")
    flow.add_argument("--as", dest="user", metavar="USER", help="act as this user (default: the system)")
    add("check", "check database, roles, migrations, jobs, storage, mail, ledger and stock")
    return top


def _port(text):
    if not 0 < int(text) < 65536:
        raise ValueError
    return int(text)


def _count(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def _count_or_zero(text):
    if int(text) < 0:
        raise ValueError
    return int(text)


# argparse names the converter in its message
_port.__name__, _count.__name__, _count_or_zero.__name__ = "port", "positive whole number", "whole number"


def check_environment(args):
    """Refuse settings that cannot be meant before anything is made; tests do not look at them."""
    from app import environment

    if args.command != "test":
        environment.check(args.command)


def data_dir(args):
    """The data directory, whole; children and the application read it from SERAI_DATA."""
    default = "/var/lib/serai" if os.geteuid() == 0 else ROOT / "var"
    data = pathlib.Path(getattr(args, "data", None) or os.environ.get("SERAI_DATA") or default).absolute()
    os.environ["SERAI_DATA"] = str(data)
    return data


def set_secret(data):
    """SERAI_SECRET_KEY, which signs sessions and tokens: made once, kept where only we can read it."""
    if os.environ.get("SERAI_SECRET_KEY"):
        return
    path = data / "secret.key"
    try:
        if not path.exists():
            handle, new = tempfile.mkstemp(dir=data, prefix=".secret")
            with open(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            # linked, not renamed: of two first starts at once both then read the same one
            with contextlib.suppress(FileExistsError):
                os.link(new, path)
            os.unlink(new)
        os.environ["SERAI_SECRET_KEY"] = path.read_text().strip()
    except OSError as error:
        raise Trouble(f"The data directory {data} is not writable: {error.strerror}.") from None


@contextlib.contextmanager
def database(args):
    """DATABASE_URL in the environment and a server behind it, for the length of a command."""
    from app import cluster, embedded

    data = cluster.prepare(data_dir(args))
    set_secret(data)
    if os.environ.get("DATABASE_URL") or (args.command in SERVING and os.environ.get("DATABASE_APP_URL")):
        yield
        return
    with embedded.lease(data, tell=_tell) as url:
        os.environ["DATABASE_URL"] = url
        yield


def preflight(serving=False):
    """What the database must be before we touch it; for web and worker also whose eyes we look through."""
    import config
    from app import database

    with database.connect(os.environ.get("DATABASE_URL") or database.app_url()) as connection:
        database.check_server(connection)
        database.refuse_newer(connection)
    if serving:
        url = database.app_url()
        with database.connect(url, **config.engine_options(url)["connect_args"]) as connection:
            database.refuse_unsafe_user(connection)


def _tell(text):
    print(f"serai: {text}", file=sys.stderr, flush=True)


def serve(args, rest):
    from app import supervisor

    return supervisor.serve(args, data_dir(args))


def web(args, rest):
    from app import web as server

    with database(args):
        preflight(serving=True)
        compile_catalogues()
        server.run(args)


def worker(args, rest):
    with database(args):
        preflight(serving=True)
        compile_catalogues()
        sys.argv = ["worker", "worker"]
        runpy.run_module("app.jobs", run_name="__main__", alter_sys=False)


def command(args, rest):
    """A command of `app/cli.py`, on the running database of the data directory or on one for itself."""
    with database(args):
        preflight()
        compile_catalogues()
        if args.command == "init" and is_prepared():
            return 0
        from app.cli import main as group

        return group.main(args.words, prog_name="serai", standalone_mode=True)


def is_prepared():
    """Whether `init` would find everything as it left it."""
    from app import prepared

    return prepared.already(os.environ["DATABASE_URL"])


def _without_data(argv):
    kept = iter(argv)
    return [w for w in kept if not (w.startswith("--data=") or (w == "--data" and next(kept)))]


def compile_catalogues():
    from app import catalogues

    catalogues.compile_stale(ROOT / "translations")


def test(args, rest):
    """ruff and mypy are tests too; the last line is pytest's."""
    # the tests bring their own database and data; those of the person who runs them must stay out of reach
    for name in [*os.environ]:
        if name.startswith("SERAI_") or name in ("DATABASE_URL", "DATABASE_APP_URL"):
            del os.environ[name]
    os.environ["SERAI_DATA"] = str(pathlib.Path(tempfile.gettempdir(), f"serai-tests-{os.getuid()}-data"))
    compile_catalogues()
    from tests.browser import chromium

    chromium.prepare(_tell)
    os.chdir(ROOT)
    # worksteal: neighbours stay in one process, and what a folder shares is made once
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *rest])


RUN = {"serve": serve, "web": web, "worker": worker, "test": test}
RUN |= dict.fromkeys(("init", "import", "load", "flow", "check"), command)

if __name__ == "__main__":
    sys.exit(main())
