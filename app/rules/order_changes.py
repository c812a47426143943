"""Changing an order after it was submitted: amend, correct, reconfirm; and what was changed, before and after.

`FLOW.run("amend", [order], lines=[...], reference="...")` carries the change itself: a list of all lines as they
are to be (see `order_lines.plan`) and columns of Order. Without any it only opens the order for changes.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from app.core import scope
from app.core.errors import BusinessError
from app.core.history import History
from app.rules import approvals, entry, order_fields, order_lines, order_terms, orders, stock
from models.contracts import Contract
from models.customers import Address
from models.orders import OrderLine

FLOW = orders.FLOW
COLUMNS = {  # column of an order: the field of the matrix it belongs to
    "reference": "reference", "remark": "remark", "requested_on": "requested_on", "channel": "channel",
    "delivery_address_id": "delivery_address", "billing_address_id": "billing_address",
    "delivery_method_id": "delivery_method", "payment_terms_id": "payment_terms", "contract_id": "contract",
}  # fmt: skip
KINDS = ("amend", "correct", "adjust", "answer")  # steps that change what is ordered


# --- steps -------------------------------------------------------------------------------------


@FLOW.transition(
    "amend", source={"submitted", "changed", "confirmed", "rejected"}, target="changed", icon="fa-pen",
    label=_lp("order", "Change"), told=_lp("history", "Amended"),
    ask=_l("Open the order for changes? It must be reconfirmed afterwards."),
    ask_many=lambda many, count: ngettext(
        "Open %(count)s order for changes? It must be reconfirmed afterwards.",
        "Open %(count)s orders for changes? They must be reconfirmed afterwards.", many, count=count,
    ),
    guards=(orders.nothing_shipped, orders.nothing_invoiced),
)  # fmt: skip
def amend(order, work, lines=None, reason=None, **header):
    """Change a submitted order; it has to be reconfirmed, and until then nothing is kept back (ORD-05, ORD-06, ORD-27).

    :param lines: all lines as they are to be; None leaves them as they are
    :param header: columns of Order
    :raises BusinessError: 'not_changeable' with `fields` and `lines`, 'nothing_changed', and of `entry.set_lines`
    """
    opened, held = lines is None and not header, order.state == "confirmed"
    if held:  # before a line goes: its goods would stay kept back for nobody
        with scope.lifted(work, "goods are given back by the house"):
            stock.release([line.id for line in order.lines], work)
    changes = _change(order, work, order_fields.allowed(order, work), lines, header)
    if not (opened or changes):
        raise BusinessError("nothing_changed", _l("Nothing has been changed."))
    if held:
        with scope.lifted(work, "goods are given back by the house"):
            orders.give_back(order, work)
    order.expires_at = None
    if changes:
        _note(order, work)
    elif order.state != "changed":
        order.changed_side = None  # who only opened it has changed nothing that somebody would have to accept


@FLOW.transition(
    "correct", source={"submitted", "changed", "confirmed", "released"}, target=None, icon="fa-pen-to-square",
    label=_l("Correct"), told=_lp("history", "Corrected"), hidden=True,
)  # fmt: skip
def correct(order, work, lines=None, reason=None, **header):
    """Change what needs no new review; the order keeps its state (ORD-47, X-41). Doors offer it through the form.

    What nobody has approved yet is looked at as it is now: its stock, and who has to agree to it.

    :raises BusinessError: as `amend`; 'not_changeable' also where what was agreed on would cost something else
    """
    before = _costs(order)
    if not _change(order, work, order_fields.allowed(order, work, review=False), lines, header):
        raise BusinessError("nothing_changed", _l("Nothing has been changed."))
    if order.state in ("confirmed", "released") and _costs(order) != before:  # invoices may have said it already
        text = _l("Goods for another country carry its taxes: the order would need a new review.")
        raise BusinessError("not_changeable", text, fields={"delivery_address": str(text)})
    if order.state == "submitted":
        with scope.lifted(work, "who has to agree and what is in stock is the house's to say"):
            entry.check_stock(order, work)
            approvals.ask(order, work)
    _note(order, work)


def _costs(order):
    return order.total_net, order.total_tax


def accepted(order, work):
    """Guard: what we change the customer accepts himself, where he has somebody who can (X-21).

    CUSTOMER_ACCEPTS_CHANGES lifts that, for customers who say yes by telephone.
    """
    ours = work.actor.kind == "staff" and order.changed_side in ("staff", "system")
    if ours and customer_decides(order, work):
        raise BusinessError("customer_accepts", _l("The customer has to accept these changes."))


def customer_decides(order, work):
    """Whether the customer has to accept what we change, and has somebody who can."""
    asked = order_terms.term("CUSTOMER_ACCEPTS_CHANGES", order, work)
    return asked and order_terms.has_account(order.customer_id, work)


@FLOW.transition(
    "reconfirm", source={"changed"}, target="submitted", icon="fa-rotate", style="primary", as_house=True,
    label=_l("Reconfirm"), told=_lp("history", "Reconfirmed"),
    ask=_l("Send the changed order for review again?"), guards=(orders.has_lines, accepted),
    ask_many=lambda many, count: ngettext(
        "Send %(count)s changed order for review again?",
        "Send %(count)s changed orders for review again?", many, count=count,
    ),
)  # fmt: skip
def reconfirm(order, work):
    """Accept what the other side changed, or have one's own changes checked, as if it were submitted anew (ORD-28)."""
    orders.submit(order, work)


def _note(order, work):
    """Remember who changed the order last: the other side is waited for (X-21)."""
    side = order_terms.side(work.actor)
    order.changed_side, order.changed_at = "staff" if side == "branch" else side, work.now


# --- changing ----------------------------------------------------------------------------------


def _change(order, work, allowed, lines, header):
    """Carry a change out as far as the matrix allows it: all of it, or none.

    :returns: whether anything changed
    """
    header = {name: value for name, value in header.items() if getattr(order, name) != value}
    found = order_lines.plan(order, lines) if lines is not None else None
    _check_header(order, header, allowed)
    if found is not None:
        order_lines.check(found, allowed)
    _check_contract(order, header, work)
    _write(order, found, header, work)
    return bool(header or (found is not None and found.changes))


def _write(order, found, header, work):
    addresses, before = _addresses(order, header, work), entry.country_of(order)
    for name, value in header.items():
        setattr(order, name, value)
    for name, address in addresses.items():  # the order is written once, at the end of the step
        set_committed_value(order, name, address)
    if found is not None and found.changes:
        order_lines.carry_out(order, found, work)
    if entry.country_of(order) != before:
        entry.tax_anew(order, work)


def sketch(order, lines, header, work):
    """The order as a change would leave it, whoever may make it; the caller rolls back.

    :raises BusinessError: 'bad_address', and of `entry.set_lines`
    """
    header = {name: value for name, value in header.items() if getattr(order, name) != value}
    _write(order, order_lines.plan(order, lines), header, work)
    return order


def _check_header(order, header, allowed):
    state = FLOW.states[order.state]
    no = _l("You cannot change this in the state “%(state)s”.", state=state)
    refused = {field_of(name): str(no) for name in header if COLUMNS.get(name) not in allowed}
    if refused:
        text = _l("Some fields cannot be changed any more. Nothing has been saved yet.")
        raise BusinessError("not_changeable", text, fields=refused)


def field_of(column):
    """What a column of an order is called on forms and over REST."""
    return COLUMNS.get(column) or column.removesuffix("_id").removesuffix("_code")


def _check_contract(order, header, work):
    """An order is placed under a contract of its own customer.

    :raises BusinessError: 'bad_contract'
    """
    wanted = header.get("contract_id")
    found = work.session.get(Contract, wanted) if wanted is not None else None
    if wanted is not None and (found is None or found.customer_id != order.customer_id):
        text = _l("Choose a contract of the customer.")
        raise BusinessError("bad_contract", text, field="contract", fields={"contract": str(text)})


def _addresses(order, header, work):
    """The addresses goods and bills go to from now on: {relationship: address}; they are the customer's own.

    :raises BusinessError: 'bad_address'
    """
    found = {}
    for column in ("delivery_address_id", "billing_address_id"):
        if column in header:
            name = field_of(column)
            found[name] = _address(order, header[column], name, work)
    return found


def _address(order, wanted, name, work):
    found = work.session.get(Address, wanted) if wanted is not None else None
    if wanted is not None and (found is None or found.customer_id != order.customer_id or found.retired_at is not None):
        text = _l("Choose an address of the customer.")
        raise BusinessError("bad_address", text, field=name, fields={name: str(text)})
    return found


def may_change(order, work):
    """The fields the actor may change now: those to be reconfirmed, and those that need no new review."""
    reviewed = order_fields.allowed(order, work) if _takes("amend", order, work) else frozenset()
    free = order_fields.allowed(order, work, review=False) if _takes("correct", order, work) else frozenset()
    return reviewed, free


def _takes(name, order, work):
    step = FLOW.transitions[name]
    if order.state not in step.source or not work.actor.may(step.key):
        return False
    try:
        for guard in step.guards:
            guard(order, work)
    except BusinessError:
        return False
    return True


def check_changeable(order, work):
    """Refuse to open the form of an order of which the actor may change nothing.

    :raises BusinessError: 'frozen'
    """
    if order.state != "draft" and not any(may_change(order, work)):
        raise BusinessError("frozen", _l("You cannot change this order any more."))


def step_for(order, lines, header, work):
    """The step that carries a change: 'correct' where all of it needs no new review, else 'amend'."""
    found = order_lines.plan(order, lines).needs if lines is not None else set()
    wanted = {COLUMNS.get(name, name) for name, value in header.items() if getattr(order, name) != value}
    _reviewed, free = may_change(order, work)
    return "correct" if free and (wanted | found) and (wanted | found) <= free else "amend"


# --- what was changed --------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """One value that was changed: of the order, or of one of its lines."""

    line: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ChangeSet:
    """What one step changed. `side` is customer, staff or system."""

    at: Any
    side: str
    actor: str
    step: str
    values: list[Changed]


LINE_FIELDS = ("sku", "name", "quantity_ordered", "quantity_approved", "unit_price", "discount_percent", "state",
               "reason", "requested_on", *order_lines.TERMS)  # fmt: skip
ORDER_FIELDS = (*COLUMNS, "total_gross")
FOLLOWING = ("quantity_approved", "state", "reason")  # of a line that is open again: nobody has changed these


def change_sets(order, work, limit=20):
    """What was changed after the order was submitted, newest first: before and after, and on whose side (X-21)."""
    if order.changed_at is None:
        return []
    rows = work.session.scalars(
        select(History)
        .where(History.noun == "order", History.record_id == order.id, History.action.in_(f"order.{k}" for k in KINDS))
        .order_by(History.id.desc())
        .limit(limit)
    ).all()
    if not rows:
        return []
    names = dict(work.session.execute(select(OrderLine.id, OrderLine.sku).where(OrderLine.order_id == order.id)).all())
    for row in rows:  # of lines that went away the history knows the item code
        names |= {_line(key): pair[0] for key, pair in row.changes.items() if key.endswith(".sku") and pair[0]}
    side = {"external": "customer", "staff": "staff"}
    found = [ChangeSet(row.at, side.get(row.inside, "system"), row.actor, row.action.rpartition(".")[2],
                       _values(row.changes, names)) for row in rows]  # fmt: skip
    return [one for one in found if one.values and not _only_opened(one)]


def _only_opened(one):
    """Whether an order that had been cut costs what was ordered again, and nothing else has changed."""
    return one.step == "amend" and all(value.field == "total_gross" for value in one.values)


def _line(key):
    return int(key.split(".")[1])


def _values(changes, names):
    """The changes a person wants to see; a line that came or went is told by its quantity."""
    found = []
    for key, (before, after) in changes.items():
        if not key.startswith("lines."):
            found += [Changed("", key, before, after)] if key in ORDER_FIELDS else []
            continue
        whole = changes.get(f"lines.{_line(key)}.sku", (1, 1))
        name = key.rpartition(".")[2]
        new, gone = whole[0] is None, whole[1] is None
        if name in FOLLOWING and changes.get(f"lines.{_line(key)}.state", ("", ""))[1] == "open":
            continue
        if name in (("quantity_ordered",) if new or gone else LINE_FIELDS):
            found.append(Changed(names.get(_line(key), ""), name, before, after))
    return found
