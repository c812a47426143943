"""A database that is as new for every test: what the last test wrote is put back, a copy is made where that fails.

A copy of the template costs a quarter of a second and more; putting back the few tables that a test has written
costs a hundredth of that. A table is dirty when its number of rows or its newest transaction differs from
what it was. Rows are put back without triggers and foreign keys, which only a superuser may do: on a server
of somebody else (TEST_DATABASE_URL) every test that wrote is followed by a copy.
"""

import contextlib
from dataclasses import dataclass, field
from itertools import count

import psycopg
from psycopg import errors, sql

from tests import cluster

ALIVE = ("access_stamp", "alembic_version")  # not put back: the stamp only ever grows
_TABLES = """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind = 'r' order by 1"""
_SEQUENCES = """select d.refobjid::regclass::text, d.objid::regclass::text from pg_depend d
join pg_class c on c.oid = d.objid and c.relkind = 'S' where d.deptype in ('a', 'i')"""
_MARK = "select {0}, count(*), coalesce(max(xmin::text::bigint), 0) from {1}"
_ages = count(1)


@dataclass
class Content:
    """What a template holds: {table: (number of rows, the rows as COPY writes them)}, where its sequences stand."""

    rows: dict = field(default_factory=dict)
    sequences: dict = field(default_factory=dict)

    def of(self, table):
        return self.rows.get(table, (0, b""))


class Database:
    """One database of one process, under one name, for all its tests in turn.

    `copies` counts how often it was made anew: connections from before are dead.
    """

    def __init__(self, name):
        self.name, self.url, self.copies = name, None, 0
        self.connection, self.able = None, False
        self.template, self.contents, self.marks = None, {}, {}

    def fresh(self, template):
        """The URL of the database, as the template of this name was made."""
        if self.url is None or not self._put_back(template):
            self._copy(template)
        return self.url

    def forget(self):
        """Nothing in it can be relied on: the next test gets a copy."""
        self.close()
        self.url = None

    def close(self):
        if self.connection is not None:
            with contextlib.suppress(psycopg.Error):
                self.connection.close()
        self.connection = None

    def _copy(self, template):
        self.forget()
        self.url, self.template = cluster.make_database(self.name, template), template
        self.copies += 1
        self.connection = psycopg.connect(cluster.strongest(self.url), autocommit=True)
        self.connection.execute("set lock_timeout = '2s'")
        self.able = self._without_triggers()
        tables = [row[0] for row in self.connection.execute(_TABLES) if row[0] not in ALIVE]
        marks = [sql.SQL(_MARK).format(sql.Literal(one), sql.Identifier(one)) for one in tables]
        self.asked = sql.SQL(" union all ").join(marks).as_string(self.connection)
        self.marks = self._marks()
        if template not in self.contents:
            self.contents[template] = self._content()
        self._age()

    def _without_triggers(self):
        try:
            self.connection.execute("set session_replication_role = replica")
        except errors.InsufficientPrivilege:
            return False
        return True

    def _marks(self):
        return {name: (rows, newest) for name, rows, newest in self.connection.execute(self.asked)}

    def _content(self):
        found = Content()
        for name, (rows, _newest) in self.marks.items():
            if rows:
                with self.connection.cursor().copy(f'copy "{name}" to stdout (format binary)') as copy:
                    found.rows[name] = rows, b"".join(copy)
        for name, sequence in self.connection.execute(_SEQUENCES).fetchall():
            row = self.connection.execute(f"select last_value, is_called from {sequence}").fetchone()
            found.sequences[name] = (sequence, *row)
        return found

    def _put_back(self, template):
        """Whether the database is as the template again."""
        if template not in self.contents:
            return False
        try:
            now, before, after = self._marks(), self.contents[self.template], self.contents[template]
            wrong = {name for name in now if now[name] != self.marks[name] or before.of(name) != after.of(name)}
            if wrong and not self.able:
                return False
            if wrong:
                with self.connection.transaction():
                    self._write(wrong, after)
                self._age()
        except (psycopg.OperationalError, errors.LockNotAvailable, errors.UndefinedTable):
            return False
        self.template = template
        return True

    def _write(self, tables, content):
        steps = [f'delete from "{name}"' for name in tables]
        for name in tables & content.sequences.keys():
            steps.append("select setval('{}', {}, {})".format(*content.sequences[name]))
        self.connection.execute("; ".join(steps))
        for name in tables:
            if content.of(name)[0]:
                with self.connection.cursor().copy(f'copy "{name}" from stdin (format binary)') as copy:
                    copy.write(content.of(name)[1])
        newest = self.connection.execute("select pg_current_xact_id()::text::bigint % 4294967296").fetchone()[0]
        self.marks |= {name: (content.of(name)[0], newest if content.of(name)[0] else 0) for name in tables}

    def _age(self):
        """Another stamp than any test has seen: what a process remembers under an old one is over."""
        self.connection.execute("update access_stamp set stamp = %s", [next(_ages) * 1_000_000])
