"""Many at once: a draft becomes one order, a shown stage gets one answer, a version one number."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

import config
from app.core import facts
from app.core.errors import BusinessError
from app.core.work import Actor, work
from app.rules import orders, services, wizard_drafts, work_plan, work_stages
from models.orders import Order
from models.services import Service, ServiceVersion
from models.work_stages import WorkRound, WorkStage
from tests import makers
from tests.orders.test_races import WRITERS, together
from tests.services.test_wizard_rules import GOOD, upload


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())


@pytest.fixture
def attempt(engine):
    """`attempt(flow, step, id, **data)` takes a step in a session of its own; 'done' or the code of the refusal."""
    factory = sessionmaker(engine)

    def tried(flow, step, identity, **data):
        with factory() as session, work(Actor.system("race"), session):
            try:
                flow.run_one(step, identity, **data)
                return "done"
            except BusinessError as error:
                return error.code

    return tried


def filled(one):
    draft = wizard_drafts.begin(makers.make_service(one).id, one, customer=makers.make_customer(one).id)
    wizard_drafts.keep(draft, GOOD, one)
    wizard_drafts.attach(draft, "manuscript", upload(one), one)
    return draft


def test_one_draft_becomes_one_order(open_work, attempt):
    with open_work() as one:
        identity = filled(one).id
    answers = together(lambda number: attempt(wizard_drafts.FLOW, "confirm", identity))
    assert sorted(set(answers)) == ["done", "wrong_state"] and answers.count("done") == 1
    with open_work() as one:
        assert one.session.scalar(select(func.count()).select_from(Order)) == 1


def test_approval_against_request_for_changes_one_wins(open_work, attempt):
    with open_work() as one:
        order = wizard_drafts.FLOW.run_one("confirm", filled(one))
        for verb in ("approve", "release"):
            orders.FLOW.run_one(verb, order)
        facts.subscribers("order.release")["work.plan"](None, order, one)
        stage = work_plan.of_order(order, one)[0]
        work_stages.FLOW.run_one("take", stage)
        work_stages.FLOW.run_one("show", stage, note="Look")
        identity = stage.id

    def answer(number):
        if number % 2:
            return attempt(work_stages.FLOW, "approve", identity)
        return attempt(work_stages.FLOW, "request_changes", identity, reason="Larger")

    answers = together(answer)
    assert answers.count("done") == 1 and answers.count("wrong_state") == WRITERS - 1
    with open_work() as one:
        stage = one.session.get(WorkStage, identity)
        round_ = one.session.scalars(select(WorkRound)).one()
        assert (stage.state, round_.answer) in (("approved", "approved"), ("changes_requested", "changes"))
        assert stage.revisions == (stage.state == "changes_requested")


def test_two_stages_of_an_order_checked_at_once_do_not_wait_in_a_circle(open_work, attempt):
    with open_work() as one:
        order = wizard_drafts.FLOW.run_one("confirm", filled(one))
        for verb in ("approve", "release"):
            orders.FLOW.run_one(verb, order)
        facts.subscribers("order.release")["work.plan"](None, order, one)
        stages = work_plan.of_order(order, one)[:2]
        for stage in stages:
            for verb, data in (("take", {}), ("show", {"note": "Look"}), ("approve", {})):
                work_stages.FLOW.run_one(verb, stage, **data)
        ids = [stage.id for stage in stages]
    answers = together(lambda number: attempt(work_stages.FLOW, "check", ids[number % 2]))
    assert answers.count("done") == 1 and answers.count("wrong_state") == WRITERS - 1


def test_publishing_at_once_makes_one_version(open_work, attempt):
    with open_work() as one:
        identity = makers.make_service(one, published=False).id
    answers = together(lambda number: attempt(services.FLOW, "publish", identity))
    assert answers.count("done") == 1 and answers.count("nothing_changed") == WRITERS - 1
    with open_work() as one:
        assert one.session.scalar(select(func.count()).select_from(ServiceVersion)) == 1
        assert one.session.get(Service, identity).state == "published"
