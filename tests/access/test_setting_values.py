"""What a setting takes is what orders, jobs and accounts can work with."""

import pytest


@pytest.mark.parametrize("value", ["99999999999", "100001", "-3"])
def test_a_setting_refuses_what_no_calendar_and_no_count_has(people, sign_in, value):
    admin = sign_in("admin")
    for name in ("ORDER_DUE_HOURS", "ORDER_FORM_KEEP_DAYS"):
        answer = admin.post(f"/settings/edit/{name}/system", {"value": value})
        assert answer.status_code == 422 and f"The value of the setting {name} is not valid." in answer.text
        assert admin.post(f"/settings/edit/{name}/system", {"value": "0"}).status_code == 302


def test_a_pattern_of_user_names_is_one(people, sign_in):
    admin = sign_in("admin")
    answer = admin.post("/settings/edit/USERNAME_PATTERN/system", {"value": "[a-z"})
    assert answer.status_code == 422 and "The value of the setting USERNAME_PATTERN is not valid." in answer.text
    assert admin.post("/settings/edit/USERNAME_PATTERN/system", {"value": "[a-z]+"}).status_code == 302
