"""JSON becomes the data of a step here, and nowhere else: a form of a rule only ever reads texts."""

import json

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, IntegerField, MultipleFileField, SelectField
from wtforms.fields.core import UnboundField

from views import wire

TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}  # as forms say it


def known(form):
    """{name: field} of what a step asks for over REST; files cannot be said in JSON."""
    fields = {name: getattr(form, name) for name in dir(form)} if form is not None else {}
    return {name: one for name, one in fields.items()
            if isinstance(one, UnboundField) and not issubclass(one.field_class, MultipleFileField)}  # fmt: skip


def taken(given, form):
    """A JSON object as the data of a form.

    :raises Malformed: 'unknown_fields', or 'bad_value' naming the field that is of the wrong kind
    """
    fields = known(form)
    wire.known(given, fields)
    return MultiDict({name: _text(name, fields[name].field_class, value)
                      for name, value in given.items() if value is not None})  # fmt: skip


def _text(name, kind, value):
    if getattr(kind, "takes_rows", False):
        return json.dumps(value)  # the field itself refuses rows that are none
    if issubclass(kind, BooleanField):
        said = TRUTH.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(said, bool):
            raise wire.bad(name, _("Send true or false: %(field)s.", field=name))
        return "true" if said else ""
    if issubclass(kind, IntegerField):
        found = wire.key(value.strip()) if isinstance(value, str) else value
        return "" if value == "" else str(wire.whole(name, found))
    if issubclass(kind, SelectField) and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise wire.bad(name, _("Send a text: %(field)s.", field=name))
    return value
