"""Contracts: numbered, approved by somebody else, renewed once, from the right day on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import contracts, documents
from models.contracts import Contract
from models.organisation import Branch
from tests import makers

FLOW = contracts.FLOW


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "start, months, end",
    [
        ("2026-11-21", 12, "2027-11-21"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_a_term_ends_on_the_same_day_or_the_last_of_a_shorter_month(start, months, end):
    assert contracts.end_of(date.fromisoformat(start), months) == date.fromisoformat(end)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 600))
def test_months_are_whole_and_move_forward(day, months):
    later = contracts.add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day <= day.day


def test_submitting_computes_numbers_and_fixes(work):
    customer, product = makers.make_customer(work), makers.make_product(work)
    gift = makers.make_product(work)
    contract = makers.make_contract(
        work, customer, (product, 2, "9.99"), (gift, 1, 5), submitted=False, active=False
    )
    contract.lines[1].sale_type = "gift"
    FLOW.run_one("submit", contract)
    assert (contract.state, contract.number) == ("submitted", "CT-2026-000001")
    assert (contract.starts_on, contract.ends_on) == (date(2026, 11, 21), date(2027, 11, 21))
    assert [line.net for line in contract.lines] == [Decimal("239.76"), 0]
    assert contract.total_net == Decimal("239.76")
    contract.title = "Changed"
    refused("frozen", work.session.flush)
    work.session.rollback()


def test_an_empty_contract_or_term_is_refused(work):
    customer, product = makers.make_customer(work), makers.make_product(work)
    contract = makers.make_contract(work, customer, (product, 1, 1), submitted=False, active=False)
    contract.lines[0].months = 0
    refused("bad_term", contracts.check, contract, work)
    contract.lines[0].months = 1
    contract.lines[0].quantity = Decimal(0)
    refused("bad_quantity", contracts.check, contract, work)
    contract.lines.clear()
    work.session.flush()
    refused("no_lines", FLOW.run_one, "submit", contract)


def test_nobody_approves_what_he_submitted(open_work):
    ann = replace(Actor.system("ann"), kind="staff", user_id=None)
    with open_work(ann) as work:
        contract = makers.make_contract(work, makers.make_customer(work), active=False)
        contract.__dict__["submitted_by"] = 7
        work.actor = replace(ann, user_id=7)
        refused("own_decision", contracts.not_own, contract, work)
        work.actor = replace(ann, user_id=8)
        contracts.not_own(contract, work)


def test_a_rejected_contract_stays_rejected(work):
    contract = makers.make_contract(work, makers.make_customer(work), active=False)
    FLOW.run_one("reject", contract, reason="too cheap")
    refused("wrong_state", FLOW.run_one, "approve", contract)


def test_a_renewal_begins_where_the_old_contract_ends_and_keeps_both_numbers(work):
    customer = makers.make_customer(work)
    old = makers.make_contract(work, customer, (makers.make_product(work), 3, 7))
    new = FLOW.run_one("renew", old)
    assert (new.state, new.number, new.predecessor_number) == ("submitted", "CT-2026-000002", old.number)
    assert (new.starts_on, new.ends_on) == (old.ends_on, date(2028, 11, 21))
    assert [(line.sku, line.quantity, line.starts_on, line.net) for line in new.lines] == [
        (old.lines[0].sku, 3, old.ends_on, 252)
    ]
    [link] = documents.links_of(old, work)
    assert (link.kind, link.from_number, link.to_number) == ("renews", old.number, new.number)
    assert old.state == "active" and new.predecessor is old


def test_the_start_of_a_renewal_is_never_edited(work):
    old = makers.make_contract(work, makers.make_customer(work))
    new = FLOW.run_one("renew", old)
    new.starts_on = date(2026, 12, 1)
    with pytest.raises(BusinessError) as caught:
        work.session.flush()
    assert caught.value.code in ("start_fixed", "frozen")
    work.session.rollback()


@pytest.mark.parametrize(
    "today, start",
    [
        ("2027-11-20T12:00", "2027-11-21"),  # before the end
        ("2027-11-21T12:00", "2027-11-21"),  # on the end date itself
        ("2027-11-21T22:00", "2027-11-22"),  # already the day after at the branch
        ("2028-02-01T12:00", "2028-02-01"),  # long expired
    ],
)
def test_a_renewal_after_the_end_begins_today_at_the_branch(work, today, start):
    work.session.get(Branch, 1).timezone = "Asia/Tehran"
    old = makers.make_contract(work, makers.make_customer(work))
    work.now = datetime.fromisoformat(today).replace(tzinfo=UTC)
    if work.now.year == 2028:
        FLOW.run_one("expire", old)
    new = FLOW.run_one("renew", old, months=6)
    assert new.starts_on == date.fromisoformat(start) == new.lines[0].starts_on
    assert new.ends_on == contracts.end_of(new.starts_on, 6)


def test_a_contract_is_renewed_once_unless_the_renewal_was_rejected(work):
    old = makers.make_contract(work, makers.make_customer(work))
    first = FLOW.run_one("renew", old)
    refused("already_renewed", FLOW.run_one, "renew", old)
    FLOW.run_one("reject", first, reason="wrong term")
    assert FLOW.run_one("renew", old).predecessor_id == old.id


def test_four_who_renew_at_once_make_one_successor(open_work):
    with open_work() as work:
        old = makers.make_contract(work, makers.make_customer(work)).id
    ready, codes = Barrier(4), []

    def renew():
        with open_work():
            ready.wait()
            outcome = FLOW.run("renew", [old])
            codes.append(outcome.refused[0].error.code if outcome.refused else "made")

    threads = [Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["already_renewed"] * 3 + ["made"]


def test_expiry_takes_only_what_is_over(work):
    contract = makers.make_contract(work, makers.make_customer(work))
    refused("not_over", FLOW.run_one, "expire", contract)
    assert contracts.overdue(work) == []
    work.now = datetime(2027, 11, 22, 1, 0, tzinfo=UTC)
    assert contracts.overdue(work) == [contract.id]
    assert FLOW.run("expire", contracts.overdue(work)).done == [contract]


def test_termination_lies_within_the_term(work):
    contract = makers.make_contract(work, makers.make_customer(work))
    refused("outside_term", FLOW.run_one, "terminate", contract, terminated_on=date(2030, 1, 1))
    FLOW.run_one("terminate", contract, reason="moved away")
    assert (contract.state, contract.terminated_on) == ("terminated", date(2026, 11, 21))


def test_the_original_contract_is_the_one_that_ends_last(work):
    customer, product = makers.make_customer(work), makers.make_product(work)
    assert contracts.original(customer, product, work) is None
    makers.make_contract(work, customer, (product, 1, 1), months=6)
    long = makers.make_contract(work, customer, (product, 1, 1), months=24)
    makers.make_contract(work, customer, (product, 1, 1), months=36, active=False)
    makers.make_contract(work, makers.make_customer(work), (product, 1, 1), months=48)
    assert contracts.original(customer, product, work) is long
    newest = makers.make_contract(work, customer, (product, 1, 1), months=24)
    assert contracts.original(customer, product, work) is newest
    assert work.session.get(Contract, long.id).state == "active"
