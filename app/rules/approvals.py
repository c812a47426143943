"""Who has to agree before an order goes on: rules an administrator edits as rows, each decision a row (X-27)."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import literal_column, select

from app.core import kept
from app.core.errors import BusinessError
from app.core.localized import DEFAULT, pick
from app.rules import credit
from app.rules.masters import above
from models.approvals import Approval, ApprovalRule
from models.orders import Order
from models.products import Category, Product


def ask(order, work):
    """Note which decisions the order needs: one row per rule that applies, else the ordinary review.

    Earlier questions that nobody answered are withdrawn; answers stay. Run where the rules can be seen.
    """
    if order.id is None:  # it is being made: nothing was asked about it before
        work.session.add(order)
        work.session.flush()
    else:
        _withdraw(order, work)
    rules = applying(order, work) or [None]
    for rule in rules:
        work.session.add(
            Approval(
                customer_id=order.customer_id, noun="order", record_id=order.id,
                rule_id=rule.id if rule else None,
                rule_name=_name(rule) if rule else "",
                level=rule.level if rule else "reviewer",
            )
        )  # fmt: skip


def called(asked, work):
    """What the rule behind a decision says, in the reader's language; as it was then, where it was changed since."""
    rule = next((one for one in kept.rows(work, ApprovalRule) if one.id == asked.rule_id), None)
    if rule is None or _name(rule) != asked.rule_name:
        return asked.rule_name
    return pick(rule.texts, str(get_locale() or DEFAULT)) or asked.rule_name


def _name(rule):
    """What a decision notes of its rule."""
    return (pick(rule.texts, DEFAULT) or rule.name)[: Approval.rule_name.type.length]


def _withdraw(order, work):
    for old in pending(order):
        work.session.delete(old)
    work.session.expire(order, ["asked"])


def pending(order):
    """The decisions still asked for."""
    return [one for one in order.decisions if not one.answer]


def check_may_decide(order, work):
    """Refuse who may not agree to every open question of the order.

    :raises BusinessError: 'own_order', 'needs_supervisor' naming the rule
    """
    actor = work.actor
    if actor.user_id is not None and actor.user_id == order.submitted_by:
        raise BusinessError("own_order", _l("Nobody approves an order he has submitted himself."))
    check_level(order, work)


def check_level(order, work):
    """Refuse who would answer a question that a rule leaves to a supervisor, whatever the answer is.

    :raises BusinessError: 'needs_supervisor' naming the rule
    """
    rule = supervised(order, work)
    if rule and not work.actor.may("order.supervise"):
        raise BusinessError("needs_supervisor", needs_supervisor(rule), rule=rule)


def needs_supervisor(rule):
    """Why a supervisor has to decide, in words."""
    return _l("A supervisor has to decide about this order: %(rule)s.", rule=rule)


def supervised(order, work):
    """The rules that ask for a supervisor, in the reader's language; empty where none does, or he has answered."""
    return ", ".join(dict.fromkeys(called(one, work) for one in pending(order) if one.level == "supervisor"))


def waiting_for_supervisor():
    """The criterion of the orders that wait for a supervisor; they have an index of their own, named as it says."""
    open_ = (column == literal_column(f"'{value}'") for column, value in
             ((Approval.noun, "order"), (Approval.level, "supervisor"), (Approval.answer, "")))  # fmt: skip
    return (Order.state == "submitted") & Order.id.in_(select(Approval.record_id).where(*open_))


def answer(order, answered, reason, work):
    """Write the actor's answer to every open question of the order."""
    for one in pending(order):
        one.answer, one.reason = answered, reason or ""
        one.decided_by, one.decided_name, one.decided_at = work.actor.user_id, work.actor.name, work.now


def applying(order, work):
    """The active rules all of whose conditions hold for an order."""
    facts = _Facts(order, work)
    rules = [one for one in kept.rows(work, ApprovalRule) if one.archived_at is None and one.noun == "order"]
    return [one for one in rules if one.branch_id in (None, order.branch_id) and _applies(one, order, facts)]


class _Facts:
    """What rules ask about an order, found out once and only when asked."""

    def __init__(self, order, work):
        self.order, self.work = order, work

    @property
    def over_credit(self):
        return credit.exceeded(self.order, self.work)

    @property
    def categories(self):
        ids = [line.product_id for line in self.order.lines]
        found = self.work.session.scalars(select(Product.category_id).where(Product.id.in_(ids)).distinct())
        mine = {one for one in found if one is not None}
        return set(above(Category, mine, self.work)) | mine if mine else set()


def _applies(rule, order, facts):
    checks = []
    if rule.over_amount is not None:
        same = rule.currency_code in (None, order.currency_code)
        checks.append(same and order.total_gross > rule.over_amount)
    if rule.new_customer:
        checks.append(order.customer.first_order_at is None)
    if rule.over_credit:
        checks.append(facts.over_credit)
    if rule.over_discount is not None:
        checks.append(any(line.discount_percent > rule.over_discount for line in order.lines))
    if rule.category_id is not None:
        checks.append(rule.category_id in facts.categories)
    return bool(checks) and all(checks)


def check_rule(rule, work):
    """A rule says when it applies: one condition at least, and an amount in a currency.

    :raises BusinessError: 'no_condition', 'currency_missing', 'bad_value'
    """
    conditions = (rule.over_amount is not None, rule.new_customer, rule.over_credit, rule.over_discount is not None,
                  rule.category is not None)  # fmt: skip
    if not any(conditions):
        raise BusinessError("no_condition", _l("Fill in at least one condition."), field="over_amount")
    if rule.over_amount is not None and not rule.currency_code:
        raise BusinessError("currency_missing", _l("Choose the currency of the amount."), field="currency_code")
    for name in ("over_amount", "over_discount"):
        if (getattr(rule, name) or 0) < 0:
            raise BusinessError("bad_value", _l("This must not be negative."), field=name)
