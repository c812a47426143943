"""Document numbers: none twice, none missing, whatever fails and however many ask."""

import threading
from datetime import UTC, datetime

from sqlalchemy.orm import sessionmaker

from app.core import numbering
from app.core.work import Actor, work


def test_numbers_carry_prefix_year_and_digits(open_work):
    with open_work() as one:
        assert numbering.take("order", 1, one) == "SO-2026-000001"
        assert numbering.take("order", 1, one) == "SO-2026-000002"


def test_the_year_is_that_of_the_branch(open_work):
    with open_work(now=datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) as one:
        assert numbering.take("order", 1, one, "Asia/Tehran").startswith("SO-2027-")


def test_a_rollback_gives_its_number_back(open_work):
    for _ in range(2):
        try:
            with open_work() as one:
                numbering.take("order", 1, one)
                raise ZeroDivisionError
        except ZeroDivisionError:
            continue
    with open_work() as one:
        assert numbering.take("order", 1, one) == "SO-2026-000001"


def test_sixteen_writers_leave_no_gap_and_take_none_twice(engine):
    factory, taken, lock = sessionmaker(engine), [], threading.Lock()

    def write(number):
        for turn in range(5):
            try:
                with factory() as session, work(Actor.system("test"), session) as one:
                    found = numbering.take("order", 1, one)
                    if (number + turn) % 4 == 0:
                        raise ZeroDivisionError
                with lock:
                    taken.append(found)
            except ZeroDivisionError:
                continue

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digits = sorted(int(one.rpartition("-")[2]) for one in taken)
    assert digits == list(range(1, len(taken) + 1))
    assert len(taken) == 60
