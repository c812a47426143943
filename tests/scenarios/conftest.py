"""What a story needs beside people: the real order book, the worker's turn, the words on a PDF page."""

import email
import email.policy
import io
import json
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import sessionmaker

import config
from app.imports import online_retail
from app.jobs.runner import run_pending

SAMPLE = Path(__file__).parent.parent / "data" / "online_retail.csv"
WHOLE_YEAR = 366  # days: every order of the sample stays submitted


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Files and mails of this test; the house is as a fresh installation has it, without an address of its own."""
    monkeypatch.setattr(config, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())
    monkeypatch.setattr(config, "MAIL_URL", "")
    monkeypatch.setattr(config, "SITE_URL", "http://127.0.0.1:8080")
    return tmp_path


@pytest.fixture
def mails(folders):
    """`mails()` reads what has been sent so far."""

    def read():
        found = (folders / "mail").rglob("*.eml")
        return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in sorted(found)]

    return read


@pytest.fixture
def jobs(site, engine):
    """`jobs()` lets the worker do everything that waits; gives the names of what it did."""
    return lambda: run_pending(sessionmaker(engine), app=site)


@pytest.fixture
def book(people, site, capsys):
    """The imported order book; what the command said about it."""
    with site.app_context():
        assert online_retail.command(str(SAMPLE), None, WHOLE_YEAR, "shell:test") == 0
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.fixture
def words():
    """`words(pdf)` gives the text of its pages, joined Persian letters taken apart."""

    def read(content):
        assert content.startswith(b"%PDF")
        pages = PdfReader(io.BytesIO(content)).pages
        return unicodedata.normalize("NFKC", "\n".join(page.extract_text() for page in pages))

    return read
