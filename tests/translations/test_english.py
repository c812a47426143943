"""The finder of English finds it, and lets names pass."""

import pytest

from tests.translations import english

DATA = frozenset({"Acme Ltd", "Open House", "reviewer"})


ENGLISH = (
    "Confirmed", "confirmed", "Order lines", "This field is required.", "submitted_by", "SKU", "Quantity",
    "Open House: not in stock",
)  # fmt: skip
NAMES = (
    "Acme Ltd", "Open House", "reviewer", "SO-2026-000012", "31,600.00 TRY", "Подтвержден", "۳۱٬۶۰۰ TRY", "PDF",
    "ALLOW_ALL", "Europe/Bucharest", "Заказ SO-2026-000012: Open House", "",
)  # fmt: skip
PAGE = """<html><style>a {}</style><body title="one"><a aria-label="two" href="/x">three</a>
<input placeholder="four"><input type="submit" value="five"><input type="text" value="entered"><code>code</code>
<script type="application/json">{"a": "six"}</script>
<script type="application/json">[{"name": "id", "label": "seven", "options": [["eight", 8]]}]</script>
<script>var script;</script><button data-confirm="nine">ten</button></body></html>"""


@pytest.mark.parametrize("text", ENGLISH)
@pytest.mark.parametrize("locale", ["fa", "ro", "ru", "tr", "zh_Hans_CN"])
def test_english_is_found(text, locale):
    assert english.left([text], locale, DATA) == {text}


@pytest.mark.parametrize("text", NAMES)
def test_names_pass(text):
    assert english.left([text], "ru", DATA) == set()


def test_everything_people_are_told_is_read_from_a_page():
    said = {" ".join(text.split()) for text in english.seen(PAGE)}
    assert said >= {"one", "two", "three", "four", "five", "six", "seven", "nine", "ten"}
    assert not said & {"entered", "code", "var script;", "id"}
