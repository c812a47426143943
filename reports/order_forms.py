"""Order forms as tables: the empty one to fill in, and the one that comes back with what became of each row."""

from decimal import Decimal

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import pgettext as _p
from sqlalchemy import ColumnElement, func, select, true

from app.core.errors import BusinessError
from app.core.localized import Reader, pick
from app.core.money import Money
from app.core.work import Work
from app.rules import order_preview, pricing
from models.customers import Customer
from models.order_forms import OrderForm
from models.organisation import Unit
from models.products import Price, PriceList, Product

BATCH = 500  # products asked for at once, so that a catalogue of any size leaves memory as it was
_ANY_QUANTITY = Decimal(10) ** 12
MARKS = {  # what became of a row, as a word
    "taken": lambda: _p("order form", "Taken"), "changed": lambda: _p("order form", "Changed"),
    "refused": lambda: _p("order form", "Refused"),
}  # fmt: skip


def template_columns(reader: Reader) -> list[str]:
    """The headings of the form that customers fill in; `app.rules.order_rows` knows them again."""
    with force_locale(reader.locale):
        return [_("SKU"), _("Product"), _("Unit"), _("Unit price"), _("Quantity")]


def template_rows(work: Work, reader: Reader, customer_id: int | None, price_list_id: int | None, currency: str):
    """Every product on offer that the actor may find and that has a price, by item code, a batch at a time.

    :param customer_id: whose prices are named; without one those of the price list
    :param price_list_id: only its products, at its prices
    :param currency: of the customer's prices; his own where none is named
    """
    customer = work.session.get(Customer, customer_id) if customer_id else None
    price_list = work.session.get(PriceList, price_list_id) if price_list_id else None
    currency = currency or (customer.currency_code if customer else "")
    units = {one.code: pick(one.symbols, reader.locale) for one in work.session.scalars(select(Unit))}
    last: ColumnElement[bool] = true()
    key = func.upper(Product.sku)
    listed = _in_list(price_list)
    while True:
        page = select(Product.id, Product.sku, Product.names, Product.unit_code)
        page = page.where(Product.archived_at.is_(None), listed, last).order_by(key).limit(BATCH)
        rows = work.session.execute(page).all()
        prices = _prices([row.id for row in rows], customer, price_list, currency, work)
        for row in rows:
            if row.id in prices:
                yield [row.sku, pick(row.names, reader.locale), units[row.unit_code], prices[row.id], None]
        if len(rows) < BATCH:
            return
        last = key > rows[-1].sku.upper()


def _in_list(price_list):
    if price_list is None:
        return true()
    return Product.id.in_(select(Price.product_id).where(Price.price_list_id == price_list.id))


def _prices(ids, customer, price_list, currency, work):
    """{product id: what one unit costs}."""
    if not ids:
        return {}
    if price_list is not None:
        columns = select(Price.product_id, Price.unit_price).order_by(Price.from_quantity.desc())
        found = work.session.execute(columns.where(Price.price_list_id == price_list.id, Price.product_id.in_(ids)))
        return {product: Money(price, price_list.currency_code) for product, price in found}
    prices = pricing.quote(ids, customer, currency, None, {}, work)
    without = [product for product, price in prices.items() if isinstance(price, BusinessError)]
    if without:  # priced from a larger quantity on
        prices |= pricing.quote(without, customer, currency, None, dict.fromkeys(without, _ANY_QUANTITY), work)
    return {product: Money(price.unit_price, currency) for product, price in prices.items()
            if not isinstance(price, BusinessError)}  # fmt: skip


def answer_columns() -> list[str]:
    """The headings of the form that comes back; it can be corrected and sent again."""
    return [_("Row"), _("SKU"), _("Product"), _("Unit"), _("Unit price"), _("Quantity"), _("Quantity taken"),
            _("Result"), _("Reason")]  # fmt: skip


def answer_rows(work: Work, form_id: int, reader: Reader, mark: str = ""):
    """What became of each row, with the reasons in words.

    :param mark: only the rows with this one
    """
    form = work.session.get(OrderForm, form_id)
    units = {one.code: pick(one.symbols, reader.locale) for one in work.session.scalars(select(Unit))}
    for row in form.rows:
        if "mark" not in row or mark not in ("", row["mark"]):
            continue
        reasons = " ".join(order_preview.reasons(row, form.currency_code, reader))
        price = Money(Decimal(row["price"]), form.currency_code) if row["price"] else None
        asked = Decimal(row["quantity"]) if row["quantity"] else row["asked"]
        unit = row["unit"] or units.get(row.get("unit_code"), "")
        yield [Decimal(row["at"]), row["sku"], row["product"], unit, price, asked, Decimal(row["take"]),
               MARKS[row["mark"]](), reasons]  # fmt: skip
