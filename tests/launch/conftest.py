"""Databases of the tests of the launcher."""

import pytest

from tests import cluster


@pytest.fixture
def empty(database_name):
    """The URL of a database that nothing was done to yet."""
    name = f"{database_name}_empty"
    yield cluster.make_database(name)
    cluster.drop_database(name)
