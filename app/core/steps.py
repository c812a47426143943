"""What a step of a workflow is, what is offered of it, and what became of it (app/core/flow.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from app.core import work as _work
from app.core.errors import BusinessError

Guard = Callable[[Any, _work.Work], None]
Follower = Callable[[Any, str, _work.Work], None]  # (record, name of the step, work)
ByHand = Callable[[Any, str, str, _work.Work], None]  # (record, state before, state wanted, work)


@dataclass(frozen=True)
class Transition:
    """One arrow. Everything any door needs to offer it is here.

    :param target: the state it leads to; None keeps the state
    :param told: what the timeline says when it was taken ("Approved"); default: the state it led to
    :param ask: the question before it is taken on one record
    :param ask_many: (how many, the figure as the reader writes it) -> the question for a selection; default: `ask`
    :param form: WTForms form of the data it asks for, the same on screen and over REST
    :param set_wise: takes the whole selection at once, all or nothing
    :param beside: (ids, work) -> ids of further records that the effect touches: locked along with them, in one order
    :param as_house: the effect may look past its actor's rows (stock, approval rules)
    :param hidden: no button: another rule or a job takes this step
    :param own_page: taken on a page of its own, line by line: neither a button nor a step of a list
    :param style: primary, plain or danger: how the button looks
    :param own: record -> the words (label, ask, told, icon) it has for one record; empty where they are those of all
    """

    flow: Any
    name: str
    source: frozenset[str]
    target: str | None
    label: Any
    effect: Callable[..., Any]
    told: Any
    ask: Any = None
    ask_many: Callable[[int, str], str] | None = None
    icon: str = "fa-arrow-right"
    guards: tuple[Guard, ...] = ()
    form: type | None = None
    set_wise: bool = False
    beside: Callable[[list[int], _work.Work], Iterable[int]] | None = None
    as_house: bool = False
    hidden: bool = False
    own_page: bool = False
    style: str = "plain"
    own: Callable[[Any], dict[str, Any]] | None = None

    def on(self, record: Any) -> Transition:
        """The step as it is called where it is taken on one record."""
        return replace(self, **self.own(record)) if self.own else self

    @property
    def key(self) -> str:
        """Permission, fact name and API path in one: 'order.approve'."""
        return f"{self.flow.noun}.{self.name}"


@dataclass(frozen=True)
class Refusal:
    """One record that stayed as it was, and why."""

    id: int
    label: str
    error: BusinessError


@dataclass(frozen=True)
class Offer:
    """One transition as it stands for one record and one actor."""

    step: Transition
    enabled: bool
    fits: bool
    reason: Any = None


@dataclass
class Outcome:
    """What a run did; nothing is dropped silently. `made` are the records the effects made."""

    done: list[Any] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)


class SetRefused(BusinessError):
    """A set-wise step was refused because of some of its records.

    :param reasons: {id: why} of those records; the others are left because of them
    """

    def __init__(self, reasons: dict[int, BusinessError]) -> None:
        first = next(iter(reasons.values()))
        super().__init__(first.code, first.message, **first.details)
        self.reasons, self.status = reasons, first.status
