"""Whose rows: declared once per table, enforced under every ORM statement and again by PostgreSQL.

Five declarations (docs/architecture.md): `owned_by`, `shared`, `offered`, `staff_only`,
`infrastructure`. The ORM narrows what a restricted actor reads; the database role of the
transaction (serai_none, serai_staff, serai_branch, serai_external) narrows it a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from flask_appbuilder import Model
from sqlalchemy import ARRAY, BigInteger, and_, any_, bindparam, event, false, literal_column, or_, select, text, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql import util as sql_util

from app.core import work as _work
from app.core.errors import NoWork, OutsideScope

T = TypeVar("T", bound=type)
Criterion = Callable[[_work.Actor], Any]


@dataclass(frozen=True)
class Rows:
    """Whose the rows of one table are.

    :param kind: owned, shared, offered, staff_only or infrastructure
    :param column: owned: the column with the owning customer's id
    :param branch: the column with the branch's id, where the table has one
    :param further: the table with `record_id` and `branch_id` that says which branches see a row besides
    :param via: owned: (column, parent table) through which a branch sees the row
    :param about: nouns of the records a row may hang on by `noun` and `record_id`; a branch sees it with its record
    :param reader: the column with the user a row was written to, who always sees it
    :param audience: offered: the table whose rows say to whom
    :param parent: offered: (column, parent table), for rows seen with an offered parent
    :param apart: offered: what only customers of other branches are offered is not there for a branch
    :param writable: external actors may write their rows (the rules still say when)
    """

    kind: str
    column: str | None = None
    branch: str | None = None
    via: tuple[str, str] | None = None
    about: tuple[str, ...] = ()
    reader: str | None = None
    audience: str | None = None
    parent: tuple[str, str] | None = None
    apart: bool = False
    writable: bool = True
    further: str | None = None


DECLARED: dict[type, Rows] = {}
_narrowings: dict[type, Criterion] = {}


def _declare(rows: Rows) -> Callable[[T], T]:
    def mark(model: T) -> T:
        DECLARED[model] = rows
        return model

    return mark


def owned_by(column: str, **more: Any) -> Callable[[T], T]:
    """Rows belong to the customer whose id is in `column` (0: to the house); more of them says `Rows`."""
    return _declare(Rows("owned", column, **more))


def shared(model: T) -> T:
    """Everybody signed in reads; staff write."""
    return _declare(Rows("shared"))(model)


def offered(
    audience: str | None = None, *, parent: tuple[str, str] | None = None, apart: bool = False
) -> Callable[[T], T]:
    """Rows with `everyone` set are for all; else a row of the `audience` table names who may see one.

    The audience table has `record_id` and exactly one of `customer_id`, `access_group_id`.
    """
    return _declare(Rows("offered", audience=audience, parent=parent, apart=apart))


def audience(model: T) -> T:
    """The table that says to whom the rows of an `offered` table are offered."""
    return _declare(Rows("audience"))(model)


def staff_only(model: T | None = None, *, branch: str | None = None, about: tuple[str, ...] = ()) -> Any:
    """Staff read and write; customers never."""
    declare = _declare(Rows("staff_only", branch=branch, about=about))
    return declare if model is None else declare(model)


def infrastructure(model: T) -> T:
    """The machinery's own: no door shows it."""
    return _declare(Rows("infrastructure"))(model)


def narrow(model: type) -> Callable[[Criterion], Criterion]:
    """Register what an external actor may find of `model` beyond row ownership, or None for all."""

    def register(criterion: Criterion) -> Criterion:
        _narrowings[model] = criterion
        return criterion

    return register


def rows_of(model: type) -> Rows:
    """The declaration of a model; the framework's own tables are infrastructure."""
    for cls in model.__mro__:
        if cls in DECLARED:
            return DECLARED[cls]
    return Rows("infrastructure")


# --- reading -----------------------------------------------------------------------------------


def _ids(name: str) -> Any:
    # Read when the statement runs, not when it is built: a compiled statement is shared by everybody.
    def value() -> list[int]:
        return sorted(getattr(_work.current().actor, name) or ())

    return any_(bindparam(f"scope_{name}", callable_=value, type_=ARRAY(BigInteger)))


def _alive(cls: Any) -> Any:
    return cls.deleted_at.is_(None) if hasattr(cls, "deleted_at") else true()


def _model_of(table: str) -> Any:
    return next(model for model in DECLARED if getattr(model, "__tablename__", None) == table)


def _named(cls: Any) -> Any:
    return or_(cls.customer_id == _ids("customers"), cls.access_group_id == _ids("groups"))


def _offered(cls: Any, rows: Rows) -> Any:
    if rows.parent:
        parent = _model_of(rows.parent[1])
        return getattr(cls, rows.parent[0]).in_(select(parent.id).where(_offered(parent, rows_of(parent))))
    whom = _model_of(rows.audience or "")
    return or_(cls.everyone, cls.id.in_(select(whom.record_id).where(_named(whom))))


def _external(cls: Any) -> Any:
    rows = rows_of(cls)
    if rows.kind == "owned":
        return getattr(cls, rows.column or "") == _ids("customers")
    if rows.kind == "offered":
        return _offered(cls, rows)
    if rows.kind == "audience":
        return _named(cls)
    if rows.kind == "staff_only":
        return false()
    return true()


def _branch(cls: Any) -> Any:
    rows = rows_of(cls)
    mine = getattr(cls, rows.branch) == _ids("branches") if rows.branch else true()
    if not rows.further:
        return mine
    link = _model_of(rows.further)
    return or_(mine, cls.id.in_(select(link.record_id).where(link.branch_id == _ids("branches"))))


def _nobody(cls: Any) -> Any:
    return true() if rows_of(cls).kind in ("shared", "infrastructure") else false()


class _Narrowing(LoaderCriteriaOption):
    """The loader criteria of one kind of actor, for every model at once.

    SQLAlchemy's own form takes a lambda and remembers it by its code: two of them made by one function
    would be taken for the same. Here the expression is built per model, and the name is the cache's key.
    """

    _cache_key_traversal = LoaderCriteriaOption._traverse_internals

    def __init__(self, name: str, *criteria: Callable[[Any], Any]) -> None:
        super().__init__(Model, literal_column(f"'{name}'") == name, include_aliases=True, propagate_to_loaders=False)
        self.criteria = criteria

    def _resolve_where_criteria(self, ext_info: Any) -> Any:
        found = and_(true(), *(one(ext_info.entity) for one in self.criteria))
        return sql_util._deep_annotate(
            found, {"for_loader_criteria": self}, detect_subquery_cols=True, ind_cols_on_fromclause=True
        )


_OPTIONS = {
    ("all", False): _Narrowing("all", _alive),
    ("branch", False): _Narrowing("branch", _alive, _branch),
    ("external", False): _Narrowing("external", _alive, _external),
    ("nobody", False): _Narrowing("nobody", _alive, _nobody),
    ("branch", True): _Narrowing("branch deleted", _branch),
    ("external", True): _Narrowing("external deleted", _external),
    ("nobody", True): _Narrowing("nobody deleted", _nobody),
}


def eyes(work_: _work.Work) -> str:
    """Through whose eyes the unit of work looks: all, branch, external or nobody."""
    if work_.lifted or work_.actor.kind == "system":
        return "all"
    if work_.actor.kind == "staff":
        return "all" if work_.actor.branches is None else "branch"
    return work_.actor.kind


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: Any) -> None:
    work_ = _work.current_or_none()
    if not state.is_orm_statement:
        if work_ and eyes(work_) != "all" and not state.execution_options.get("house_sql"):
            raise OutsideScope("a Core statement is not narrowed: use the ORM, or say house_sql with a reason")
        return
    if state.is_column_load or not (state.is_select or state.is_update or state.is_delete):
        return
    touched = {mapper.class_ for mapper in state.all_mappers}
    if work_ is None:
        owned = [m.__name__ for m in touched if rows_of(m).kind not in ("shared", "infrastructure")]
        if owned:
            raise NoWork(f"query on {sorted(owned)} outside a unit of work")
        # what a subquery touches is not told: nobody sees nothing
        state.statement = state.statement.options(_OPTIONS["nobody", False])
        return
    view = eyes(work_)
    option = _OPTIONS.get((view, bool(state.execution_options.get("with_deleted"))))
    if option is not None:
        state.statement = state.statement.options(option)
    if view == "external":
        for model, found in _narrowed(work_).items():
            state.statement = state.statement.options(
                with_loader_criteria(model, found, include_aliases=True, propagate_to_loaders=False)
            )


def _narrowed(work_: _work.Work) -> dict[type, Any]:
    """What the actor may find of each narrowed model, asked once in a unit of work."""
    found: dict[type, Any] | None = work_.cache.get("narrowed")
    if found is None:
        work_.cache["narrowed"] = {}  # what is read on the way there is not narrowed by it
        try:
            asked = {model: criterion(work_.actor) for model, criterion in _narrowings.items()}
        except BaseException:
            del work_.cache["narrowed"]
            raise
        found = {model: one for model, one in asked.items() if one is not None}
        work_.cache["narrowed"] = found
    return found


# --- writing -----------------------------------------------------------------------------------


@event.listens_for(Session, "before_flush")
def _guard_writes(session: Session, *_: Any) -> None:
    work_ = _work.current_or_none()
    for obj in (*session.new, *session.dirty, *session.deleted):
        rows = rows_of(type(obj))
        if rows.kind == "infrastructure":
            continue
        if work_ is None:
            raise NoWork(f"write to {type(obj).__name__} outside a unit of work")
        if eyes(work_) in ("external", "nobody") and not _own(obj, rows, work_.actor):
            raise OutsideScope(f"{work_.actor.name} wrote to {type(obj).__name__} outside the scope")


def _own(obj: Any, rows: Rows, actor: _work.Actor) -> bool:
    return rows.kind == "owned" and _owner(obj, rows.column or "") in actor.customers


def _owner(obj: Any, column: str) -> int | None:
    value: int | None = getattr(obj, column)
    if value is None:  # a relationship was set and its foreign key is not flushed yet
        for relation in obj.__mapper__.relationships:
            if any(local.key == column for local in relation.local_columns):
                parent = getattr(obj, relation.key)
                if parent is not None and not isinstance(parent, list):
                    remote = next(r for lo, r in relation.local_remote_pairs if lo.key == column)
                    value = getattr(parent, remote.key)
    return value


# --- the database's own guard ------------------------------------------------------------------

_ROLES = {
    "all": "serai_staff",
    "branch": "serai_branch",
    "external": "serai_external",
    "nobody": "serai_none",
}
_SIGN = text(
    "select set_config('role', :role, true), set_config('app.customers', :customers, true), "
    "set_config('app.groups', :groups, true), set_config('app.branches', :branches, true), "
    "set_config('app.user', :user, true)"
)


def _joined(ids: frozenset[int] | None) -> str:
    return ",".join(str(one) for one in sorted(ids or ()))


def _sign(connection: Any, work_: _work.Work | None) -> None:
    actor = work_.actor if work_ else _work.Actor.nobody()
    role = _ROLES[eyes(work_)] if work_ else "serai_none"
    connection.execute(
        _SIGN,
        {
            "role": role,
            "customers": _joined(actor.customers),
            "groups": _joined(actor.groups),
            "branches": _joined(actor.branches),
            "user": str(actor.user_id or ""),
        },
    )
    if work_:
        work_.signed = role


@event.listens_for(Session, "after_begin")
def _after_begin(session: Session, transaction: Any, connection: Any) -> None:
    work_ = _work.current_or_none()
    if transaction.nested or (work_ is None and _begins_blind(connection)):
        return
    _sign(connection, work_)


def _begins_blind(connection: Any) -> bool:
    """Whether every transaction of the connection begins as the role that sees nothing (config.engine_options)."""
    known: dict[Any, Any] = connection.info
    if "serai_begins_as" not in known:
        known["serai_begins_as"] = connection.scalar(text("select current_setting('role')"))
    return bool(known["serai_begins_as"] == _ROLES["nobody"])


def _resign(work_: _work.Work) -> None:
    if work_.session.in_transaction() and _ROLES[eyes(work_)] != work_.signed:
        _sign(work_.session.connection(), work_)


def adopt(work_: _work.Work) -> None:
    """Tell the transaction that is open already whom it now serves (a request has signed in)."""
    work_.signed = None
    _resign(work_)
    forget_foreign(work_)


@contextmanager
def lifted(work_: _work.Work, reason: str) -> Iterator[None]:
    """Look through the house's eyes for a moment: a rule needs what its actor may not see.

    :param reason: said for the reader of the code; the history still names the actor
    """
    if not reason:
        raise ValueError("say why the scope is lifted")
    before = eyes(work_)
    if before == "all":
        yield
        return
    work_.session.flush()
    work_.lifted += 1
    _resign(work_)
    try:
        yield
        work_.session.flush()
    except BaseException:
        work_.lifted -= 1
        work_.signed = None
        with suppress(SQLAlchemyError):  # an aborted transaction is rolled back, and its role with it
            _resign(work_)
        raise
    work_.lifted -= 1
    _resign(work_)
    forget_foreign(work_)


def forget_foreign(work_: _work.Work) -> None:
    """Drop from the session what the actor may not see: `get` answers from it without a query."""
    if eyes(work_) not in ("external", "nobody"):
        return
    for obj in list(work_.session.identity_map.values()):
        if obj not in work_.session:  # went with its parent just now
            continue
        rows = rows_of(type(obj))
        if rows.kind == "staff_only" or (rows.kind == "owned" and not _own(obj, rows, work_.actor)):
            work_.session.expunge(obj)
