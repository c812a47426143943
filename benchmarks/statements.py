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
    """The statements that psycopg sends meanwhile, in their order; begin and commit are not among them.

    What is executed for many rows counts once for each of them: the server does it so often.
    """
    sent: list[str] = []
    execute, executemany = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def one(self, query, *args, **more):
        sent.append(str(query))
        return execute(self, query, *args, **more)

    def many(self, query, rows, **more):
        rows = list(rows)
        sent.extend([str(query)] * len(rows))
        return executemany(self, query, rows, **more)

    psycopg.Cursor.execute, psycopg.Cursor.executemany = one, many
    try:
        yield sent
    finally:
        psycopg.Cursor.execute, psycopg.Cursor.executemany = execute, executemany


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
