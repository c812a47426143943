"""Many changed rows of one table are one statement; what they held before is in the history all the same."""

from decimal import Decimal

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import BusinessError
from app.core.history import History
from app.rules import invoices
from models.invoices import Invoice
from models.orders import OrderLine
from models.stock import StockLevel
from tests import makers


@pytest.fixture
def sent(engine):
    """The updates the database was sent."""
    found = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith("UPDATE"):
            found.append((statement, many))

    event.listen(engine, "before_cursor_execute", note)
    return found


@pytest.fixture
def order(open_work):
    """An order of five lines."""
    with open_work() as work:
        customer = makers.make_customer(work)
        goods = [makers.make_product(work, price="3", stock_of=10) for _ in range(5)]
        return makers.make_order(work, customer, *[(one, 2, 3) for one in goods]).id


def _lines(work, order):
    return list(work.session.scalars(select(OrderLine).where(OrderLine.order_id == order).order_by(OrderLine.position)))


def test_five_changed_lines_are_one_statement(order, open_work, sent):
    with open_work() as work:
        for number, line in enumerate(_lines(work, order)):
            line.quantity_approved, line.reason = Decimal(number + 1) / 4, "cut"
    assert [many for statement, many in sent if "order_lines" in statement] == [False]
    with open_work() as work:
        assert [line.quantity_approved for line in _lines(work, order)] == [Decimal(n + 1) / 4 for n in range(5)]
        changes = work.session.scalars(select(History).where(History.noun == "order").order_by(History.id.desc()))
        last = changes.first().changes
        assert sorted(pair for name, pair in last.items() if name.endswith("quantity_approved")) == [
            ["0", "0.25"], ["0", "0.5"], ["0", "0.75"], ["0", "1"], ["0", "1.25"]
        ]  # fmt: skip
        assert [pair for name, pair in last.items() if name.endswith("reason")] == [["", "cut"]] * 5


def test_lines_that_change_differently_all_arrive(order, open_work, sent):
    with open_work() as work:
        lines = _lines(work, order)
        for line in lines[:3]:
            line.state = "rejected"
        lines[3].requested_on, lines[4].quantity_available = work.now.date(), Decimal(1)
    assert len([statement for statement, _many in sent if "order_lines" in statement]) == 3
    with open_work() as work:
        lines = _lines(work, order)
        assert [line.state for line in lines] == ["rejected"] * 3 + ["open"] * 2
        assert lines[3].requested_on == work.now.date() and lines[4].quantity_available == 1


def test_a_float_is_refused_here_too(order, open_work):
    with pytest.raises(Exception, match="never float"), open_work() as work:
        for line in _lines(work, order):
            line.quantity_approved = 0.5
            line.__dict__["quantity_approved"] = 0.5


def test_a_row_that_went_meanwhile_is_noticed(order, open_work):
    with pytest.raises(StaleDataError), open_work() as work:
        levels = list(work.session.scalars(select(StockLevel)))
        work.session.connection().exec_driver_sql("set local role serai_staff")
        work.session.connection().exec_driver_sql(f"delete from stock_levels where id = {levels[0].id}")
        for level in levels:
            level.on_hand += 1


def test_lines_of_what_was_issued_are_not_written_together_past_their_guard(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        goods = [makers.make_product(work, price="3", stock_of=10) for _ in range(3)]
        order = makers.make_confirmed_order(work, customer, *[(one, 2) for one in goods])
        invoice = invoices.from_order(order, work)
        work.session.flush()
        invoices.FLOW.run_one("issue", invoice)
        pk = invoice.id
    with pytest.raises(BusinessError), open_work() as work:
        for line in work.session.get(Invoice, pk).lines:
            line.name = "Something else"
    with open_work() as work:
        assert "Something else" not in [line.name for line in work.session.get(Invoice, pk).lines]
