"""A field that has to be filled in: blanks say nothing."""

from typing import Any

from wtforms.validators import InputRequired


class Needed(InputRequired):
    """Refuses a field that was left out, is empty or holds nothing but blanks; a zero is a value.

    :param message: what the person is told
    """

    def __call__(self, form: Any, field: Any) -> None:
        sent = field.raw_data
        if sent and isinstance(sent[0], str) and not sent[0].strip():
            field.raw_data = None
        try:
            super().__call__(form, field)
        finally:
            field.raw_data = sent
