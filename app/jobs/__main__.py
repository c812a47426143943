"""`python -m app.jobs worker`."""

import logging
import sys

from flask import Flask
from flask_babel import Babel
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import app
import config
from app.jobs.runner import Runner
from app.jobs.worker import THREADS, Quiet, Worker
from app.reading import Catalogue


def light_app():
    """An application without screens: settings and languages are all that a job needs of it."""
    found = Flask("app")
    found.config.from_object("config")
    Babel(found, configure_jinja=False).domain_instance = Catalogue()
    return found


def main(words):
    if words != ["worker"]:
        print("usage: python -m app.jobs worker", file=sys.stderr)
        return 2
    logging.basicConfig(format="serai worker: %(message)s", level=logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(Quiet())
    app.load_engine()
    url = config.SQLALCHEMY_DATABASE_URI
    engine = create_engine(url, **config.engine_options(url) | {"pool_size": THREADS, "max_overflow": THREADS})
    Worker(Runner(sessionmaker(engine), light_app(), screens=app.create_app), url).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
