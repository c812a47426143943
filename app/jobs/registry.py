"""The list of jobs: what a name in the queue means, and the timetable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

JOBS: dict[str, Job] = {}
TRIES = 20  # the last pauses are an hour each: a job that fails for half a day is given up


@dataclass(frozen=True)
class Job:
    """One kind of job.

    :param handler: (work, **arguments); the runner commits, a long job may commit between its chunks
    :param by: (work, **arguments) -> id of the user in whose name it runs; None: the house itself
    :param called: (arguments) -> name of the house's actor in the history, default the job's name
    :param cron: when it runs by itself: minute hour day month weekday, seconds as the SIXTH field; UTC
    :param screens: it needs the whole application, which the worker builds when such a job comes first
    """

    name: str
    handler: Callable[..., Any]
    by: Callable[..., int] | None = None
    called: Callable[[dict[str, Any]], str] | None = None
    tries: int = TRIES
    cron: str = ""
    screens: bool = False


def job(
    name: str,
    *,
    by: Callable[..., int] | None = None,
    called: Callable[[dict[str, Any]], str] | None = None,
    tries: int = TRIES,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `handler(work, **arguments)` for jobs that `queue.defer(work, name, {...})` writes.

    It may be run twice (a worker can die after the commit and before it says so), so its effect must
    be the same then. A business refusal is final; any other failure is tried again, later and later.
    """

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        _add(Job(name, handler, by, called, tries))
        return handler

    return register


def on_screens(name: str, path: str, *, by: Callable[..., int]) -> None:
    """Register a job whose handler lies on a floor to the right, as 'views.exports:run'; imported when it runs."""

    def handler(work: Any, **arguments: Any) -> Any:
        module, _, function = path.partition(":")
        return getattr(import_module(module), function)(work, **arguments)

    _add(Job(name, handler, by, screens=True))


def every(cron: str, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put `handler(work)` on the timetable; it runs as the house, once per tick however many workers there are."""

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        def tick(work: Any, timestamp: int) -> Any:
            return handler(work)

        _add(Job(name, tick, tries=3, cron=cron))
        return handler

    return register


def _add(one: Job) -> None:
    if one.name in JOBS:
        raise ValueError(f"two jobs are called {one.name}")
    JOBS[one.name] = one
