"""The rows every installation begins with. Languages are written out where people read them."""

from babel import Locale
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.localized import LOCALES, babel_locale
from app.core.money import digits
from app.core.numbering import NumberSeries
from models.base import HOUSE_BRANCH
from models.orders import OrderType
from models.organisation import (
    Branch,
    Country,
    Currency,
    DeliveryMethod,
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
        session.add(Branch(id=HOUSE_BRANCH, name="Head office", legal_name="Serai", country_code="GB",
                           currency_code="EUR"))  # fmt: skip
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
    _ensure(session, Warehouse, "MAIN", name="Main warehouse", default=True)
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
