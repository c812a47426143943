"""No English is left on any page, in any language: the product is walked link by link."""

import re
from urllib.parse import urlsplit

import pytest

from tests.clients import token
from tests.translations import english
from translations import update

PEOPLE = ("admin", "reviewer", "finance", "buyer1")
WHOLE = "zh_Hans_CN"  # walked to the end; a text nobody marked shows in every language
STEPS = 14  # pages for each person in the other languages
AWAY = re.compile(
    r"^/(?:logout|lang|static|api|swagger|appbuilder)|/(?:download|document|export|picture|file)s?/|\.\w{2,4}$"
)
HREF = re.compile(r'<a\b[^>]*\bhref="([^"#]+)"')
FOREIGN = [one for one in update.LOCALES if one != "en"]
VISITS = [(WHOLE, person) for person in PEOPLE]
VISITS += [(locale, person) for locale in FOREIGN if locale != WHOLE for person in ("reviewer", "buyer1")]


def kind(url):
    """Pages of one kind differ in their numbers only."""
    return re.sub(r"\d+", "0", urlsplit(url).path)


def walk(client, start, most):
    """(address, page) of every kind of page that can be reached, widest first."""
    queue, known = list(start), set()
    while queue and len(known) < most:
        url = queue.pop(0)
        if kind(url) in known or AWAY.search(urlsplit(url).path):
            continue
        known.add(kind(url))
        answer = client.get(url, follow_redirects=True)
        if answer.mimetype != "text/html":
            continue
        page = answer.get_data(as_text=True)
        yield url, answer.status_code, page
        links = (link.replace("&amp;", "&") for link in HREF.findall(page))
        queue += [link for link in links if link.startswith("/") and link[:2] != "//"]


def report(found):
    return "\n".join(f"{url}: {sorted(map(str, texts))}" for url, texts in found if texts)


@pytest.mark.parametrize(("locale", "person"), VISITS)
def test_pages_speak_the_language(locale, person, visitor, entered):
    client = visitor(person)
    client.get(f"/lang/{locale}")
    found, count = [], 0
    for url, status, page in walk(client, ("/",), 1000 if locale == WHOLE else STEPS):
        count += 1
        assert f'lang="{locale.replace("_", "-")}"' in page, url
        found.append((url, english.left(english.seen(page), locale, entered) | ({status} if status >= 500 else set())))
    assert count > 10
    assert not any(texts for _url, texts in found), report(found)


def test_refused_forms_speak_the_language(visitor, demo, entered):
    """Sent as they open, or empty: what is missing is said in words of ours, whoever checks it."""
    client = visitor("admin")
    client.get(f"/lang/{WHOLE}")
    adds = sorted(rule.rule for rule in demo.site.url_map.iter_rules() if re.fullmatch(r"/\w+/add", rule.rule))
    found = [(add, english.left(english.seen(client.post(add).get_data(as_text=True)), WHOLE, entered)) for add in adds]
    assert len(adds) > 10
    assert not any(texts for _url, texts in found), report(found)


@pytest.mark.parametrize("locale", FOREIGN)
def test_pages_before_the_sign_in_and_errors_speak_the_language(locale, demo, visitor, entered):
    stranger, buyer = demo.site.test_client(), visitor("buyer1")
    buyer.get(f"/lang/{locale}")
    said = {"headers": {"Accept-Language": locale.replace("_", "-")}}
    ticket = token(stranger.get("/login/", **said).get_data(as_text=True))
    wrong = {"username": "nobody-here", "password": "wrong", "csrf_token": ticket}
    answers = {
        "sign-in": stranger.get("/login/", **said),
        "wrong password": stranger.post("/login/", data=wrong, follow_redirects=True, **said),
        "no token": stranger.post("/login/", data={"username": "x"}, follow_redirects=True, **said),
        "not found": stranger.get("/nothing-here", **said),
        "not his": buyer.get("/roles/list/", follow_redirects=True),
        "not there": buyer.get("/orders/show/999999", follow_redirects=True),
        "method": buyer.http.put("/orders/list/"),
        "own page": buyer.get("/profile/", follow_redirects=True),
    }
    pages = {name: one.get_data(as_text=True) for name, one in answers.items()}
    found = [(name, english.left(english.seen(page), locale, entered)) for name, page in pages.items()]
    assert not any(texts for _name, texts in found), report(found)
    assert [name for name, page in pages.items() if f'lang="{locale.replace("_", "-")}"' not in page] == []
