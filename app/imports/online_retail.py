"""The order book of "Online Retail" (UCI Machine Learning Repository, D. Chen 2015, CC BY 4.0).

`./serai import online-retail FILE`: every line is taken over or refused with its line number and the reason. What
a line becomes is told in docs/decisions/import.md. A line's identity is (document, ordinal in it), so that a
second run changes nothing; an import that was interrupted goes on where it stopped.
"""

import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click
from sqlalchemy import text

from app.core import work
from app.extensions import db
from app.imports import reading
from app.imports.reading import Line, Refused, Survey
from app.imports.writing import Batch

LINES_AT_ONCE = 2_000  # of one transaction; memory and locks stay small, other people get through
LOCK = 0x5E4A2  # advisory lock: one import at a time


@dataclass
class Tally:
    """What became of the lines, and which records they belong to."""

    taken: int = 0
    refused: int = 0
    orders: int = 0
    credit_notes: int = 0
    customers: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)

    def add(self, batch: Batch) -> None:
        self.refused += len(batch.refused)
        for number, lines in batch.taken.items():
            self.taken += len(lines)
            self.orders += not reading.is_credit(number)
            self.credit_notes += reading.is_credit(number)
            self.customers.add(lines[0].customer)
            self.products.update(line.code.upper() for line in lines)

    def json(self) -> str:
        return json.dumps({
            "lines": self.taken + self.refused, "taken": self.taken, "refused": self.refused, "orders": self.orders,
            "credit_notes": self.credit_notes, "customers": len(self.customers), "products": len(self.products),
        })  # fmt: skip


def command(file: str, report: str | None, open_days: int, source: str) -> int:
    """Import a file; the last line on stdout is the result as JSON.

    :param report: where one csv row per refused line is written
    :param open_days: orders of the file's last days stay submitted
    :param source: who sits at the shell, for the history
    :returns: exit code; 1 when the file cannot be read, and nothing is changed then
    """
    try:
        survey = reading.survey(file, open_days)
        with _report(report) as tell, _alone():
            tally = run(file, survey, source, tell)
    except reading.Unreadable as error:
        click.echo(f"serai: {error}", err=True)
        return 1
    click.echo(tally.json())
    return 0


def run(file: str, survey: Survey, source: str, tell) -> Tally:
    """Take over the documents of a surveyed file, some thousand lines per transaction."""
    tally, through = Tally(), 0
    for documents in _batches(reading.documents(file, survey)):
        with work.work(work.Actor.system("import"), db.session, source=source) as one:
            batch = Batch(documents, survey, one)
            batch.write()
        tally.add(batch)
        for refused in sorted(batch.refused, key=lambda line: line.at):
            tell(refused)
        through += sum(len(lines) for lines in documents)
        _progress(through, survey.lines)
    return tally


def _batches(documents: Iterator[list[Line | Refused]]) -> Iterator[list[list[Line | Refused]]]:
    """Whole documents, together at least `LINES_AT_ONCE` lines."""
    found: list[list[Line | Refused]] = []
    for lines in documents:
        found.append(lines)
        if sum(map(len, found)) >= LINES_AT_ONCE:
            yield found
            found = []
    if found:
        yield found


def _progress(through: int, lines: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{through} of {lines} lines", err=True, nl=through >= lines)


@contextmanager
def _alone() -> Iterator[None]:
    """One import at a time: a second one waits, and then finds its lines there."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})


@contextmanager
def _report(path: str | None) -> Iterator:
    """A function that writes one refused line; the report takes its place when the import is through."""
    if path is None:
        yield lambda refused: None
        return
    with ExitStack() as undo:
        try:
            handle, aside = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".report")
        except OSError as error:
            raise reading.Unreadable(f"The report {path} cannot be written: {error.strerror}.") from None
        undo.callback(os.unlink, aside)
        with open(handle, "w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("line", "reason", "text"))
            yield lambda refused: rows.writerow((refused.at, refused.reason, refused.text))
        os.chmod(aside, 0o644)
        os.replace(aside, path)
        undo.pop_all()
