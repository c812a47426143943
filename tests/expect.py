"""What a test expects around a few lines: that they are refused, and how many statements they take."""

from contextlib import contextmanager, nullcontext

import pytest
from sqlalchemy import event

from app.core.errors import BusinessError


@contextmanager
def refused(code, work=None):
    """The lines inside are refused with this code; with `work` in a savepoint, so that the test can go on."""
    with pytest.raises(BusinessError) as caught, work.session.begin_nested() if work else nullcontext():
        yield caught
    assert caught.value.code == code


@contextmanager
def statements(work):
    """The statements that the lines inside send to the database, as they are sent."""
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    engine = work.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
