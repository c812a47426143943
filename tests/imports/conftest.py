"""An order book on this test's database, and what the command said about it."""

import csv
import json
from pathlib import Path

import pytest

from app.imports import online_retail

SAMPLE = Path(__file__).parent.parent / "data" / "online_retail.csv"


class Imported:
    """One run of the command: exit code, result, refused lines, texts."""

    def __init__(self, code, out, err, report):
        self.code, self.err = code, err
        self.result = json.loads(out.strip().splitlines()[-1]) if code == 0 else None
        self.rows = list(csv.reader(report.read_text(encoding="utf-8").splitlines())) if report.exists() else None

    @property
    def refused(self):
        """{line number: reason}"""
        return {int(line): reason for line, reason, _text in self.rows[1:]}


@pytest.fixture
def bring(site, capsys, tmp_path):
    """`bring(path, open_days=3)` runs the import."""

    def run(path=SAMPLE, open_days=3):
        report = tmp_path / "report.csv"
        report.unlink(missing_ok=True)
        with site.app_context():
            code = online_retail.command(str(path), str(report), open_days, "shell:test")
        said = capsys.readouterr()
        return Imported(code, said.out, said.err, report)

    return run


@pytest.fixture
def book(tmp_path):
    """`book([...lines])` writes a file of lines given as text after the header; returns its path."""
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

    def write(*lines, name="book.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write
