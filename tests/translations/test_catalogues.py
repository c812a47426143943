"""The six catalogues: nothing missing, nothing broken, nothing left in English, the words of the glossary."""

import re
from functools import cache

import pytest

from app import catalogues
from tests.translations import glossary
from tests.translations.names import NAMES
from translations import update

FOREIGN = tuple(one for one in update.LOCALES if one != "en")
NO_LATIN = ("fa", "ru", "zh_Hans_CN")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-zA-Z]")
END = {".": ".。", "?": "?؟？", ":": ":："}
FREE = {  # their sign at the end is not that of every language
    "Forgotten your password?", "Is Active?", "Unit", "Dear %(name)s,", "Write a colour like #64748b.",
}  # fmt: skip
# The same in every language: names, formats, and texts that consist of placeholders.
SAME = {"SMS", "%(record)s: %(reason)s", "%(step)s: %(record)s", "%(place)s: %(problem)s", "%(choice)s (+%(amount)s)"}
# International words that are right in the language as they are in English.
SAME_IN = {
    "ro": {"Administrator", "Calendar", "Card", "Chat", "Contract", "Credit", "Debit", "Document", "E-mail", "Editor",
           "Format", "Gregorian", "Manager", "Model", "Portal", "Prefix", "Public", "Status", "Text", "Total",
           "Total credit", "Total debit"},
    "tr": {"Logo", "Model", "Normal", "Portal"},
    "ru": {"E-mail"},
}  # fmt: skip


@pytest.fixture(scope="module")
def template():
    return update.extract()


@pytest.fixture(scope="module", params=update.LOCALES)
def catalogue(request):
    return known(request.param)


@pytest.fixture(scope="module", params=FOREIGN)
def translated(request):
    return known(request.param)


@cache
def known(locale):
    """The catalogue of a language, read once."""
    return update.catalogue_of(locale)


def texts(catalogue):
    return [message for message in catalogue if message.id]


def forms(message):
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def english(message):
    return tuple(message.id) if message.pluralizable else (message.id,)


def shown(message):
    return f"{message.context + ': ' if message.context else ''}{english(message)[-1]!r}"


def keys(catalogue):
    return {update.key(message) for message in texts(catalogue)}


def test_template_has_the_texts_of_the_code(template):
    with open(update.TEMPLATE, "rb") as file:
        kept = keys(update.read_po(file))
    said = "run `python -m translations.update`, then translate what it counts"
    assert keys(template) - kept == set(), said
    assert kept - keys(template) == set(), said


def test_every_text_is_translated(catalogue, template):
    assert keys(catalogue) ^ keys(template) == set()
    assert [shown(one) for one in texts(catalogue) if one.fuzzy or not all(forms(one))] == []


def test_plural_forms_are_those_of_the_language(catalogue):
    count, rule = update.PLURALS[str(catalogue.locale)]
    assert (catalogue.num_plurals, catalogue.plural_expr) == (count, rule)
    wrong = [one for one in texts(catalogue) if one.pluralizable and len(forms(one)) != count]
    assert [shown(one) for one in wrong] == []


def test_placeholders_are_those_of_the_english_text(catalogue):
    wrong = []
    for one in texts(catalogue):
        wanted = sorted(PLACEHOLDER.findall(english(one)[-1]))
        alone = sorted(PLACEHOLDER.findall(english(one)[0]))
        for form in forms(one):
            if sorted(PLACEHOLDER.findall(form)) not in (wanted, alone):
                wrong.append((shown(one), form))
    assert wrong == []


def test_edges_are_those_of_the_english_text(catalogue):
    wrong = []
    for one in texts(catalogue):
        source = english(one)[-1]
        if source in FREE:
            continue
        for form in forms(one):
            edges = [(text[:1].isspace(), text[-1:].isspace()) for text in (source, form)]
            last, wanted = form.rstrip("\u2069\u200f")[-1:], END.get(source[-1:], "")
            named = PLACEHOLDER.search(form[-12:]) and form.rstrip("\u2069")[-1:].isalpha() and re.search("[:：]", form)
            right = last in wanted or named if wanted else last not in ".。?؟？:："
            if edges[0] != edges[1] or not right:
                wrong.append((shown(one), form))
    assert wrong == []


def test_no_text_is_left_in_english(translated):
    locale = str(translated.locale)
    allowed = SAME | SAME_IN.get(locale, set())
    left = {(shown(one), form) for one in texts(translated) for form in forms(one) if form in english(one)}
    assert {text for text, form in left if form not in allowed} == set()


@pytest.mark.parametrize("locale", NO_LATIN)
def test_no_latin_word_stands_in_another_script(locale):
    wrong = []
    for one in texts(known(locale)):
        for form in forms(one):
            bare = re.sub(r"\{[^}]*\}", "", PLACEHOLDER.sub("", form))
            words = set(re.findall(r"[A-Za-z]\w*", bare)) - NAMES
            if words:
                wrong.append((shown(one), sorted(words)))
    assert wrong == []


LETTERS = {
    "fa": r"[يكى٠-٩0-9]|\bن?می |[^\s(] (?:ها|های|هایی)\b",  # Arabic letters and digits, spaces where a ZWNJ belongs
    "ro": r"[şţŞŢ]",  # cedilla instead of comma
    "ru": r"[ёЁ]",
    "tr": r"\b(?:şifre|online|mail)\b",
    "zh_Hans_CN": r"[\u4e00-\u9fff][,;!?:]|帐号|登陆|其它",
}


@pytest.mark.parametrize(("locale", "forbidden"), LETTERS.items(), ids=LETTERS)
def test_letters_and_signs_are_those_of_the_language(locale, forbidden):
    wrong = []
    for one in texts(known(locale)):
        for form in forms(one):
            bare = re.sub(r"\u2066[^\u2069]*\u2069|\u2068[^\u2069]*\u2069", "", PLACEHOLDER.sub("", form))
            if re.search(forbidden, bare):
                wrong.append((shown(one), form))
    assert wrong == []


@pytest.mark.parametrize("term", glossary.terms(), ids=lambda term: term["English"])
def test_glossary_and_catalogues_agree(term):
    wrong = []
    for locale, column in glossary.COLUMNS.items():
        message = known(locale).get(term["English"], term["Context"] or None)
        if message and glossary.plain(message.string) != glossary.plain(term[column]):
            wrong.append((locale, message.string, term[column]))
    assert wrong == []


def test_catalogues_compile_and_are_used(tmp_path):
    for locale in update.LOCALES:
        source = update.path_of(locale)
        target = tmp_path / locale / "LC_MESSAGES" / "messages.po"
        target.parent.mkdir(parents=True)
        target.write_bytes(source.read_bytes())
    catalogues.compile_stale(tmp_path)
    assert len(list(tmp_path.glob("*/LC_MESSAGES/messages.mo"))) == len(update.LOCALES)
