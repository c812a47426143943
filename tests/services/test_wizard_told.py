"""The answers as they are told before an order is made."""

from types import SimpleNamespace

from app.rules.service_answers import Told
from views import wizard_pages


def test_steps_of_one_name_lead_each_to_itself():
    steps = [{"names": {"en": "Details"}, "fields": [{"key": key}]} for key in ("size", "ink")]
    draft = SimpleNamespace(id=7, edition=SimpleNamespace(definition={"steps": steps}))
    view = SimpleNamespace(url=lambda name, pk, number: f"/{name}/{pk}/{number}")
    groups = [("Details", [Told(key, key.title(), "A")]) for key in ("size", "ink")]
    assert [one.url for one in wizard_pages.told(groups, view, draft)] == ["/fill/7/1", "/fill/7/2"]
    assert [one.url for one in wizard_pages.told(groups)] == [None, None]
