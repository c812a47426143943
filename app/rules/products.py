"""The catalogue: what is sold, under which number, in which category, and who may find it."""

import re
from decimal import Decimal

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import joinedload

from app.core import searchtext
from app.core.errors import BusinessError, NotFound
from app.core.localized import DEFAULT, LOCALES, pick
from app.core.money import check_size
from app.core.work import current
from app.rules import catalogue, masters
from models.products import Category, Price, Product, ProductAudience, ProductPicture, UnitFactor
from models.stock import StockLevel, StockMovement

SKU = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]{0,38}[A-Za-z0-9._/+-])?")
MOST_NAME = 300  # letters; a line of an order keeps the name in as many
PARTS = tuple(part.__tablename__ for part in (Price, UnitFactor, ProductAudience, ProductPicture, StockLevel))

visible_to = catalogue.visible_to


# --- what is right -----------------------------------------------------------------------------


def check(product, work):
    """What a product must be before it is saved.

    :raises BusinessError: naming the field: 'sku_shape', 'sku_taken', 'name_missing', 'name_too_long',
        'unit_unknown', 'unit_in_use', 'tax_category_missing', 'figure_negative', 'uneven_quantity'
    """
    with work.session.no_autoflush:
        product.sku = _sku(product, work)
        product.names = _names(product.names)
        unit = masters.related(product, "unit", work)
        if unit is None:
            raise BusinessError("unit_unknown", _l("Choose a unit."), field="unit")
        _check_moved(product, unit, work)
        if masters.related(product, "tax_category", work) is None:
            raise BusinessError("tax_category_missing", _l("Choose a tax category."), field="tax_category")
        _check_figures(product, unit)


def _sku(product, work):
    sku = (product.sku or "").strip()
    if not SKU.fullmatch(sku):
        text = _l("An item code has 1 to 40 Latin letters, digits, spaces and the signs . _ / + - only.")
        raise BusinessError("sku_shape", text, field="sku")
    other = find(sku, work)
    if other is not None and other.id != product.id:
        text = _l("The item code %(sku)s is taken already.", sku=other.sku)
        raise BusinessError("sku_taken", text, field="sku")
    return sku


def _names(names):
    kept = {locale: text.strip() for locale, text in (names or {}).items() if text and text.strip()}
    if not kept.keys() & set(LOCALES):
        raise BusinessError("name_missing", _l("Give a name in at least one language."), field="names")
    if any(len(text) > MOST_NAME for text in kept.values()):
        text = _l("A name has at most %(letters)s letters.", letters=MOST_NAME)
        raise BusinessError("name_too_long", text, field="names")
    return kept


def _check_moved(product, unit, work):
    """What was counted in pieces cannot be kilograms from tomorrow on."""
    if product.id is None:
        return
    columns = select(Product.unit_code, Product.service).where(Product.id == product.id)
    before = work.session.execute(columns).first()
    changed = before is not None and (unit.code, bool(product.service)) != tuple(before)
    if changed and work.session.scalar(select(StockMovement.id).filter_by(product_id=product.id).limit(1)):
        text = _l("This product has stock movements, so its unit and kind can no longer change.")
        raise BusinessError("unit_in_use", text, field="unit")


def _check_figures(product, unit):
    for name in ("stock_threshold", "weight_kg"):
        value = getattr(product, name)
        if value is not None and value < 0:
            raise BusinessError("figure_negative", _l("This figure cannot be negative."), field=name)
        if value is not None:
            check_size(value)
    if product.stock_threshold is not None:
        check_digits(product.stock_threshold, unit, "stock_threshold")
    for factor in product.factors:
        _check_factor(factor, unit)


def check_factor(factor, work):
    """What a unit factor must be before it is saved: a box holds twelve pieces.

    :raises BusinessError: 'unit_unknown', 'unit_is_base', 'figure_negative', 'uneven_quantity'
    """
    with work.session.no_autoflush:
        product, unit = (masters.related(factor, name, work) for name in ("product", "unit"))
        if product is None or unit is None:
            raise BusinessError("unit_unknown", _l("Choose a unit."), field="unit")
        if unit.code == product.unit_code:
            raise BusinessError("unit_is_base", _l("The product is counted in this unit already."), field="unit")
        _check_factor(factor, product.unit)


def _check_factor(factor, unit):
    if factor.factor is None or factor.factor <= 0:
        raise BusinessError("figure_negative", _l("Enter a figure greater than zero."), field="factor")
    check_digits(factor.factor, unit, "factor")


def uneven(unit):
    """What is said of a quantity that is finer than its unit, the unit as it is printed for whoever reads."""
    printed = pick(unit.symbols, str(get_locale() or DEFAULT)) or unit.code
    return _l("This quantity does not come out even in the unit: %(unit)s", unit=printed)


def check_digits(quantity, unit, field):
    """A quantity is no finer than its unit: there is no half piece.

    :raises BusinessError: 'uneven_quantity'
    """
    if quantity != quantity.quantize(Decimal(1).scaleb(-unit.digits)):
        text = uneven(unit)
        raise BusinessError("uneven_quantity", text, field=field, unit=unit.code)


def check_category(category, work):
    """What a category must be before it is saved.

    :raises BusinessError: 'name_missing', 'code_missing', 'circular_parent'
    """
    category.code = (category.code or "").strip()
    if not category.code:
        raise BusinessError("code_missing", _l("Give a code."), field="code")
    category.names = _names(category.names)
    with work.session.no_autoflush:
        masters.check_parent(category, work)


# --- finding -----------------------------------------------------------------------------------


def find(sku, work):
    """The product of an item code, whatever its case, archived or not; None where the actor may not find it."""
    statement = select(Product).where(func.upper(Product.sku) == func.upper(sku.strip()))
    return work.session.scalars(statement).first()


def find_all(skus, work, load=()):
    """The products of many item codes in one statement: {item code in capitals: product}.

    :param load: relationships that are wanted with them
    """
    wanted = {sku.strip().upper() for sku in skus}
    statement = select(Product).where(masters.among(func.upper(Product.sku), wanted, String))
    rows = work.session.scalars(statement.options(*[joinedload(one) for one in load]))
    return {row.sku.upper(): row for row in rows}


def sellable(sku, work):
    """The product of an item code that can be ordered now.

    :raises NotFound: 'unknown_product'
    :raises BusinessError: 'product_archived'
    """
    product = find(sku, work)
    if product is None:
        raise NotFound("unknown_product", _l("There is no product %(sku)s.", sku=sku), sku=sku)
    check_sellable(product)
    return product


def check_sellable(product):
    """An archived product is ordered no more.

    :raises BusinessError: 'product_archived'
    """
    if not product.active:
        text = _l("The product %(sku)s is no longer offered.", sku=product.sku)
        raise BusinessError("product_archived", text, sku=product.sku)


def matching(text):
    """The criterion of a keyword search over item code, names, brand, model and barcode; None for no word.

    PostgreSQL asks its text index under row security only through a function of the owner's; what that finds
    is narrowed to the rows of the actor all the same.
    """
    query = searchtext.query(text)
    if not query:
        return None
    wanted = cast(query, TSQUERY)
    if current().actor.inside:
        return Product.search.op("@@")(wanted)
    return Product.id.in_(select(func.found_products(wanted)))


def search(text, work, limit=50):
    """Products on offer that a keyword finds; all of them where the text has no word (CAT-06, CAT-09)."""
    statement = select(Product).where(Product.archived_at.is_(None)).order_by(Product.sku).limit(limit)
    found = matching(text)
    return list(work.session.scalars(statement if found is None else statement.where(found)))


def descendants(category_ids, work):
    """The ids of the categories and of everything below them."""
    return masters.below(Category, category_ids, work)


def in_categories(category_ids, work):
    """The criterion of products in the categories or anywhere below them (CAT-04)."""
    return Product.category_id.in_(descendants(category_ids, work))


# --- prices ------------------------------------------------------------------------------------


def check_price(price, work):
    """What a price must be before it is saved.

    :raises BusinessError: 'price_negative', 'uneven_quantity', 'quantity_not_positive', 'price_exists'
    """
    with work.session.no_autoflush:
        product, price_list = (masters.related(price, name, work) for name in ("product", "price_list"))
        if product is None or price_list is None:
            raise BusinessError("price_incomplete", _l("Choose a product and a price list."), field="product")
        quantity = Decimal(1) if price.from_quantity is None else price.from_quantity
        _check_amounts(price.unit_price, quantity, product)
        taken = select(Price.id).where(Price.product_id == product.id, Price.price_list_id == price_list.id,
                                       Price.from_quantity == quantity)  # fmt: skip
        other = work.session.scalar(taken)
        if other is not None and other != price.id:
            text = _l("This price list has a price of the product from this quantity on already.")
            raise BusinessError("price_exists", text, field="from_quantity")


def _check_amounts(amount, from_quantity, product):
    if amount is None or amount < 0:
        raise BusinessError("price_negative", _l("A price cannot be negative."), field="unit_price")
    check_size(amount)
    if from_quantity <= 0:
        text = _l("Enter a figure greater than zero.")
        raise BusinessError("quantity_not_positive", text, field="from_quantity")
    check_digits(check_size(from_quantity), product.unit, "from_quantity")


def set_price(product, price_list, amount, work, from_quantity=Decimal(1)):
    """Say what a product costs in a price list from a quantity on; the price that stood there is changed.

    :param amount: per unit, in the list's currency, net unless the list includes tax
    :returns: the price
    :raises BusinessError: 'price_negative', 'quantity_not_positive', 'uneven_quantity'
    """
    from_quantity = Decimal(from_quantity)
    _check_amounts(amount, from_quantity, product)
    statement = select(Price).filter_by(product_id=product.id, price_list_id=price_list.id,
                                        from_quantity=from_quantity)  # fmt: skip
    price = work.session.scalars(statement).first()
    if price is None:
        price = Price(product_id=product.id, price_list_id=price_list.id, from_quantity=from_quantity)
        work.session.add(price)
    price.unit_price = amount
    work.session.flush()
    return price


# --- going away --------------------------------------------------------------------------------


def remove(product, work):
    """Delete a product that no document ever named; archive any other (X-44).

    :returns: 'deleted' or 'archived'
    """
    return masters.remove(product, work, PARTS, drop_parts=_drop_parts)


def _drop_parts(product, work):
    for model in (Price, StockLevel):
        statement = delete(model).where(model.product_id == product.id)
        work.session.execute(statement, execution_options={"with_deleted": True, "synchronize_session": False})
    work.session.refresh(product, ["prices", "factors", "pictures", "audiences"])


def remove_category(category, work):
    """Delete a category that has neither products nor categories below it; archive any other (X-44)."""
    return masters.remove(category, work)
