"""What the file calls things, and what we call them: codes that are no goods, names of countries."""

from dataclasses import dataclass

from app.core.localized import babel_locale
from app.rules.organisation import texts


@dataclass(frozen=True)
class Charge:
    """A code that is no article: what it stands for becomes a service.

    :param priced: it has a usual price, so it gets one in the price list
    """

    names: dict[str, str]
    priced: bool = False


_POSTAGE = ("Postage", "هزینه پست", "Taxă poștală", "Почтовые расходы", "Posta ücreti", "邮费")
_VOUCHER = ("Gift voucher", "کارت هدیه", "Voucher cadou", "Подарочный сертификат", "Hediye çeki", "礼品券")
CHARGES = {
    "POST": Charge(texts(*_POSTAGE), priced=True),
    "DOT": Charge(texts("Web shop postage", "هزینه پست فروشگاه اینترنتی", "Taxă poștală magazin online",
                        "Доставка интернет-магазина", "İnternet mağazası posta ücreti", "网店邮费")),
    "C2": Charge(texts("Carriage", "هزینه حمل", "Transport", "Перевозка", "Nakliye", "运费"), priced=True),
    "D": Charge(texts("Discount", "تخفیف", "Reducere", "Скидка", "İndirim", "折扣")),
    "M": Charge(texts("Manual entry", "ثبت دستی", "Înregistrare manuală", "Ручная проводка", "Elle girilen kayıt",
                      "手工录入")),
    "S": Charge(texts("Samples", "نمونه‌ها", "Mostre", "Образцы", "Numuneler", "样品")),
    "BANK CHARGES": Charge(texts("Bank charges", "کارمزد بانکی", "Comisioane bancare", "Банковские комиссии",
                                 "Banka masrafları", "银行手续费")),
    "AMAZONFEE": Charge(texts("Marketplace fee", "کارمزد بازار اینترنتی", "Comision de platformă",
                              "Комиссия торговой площадки", "Pazaryeri komisyonu", "平台费用")),
    "CRUK": Charge(texts("Charity commission", "سهم خیریه", "Comision caritabil", "Благотворительный взнос",
                         "Hayır kurumu payı", "慈善佣金")),
}  # fmt: skip

# Countries as the source writes them where the English name of ISO 3166 is another one. None: it does not say.
_COUNTRIES: dict[str, str | None] = {
    "eire": "IE", "channel islands": "JE", "rsa": "ZA", "usa": "US", "uk": "GB", "czech republic": "CZ",
    "hong kong": "HK", "korea": "KR", "south korea": "KR", "turkey": "TR", "uae": "AE", "burma": "MM",
    "west indies": None, "unspecified": None, "european community": None, "": None,
}  # fmt: skip
_LANGUAGES = {"RO": "ro", "MD": "ro", "TR": "tr", "RU": "ru", "BY": "ru", "CN": "zh_Hans_CN", "IR": "fa", "AF": "fa"}


def charge(code: str) -> Charge | None:
    """What a code stands for that is no article; None for goods."""
    if code.upper().startswith("GIFT_"):
        return Charge({locale: f"{name} {code.rpartition('_')[2]}" for locale, name in texts(*_VOUCHER).items()})
    return CHARGES.get(code.upper())


def _by_name() -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for code, name in babel_locale("en").territories.items():
        if len(code) == 2 and code.isalpha():
            names[name.casefold()] = code
    return names | _COUNTRIES


_known: dict[str, str | None] = {}


def country(name: str) -> str | None:
    """The ISO 3166 code of a country's name; None where the file does not say which country.

    :raises KeyError: nobody knows such a country
    """
    if not _known:
        _known.update(_by_name())
    return _known[name.strip().casefold()]


def language(country_code: str) -> str:
    """The language we write in to a country."""
    return _LANGUAGES.get(country_code, "en")
