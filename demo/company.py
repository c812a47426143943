"""The demo company: a believable year of a small wholesaler, made through the real rules.

It belongs into an empty database only. Everything is one transaction: it is there as a whole, or not at all.
"""

from sqlalchemy import select

from demo import (
    afterwards,
    carts,
    changes,
    desk,
    folk,
    house,
    offers,
    order_forms,
    proposals,
    service,
    trade,
    wizard,
)
from demo.stage import Stage
from models.customers import Customer


def fill(work, password):
    """Make the demo company in the open unit of work of the house.

    :param password: of every demo user
    :raises RuntimeError: the database is not empty
    """
    if work.session.scalar(select(Customer.id).limit(1)) is not None:
        raise RuntimeError("The demo company is made in an empty database only.")
    stage = Stage(work)
    with stage.scene(days=120):
        house.make(work)
        stage.users = folk.staff(work, password)
        found = folk.buyers(work, stage.users["reviewer"])
        external, group = folk.users(work, found, password)
        stage.users |= external
        stage.roles = folk.roles()
        folk.own_prices(work, found)
        group_id = group.id
    made = trade.make(stage)
    trade.credits(stage, made)
    changes.make(stage, made)
    proposals.make(stage)
    service.agreements(stage)
    service.questions(stage, made)
    service.papers(stage, group_id, made)
    offers.make(stage)
    service.notes(stage, made)
    trade.papers(stage, made)
    afterwards.make(stage, made)
    order_forms.make(stage)
    carts.make(stage)
    wizard.orders_of_it(stage, wizard.services_of_ours(stage))
    desk.make(stage)
