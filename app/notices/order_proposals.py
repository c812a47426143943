"""Who hears that something else is proposed for lines of an order, what was answered, and that it was taken back."""

from app.core import facts
from app.core.money import Money
from app.notices.core import notice
from app.notices.orders import READ, values
from app.notices.readers import handlers
from app.rules import order_proposals, proposed_lines

SHOWN = 20  # lines a message names; the order shows all
TEAM = handlers("order.answer")


def _told_of(order, state, work):
    """The proposal a fact is about: rounds may follow each other faster than their messages."""
    found = [one for one in order_proposals.of_order(order, work) if one.state == state]
    fact, moment = facts.heard(work), "created_at" if state == "open" else "answered_at"
    return next((one for one in found if fact is None or getattr(one, moment) == fact.at), None)


def _reader(state, other):
    """Who is told: the other side of the proposal, or the one that made it."""

    def to(order, work):
        found = _told_of(order, state, work)
        if found is None:
            return []
        return READ(order, work) if (found.side == "staff") is other else TEAM(order, work)

    return to


def _lines(found, order):
    """Before and after of each line, plain values for the templates."""
    return [
        {
            "sku": line.sku, "before": _terms(proposed_lines.terms(line, False), order),
            "after": _terms(proposed_lines.terms(line, True), order), "remark": line.remark, "answer": line.answer,
            "why": line.answer_remark,
        }
        for line in found.lines[:SHOWN]
    ]  # fmt: skip


def _terms(terms, order):
    if terms is None:
        return None
    price = Money(terms["unit_price"], order.currency_code)
    return {**terms, "price": price, "amount": proposed_lines.worth(terms, order)}


def _told(order, found, work):
    return values(order, work) | {"proposed": _lines(found, order), "note": found.note, "ours": found.side == "staff"}


@notice("order.propose", name="order_proposed", to=_reader("open", True), changes=True)
def order_proposed(order, work):
    """The other side proposes something else; what was agreed last holds until it is answered."""
    found = _told_of(order, "open", work)
    return _told(order, found, work) if found is not None else {}


@notice("order.answer", name="order_proposal_answered", to=_reader("answered", False), changes=True)
def order_proposal_answered(order, work):
    """What the other side says to each line, and what it proposes instead."""
    found = _told_of(order, "answered", work)
    if found is None:
        return {}
    later = order_proposals.of_order(order, work)
    counter = [one for one in later if one.number == found.number + 1 and one.created_at == found.answered_at]
    told = {"counter": _lines(counter[0], order) if counter else [], "note": found.answer_note}
    return _told(order, found, work) | told


@notice("order.withdraw", name="order_proposal_withdrawn", to=_reader("withdrawn", True), changes=True)
def order_proposal_withdrawn(order, work):
    """Nothing is to be answered any more."""
    found = _told_of(order, "withdrawn", work)
    return values(order, work) | {"ours": found.side == "staff"} if found is not None else {}
