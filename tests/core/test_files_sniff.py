"""An upload is what its bytes are, whatever it calls itself."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BusinessError
from app.core.files_sniff import TYPES, check, known_virus, safe_name, sniff

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def archive(**entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries.items():
            opened.writestr(name.replace("__", "/").replace("CT", "[Content_Types].xml"), content)
    return out.getvalue()


DOCX = archive(CT="<Types/>", **{"word__document.xml": "<w/>"})
XLSX = archive(CT="<Types/>", **{"xl__workbook.xml": "<x/>"})


@pytest.mark.parametrize(
    "name, content, media_type",
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PNG", PNG, "image/png"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a....", "image/gif"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            "a.ods",
            archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("a.zip", archive(note="x"), "application/zip"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel"),
        ("a.csv", "sku;qty\nکالا;1\n".encode(), "text/csv"),
        ("a.txt", "Привет <всем>, 1 < 2".encode("utf-16"), "text/plain"),
        ("a.txt", "caf\xe9".encode("latin-1"), "text/plain"),
    ],
)
def test_files_of_business_are_taken(name, content, media_type):
    taken = check(name, io.BytesIO(content))
    assert (taken.media_type, taken.size, taken.name.lower()) == (media_type, len(content), name.lower())


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("a.pdf", b"<html><script>alert(1)</script>", "file_type"),
        ("a.txt", b"  \n<!DOCTYPE html><p>", "file_type"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "file_type"),
        ("a.xml", b'<?xml version="1.0"?><svg/>', "file_type"),
        ("a.txt", "<script>".encode("utf-16"), "file_type"),
        ("a.csv", b"#!/bin/sh\nrm", "file_type"),
        ("a.png", PDF, "file_name"),
        ("a.html", b"hello", "file_name"),
        ("invoice.pdf.exe", b"MZ\x90\x00\x03\x00", "file_type"),
        ("invoice.pdf\u202efdp.exe", PDF, "file_name"),
        ("a.docm", DOCX, "file_name"),
        ("a.docx", archive(CT="x", **{"word__document.xml": "", "word__vbaProject.bin": ""}), "file_type"),
        ("a.docx", archive(CT="x", **{"word__document.xml": "", "xl__workbook.xml": ""}), "file_type"),
        ("a.zip", archive(**{"setup.exe": "MZ"}), "file_type"),
        ("a.zip", b"PK\x03\x04garbage", "file_type"),
        ("a.odt", archive(mimetype="text/html"), "file_type"),
        ("a.txt", b"a\x00b", "file_type"),
        ("a.txt", b"", "file_empty"),
        ("a.txt", EICAR, "file_unsafe"),
    ],
)
def test_what_could_run_or_lies_about_itself_is_refused(name, content, code):
    with pytest.raises(BusinessError) as refusal:
        check(name, io.BytesIO(content))
    assert refusal.value.code == code and str(refusal.value)


def test_size_place_and_scanner_decide_too():
    with pytest.raises(BusinessError) as refusal:
        check("a.pdf", io.BytesIO(PDF * 10), most_bytes=100)
    assert refusal.value.code == "file_too_large"
    with pytest.raises(BusinessError) as refusal:
        check("a.pdf", io.BytesIO(PDF), allowed={"image/png"})
    assert refusal.value.code == "file_type"
    with pytest.raises(BusinessError) as refusal:
        check("a.pdf", io.BytesIO(PDF), scanner=lambda stream: "Worm" if stream.read() == PDF else None)
    assert refusal.value.details == {"found": "Worm"}
    assert check("a.png", io.BytesIO(PNG)).inline and not check("a.csv", io.BytesIO(b"a")).inline


def test_the_test_virus_is_seen_across_pieces():
    assert known_virus(io.BytesIO(b"x" * (1024 * 1024 - 10) + EICAR)) == "EICAR-Test-File"
    assert known_virus(io.BytesIO(EICAR[:-1])) is None


@pytest.mark.parametrize(
    "name, safe",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\offer.pdf", "offer.pdf"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("con.txt", "file-con.txt"),
        ('a<b>"c|?.pdf', "a-b--c--.pdf"),
        ("سفارش‌ها.pdf", "سفارش‌ها.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@given(st.text())
def test_no_name_escapes_its_folder(name):
    safe = safe_name(name)
    assert safe and len(safe.encode()) <= 121 and not safe.startswith(".")
    assert not set(safe) & set('/\\\x00\r\n\u202e:"') and safe_name(safe) == safe


@given(st.binary(max_size=300))
def test_no_content_breaks_the_look_at_it(content):
    assert sniff(io.BytesIO(content)) in {None, *TYPES}
    assert sniff(io.BytesIO(b"PK\x03\x04" + content)) in {None, *TYPES}
