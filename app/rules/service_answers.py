"""What customers answer to the questions of a service: judged field by field, told in the words of the version."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import pick
from app.core.money import Unreadable, check_size, parse_amount
from app.core.readable import iso_day, storable
from app.rules import products
from app.rules import service_design as design

LONGEST = {"text": 300, "long_text": 20_000}


class Told(NamedTuple):
    """One answer: what was asked, and a text, Decimal, date, product or list of attachments."""

    key: str
    question: str
    answer: Any


def judge(field, value, work):
    """An answer as it is kept: text, exact figure, key of a choice, ISO date, item code; None for no answer.

    :param value: from a form (Decimal, date, product) or from JSON (text, whole number)
    :raises BusinessError: 'bad_answer' naming the field by its key
    """
    value = value.strip() if isinstance(value, str) else value
    if value is None or value == "":
        return None
    return JUDGES[field["kind"]](field, value, work)


def _refused(field, text):
    return BusinessError("bad_answer", text, field=field["key"])


def _text(field, value, work):
    if not isinstance(value, str) or not storable(value):
        raise _refused(field, _l("Write a text."))
    if len(value) > LONGEST[field["kind"]]:
        text = _l("This text has more than %(most)s letters.", most=LONGEST[field["kind"]])
        raise _refused(field, text)
    return value


def _number(field, value, work):
    try:
        number = check_size(value) if isinstance(value, Decimal) else parse_amount(value)
    except (Unreadable, TypeError, ValueError):
        raise _refused(field, _l("Enter a number.")) from None
    if number != number.quantize(Decimal(1).scaleb(-field["digits"])):
        text = _l("At most %(digits)s decimal places.", digits=field["digits"])
        raise _refused(field, text if field["digits"] else _l("Enter a whole number."))
    if field["least"] is not None and number < Decimal(field["least"]):
        raise _refused(field, _l("At least %(number)s.", number=Decimal(field["least"])))
    if field["most"] is not None and number > Decimal(field["most"]):
        raise _refused(field, _l("At most %(number)s.", number=Decimal(field["most"])))
    return format(number.normalize(), "f") if number else "0"


def _choice(field, value, work):
    if value not in [one["key"] for one in field["choices"]]:
        raise _refused(field, _l("Choose one of these."))
    return value


def _date(field, value, work):
    try:
        return (value if isinstance(value, date) else iso_day(value)).isoformat()
    except (ValueError, TypeError):
        raise _refused(field, _l("Enter a date.")) from None


def _product(field, value, work):
    sku = getattr(value, "sku", value)
    found = products.find(sku, work) if isinstance(sku, str) and len(sku) <= 40 and "\0" not in sku else None
    if found is None:
        raise _refused(field, _l("There is no such product."))
    products.check_sellable(found)
    return found.sku


def _file(field, value, work):
    raise _refused(field, _l("Send files one by one, not as an answer."))


JUDGES = {"text": _text, "long_text": _text, "number": _number, "choice": _choice, "date": _date,
          "product": _product, "file": _file}  # fmt: skip


def missing(definition, answers, attached):
    """Required fields without an answer: [(number of the step from 1, field)].

    :param attached: keys of the fields that have a file
    """
    return [
        (number, field)
        for number, step in enumerate(definition["steps"], 1)
        for field in step["fields"]
        if field["required"] and not (field["key"] in attached or answers.get(field["key"]) is not None)
    ]


# --- told again --------------------------------------------------------------------------------


def told(definition, answers, attachments, locale, work):
    """The answers in the words of a definition: [(title of the step, [Told])], without what was left out.

    :param attachments: of the draft or order, each with the key of its field as `part`
    """
    wanted = [answers[one["key"]] for one in design.fields_of(definition)
              if one["kind"] == "product" and answers.get(one["key"])]  # fmt: skip
    found = products.find_all(wanted, work) if wanted else {}
    files: dict[str, list[Any]] = {}
    for one in attachments:
        files.setdefault(one.part, []).append(one)
    groups = []
    for step in definition["steps"]:
        rows = [_told(field, answers, files, found, locale) for field in step["fields"]]
        rows = [one for one in rows if one.answer is not None]  # nought is an answer
        if rows:
            groups.append((pick(step["names"], locale), rows))
    return groups


def _told(field, answers, files, found, locale):
    value = answers.get(field["key"])
    if field["kind"] == "file":
        value = files.get(field["key"])
    elif value is not None:
        value = _worded(field, value, found, locale)
    return Told(field["key"], pick(field["names"], locale), value)


def _worded(field, value, found, locale):
    if field["kind"] == "number":
        return Decimal(value)
    if field["kind"] == "date":
        return date.fromisoformat(value)
    if field["kind"] == "choice":
        return next((pick(one["names"], locale) for one in field["choices"] if one["key"] == value), value)
    if field["kind"] == "product" and value.upper() in found:
        return f"{pick(found[value.upper()].names, locale)} ({value})"
    return value
