"""Who has to agree before an order goes on: rules an administrator edits as rows, each decision a row (X-27)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.core.errors import BusinessError
from app.core.localized import pick
from app.rules import credit
from app.rules.masters import above
from models.approvals import Approval, ApprovalRule
from models.products import Category, Product


def ask(order, work):
    """Note which decisions the order needs: one row per rule that applies, else the ordinary review.

    Earlier questions that nobody answered are withdrawn; answers stay. Run where the rules can be seen.
    """
    for old in decisions(order, work):
        if not old.answer:
            work.session.delete(old)
    rules = applying(order, work) or [None]
    for rule in rules:
        work.session.add(
            Approval(
                customer_id=order.customer_id, noun="order", record_id=order.id,
                rule_id=rule.id if rule else None,
                rule_name=(pick(rule.texts, "en") or rule.name) if rule else "",
                level=rule.level if rule else "reviewer",
            )
        )  # fmt: skip


def decisions(order, work):
    """The decisions asked for and made about an order, oldest first."""
    return list(
        work.session.scalars(
            select(Approval).where(Approval.noun == "order", Approval.record_id == order.id).order_by(Approval.id)
        )
    )


def pending(order, work):
    """The decisions still asked for."""
    return [one for one in decisions(order, work) if not one.answer]


def check_may_decide(order, work):
    """Refuse who may not answer every open question of the order.

    :raises BusinessError: 'own_order', 'needs_supervisor' naming the rule
    """
    actor = work.actor
    if actor.user_id is not None and actor.user_id == order.submitted_by:
        raise BusinessError("own_order", _l("Nobody approves an order he has submitted himself."))
    if actor.may("order.supervise"):
        return
    for one in pending(order, work):
        if one.level == "supervisor":
            text = _l("A supervisor has to approve this order: %(rule)s.", rule=one.rule_name)
            raise BusinessError("needs_supervisor", text, rule=one.rule_name)


def answer(order, answered, reason, work):
    """Write the actor's answer to every open question of the order."""
    for one in pending(order, work):
        one.answer, one.reason = answered, reason or ""
        one.decided_by, one.decided_name, one.decided_at = work.actor.user_id, work.actor.name, work.now


def applying(order, work):
    """The active rules all of whose conditions hold for an order."""
    rules = work.session.scalars(
        select(ApprovalRule).where(
            ApprovalRule.archived_at.is_(None), ApprovalRule.noun == "order",
            or_(ApprovalRule.branch_id.is_(None), ApprovalRule.branch_id == order.branch_id),
        ).order_by(ApprovalRule.id)
    ).all()  # fmt: skip
    facts = _Facts(order, work)
    return [rule for rule in rules if _applies(rule, order, facts)]


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
