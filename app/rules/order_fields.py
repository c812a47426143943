"""The field matrix: who may change which field of an order in which state, and presets that fill it (X-12, X-41).

A row names a side, a state and fields; it may name an order type and a role besides. Rows that name the
order's type hold instead of the general ones; of those that hold, one that allows a field is enough.
"""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from app.core import kept, scope
from app.core.errors import BusinessError
from app.rules import order_terms
from models.order_changes import FieldRule

FIELDS = {
    "line_add": _l("Lines: add products"),
    "line_remove": _l("Lines: remove"),
    "line_quantity": _l("Lines: quantities"),
    "line_price": _l("Lines: prices and discounts"),
    "line_terms": _l("Lines: start and term"),
    "line_sale_type": _l("Lines: sale type"),
    "line_keyword": _l("Lines: keyword"),
    "line_ranking": _l("Lines: ranking position"),
    "line_link": _l("Lines: link address"),
    "line_picture": _l("Lines: picture"),
    "reference": _l("Reference"),
    "remark": _l("Remark"),
    "requested_on": _l("Requested delivery date"),
    "delivery_address": _l("Delivery address"),
    "billing_address": _l("Billing address"),
    "delivery_method": _l("Delivery method"),
    "payment_terms": _l("Payment terms"),
    "channel": _l("Channel"),
    "contract": _l("Contract"),
}
SIDES = {
    "customer": _l("The customer"),
    "branch": _l("Staff of a branch"),
    "staff": _l("Staff of the whole house"),
}
STATES = ("submitted", "changed", "confirmed", "released", "rejected")
OPEN = ("submitted", "changed", "confirmed", "rejected")
GOODS = ("line_add", "line_remove", "line_quantity")
WORDS = ("reference", "remark", "requested_on", "delivery_address", "billing_address", "delivery_method")
TERMS = ("line_terms", "line_sale_type", "line_keyword", "line_ranking", "line_link", "line_picture")
OURS = (*GOODS, "line_price", "line_terms", *WORDS, "payment_terms", "channel")
EVERYTHING = tuple(FIELDS)


@dataclass(frozen=True)
class Row:
    """One row of a preset."""

    side: str
    states: tuple[str, ...]
    fields: tuple[str, ...]
    review: bool = True
    role: str = ""


HOUSE = (Row("branch", OPEN, OURS), Row("staff", OPEN, OURS))
PRESETS = {  # code: (what it means, rows)
    "default": (_l("Both sides change an order until it is released; prices and terms are ours."),
                (Row("customer", OPEN, (*GOODS, *WORDS)), *HOUSE)),
    "S2a": (_l("Only staff change orders."), HOUSE),
    "S2f": (_l("Only administrators change orders."),
            tuple(Row(side, OPEN, EVERYTHING, role="Admin") for side in ("branch", "staff"))),
    "S2k": (_l("Staff change everything until the order is released."),
            tuple(Row(side, OPEN, EVERYTHING) for side in ("branch", "staff"))),
    "S2n": (_l("The customer changes any order he has submitted, until it is confirmed."),
            (Row("customer", ("submitted", "changed", "rejected"), (*GOODS, *WORDS)), *HOUSE)),
    "S2r": (_l("Staff change quantities and prices; the customer changes nothing."),
            tuple(Row(side, OPEN, (*GOODS, "line_price", "remark")) for side in ("branch", "staff"))),
    "S2s": (_l("A branch changes all but contract, products and sale type until the review; afterwards link and"
               " picture only. The head office corrects."),
            (Row("branch", ("submitted", "changed", "rejected"),
                 ("line_quantity", "line_price", "line_terms", "line_keyword", "line_ranking", "line_link",
                  "line_picture", *WORDS, "payment_terms", "channel")),
             Row("branch", ("confirmed", "released"), ("line_link", "line_picture"), review=False),
             Row("staff", ("submitted", "changed", "rejected"), EVERYTHING),
             Row("staff", ("confirmed", "released"), (*TERMS, *WORDS, "contract"), review=False))),
    "S3": (_l("The customer changes quantities and lines until he sends the order for shipment."),
           (Row("customer", ("submitted", "changed", "confirmed"), GOODS), *HOUSE)),
    "S2l": (_l("The customer changes nothing after the order was made; staff change quantities."),
            tuple(Row(side, OPEN, (*GOODS, "requested_on", "delivery_address", "remark"))
                  for side in ("branch", "staff"))),
}  # fmt: skip


def allowed(order, work, review=True):
    """The fields the actor may change of an order as it stands; the house itself may change all.

    :param review: True for changes that must be reconfirmed, False for those that need no new review
    """
    side = order_terms.side(work.actor)
    if side == "system":
        return frozenset(FIELDS)
    rows = _rows(side, work)
    own = [row for row in rows if row.order_type_id == order.order_type_id]
    rows = own or [row for row in rows if row.order_type_id is None]
    rows = [row for row in rows if row.order_state == order.state and row.review == review]
    roles = _roles(work) if any(row.role_id for row in rows) else frozenset()
    held = [row for row in rows if row.role_id is None or row.role_id in roles]
    return frozenset(name for row in held for name in row.fields if name in FIELDS)


def _rows(side, work):
    """The rows of a side, read once per process."""
    return kept.get(work, _what(side), lambda work: _read(side, work))


def _what(side):
    return f"field rules of {side}"


def _read(side, work):
    with scope.lifted(work, "what somebody may change is the house's to say"):
        return work.session.execute(select(*_COLUMNS).where(FieldRule.side == side)).all()


_COLUMNS = (FieldRule.order_type_id, FieldRule.role_id, FieldRule.order_state, FieldRule.review, FieldRule.fields)


def _roles(work):
    """The ids of the roles the actor holds, by himself or by a group."""
    asked = text(
        "select role_id from ab_user_role where user_id = :user union select g.role_id from ab_user_group ug "
        "join ab_group_role g on g.group_id = ug.group_id where ug.user_id = :user"
    )
    return frozenset(work.session.connection().execute(asked, {"user": work.actor.user_id}).scalars())


def apply_preset(code, order_type_id, work):
    """Put the rows of a preset in the place of those of an order type, or of the general ones.

    :param order_type_id: None for the rows that hold for every type without its own
    :raises BusinessError: 'unknown_preset'
    """
    if code not in PRESETS:
        raise BusinessError("unknown_preset", _l("There is no such preset."), field="preset")
    mine = FieldRule.order_type_id
    old_rows = select(FieldRule).where(mine.is_(None) if order_type_id is None else mine == order_type_id)
    for old in work.session.scalars(old_rows):
        work.session.delete(old)
    made = []
    for row in PRESETS[code][1]:
        role = _role(row.role, work)
        same = {"side": row.side, "role_id": role, "order_type_id": order_type_id, "review": row.review}
        made += [FieldRule(order_state=state, fields=list(row.fields), preset=code, **same) for state in row.states]
    if order_type_id is not None:  # a side the preset says nothing about changes nothing of this type
        made += [FieldRule(side=side, order_type_id=order_type_id, order_state="submitted", fields=[], preset=code)
                 for side in SIDES if side not in {row.side for row in made}]  # fmt: skip
    work.session.add_all(made)
    work.session.flush()
    for side in SIDES:
        kept.forget(work, _what(side))
    return made


def _role(name, work):
    if not name:
        return None
    return work.session.connection().execute(text("select id from ab_role where name = :n"), {"n": name}).scalar_one()


def check_rule(rule, work):
    """A row of the matrix names known fields; its preset is forgotten once somebody edits it.

    What goods and money hang on is reviewed once it is agreed on: a correction would leave what is kept back as it was.

    :raises BusinessError: 'unknown_field', 'needs_review'
    """
    unknown = set(rule.fields or ()) - FIELDS.keys()
    if unknown:
        raise BusinessError("unknown_field", _l("There is no such field of an order."), field="fields")
    rule.fields = [name for name in FIELDS if name in set(rule.fields or ())]
    if not rule.review and rule.order_state in ("confirmed", "released") and {*GOODS, "line_price"} & {*rule.fields}:
        text = _l("Products, quantities and prices of an order that is confirmed need a new review.")
        raise BusinessError("needs_review", text, field="fields")
    rule.preset = ""
