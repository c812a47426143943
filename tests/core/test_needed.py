"""A field that has to be filled in."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import DecimalField, Form, StringField

from app.core.needed import Needed


class Asked(Form):
    reason = StringField("Reason", [Needed("Give a reason.")])
    amount = DecimalField("Amount", [Needed("Give an amount.")])


@pytest.mark.parametrize("reason", [None, "", " ", "\t\n  "])
def test_blanks_say_nothing_and_stay_as_they_were_typed(reason):
    form = Asked(MultiDict({"amount": "0"} | ({} if reason is None else {"reason": reason})))
    assert not form.validate() and form.errors == {"reason": ["Give a reason."]}
    assert form.reason.data == reason and form.reason.raw_data == ([] if reason is None else [reason])


def test_a_zero_is_a_value():
    assert Asked(MultiDict({"reason": " late ", "amount": "0"})).validate()


def test_the_page_says_that_it_is_needed():
    assert Asked().reason.flags.required
