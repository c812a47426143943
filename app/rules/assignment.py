"""Who handles an order from its submission on: rules of the administrator, people who are there (ORD-20)."""

from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import case, func, or_, select, update

from app.core import kept
from app.core.errors import BusinessError
from app.rules import masters, orders
from models.assignment import AssignmentRule
from models.orders import Order
from models.organisation import Branch
from models.people import Person
from models.products import Category, Product

MODES = {
    "person": _l("The first one who is there"), "in_turn": _l("In turn"),
    "fewest": _l("Whoever has the fewest open orders"), "manager": _l("The customer's manager"),
}  # fmt: skip
OPEN = ("submitted", "changed", "confirmed", "released")
WAITING = ("submitted", "changed")  # the due date says until when somebody of us has looked at them


def handler_for(order, work):
    """Who gets an order: whom the rules find, else the customer's manager; None where nobody of these is there.

    Run where the rules can be seen; the rule that decides is locked, so that two orders at once take turns.
    """
    facts = _Facts(order, work)
    for rule in _rules(order, work):
        if _fits(rule, facts):
            chosen = _choose(rule, order, work)
            if chosen is not None:
                return chosen
    return _manager(order, work)


orders.ASSIGNERS.append(handler_for)


def _rules(order, work):
    mine = [one for one in kept.rows(work, AssignmentRule) if one.archived_at is None and _same(one, order)]
    return sorted(mine, key=lambda one: (one.position, one.id))


def _same(rule, order):
    names = ("customer_id", "branch_id", "order_type_id")
    return all(getattr(rule, name) in (None, getattr(order, name)) for name in names)


class _Facts:
    """What rules ask about an order, found out once and only when asked."""

    def __init__(self, order, work):
        self.order, self.work, self._found = order, work, None

    @property
    def categories(self):
        """The categories of its products, with all above them."""
        if self._found is None:
            ids = [line.product_id for line in self.order.lines]
            rows = self.work.session.scalars(select(Product.category_id).where(Product.id.in_(ids)).distinct())
            mine = {one for one in rows if one is not None}
            self._found = masters.above(Category, mine, self.work) if mine else frozenset()
        return self._found


def _fits(rule, facts):
    return rule.category_id is None or rule.category_id in facts.categories


def _choose(rule, order, work):
    if rule.mode == "manager":
        return _manager(order, work)
    there = present(rule.user_ids, order, work)
    if not there or rule.mode == "person":
        return next(iter(there), None)
    return _in_turn(rule, there, work) if rule.mode == "in_turn" else _fewest(there, work)


def _manager(order, work):
    """The customer's manager where he is there; nobody while he is away, so that the order waits for all of us."""
    manager = order.customer.manager_id
    return next(iter(present([manager], order, work)), None) if manager else None


def present(user_ids, order, work):
    """Those of these people who can take an order today, in the order given: active staff of its branch, not away."""
    branch = work.session.get(Branch, order.branch_id)
    today = work.now.astimezone(ZoneInfo(branch.timezone)).date()
    rows = work.session.execute(
        select(Person.id, Person.branch_limited, Person.branch_id).where(
            Person.id.in_([one for one in user_ids if one]), Person.kind == "staff", Person.state == "active",
            or_(Person.away_until.is_(None), Person.away_until < today),
        )
    ).all()  # fmt: skip
    seen = masters.branches_above(order.branch_id, work)
    there = {one for one, limited, home in rows if not limited or home in seen}
    return [one for one in user_ids if one in there]


def _in_turn(rule, there, work):
    """The next one after whoever had the last; written past the record, so that nobody's form of it grows stale."""
    known = list(rule.user_ids)
    turns = {one: _next(known[at + 1 :] + known[: at + 1], there) for at, one in enumerate(known)}
    chosen = case(turns, value=AssignmentRule.last_user_id, else_=_next(known, there))
    # one statement finds and notes it: of two orders at once the second waits for the first, and reads what it wrote
    note = update(AssignmentRule).where(AssignmentRule.id == rule.id).values(last_user_id=chosen)
    told = note.returning(AssignmentRule.last_user_id)
    return work.session.execute(told, execution_options={"synchronize_session": False}).scalar_one()


def _next(waiting, there):
    return next(one for one in waiting if one in there)


def _fewest(there, work):
    """Whoever handles the fewest open orders; among equals the first named."""
    rows = work.session.execute(
        select(Order.handler_id, func.count()).where(Order.handler_id.in_(there), Order.state.in_(OPEN))
        .group_by(Order.handler_id)
    )  # fmt: skip
    loads = dict(rows.all())
    return min(there, key=lambda one: (loads.get(one, 0), there.index(one)))


def check_rule(rule, work):
    """A rule names whom it means: people of ours, unless it means the customer's manager.

    :raises BusinessError: 'nobody_named', 'bad_handler'
    """
    if rule.mode == "manager":
        rule.user_ids = []
        return
    if not rule.user_ids:
        raise BusinessError("nobody_named", _l("Choose at least one member of staff."), field="user_ids")
    ours = select(func.count()).select_from(Person).where(Person.id.in_(rule.user_ids), Person.kind == "staff")
    with work.session.no_autoflush:
        if work.session.scalar(ours) != len(set(rule.user_ids)):
            raise BusinessError("bad_handler", _l("Choose a member of staff."), field="user_ids")


def late(order, work):
    """Whether an order should have been handled by now."""
    return order.due_at is not None and order.due_at < work.now and order.state in WAITING
