"""The rows every installation begins with. Languages are written out where people read them."""

from babel import Locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

import config
from app.core.errors import BusinessError
from app.core.localized import LOCALES, babel_locale
from app.core.money import digits
from app.core.numbering import NumberCounter, NumberSeries
from app.rules import masters
from models.base import HOUSE_BRANCH
from models.orders import OrderType
from models.organisation import (
    Branch,
    Country,
    Currency,
    DeliveryMethod,
    PaymentMethod,
    PaymentTerms,
    Portal,
    TaxCategory,
    Unit,
)
from models.stock import Warehouse

CURRENCIES = ("EUR", "GBP", "USD", "RON", "TRY", "RUB", "CNY", "IRR", "CHF", "JPY", "AED")
SERIES = {
    "order": "SO-", "quote": "QU-", "contract": "CT-", "invoice": "INV-", "proforma": "PF-",
    "payment_request": "PR-", "credit_note": "CN-", "payment": "PAY-", "ticket": "TK-", "customer": "C-",
}  # fmt: skip
PAYMENT_METHODS = {
    "transfer": ("Bank transfer", "حواله بانکی", "Transfer bancar", "Банковский перевод", "Banka havalesi", "银行转账"),
    "card": ("Card", "کارت بانکی", "Card bancar", "Банковская карта", "Banka kartı", "银行卡"),
    "delivery": ("On delivery", "پرداخت هنگام تحویل", "La livrare", "При получении", "Teslimatta ödeme", "货到付款"),
}
UNITS = {  # UN/ECE Rec 20: symbol en, fa, ro, ru, tr, zh_Hans_CN; decimal places
    "C62": (("pcs", "عدد", "buc.", "шт.", "adet", "件"), 0),
    "KGM": (("kg", "کیلوگرم", "kg", "кг", "kg", "千克"), 3),
    "MTR": (("m", "متر", "m", "м", "m", "米"), 2),
    "LTR": (("l", "لیتر", "l", "л", "l", "升"), 3),
    "HUR": (("h", "ساعت", "ore", "ч", "saat", "小时"), 2),
    "MON": (("months", "ماه", "luni", "мес.", "ay", "个月"), 0),
    "BX": (("boxes", "جعبه", "cutii", "кор.", "kutu", "箱"), 0),
    "SET": (("sets", "ست", "seturi", "компл.", "takım", "套"), 0),
}


NUMBER_MODES = {"auto": _l("By the series"), "manual": _l("By hand"),
                "auto_overridable": _l("By the series, or by hand")}  # fmt: skip
CONFIRMATIONS = {"manager": _l("A person approves"), "auto_stock_check": _l("By itself, when the goods are in stock")}
DELETE_POLICIES = {"confirm": _l("After a question"), "hq_only": _l("By the head office only"),
                   "special_approval": _l("After a special approval")}  # fmt: skip
MANUALS = {"S0": "fa", "S1": "ro", "S2": "zh_Hans_CN", "S3": "ru", "S4": "tr"}  # each manual is in one language
PRESETS = {"": _l("Our own words"), **{code: f"{config.LANGUAGES[one]['name']} ({code})"
                                       for code, one in MANUALS.items()}}  # fmt: skip


def texts(*words):
    """One text in the six languages, in the order of LOCALES."""
    return dict(zip(LOCALES, words, strict=True))


def seed(work):
    """Make what is missing of the rows every installation needs; changes nothing that is there."""
    session = work.session
    _missing(session, Currency, [{"code": c, "digits": digits(c), "active": True} for c in CURRENCIES])
    _missing(session, Country, _countries())
    _missing(
        session, Unit, [{"code": c, "symbols": texts(*words), "digits": d} for c, (words, d) in UNITS.items()]
    )
    if session.get(Branch, HOUSE_BRANCH) is None:
        known = texts("Head office", "دفتر مرکزی", "Sediul central", "Головной офис", "Genel merkez", "总部")
        session.add(Branch(id=HOUSE_BRANCH, name="Head office", legal_name="Serai", country_code="GB",
                           currency_code="EUR", other_names=known))  # fmt: skip
        session.flush()
    _ensure(session, Portal, "default", name="Serai")
    _ensure(
        session,
        PaymentTerms,
        "net30",
        days=30,
        prepayment_percent=0,
        names=texts(
            "30 days net", "۳۰ روز خالص", "30 de zile net", "30 дней нетто", "30 gün net", "30 天净额"
        ),
    )
    _ensure(
        session,
        PaymentTerms,
        "prepaid",
        days=0,
        prepayment_percent=100,
        names=texts(
            "Payment in advance", "پیش‌پرداخت", "Plată în avans", "Предоплата", "Peşin ödeme", "预付款"
        ),
    )
    _ensure(
        session, DeliveryMethod, "courier", names=texts("Courier", "پیک", "Curier", "Курьер", "Kurye", "快递")
    )
    _ensure(
        session,
        DeliveryMethod,
        "pickup",
        names=texts("Pickup", "تحویل حضوری", "Ridicare personală", "Самовывоз", "Teslim alma", "自提"),
    )
    for code, words in PAYMENT_METHODS.items():
        _ensure(session, PaymentMethod, code, names=texts(*words))
    _ensure(
        session,
        TaxCategory,
        "standard",
        names=texts(
            "Standard rate", "نرخ عادی", "Cotă standard", "Стандартная ставка", "Standart oran", "标准税率"
        ),
    )
    _ensure(
        session,
        TaxCategory,
        "zero",
        names=texts("Zero rate", "نرخ صفر", "Cotă zero", "Нулевая ставка", "Sıfır oran", "零税率"),
    )
    known = texts("Main warehouse", "انبار اصلی", "Depozit principal", "Основной склад", "Ana depo", "主仓库")
    _ensure(session, Warehouse, "MAIN", name="Main warehouse", default=True, other_names=known)
    _ensure(
        session,
        OrderType,
        "standard",
        names=texts(
            "Standard order",
            "سفارش عادی",
            "Comandă standard",
            "Обычный заказ",
            "Standart sipariş",
            "标准订单",
        ),
    )
    for code, prefix in SERIES.items():
        if session.scalar(select(NumberSeries.id).filter_by(branch_id=HOUSE_BRANCH, code=code)) is None:
            session.add(NumberSeries(branch_id=HOUSE_BRANCH, code=code, prefix=prefix))


def _missing(session, model, rows):
    session.execute(insert(model).on_conflict_do_nothing(index_elements=["code"]), rows)


def _ensure(session, model, code, **values):
    if session.scalar(select(model.id).where(model.code == code)) is None:
        session.add(model(code=code, **values))
        session.flush()


def _countries():
    codes = [code for code in Locale("en").territories if len(code) == 2 and code.isalpha() and code not in (
        "EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "DG", "EA", "IC", "TA", "CQ", "XK")]  # fmt: skip
    names = {one: babel_locale(one).territories for one in LOCALES}
    return [
        {"code": code, "names": {one: names[one].get(code, code) for one in LOCALES}}
        for code in sorted(codes)
    ]


# --- what may be saved -------------------------------------------------------------------------


def check_branch(branch, work):
    """A branch hangs under another one, never under itself; the head office stays at the top and in use."""
    masters.check_parent(branch, work)
    if branch.id == HOUSE_BRANCH and branch.parent is not None:
        raise BusinessError("head_office", _l("The head office is above all branches."), field="parent")


def check_currency(currency, work):
    """Codes are those of ISO 4217, in capitals."""
    _coded(currency, 3, work)
    if currency.digits is None or not 0 <= currency.digits <= 4:
        raise BusinessError("bad_digits", _l("Decimal places are 0 to 4."), field="digits")


def check_unit(unit, work):
    """Codes are those of UN/ECE Recommendation 20, in capitals."""
    _coded(unit, 8, work)
    if unit.digits is None or not 0 <= unit.digits <= 6:
        raise BusinessError("bad_digits", _l("Decimal places are 0 to 6."), field="digits")


def _coded(row, most, work):
    row.code = (row.code or "").strip().upper()
    fits = row.code.isascii() and row.code.isalnum() and len(row.code) <= most and (most != 3 or len(row.code) == 3)
    if not fits:
        raise BusinessError("bad_code", _l("This code is not possible."), field="code")


def check_exchange_rate(row, work):
    """A rate is above zero, between two different currencies."""
    if row.rate <= 0:
        raise BusinessError("bad_rate", _l("The rate must be above zero."), field="rate")
    if row.base_code == row.currency_code:
        raise BusinessError("same_currency", _l("Choose two different currencies."), field="base_code")


def check_terms(terms, work):
    """Days are not negative; a prepayment is a share of the whole."""
    if terms.days is None or not 0 <= terms.days <= 3650:
        raise BusinessError("bad_days", _l("Days are 0 to 3650."), field="days")
    _share(terms)


def check_order_type(kind, work):
    """Its series exists; its prepayment is a share of the whole."""
    _share(kind)
    if work.session.scalars(select(NumberSeries.id).where(NumberSeries.code == kind.series).limit(1)).first() is None:
        raise BusinessError("no_series", _l("There is no such number series."), field="series")


def _share(row):
    share = row.prepayment_percent
    if share is not None and not 0 <= share <= 100:
        raise BusinessError("bad_share", _l("A share is 0 to 100 per cent."), field="prepayment_percent")


def check_series(series, work):
    """Numbers stay unique: once numbers were taken, a series keeps counting by year, or goes on without."""
    if series.width is None or not 1 <= series.width <= 12:
        raise BusinessError("bad_width", _l("Running digits are 1 to 12."), field="width")
    if series.id is None:
        return
    taken = select(NumberCounter.year).where(NumberCounter.series_id == series.id).limit(1)
    with work.session.no_autoflush:
        year = work.session.scalars(taken).first()
    if year is not None and series.yearly != (year > 0):
        text = _l("Numbers of this series are in use: it cannot change how it counts the years.")
        raise BusinessError("series_in_use", text, field="yearly")


def remove(row, work):
    """Delete a row of the house's own tables; one that is referred to is archived, or stays (X-44).

    :raises BusinessError: 'head_office', 'in_use'
    """
    if isinstance(row, Branch) and row.id == HOUSE_BRANCH:
        raise BusinessError("head_office", _l("The head office cannot be deleted."))
    if hasattr(row, "archived_at"):
        return masters.remove(row, work, parts=("tax_rates",))
    if masters.referred_to(row, work):
        raise BusinessError("in_use", _l("Other records refer to it."))
    work.session.delete(row)
    work.session.flush()
    return "deleted"
