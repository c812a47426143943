"""Finds English in what a reader of another language sees: whole phrases made of words of the English catalogue."""

import json
import re
from functools import cache
from html.parser import HTMLParser

from babel.numbers import list_currencies
from sqlalchemy import JSON, String, Text, select

from tests.translations.names import NAMES
from translations import update

WORD = re.compile(r"[A-Za-z]{2,}(?:'[a-z]+)?")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[^}]*\}|\b[A-Z]{1,4}-[\w-]*\d[\w-]*")  # and numbers of documents
CODE = re.compile(r"[a-z]+(?:_[a-z]+)+:?")  # a column instead of its label
NAME = re.compile(r"[A-Z]+(?:_[A-Z]+)+|\w+/[\w/+-]+")  # of a setting, of a time zone
MONEY = frozenset(code.lower() for code in list_currencies())
SPOKEN = {"aria-label", "title", "placeholder", "alt", "data-confirm", "data-confirm-yes", "data-default-no",
          "data-default-yes", "data-label"}  # fmt: skip
SILENT = {"style", "code", "kbd", "svg"}
VOID = {"input", "img", "br", "hr", "meta", "link", "source", "wbr", "col", "area", "base", "embed", "track"}


@cache
def vocabulary():
    """Every word of the English texts."""
    return frozenset(_words(part for one in _texts("en") for part in (one.id if one.pluralizable else (one.id,))))


@cache
def own(locale):
    """The Latin words that the language has itself, and names of things that no language translates."""
    said = (form for one in _texts(locale) for form in (one.string if one.pluralizable else (one.string,)))
    return frozenset(_words(said)) | {name.lower() for name in NAMES}


def left(texts, locale, data=frozenset()):
    """What of these texts is English, or a code instead of a word; `data` are texts somebody entered."""
    found = set()
    for text in texts:
        text = re.sub("[\u2066-\u2069\u200e\u200f]", "", " ".join(text.split()))
        if text in data or data.issuperset(text.split()) or NAME.fullmatch(text):
            continue
        if CODE.fullmatch(text) or (_english(text, locale) and _english(_without(text, data), locale)):
            found.add(text)
    return found


def _english(text, locale):
    """Whether the words of a text that the language does not have are all words of ours."""
    words = {word.lower() for word in WORD.findall(PLACEHOLDER.sub(" ", text))} - own(locale) - MONEY
    return bool(words) and words <= vocabulary()


def _without(text, data):
    """A text without the names and titles in it that somebody entered."""
    inside = [value for value in data if len(value) > 3 and value[0].isupper() and value in text]
    for value in sorted(inside, key=len, reverse=True):
        text = text.replace(value, " ")
    return text


def data_of(connection, models):
    """Every text in the database, whole and line by line; codes of ours are not data, those somebody chose are."""
    found = set()
    for model in models:
        for column in model.__table__.columns:
            if isinstance(column.type, String | Text | JSON) or type(column.type).__name__ == "Localized":
                texts = {text for value in connection.scalars(select(column)) for text in _strings(value)}
                entered = column.name in ("code", "name", "username")
                found |= texts if entered else {text for text in texts if not re.fullmatch("[a-z_.]+", text)}
    lines = {line for text in found for line in (text, *text.splitlines())}
    return frozenset(" ".join(line.split()) for line in lines)


def seen(page):
    """The texts of a page: what is read, what is read aloud, what its scripts say."""
    reader = _Page()
    reader.feed(page)
    return reader.texts


def strings(value):
    """The texts inside a tree of plain values, a document for instance."""
    return _strings(value)


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.texts, self.open, self.script = [], [], ""

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self.open.append((tag, given))
        if given.get("data-label") and not given.get("data-combo"):
            self.texts.append(given["data-label"])
        self.texts += [value for name, value in given.items() if name in SPOKEN - {"data-label"}]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.texts.append(given.get("value", ""))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text):
        tags = {tag for tag, _given in self.open}
        if "script" in tags:
            if self.open[-1][1].get("type") == "application/json" and text.strip():
                self.texts += _strings(json.loads(text), said=("label", "text", "title", "message"))
        elif not tags & SILENT and text.strip():
            self.texts.append(text)


def _strings(value, said=None):
    """Texts of a value; of an object that a script reads only what it says."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        plain = all(isinstance(one, str) for one in value.values())
        kept = (one for name, one in value.items() if not said or plain or name in said or not isinstance(one, str))
        return [text for one in kept for text in _strings(one, said)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for one in value for text in _strings(one, said)]
    return [text for one in vars(value).values() for text in _strings(one, said)] if hasattr(value, "__dict__") else []


@cache
def _texts(locale):
    return tuple(one for one in update.catalogue_of(locale) if one.id)


def _words(texts):
    return (word.lower() for text in texts for word in WORD.findall(PLACEHOLDER.sub(" ", text)))
