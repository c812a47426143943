"""Entering an order: lines from item codes and quantities, priced and taxed; a refused row keeps all others."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core import scope
from app.core.errors import BusinessError
from app.core.localized import pick
from app.core.money import Money, total
from app.rules import customer_branches, pricing, products, stock, tax
from models.customers import Address, Customer
from models.orders import OrderLine
from models.products import Product

LINES_AT_MOST = 2_000


def begin(order, customer, work):
    """Fill in an order's terms from its customer, where nobody has said otherwise."""
    order.customer = customer
    order.branch_id = order.branch_id or customer_branches.of(customer, work)
    order.portal_id = order.portal_id or customer.portal_id
    order.locale = order.locale or customer.language
    order.currency_code = order.currency_code or customer.currency_code
    order.payment_terms_id = order.payment_terms_id or customer.payment_terms_id
    order.ordered_at = order.ordered_at or work.now
    order.channel = order.channel or ("portal" if work.actor.kind == "external" else "phone")
    _addresses(order, work)


def _addresses(order, work):
    for name in ("delivery_address", "billing_address"):
        named = getattr(order, f"{name}_id")
        if named is not None and getattr(order, name) is None:  # its country decides the tax
            setattr(order, name, work.session.get(Address, named))
    if order.delivery_address_id and order.billing_address_id:
        return
    rows = work.session.scalars(
        select(Address)
        .where(Address.customer_id == order.customer.id, Address.retired_at.is_(None))
        .order_by(Address.id)
    ).all()
    for row in rows:
        if row.delivery and order.delivery_address_id is None:
            order.delivery_address_id, order.delivery_address = row.id, row
        if row.billing and order.billing_address_id is None:
            order.billing_address_id, order.billing_address = row.id, row


def set_lines(order, wanted, work):
    """Make the order's lines be those wanted: [{"sku", "quantity", "id"?, "unit_price"?, "discount_percent"?,
    "remark"?}].

    A rule (never a door) may add `agreed`: {"name", "unit_price", "discount_percent"?, "includes_tax"?}, what a line
    is called and costs beside the lists.
    A line that is named by its id keeps its identity. Nothing changes when a row is refused.

    :raises BusinessError: 'lines_refused' with `lines`: [{"index", "error", "message"}] for every refused row
    """
    if len(wanted) > LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("An order has at most %(count)s lines.", count=LINES_AT_MOST))
    found = _goods(order, wanted, work)
    quantities = _quantities(wanted, found)
    ids = [product.id for product in found.values()]
    prices = pricing.quote(ids, order.customer, order.currency_code, None, quantities, work) if ids else {}
    known = {line.id: line for line in order.lines if line.id is not None}
    refused, rows = [], []
    for index, row in enumerate(wanted):
        try:
            rows.append(_checked(row, found, prices, known, work))
        except BusinessError as error:
            refused.append({"index": index, "error": error.code, "message": str(error.message)})
    if refused:
        text = _l("Some lines were refused. Nothing has been saved yet.")
        raise BusinessError("lines_refused", text, lines=refused)
    _write(order, rows, found, work)


def _goods(order, wanted, work):
    """{item code in capitals: product}: what the actor may find, and what stands in the order at an agreed price."""
    parts = (Product.unit, Product.tax_category)
    codes = {row["sku"].strip().upper() for row in wanted}
    found = products.find_all(codes, work, load=parts)
    kept = {line.sku.upper() for line in order.lines if (line.data or {}).get("agreed")}
    hidden = codes & kept - found.keys()
    if hidden:
        with scope.lifted(work, "what was agreed on may be offered to nobody"):
            found |= products.find_all(hidden, work, load=parts)
    return found


def _quantities(wanted, found):
    sums = {}
    for row in wanted:
        product = found.get(row["sku"].strip().upper())
        if product is not None:
            sums[product.id] = sums.get(product.id, Decimal(0)) + row["quantity"]
    return sums


def _checked(row, found, prices, known, work):
    product = found.get(row["sku"].strip().upper())
    if product is None:
        raise BusinessError("unknown_product", _l("There is no product %(sku)s.", sku=row["sku"]))
    products.check_sellable(product)
    if row["quantity"] <= 0:
        raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."))
    products.check_digits(row["quantity"], product.unit, "quantity")
    line = known.get(row.get("id"))
    agreed = _agreed(row, line, product)
    price = prices[product.id]
    if agreed is not None:
        price = pricing.fixed(Decimal(agreed["unit_price"]), agreed.get("includes_tax", False))
    own = row.get("unit_price") if work.actor.inside else None
    if isinstance(price, BusinessError) and own is None:
        raise price
    if row.get("id") and line is None:
        raise BusinessError("unknown_line", _l("This line is not part of the order any more."))
    return line, product, row, None if isinstance(price, BusinessError) else price


def _agreed(row, line, product):
    """Name and price that a rule gave a line beside the price lists (a service's); it keeps them when it is changed."""
    if line is not None and line.product_id == product.id and "agreed" not in row:
        return (line.data or {}).get("agreed")
    return row.get("agreed")


def _write(order, rows, found, work):
    """Write checked rows into the order's lines, then its totals."""
    rates = tax_rates(order, found.values(), work)
    includes = {price.includes_tax for _line, _product, _row, price in rows if price is not None}
    if len(includes) > 1:
        text = _l("Prices with tax and prices without tax cannot stand in one order.")
        raise BusinessError("mixed_tax", text)
    order.includes_tax = includes.pop() if includes else order.includes_tax or False
    kept = []
    for position, (line, product, row, price) in enumerate(rows, 1):
        line = line or OrderLine(customer_id=order.customer_id)
        _fill(line, order, position, product, row, price, rates[product.tax_category_id])
        line.tax_code = product.tax_category.code
        kept.append(line)
    order.lines[:] = kept
    sum_up(order)


def country_of(order):
    """The country an order is delivered to, which decides its tax."""
    return order.delivery_address.country_code if order.delivery_address is not None else order.customer.country_code


def tax_rates(order, found, work):
    """The tax of each category of the products found, where the order is delivered: {category id: per cent}."""
    categories = {product.tax_category_id for product in found}
    day = pricing.local_day(work, order.customer.branch)
    return tax.rate_for(categories, country_of(order), day, work, order.branch_id)


def tax_anew(order, work):
    """Goods that go to another country than before carry its taxes; their prices stay."""
    ids = {line.product_id for line in order.lines}
    wanted = select(Product.id, Product.tax_category_id).where(Product.id.in_(ids))
    with scope.lifted(work, "what was ordered may be offered to nobody by now"):
        goods = {row.id: row for row in work.session.execute(wanted)}
    rates = tax_rates(order, goods.values(), work)
    for line in order.lines:
        line.tax_rate = rates[goods[line.product_id].tax_category_id]
        count(line, order)
    sum_up(order)


def _fill(line, order, position, product, row, price, rate):
    own, agreed = row.get("unit_price"), _agreed(row, line, product)
    listed = price.list_price if price is not None else own
    discount = row.get("discount_percent") or Decimal((agreed or {}).get("discount_percent", 0))
    line.position = position
    line.product_id, line.sku = product.id, product.sku
    line.name = (agreed["name"] if agreed else pick(product.names, order.locale))[:300]
    if agreed:
        kept = agreed if own is None else agreed | {"unit_price": format(own, "f")}
        line.data = {**(line.data or {}), "agreed": kept}
    line.unit_code = product.unit_code
    line.tax_rate = rate
    line.list_price = listed
    line.unit_price = own if own is not None else price.unit_price
    line.discount_percent = discount
    line.price_source = price.mark if own is None else pricing.AGREED
    line.quantity_ordered = row["quantity"]
    line.quantity_approved = Decimal(0)
    line.state, line.reason = "open", ""
    if row.get("remark") is not None:
        line.remark = row["remark"]
    line.pack_factor = Decimal(1)
    count(line, order)


def agreed(line):
    """How much of a line is wanted: what both sides agreed on where the stock was short, else what was ordered."""
    return line.quantity_ordered if line.state == "open" else line.quantity_approved


def count(line, order):
    """Compute a line's stored amounts from its price, what is wanted of it and tax: rounded once, here (X-22)."""
    amounts = tax.net_tax_gross(
        line.unit_price, agreed(line), line.discount_percent, line.tax_rate, order.includes_tax,
        order.currency_code,
    )  # fmt: skip
    line.net, line.tax, line.gross = amounts.net.amount, amounts.tax.amount, amounts.gross.amount


def sum_up(order):
    """Add the stored lines: what the paper says and what the database says are the same."""
    for name, part in (("total_net", "net"), ("total_tax", "tax"), ("total_gross", "gross")):
        values = (Money(getattr(line, part), order.currency_code) for line in order.lines)
        setattr(order, name, total(values, order.currency_code).amount)


def check_stock(order, work):
    """Write into each line how much of it the stock allows now (ORD-24, ORD-38); refuses nothing.

    Of several lines of one product each leaves to those after it what it does not want itself.
    """
    ids = {line.product_id for line in order.lines}
    free = stock.available(ids, work, branch_id=order.branch_id)
    for line in order.lines:
        have = free.get(line.product_id, Decimal(0))
        allowed = line.quantity_ordered if have is None else max(min(line.quantity_ordered, have), Decimal(0))
        if line.quantity_available != allowed:
            line.quantity_available = allowed
        if have is not None:
            free[line.product_id] = have - min(allowed, agreed(line))


def customer_of(identity, work):
    """The customer an order is for: named by staff; an external actor's own, which he may leave out.

    :raises BusinessError: 'customer_missing', 'bad_reference'
    """
    actor = work.actor
    if identity is None and actor.kind == "external":
        if len(actor.customers) > 1:
            raise BusinessError("customer_missing", _l("Say for which customer you order."), field="customer")
        identity = next(iter(actor.customers), None)
    if identity is None:
        raise BusinessError("customer_missing", _l("Choose a customer."), field="customer")
    customer = work.session.get(Customer, identity, options=[joinedload(Customer.branch)])
    if customer is None:
        raise BusinessError("bad_reference", _l("There is no such customer."), field="customer")
    if customer.archived_at is not None:
        raise BusinessError("customer_archived", _l("This customer is archived."), field="customer")
    return customer
