"""Trees of values, and what HTML and spreadsheets make of them."""

import csv
import io
import re
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import Babel, get_locale
from python_calamine import CalamineWorkbook

from app.core.localized import LOCALES, Reader, direction, html_lang
from app.core.money import Money
from app.core.quantity import Quantity
from reports import core
from reports.core import Code, Document, Many, Party, Percent, Said, Seller, Table, draw, stream_csv, stream_xlsx
from reports.pictures import checked
from reports.tree import columns_of, text_of
from tests.reports.documents import HEADS, WORDS, logo, order

HOSTILE = ("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "|calc", "  =1", "\ufeff=1", "%0A=1")


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(core, "REPORTS", {})


def test_a_report_is_found_by_name_and_printed_in_the_language_it_is_issued_in(registry):
    @core.report("note", title="Note", locale_of=lambda record: record["locale"], noun="orders")
    def note(record):
        return Document(title="Note", number="N/1 ✓", facts=(("on", date(2026, 11, 21)),))

    assert core.build("note", {"locale": "fa"}).number == "N/1 ✓"
    name, media_type, content = core.render("note", {"locale": "fa"}, "html")
    assert name == "note-N-1.html" and media_type.startswith("text/html")
    assert '<html lang="fa" dir="rtl">' in content.decode() and "۱۴۰۵/۰۸/۳۰" in content.decode()
    assert "21/11/2026" in core.render("note", {"locale": "fa"}, "html", Reader("en"))[2].decode()
    assert [found.name for found in core.reports_of("orders")] == ["note"] and not core.reports_of("quotes")
    with pytest.raises(ValueError, match="two reports"):
        core.report("note", title="", locale_of=str)(note)
    with pytest.raises(KeyError):
        core.render("note", {"locale": "fa"}, "docx")


def test_a_builder_speaks_the_readers_language(registry):
    app = Flask(__name__)
    Babel(app)
    seen = []

    @core.report("note", title="Note", locale_of=lambda record: "ro")
    def note(record):
        seen.append(str(get_locale()))
        return Document(title="Note", number="1")

    with app.test_request_context():
        core.render("note", None, "html")
        core.render("note", None, "csv", Reader("zh_Hans_CN"))
    assert seen == ["ro", "zh_Hans_CN"]


@pytest.mark.parametrize(
    "cell, text, kind",
    [
        ("any (XL)", "any (XL)", "text"),
        (Code("SO-1"), "SO-1", "code"),
        (Said("Ours"), "Ours", "said"),
        (None, "", "text"),
        (3, "3", "figure"),
        (Decimal("2.50"), "2.5", "figure"),
        (Money(Decimal("-5"), "GBP"), "-£5.00", "figure"),
        (Percent(Decimal("18.5")), "18.5%", "figure"),
        (Quantity(Decimal("1.5"), "kg"), "1.5\u00a0kg", "figure"),
        (Many(Quantity(Decimal(2), "pcs"), "pieces"), "2\u00a0pieces", "figure"),
        (date(2026, 11, 21), "21/11/2026", "figure"),
        (datetime(2026, 11, 21, 14, 30, tzinfo=UTC), "21/11/2026, 14:30", "figure"),
    ],
)
def test_cells_are_values_and_formatting_is_for_the_reader(cell, text, kind):
    assert text_of(cell, Reader("en")) == (text, kind)


@pytest.mark.parametrize("cell", [1.5, True, object(), b"x", ["a"]])
def test_a_document_holds_no_floats_and_no_objects(cell):
    with pytest.raises(TypeError):
        text_of(cell, Reader("en"))


def test_rows_have_as_many_cells_as_heads():
    with pytest.raises(ValueError):
        Table(("a", "b"), [("only one",)])


def test_chinese_heads_name_the_currency_and_amounts_leave_it_out():
    table = order("zh_Hans_CN", 2).tables[0]
    heads = columns_of(table, Reader("zh_Hans_CN"))
    assert [head.head for head in heads][3:] == ["单价 (CNY)", "税", "金额 (CNY)"]
    assert text_of(table.rows[0][3], Reader("zh_Hans_CN"), bare=True).text == "1,234.50"
    mixed = Table(("x",), [(Money(Decimal(1), "EUR"),), (Money(Decimal(1), "USD"),)])
    assert columns_of(mixed, Reader("zh_Hans_CN"))[0].head == "x"


# html


@pytest.mark.parametrize("locale", LOCALES)
def test_html_stands_alone_and_says_its_language(locale):
    page = draw("x", order(locale, 3), "html", Reader(locale))[2].decode()
    assert f'<html lang="{html_lang(locale)}" dir="{direction(locale)}">' in page
    for text in (*WORDS[locale][:5], *HEADS[locale]):
        assert text in page
    assert '<bdi dir="ltr">SO-2026-000123</bdi>' in page
    addresses = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(([^)]*)""", page)
    assert addresses and all(address[0].startswith("data:image/png;base64,") for address in addresses)
    assert "<script" not in page and " on" + "load" not in page


def test_html_takes_every_text_as_text():
    evil = '<img src=x onerror="alert(1)">\u202e'
    document = Document(
        title=evil,
        number=evil,
        facts=((evil, evil),),
        tables=(Table((evil,), [(evil,), (Code(evil),)], totals=((evil, evil),), title=evil),),
        notes=(evil,),
        parties=(Party(evil, (evil, Code(evil))),),
        seller=Seller(evil, (evil,), evil),
        marks=(evil,),
        watermark=evil,
        footer=evil,
    )
    page = draw("x", document, "html", Reader("fa"))[2].decode()
    assert "<img" not in page and page.count("&lt;img") >= 14


def test_pictures_are_checked_before_anybody_sees_them():
    assert checked(logo())[0] == "image/png"
    for wrong in (b"", b"<svg/>", b"GIF89a", logo()[:100], b"\x00" * 3_000_000):
        with pytest.raises(ValueError):
            checked(wrong)


# spreadsheets


def sheet_of(content):
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_a_sheet_holds_real_numbers_and_dates():
    rows = sheet_of(draw("x", order("en", 4), "xlsx", Reader("en"))[2])
    assert rows[0][:2] == ["Order confirmation", "SO-2026-000123"]
    assert ["1", date(2026, 11, 21)] in [row[:2] for row in rows]
    assert ["SKU-00003/A", "White hanging heart (XL) holder – کابل شبکه (CAT6)", 4, -1234.5, 18.5, -4938] in rows
    assert any(row[4] == "Total" and isinstance(row[5], int | float) for row in rows if len(row) > 5)


def test_persian_sheets_run_from_right_to_left_with_jalali_days():
    content = draw("x", order("fa", 1), "xlsx", Reader("fa"))[2]
    assert ["1", "۱۴۰۵/۰۸/۳۰"] in [row[:2] for row in sheet_of(content)]
    assert b'rightToLeft="1"' in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_no_text_becomes_a_formula():
    document = Document(title="=1", number="-1", tables=(Table(HOSTILE, [HOSTILE], title="=t"),), notes=("=n",))
    content = draw("x", document, "xlsx", Reader("en"))[2]
    book = zipfile.ZipFile(io.BytesIO(content))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert "=1+1" in {cell for row in sheet_of(content) for cell in row}
    plain = draw("x", document, "csv", Reader("en"))[2].decode("utf-8-sig")
    for row in csv.reader(io.StringIO(plain, newline="")):
        assert all(cell.startswith("'") for cell in row)


def test_csv_is_for_programs():
    content = draw("x", order("ru", 4), "csv", Reader("ru"))[2]
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    heads = [f"{head} (RUB)" if at in (3, 5) else head for at, head in enumerate(HEADS["ru"])]
    assert rows[0] == heads and rows[4][2:] == ["4", "-1234.50", "18.5", "-4938.00"]
    assert len(rows) == 5


def test_figures_too_long_for_a_spreadsheet_keep_their_digits():
    table = Table(("n",), [(Decimal("123456789012345678"),), (Money(Decimal("0.0125"), "EUR"),)])
    rows = sheet_of(draw("x", Document("t", "1", tables=(table,)), "xlsx", Reader("en"))[2])
    assert ["123456789012345678"] in [row[:1] for row in rows] and [0.0125] in [row[:1] for row in rows]


@pytest.mark.parametrize("stream", [stream_csv, stream_xlsx])
def test_long_lists_stream_in_constant_memory(stream):
    def rows(count):
        for number in range(count):
            yield (Code(f"SO-{number}"), "Smith & Sons", Money(Decimal(number), "GBP"), date(2026, 1, 1), None)

    def peak(count):
        tracemalloc.start()
        size = sum(map(len, stream(("a", "b", "c", "d", "e"), rows(count), Reader("en"))))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, used

    peak(10)
    (small, little), (large, much) = peak(500), peak(5000)
    assert large > 5 * small and much < little + 600_000


def test_a_streamed_sheet_opens():
    content = b"".join(stream_xlsx(("Number", "Day"), [(Code("SO-1"), date(2026, 1, 2))], Reader("en"), "Orders"))
    assert sheet_of(content) == [["Number", "Day"], ["SO-1", date(2026, 1, 2)]]
    assert b"".join(stream_csv(("a",), [], Reader("en"))) == b"\xef\xbb\xbfa\r\n"
