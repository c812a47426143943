"""From an accepted quote to an order at the quoted prices (CRT-10, X-33)."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core import facts, settings
from app.core.errors import BusinessError
from app.rules import documents, entry, order_terms, orders, pricing, products, quote_discounts, quote_words
from app.rules import quote_revisions as revisions
from models.orders import Order, OrderLine
from models.products import Product

EVERYWHERE = ("portal", "branch", "system")
settings.setting(
    "ORDER_ON_QUOTE_ACCEPT", bool, False, _l("Accepting a quote makes the order at once"), EVERYWHERE
)
settings.setting("QUOTE_CONVERT_AGAIN", bool, False, _l("A quote may be converted to more than one order"), EVERYWHERE)


def asked(name, quote, work):
    """A setting as it holds for a quote."""
    return settings.get(name, work, portal=quote.customer.portal_id, branch=quote.branch_id)


def not_converted(quote, work):
    """Each quote becomes one order, unless a setting allows more (X-33)."""
    if quote.converted_at is not None and not asked("QUOTE_CONVERT_AGAIN", quote, work):
        raise BusinessError("already_converted", _l("An order was made of this quote already."))


def make(quote, work, reference=None, number=None):
    """Make and submit the order of the accepted lines; both know each other from now on.

    :param reference: the customer's own order number, default the one he gave with his request
    :param number: of the order, where orders of its type are numbered by hand (X-16)
    :raises BusinessError: 'already_converted', 'no_product', 'product_archived', and what submitting refuses
    """
    not_converted(quote, work)
    words = quote_words.product_for(quote, work)
    order = Order(
        order_type_id=1, customer_id=quote.customer_id, branch_id=quote.branch_id, locale=quote.locale,
        currency_code=quote.currency_code, includes_tax=quote.includes_tax, remark=quote.remark,
        reference=(reference or "").strip()[:80] or quote.reference, requested_on=quote.requested_on,
        delivery_method_id=quote.delivery_method_id,
    )  # fmt: skip
    with work.session.no_autoflush:
        if number and number.strip():
            order.number = number.strip()
            order_terms.check_number(order, order.number, work)
        if quote.delivery_address_id:
            order.delivery_address_id, order.delivery_address = quote.delivery_address_id, quote.delivery_address
        entry.begin(order, quote.customer, work)
        taken = quote_discounts.spread(quote, revisions.find(quote, quote.revision), quote.lines).shares
        goods = _products([one.line for one in taken], words, work)
        order.lines = [_line(order, one, at, goods[one.line.id]) for at, one in enumerate(taken, 1)]
        entry.sum_up(order)
    work.session.add(order)
    work.session.flush()
    orders.FLOW.run_one("submit", order)
    quote.converted_at = work.now
    documents.link(quote, order, "quoted", work)
    return order


def at_once(quote, work):
    """The order of a quote that was accepted just now, where the setting says so and the actor may order."""
    if not asked("ORDER_ON_QUOTE_ACCEPT", quote, work) or not work.actor.may("order.submit"):
        return None
    if order_terms.number_mode(None, work) == "manual":  # a person has to say the number
        return None
    made = make(quote, work)
    facts.publish(work, "quote.convert", "quote", quote, before="accepted", after="accepted")
    return made


def _products(taken, words, work):
    """{line id: product} of the lines that are ordered; `words` for those that name none."""
    parts = (joinedload(Product.tax_category), joinedload(Product.unit))
    ids = {line.product_id for line in taken if line.product_id}
    rows = work.session.scalars(select(Product).where(Product.id.in_(ids)).options(*parts))
    found = {row.id: row for row in rows}
    for product in found.values():
        products.check_sellable(product)
    return {line.id: found.get(line.product_id, words) for line in taken}


def _line(order, share, position, product):
    """A line as it was accepted: its price is the quoted one less its share of the discount on the whole."""
    line, price = share.line, share.unit_price
    made = OrderLine(
        customer_id=order.customer_id, position=position, product_id=product.id, sku=product.sku, name=line.name,
        unit_code=line.unit_code, tax_rate=line.tax_rate, tax_code=product.tax_category.code,
        list_price=line.list_price if line.list_price is not None else line.unit_price, unit_price=price,
        discount_percent=line.discount_percent, price_source=pricing.AGREED, quantity_ordered=line.quantity,
        quantity_approved=Decimal(0), state="open", reason="", pack_factor=Decimal(1), requested_on=line.requested_on,
    )  # fmt: skip
    made.data = {"agreed": {  # what both sides agreed on holds also when the order is changed
        "name": line.name, "unit_price": format(price, "f"),
        "discount_percent": format(line.discount_percent, "f"), "includes_tax": order.includes_tax,
    }}  # fmt: skip
    entry.count(made, order)
    return made
