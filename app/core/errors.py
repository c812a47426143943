"""What can go wrong in the business, as opposed to in the machine."""

from typing import Any


class BusinessError(Exception):
    """A rule said no. `code` is stable for programs; `message` is for people, in their language.

    Doors answer it with its HTTP status (REST) or a warning (screens); it is never logged as a crash.
    """

    status = 422

    def __init__(self, code: str, message: object, **details: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.details = code, message, details

    def __str__(self) -> str:
        return str(self.message)


class Conflict(BusinessError):
    """The record is in another state, or somebody changed it meanwhile."""

    status = 409


class Malformed(BusinessError):
    """The request itself is not well formed."""

    status = 400


class Forbidden(BusinessError):
    """The actor lacks the permission, whatever the record."""

    status = 403


class NotFound(BusinessError):
    """Not there, or not the actor's: the two look alike on purpose."""

    status = 404


class NoWork(RuntimeError):
    """A table that belongs to somebody was touched while nobody was acting. Deny by default."""


class OutsideScope(RuntimeError):
    """Code tried to read or write past the actor's rows: a mistake of ours, never a message to people."""
