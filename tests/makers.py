"""Valid objects in one line: `make_customer(work)`, `make_product(work, sku="A-1", price="9.90")`.

A maker takes the open unit of work, flushes, and returns the object; what a test does not care about has a
sensible default.
"""

from datetime import date
from decimal import Decimal
from itertools import count

from sqlalchemy import select

from app.core.flow import FLOWS
from app.rules import contracts, invoices, people, quote_entry, quotes, services, stock
from models.base import HOUSE_BRANCH
from models.carts import Cart, CartLine
from models.contracts import Contract, ContractLine
from models.customers import Address, Customer
from models.orders import Order, OrderLine
from models.organisation import TaxCategory
from models.payments import Payment
from models.products import Price, PriceList, PriceListAudience, Product
from models.services import Service
from models.stock import Warehouse

_next = count(1)


def _kept(work, row):
    work.session.add(row)
    work.session.flush()
    return row


def make_customer(work, name="Acme Ltd", **values):
    """A company in Britain that pays in pounds, with an address."""
    given = {"number": f"T-{next(_next):05d}", "country_code": "GB", "currency_code": "GBP",
             "email": f"buyer{next(_next)}@example.com", "branch_id": HOUSE_BRANCH}  # fmt: skip
    return _kept(work, Customer(name=name, **{**given, **values}))


def make_account(work, customer):
    """Somebody of the customer who signs in to the portal."""
    user = people.create_user(work, f"account{next(_next)}", kind="external", roles=("Customer",),
                              customers=(customer,))  # fmt: skip
    people.FLOW.move(user.person, "active")
    return user


def make_address(work, customer, **values):
    """An address of the customer, for deliveries and bills."""
    given = {"recipient": customer.name, "street": "1 High Street", "city": "Leeds", "country_code": "GB"}
    return _kept(work, Address(customer_id=customer.id, **{**given, **values}))


def make_product(work, sku=None, price=None, stock_of=None, currency="GBP", **values):
    """A product counted in pieces.

    :param price: net, in the general list of `currency`
    :param stock_of: pieces in the main warehouse
    """
    sku = sku or f"SKU-{next(_next)}"
    given = {"names": {"en": f"Product {sku}"}, "unit_code": "C62", "tax_category_id": tax_category(work).id}
    product = _kept(work, Product(sku=sku, **{**given, **values}))
    if price is not None:
        make_price(work, product, price, currency=currency)
    if stock_of is not None:
        stock.move(product, main_warehouse(work), Decimal(stock_of), "opening", work)
    return product


def make_price_list(work, name=None, currency="GBP", customers=(), groups=(), **values):
    """A price list for everyone, or for the customers and access groups named."""
    given = {"name": name or f"List {next(_next)}", "currency_code": currency, "valid_from": date(2020, 1, 1),
             "everyone": not (customers or groups)}  # fmt: skip
    made = PriceList(**{**given, **values})
    made.audiences = [PriceListAudience(customer_id=one.id) for one in customers]
    made.audiences += [PriceListAudience(access_group_id=one.id) for one in groups]
    return _kept(work, made)


def make_price(work, product, amount, price_list=None, from_quantity=1, currency="GBP"):
    """A price of the product, in the general list of the currency unless another is given."""
    price_list = price_list or general_list(work, currency)
    values = {"unit_price": Decimal(amount), "from_quantity": Decimal(from_quantity)}
    return _kept(work, Price(product_id=product.id, price_list_id=price_list.id, **values))


def make_order(work, customer, *lines, **values):
    """A draft order; a line is (product, quantity) or (product, quantity, unit price).

    Amounts are net without tax, so that totals can be checked in the head.
    """
    given = {"currency_code": customer.currency_code, "ordered_at": work.now, "branch_id": HOUSE_BRANCH}
    order = Order(customer_id=customer.id, **{**given, **values})
    for position, (product, quantity, *price) in enumerate(lines, 1):
        line = _line(position, product, Decimal(quantity), Decimal(price[0] if price else 10))
        line.customer_id = customer.id
        order.lines.append(line)
        order.lines[-1].customer_id = customer.id
    order.total_net = order.total_gross = sum((line.net for line in order.lines), Decimal(0))
    order.total_tax = Decimal(0)
    return _kept(work, order)


def _line(position, product, quantity, price):
    net = (quantity * price).quantize(Decimal("0.01"))
    return OrderLine(position=position, product_id=product.id, sku=product.sku, name=product.name,
                     unit_code=product.unit_code, pack_factor=Decimal(1), list_price=price, unit_price=price,
                     quantity_ordered=quantity, net=net, tax=Decimal(0), gross=net)  # fmt: skip


def tax_category(work, code="standard"):
    """A seeded tax category."""
    return work.session.scalars(select(TaxCategory).where(TaxCategory.code == code)).one()


def main_warehouse(work):
    """The seeded warehouse."""
    return work.session.scalars(select(Warehouse).where(Warehouse.code == "MAIN")).one()


def general_list(work, currency="GBP"):
    """The list for everyone in a currency; made when it is asked for the first time."""
    name = f"General {currency}"
    found = work.session.scalars(select(PriceList).where(PriceList.name == name)).first()
    return found or make_price_list(work, name, currency)


def make_confirmed_order(work, customer, *lines, rate=0, **values):
    """An order as approved in full; `rate` is the tax of all its lines in per cent."""
    order = make_order(work, customer, *lines, **{"number": f"SO-T-{next(_next):06d}", **values})
    for line in order.lines:
        line.quantity_approved, line.state, line.tax_rate = line.quantity_ordered, "approved", Decimal(rate)
        line.tax = (line.net * Decimal(rate) / 100).quantize(Decimal("0.01"))
        line.gross = line.net + line.tax
    order.total_tax = sum((line.tax for line in order.lines), Decimal(0))
    order.total_gross = order.total_net + order.total_tax
    _in_state(work, order, "order", "confirmed")
    return _kept(work, order)


def _in_state(work, row, noun, state):
    """Put a record where a test needs it, past the arrows that lead there."""
    if noun in FLOWS:
        FLOWS[noun].record(row, state, work.now, "test")
    else:
        row.state = state


def make_invoice(work, customer, gross=100, issued=True, **values):
    """A final invoice over one line without tax, issued today."""
    product = make_product(work)
    order = make_confirmed_order(work, customer, (product, 1, gross))
    invoice = invoices.from_order(order, work)
    for name, value in values.items():
        setattr(invoice, name, value)
    work.session.flush()
    if issued:
        invoices.FLOW.run_one("issue", invoice)
    return invoice


def make_payment(work, customer, amount=100, **values):
    """A payment by bank that came today."""
    given = {"currency_code": customer.currency_code, "paid_on": work.now.date(), "amount": Decimal(amount)}
    return _kept(work, Payment(customer_id=customer.id, **{**given, **values}))


def make_contract(work, customer, *lines, submitted=True, active=True, **values):
    """A contract over a year from today; a line is (product, quantity, price per month)."""
    given = {"title": "Support", "currency_code": customer.currency_code, "branch_id": HOUSE_BRANCH}
    contract = Contract(customer_id=customer.id, **{**given, **values})
    contract.lines = [
        ContractLine(product_id=product.id, sku=product.sku, name=product.name, quantity=Decimal(quantity),
                     unit_price=Decimal(price))
        for product, quantity, price in lines or ((make_product(work), 1, 10),)
    ]  # fmt: skip
    contracts.check(contract, work)
    _kept(work, contract)
    if submitted or active:
        contracts.FLOW.run_one("submit", contract)
    if active:
        contracts.FLOW.run_one("approve", contract)
    return contract


def customer_of(work, identity):
    """A customer that is there already, by its id."""
    return work.session.get(Customer, identity)


def make_quote(work, customer, *lines, offered=True, **values):
    """Our offer; a line is (product, quantity, unit price)."""
    lines = lines or ((make_product(work), 2, 10),)
    wanted = [{"sku": one.sku, "quantity": Decimal(many), "unit_price": Decimal(price)} for one, many, price in lines]
    quote = quote_entry.create(work, customer, lines=wanted, **values)
    if offered:
        quotes.FLOW.run_one("publish", quote)
    return quote


STEPS = [  # a service with a field of every kind
    {"key": "text", "names": {"en": "Manuscript", "fa": "نسخه خطی"}, "help": {"en": "What we shall set."}, "fields": [
        {"key": "title", "kind": "text", "names": {"en": "Title"}, "required": True},
        {"key": "pages", "kind": "number", "names": {"en": "Pages"}, "required": True, "least": "1", "most": "2000"},
        {"key": "manuscript", "kind": "file", "names": {"en": "Manuscript file"}, "required": True},
        {"key": "notes", "kind": "long_text", "names": {"en": "Notes"}},
    ]},
    {"key": "format", "names": {"en": "Format"}, "fields": [
        {"key": "cover", "kind": "choice", "names": {"en": "Cover"}, "required": True, "choices": [
            {"key": "soft", "names": {"en": "Soft cover"}},
            {"key": "hard", "names": {"en": "Hard cover"}, "price": "40"},
        ]},
        {"key": "ready_on", "kind": "date", "names": {"en": "Ready on"}},
        {"key": "extra", "kind": "product", "names": {"en": "Extra"}, "order": True},
    ]},
]  # fmt: skip
STAGES = [
    {"key": "first", "names": {"en": "First version"}, "approval": True, "days": 3},
    {"key": "layout", "names": {"en": "Page layout"}, "approval": True},
    {"key": "delivery", "names": {"en": "Delivery"}, "approval": False},
]  # fmt: skip


def make_service(work, code="layout", published=True, price=None, **definition):
    """Layout of books: 2.50 a page, a hard cover 40 more, three work stages of which the customer approves two."""
    product = make_product(work, sku=f"SERVICE-{next(_next)}", service=True)
    service = Service(code=code, names={"en": "Book layout", "fa": "صفحه‌آرایی کتاب"}, product=product,
                      currency_code="GBP")  # fmt: skip
    services.check(service, work)
    _kept(work, service)
    price = price or {"kind": "per_unit", "amount": "2.50", "field": "pages"}
    services.redesign(service, {"steps": STEPS, "stages": STAGES, "price": price, **definition}, work)
    if published:
        services.FLOW.run_one("publish", service)
    return service


def make_cart(work, customer, owner, *rows, state="active", **terms):
    """A cart of a user: rows of (product, quantity)."""
    cart = _kept(work, Cart(customer_id=customer.id, owner_id=owner, currency_code="GBP", **terms))
    for position, (product, quantity) in enumerate(rows, 1):
        cart.lines.append(CartLine(customer_id=customer.id, product_id=product.id, position=position, sku=product.sku,
                                   name=product.sku, quantity=quantity))  # fmt: skip
    FLOWS["cart"].move(cart, state)
    work.session.flush()
    return cart
