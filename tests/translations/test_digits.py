"""Who reads Persian digits reads no Latin ones: in sentences, counts, sizes, pages; codes stay as they are.

Codes are what somebody types or reads out letter by letter: item codes, numbers of orders, invoices and customers,
references, postcodes, telephone and bank numbers, e-mail and web addresses, file names, names of versions and
standards (PDF/A-3, UTF-8). They hold a letter beside the digit, stand in <code> or in a <bdi dir="ltr">, or are data
that somebody entered; everything else with a digit is a figure.
"""

import re
from html.parser import HTMLParser

import pytest
from flask_babel import gettext, ngettext

from tests.translations.test_pages import report, walk

PEOPLE = ("reviewer", "buyer1")
STEPS = 30  # pages for each person
READ_ALOUD = {"aria-label", "title", "placeholder", "alt", "data-confirm"}
SILENT = {"style", "script", "svg", "code", "kbd", "textarea", "template"}
VOID = {"input", "img", "br", "hr", "meta", "link", "source", "wbr", "col"}
FIGURE = re.compile(r"(?<![A-Za-z0-9@/:_.+#~-])[0-9][0-9.,:/٪%+-]*(?![A-Za-z0-9@_~-])")


class Page(HTMLParser):
    """The texts of a page that are no code."""

    def __init__(self):
        super().__init__()
        self.texts, self.open = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in VOID:
            self.open.append("code" if given.get("dir") == "ltr" else tag)
        if not SILENT & set(self.open):
            self.texts += [given[name] for name in READ_ALOUD if given.get(name)]

    def handle_endtag(self, tag):
        if self.open:
            self.open.pop()

    def handle_data(self, text):
        if text.strip() and not SILENT & set(self.open):
            self.texts.append(text)


def latin(page, entered):
    """The texts of a page with a figure in Latin digits."""
    reader = Page()
    reader.feed(page)
    found = set()
    for text in reader.texts:
        text = " ".join(re.sub("[\u2066-\u2069\u200e\u200f]", "", text).split())
        if text not in entered and FIGURE.search(_without(text, entered)):
            found.add(text)
    return found


def _without(text, entered):
    """A text without what somebody entered: whole words of it, or the names and lines inside."""
    inside = sorted((one for one in entered if len(one) > 3 and one in text), key=len, reverse=True)
    for value in inside:
        text = text.replace(value, " ")
    return " ".join(word for word in text.split() if word.strip("()،.:;«»") not in entered)


@pytest.mark.parametrize("person", PEOPLE)
def test_persian_pages_have_persian_digits(person, visitor, entered):
    client = visitor(person)
    client.get("/lang/fa")
    found = [(url, latin(page, entered)) for url, _status, page in walk(client, ("/",), STEPS)]
    assert len(found) > 20
    assert not any(texts for _url, texts in found), report(found)


def test_the_finder_finds_figures_and_leaves_codes():
    page = """<p>مرحله 2 از 4</p><a title="3 ردیف"></a><p>SO-2026-000012</p><code>12</code><bdi dir="ltr">44 20</bdi>
        <p>DE-10115 a1 b@c1.example 10:30</p><p>10,000+</p><p>Tea 25 bags</p>"""
    assert latin(page, frozenset({"Tea 25 bags"})) == {"مرحله 2 از 4", "3 ردیف", "10,000+",
                                                       "DE-10115 a1 b@c1.example 10:30"}  # fmt: skip


@pytest.mark.parametrize(("lang", "said"), [("fa", "۱۲ ۳"), ("en", "12 3")])
def test_figures_in_sentences_are_written_for_the_reader_and_codes_are_not(site, lang, said):
    with site.test_request_context(f"/?lang={lang}"):
        assert gettext("%(one)s %(two)d", one=12, two=3) == said
        assert gettext("%(code)s", code="SO-12") == "SO-12"
        assert ngettext("%(num)d of x", "%(num)d of x", 12).startswith(said[:2])
        drawn = site.jinja_env.from_string("{{ _('%(one)s', one=12) }}{{ ngettext('%(num)d', '%(num)d', 3) }}")
        assert drawn.render() == said.replace(" ", "")
