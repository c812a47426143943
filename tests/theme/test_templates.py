"""Templates run under the policy, speak every language, and say nothing twice."""

import html
import pathlib
import re

import pytest

from tests.theme import stand

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "app" / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
SPOKEN = ("title", "placeholder", "aria-label", "alt", "data-confirm", "data-confirm-yes")
NAMES = {"Enter", "Serai", "CSV", "XLSX"}  # of a key, of the product, of formats


@pytest.fixture(scope="module")
def app():
    return stand.make({"lang": "en"})


def names(path):
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("file", FILES, ids=names)
def test_every_template_compiles(app, file):
    app.jinja_env.get_template(names(file))


@pytest.mark.parametrize("file", FILES, ids=names)
def test_no_template_carries_script_of_its_own(file):
    text = file.read_text()
    assert not re.search(r"\son\w+\s*=\s*[\"']", text), "an inline handler is dead under the policy"
    assert "javascript:" not in text
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert ("src=" in tag and "nonce=" in tag) or 'type="application/json"' in tag, tag


@pytest.mark.parametrize("file", FILES, ids=names)
def test_no_template_speaks_english_only(file):
    text = re.sub(
        r"\{#.*?#\}|<script\b.*?</script>|\{% block (?:page|body)_class %\}.*?\{% endblock %\}",
        "",
        file.read_text(),
        flags=re.S,
    )
    spoken = [value for name in SPOKEN for value in re.findall(rf'\s{name}="([^"]*)"', text)]
    marked = [re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", value, flags=re.S) for value in spoken]
    body = re.sub(r"<(?:[^<>{]|\{\{.*?\}\}|\{%.*?%\}|\{)*>", " ", re.sub(r"<!DOCTYPE html>", "", text), flags=re.S)
    body = html.unescape(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", body, flags=re.S))
    words = set(re.findall(r"[A-Za-z]{3,}", " ".join([body, *marked]))) - NAMES
    assert words == set()


@pytest.mark.parametrize("path", sorted(stand.pages()))
def test_every_page_names_its_language_direction_and_itself(app, path):
    answer = app.test_client().get(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert '<html lang="en" dir="ltr"' in text
    assert re.search(r"<title>[^<]+ · Serai</title>", text)
    ids = re.findall(r'\sid="([^"]+)"', re.sub(r"<template.*?</template>", "", text, flags=re.S))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", sorted(stand.pages()))
def test_every_field_has_a_label(app, path):
    text = app.test_client().get(path).get_data(as_text=True)
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", text):
        if 'type="hidden"' in tag:
            continue
        own = re.search(r'\sid="([^"]+)"', tag)
        assert "aria-label=" in tag or (own and f'<label for="{own.group(1)}"' in text), tag


def test_the_language_switch_keeps_the_page(app):
    text = app.test_client().get("/orders/list/?q=acme").get_data(as_text=True)
    assert 'href="/lang/fa?next=/orders/list/%3Fq%3Dacme"' in text
