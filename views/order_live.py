"""A line of an order as it is typed: what it costs now, and whether the stock holds it."""

from flask_babel import gettext as _

from app.core.localized import format_money, format_number, pick
from app.core.money import Money
from app.core.scope import lifted
from app.reading import locale, reader
from app.rules import entry, pricing, products, stock
from views import order_amend, order_wire, wire
from views.cells import price as price_text
from views.cells import price_source


def line(args, work, order=None):
    """What one row costs now and whether the stock holds it; a line of an order that stays as it is costs what it cost.

    :param order: the order that is being changed, if any
    """
    wanted = str(order.customer_id) if order is not None else args.get("customer", "")
    customer = entry.customer_of(int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None, work)
    quantity = order_wire.typed_number("quantity", args.get("quantity") or "1")
    currency = order.currency_code if order is not None else args.get("currency") or customer.currency_code
    kept = order_amend.frozen_line(order, args) if order is not None else None
    with lifted(work, "what was ordered already may be offered to nobody"):
        product = kept.product if kept is not None else None
    if product is None:
        product = products.sellable(args.get("sku", ""), work)
    explained = pricing.explain(product, customer, currency, None, quantity, work) if kept is None else None
    price = kept or explained.priced
    if price is None:
        raise pricing.no_price(currency)
    with lifted(work, "what is in stock is told for the row that is being typed"):
        free = stock.available([product.id], work, branch_id=(order or customer).branch_id)[product.id]
    enough = free is None or product.backorder or free >= quantity
    money = Money(price.unit_price * quantity, currency).rounded()
    said = None if free is None else _("Available: %(quantity)s", quantity=format_number(max(free, 0), reader()))
    return {
        "sku": product.sku, "name": _called(kept, product), "unit": pick(product.unit.symbols, locale()),
        "unit_price": wire.amount(price.unit_price, currency), "list_price": wire.amount(price.list_price, currency),
        "unit_price_text": price_text(price.unit_price, currency, reader()),
        "amount_text": format_money(money, reader()),
        "source": price_source(kept.price_source, reader()) if kept is not None else str(price.source),
        "break_text": _cheaper(explained, currency),
        "available": None if free is None else wire.number(free), "available_text": said,
        "enough": enough, "refused": None,
    }  # fmt: skip


def _called(kept, product):
    """A product in the reader's language; a line with words of its own keeps them."""
    agreed = (kept.data or {}).get("agreed") if kept is not None else None
    return agreed["name"] if agreed else pick(product.names, locale())


def _cheaper(explained, currency):
    """From which quantity on a unit costs less, in words; None where more does not help."""
    if explained is None or explained.cheaper is None:
        return None
    quantity, best = explained.cheaper
    told = {"quantity": format_number(quantity, reader()), "price": price_text(best.unit_price, currency, reader())}
    return _("From %(quantity)s on: %(price)s each.", **told)
