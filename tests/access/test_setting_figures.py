"""A figure of a setting is one that orders and jobs can reckon with."""

import pytest


@pytest.mark.parametrize("value", ["99999999999", "100001", "-3"])
def test_a_setting_refuses_what_no_calendar_and_no_count_has(people, sign_in, value):
    admin = sign_in("admin")
    for name in ("ORDER_DUE_HOURS", "ORDER_FORM_KEEP_DAYS"):
        answer = admin.post(f"/settings/edit/{name}/system", {"value": value})
        assert answer.status_code == 422 and f"The value of the setting {name} is not valid." in answer.text
        assert admin.post(f"/settings/edit/{name}/system", {"value": "0"}).status_code == 302
