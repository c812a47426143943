"""A database that is as new for every test: emptied where the last test wrote, made anew where that is not enough.

A copy of the template costs a fifth of a second and more; emptying the few tables a test has written costs
a tenth of that. A table is dirty when its number of rows or its newest transaction differs from the
template's. When a seeded table is dirty, the whole database is copied again.
"""

import contextlib

import psycopg
from psycopg import errors

from tests import cluster

ALIVE = ("access_stamp", "alembic_version")  # may differ: the stamp only ever grows
_TABLES = """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind = 'r' order by 1"""
_REFERENCES = "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'"
_SEQUENCES = """select d.refobjid::regclass::text, d.objid::regclass::text from pg_depend d
join pg_class c on c.oid = d.objid and c.relkind = 'S' where d.deptype in ('a', 'i')"""


class Database:
    """One database of one process, under one name, for all its tests in turn."""

    def __init__(self, name, template):
        self.name, self.template = name, template
        self.url, self.connection, self.seeded, self.before = None, None, frozenset(), {}

    def fresh(self):
        """The URL of the database, as the template made it."""
        if self.url is None or not self._emptied():
            self.close()
            self.url = cluster.make_database(self.name, self.template)
            self._learn()
        return self.url

    def close(self):
        if self.connection is not None:
            with contextlib.suppress(psycopg.Error):
                self.connection.close()
        self.connection = None

    def _learn(self):
        self.connection = psycopg.connect(self.url.replace("+psycopg", "", 1), autocommit=True)
        self.connection.execute("set lock_timeout = '2s'")
        tables = [row[0] for row in self.connection.execute(_TABLES) if row[0] not in ALIVE]
        marks = [f"select '{one}', count(*), coalesce(max(xmin::text::bigint), 0) from \"{one}\"" for one in tables]
        self.marks = " union all ".join(marks)
        self.before = self._marks()
        self.seeded = {name for name, (rows, _newest) in self.before.items() if rows}
        self.sequences = dict(self.connection.execute(_SEQUENCES).fetchall())
        self.pointing = {}
        for source, target in self.connection.execute(_REFERENCES):
            self.pointing.setdefault(target, set()).add(source)

    def _marks(self):
        return {name: (rows, newest) for name, rows, newest in self.connection.execute(self.marks)}

    def _emptied(self):
        try:
            now = self._marks()
            dirty = {name for name in now if now[name] != self.before[name]}
            if self._with_all_that_point_at(dirty) & self.seeded:
                return False
            if dirty:
                steps = [f'delete from "{name}"' for name in self._children_first(dirty)]
                steps += [
                    f"select setval('{self.sequences[name]}', 1, false)" for name in dirty & self.sequences.keys()
                ]
                with self.connection.transaction():
                    self.connection.execute("; ".join(steps))
                self.before |= dict.fromkeys(dirty, (0, 0))
            return True
        except (psycopg.OperationalError, errors.LockNotAvailable, errors.UndefinedTable):
            return False

    def _children_first(self, names):
        """The tables in an order in which their rows can go."""
        left, order = set(names), []
        while left:
            free = [name for name in sorted(left) if not (self.pointing.get(name, set()) - {name}) & left]
            if not free:
                raise errors.LockNotAvailable("tables point at each other in a circle")
            order += free
            left -= set(free)
        return order

    def _with_all_that_point_at(self, names):
        found, edge = set(names), set(names)
        while edge:
            edge = {source for name in edge for source in self.pointing.get(name, ())} - found
            found |= edge
        return found
