"""Taking a merge back while its sources are there, and deleting them afterwards."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import facts
from app.core.errors import BusinessError
from app.rules import conversations, files, invoices, log_entries, order_unmerge, orders, settings_pages, stock
from models.order_proposals import OrderProposal
from models.orders import DocumentLink, Order, Reservation
from tests.conftest import NOW
from tests.orders.joining import STAFF, buyer, merge, of, told

FLOW = orders.FLOW


def unmerge(open_work, pk, actor=STAFF, now=NOW):
    try:
        with open_work(actor, now=now):
            FLOW.run_one("unmerge", pk)
    except BusinessError as error:
        return error.code
    return "done"


@pytest.mark.parametrize("on", ["result", "source"])
def test_sources_come_back_as_they_were(open_work, place, shop, on):
    ids = [place(A1=1), place("changed", B2=2), place("confirmed", A1=6)]
    with open_work() as work:
        before = [(one.state, one.total_gross, one.confirmed_at, one.expires_at, told(one.lines))
                  for one in (of(work, pk) for pk in ids)]  # fmt: skip
    (made,), _refused = merge(open_work, ids)
    assert unmerge(open_work, made if on == "result" else ids[1], buyer(shop)) == "done"
    with open_work() as work:
        after = [(one.state, one.total_gross, one.confirmed_at, one.expires_at, told(one.lines))
                 for one in (of(work, pk) for pk in ids)]  # fmt: skip
        assert after == before
        assert all(of(work, one).merged_at is None and of(work, one).cancelled_at is None for one in ids)
        result = of(work, made)
        assert (result.state, result.deleted_at, result.deleted_reason) == ("cancelled", NOW, "unmerged")
        assert work.session.scalars(select(DocumentLink)).all() == []
        assert work.session.scalar(select(func.sum(Reservation.quantity))) == 6 and stock.check(work) == []
    assert unmerge(open_work, ids[0]) == "not_merged"
    assert merge(open_work, ids)[1] == {}


def test_a_confirmed_result_gives_its_goods_to_the_confirmed_sources(open_work, place):
    ids = [place("confirmed", A1=6), place(A1=4)]
    (made,), _refused = merge(open_work, ids)
    with open_work():
        FLOW.run_one("approve", made)
    assert unmerge(open_work, made) == "done"
    with open_work() as work:
        assert [of(work, one).state for one in ids] == ["confirmed", "submitted"]
        assert work.session.scalar(select(func.sum(Reservation.quantity))) == 6 and stock.check(work) == []


def test_a_confirmed_source_whose_goods_are_gone_is_changed_to_what_is_there(open_work, place):
    ids = [place("confirmed", A1=6), place(A1=1)]
    (made,), _refused = merge(open_work, ids)
    place("confirmed", A1=8)
    assert unmerge(open_work, made) == "done"
    with open_work() as work:
        order = of(work, ids[0])
        assert (order.state, order.changed_side, order.confirmed_at, order.expires_at) == (
            "changed", "system", None, None)  # fmt: skip
        assert [(one.quantity_ordered, one.reason) for one in order.lines] == [(6, "part_in_stock")]
        assert work.session.scalar(select(func.sum(Reservation.quantity))) == 8 and stock.check(work) == []
        told_ = select(facts.Fact).where(facts.Fact.name == "order.adjust", facts.Fact.record_id == order.id)
        assert len(work.session.scalars(told_).all()) == 1


@pytest.mark.parametrize("on", ["result", "source"])
def test_what_was_written_on_the_result_is_the_first_source_s_when_the_merge_is_taken_back(open_work, place, shop, on):
    ids = [place(A1=1), place(A1=2)]
    with open_work() as work:
        conversations.post(of(work, ids[0]), "order", "order", "Before", work)
    (made,), _refused = merge(open_work, ids)
    with open_work(STAFF) as work:
        order = of(work, made)
        conversations.post(order, "order", "order", "Meanwhile", work)
        log_entries.enter(order, "order", work, text="A call")
        conversations.write_note(order, "order", "A note", work)
        FLOW.run_one("propose", made, lines=[{"id": order.lines[0].id, "quantity": "1"}])
        assert of(work, made).proposed_side == "staff"
    assert unmerge(open_work, made if on == "result" else ids[1], buyer(shop)) == "done"
    with open_work() as work:
        first = of(work, ids[0])
        assert [one.text for one in conversations.messages(first, "order", "order", work)] == ["Before", "Meanwhile"]
        assert [one.text for one in log_entries.about(first, "order", work)] == ["A call"]
        assert [one.text for one in conversations.notes(first, "order", work)] == ["A note"]
        proposal = work.session.scalars(select(OrderProposal)).one()
        assert (proposal.state, proposal.closed_by, of(work, made).proposed_side) == ("closed", "order.unmerge", None)


@pytest.mark.parametrize(("verbs", "code"), [
    (("approve", "release"), "wrong_state"), (("cancel",), "wrong_state"), (("reject",), "done"),
])  # fmt: skip
def test_a_result_that_went_on_stays(open_work, place, verbs, code):
    ids = [place(A1=1), place(A1=2)]
    (made,), _refused = merge(open_work, ids)
    with open_work():
        for verb in verbs:
            FLOW.run_one(verb, made, **({"reason": "x"} if verb in ("cancel", "reject") else {}))
    assert unmerge(open_work, ids[0]) == code


def test_a_result_that_was_changed_invoiced_or_merged_again_stays(open_work, place):
    ids = [place(A1=1), place(A1=2)]
    (made,), _refused = merge(open_work, ids)
    (again,), _refused = merge(open_work, [made, place(B2=1)])
    assert unmerge(open_work, ids[0]) == "wrong_state"
    assert unmerge(open_work, again) == "done"
    with open_work() as work:
        order = of(work, made)
        FLOW.run_one("amend", made, lines=[{"id": order.lines[0].id, "sku": "A-1", "quantity": Decimal(5)}])
    assert unmerge(open_work, made) == "changed_since"
    with open_work() as work:
        order = of(work, made)
        FLOW.run_one("amend", made, lines=[{"id": order.lines[0].id, "sku": "A-1", "quantity": Decimal(3)}])
        FLOW.run_one("reconfirm", made)
        FLOW.run_one("approve", made)
        invoices.from_order(order, work)
    assert unmerge(open_work, made) == "invoiced"


def test_an_order_that_was_not_merged_has_nothing_to_take_back(open_work, place):
    assert unmerge(open_work, place(A1=1)) == "not_merged"


# --- deleting ----------------------------------------------------------------------------------


def test_sources_are_deleted_five_minutes_later_and_then_nothing_brings_them_back(open_work, place):
    ids = [place(A1=1), place(A1=2)]
    (made,), _refused = merge(open_work, ids)
    with open_work(now=NOW + timedelta(minutes=4, seconds=59)) as work:
        assert order_unmerge.clean_up(work) == 0
    later = NOW + timedelta(minutes=5)
    with open_work(now=later) as work:
        assert order_unmerge.clean_up(work) == 2
    with open_work(now=later) as work:
        assert order_unmerge.clean_up(work) == 0
        for pk in ids:
            assert work.session.get(Order, pk) is None
            assert (of(work, pk).deleted_at, of(work, pk).deleted_reason) == (later, "merged")
        assert of(work, made).state == "submitted"
    assert unmerge(open_work, made, now=later) == "too_late"


@pytest.mark.parametrize("logged", [False, True])
def test_what_was_written_and_attached_goes_along_when_the_sources_are_deleted(open_work, place, logged):
    ids = [place(A1=1), place(A1=2)]
    with open_work() as work:
        for pk in ids:
            order = of(work, pk)
            conversations.post(order, "order", "order", f"About {pk}", work)
            conversations.write_note(order, "order", f"Note on {pk}", work)
            log_entries.enter(order, "order", work, text=f"Call on {pk}")
            files.attach(order, "order", files.store(io.BytesIO(b"a,b"), f"list-{pk}.csv", "text/csv", work), work)
    (made,), _refused = merge(open_work, ids)

    def there(pk):
        with open_work() as work:
            order = of(work, pk)
            return ([one.text for one in conversations.messages(order, "order", "order", work)],
                    [one.text for one in conversations.notes(order, "order", work)],
                    [one.name for one in files.attachments("order", pk, work)],
                    sorted(one.text for one in log_entries.about(order, "order", work)))  # fmt: skip

    assert there(made) == ([], [], [], []) and there(ids[0])[0] == [f"About {ids[0]}"]
    if logged:
        with open_work() as work:
            log_entries.enter(of(work, made), "order", work, text="Call in between")
    with open_work(now=NOW + timedelta(minutes=6)) as work:
        assert order_unmerge.clean_up(work) == 2
    said, noted, attached, called = there(made)
    assert called == [*["Call in between"][:logged], *(f"Call on {pk}" for pk in ids)]
    assert said == [f"About {pk}" for pk in ids] and sorted(noted) == [f"Note on {pk}" for pk in ids]
    assert attached == [f"list-{pk}.csv" for pk in ids] and there(ids[0]) == there(ids[1]) == ([], [], [], [])


def test_the_delay_is_a_setting(open_work, place):
    merge(open_work, [place(A1=1), place(A1=2)])
    with open_work(now=NOW + timedelta(minutes=8)) as work:
        settings_pages.put("MERGE_DELETE_DELAY_MIN", "system", 0, 10, work)
        assert order_unmerge.clean_up(work) == 0
