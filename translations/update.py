"""Bring the six catalogues up to date with the texts of the code: `python -m translations.update`.

Our own texts are read from the code and its templates as `babel.cfg` says; with them go the texts
of the framework that our product shows, so that one catalogue per language completes and overrides
whatever the packages bring. What is new comes out untranslated, what nobody says any more is
dropped, what stays keeps its translation. English answers for itself.
"""

import argparse
import importlib.util
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "translations"
TEMPLATE = HERE / "messages.pot"
LOCALES = ("en", "fa", "ro", "ru", "tr", "zh_Hans_CN")
PLURALS = {  # nplurals, and which form a number takes
    "en": (2, "(n != 1)"),
    "fa": (1, "0"),
    "ro": (3, "(n==1 ? 0 : (n==0 || (n%100 > 0 && n%100 < 20)) ? 1 : 2)"),
    "ru": (3, "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"),
    "tr": (1, "0"),
    "zh_Hans_CN": (1, "0"),
}
HEADER = {
    "project": "Serai", "version": "1", "charset": "utf-8", "fuzzy": False, "last_translator": "Serai",
    "language_team": "Serai", "msgid_bugs_address": "-", "header_comment": "# Texts of Serai. See docs/howto/translate.md.",
}  # fmt: skip
FOLDERS = ("app", "models", "reports", "views", "demo")
PLAIN, COUNTED, SAID, SAID_COUNTED = None, (1, 2), ((1, "c"), 2), ((1, "c"), 2, 3)
KEYWORDS = {
    **dict.fromkeys(("_", "_l", "gettext", "lazy_gettext", "_gettext"), PLAIN),
    **dict.fromkeys(("ngettext", "_n", "_ln", "lazy_ngettext", "_ngettext"), COUNTED),
    **dict.fromkeys(("_p", "_lp", "pgettext", "lazy_pgettext"), SAID),
    **dict.fromkeys(("_np", "_lnp", "npgettext", "lazy_npgettext"), SAID_COUNTED),
}
FRAMEWORK = {  # package -> its files whose texts no screen of ours shows
    "flask_appbuilder": (
        "cli.py", "charts/", "models/group.py", "charts/chart.html", "charts/chart_time.html", "list_carousel.html",
        "_oauth.html", "_saml.html", "_ldap.html", "_oid.html",
    ),
    "flask_admin": (
        "tests/", "examples/", "templates/", "contrib/fileadmin/", "contrib/mongoengine/", "contrib/peewee/",
        "contrib/pymongo/", "contrib/geoa/", "contrib/appengine/", "contrib/rediscli.py",
    ),
}  # fmt: skip


def extract():
    """Every text a person may see, as a catalogue without translations."""
    found = Catalog(**HEADER)
    for path, message in _ours():
        _add(found, path, message)
    for path, message in _frameworks():
        _add(found, path, message)
    return found


def catalogue_of(locale):
    """The catalogue of a language as it stands in the repository; empty when there is none."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale, **HEADER)
    with open(path, "rb") as file:
        return read_po(file, locale=locale)


def path_of(locale):
    """Where the catalogue of a language lies."""
    return HERE / locale / "LC_MESSAGES" / "messages.po"


def renew(locale, template):
    """The catalogue of a language with exactly the texts of `template`."""
    old = catalogue_of(locale)
    new = Catalog(locale=locale, **HEADER)
    new._num_plurals, new._plural_expr = PLURALS[locale]
    new.creation_date = template.creation_date
    new.revision_date = template.creation_date
    for message in template:
        if message.id:
            kept = old.get(message.id, message.context)
            new.add(message.id, _string(locale, message, kept), message.locations, message.flags,
                    message.auto_comments, context=message.context)  # fmt: skip
    return new


def key(message):
    """What a text is known by: context and English words (both forms of a counted one)."""
    return message.context, message.id


def main():
    """Write template and catalogues; say how many texts of each language wait for their translation."""
    parser = argparse.ArgumentParser(prog="python -m translations.update", description=__doc__.splitlines()[0])
    parser.parse_args()
    template = extract()
    template.creation_date = _date(template)
    _write(TEMPLATE, template)
    for locale in LOCALES:
        catalogue = renew(locale, template)
        _write(path_of(locale), catalogue)
        waiting = [message for message in catalogue if message.id and not _complete(message)]
        print(f"{locale}: {len(catalogue)} texts, {len(waiting)} to translate")


def _ours():
    with open(ROOT / "babel.cfg", encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")[:2]
    for folder in FOLDERS:
        if (ROOT / folder).is_dir():
            for path, *rest in extract_from_dir(ROOT / folder, methods, options, KEYWORDS, ("i18n:",)):
                yield f"{folder}/{path}", rest


def _frameworks():
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    for package, unseen in FRAMEWORK.items():
        folder = Path(importlib.util.find_spec(package).origin).parent
        for path, *rest in extract_from_dir(folder, methods, {}, KEYWORDS):
            if not any(path.startswith(part) or path.endswith(part) for part in unseen):
                yield f"{package}/{path}", rest
    folder = Path(importlib.util.find_spec("wtforms").origin).parent
    for path in [*sorted(folder.glob("fields/*.py")), folder / "validators.py", folder / "csrf" / "core.py"]:
        for found in extract_from_file("python", path, {**KEYWORDS, "field.gettext": PLAIN}):
            yield f"wtforms/{path.relative_to(folder).as_posix()}", list(found)


def _add(found, path, rest):
    _line, ids, comments, context = rest
    found.add(ids, None, [(path, None)], auto_comments=comments, context=context)


def _string(locale, message, kept):
    count = PLURALS[locale][0]
    if locale == "en":
        return kept.string if kept is not None and _complete(kept) else message.id
    empty = ("",) * count if message.pluralizable else ""
    same = kept is not None and bool(kept.pluralizable) == bool(message.pluralizable)
    return kept.string if same else empty


def _complete(message):
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(strings)


def _date(template):
    """The day of the template changes with its texts only, or every run would be a change."""
    if TEMPLATE.exists():
        with open(TEMPLATE, "rb") as file:
            old = read_po(file)
        if {key(one) for one in old} == {key(one) for one in template}:
            return old.creation_date
    return datetime.now(UTC)


def _write(path, catalogue):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, include_lineno=False)


if __name__ == "__main__":
    main()
