"""Search finds the beginning of any word, however people spell it."""

import re

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.searchtext import fold, query, vector, words
from tests.cluster import cluster

PIECE = re.compile(r"'((?:[^'\\]|''|\\\\)*)'(:\*)?")


def found(row, asked):
    """What PostgreSQL does with our two literals, for conjunctions and the one alternative we write."""
    lexemes = [match[1] for match in PIECE.finditer(vector(row))]

    def holds(part):
        if part.startswith("("):
            whole, apart = part[1:-1].split(" | ")
            return holds(whole) or holds_all(apart.strip("()"))
        match = PIECE.fullmatch(part)
        return any(word.startswith(match[1]) if match[2] else word == match[1] for word in lexemes)

    def holds_all(text):
        return all(holds(part) for part in re.findall(r"\((?:[^()]|\([^()]*\))*\)|[^ &]+", text))

    return bool(query(asked)) and holds_all(query(asked))


@pytest.mark.parametrize(
    "row, asked",
    [
        ("Straßenbau Müller GmbH", "mull"),
        ("Straßenbau Müller GmbH", "STRASSE"),
        ("Șerban Țiriac", "serban"),
        ("Şerban Ţiriac", "ȘERBAN țir"),
        ("İstanbul Ltd", "istan"),
        ("IŞIK Elektrik", "ışık"),
        ("Isparta", "ıspa"),
        ("Ёлкин и сыновья", "елки"),
        ("شركة كاوه", "شرکة کاوه"),
        ("فروشگاه یاس", "فروشگاه ياس"),
        ("کالا ۱۲۳", "123"),
        ("کالا ١٢٣", "۱۲"),
        ("پیش‌فاکتور", "پیشفا"),
        ("پیش‌فاکتور", "فاکتور"),
        ("پیش‌فاکتور", "پیش فاکتور"),
        ("پیش فاکتور", "پیش‌فاکتور"),
        ("پیشفاکتور", "پیش‌فاکتور"),
        ("北京市朝阳区", "朝阳"),
        ("北京市朝阳区", "区"),
        ("北京市朝阳区", "京"),
        ("北京ABC公司3号", "abc公司"),
        ("ＡＢＣ Ｔｒａｄｉｎｇ", "abc trad"),
        ("PO-2026/17", "po-20"),
        ("Ltd. O'Brien & Sons", "o'brien"),
        ("ﬁne goods", "fine"),
        ("كـــتاب", "کتاب"),
        ("São Łódź", "sao lodz"),
    ],
)
def test_spelling_variants_find_each_other(row, asked):
    assert found(row, asked), (vector(row), query(asked))


@pytest.mark.parametrize(
    "row, asked",
    [("Müller GmbH", "ller"), ("Acme Ltd", "acme inc"), ("北京市", "市北"), ("Acme", "---"), ("", "a")],
)
def test_only_beginnings_of_words_match(row, asked):
    assert not found(row, asked)


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=80))
def test_a_row_is_found_by_its_own_text(text):
    assert not words(text) or found(text, " ".join(text.split()))


@given(st.text(), st.text())
def test_literals_hold_nothing_but_quoted_words(one, other):
    assert PIECE.sub("", vector(one, other)).strip() == ""
    assert re.fullmatch(r"[ &|()]*", PIECE.sub("", query(one)))


HOSTILE = [
    "' | 'x",
    "a\\",
    "a':*",
    "<->",
    "!a",
    "a & b | c",
    "\x00",
    "''''",
    "\\'",
    "%_",
    "(",
    "a'); drop table x",
]


@pytest.mark.parametrize("asked", HOSTILE)
def test_operators_and_quotes_in_a_search_mean_nothing(asked):
    assert PIECE.sub("", query(asked)).strip(" &") == ""


def test_long_texts_stay_within_the_limits_of_an_index():
    assert len(query("word " * 500)) < 100
    assert all(len(word) <= 64 for word in words("x" * 5000 + " " + "ß" * 100))


@pytest.fixture(scope="module")
def connection():
    with psycopg.connect(cluster().replace("+psycopg", ""), autocommit=True) as opened:
        opened.add_notice_handler(lambda notice: None)  # "text-search query doesn't contain lexemes"
        yield opened


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_postgresql_agrees_with_us_about_every_text(connection, text):
    for asked in (text, *HOSTILE):
        row = connection.execute(
            "SELECT length(CAST(%s AS tsvector)), CAST(%s AS tsvector) @@ CAST(%s AS tsquery)",
            (vector(text), vector(text), query(" ".join(asked.split()))),
        ).fetchone()
        assert row == (len(words(text)), found(text, " ".join(asked.split())))
