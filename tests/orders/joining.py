"""Merging orders in a test: who does it, and what came of it."""

from app.core.work import Actor
from app.rules import orders
from models.orders import Order

STAFF = Actor("Rita", kind="staff", user_id=None, may=lambda permission: True)
GONE = {"with_deleted": True}


def buyer(customer_id):
    return Actor("Bea", kind="external", customers=frozenset({customer_id}), may=lambda permission: True)


def merge(open_work, ids, actor=STAFF, **data):
    with open_work(actor):
        outcome = orders.FLOW.run("merge", ids, **data)
        return [one.id for one in outcome.made], {one.id: one.error.code for one in outcome.refused}


def of(work, pk):
    return work.session.get(Order, pk, execution_options=GONE)


def told(lines):
    return [(one.sku, one.quantity_ordered, one.net) for one in lines]
