"""The shape of a service's definition: what it may hold, and how the designer changes it. Pure functions."""

import re
import unicodedata
from copy import deepcopy
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import LOCALES, pick
from app.core.money import Unreadable, parse_amount

KINDS = {
    "text": _l("Text"),
    "long_text": _l("Long text"),
    "number": _l("Number"),
    "choice": _l("Choice"),
    "date": _l("Date"),
    "file": _l("File"),
    "product": _l("Product"),
}
PRICES = {
    "list": _l("As in the price lists, per unit of a number"),
    "fixed": _l("Fixed price"),
    "per_unit": _l("Price per unit of a number"),
    "by_choice": _l("Table by choice"),
}
LISTS = {"steps": "step", "fields": "field", "choices": "choice", "stages": "stage"}
WORDS = {"step": _l("Step"), "field": _l("Field"), "choice": _l("Choice"), "stage": _l("Work stage"),
         "price": _l("Price"), "definition": _l("Definition")}  # fmt: skip
KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
MOST = {"steps": 20, "fields": 40, "choices": 60, "stages": 20}
LONGEST = {"names": 200, "help": 4_000}
FIELD_FLAGS = ("required", "order")


def empty():
    """A definition nobody has worked on yet."""
    return {"steps": [], "stages": [], "price": {"kind": "list"}}


def fields_of(definition):
    """Every field of a definition, step by step."""
    return [field for step in definition.get("steps", ()) for field in step["fields"]]


def field(definition, key):
    """The field of a key, or None."""
    return next((one for one in fields_of(definition) if one["key"] == key), None)


def title(node, locale="en"):
    """What a node is called, in a language."""
    return pick(node.get("names"), locale) or node.get("key", "")


# --- from a door -------------------------------------------------------------------------------


def clean(given):
    """A definition as it is kept: what is known, of the right kind.

    :raises BusinessError: 'bad_definition' with `place`, such as "steps.0.fields.2.kind"
    """
    _expect(isinstance(given, dict) and given.keys() <= {"steps", "stages", "price"}, "definition")
    steps = [_step(one, f"steps.{at}") for at, one in enumerate(_list(given, "steps", ""))]
    stages = [_stage(one, f"stages.{at}") for at, one in enumerate(_list(given, "stages", ""))]
    found = {"steps": steps, "stages": stages, "price": _price(given.get("price") or {"kind": "list"})}
    _unique([one["key"] for one in fields_of(found)], "steps")
    for name in ("steps", "stages"):
        _unique([one["key"] for one in found[name]], name)
    return found


def _refused(place):
    text = _l("The definition is not possible here: %(place)s.", place=place)
    return BusinessError("bad_definition", text, field="definition", place=place)


def _expect(right, place):
    if not right:
        raise _refused(place)


def _unique(keys, place):
    _expect(len(keys) == len(set(keys)), place)


def _list(given, name, place):
    found = [] if given.get(name) is None else given[name]
    _expect(isinstance(found, list) and len(found) <= MOST[name], f"{place}{name}")
    return found


def _node(given, known, place):
    """What every node has: its key, its names, its help."""
    _expect(isinstance(given, dict) and given.keys() <= {"key", "names", "help", *known}, place)
    key = given.get("key")
    _expect(isinstance(key, str) and KEY.fullmatch(key), f"{place}.key")
    found = {"key": key}
    for name, most in LONGEST.items():
        texts = given.get(name) or {}
        _expect(isinstance(texts, dict) and texts.keys() <= set(LOCALES), f"{place}.{name}")
        _expect(all(isinstance(one, str) and len(one) <= most and "\0" not in one for one in texts.values()),
                f"{place}.{name}")  # fmt: skip
        found[name] = {locale: one.strip() for locale, one in texts.items() if one.strip()}
    return found


def _step(given, place):
    found = _node(given, {"fields"}, place)
    fields = _list(given, "fields", f"{place}.")
    return found | {"fields": [_field(one, f"{place}.fields.{at}") for at, one in enumerate(fields)]}


def _field(given, place):
    found = _node(given, {"kind", "choices", "least", "most", "digits", *FIELD_FLAGS}, place)
    kind = given.get("kind")
    _expect(isinstance(kind, str) and kind in KINDS, f"{place}.kind")
    found["kind"] = kind
    for name in FIELD_FLAGS:
        _expect(isinstance(given.get(name, False), bool), f"{place}.{name}")
        found[name] = given.get(name, False)
    if kind == "number":
        found |= {name: _amount(given.get(name), f"{place}.{name}") for name in ("least", "most")}
        found["digits"] = _whole(given.get("digits") or 0, 6, f"{place}.digits")
    if kind == "choice":
        choices = _list(given, "choices", f"{place}.")
        found["choices"] = [_choice(one, f"{place}.choices.{at}") for at, one in enumerate(choices)]
        _unique([one["key"] for one in found["choices"]], f"{place}.choices")
    return found


def _choice(given, place):
    price = _amount(given.get("price") if isinstance(given, dict) else None, f"{place}.price", least=Decimal(0))
    return _node(given, {"price"}, place) | {"price": price}


def _stage(given, place):
    found = _node(given, {"approval", "days"}, place)
    _expect(isinstance(given.get("approval", True), bool), f"{place}.approval")
    days = given.get("days")
    return found | {"approval": given.get("approval", True),
                    "days": None if days is None else _whole(days, 1000, f"{place}.days")}  # fmt: skip


def _price(given):
    known = {"kind", "amount", "field", "choice", "table"}
    _expect(isinstance(given, dict) and given.keys() <= known, "price")
    _expect(isinstance(given.get("kind"), str) and given["kind"] in PRICES, "price.kind")
    found = {"kind": given["kind"], "amount": _amount(given.get("amount"), "price.amount", least=Decimal(0))}
    for name in ("field", "choice"):
        value = given.get(name) or ""
        _expect(isinstance(value, str) and (not value or KEY.fullmatch(value)), f"price.{name}")
        found[name] = value
    table = given.get("table") or {}
    _expect(isinstance(table, dict) and len(table) <= MOST["choices"], "price.table")
    _expect(all(KEY.fullmatch(key) for key in table), "price.table")
    rows = {key: _amount(one, f"price.table.{key}", least=Decimal(0)) for key, one in table.items()}
    return found | {"table": {key: one for key, one in rows.items() if one is not None}}


def _amount(value, place, least=None):
    """An exact figure as text, or None."""
    if value is None or value == "":
        return None
    try:
        number = value if isinstance(value, Decimal) else parse_amount(value)
    except (Unreadable, TypeError):
        raise _refused(place) from None
    _expect(least is None or number >= least, place)
    return format(number.normalize(), "f")


def _whole(value, most, place):
    _expect(isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most, place)
    return value


# --- what is still missing ---------------------------------------------------------------------


def problems(definition):
    """What keeps customers from filling it in: [(place in words, sentence)]."""
    found = []
    if not definition["steps"]:
        found.append(("", _l("The service needs at least one step.")))
    for step in definition["steps"]:
        found += _nameless(step)
        if not step["fields"]:
            found.append((title(step), _l("This step asks for nothing. Add a field or remove the step.")))
        for one in step["fields"]:
            found += _field_problems(one)
    for stage in definition["stages"]:
        found += _nameless(stage)
    return found


def _nameless(node):
    return [] if node["names"] else [(node["key"], _l("Give a name in at least one language."))]


def _field_problems(one):
    found = _nameless(one)
    if one["kind"] == "choice" and not one["choices"]:
        found.append((title(one), _l("Add something to choose from.")))
    for choice in one.get("choices", ()):
        found += _nameless(choice)
    if one["kind"] == "number" and one["least"] and one["most"] and Decimal(one["least"]) > Decimal(one["most"]):
        found.append((title(one), _l("The smallest number is larger than the largest.")))
    return found


# --- the designer's moves ----------------------------------------------------------------------


def at(definition, path):
    """The node or list a path such as "steps.0.fields.1" leads to.

    :raises BusinessError: 'bad_definition' when it leads nowhere
    """
    found = definition
    for part in path.split(".") if path else ():
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise _refused(path) from None
    return found


def kind_of(path):
    """What a path to a list or to a node in a list is about: step, field, choice or stage."""
    names = [part for part in path.split(".") if not part.isdigit()]
    if not names or names[-1] not in LISTS:
        raise _refused(path)
    return LISTS[names[-1]]


def added(definition, path, node):
    """The definition with one more node at the end of the list at `path`, and the node's own path."""
    found = deepcopy(definition)
    rows = at(found, path)
    _expect(isinstance(rows, list), path)
    node = {"fields": []} | node if kind_of(path) == "step" else node
    rows.append(node | {"key": _free_key(found, path, node)})
    return found, f"{path}.{len(rows) - 1}"


def replaced(definition, path, values):
    """The definition with some values of one node changed; its key stays, since orders and prices know it."""
    found = deepcopy(definition)
    node = at(found, path)
    _expect(isinstance(node, dict), path)
    node |= {name: value for name, value in values.items() if name != "key"}
    if node.get("kind") == "choice":
        node.setdefault("choices", [])
    return found


def moved(definition, path, by):
    """The definition with one node a place further up (-1) or down (1)."""
    found = deepcopy(definition)
    above, _dot, place = path.rpartition(".")
    rows = at(found, above)
    _expect(isinstance(rows, list) and place.isdigit() and int(place) < len(rows), path)
    here, there = int(place), int(place) + by
    if 0 <= there < len(rows):
        rows[here], rows[there] = rows[there], rows[here]
    return found


def dropped(definition, path):
    """The definition without one node and what is in it."""
    found = deepcopy(definition)
    above, _dot, place = path.rpartition(".")
    rows = at(found, above)
    _expect(isinstance(rows, list) and place.isdigit() and int(place) < len(rows), path)
    del rows[int(place)]
    return found


def _free_key(definition, path, node):
    """A key made of the name, unique among its kind: fields of all steps, else within the list."""
    kind = kind_of(path)
    taken = {one["key"] for one in (fields_of(definition) if kind == "field" else at(definition, path)) if "key" in one}
    plain = unicodedata.normalize("NFKD", node["names"].get("en", "")).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:24]
    base = base if KEY.fullmatch(base) else kind
    return next(one for one in (base, *(f"{base}_{n}" for n in range(2, 1000))) if one not in taken)
