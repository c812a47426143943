"""Lists of lines that a step asks for: sent as JSON, kept as JSON while the step waits, and typed again by its rule."""

import json
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from app.core.errors import Malformed
from app.core.money import parse_amount
from app.core.readable import iso_day, storable

FIGURES = ("quantity", "unit_price")
TYPES = {"quantity": Decimal, "unit_price": Decimal, "requested_on": date.fromisoformat}


class RowsField(Field):
    """A list that a program sends as JSON; a page keeps it out of sight. None where it is not sent at all.

    :param read: (row as JSON) -> row; refuses what the step does not take
    :param row: {name: "string", "integer" or "boolean"} of a row, for the document of the interface
    """

    widget = HiddenInput()
    takes_rows = True

    def __init__(self, read, row=None, **more):
        super().__init__(validators=[Optional()], **more)
        self.read = read

    def _value(self):
        return ""

    def process_formdata(self, values):
        self.data = None
        if len(values) == 1 and isinstance(values[0], str):
            try:
                values = json.loads(values[0]) if values[0].strip() else []
            except (ValueError, RecursionError):
                raise malformed() from None
            if not isinstance(values, list):
                raise malformed()
            self.data = []
        if values:
            self.data = [self.read(one) for one in values]


def malformed():
    """The refusal of a list that is none, or whose rows are not what the step takes."""
    return Malformed("bad_lines", _l("The list of lines is not well formed."), field="lines")


def identity(value):
    """The id of a line."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise malformed()
    return value


def proposal(row, texts=None, flags=()):
    """One proposed line: {"id", "quantity"?, "unit_price"?, "requested_on"?} and more, all as JSON can keep it.

    :param texts: {name: most letters} of what else may be said in words
    :param flags: names of what else may be true or false
    """
    texts = texts or {}
    if not isinstance(row, dict) or row.keys() - {"id", *FIGURES, "requested_on", *texts, *flags}:
        raise malformed()
    found = {"id": identity(row.get("id"))}
    try:
        for name in FIGURES:
            if row.get(name) not in (None, ""):
                found[name] = format(_figure(row[name]), "f")
        if row.get("requested_on"):
            found["requested_on"] = iso_day(row["requested_on"]).isoformat()
    except (ValueError, TypeError):
        raise malformed() from None
    found |= {name: _text(row[name], most) for name, most in texts.items() if row.get(name)}
    if any(not isinstance(row.get(name, False), bool) for name in flags):
        raise malformed()
    return found | {name: True for name in flags if row.get(name)}


def _figure(value):
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("figures are strings or whole numbers")
    return parse_amount(str(value))


def _text(value, most):
    if not isinstance(value, str) or not storable(value) or len(value) > most:
        raise malformed()
    return value.strip()


def typed(row):
    """A proposed line with its figures and day as such."""
    return {name: TYPES[name](value) if name in TYPES and isinstance(value, str) else value
            for name, value in row.items()}  # fmt: skip
