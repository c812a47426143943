"""Merging placed orders into one (ORD-31, ORD-32; X-19, X-24).

`FLOW.run("merge", ids)` makes a new submitted order of two or more: all or nothing. The sources are cancelled as
merged and marked for deletion at once; what becomes of them then stands in `order_unmerge`.
Amounts never change by merging: equal lines are added up only where their sums stay the same to the last digit.
"""

import json
from collections import Counter

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from wtforms import Form, IntegerField, StringField
from wtforms.validators import Length, Optional

from app.core import facts, history, settings
from app.core.errors import BusinessError
from app.core.money import Money
from app.core.steps import SetRefused
from app.rules import documents, entry, order_parts, order_terms, orders, stock, tax
from models.customers import Address
from models.orders import Order
from models.products import Product

FLOW = orders.FLOW
KIND = "merged"  # of the links from the sources to the result
AT_MOST = 50  # orders of one merge
SAME = {  # what the orders must have in common, and what is said where they do not
    "customer_id": ("other_customer", _l("Only orders of the same customer can be merged.")),
    "currency_code": ("other_currency", _l("Only orders in the same currency can be merged.")),
    "order_type_id": ("other_type", _l("Only orders of the same type can be merged.")),
    "branch_id": ("other_branch", _l("Only orders of the same branch can be merged.")),
    "includes_tax": ("mixed_tax", _l("Prices with tax and prices without tax cannot stand in one order.")),
    "contract_id": ("other_contract", _l("Only orders under the same contract can be merged.")),
    "payment_terms_id": ("other_terms", _l("Only orders with the same payment terms can be merged.")),
}
ADDRESSES = {
    "delivery_address": _l("The orders go to different addresses. Choose the one for the merged order."),
    "billing_address": _l("The orders are billed to different addresses. Choose the one for the merged order."),
}
LIKE = ("portal_id", "locale", "delivery_method_id", "payment_method_id")  # the first order's, where they differ
EQUAL = tuple(name for name in (*order_parts.TEXTS, "tax_rate") if name != "price_source")
settings.setting(
    "MERGE_ADD_UP", bool, True, _l("Equal products at equal prices are added up when orders are merged"),
    ("portal", "system"),
)  # fmt: skip


class MergeForm(Form):
    """What the merged order needs to be told, where its sources do not agree."""

    delivery_address = IntegerField(_l("Delivery address"), [Optional()])
    billing_address = IntegerField(_l("Billing address"), [Optional()])
    number = StringField(_l("Number"), [Optional(), Length(max=40)])


# --- what can be merged ------------------------------------------------------------------------


def check(found, work):
    """Refuse what cannot be merged with the others, each order with its reason.

    :raises SetRefused: because of some of the orders
    :raises BusinessError: 'at_least_two', 'too_many'
    """
    if len(found) < 2:
        raise BusinessError("at_least_two", _l("Choose at least two orders to merge."))
    if len(found) > AT_MOST:
        raise BusinessError("too_many", _l("At most %(count)s orders can be merged at once.", count=AT_MOST))
    reasons = order_parts.bound(found, work)
    for name, (code, text) in SAME.items():
        usual = Counter(getattr(one, name) for one in found).most_common(1)[0][0]
        for one in found:
            if getattr(one, name) != usual:
                reasons.setdefault(one.id, BusinessError(code, text))
    if reasons:
        raise SetRefused(reasons)


def differing(found):
    """The addresses somebody has to choose, because the orders do not agree: names of ADDRESSES."""
    return [name for name in ADDRESSES if len({getattr(one, f"{name}_id") for one in found}) > 1]


def _address(name, found, wanted, work):
    """Where the merged order goes, or who pays for it: the orders' own, else the one that was chosen."""
    if not wanted:
        if name in differing(found):
            text = ADDRESSES[name]
            raise BusinessError("address_missing", text, field=name, fields={name: str(text)})
        return getattr(found[0], name)
    row = work.session.get(Address, wanted) if 0 < wanted < 2**63 else None
    of_orders = {getattr(one, f"{name}_id") for one in found}
    usable = row is not None and row.customer_id == found[0].customer_id
    if not usable or (row.retired_at is not None and row.id not in of_orders):
        text = _l("Choose an address of the customer.")
        raise BusinessError("bad_address", text, field=name, fields={name: str(text)})
    return row


# --- merging -----------------------------------------------------------------------------------


@FLOW.transition(
    "merge", source=order_parts.OPEN, target="cancelled", icon="fa-object-group", set_wise=True, as_house=True,
    label=_lp("order", "Merge"), told=_lp("history", "Merged"), form=MergeForm, guards=order_parts.WHOLE,
    ask=_l("Merge the orders into a new one? It is sent for confirmation; these orders are deleted."),
)  # fmt: skip
def merge(found, work, delivery_address=None, billing_address=None, number=None):
    """Make one submitted order of several; what they kept back is given back (ORD-31, X-24).

    :param delivery_address: id of an address of the customer, where the orders do not agree; billing_address as well
    :param number: only where the type of the orders is numbered by hand
    :returns: the merged order
    :raises BusinessError: of `check`; 'address_missing', 'bad_address', 'too_many_lines'; and of submitting an order
    """
    _load(found, work)
    check(found, work)
    made = _begun(found, work)
    with work.session.no_autoflush:
        for name, wanted in (("delivery_address", delivery_address), ("billing_address", billing_address)):
            address = _address(name, found, wanted, work)
            setattr(made, f"{name}_id", address.id if address is not None else None)
            setattr(made, name, address)
        if number:
            order_terms.check_number(made, number, work)
            made.number = number
        _give_up(found, work)
        made.lines = lines_of(found, made, work)
        entry.sum_up(made)
    FLOW.born("submit", made)
    history.record(work, made, "order.merge", ", ".join(str(one) for one in found))
    for one in found:
        history.record(work, one, "order.merge", str(made))
        documents.link(one, made, KIND, work)
    facts.publish(work, "order.merged", "order", made)
    return made


def _load(found, work):
    """Everything of the orders that merging looks at, in a statement for each kind, however many they are."""
    parts = selectinload(Order.lines), selectinload(Order.asked), joinedload(Order.customer)
    addresses = joinedload(Order.delivery_address), joinedload(Order.billing_address)
    ids = [one.id for one in found]
    work.session.scalars(select(Order).where(Order.id.in_(ids)).options(*parts, *addresses)).unique().all()


def _begun(found, work):
    """The new order with the head the sources have in common."""
    first = found[0]
    made = Order(**{name: getattr(first, name) for name in (*SAME, *LIKE)}, made_as="merge")
    made.reference = _joined([one.reference for one in found], ", ", 80)
    made.promotion_code = _joined([one.promotion_code for one in found], ", ", 40)
    remarks = {one.remark.strip(): str(one) for one in reversed(found) if one.remark.strip()}
    told = [f"{name}: {remark}" for remark, name in remarks.items()] if len(remarks) > 1 else list(remarks)
    made.remark = "\n".join(reversed(told))
    made.requested_on = min((one.requested_on for one in found if one.requested_on), default=None)
    handlers = {one.handler_id for one in found}
    made.handler_id = handlers.pop() if len(handlers) == 1 else None
    with work.session.no_autoflush:
        entry.begin(made, first.customer, work)
    return made


def _joined(texts, stroke, most):
    """Different texts one after the other, as far as there is room."""
    whole = stroke.join(dict.fromkeys(one.strip() for one in texts if one.strip()))
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def _give_up(found, work):
    """The sources are cancelled and hold nothing any more, before the new order is looked at."""
    stock.release([line.id for one in found for line in one.lines], work)
    for one in found:
        one.merged_at, one.merged_state = work.now, one.state
        one.cancelled_at, one.cancelled_by = work.now, work.actor.user_id
        FLOW.move(one, "cancelled")
    work.session.flush()


def lines_of(found, made, work):
    """The lines of the merged order: those of its sources, equal ones added up where a setting says so.

    A line of which less was agreed on than was ordered stays by itself, with what was agreed.
    :raises BusinessError: 'too_many_lines'
    """
    rates = _rates(found, made, work)
    add_up = settings.get("MERGE_ADD_UP", work, portal=made.portal_id)
    rows, at = [], {}
    for one in found:
        for line in one.lines:
            row = order_parts.copied(line, made, len(rows) + 1, line.quantity_ordered, rates.get(line.product_id))
            if order_parts.cut(line):
                row.state, row.reason, row.quantity_approved = line.state, line.reason, line.quantity_approved
                entry.count(row, made)
            elif add_up:
                key = _key(row)
                if key in at and _added(at[key], row, made):
                    continue
                at[key] = row
            rows.append(row)
    if len(rows) > entry.LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("An order has at most %(count)s lines.", count=entry.LINES_AT_MOST))
    return rows


def _rates(found, made, work):
    """{product id: tax} where the goods go to another country than before; else what was agreed stays."""
    if {entry.country_of(one) for one in found} == {entry.country_of(made)}:
        return {}
    ids = {line.product_id for one in found for line in one.lines}
    goods = work.session.scalars(select(Product).where(Product.id.in_(ids))).all()
    rates = entry.tax_rates(made, goods, work)
    return {product.id: rates[product.tax_category_id] for product in goods}


def _key(line):
    """What two lines must have in common to be added up."""
    said = {name: value for name, value in line.data.items() if name != "origins"}
    return (*(getattr(line, name) for name in EQUAL), json.dumps(said, sort_keys=True))


def _added(line, more, order):
    """Add a line up with an equal one, unless the sum would be rounded to another amount.

    :returns: whether it was
    """
    quantity = line.quantity_ordered + more.quantity_ordered
    sums = tax.net_tax_gross(line.unit_price, quantity, line.discount_percent, line.tax_rate, order.includes_tax,
                             order.currency_code)  # fmt: skip
    parts = [Money(getattr(line, name) + getattr(more, name), order.currency_code) for name in ("net", "tax", "gross")]
    if [sums.net, sums.tax, sums.gross] != parts:
        return False
    line.quantity_ordered = quantity
    line.data = line.data | {"origins": [*line.data["origins"], *more.data["origins"]]}
    entry.count(line, order)
    return True
