"""The words of a notice: templates in the reader's language, with figures and dates as he writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask_babel import force_locale, get_translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context

from app.core import localized
from app.core.money import Money

FOLDER = Path(__file__).parent / "templates"
HTML = ".html"

environment = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=lambda name: bool(name) and name.endswith(HTML),
    undefined=StrictUndefined,
    extensions=["jinja2.ext.i18n"],
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.install_gettext_callables(
    gettext=lambda text: get_translations().ugettext(text),
    ngettext=lambda one, many, count: get_translations().ungettext(one, many, count),
    pgettext=lambda context, text: get_translations().upgettext(context, text),
    npgettext=lambda context, one, many, count: get_translations().unpgettext(context, one, many, count),
    newstyle=True,
)


def filter_of(name: str) -> Any:
    def register(function: Any) -> Any:
        environment.filters[name] = function
        return function

    return register


@filter_of("code")
@pass_context
def _code(context: Any, value: object) -> object:
    """A number, SKU or address: left to right in every language."""
    if context.eval_ctx.autoescape:
        return localized.isolate_code(value)
    return localized.plain_isolate(value, context["eyes"], code=True)


@filter_of("said")
@pass_context
def _said(context: Any, value: object) -> object:
    """A name or text somebody wrote: turns nothing around it."""
    if context.eval_ctx.autoescape:
        return localized.isolate(value)
    return localized.plain_isolate(value, context["eyes"])


@filter_of("money")
@pass_context
def _money(context: Any, value: Money) -> str:
    return localized.format_money(value, context["eyes"])


@filter_of("number")
@pass_context
def _number(context: Any, value: Any) -> str:
    return localized.format_number(value, context["eyes"])


@filter_of("percent")
@pass_context
def _percent(context: Any, value: Any) -> str:
    return localized.format_percent(value, context["eyes"])


@filter_of("day")
@pass_context
def _day(context: Any, value: Any) -> str:
    return localized.format_date(value, "long", context["eyes"])


@filter_of("instant")
@pass_context
def _instant(context: Any, value: Any) -> str:
    return localized.format_datetime(value, context["eyes"])


def in_language(eyes: localized.Reader) -> Any:
    """Everything said inside is said in the reader's language."""
    return force_locale(eyes.locale)


def render(name: str, values: dict[str, Any], eyes: localized.Reader) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a notice for a reader."""
    with force_locale(eyes.locale):
        known = _frame(values, eyes)
        parts = (environment.get_template(f"{name}/{part}") for part in ("subject.txt", "body.txt", "body.html"))
        subject, text, html = (part.render(known) for part in parts)
    return one_line(subject)[:300], re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n", html.strip() + "\n"


def render_short(name: str, values: dict[str, Any], eyes: localized.Reader) -> str:
    """The text of an SMS."""
    with force_locale(eyes.locale):
        return one_line(environment.get_template(f"{name}/sms.txt").render(_frame(values, eyes)))


def _frame(values: dict[str, Any], eyes: localized.Reader) -> dict[str, Any]:
    return {
        **values,
        "eyes": eyes,
        "lang": localized.html_lang(eyes.locale),
        "dir": localized.direction(eyes.locale),
    }


def one_line(text: str) -> str:
    """Text without line breaks and control characters, as a header wants it."""
    kept = (one if one.isprintable() or one in localized.BIDI_CONTROLS else " " for one in text)
    return " ".join("".join(kept).split())
