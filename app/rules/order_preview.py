"""What becomes of order rows: each is taken, changed or refused, with the reason (X-36).

Rows come from `app.rules.order_rows` and get: `mark` (taken, changed, refused), `why` ([[code, values]]), `take`
(quantity ordered in the product's unit; "0" where the row was added to an earlier one), `code`, `product`,
`unit_code`, `price`, `gross` (whether the price includes tax), `amounts` ([net, tax, gross]) and `short` (what can be
had now, where that is less). All of them are texts, so that they can be kept as JSON. The number of statements does
not depend on the number of rows.
"""

from collections import Counter
from decimal import Decimal
from functools import lru_cache

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, func, select

from app.core import scope, searchtext
from app.core.errors import BusinessError
from app.core.localized import format_money, format_number, pick
from app.core.money import Money, check_size, round_half_up
from app.core.quantity import plain
from app.rules import entry, masters, pricing, stock, tax
from models.orders import Order
from models.organisation import Unit
from models.products import Product, UnitFactor

TAKEN, CHANGED, REFUSED = MARKS = ("taken", "changed", "refused")
REASONS = {
    "no_sku": _l("The item code is missing."),
    "no_quantity": _l("The quantity is missing."),
    "bad_quantity": _l("This is not a quantity: %(asked)s"),
    "not_positive": _l("Enter a quantity greater than zero."),
    "formula": _l("The formula in this row has no stored result. Replace it by its value."),
    "merged_cells": _l("This row is covered by merged cells. Give each row its own item code and quantity."),
    "unknown_product": _l("There is no product %(sku)s."),
    "product_archived": _l("The product %(sku)s is no longer offered."),
    "unit_unknown": _l("The product is not sold in this unit: %(unit)s"),
    "no_price": _l("No price list offers this product to the customer in %(currency)s."),
    "more_needed": _l("There is a price for larger quantities only: %(source)s"),
    "mixed_tax": _l("Its price is meant otherwise than those of the other rows: with tax, or without it."),
    "added_up": _l("The product stands in several rows (%(rows)s). Their quantities were added up."),
    "added": _l("Added to row %(row)s, which has the same product."),
    "converted": _l("%(asked)s %(unit)s make %(quantity)s of the product's own unit."),
    "rounded": _l("Rounded to whole steps of the unit: %(quantity)s instead of %(asked)s."),
    "price": _l("The price is %(price)s now, it was %(told)s before."),
}
_ANY_QUANTITY = Decimal(10) ** 12


def sketch(customer, currency, work):
    """An order of the customer as it would be today; it is never kept."""
    order = Order(order_type_id=1, customer_id=customer.id, currency_code=currency)
    with work.session.no_autoflush:
        entry.begin(order, customer, work)
    return order


def judge(rows, order, locale, work):
    """Say of each row what becomes of it. All rows of a product must come together.

    :param order: what `sketch` gave
    :param locale: language of the product names
    """
    for row in rows:
        row.update(mark=TAKEN, why=[], take="0", code="", product=row["name"], unit_code="", price=None, gross=False,
                   amounts=None, short=None)  # fmt: skip
        if row["problem"]:
            _refuse(row, row["problem"], asked=row["asked"])
    found = _products([row["sku"] for row in rows if row["mark"] != REFUSED], work)
    units = {one.code: one for one in work.session.scalars(select(Unit))}
    together = _together(rows, found, units, locale, work)
    wanted = {product: _sum(group, found[product], units) for product, group in together.items()}
    wanted = {product: quantity for product, quantity in wanted.items() if quantity}
    _price(wanted, together, found, order, work)
    _look_at_stock(together, found, order, work)


# --- products and quantities -------------------------------------------------------------------


def _products(skus, work):
    """{item code in capitals: product}, and the same under their ids: only what the actor may find."""
    wanted = sorted({sku.upper() for sku in skus})
    columns = (Product.id, Product.sku, Product.names, Product.unit_code, Product.tax_category_id, Product.archived_at,
               Product.backorder)  # fmt: skip
    same = masters.among(func.upper(Product.sku), wanted, String)
    rows = work.session.execute(select(*columns).where(same)).all() if wanted else []
    return {row.sku.upper(): row for row in rows} | {row.id: row for row in rows}


def _together(rows, found, units, locale, work):
    """{product id: [(row, quantity in the product's unit)]} of the rows that name a product on offer."""
    known = [(row, found.get(row["sku"].upper())) for row in rows if row["mark"] != REFUSED]
    factors = _factors([product.id for row, product in known if product is not None and row["unit"]], work)
    groups = {}
    for row, product in known:
        if product is None:
            _refuse(row, "unknown_product", sku=row["sku"])
            continue
        row.update(code=product.sku, product=pick(product.names, locale)[:300], unit_code=product.unit_code)
        factor = _factor(row["unit"], product, factors, units)
        if product.archived_at is not None:
            _refuse(row, "product_archived", sku=product.sku)
        elif factor is None:
            _refuse(row, "unit_unknown", unit=row["unit"])
        else:
            quantity = Decimal(row["quantity"]) * factor
            if factor != 1:
                _change(row, "converted", asked=row["asked"], unit=row["unit"], quantity=plain(quantity))
            groups.setdefault(product.id, []).append((row, quantity))
    return groups


def _factors(ids, work):
    """{product id: {unit: base units in one}}."""
    found = {}
    if ids:
        rows = select(UnitFactor.product_id, UnitFactor.unit_code, UnitFactor.factor)
        for product, unit, factor in work.session.execute(rows.where(masters.among(UnitFactor.product_id, set(ids)))):
            found.setdefault(product, {})[unit] = factor
    return found


def _factor(named, product, factors, units):
    """How many of the product's unit one of the unit named in the row holds; None where it has no such unit."""
    if not named or _means(named, units[product.unit_code]):
        return Decimal(1)
    for unit, factor in factors.get(product.id, {}).items():
        if _means(named, units[unit]):
            return factor
    return None


def _means(named, unit):
    """Whether a unit is meant by what stands in the row, in any language: pcs, pc., pcs."""
    said = _folded(named)
    symbols = [_folded(one) for one in (unit.code, *unit.symbols.values())]
    return any(said == one or (len(said) > 1 < len(one) and (one.startswith(said) or said.startswith(one)))
               for one in symbols)  # fmt: skip


@lru_cache(maxsize=1024)
def _folded(symbol):
    return searchtext.fold(symbol).strip(" .")


def _sum(group, product, units):
    """The quantity of a product over all its rows, in whole steps of its unit; None where nothing is left."""
    (first, _quantity), *others = group
    exact = sum((quantity for _row, quantity in group), Decimal(0))
    whole = round_half_up(exact, units[product.unit_code].digits)
    if others:
        _change(first, "added_up", rows=[str(row["at"]) for row, _quantity in group])
        for row, _quantity in others:
            _change(row, "added", row=str(first["at"]))
    if whole != exact:
        _change(first, "rounded", asked=plain(exact), quantity=plain(whole))
    try:
        check_size(whole)
    except ValueError:
        whole = Decimal(0)
    if whole <= 0:
        for row, _quantity in group:
            _refuse(row, "bad_quantity", asked=row["asked"])
        return None
    first["take"] = plain(whole)
    return whole


# --- prices ------------------------------------------------------------------------------------


def _price(wanted, together, found, order, work):
    if not wanted:
        return
    prices = pricing.quote(list(wanted), order.customer, order.currency_code, None, wanted, work)
    without = [product for product, price in prices.items() if isinstance(price, BusinessError)]
    larger = {}
    if without:
        many = dict.fromkeys(without, _ANY_QUANTITY)
        larger = pricing.quote(without, order.customer, order.currency_code, None, many, work)
    rates = entry.tax_rates(order, [found[product] for product in wanted], work)
    for product, price in prices.items():
        group = together[product]
        if isinstance(price, BusinessError):
            _refuse_unpriced(group, larger[product], order.currency_code)
        else:
            _count(group[0][0], price, wanted[product], rates[found[product].tax_category_id], order.currency_code)


def _refuse_unpriced(group, larger, currency):
    for row, _quantity in group:
        if isinstance(larger, BusinessError):
            _refuse(row, "no_price", currency=currency)
        else:
            _refuse(row, "more_needed", source=larger.mark)


def _count(row, price, quantity, rate, currency):
    amounts = tax.net_tax_gross(price.unit_price, quantity, 0, rate, price.includes_tax, currency)
    row.update(price=plain(price.unit_price), gross=price.includes_tax,
               amounts=[plain(one.amount) for one in amounts])  # fmt: skip
    if row["told"] is not None and Decimal(row["told"]) != price.unit_price:
        _change(row, "price", price=row["price"], told=row["told"])


def _look_at_stock(together, found, order, work):
    """Note what is short; it refuses nothing, as submitting an order does not."""
    first = {product: group[0][0] for product, group in together.items() if group[0][0]["amounts"]}
    if not first:
        return
    with scope.lifted(work, "what is in stock is told for the rows that are checked"):
        free = stock.available(list(first), work, branch_id=order.branch_id)
    for product, row in first.items():
        have = free.get(product)
        if have is not None and not found[product].backorder and have < Decimal(row["take"]):
            row["short"] = plain(max(have, Decimal(0)))


# --- all rows ----------------------------------------------------------------------------------


def finish(rows, currency):
    """Look at all rows together: prices with tax and without it cannot stand in one order.

    :returns: (Counter of marks, {net, tax, gross: total})
    """
    kinds = Counter(row["gross"] for row in rows if row["amounts"])
    usual = max(kinds, key=lambda kind: (kinds[kind], kind), default=False)
    gone = {str(row["at"]) for row in rows if row["amounts"] and row["gross"] != usual}
    for row in rows if gone else ():
        if str(row["at"]) in gone or any(code == "added" and values["row"] in gone for code, values in row["why"]):
            _refuse(row, "mixed_tax")
    marks = Counter(row["mark"] for row in rows)
    kept = [row["amounts"] for row in rows if row["amounts"]]
    net, tax_, gross = (sum((Decimal(one[at]) for one in kept), Decimal(0)) for at in range(3))
    return marks, {"net": net, "tax": tax_, "gross": gross}


def lines(rows):
    """The rows that can be ordered, as `entry.set_lines` and a cart take them."""
    return [{"sku": row["code"], "quantity": Decimal(row["take"])} for row in rows if row["amounts"]]


def outcome(row):
    """What has to stay the same between a preview and the order made of it."""
    return row["mark"], row["take"], row["price"]


def _refuse(row, code, /, **values):
    row.update(mark=REFUSED, why=[[code, values]], take="0", amounts=None)


def _change(row, code, /, **values):
    if row["mark"] != REFUSED:
        row.update(mark=CHANGED, why=[*row["why"], [code, values]])


# --- in words ----------------------------------------------------------------------------------


def reasons(row, currency, reader):
    """Why a row was changed or refused, in the reader's language."""
    return [_said(code, values, currency, reader) for code, values in row["why"]]


def _said(code, values, currency, reader):
    told = dict(values)
    figures = ("quantity", "price", "told", "row", *(("asked",) if code in ("rounded", "converted") else ()))
    for name in figures:
        if name in told:
            told[name] = format_number(Decimal(told[name]), reader)
    if "rows" in told:
        told["rows"] = ", ".join(format_number(Decimal(one), reader) for one in told["rows"])
    if "source" in told:
        told["source"] = pricing.told(told["source"], lambda number: format_number(number, reader))
    if code == "price":
        for name in ("price", "told"):
            money = Money(Decimal(values[name]), currency)
            told[name] = format_money(money, reader) if money.rounded() == money else f"{told[name]} {currency}"
    return str(REASONS[code]) % told
