"""Contracts: numbered when submitted, approved by somebody else, renewed by a successor that names them."""

import calendar
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session
from wtforms import DateField, Form, IntegerField, StringField
from wtforms.validators import Length, NumberRange, Optional

from app.core import facts, numbering, scope
from app.core.errors import BusinessError, Conflict
from app.core.flow import Flow
from app.core.money import EXACT, Money, total
from app.core.needed import Needed
from app.rules import documents
from models.contracts import Contract, ContractLine
from models.organisation import Branch

LONGEST = 600  # months
SALE_TYPES = {
    "purchase": _lp("sale type", "Purchase"),
    "gift": _lp("sale type", "Gift"),
    "test": _lp("sale type", "Trial"),
}

FLOW = Flow(
    Contract,
    "contract",
    states={
        "draft": _lp("contract", "Draft"),
        "submitted": _lp("contract", "Submitted"),
        "active": _lp("contract", "Active"),
        "rejected": _lp("contract", "Rejected"),
        "expired": _lp("contract", "Expired"),
        "terminated": _lp("contract", "Terminated"),
    },
    final={"rejected", "expired", "terminated"}, settable=False,
)
documents.seal(
    Contract,
    lines=ContractLine,
    parent="contract",
    open={"draft"},
    still={"approved_at", "terminated_on"},
)


@scope.narrow(Contract)
def visible_to(actor):
    """A customer finds what was put before him, never a draft of ours."""
    return Contract.state != "draft"


class RejectForm(Form):
    reason = StringField(_l("Reason"), validators=[Needed(), Length(max=500)])


class RenewForm(Form):
    months = IntegerField(_l("Term in months"), validators=[Optional(), NumberRange(min=1, max=LONGEST)])


class TerminateForm(Form):
    terminated_on = DateField(_l("End date"), validators=[Optional()])
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=500)])


# --- days and figures --------------------------------------------------------------------------


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that month is shorter (X-64)."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def end_of(starts_on: date, months: int) -> date:
    """The end date of a term: start + months (X-64). A renewal begins on it (CON-18)."""
    return add_months(starts_on, months)


def next_start(ends_on: date, today: date) -> date:
    """When a renewal begins: on the previous end date, or today where that has passed (CON-18, X-64)."""
    return ends_on if ends_on >= today else today


def today(contract, work) -> date:
    """The day it is at the branch of a contract."""
    branch = work.session.get(Branch, contract.branch_id or 1)
    return work.now.astimezone(ZoneInfo(branch.timezone)).date()


def price(line, currency):
    """Net of a line over its whole term. Gifts and trials cost nothing (CON-05)."""
    if line.sale_type != "purchase":
        return Decimal(0)
    each = EXACT.multiply(line.unit_price, EXACT.multiply(line.quantity, Decimal(line.months)))
    return Money(each, currency).rounded().amount


def check(contract, work):
    """What must hold before a draft is written by a form: ends and amounts are computed, never typed.

    :raises BusinessError: 'bad_term', 'bad_quantity', 'bad_price'; Conflict: 'frozen', 'start_fixed'
    """
    if contract.id is not None and FLOW.state(contract) != "draft":
        documents.refuse_closed()
    contract.months = 12 if contract.months is None else contract.months
    contract.starts_on = contract.starts_on or today(contract, work)  # CON-06
    for position, line in enumerate(contract.lines, start=1):
        line.position, line.customer_id = position, contract.customer_id
        _check_line(line, contract)
    _sum_up(contract)


def _check_line(line, contract):
    line.sale_type = line.sale_type or "purchase"
    line.starts_on = line.starts_on or contract.starts_on
    line.months = contract.months if line.months is None else line.months
    if line.quantity is None or line.quantity <= 0:
        raise BusinessError("bad_quantity", _l("A quantity is greater than zero."), field="quantity")
    if line.unit_price is None or line.unit_price < 0:
        raise BusinessError("bad_price", _l("A price is not negative."), field="unit_price")


def _sum_up(contract):
    """Ends and amounts of the lines and of the whole."""
    for part in (contract, *contract.lines):
        if not 1 <= part.months <= LONGEST:
            text = _l("A term is between 1 and %(most)s months.", most=LONGEST)
            raise BusinessError("bad_term", text, field="months")
        part.ends_on = end_of(part.starts_on, part.months)
    contract.ends_on = max((part.ends_on for part in contract.lines), default=contract.ends_on)
    for line in contract.lines:
        line.net = price(line, contract.currency_code)
    amounts = (Money(line.net, contract.currency_code) for line in contract.lines)
    contract.total_net = total(amounts, contract.currency_code).amount


def _start_moved(contract):
    return inspect(contract).attrs.starts_on.history.has_changes()


@event.listens_for(Session, "before_flush")
def _keep_start(session, *_args):
    for row in session.dirty:
        if isinstance(row, Contract) and row.predecessor_id and _start_moved(row):
            text = _l("The start date of a renewal follows from the previous contract. It cannot be changed.")
            raise Conflict("start_fixed", text, field="starts_on")


# --- the life of a contract --------------------------------------------------------------------


def has_lines(contract, work):
    """A contract says what it is about."""
    if not contract.lines:
        raise BusinessError("no_lines", _l("This document needs at least one line."))


def not_own(contract, work):
    """Nobody approves what he submitted himself."""
    if work.actor.user_id is not None and contract.submitted_by == work.actor.user_id:
        raise BusinessError("own_decision", _l("You submitted this contract. Somebody else must approve it."))


@FLOW.transition(
    "submit",
    source={"draft"},
    target="submitted",
    label=_lp("contract", "Submit"),
    told=_lp("history", "Submitted"),
    icon="fa-paper-plane",
    style="primary",
    guards=(has_lines,),
)
def submit(contract, work):
    """Number the contract and give it to whoever approves contracts."""
    check(contract, work)
    _number(contract, work)


def _number(contract, work):
    zone = work.session.get(Branch, contract.branch_id).timezone
    contract.number = contract.number or numbering.take("contract", contract.branch_id, work, zone)
    contract.submitted_at, contract.submitted_by = work.now, work.actor.user_id
    work.session.flush()
    documents.number_links(contract, work)


@FLOW.transition(
    "approve",
    source={"submitted"},
    target="active",
    label=_l("Approve"),
    told=_lp("history", "Approved"),
    ask=_l("Approve the contract?"),
    ask_many=lambda many, count: ngettext(
        "Approve %(count)s contract?",
        "Approve %(count)s contracts?", many, count=count,
    ),
    icon="fa-check",
    style="primary",
    guards=(not_own,),
)
def approve(contract, work):
    """From now on the contract holds."""
    contract.approved_at = work.now


@FLOW.transition(
    "reject",
    source={"submitted"},
    target="rejected",
    label=_l("Reject"),
    told=_lp("history", "Rejected"),
    ask=_l("Reject the contract?"),
    ask_many=lambda many, count: ngettext(
        "Reject %(count)s contract?",
        "Reject %(count)s contracts?", many, count=count,
    ),
    icon="fa-times",
    style="danger",
    form=RejectForm,
)
def reject(contract, work, reason):
    """The contract does not come about; the reason is kept in the history."""


def not_renewed(contract, work):
    """A contract has one successor; a rejected one leaves room for another."""
    later = work.session.scalars(
        select(Contract).where(Contract.predecessor_id == contract.id, Contract.state != "rejected")
    ).first()
    if later is not None:
        text = _l("This contract has been renewed already. Contract: %(number)s", number=str(later))
        raise BusinessError("already_renewed", text, contract=later.id)


@FLOW.transition(
    "renew",
    source={"active", "expired"},
    target=None,
    label=_lp("contract", "Renew"),
    told=_lp("history", "Renewed"),
    ask=_l("Renew the contract?"),
    ask_many=lambda many, count: ngettext(
        "Renew %(count)s contract?",
        "Renew %(count)s contracts?", many, count=count,
    ),
    icon="fa-repeat",
    style="primary",
    guards=(not_renewed,),
    form=RenewForm,
)
def renew(contract, work, months=None):
    """Make and submit the successor: it begins where this one ends and keeps both numbers (CON-15 to CON-18).

    :param months: the new term, default the term of this contract and of each of its lines
    """
    day = today(contract, work)
    made = Contract(
        predecessor_id=contract.id,
        predecessor_number=contract.number,
        starts_on=next_start(contract.ends_on, day),
        months=months or contract.months,
        **_copied(contract, ("title", "customer_id", "branch_id", "locale", "currency_code", "terms")),
    )
    made.lines = [
        ContractLine(
            starts_on=next_start(line.ends_on or contract.ends_on, day),
            months=months or line.months,
            **_copied(line, ("customer_id", "position", "product_id", "sku", "name")),
            **_copied(line, ("quantity", "unit_price", "sale_type")),
        )
        for line in contract.lines
    ]
    _sum_up(made)
    work.session.add(made)
    documents.link(contract, made, "renews", work)
    _number(made, work)
    FLOW.move(made, "submitted")
    facts.publish(work, "contract.submit", "contract", made, before="draft", after="submitted")
    return made


def _copied(row, names):
    return {name: getattr(row, name) for name in names}


@FLOW.transition(
    "terminate",
    source={"active"},
    target="terminated",
    label=_lp("contract", "Terminate"),
    told=_lp("history", "Terminated"),
    ask=_l("Terminate the contract?"),
    ask_many=lambda many, count: ngettext(
        "Terminate %(count)s contract?",
        "Terminate %(count)s contracts?", many, count=count,
    ),
    icon="fa-ban",
    style="danger",
    form=TerminateForm,
)
def terminate(contract, work, terminated_on=None, reason=None):
    """End a contract before its term, from today or another day of its term."""
    if terminated_on and not contract.starts_on <= terminated_on <= contract.ends_on:
        text = _l("The end date lies outside the term of the contract.")
        raise BusinessError("outside_term", text, field="terminated_on")
    contract.terminated_on = terminated_on or today(contract, work)


def is_over(contract, work):
    """Its last day has passed at its branch."""
    if contract.ends_on >= today(contract, work):
        raise BusinessError("not_over", _l("The term of this contract is not over yet."))


@FLOW.transition(
    "expire",
    source={"active"},
    target="expired",
    label=_lp("contract", "Expire"),
    told=_lp("history", "Expired"),
    icon="fa-clock",
    guards=(is_over,),
    hidden=True,
)
def expire(contract, work):
    """The term is over; it can still be renewed, but then from today."""


def overdue(work) -> list[int]:
    """Active contracts whose last day has passed somewhere: what the nightly job lets expire."""
    return list(
        work.session.scalars(
            select(Contract.id).where(Contract.state == "active", Contract.ends_on < work.now.date())
        )
    )


def original(customer, product, work):
    """The contract that a renewal of this product must name: the one with the latest end date (CON-16).

    Of two that end on the same day, the one that was submitted last (X-67).
    """
    return work.session.scalars(
        select(Contract)
        .join(ContractLine, ContractLine.contract_id == Contract.id)
        .where(Contract.customer_id == customer.id, ContractLine.product_id == product.id)
        .where(Contract.state.in_(("active", "expired")))
        .order_by(ContractLine.ends_on.desc(), Contract.submitted_at.desc(), Contract.id.desc())
        .limit(1)
    ).first()
