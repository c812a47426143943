"""A document as orders print it, in every language: mixed directions, brackets, negative amounts, foreign names."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from PIL import Image

from app.core.money import Money, total
from app.core.quantity import Quantity
from reports.core import Code, Document, Many, Party, Percent, Seller, Table

WORDS = {
    "en": ("Order confirmation", "Customer", "Net", "Total", "White hanging heart (XL) holder", "pcs", "GBP"),
    "fa": ("تأیید سفارش", "مشتری", "جمع خالص", "جمع کل", "چراغ رومیزی (مدل XL) سفید", "عدد", "IRR"),
    "ro": ("Confirmare de comandă", "Client", "Net", "Total", "Suport în formă de inimă (XL)", "buc.", "RON"),
    "ru": ("Подтверждение заказа", "Клиент", "Сумма без НДС", "Итого", "Подсвечник «Сердце» (XL)", "шт.", "RUB"),
    "tr": ("Sipariş onayı", "Müşteri", "Net", "Toplam", "Beyaz kalpli mumluk (XL) ışıklı", "adet", "TRY"),
    "zh_Hans_CN": ("订单确认书", "客户", "净额", "合计", "白色心形烛台（加大号 XL）", "件", "CNY"),
}
HEADS = {
    "en": ("SKU", "Description", "Quantity", "Unit price", "Tax", "Amount"),
    "fa": ("کد کالا", "شرح", "تعداد", "بهای واحد", "مالیات", "مبلغ"),
    "ro": ("Cod articol", "Descriere", "Cantitate", "Preț unitar", "TVA", "Valoare"),
    "ru": ("Артикул", "Наименование", "Кол-во", "Цена", "НДС", "Сумма"),
    "tr": ("Stok kodu", "Açıklama", "Miktar", "Birim fiyat", "KDV", "Tutar"),
    "zh_Hans_CN": ("产品编码", "名称", "数量", "单价", "税", "金额"),
}
FOREIGN = ("Кабель ВВГ (3×2,5)", "کابل شبکه (CAT6)", "Țeavă Ø 15", "网络线 Café", "Plain")


@lru_cache
def logo():
    """A small picture with a transparent corner."""
    out = io.BytesIO()
    Image.new("RGBA", (200, 60), (29, 78, 216, 200)).save(out, "PNG")
    return out.getvalue()


def line(locale, index):
    """One line; every fourth is a return, every third bears a foreign name."""
    *_words, name, unit, currency = WORDS[locale]
    price = Decimal("1250000") if currency == "IRR" else Decimal("1234.5")
    price = Money(-price if index % 4 == 3 else price, currency).rounded()
    quantity = Decimal(index % 7 + 1)
    shown = name if index % 3 else f"{name} – {FOREIGN[index // 3 % 5]}"
    rate = Percent(Decimal("18.5"))
    return (Code(f"SKU-{index:05}/A"), shown, Many(Quantity(quantity, "pcs"), unit), price, rate, price * quantity)


def order(locale, lines, **more):
    """An order confirmation with that many lines."""
    title, customer, net, grand, name, _unit, currency = WORDS[locale]
    rows = tuple(line(locale, index) for index in range(lines))
    sum_ = total((row[-1] for row in rows), currency)
    return Document(
        title=title,
        number="SO-2026-000123",
        facts=(
            (customer, name),
            ("PO", Code("PO-77/(B)")),
            ("1", date(2026, 11, 21)),
            ("2", datetime(2026, 12, 1, 9, 30, tzinfo=UTC)),
        ),
        tables=(Table(HEADS[locale], rows, totals=((net, sum_), (grand, sum_))),),
        notes=(f"{name} SO-2026-000123 (PO).",),
        parties=(Party(customer, (name, "12 Long Street (rear)", Code("+98 21 1234 5678"))),),
        seller=Seller("Serai Trading Ltd", ("1 Caravan Road", Code("IBAN TR33 0006 1005")), "VAT TR1234567890"),
        logo=logo(),
        **more,
    )
