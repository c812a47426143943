"""How many statements an action sends to the database, the queue's included."""

import collections
import contextlib
import json
import os
import sys
from collections.abc import Iterator

import psycopg


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that psycopg sends meanwhile, in their order; begin and commit are not among them."""
    sent: list[str] = []
    before = {name: getattr(psycopg.Cursor, name) for name in ("execute", "executemany")}

    def recorder(name):
        def run(self, query, *args, **more):
            sent.append(query if isinstance(query, str) else str(query))
            return before[name](self, query, *args, **more)

        return run

    for name in before:
        setattr(psycopg.Cursor, name, recorder(name))
    try:
        yield sent
    finally:
        for name, one in before.items():
            setattr(psycopg.Cursor, name, one)


def count(app, book) -> dict[str, int]:
    """{action: statements}, each taken twice and counted the second time: caches are warm, as in a running house."""
    from benchmarks.actions import ACTIONS
    from benchmarks.clients import Inside

    client, found = Inside(app), {}
    for action in ACTIONS:
        action.take(client, book)
        with counted() as sent:
            action.take(client, book)
        found[action.name] = len(sent)
        if os.environ.get("BENCHMARK_SHOW") == action.name:
            for statement, times in collections.Counter(sent).items():
                print(times, " ".join(statement.split())[:400], file=sys.stderr)
    return found


def main() -> None:
    import app
    from benchmarks.actions import book

    with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
        there = book(connection, 1)
    print(json.dumps(count(app.create_app(), there)))


if __name__ == "__main__":
    main()
