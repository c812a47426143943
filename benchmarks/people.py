"""`python -m benchmarks.people`: the two who use the desk in a benchmark, in the database of DATABASE_URL."""

import app
from app.core import work
from app.extensions import db
from app.rules import people
from benchmarks.clients import PASSWORD, PEOPLE


def main() -> None:
    with app.create_app().app_context(), work.work(work.Actor.system("benchmark"), db.session) as one:
        for name in PEOPLE:
            people.create_user(one, name, kind="staff", password=PASSWORD, roles=("Supervisor",))


if __name__ == "__main__":
    main()
