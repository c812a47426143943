"""Whoever acts in a scene of the demo, and when: every step is taken by a real user through the real rules."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app import access
from app.core import facts, history, scope
from app.roles import ROLES

ZONE = ZoneInfo("Europe/London")


class Stage:
    """The open unit of work, handed from actor to actor inside one transaction.

    :param work: the house's own unit of work; it is the house's again between the scenes
    """

    def __init__(self, work):
        self.work, self.now = work, work.now
        self.users, self.roles = {}, {}  # by user name: id, name of the managed role

    def at(self, days, clock="10:00"):
        """So many days ago, at this time of day, never later than now."""
        day = self.now.astimezone(ZONE).date() - timedelta(days=days)
        found = datetime.combine(day, time.fromisoformat(clock), ZONE).astimezone(self.now.tzinfo)
        return min(found, self.now)

    @contextmanager
    def scene(self, username=None, days=0, clock="10:00", *, told=False):
        """Let a user, or the house, act at a moment.

        :param told: people are told about it and jobs follow, as in real life; else it happened before our time
        """
        work, before = self.work, (self.work.actor, self.work.now, self.work.source)
        self._write(told=True)
        if username is not None:
            work.actor = self._actor(username)
            work.source = "screen"
        work.now = self.at(days, clock)
        self._turn()
        try:
            yield work
            self._write(told)
        finally:
            work.actor, work.now, work.source = before
            self._turn()

    def _turn(self):
        """The next one looks with his own eyes: nothing of what was read before is left."""
        self.work.session.expunge_all()
        self.work.cache.clear()
        scope.adopt(self.work)

    def _actor(self, username):
        """The user with the rights of his managed role, as they stand in `app.roles`."""
        found = access.actor_of(self.users[username], self.work.session)
        mine = ROLES[self.roles[username]]

        def may(permission):
            noun, _, verb = permission.partition(".")
            return verb in mine.get(noun, ())

        return replace(found, may=may)

    def _write(self, told):
        """History and facts are written in the name of whoever acted."""
        work = self.work
        work.session.flush()
        history.write(work)
        if not told:
            work.pending_facts.clear()
        facts.write(work)
        work.session.flush()
