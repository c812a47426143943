"""To whom something is offered: everybody, or exactly the customers and access groups that are named."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import facts, history
from app.core.errors import BusinessError
from models.customers import Customer
from models.people import AccessGroup


def offer(row, customers, groups, everyone, work):
    """Say who may see a record: everybody, or exactly these customers and access groups.

    :param row: a file, a product or a price list; customers and groups are rows or ids
    :raises BusinessError: 'nobody_named'
    """
    customers, groups = ([getattr(one, "id", one) for one in named or ()] for named in (customers, groups))
    if not everyone and not customers and not groups:
        text = _l("Choose customers or access groups, or offer it to everyone.")
        raise BusinessError("nobody_named", text, field="everyone")
    work.session.flush()
    wanted = set() if everyone else {(one, None) for one in customers} | {(None, one) for one in groups}
    _name(row, wanted, work)
    row.everyone = bool(everyone)
    noun = type(row).__history__
    history.record(work, row, f"{noun}.offer", **({"to": _labels(wanted, work)} if wanted else {}))
    facts.publish(work, f"{noun}.offer", noun, row)
    work.session.flush()
    work.session.expire(row, ["audiences"])


def add(row, customer, group, work):
    """Offer a record to one more customer or access group; from then on it is no longer for everybody."""
    customers = [one.customer_id for one in row.audiences if one.customer_id] + ([customer] if customer else [])
    groups = [one.access_group_id for one in row.audiences if one.access_group_id] + ([group] if group else [])
    offer(row, customers, groups, False, work)


def withdraw(row, audience_id, work):
    """Offer a record to one customer or access group less.

    :raises BusinessError: 'nobody_named' for the last one
    """
    left = [one for one in row.audiences if one.id != audience_id]
    offer(row, [one.customer_id for one in left if one.customer_id],
          [one.access_group_id for one in left if one.access_group_id], False, work)  # fmt: skip


def _name(row, wanted, work):
    model = type(row).__mapper__.relationships["audiences"].mapper.class_
    rows = work.session.scalars(select(model).where(model.record_id == row.id)).all()
    for one in rows:
        if (one.customer_id, one.access_group_id) not in wanted:
            work.session.delete(one)
    there = {(one.customer_id, one.access_group_id) for one in rows}
    work.session.add_all(
        [model(record_id=row.id, customer_id=customer, access_group_id=group)
         for customer, group in sorted(wanted - there, key=str)]
    )  # fmt: skip


def _labels(wanted, work):
    """Whom an audience names, as the history tells it."""
    names = []
    for model, place in ((Customer, 0), (AccessGroup, 1)):
        ids = {pair[place] for pair in wanted} - {None}
        names += work.session.scalars(select(model.name).where(model.id.in_(ids)))
    return ", ".join(sorted(names))
