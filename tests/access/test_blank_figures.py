"""A figure that is left blank in the office's forms is asked for, at its field."""

import pytest

FORMS = (
    ("/currencies/add", {"code": "XTS", "digits": ""}, "Decimal places are 0 to 4."),
    ("/units/add", {"code": "XY", "symbols.en": "x", "digits": ""}, "Decimal places are 0 to 6."),
    ("/payment_terms/add", {"code": "XT", "names.en": "x", "days": ""}, "Days are 0 to 3650."),
    ("/number_series/edit/1", {"prefix": "A", "width": ""}, "Running digits are 1 to 12."),
)


@pytest.mark.parametrize(("address", "typed", "told"), FORMS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_blank_figure_is_asked_for(people, sign_in, address, typed, told):
    for given in (typed, {name: value for name, value in typed.items() if value}):
        answer = sign_in("admin").post(address, given)
        assert answer.status_code == 422, address
        assert told in answer.get_data(as_text=True)
