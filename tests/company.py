"""The demo company: made once per run by the first process to ask, copied by whoever needs it."""

import contextlib
import pathlib
import tempfile

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import config
from app.core import work as work_
from app.core.work import Actor
from app.jobs.__main__ import light_app
from demo import company
from tests import template
from tests.people import PASSWORD


def ready():
    """The name of the database that holds it; everybody's password is that of `tests.people`."""
    return template.once("serai_demo", _fill, template.ready())


def files():
    """Where its files lie, the same for all processes of the run."""
    return pathlib.Path(tempfile.gettempdir(), f"serai-demo-{template.run()}").as_uri()


@contextlib.contextmanager
def stored():
    """Its files are there to be read."""
    before, config.STORAGE_URL = config.STORAGE_URL, files()
    try:
        yield
    finally:
        config.STORAGE_URL = before


def _fill(url):
    engine = create_engine(url, **config.engine_options(url))
    try:
        with (
            stored(),
            light_app().app_context(),
            sessionmaker(engine)() as session,
            work_.work(Actor.system("init"), session) as work,
        ):
            company.fill(work, PASSWORD)
    finally:
        engine.dispose()
