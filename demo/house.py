"""The house of the demo: branch, taxes, rates, warehouses, catalogue, price lists, stock, approval rules."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from app.rules import pictures, products, stock
from demo import drawings, texts
from models.approvals import ApprovalRule
from models.base import HOUSE_BRANCH
from models.organisation import Branch, ExchangeRate, TaxCategory, TaxRate
from models.products import Category, Price, PriceList, Product, UnitFactor
from models.stock import Warehouse

DATA = Path(__file__).parent / "data"
SINCE = date(2025, 1, 1)
LANGUAGES = {"en": "en", "fa": "fa", "ro": "ro", "ru": "ru", "tr": "tr", "zh": "zh_Hans_CN"}
RATES = {"GB": 20, "RO": 21, "TR": 20, "RU": 20, "IR": 10, "CN": 13, "DE": 19}  # standard rates, per cent
WORTH = {  # pounds for one unit; round figures for a demo
    "EUR": "0.86", "USD": "0.75", "RON": "0.17", "TRY": "0.018", "RUB": "0.0095", "CNY": "0.105", "IRR": "0.00000125",
}  # fmt: skip
STEP = {"EUR": "0.05", "RON": "0.50", "TRY": "5", "RUB": "10", "CNY": "0.50", "IRR": "10000"}  # prices end on these


def make(work):
    """Everything that is ours; returns {item code: product}."""
    _branch(work)
    _taxes(work)
    found = _catalogue(work)
    _price_lists(found, work)
    _stock(found, work)
    for name, (asked, words) in texts.RULES.items():
        values = {key: Decimal(value) if key == "over_amount" else value for key, value in asked.items()}
        work.session.add(ApprovalRule(name=name, texts=words, level="supervisor", **values))
    work.session.flush()
    return found


def _branch(work):
    house = work.session.get(Branch, HOUSE_BRANCH)
    house.legal_name = "Caravan Trading Ltd"
    house.address, house.country_code = "14 Wharf Road\nLondon N1 7GR", "GB"
    house.tax_id, house.registration = "GB 123 4567 89", "01234567"
    house.bank = "Lombard Bank plc\nIBAN GB29 NWBK 6016 1331 9268 19\nBIC NWBKGB2L"
    house.email, house.phone = "orders@caravan-trading.example", "+44 20 7946 0123"
    house.currency_code, house.timezone = "GBP", "Europe/London"
    house.logo = drawings.logo("Caravan Trading")
    for currency, rate in WORTH.items():
        row = ExchangeRate(base_code="GBP", currency_code=currency, valid_on=SINCE, rate=Decimal(rate))
        work.session.add(row)
    work.session.add(Warehouse(code="LEEDS", name="Leeds warehouse", branch_id=HOUSE_BRANCH))


def _taxes(work):
    categories = {one.code: one for one in work.session.scalars(select(TaxCategory))}
    for country, percent in RATES.items():
        for code, rate in (("standard", percent), ("zero", 0)):
            row = TaxRate(category=categories[code], country_code=country, valid_on=SINCE, rate=Decimal(rate))
            work.session.add(row)


def rows():
    """The catalogue as it is written down."""
    with open(DATA / "products.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _catalogue(work):
    places = {}
    for code, (above, names) in texts.CATEGORIES.items():
        places[code] = Category(code=code, names=names, parent=places.get(above))
        work.session.add(places[code])
        work.session.flush()
    taxes = {one.code: one.id for one in work.session.scalars(select(TaxCategory))}
    found = {}
    for row in rows():
        found[row["sku"]] = product = Product(
            sku=row["sku"], names={locale: row[name] for name, locale in LANGUAGES.items()},
            category_id=places[row["category"]].id, unit_code=row["unit"], tax_category_id=taxes[row["tax"]],
            brand=row["brand"], service=not row["stock"], backorder=row["sku"] == "EQ-207",
        )  # fmt: skip
        if row["stock"] and row["unit"] == "C62":
            product.stock_threshold = Decimal(10)
        products.check(product, work)
        work.session.add(product)
    work.session.flush()
    found["TW-103"].factors.append(UnitFactor(unit_code="BX", factor=Decimal(12)))
    for row in rows():
        picture = drawings.product(row["category"], row["sku"])
        pictures.add(found[row["sku"]], picture, f"{row['sku']}.png", "image/png", work)
    return found


def _price_lists(found, work):
    general = _list("General GBP", "GBP", work)
    for row in rows():
        products.set_price(found[row["sku"]], general, Decimal(row["price"]), work)
    products.set_price(found["TW-101"], general, Decimal("16.50"), work, Decimal(100))
    for currency, step in STEP.items():
        price_list = _list(f"General {currency}", currency, work)
        for row in rows():
            worth = Decimal(row["price"]) / Decimal(WORTH[currency])
            price = max((worth / Decimal(step)).quantize(Decimal(1)), Decimal(1)) * Decimal(step)
            work.session.add(Price(price_list_id=price_list.id, product_id=found[row["sku"]].id, unit_price=price))
    work.session.flush()


def _list(name, currency, work):
    made = PriceList(name=name, currency_code=currency, valid_from=SINCE)
    work.session.add(made)
    work.session.flush()
    return made


def _stock(found, work):
    main, leeds = (work.session.scalars(select(Warehouse).where(Warehouse.code == code)).one()
                   for code in ("MAIN", "LEEDS"))  # fmt: skip
    goods = [(found[row["sku"]], Decimal(row["stock"])) for row in rows() if row["stock"] and row["stock"] != "0"]
    stock.move_all(goods, main, "opening", work)
    stock.move_all([(found[sku], Decimal(200)) for sku in ("TW-101", "TE-401", "CO-501")], leeds, "opening", work)
    stock.move(found["SP-601"], main, Decimal(-2), "adjustment", work, reason="Damaged in the warehouse")
