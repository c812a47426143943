"""Workflows: states and the arrows between them, declared once and run from every door.

From one declaration come button, bulk action, REST call, shell command, permission, fact and
history entry. `run` reports every record: done, or refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import event as sa_event
from sqlalchemy import inspect, select

from app.core import facts, history, scope, state_words
from app.core import work as _work
from app.core.errors import BusinessError, Conflict, Forbidden, NotFound
from app.core.steps import ByHand, Follower, Offer, Outcome, Refusal, SetRefused, Transition

FLOWS: dict[str, Flow] = {}


class Flow:
    """The life of one model.

    :param noun: singular, lower case: 'order'
    :param states: {code: lazy label}; the first one is where records are born
    :param final: states that nothing leaves, on purpose
    :param settable: whether a state may be set by hand; not where money or access hangs on the steps themselves

    `followers` are what later nouns do with a record in the same transaction once a step of it was taken.
    `by_hand` are what hangs on the state: done, as the house, before a state is set by hand, or refusing it.
    """

    def __init__(
        self, model: Any, noun: str, states: Mapping[str, Any], final: Iterable[str] = (), column: str = "state",
        settable: bool = True,
    ) -> None:  # fmt: skip
        self.model, self.noun, self.column = model, noun, column
        self.states = {code: state_words.of(noun, code, own) for code, own in states.items()}
        self.final, self.settable = frozenset(final), settable
        self.transitions: dict[str, Transition] = {}
        self.followers: list[Follower] = []
        self.by_hand: list[ByHand] = []
        FLOWS[noun] = self
        facts.MODELS[noun] = model
        sa_event.listen(getattr(model, column), "set", self._refuse_direct_write)

    @property
    def initial(self) -> str:
        return next(iter(self.states))

    def transition(
        self, name: str, *, source: Iterable[str], target: str | None, label: Any, **more: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare an arrow; the decorated function is its effect: `effect(record, work, **data)`.

        A set-wise effect gets the list of records. What an effect returns is a record it made.
        """
        unknown = ({target} - {None} | set(source)) - self.states.keys()
        if unknown:
            raise ValueError(f"{self.noun}.{name}: unknown states {sorted(map(str, unknown))}")
        more["guards"] = tuple(more.get("guards", ()))
        told = more.pop("told", None) or (self.states[target] if target else label)

        def declare(effect: Callable[..., Any]) -> Callable[..., Any]:
            self.transitions[name] = Transition(self, name, frozenset(source), target, label, effect, told, **more)
            return effect

        return declare

    # --- what is possible ----------------------------------------------------------------------

    def offers(self, record: Any, work: _work.Work | None = None) -> list[Offer]:
        """Every transition the actor may take on `record`, with the reason where it is disabled now."""
        work = work or _work.current()
        return [
            self._offer(step, record, work)
            for step in self.transitions.values()
            if not step.hidden and work.actor.may(step.key)
        ]

    def _offer(self, step: Transition, record: Any, work: _work.Work) -> Offer:
        step = step.on(record)
        if self.state(record) not in step.source:
            return Offer(step, False, False, self._wrong_state(step, record).message)
        try:
            with self._eyes(step, work) if step.guards else nullcontext():
                self._guard(step, record, work)
        except BusinessError as error:
            return Offer(step, False, True, error.message)
        return Offer(step, True, True)

    def state(self, record: Any) -> str:
        return str(getattr(record, self.column))

    # --- taking a step -------------------------------------------------------------------------

    def run(
        self, name: str, records: Iterable[Any], *, versions: Mapping[int, int] | None = None, **data: Any
    ) -> Outcome:
        """Take the step `name` on each record, each in its own savepoint.

        :param records: records or ids; ids that are unknown or not the actor's come back as `not_found`
        :param versions: {id: version the caller saw}; another version is refused as `stale`
        :raises Forbidden: the actor may not take this step at all
        """
        work, step = _work.current(), self.transitions[name]
        self._allow(step, work)
        ids = list(dict.fromkeys(int(getattr(one, "id", one)) for one in records))
        known = [one for one in ids if abs(one) < 2**63]  # no other number is anybody's
        found = self.lock([*known, *(step.beside(known, work) if step.beside else ())], work)
        outcome = Outcome(refused=[self._missing(one) for one in ids if one not in found])
        rows = [row for one, row in found.items() if one in ids]
        if step.set_wise:
            self._run_set(step, rows, versions or {}, data, outcome, work)
            return outcome
        for row in rows:
            with self._savepoint(work, row, outcome):
                made = self._apply(step, row, (versions or {}).get(row.id), data, work)
                outcome.done.append(row)
                outcome.made += [made] if made is not None else []
        return outcome

    def run_one(self, name: str, record: Any, **data: Any) -> Any:
        """Take one step on one record inside a rule; a refusal is raised.

        :returns: the record the effect made, if any
        """
        outcome = self.run(name, [record], **data)
        if outcome.refused:
            raise outcome.refused[0].error
        return outcome.made[0] if outcome.made else None

    def born(self, name: str, row: Any, **data: Any) -> Any:
        """Take a step on a record that this unit of work is making; a refusal is raised and nothing is made.

        Nobody else can see the record, so it is neither locked nor read again, and it is written once, as the
        step leaves it. The history tells the making and the step apart.

        :returns: the record the effect made, if any
        """
        work, step = _work.current(), self.transitions[name]
        self._allow(step, work)
        if getattr(row, self.column) is None:
            self._put(row, self.initial)
        self._check_state(step, row, None)
        history.born(work, row)
        with work.doing(step.key, data.get("reason") or data.get("note")):
            before = self.state(row)
            with self._eyes(step, work):
                self._guard(step, row, work)
                if step.target is not None:
                    self._put(row, step.target)
                made = step.effect(row, work, **data)
            work.session.add(row)
            work.session.flush()
            self._tell(step, row, before, data, work)
        return made

    def lock(self, ids: list[int], work: _work.Work) -> dict[int, Any]:
        """The actor's rows among `ids`, locked in id order, freshly read."""
        work.session.flush()
        rows = work.session.scalars(
            select(self.model)
            .where(self.model.id.in_(ids))
            .order_by(self.model.id)
            .with_for_update(of=self.model)
            .execution_options(populate_existing=True)
        )
        return {row.id: row for row in rows.unique()}

    @contextmanager
    def _savepoint(self, work: _work.Work, row: Any, outcome: Outcome) -> Iterator[None]:
        identity, label, mark = row.id, str(row), work.mark()
        try:
            with work.session.begin_nested():
                yield
                work.session.flush()
        except BusinessError as error:
            work.rewind(mark)
            outcome.refused.append(Refusal(identity, label, error))

    def _run_set(
        self, step: Transition, rows: list[Any], versions: Mapping[int, int], data: dict[str, Any], outcome: Outcome,
        work: _work.Work,
    ) -> None:  # fmt: skip
        if outcome.refused or not rows:
            outcome.refused += [Refusal(row.id, str(row), _left()) for row in rows]
            return
        mark, named = work.mark(), {row.id: str(row) for row in rows}
        try:
            with work.session.begin_nested(), work.doing(step.key, data.get("reason") or data.get("note")):
                before = {row.id: self.state(row) for row in rows}
                with self._eyes(step, work):
                    self._check_all(step, rows, versions, work)
                    made = step.effect(rows, work, **data)
                for row in rows:
                    self._arrive(step, row, before[row.id], data, work)
                work.session.flush()
            outcome.done += rows
            outcome.made += [made] if made is not None else []
        except BusinessError as error:
            work.rewind(mark)
            why = error.reasons if isinstance(error, SetRefused) else dict.fromkeys(named, error)
            outcome.refused += [Refusal(one, name, why.get(one) or _left()) for one, name in named.items()]

    def _check_all(
        self, step: Transition, rows: list[Any], versions: Mapping[int, int], work: _work.Work
    ) -> None:
        """Ask every record of a set, so that each is told its own reason."""
        reasons: dict[int, BusinessError] = {}
        for row in rows:
            try:
                self._check_state(step, row, versions.get(row.id))
                self._guard(step, row, work)
            except BusinessError as error:
                reasons[row.id] = error
        if reasons:
            raise SetRefused(reasons)

    def _apply(
        self, step: Transition, row: Any, version: int | None, data: dict[str, Any], work: _work.Work
    ) -> Any:
        self._check_state(step, row, version)
        before = self.state(row)
        with work.doing(step.key, data.get("reason") or data.get("note")):
            with self._eyes(step, work):
                self._guard(step, row, work)
                made = step.effect(row, work, **data)
            self._arrive(step, row, before, data, work)
            work.session.flush()
        return made

    def _eyes(self, step: Transition, work: _work.Work) -> Any:
        """Whose eyes guards and effect look through: the house's where the step says so."""
        return scope.lifted(work, f"guards and effect of {step.key}") if step.as_house else nullcontext()

    def _check_state(self, step: Transition, row: Any, version: int | None) -> None:
        if version is not None and row.version != version:
            raise stale(row)
        if self.state(row) not in step.source:
            raise self._wrong_state(step, row)

    def _guard(self, step: Transition, row: Any, work: _work.Work) -> None:
        for guard in step.guards:
            guard(row, work)

    def _arrive(self, step: Transition, row: Any, before: str, data: dict[str, Any], work: _work.Work) -> None:
        if step.target is not None:
            self._put(row, step.target)
        self._tell(step, row, before, data, work)

    def _tell(self, step: Transition, row: Any, before: str, data: dict[str, Any], work: _work.Work) -> None:
        self.follow(row, step.name, work)
        after = self.state(row)
        if before == after:
            history.record(work, row, step.key, data.get("reason"))
        payload = {key: value for key, value in data.items() if key in ("reason", "note")}
        facts.publish(work, step.key, self.noun, row, before=before, after=after, **payload)

    def follow(self, row: Any, name: str, work: _work.Work) -> None:
        """Let later nouns do what is theirs when something was done to a record."""
        for follow in self.followers:
            follow(row, name, work)

    def move(self, row: Any, state: str) -> None:
        """Inside an effect that decides where its arrow ends (submit in automatic mode)."""
        self._put(row, state)

    def _put(self, row: Any, state: str) -> None:
        if state not in self.states:
            raise ValueError(f"{self.noun} knows no state {state}")
        row.__dict__["_flow_open"] = True
        try:
            setattr(row, self.column, state)
        finally:
            row.__dict__.pop("_flow_open", None)

    # --- past the arrows -----------------------------------------------------------------------

    def record(self, row: Any, state: str, at: datetime, source: str) -> None:
        """Take a record over in `state` (import, demo): history, but no facts, stock or notices."""
        work = _work.current()
        self._put(row, state)
        work.session.add(row)
        history.record(work, row, f"{self.noun}.record", source, at=at)

    def override(self, row: Any, state: str, reason: str, version: int | None = None) -> None:
        """Set a state by hand, behind its own permission and with a reason (X-40).

        Guards are passed over; goods and money follow, as `by_hand` says, or refuse it.
        :param version: what the actor has looked at; compared under the lock
        :raises Forbidden: without '<noun>.override'; NotFound; Conflict 'same_state', 'stale'
        :raises BusinessError: 'not_by_hand', 'reason_missing' and whatever `by_hand` refuses
        """
        work = _work.current()
        self._check_override(reason, work)
        if row.id not in self.lock([row.id], work):
            raise self._missing(row.id).error
        if version is not None and version != row.version:
            raise stale(row)
        before = self.state(row)
        if before == state:
            text = _l("The status is “%(state)s” already.", state=self.states[state])
            raise Conflict("same_state", text, state=state)
        with work.doing(f"{self.noun}.override", reason):
            with scope.lifted(work, f"what hangs on the state of this {self.noun}"):
                for one in self.by_hand:
                    one(row, before, state, work)
            self._put(row, state)
            self.follow(row, "override", work)
            history.record(work, row, f"{self.noun}.override", reason)
            work.session.flush()

    def _check_override(self, reason: str, work: _work.Work) -> None:
        if not self.settable:
            text = _l("This status follows from the steps taken. It cannot be set by hand.")
            raise BusinessError("not_by_hand", text)
        if not work.actor.may(f"{self.noun}.override"):
            raise Forbidden("not_permitted", _l("You are not permitted to do this."))
        if not reason.strip():
            raise BusinessError("reason_missing", _l("Give a reason."), field="reason")

    # --- refusals ------------------------------------------------------------------------------

    def _allow(self, step: Transition, work: _work.Work) -> None:
        if not work.actor.may(step.key):
            raise Forbidden("not_permitted", _l("You are not permitted to do this."), permission=step.key)

    def _missing(self, identity: int) -> Refusal:
        return Refusal(identity, str(identity), NotFound("not_found", _l("There is no such record.")))

    def _wrong_state(self, step: Transition, row: Any) -> Conflict:
        state = self.states.get(self.state(row), self.state(row))
        return Conflict(
            "wrong_state",
            _l("This step is not possible in the state “%(state)s”.", state=state),
            state=self.state(row),
            transition=step.name,
        )

    def _refuse_direct_write(self, row: Any, value: Any, oldvalue: Any, initiator: Any) -> None:
        born = not inspect(row).persistent and value == self.initial
        if not (born or row.__dict__.get("_flow_open")):
            raise RuntimeError(f"{self.noun}.{self.column} is written by Flow.run only")

    def problems(self) -> list[str]:
        """States nobody reaches and dead ends nobody declared final: for the structure test."""
        reached, edges = {self.initial}, {self.initial}
        arrows = [(s, t.target) for t in self.transitions.values() for s in t.source if t.target]
        while edges:
            edges = {target for source, target in arrows if source in reached} - reached
            reached |= edges
        ends = self.states.keys() - {source for source, target in arrows if target != source} - self.final
        lost = self.states.keys() - reached
        return [f"nobody reaches {one}" for one in sorted(lost)] + [
            f"{one} is a dead end" for one in sorted(ends)
        ]


def _left() -> BusinessError:
    text = _l("Nothing was done, because another record of the selection was refused.")
    return BusinessError("selection_refused", text)


def stale(row: Any) -> Conflict:
    """The refusal of somebody who looks at an older version of `row`."""
    text = _l("Somebody else changed this record meanwhile. Look at it again, then repeat the step.")
    return Conflict("stale", text, version=row.version)
