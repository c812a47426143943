"""A customer who changes his branch leaves orders behind: the old branch goes on with them, and sees whose they are."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, or_, select

from app.core import scope
from app.core.errors import BusinessError
from app.rules import masters
from models.customers import CustomerBranch


def keep(customer, work):
    """Let the branch that a customer leaves see him on, where a record of his is that branch's."""
    if customer.id is None:
        return
    before = inspect(customer).committed_state.get("branch_id", customer.branch_id)
    now = masters.related(customer, "branch", work)
    if now is None or before in (None, now.id):
        return
    with scope.lifted(work, "what hangs on the customer is counted in every branch"):
        known = work.session.get(CustomerBranch, (customer.id, before))
        if known is None and _has_records(customer, before, work):
            work.session.add(CustomerBranch(record_id=customer.id, branch_id=before))


def of(customer, work):
    """The id of the branch that begins something new for a customer: the one he belongs to.

    :raises BusinessError: 'other_branch' for staff of one that only goes on with what it has
    """
    mine = work.actor.branches
    if mine is not None and not work.lifted and customer.branch_id not in mine:
        text = _l("Only the branch %(branch)s begins something new for this customer.", branch=customer.branch)
        raise BusinessError("other_branch", text, field="customer")
    return customer.branch_id


def _has_records(customer, branch, work):
    kept = [(model, rows) for model, rows in scope.DECLARED.items() if rows.branch and hasattr(model, "customer_id")]
    there = [
        select(model.id).where(model.customer_id == customer.id, getattr(model, rows.branch) == branch).exists()
        for model, rows in kept
    ]
    return work.session.scalar(select(or_(*there)))
