"""Make databases of different sizes, measure the same actions in each, print the figures side by side."""

import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field

import psycopg

from app import embedded
from benchmarks import actions, clients

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENTS, SECONDS = 8, 5


@dataclass
class Result:
    """The figures of one size; times in seconds."""

    orders: int
    floor: float = 0.0
    times: dict[str, float] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    pages: float = 0.0
    floor_pages: float = 0.0


def main() -> int:
    args = _arguments()
    with contextlib.ExitStack() as stack:
        data = args.data or stack.enter_context(tempfile.TemporaryDirectory(prefix="serai-benchmark-"))
        os.environ["SERAI_DATA"], os.environ["SERAI_SECRET_KEY"] = str(data), "a key for benchmarks only, long enough"
        url = stack.enter_context(embedded.lease(pathlib.Path(data), tell=_tell))
        results = [measure(size, url, args) for size in args.orders]
    print(table(results))
    return 0


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--orders", type=lambda text: [int(one) for one in text.split(",")], default=[1_000, 1_000_000],
                        metavar="N,M", help="sizes to compare (default: 1000,1000000)")
    parser.add_argument("--data", help="keep the databases here and use them again (default: made anew, then removed)")
    parser.add_argument("--quick", action="store_true", help="a third of the repetitions")
    return parser.parse_args()


def _tell(text):
    print(f"benchmark: {text}", file=sys.stderr, flush=True)


# --- databases and servers -------------------------------------------------------------------------


def measure(size, url, args):
    """Load a database of this size, if it is not there, and take every action in it."""
    name, env = f"bench_{size}", dict(os.environ)
    env["DATABASE_URL"] = mine = urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()
    libpq = mine.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as server:
        there = server.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if not there:
            server.execute(f'create database "{name}" template template0')
    if not there:
        _tell(f"loading {size} orders")
        load = ["app.launch", "load", "--orders", str(size)]
        for words in (["app.launch", "init", "--demo"], load, ["benchmarks.people"]):
            _run(words, env)
    _tell(f"measuring at {size} orders")
    rounds = 1 if args.quick else 3
    found = Result(size)
    found.statements = json.loads(_run(["benchmarks.statements"], env).splitlines()[-1])
    with psycopg.connect(libpq) as connection:
        book = actions.book(connection, rounds)
    with (
        _serving(["benchmarks.floor"], env, "/", libpq) as floor,
        _serving(["app.launch", "web"], env, "/health") as port,
    ):
        _take(found, book, floor, port, rounds)
    return found


def _run(words, env):
    words = [sys.executable, "-m", *words]
    return subprocess.run(words, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@contextlib.contextmanager
def _serving(words, env, path, *more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = [str(port), *more] if more else ["--port", str(port)]
    process = subprocess.Popen([sys.executable, "-m", *words, *place], env=env, cwd=ROOT)
    try:
        clients.until_answers(port, path)
        yield port
    finally:
        process.terminate()
        process.wait(20)


# --- measuring -------------------------------------------------------------------------------------


def _take(found, book, floor, port, rounds):
    bottom, desk = clients.Http(floor, ""), clients.Http(port)
    floors = [_median(lambda: bottom.get("/"), 100)]
    for action in actions.ACTIONS:
        for _ in range(2):
            action.take(desk, book)
        count = max(action.repeat * rounds // 3, 3)
        found.times[action.name] = _median(lambda action=action: action.take(desk, book), count)
        floors.append(_median(lambda: bottom.get("/"), 50))
    found.floor = statistics.median(floors)
    found.floor_pages = _together(floor, "", "/")
    found.pages = _together(port, desk.cookie, "/orders/list/")


def _median(call, count):
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _together(port, cookie, path):
    """Pages per second that eight clients get at once."""
    with multiprocessing.Pool(CLIENTS) as pool:
        return sum(pool.starmap(_client, [(port, cookie, path)] * CLIENTS)) / SECONDS


def _client(port, cookie, path):
    client = clients.Http(port, "")
    client.cookie, pages = cookie, 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        client.get(path)
        pages += 1
    return pages


# --- telling ---------------------------------------------------------------------------------------


def table(results):
    """The figures side by side: time, statements, times the floor; the largest size against the smallest."""
    head = ["", *(f"{one.orders:,} orders" for one in results), "largest : smallest", "aim"]
    rows = [head, ["floor: minimal page", *(f"{one.floor * 1000:.1f} ms, 1 stmt" for one in results), "", ""]]
    for action in actions.ACTIONS:
        cells = [f"{one.times[action.name] * 1000:.1f} ms, {one.statements[action.name]} stmts, "
                 f"{one.times[action.name] / one.floor:.1f} x" for one in results]  # fmt: skip
        growth = results[-1].times[action.name] / results[0].times[action.name]
        aim = f"{action.aim} x" + (f", {action.statements} stmts" if action.statements else "")
        rows.append([action.name, *cells, f"{growth:.2f}", aim])
    cells = [f"{one.pages:.0f} pages/s of {one.floor_pages:.0f}, {one.pages / one.floor_pages:.2f}" for one in results]
    growth = f"{results[0].pages / results[-1].pages:.2f}"
    rows.append([f"{CLIENTS} clients at once, first page", *cells, growth, "0.10"])
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


if __name__ == "__main__":
    sys.exit(main())
