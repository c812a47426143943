"""One job: as whom it runs, what it commits, what its failure means."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import sessionmaker

import app
from app.core import facts, queue
from app.core import work as work_
from app.core.errors import BusinessError, Forbidden
from app.core.history import History
from app.core.settings import SettingValue
from app.core.work import Actor
from app.jobs import JOBS, Runner, health, registry, run_pending
from app.jobs.__main__ import light_app
from app.jobs.worker import Backoff
from app.rules import contracts, runs
from models.customers import Customer
from models.documents import BackgroundRun, IdempotencyKey
from models.people import EndedSession, FailedSignIn, SetPasswordLink
from tests.conftest import NOW
from tests.makers import make_contract, make_customer


@pytest.fixture(scope="module", autouse=True)
def _engine():
    app.load_engine()


@pytest.fixture
def sessions(engine):
    return sessionmaker(engine)


@pytest.fixture
def job(monkeypatch):
    """Register jobs for one test."""
    monkeypatch.setattr(registry, "JOBS", JOBS)
    before = set(JOBS)
    yield registry.job
    for name in set(JOBS) - before:
        del JOBS[name]


def put(work, number):
    work.session.add(SettingValue(name="MARK", scope="customer", scope_id=number, value=True))


def numbers(open_work):
    with open_work() as work:
        return sorted(work.session.scalars(select(SettingValue.scope_id).where(SettingValue.name == "MARK")))


def test_a_job_commits_what_it_did_under_its_own_name(job, sessions, open_work):
    @job("t.put")
    def handler(work, number):
        put(work, number)

    Runner(sessions).run("t.put", {"number": 7})
    assert numbers(open_work) == [7]
    with open_work() as work:
        entry = work.session.scalars(select(History).where(History.noun == "setting")).one()
        assert entry.actor == "system:t.put" and entry.source == "job:t.put"


def test_a_job_that_fails_leaves_nothing(job, sessions, open_work):
    @job("t.fail")
    def handler(work):
        put(work, 1)
        work.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Runner(sessions).run("t.fail", {})
    assert numbers(open_work) == []


def test_a_job_runs_as_whoever_asked_for_it(job, sessions, open_work):
    with open_work() as work:
        mine, other = make_customer(work), make_customer(work)
        ids = mine.id, other.id
    seen = []

    @job("t.look", by=lambda work, user: user)
    def handler(work, user):
        seen.extend(work.session.scalars(select(Customer.id)))

    buyer = Actor("ann", kind="external", user_id=5, customers=frozenset({ids[0]}))
    Runner(sessions, actor_of=lambda user, session: buyer).run("t.look", {"user": 5})
    assert seen == [ids[0]]


def test_who_may_no_longer_sign_in_gets_nothing_done(job, sessions):
    @job("t.gone", by=lambda work, user: user)
    def handler(work, user):
        raise AssertionError("it ran")

    with pytest.raises(Forbidden):
        Runner(sessions).run("t.gone", {"user": 4711})


def test_a_refusal_is_final_and_anything_else_is_tried_again():
    class Taken:
        attempts = 0

    def decide(error, attempts=0):
        Taken.attempts = attempts
        return Backoff(5).get_retry_decision(exception=error, job=Taken)

    assert decide(BusinessError("no", "No.")) is None
    assert decide(OSError()) is not None and decide(OSError(), 3) is not None and decide(OSError(), 4) is None


def test_pending_jobs_run_in_order_with_those_they_promise(job, sessions, open_work):
    @job("t.first")
    def first(work):
        queue.defer(work, "t.second", {"number": 1})

    @job("t.second")
    def second(work, number):
        put(work, number)

    with open_work() as work:
        queue.defer(work, "t.first", {})
        queue.defer(work, "t.second", {"number": 2}, at=NOW + timedelta(hours=1))
    assert run_pending(sessions, now=NOW) == ["t.first", "t.second"]
    assert run_pending(sessions, now=NOW) == []
    assert run_pending(sessions, now=NOW + timedelta(hours=1)) == ["t.second"]
    assert numbers(open_work) == [1, 2]


def test_a_fact_reaches_its_subscriber_as_the_house_even_where_nobody_published_its_noun(
    sessions, open_work, monkeypatch
):
    heard = []

    def listener(fact, record, work):
        heard.append((fact.name, record.name, work.actor.name))

    monkeypatch.setattr(facts, "_subscribers", {"customer.greet": {"tests.greeting": listener}})
    with open_work() as work:
        customer = make_customer(work, name="Acme")
        facts.publish(work, "customer.greet", "customer", customer)
    monkeypatch.setattr(facts, "MODELS", {})  # as in a worker that has just started
    run_pending(sessions)
    assert heard == [("customer.greet", "Acme", "system:tests.greeting")]


def test_a_job_with_screens_builds_the_application_once(job, sessions):
    built = []

    def screens():
        built.append(light_app())
        return built[-1]

    registry.on_screens("t.screens", "tests.jobs.test_runner:_on_screen", by=lambda work: 1)
    staff = Actor("ann", kind="staff", user_id=1)
    runner = Runner(sessions, actor_of=lambda user, session: staff, screens=screens)
    assert runner.run("t.screens", {}) == runner.run("t.screens", {}) == "ann"
    assert len(built) == 1


def _on_screen(work):
    return work.actor.name


def test_a_bulk_run_goes_on_where_a_killed_worker_left_it(sessions, open_work, monkeypatch):
    monkeypatch.setattr(runs, "CHUNK", 2)
    chunks, staff = [], Actor("ann", kind="staff", user_id=None, may=lambda permission: True)

    class Flow:
        def run(self, verb, ids, **data):
            chunks.append(list(ids))
            if len(chunks) == 2:
                raise OSError("killed")
            return type("Outcome", (), {"done": ids, "refused": []})

    monkeypatch.setitem(runs.FLOWS, "thing", Flow())
    with open_work() as work:
        user = work.session.execute(
            text("""insert into ab_user (id, first_name, last_name, username, email)
            values (9, 'a', 'b', 'ann', 'a@b') returning id""")
        ).scalar_one()
        staff = Actor("ann", kind="staff", user_id=user, may=lambda permission: True)
        run = BackgroundRun(user_id=user, kind="bulk", noun="thing", verb="do", ids=[1, 2, 3, 4, 5], total=5,
                            created_at=NOW)  # fmt: skip
        work.session.add(run)
        work.session.flush()
        queue.defer(work, "bulk.run", {"run_id": run.id})
        identity = run.id
    runner = Runner(sessions, light_app(), actor_of=lambda user, session: staff)
    with pytest.raises(OSError):
        runner.run("bulk.run", {"run_id": identity})
    runner.run("bulk.run", {"run_id": identity})
    with open_work() as work:
        run = work.session.get(BackgroundRun, identity)
        assert (run.state, run.position, run.done) == ("done", 5, 5)
    assert chunks == [[1, 2], [3, 4], [3, 4], [5]]


def test_a_run_whose_job_was_given_up_is_told_to_have_failed(sessions, open_work):
    with open_work() as work:
        work.session.execute(text("""insert into ab_user (id, first_name, last_name, username, email)
            values (9, 'a', 'b', 'ann', 'a@b')"""))
        rows = [BackgroundRun(user_id=9, kind="bulk", noun="order", verb="approve", ids=[1], total=1, state=state,
                              created_at=NOW) for state in ("waiting", "running", "waiting", "done")]  # fmt: skip
        work.session.add_all(rows)
        work.session.flush()
        for row in rows:
            queue.defer(work, "bulk.run", {"run_id": row.id})
        given_up = text("update procrastinate_jobs set status = 'failed' where (args->>'run_id')::int <> :alive")
        work.session.execute(given_up, {"alive": rows[2].id})
        ids = [row.id for row in rows]
    Runner(sessions).run("runs.give_up", {"timestamp": 0}, now=NOW)
    with open_work() as work:
        states = [work.session.get(BackgroundRun, pk).state for pk in ids]
        assert states == ["failed", "failed", "waiting", "done"]
        assert work.session.get(BackgroundRun, ids[0]).finished_at == NOW


def test_what_has_served_its_time_is_removed(sessions, open_work):
    old, fresh = NOW - timedelta(days=2), NOW - timedelta(minutes=5)
    with open_work() as work:
        execute = work.session.execute
        execute(text("insert into ab_user (id, first_name, last_name, username, email) values (9, 'a', 'b', 'c', 'd')"))
        for number, at in enumerate((old, fresh)):
            work.session.add(IdempotencyKey(user_id=1, key=str(number), fingerprint="", at=at))
            work.session.add(FailedSignIn(kind="account", key=str(number), at=at))
            work.session.add(EndedSession(key=str(number), at=at))
            work.session.add(SetPasswordLink(user_id=9, token_sha256=str(number), expires_at=at))
        queue.defer(work, "facts.deliver", {"fact_id": 0, "subscriber": "x"})
    run_pending(sessions)
    with open_work() as work:
        work.session.execute(text("update procrastinate_events set at = now() - interval '400 days'"))
    Runner(sessions).run("retention", {"timestamp": 0}, now=NOW)
    with open_work() as work:
        for model, name in ((IdempotencyKey, "key"), (FailedSignIn, "key"), (EndedSession, "key"),
                            (SetPasswordLink, "token_sha256")):  # fmt: skip
            assert work.session.scalars(select(getattr(model, name))).all() == ["1"]
        assert work.session.scalar(text("select count(*) from procrastinate_jobs")) == 0


def test_contracts_end_by_the_timetable(sessions, open_work):
    with open_work() as work:
        contract = make_contract(work, make_customer(work))
        identity = contract.id
    Runner(sessions, light_app()).run("contracts.expire", {"timestamp": 0}, now=NOW + timedelta(days=30))
    with open_work() as work:
        assert contracts.FLOW.state(work.session.get(contracts.Contract, identity)) == "active"
    Runner(sessions, light_app()).run("contracts.expire", {"timestamp": 0}, now=NOW + timedelta(days=900))
    with open_work() as work:
        assert contracts.FLOW.state(work.session.get(contracts.Contract, identity)) == "expired"


def test_what_is_wrong_with_the_queue_is_said(open_work):
    with open_work() as work:
        assert health.problems(work) == []
        queue.defer(work, "t.one", {}, {}, at=NOW - timedelta(hours=1))
        work.session.execute(text("""update procrastinate_jobs set status = 'failed'
        where id = (select min(id) from procrastinate_jobs)"""))
    with open_work() as work:
        assert health.problems(work) == [
            "1 jobs failed for good in the last 7 days: t.one (1).",
            "1 jobs have waited for more than 10 minutes; no worker runs.",
        ]


def test_the_timetable_is_in_minutes_hours_days():
    for one in JOBS.values():
        assert not one.cron or 5 <= len(one.cron.split()) <= 6
    assert work_.current_or_none() is None
