"""Products and customers that the lines of a file name: found by their own number, else made."""

import zlib
from datetime import date
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import select

from app.imports import tables
from app.imports.reading import Line, Survey
from app.rules import customers, products, stock, tax
from app.rules.organisation import texts
from models.base import HOUSE_BRANCH
from models.customers import Customer, CustomerNote
from models.organisation import Branch
from models.products import Category, Price, PriceList, Product
from models.stock import Warehouse

CURRENCY = "GBP"
COVER_DAYS = 7  # sales on top of what is ordered: the file knows no stock, a house without any could sell nothing
COVER_PIECES = Decimal(500)  # at least, of what was rarely sold
SHORT_EVERY = 100  # one product in so many has too little, as happens: its orders are refused until goods arrive
CATEGORIES = {
    "GIFTWARE": texts("Giftware", "کالای هدیه", "Articole cadou", "Подарки", "Hediyelik eşya", "礼品"),
    "CHARGES": texts("Charges", "هزینه‌ها", "Taxe și comisioane", "Сборы и комиссии", "Masraflar", "费用"),
}


def goods(lines: list[Line], survey: Survey, work) -> dict[str, Product]:
    """The products of the lines, those that are missing made: {code in capitals: product}."""
    wanted = {line.code.upper(): line.code for line in lines}
    found = products.find_all(wanted, work) if wanted else {}
    missing = [(code, wanted[code]) for code in wanted if code not in found]
    if missing:
        made = {code: _product(code, spelling, survey, work) for code, spelling in missing}
        work.session.add_all(made.values())
        work.session.flush()
        _price(made, survey, work)
        _open_stock(made, survey, work)
        found |= made
    return found


def _product(code: str, spelling: str, survey: Survey, work) -> Product:
    charge, seen = tables.charge(code), survey.goods[code]
    return Product(
        sku=seen.code(spelling),
        names=charge.names if charge else {"en": seen.name(spelling)},
        category_id=_category("CHARGES" if charge else "GIFTWARE", work),
        service=charge is not None,
        everyone=charge is None,  # what the books call postage or a fee is nothing to be ordered: staff keep it
        unit_code="C62",
        tax_category_id=_tax_category(work),
    )


def _category(code: str, work) -> int:
    key = ("import category", code)
    if key not in work.cache:
        found = work.session.scalars(select(Category).where(Category.code == code)).first()
        if found is None:
            found = Category(code=code, names=CATEGORIES[code])
            work.session.add(found)
            work.session.flush()
        work.cache[key] = found.id
    return work.cache[key]


def _tax_category(work) -> int:
    if "import tax" not in work.cache:
        work.cache["import tax"] = tax.usual(work).id
    return work.cache["import tax"]


def _price(made: dict[str, Product], survey: Survey, work) -> None:
    """Each product costs what it was sold for most often; fees and discounts have no usual price."""
    price_list = _general_list(survey, work)
    for code, product in made.items():
        charge, price = tables.charge(code), survey.goods[code].price()
        if price is not None and (charge is None or charge.priced):
            work.session.add(Price(product_id=product.id, price_list_id=price_list.id, unit_price=price))
    work.session.flush()


def _general_list(survey: Survey, work) -> PriceList:
    """The list in pounds for everyone."""
    wanted = select(PriceList).where(
        PriceList.everyone, PriceList.currency_code == CURRENCY, PriceList.archived_at.is_(None)
    )
    found = work.session.scalars(wanted.order_by(PriceList.id).limit(1)).first()
    if found is None:
        since = survey.first or date(2010, 1, 1)
        found = PriceList(name=f"General {CURRENCY}", currency_code=CURRENCY, valid_from=since)
        work.session.add(found)
        work.session.flush()
    return found


def _open_stock(made: dict[str, Product], survey: Survey, work) -> None:
    rows = [(product, opening(code, survey)) for code, product in made.items() if not product.service]
    rows = [(product, quantity) for product, quantity in rows if quantity > 0]
    if rows:
        place = work.session.get(Warehouse, stock.default_warehouse(work))
        stock.move_all(rows, place, "opening", work, reason="online-retail")


def opening(code: str, survey: Survey) -> Decimal:
    """How much of a product we begin with: what open orders ask for and at least a week's sales; of a few half."""
    demand, sold = survey.demand(code), survey.goods[code].sold
    if demand and zlib.crc32(code.encode()) % SHORT_EVERY == 0:
        return demand // 2
    week = sold * COVER_DAYS / max(survey.days(), COVER_DAYS)
    return demand + max(week.to_integral_value(ROUND_CEILING), COVER_PIECES)


# --- customers -----------------------------------------------------------------------------------


def buyers(numbers: set[str], survey: Survey, work) -> dict[str, Customer]:
    """The customers of the documents, those that are missing made; the empty number is whoever walked in."""
    named = numbers - {""}
    rows = work.session.scalars(
        select(Customer).where(Customer.number.in_(named)).execution_options(with_deleted=True)
    )
    found = {row.number: row for row in rows}
    for number in sorted(named - found.keys()):
        found[number] = _buyer(number, survey, work)
    if "" in numbers:
        found[""] = customers.walk_in(work, CURRENCY)
    work.session.flush()
    return found


def _buyer(number: str, survey: Survey, work) -> Customer:
    """A reseller of whom the file says number and country only; it knows no credit limit, so there is none."""
    names = survey.countries[number]
    known = [name for name, _count in names.most_common() if tables.country(name)]
    country = tables.country(known[0]) if known else _house(work).country_code
    made = Customer(
        number=number, name=f"Customer {number}", kind="company", country_code=country,
        language=tables.language(country), currency_code=CURRENCY, branch_id=HOUSE_BRANCH,
    )  # fmt: skip
    if len(names) > 1 or not known:
        made.note = CustomerNote(text=f"Country in the imported file: {', '.join(sorted(names))}")
    work.session.add(made)
    return made


def _house(work) -> Branch:
    return work.session.get(Branch, HOUSE_BRANCH)

