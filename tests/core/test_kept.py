"""What is read once per process is read anew as soon as somebody has changed it."""

from types import SimpleNamespace

from app.core import kept, settings
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import list_choices, order_fields, settings_pages
from models.customers import Customer


def test_a_changed_setting_holds_for_the_next_request(site, people, sign_in, open_work):
    desk = sign_in("buyer1")
    assert "Credit limit" not in desk.page(f"/customers/show/{people.one}")
    with open_work() as work:
        work.session.add(SettingValue(name="SHOW_CREDIT_LIMIT", scope="system", scope_id=0, value=True))
        customer = work.session.get(Customer, people.one)
        customer.credit_limit = 500
    assert "Credit limit" in desk.page(f"/customers/show/{people.one}")


def test_the_same_stamp_asks_nobody_and_another_one_asks_again(open_work):
    asked = []

    def read(work):
        asked.append(work.stamp)
        return len(asked)

    def get(stamp):
        with open_work(Actor.system("test")) as work:
            work.stamp = stamp
            return kept.get(work, "a thing of this test", read), kept.get(work, "a thing of this test", read)

    assert [get(1), get(1), get(2), get(2)] == [(1, 1), (1, 1), (2, 2), (2, 2)]
    assert get(None) == (3, 3) and get(None) == (4, 4) and get(2) == (2, 2)
    assert asked == [1, 2, None, None]


def test_settings_of_a_job_are_read_in_its_own_unit_of_work(open_work):
    with open_work() as work:
        assert settings.get("ORDER_DUE_HOURS", work) == 48
        work.session.add(SettingValue(name="ORDER_DUE_HOURS", scope="system", scope_id=0, value=5))
    with open_work() as work:
        assert settings.get("ORDER_DUE_HOURS", work) == 5


def test_what_a_request_has_changed_it_reads_as_it_is_now(open_work, people):
    staff = Actor("Rita", kind="staff", user_id=people.one, may=lambda permission: True)
    order = SimpleNamespace(order_type_id=1, state="submitted")
    with open_work(staff) as work:
        work.stamp = 1_000_000
        assert settings.get("ORDER_DUE_HOURS", work) == 48
        settings_pages.put("ORDER_DUE_HOURS", "system", 0, "5", work)
        assert settings.get("ORDER_DUE_HOURS", work) == 5
    with open_work(staff) as work:
        work.stamp = 1_000_000
        assert "channel" in order_fields.allowed(order, work)
        order_fields.apply_preset("S2r", None, work)
        assert "channel" not in order_fields.allowed(order, work)
    with open_work(staff) as work:
        work.stamp = 1_000_000
        assert list_choices.of("orders", work).filters == ()
        list_choices.save_filter("orders", "Mine", "mine=1", work)
        assert [one.name for one in list_choices.of("orders", work).filters] == ["Mine"]
