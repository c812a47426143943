"""kill -9 of the web server, the worker, the database and the supervisor, each in the middle of its work.

One installation goes through all of it; afterwards each test asks whether anything was lost or done twice.
"""

import signal
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

import app
from app import access
from app.core import work as work_
from app.core.work import Actor
from app.jobs.__main__ import light_app
from app.rules import orders, people, runs
from tests import makers
from tests.crash.installation import Crowd, Installation, Program, until
from tests.launch.test_supervisor import free_port, sweep
from tests.people import PASSWORD

EARLIER = 120  # orders that wait for the bulk step; every tenth asks for what is short
SENT = 48  # orders sent by programs while the web server and the worker die
LAST = 16  # orders sent while the supervisor dies
BUYERS = ("buyer1", "buyer2", "buyer3")
STAFF = {"reviewer": "Reviewer", "supervisor": "Supervisor"}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The whole story; what was sent and what was answered."""
    house = Installation(tmp_path_factory.mktemp("crash") / "data", free_port())
    try:
        house.start()
        told = SimpleNamespace(house=house, **_prepare(house))
        told.submitted = _orders_while_web_and_worker_die(house)
        told.run = _bulk_while_the_worker_dies(house, told)
        told.approved = _approvals_while_the_database_dies(house, told.submitted)
        told.late = _orders_while_the_supervisor_dies(house)
        _work_is_done(house)
        yield told
    finally:
        if house.end() is None:
            house.end(signal.SIGKILL)
        sweep(house.data)


@contextmanager
def _work(house, actor=None):
    """A unit of work on the installation's database, beside its own processes."""
    with light_app().app_context(), house.sessions()() as session:
        if isinstance(actor, int):
            with work_.work(Actor.system("test"), session, now=datetime.now(UTC), commit=False):
                actor = access.actor_of(actor, session)
        with work_.work(actor or Actor.system("test"), session, now=datetime.now(UTC)) as one:
            yield one


def _prepare(house):
    """People, goods and orders that wait; the worker begins to tell about them at once."""
    app.load_engine()
    with _work(house) as work:
        buyers = {name: makers.make_customer(work, f"{name} Ltd", credit_limit=100_000) for name in BUYERS}
        users = [people.create_user(work, name, kind="staff", roles=(role,), password=PASSWORD,
                                    email=f"{name}@house.example") for name, role in STAFF.items()]  # fmt: skip
        for name, customer in buyers.items():
            people.create_user(work, name, kind="external", roles=("Customer",), password=PASSWORD,
                               customers=(customer,), email=f"{name}@customer.example")  # fmt: skip
        makers.make_product(work, sku="PLENTY", price="2", stock_of=100_000)
        makers.make_product(work, sku="SHORT", price="5", stock_of=10)
        one, reviewer = buyers["buyer1"].id, users[0].id
    with _work(house) as work:
        ids = [orders.create(work, customer=one, lines=list(_earlier(at)), submit=True).id for at in range(EARLIER)]
    return {"reviewer": reviewer, "earlier": ids}


def _earlier(at):
    yield {"sku": "PLENTY", "quantity": Decimal(2)}
    if at % 10 == 0:
        yield {"sku": "SHORT", "quantity": Decimal(3)}


def _wishes(prefix, count):
    """Requests for orders: their key is also the customer's reference."""
    for at in range(count):
        key = f"{prefix}-{at}"
        lines = [{"sku": "PLENTY", "quantity": "3"}, {"sku": "plenty", "quantity": 1}]
        yield "/orders/", {"currency": "GBP", "reference": key, "lines": lines, "submit": True}, key


def _orders_while_web_and_worker_die(house):
    """The web server dies as a whole and in part; the worker, while it tells about the orders of before."""
    sent = "select count(*) from notifications where state = 'sent'"
    until(lambda: house.one(sent) > 5, "the worker delivers")
    house.kill("worker")
    assert house.one("select count(*) from procrastinate_jobs where status in ('todo', 'doing')"), "it was not done"
    crowd = Crowd()
    for name in BUYERS:
        crowd.send(Program(house.address, name), list(_wishes(name, SENT // len(BUYERS))))
    crowd.answered(SENT // 3)
    house.kill("thread")
    crowd.answered(SENT // 2)
    house.kill("web")
    return crowd.done()


def _bulk_while_the_worker_dies(house, told):
    """The reviewer approves all that wait since earlier; the run is killed after its first chunk."""
    with _work(house, told.reviewer) as work:
        run = runs.begin(work, "order", "approve", told.earlier, {}).id
    until(lambda: house.one("select position from background_runs where id = %s", run) > 0, "the first chunk is done")
    house.kill("worker")
    assert house.one("select position from background_runs where id = %s", run) < EARLIER, "it died in the middle"
    return run


def _approvals_while_the_database_dies(house, submitted):
    ids = [answer["id"] for _status, answer in submitted.values()]
    crowd, programs = Crowd(), [Program(house.address, name) for name in ("reviewer", "supervisor", "reviewer")]
    for at, program in enumerate(programs):
        wishes = [(f"/orders/{one}/approve", {}, f"approve-{one}") for one in ids[at :: len(programs)]]
        crowd.send(program, wishes)
    crowd.answered(len(ids) // 3)
    house.kill("database")
    return crowd.done()


def _orders_while_the_supervisor_dies(house):
    crowd = Crowd()
    for name in BUYERS[:2]:
        crowd.send(Program(house.address, name), list(_wishes(f"late-{name}", LAST // 2)))
    crowd.answered(LAST // 3)
    house.kill("supervisor")
    house.process.wait()
    house.process.stdout.close()
    house.start()
    return crowd.done()


def _work_is_done(house):
    """Jobs of dead workers are taken over; what met a dead database is tried again a little later."""
    open_ = """select 1 from procrastinate_jobs where status in ('todo', 'doing')
               union all select 1 from notifications where state = 'waiting'"""
    until(lambda: not house.ask(open_), "all jobs are done")


# --- afterwards --------------------------------------------------------------------------------


def test_every_answered_order_is_there_once_and_no_other(story):
    answers = story.submitted | story.late
    assert {status for status, _answer in answers.values()} == {201}
    assert len(answers) == SENT + LAST
    kept = dict(story.house.ask("select reference, id from orders where reference <> ''"))
    assert kept == {key: answer["id"] for key, (_status, answer) in answers.items()}
    assert story.house.one("select count(*) from orders") == EARLIER + SENT + LAST
    lines = "select count(*) from order_lines l join orders o on o.id = l.order_id where o.reference <> ''"
    assert story.house.one(lines) == 2 * (SENT + LAST)


def test_numbers_have_no_gap_and_no_double(story):
    digits = "select cast(substring(number from '[0-9]+$') as int) from orders order by 1"
    assert [row[0] for row in story.house.ask(digits)] == list(range(1, EARLIER + SENT + LAST + 1))


def test_the_same_key_still_gives_the_same_answer(story):
    program = Program(story.house.address, "buyer1")
    for path, content, key in _wishes("buyer1", 3):
        assert program.once(path, content, key) == story.submitted[key]


def test_every_approval_is_answered_and_made_once(story):
    assert {status for status, _answer in story.approved.values()} == {200}, story.approved
    assert {answer["state"] for _status, answer in story.approved.values()} == {"confirmed"}
    twice = """select record_id, count(*) from facts where name = 'order.approve' group by 1 having count(*) > 1"""
    assert story.house.ask(twice) == []
    confirmed = story.house.one("select count(*) from orders where state = 'confirmed'")
    assert confirmed == story.house.one("select count(*) from facts where name = 'order.approve'")


def test_the_bulk_run_went_on_where_it_was_killed(story):
    [(state, position, done, refused)] = story.house.ask(
        "select state, position, done, refused from background_runs where id = %s", story.run
    )
    assert (state, position, done + len(refused)) == ("done", EARLIER, EARLIER)
    assert {code for _id, _label, code, _message in refused} == {"out_of_stock"}
    assert len(refused) == EARLIER // 10 - 3, "ten pieces are enough for three of the orders"
    left = story.house.ask("select id from orders where state = 'submitted' and reference = '' order by 1")
    assert [row[0] for row in left] == sorted(one[0] for one in refused)


def test_no_goods_are_kept_without_an_order(story):
    wrong = """
    select l.id, l.quantity_approved, sum(r.quantity), o.state from order_lines l
    join orders o on o.id = l.order_id left join reservations r on r.order_line_id = l.id group by l.id, o.id
    having coalesce(sum(r.quantity), 0) <> case when o.state = 'confirmed' then l.quantity_approved else 0 end"""
    assert story.house.ask(wrong) == []
    sums = """
    select v.on_hand - coalesce((select sum(m.quantity) from stock_movements m
               where m.product_id = v.product_id and m.warehouse_id = v.warehouse_id), 0),
           v.reserved - coalesce((select sum(r.quantity) from reservations r
               where r.product_id = v.product_id and r.warehouse_id = v.warehouse_id), 0),
           v.on_hand - v.reserved >= 0
    from stock_levels v"""
    assert set(story.house.ask(sums)) == {(0, 0, True)}


def test_every_fact_is_delivered_once(story):
    house = story.house
    failed = "select task_name, args from procrastinate_jobs where status not in ('succeeded', 'todo')"
    assert house.ask(failed) == []
    promised = "select count(*) from procrastinate_jobs where task_name = 'facts.deliver'"
    assert house.one(promised) == house.one("select count(*) from fact_deliveries") > EARLIER + SENT + LAST
    lost = """select f.id, f.name from facts f where f.name in ('order.submit', 'order.approve') and not exists
              (select 1 from fact_deliveries d where d.fact_id = f.id)"""
    assert house.ask(lost) == []


def test_nobody_is_told_twice(story):
    house = story.house
    twice = """select name, noun, record_id, "to", user_id, count(*) from notifications
               group by 1, 2, 3, 4, 5 having count(*) > 1"""
    assert house.ask(twice) == []
    assert house.ask("select state, error, count(*) from notifications where state <> 'sent' group by 1, 2") == []
    told = house.one("select count(*) from notifications where name = 'order_confirmed'")
    assert told >= house.one("select count(*) from orders where state = 'confirmed'")
    mails = [one.name for one in (house.data / "mail").glob("*.eml")]
    assert len(mails) == house.one("select count(*) from notifications")


def test_the_installation_says_that_all_is_well(story):
    done = story.house.command("check")
    assert done.returncode == 0, done.stdout + done.stderr
