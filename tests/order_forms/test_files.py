"""Files as they come: every kind and encoding, numbers of every language, and what is wrong with the rest."""

import io
import pathlib
import zipfile
from decimal import Decimal

import pytest

from app.core import sheets
from app.core.localized import LOCALES, Reader
from app.rules import order_rows
from tests.order_forms import books

EN = Reader("en")
HERE = pathlib.Path(__file__).parent


def read(data, name="form.xlsx", reader=EN, most_rows=1_000, most_bytes=5_000_000):
    grids = sheets.read(name, io.BytesIO(data), most_bytes=most_bytes, most_rows=most_rows, known=order_rows.known,
                        locale=reader.locale)  # fmt: skip
    return order_rows.of_grids(grids, reader)


def pairs(found):
    return [(row["sku"], row["quantity"] or row["problem"]) for row in found.rows]


def refused(*args, **more):
    with pytest.raises(sheets.Unreadable) as error:
        read(*args, **more)
    assert error.value.details["field"] == "file"
    assert str(error.value.message)
    return error.value.code


ROWS = (("SKU", "Quantity"), ("A-1", 5), ("B-2", 7))
WANTED = [("A-1", "5"), ("B-2", "7")]


def test_each_kind_of_table_is_read():
    assert pairs(read(books.xlsx(*ROWS))) == WANTED
    assert pairs(read(books.ods(*ROWS), "form.ods")) == WANTED
    assert pairs(read((HERE / "form.xls").read_bytes(), "form.xls")) == WANTED
    assert pairs(read(b"SKU,Quantity\nA-1,5\nB-2,7\n", "form.csv")) == WANTED
    assert pairs(read(b"SKU\tQuantity\r\nA-1\t5\r\nB-2\t7\r\n", "form.txt")) == WANTED


@pytest.mark.parametrize(("encoding", "locale", "head"), [
    ("utf-8", "ru", "Артикул;Количество"), ("utf-8-sig", "fa", "کد کالا;تعداد"), ("utf-16", "zh_Hans_CN", "货号;数量"),
    ("utf-16-le", "en", "\ufeffSKU;Quantity"), ("cp1251", "en", "Артикул;Количество"),
    ("cp1254", "tr", "Stok kodu;Miktar"), ("cp1250", "ro", "Cod articol;Cantitate"), ("gb18030", "en", "货号;数量"),
    ("cp1256", "fa", "کد;مقدار"),
])  # fmt: skip
def test_each_usual_encoding_is_found_out(encoding, locale, head):
    tail = {"ru": "Ж", "zh_Hans_CN": "茶", "tr": "ş", "ro": "ţ", "fa": "چ"}.get(locale, "")
    data = f"{head};x\nA-1;5;{tail}\nB-2;7;{tail}\n".encode(encoding)
    assert pairs(read(data, "form.csv", Reader(locale))) == WANTED


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_each_separator_is_found_out(separator):
    data = f'SKU{separator}Product{separator}Quantity\nA-1{separator}"Cup{separator} blue"{separator}5\n'
    found = read(data.encode(), "form.csv")
    name = " ".join(f"Cup{separator} blue".split())
    assert [(row["sku"], row["name"], row["quantity"]) for row in found.rows] == [("A-1", name, "5")]


def test_excels_own_line_names_the_separator():
    assert pairs(read(b"sep=;\r\nSKU;Quantity\r\nA-1;2,5\r\n", "form.csv")) == [("A-1", "2.5")]


def test_the_headings_of_every_language_are_known_and_stand_anywhere():
    heads = {"en": ("SKU", "Quantity"), "fa": ("کد کالا", "تعداد"), "ro": ("Cod articol", "Cantitate"),
             "ru": ("Артикул", "Количество"), "tr": ("Stok kodu", "Miktar"),
             "zh_Hans_CN": ("产品编码", "数量")}  # fmt: skip
    assert heads.keys() == set(LOCALES)
    for sku, quantity in heads.values():
        data = books.xlsx(("Our order of today",), (), (quantity, "remark", sku), (5, "x", "A-1"))
        found = read(data)
        assert pairs(found) == [("A-1", "5")]
        assert found.rows[0]["at"] == 4


def test_without_headings_the_order_of_columns_counts():
    assert pairs(read(books.xlsx(("A-1", 5), ("B-2", 7)))) == WANTED
    assert pairs(read(books.xlsx(("A-1", "Cup", 5), ("B-2", "Pot", 7)))) == WANTED
    assert pairs(read(books.xlsx(("A-1", "Cup", "pcs", 9.5, 5), ("B-2", "Pot", "pcs", 3, "")))) == [("A-1", "5")]


def test_a_form_with_codes_but_no_quantities_says_so():
    assert refused(books.xlsx(("SKU", "Product"), ("A-1", "Cup"))) == "no_quantity_column"
    assert refused(books.xlsx(("Hello", "world"), ("no", "order"))) == "no_rows"


def test_rows_without_a_quantity_are_counted_and_left_out():
    found = read(books.xlsx(books.HEAD, ("A-1", "", "", 1, ""), ("B-2", "", "", 1, 0), ("C-3", "", "", 1, 4)))
    assert (pairs(found), found.empty) == ([("C-3", "4")], 2)


@pytest.mark.parametrize(("text", "locale", "number"), [
    ("۱۲", "en", "12"), ("۱٬۲۳۴٫۵", "en", "1234.5"), ("١٢٫٥", "ru", "12.5"), ("1,234.5", "ro", "1234.5"),
    ("1.234,5", "en", "1234.5"), ("2,5", "en", "2.5"), ("2.5", "ro", "2.5"), ("1 234", "ru", "1234"),
    ("1\u00a0234,5", "ru", "1234.5"), ("1.500", "ro", "1500"), ("1.500", "en", "1.5"), ("1'500", "en", "1500"),
    ("１２", "zh_Hans_CN", "12"), ("-3", "en", "-3"),
])  # fmt: skip
def test_numbers_are_read_as_they_are_written(text, locale, number):
    assert order_rows.quantity_of(text, Reader(locale)) == Decimal(number)


@pytest.mark.parametrize(("text", "locale"), [
    ("1.500", "ru"), ("six", "en"), ("1e5", "en"), ("1,2,3", "en"), ("5 pcs", "en"), ("", "en"),
    ("9" * 30, "en"), ("#REF!", "en"), ("--1", "en"),
])  # fmt: skip
def test_what_could_mean_two_things_or_nothing_is_refused(text, locale):
    assert order_rows.quantity_of(text, Reader(locale)) is None


def test_formulas_count_with_their_stored_value_and_are_refused_without():
    def write(sheet):
        sheet.write_formula(1, 4, "=2+3", None, 5)
        sheet.write_formula(2, 4, "=2+3", None, "")
    data = books.xlsx(books.HEAD, ("A-1",), ("B-2",), ("C-3", "", "", "", 1), write=write)
    assert pairs(read(data)) == [("A-1", "5"), ("B-2", "formula"), ("C-3", "1")]
    cell = ('<table:table-row><table:table-cell office:value-type="string"><text:p>B-2</text:p></table:table-cell>'
            '<table:table-cell table:formula="of:=2+3"/></table:table-row>')  # fmt: skip
    assert pairs(read(books.ods(*ROWS, cells=cell), "form.ods"))[2] == ("B-2", "formula")


def test_a_formula_whose_stored_result_is_nothing_orders_nothing():
    def write(sheet):
        sheet.write_formula(1, 4, '=IF(H2>0,H2,"")', None, "NOTHING")
    data = books.xlsx(books.HEAD, ("A-1",), ("C-3", "", "", "", 1), write=write)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).replace(b"NOTHING", b"") for name in archive.namelist()}
    assert b't="str"' in parts["xl/worksheets/sheet1.xml"]
    assert pairs(read(books.zipped(parts))) == [("C-3", "1")]


def test_rows_covered_by_merged_cells_are_refused_not_passed_over():
    data = books.xlsx(*ROWS[:1], ("A-1", ""), ("B-2", ""), write=lambda sheet: sheet.merge_range(1, 1, 2, 1, 5))
    assert pairs(read(data)) == [("A-1", "5"), ("B-2", "merged_cells")]
    covered = ('<table:table-row><table:table-cell office:value-type="string"><text:p>C-3</text:p></table:table-cell>'
               "<table:covered-table-cell/></table:table-row>")  # fmt: skip
    assert pairs(read(books.ods(*ROWS, cells=covered), "form.ods"))[2] == ("C-3", "merged_cells")


def test_codes_that_a_spreadsheet_took_for_numbers_are_codes_again():
    assert pairs(read(books.xlsx(("SKU", "Quantity"), (22720, 5), (85123.0, 1)))) == [("22720", "5"), ("85123", "1")]


def test_wrong_files_are_refused_by_what_they_are():
    assert refused(b"") == "file_empty"
    assert refused(b"%PDF-1.7 nothing", "form.pdf") == "file_type"
    assert refused(b"<html><body>SKU</body></html>", "form.xls") == "file_type"
    assert refused(books.xlsx(*ROWS), "form.csv") == "file_name"
    assert refused(b"PK\x03\x04" + b"x" * 500) == "file_damaged"
    assert refused(books.xlsx(*ROWS)[:-300]) == "file_damaged"
    assert refused(books.zipped({"[Content_Types].xml": "x", "xl/workbook.xml": "<not closed"})) == "file_damaged"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000, "form.xls") == "file_damaged"
    assert refused(b"SKU,Quantity\nA-1,5\n" * 100, "form.csv", most_bytes=1_000) == "file_too_large"
    assert refused(b"SKU,Quantity\n" + b"A-1,5\n" * 2_000, "form.csv") == "file_too_large"


def test_files_with_a_password_say_so():
    assert refused((HERE / "locked.xlsx").read_bytes()) == "file_locked"
    assert refused(books.locked_ods(), "form.ods") == "file_locked"


def bomb(size):
    """A workbook whose sheet unpacks into `size` bytes."""
    sheet = b"<worksheet><sheetData>" + b" " * size + b"</sheetData></worksheet>"
    return books.xlsx(*ROWS), sheet


def test_archives_that_explode_do_not(monkeypatch):
    monkeypatch.setattr(sheets, "PACKED", 2)
    monkeypatch.setattr(sheets, "_LEAST_UNPACKED", 1_000_000)
    data, sheet = bomb(4_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, sheet if "sheet1" in entry.filename else old.read(entry.filename))
    packed = out.getvalue()
    assert len(packed) < 50_000
    assert refused(packed) == "file_too_large"
    lying = packed.replace(len(sheet).to_bytes(4, "little"), (900).to_bytes(4, "little"))
    assert lying != packed
    assert refused(lying) in ("file_too_large", "file_damaged")


def test_one_cell_in_the_last_corner_fills_no_memory():
    data = books.xlsx(*ROWS, write=lambda sheet: sheet.write(1_048_575, 16_383, "far away"))
    assert refused(data) == "file_too_large"


def test_pasted_rows_take_what_stands_between():
    rows = sheets.table("A-1\t5\nB-2  7\nBANK CHARGES 2\nC-3\n", order_rows.known)
    found = order_rows.of_text(rows, EN)
    assert pairs(found) == [*WANTED, ("BANK CHARGES", "2"), ("C-3", "no_quantity")]
    assert pairs(order_rows.of_text(sheets.table("A-1;2,5", order_rows.known), EN)) == [("A-1", "2.5")]
    assert pairs(order_rows.of_text(sheets.table("A-1 x ۵", order_rows.known), EN)) == [("A-1", "5")]
    with pytest.raises(sheets.Unreadable) as error:
        order_rows.of_text(sheets.table(" \n\n", order_rows.known), EN)
    assert error.value.details["field"] == "rows"
