"""`python -m benchmarks.people`: the two who use the desk in a benchmark, in the database of DATABASE_URL."""

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

import app
from app import access
from app.core import work
from app.extensions import db
from app.rules import people
from benchmarks.clients import PASSWORD, PEOPLE


def reviewer(name: str) -> work.Actor:
    """One of the two as somebody who acts."""
    with work.work(work.Actor.system("benchmark"), db.session) as one:
        return access.actor_of(one.session.scalar(select(User.id).where(User.username == name)), one.session)


def main() -> None:
    with app.create_app().app_context(), work.work(work.Actor.system("benchmark"), db.session) as one:
        for name in PEOPLE:
            people.create_user(one, name, kind="staff", password=PASSWORD, roles=("Supervisor",))


if __name__ == "__main__":
    main()
