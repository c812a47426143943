"""What a state is called for whoever reads: the word of his portal where it has one, else our own (X-17).

Codes stay what they are; every door that says a state says it through the words a flow declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_babel.speaklater import LazyString

Lookup = Callable[[str, str, int | None], str | None]
_lookups: list[Lookup] = []
_spoken: ContextVar[int | None] = ContextVar("portal", default=None)


def looked_up_by(lookup: Lookup) -> Lookup:
    """Register who knows the words of portals: (noun, state, portal spoken to) -> word or None."""
    _lookups.append(lookup)
    return lookup


def of(noun: str, code: str, own: Any) -> LazyString:
    """The word of a state as a text that is looked up when it is read."""
    return LazyString(_said, noun, code, own)


def _said(noun: str, code: str, own: Any) -> str:
    found = (lookup(noun, code, _spoken.get()) for lookup in _lookups)
    return next((word for word in found if word), None) or str(own)


@contextmanager
def spoken_to(portal: int | None) -> Iterator[None]:
    """What is said inside is said to somebody of a portal (a mail, a document), whoever writes it."""
    token = _spoken.set(portal)
    try:
        yield
    finally:
        _spoken.reset(token)
