"""Work stages as rules: when they come, whose turn it is, what the customer may, when the work counts as accepted."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

import config
from app.core import facts
from app.core import settings as settings_
from app.core.errors import BusinessError, Conflict
from app.core.history import History
from app.core.work import Actor
from app.jobs import house
from app.notices.work_stages import work_shown
from app.rules import files, invoices, orders, wizard_drafts, work_plan, work_stages
from models.files import Attachment
from models.orders import OrderType
from models.work_stages import WorkStage
from tests import makers
from tests.conftest import NOW
from tests.services.test_wizard_rules import GOOD, PDF, upload

FLOW = work_stages.FLOW


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())


def ordered(work, customer, **definition):
    """A submitted order of the service."""
    draft = wizard_drafts.begin(makers.make_service(work, **definition).id, work, customer=customer.id)
    wizard_drafts.keep(draft, GOOD, work)
    wizard_drafts.attach(draft, "manuscript", upload(work), work)
    return wizard_drafts.FLOW.run_one("confirm", draft)


@pytest.fixture
def order(work):
    """A released order of the service, its stages on the work list."""
    found = ordered(work, makers.make_customer(work))
    for verb in ("approve", "release"):
        orders.FLOW.run_one(verb, found)
    happened(work, "order.release", found)
    return found


def happened(work, name, record):
    """Let those who listen to a fact act on it, as the worker does."""
    for key, handler in facts.subscribers(name).items():
        if key.startswith("work."):
            handler(None, record, work)
    work.session.flush()


def setting(work, name, value):
    work.session.add(settings_.SettingValue(name=name, value=value))
    work.session.flush()
    work.cache.pop("settings", None)


def shown(work, stage, **more):
    FLOW.run_one("take", stage)
    FLOW.run_one("show", stage, note="Look", **more)


def states(order, work):
    return [one.state for one in work_plan.of_order(order, work)]


def test_stages_come_with_the_release_and_only_once(work, order):
    stages = work_plan.of_order(order, work)
    assert [(one.number, one.names["en"], one.approval) for one in stages] == [
        (f"{order.number}/1", "First version", True), (f"{order.number}/2", "Page layout", True),
        (f"{order.number}/3", "Delivery", False)]  # fmt: skip
    assert [one.due_at for one in stages] == [NOW + timedelta(days=3), None, None]
    happened(work, "order.release", order)
    assert len(work_plan.of_order(order, work)) == 3


def test_the_history_of_a_stage_begins_with_its_making(open_work, work, order):
    pk = work_plan.of_order(order, work)[0].id
    work.session.commit()
    with open_work() as later:
        rows = later.session.scalars(
            select(History).where(History.noun == "work", History.record_id == pk).order_by(History.id))
        assert next(iter(rows)).action == "work.create"


def test_an_order_without_stages_or_service_needs_no_work(work):
    customer = makers.make_customer(work)
    plain = makers.make_confirmed_order(work, customer, (makers.make_product(work), 1))
    assert work_plan.work_accepted(plain, work)
    bare = ordered(work, customer, stages=[])
    assert work_plan.work_accepted(bare, work)
    assert not work_plan.work_accepted(ordered(work, customer, code="other"), work)


def test_a_stage_waits_for_its_turn(work, order):
    first, second, third = work_plan.of_order(order, work)
    for stage in (second, third):
        with pytest.raises(BusinessError) as refused:
            FLOW.run_one("take", stage)
        assert refused.value.code == "not_in_turn"
    shown(work, first)
    FLOW.run_one("approve", first)
    assert second.due_at == NOW + timedelta(days=5)
    FLOW.run_one("take", second)
    with pytest.raises(BusinessError):
        FLOW.run_one("take", third)


def test_showing_takes_what_was_prepared_and_hides_it_until_then(open_work, work, order):
    stage = work_plan.of_order(order, work)[0]
    FLOW.run_one("take", stage)
    with pytest.raises(BusinessError) as refused:
        FLOW.run_one("show", stage)
    assert refused.value.code == "nothing_to_show"
    files.attach(stage, "work", upload(work, "draft.pdf"), work)
    identity, owner = stage.id, stage.customer_id
    work.session.commit()
    buyer = Actor("buyer", kind="external", customers=frozenset({owner}), may=lambda permission: True)

    def seen():
        with open_work(buyer) as his:
            wanted = select(Attachment.name, Attachment.part).where(Attachment.noun == "work")
            return his.session.execute(wanted.order_by(Attachment.id)).all()

    assert seen() == []
    FLOW.run_one("show", identity, files=[upload(work, "more.pdf")])
    work.session.commit()
    assert seen() == [("draft.pdf", "shown-1"), ("more.pdf", "shown-1")]


def test_changes_are_asked_for_with_reason_and_file_and_shown_again(work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    with pytest.raises(Conflict):
        FLOW.run_one("take", stage)
    FLOW.run_one("request_changes", stage, reason="Larger type", files=[upload(work, "marked.pdf")])
    assert (stage.state, stage.revisions) == ("changes_requested", 1)
    shown(work, stage)
    FLOW.run_one("approve", stage, note="Fine")
    assert [(one.number, one.answer, one.comment) for one in stage.rounds] == [
        (1, "changes", "Larger type"), (2, "approved", "Fine")]  # fmt: skip
    assert [one.name for one in files.attachments("work", stage.id, work, "answer-1")] == ["marked.pdf"]


def test_what_is_said_at_length_is_kept_in_full_and_the_history_keeps_its_beginning(work, order):
    stage, said = work_plan.of_order(order, work)[0], "Everything is different now. " * 150
    FLOW.run_one("take", stage)
    FLOW.run_one("show", stage, note=said)
    FLOW.run_one("request_changes", stage, reason=said)
    work.session.commit()
    assert (stage.rounds[0].note, stage.rounds[0].comment) == (said, said)
    kept = work.session.scalars(select(History.note).where(History.noun == "work", History.record_id == stage.id))
    assert set(kept) == {None, said[:2000]}


def test_the_number_of_changes_is_a_setting_for_customers(work, open_work, order):
    setting(work, "WORK_FREE_REVISIONS", 1)
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    identity, owner = stage.id, stage.customer_id
    work.session.commit()
    buyer = Actor("buyer", kind="external", customers=frozenset({owner}), may=lambda permission: True)
    with open_work(buyer):
        FLOW.run_one("request_changes", identity, reason="Once")
    with open_work() as ours:
        shown(ours, ours.session.get(WorkStage, identity))
    with open_work(buyer), pytest.raises(BusinessError) as refused:
        FLOW.run_one("request_changes", identity, reason="Twice")
    assert refused.value.code == "revisions_used"
    with open_work():
        FLOW.run_one("request_changes", identity, reason="We agreed on the telephone")


def test_only_checked_work_is_finally_invoiced(work, order):
    first, second, third = work_plan.of_order(order, work)
    proforma = invoices.from_order(order, work, "proforma")
    work.session.flush()
    invoices.FLOW.run_one("issue", proforma)
    final = invoices.from_order(order, work)
    work.session.flush()

    def refused():
        with pytest.raises(BusinessError) as error:
            invoices.FLOW.run_one("issue", final)
        return error.value.code == "work_not_accepted"

    assert refused()
    for stage in (first, second):
        shown(work, stage)
        with pytest.raises(BusinessError):
            FLOW.run_one("check", first)
        FLOW.run_one("approve", stage)
    assert refused()
    FLOW.run_one("check", second)
    assert states(order, work) == ["done", "done", "waiting"]
    assert [one.name for one in work.pending_facts][-2:] == ["work.accept", "work.check"]
    invoices.FLOW.run_one("issue", final)
    assert final.state == "issued"
    with pytest.raises(BusinessError) as unfinished:
        orders.FLOW.run_one("complete", order)
    assert unfinished.value.code == "work_not_finished"
    FLOW.run_one("take", third)
    with pytest.raises(BusinessError, match="does not have to approve"):
        FLOW.run_one("show", third, note="x")
    FLOW.run_one("finish", third, note="Sent by mail")
    assert states(order, work) == ["done", "done", "done"] and third.rounds[0].note == "Sent by mail"
    orders.FLOW.run_one("complete", order)


def test_silence_counts_as_approval_after_the_settings_days(open_work, work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    identity = stage.id
    work.session.commit()
    for days, value, expected in ((30, None, "shown"), (6, 7, "shown"), (8, 7, "approved")):
        with open_work(now=NOW + timedelta(days=days)) as later:
            if value and later.session.scalar(select(settings_.SettingValue.id)) is None:
                setting(later, "WORK_AUTO_ACCEPT_DAYS", value)
            house.accept_work(later)
            found = later.session.get(WorkStage, identity)
            assert (found.state, found.rounds[-1].answer) == (expected, "time" if expected == "approved" else "")


def test_stages_that_wait_for_ever_keep_no_others_from_being_accepted(open_work, work, order):
    other = ordered(work, order.customer, code="rushed")
    for verb in ("approve", "release"):
        orders.FLOW.run_one(verb, other)
    happened(work, "order.release", other)
    other.order_type = OrderType(code="rush", names={"en": "Rush"})
    work.session.flush()
    stages = [work_plan.of_order(one, work)[0] for one in (order, other)]
    for stage in stages:
        shown(work, stage)
    stages[0].shown_at -= timedelta(days=1)
    work.session.add(settings_.SettingValue(name="WORK_AUTO_ACCEPT_DAYS", value=7, scope="order_type",
                                            scope_id=other.order_type_id))  # fmt: skip
    work.session.commit()
    with open_work(now=NOW + timedelta(days=8)) as later:
        assert work_stages.unanswered(later, limit=1) == [stages[1].id]


def test_the_work_begins_with_the_payment_where_the_setting_says_so(work):
    setting(work, "WORK_START", "paid")
    order = ordered(work, makers.make_customer(work))
    orders.FLOW.run_one("approve", order)
    happened(work, "order.approve", order)
    assert order.state == "confirmed"
    proforma = invoices.from_order(order, work, "proforma")
    work.session.flush()
    invoices.FLOW.run_one("issue", proforma)
    happened(work, "invoice.settle", proforma)
    assert order.state == "confirmed"
    proforma.payment_status = "paid"
    happened(work, "invoice.settle", proforma)
    assert order.state == "released"
    happened(work, "order.release", order)
    assert states(order, work) == ["waiting", "waiting", "waiting"]


@pytest.mark.parametrize("step", ["answer", "withdraw"])
def test_paid_work_that_waits_for_a_proposal_begins_when_that_is_over(work, step):
    setting(work, "WORK_START", "paid")
    order = ordered(work, makers.make_customer(work))
    orders.FLOW.run_one("approve", order)
    orders.FLOW.run_one("propose", order, lines=[{"id": order.lines[0].id, "unit_price": "1"}])
    proforma = invoices.from_order(order, work, "proforma")
    work.session.flush()
    invoices.FLOW.run_one("issue", proforma)
    proforma.payment_status = "paid"
    happened(work, "invoice.settle", proforma)
    assert order.state == "confirmed"
    if step == "answer":
        order.proposed_side = "customer"
    orders.FLOW.run_one(step, order, **({"rest": "refuse"} if step == "answer" else {}))
    happened(work, f"order.{step}", order)
    assert order.state == "released"


def test_a_cancelled_order_stops_its_work(work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    orders.FLOW.run_one("cancel", order, reason="Not needed any more")
    happened(work, "order.cancel", order)
    assert states(order, work) == ["cancelled"] * 3


def test_a_deleted_order_stops_its_work_and_what_was_shown_is_still_told(work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    order.deleted_at = work.now
    work.session.flush()
    work.session.expire_all()
    assert work_shown(stage, work)["number"] == order.number
    happened(work, "order.delete", order)
    assert states(order, work) == ["cancelled"] * 3


def test_the_timeline_of_the_order_tells_the_work(work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage)
    entered = [change.action for change in work.changes.values() if change.record is order]
    assert {"work.take", "work.show"} <= set(entered)


def test_only_our_people_are_given_work(work, order):
    stage = work_plan.of_order(order, work)[0]
    for nobody in (0, -1, 2**40, 987654):
        with pytest.raises(BusinessError) as refused:
            FLOW.run_one("hand_over", stage, handler=nobody)
        assert refused.value.code == "bad_handler"


def test_bytes_of_a_shown_file_are_the_bytes_that_were_sent(work, order):
    stage = work_plan.of_order(order, work)[0]
    shown(work, stage, files=[upload(work)])
    [one] = files.attachments("work", stage.id, work, "shown-1")
    assert io.BytesIO(files.open_attachment(one.id, work).stream.read()).getvalue() == PDF
