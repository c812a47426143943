"""The real order book: every line accounted for, and nothing twice."""

import csv
import gzip
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select

from app.core.history import History
from app.rules import orders, stock
from models.approvals import Approval
from models.customers import Customer
from models.invoices import Invoice
from models.orders import ImportedLine, Order, OrderLine
from models.products import Price, Product
from models.stock import StockLevel
from tests.imports.conftest import SAMPLE

SALE = "600001,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17850,United Kingdom"


def _lines():
    with open(SAMPLE, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_line_is_taken_or_refused_with_its_number(bring, open_work):
    done = bring()
    lines = _lines()
    assert done.code == 0
    assert done.result["lines"] == len(lines) == done.result["taken"] + done.result["refused"]
    assert done.rows[0] == ["line", "reason", "text"]
    assert len(done.rows) - 1 == done.result["refused"] == len(done.refused)
    for number, reason in done.refused.items():
        line = lines[number - 2]  # the header is line 1
        assert reason in ("stock_correction", "stock_remark")
        assert line["UnitPrice"] == "0" and not line["CustomerID"]
    with open_work() as work:
        kept = work.session.scalar(select(func.count()).select_from(ImportedLine))
        sums = work.session.scalar(select(func.sum(Order.total_gross)).where(Order.channel == "import"))
        back = work.session.scalar(select(func.sum(Invoice.total_gross)))
    taken = [line for at, line in enumerate(lines, 2) if at not in done.refused]
    worth = [Decimal(one["Quantity"]) * Decimal(one["UnitPrice"]) for one in taken]
    assert kept == done.result["taken"]
    assert sums - back == sum(worth)


def _counts(open_work):
    with open_work() as work:
        models = (Order, OrderLine, Invoice, History, Price, Approval)
        return [work.session.scalar(select(func.count()).select_from(one)) for one in models]


def test_running_it_again_changes_nothing(bring, open_work):
    first = bring()
    before = _counts(open_work)
    second = bring()
    after = _counts(open_work)
    assert (first.result, first.rows) == (second.result, second.rows)
    assert before == after


def test_settled_orders_are_completed_those_of_the_last_days_wait(bring, open_work):
    done = bring()
    with open_work() as work:
        states = dict(work.session.execute(select(Order.state, func.count()).group_by(Order.state)).all())
        old = work.session.scalars(select(Order).where(Order.number == "536365")).one()
        assert old.ordered_at == old.completed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
        assert {line.state for line in old.lines} == {"approved"}
        waiting = work.session.scalars(select(Order).where(Order.state == "submitted")).all()
        assert all(one.submitted_at >= datetime(2010, 12, 19, tzinfo=UTC) for one in waiting)
        asked = set(work.session.scalars(select(Approval.record_id).where(Approval.answer == "")))
        assert asked == {one.id for one in waiting}
        assert not work.session.scalar(select(func.count()).select_from(Invoice).where(Invoice.state != "issued"))
    assert set(states) == {"completed", "submitted"}
    assert sum(states.values()) == done.result["orders"]


def test_most_waiting_orders_can_be_approved_and_some_lack_stock(bring, open_work):
    bring()
    with open_work() as work:
        ids = list(work.session.scalars(select(Order.id).where(Order.state == "submitted").order_by(Order.id)))
        outcome = orders.FLOW.run("approve", ids)
        assert len(outcome.done) > len(outcome.refused) > 0
        assert {one.error.code for one in outcome.refused} == {"out_of_stock"}
    with open_work() as work:
        assert stock.check(work) == []
        assert work.session.scalar(select(func.min(StockLevel.on_hand - StockLevel.reserved))) >= 0


def test_returns_become_credit_notes_with_their_own_number(bring, open_work):
    done = bring()
    with open_work() as work:
        notes = work.session.scalars(select(Invoice)).all()
        assert len(notes) == done.result["credit_notes"]
        assert {(one.type, one.state, one.number[0]) for one in notes} == {("credit_note", "issued", "C")}
        assert all(line.quantity > 0 and line.gross >= 0 for one in notes for line in one.lines)


def test_masters_are_named_priced_and_placed(bring, open_work):
    bring()
    with open_work() as work:
        postage = work.session.scalars(select(Product).where(Product.sku == "POST")).one()
        assert postage.service and len(postage.names) == 6 and not postage.everyone
        twins = work.session.scalars(select(Product).where(func.upper(Product.sku) == "72803B")).all()
        assert len(twins) == 1
        customers = {one.number: one for one in work.session.scalars(select(Customer))}
        assert customers["12370"].note.text.endswith("Austria, Cyprus")
        assert customers["WALK-IN"].walk_in
        assert {one.currency_code for one in customers.values()} == {"GBP"}
        assert {"IE", "JE", "GB", "DE"} <= {one.country_code for one in customers.values()}
        heart = work.session.scalars(select(Product).where(Product.sku == "22633")).first()
        assert heart is None or (heart.names["en"].isupper() and heart.everyone)


def test_local_time_of_the_seller_is_kept_as_utc(bring, book, open_work):
    bring(book(SALE.replace("2011-01-05 09:15", "2011-07-05 09:15")))
    with open_work() as work:
        assert work.session.scalars(select(Order.ordered_at)).one() == datetime(2011, 7, 5, 8, 15, tzinfo=UTC)


def test_each_senseless_line_says_why(bring, book):
    done = bring(book(
        SALE,
        "600001,85123A,WHITE HEART,six,2011-01-05 09:15,2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,0,2011-01-05 09:15,2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,1.5,2011-01-05 09:15,2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,6,2011-01-05 09:15,2.5512345,17850,United Kingdom",
        "600001,85123A,WHITE HEART,6,2011-01-05 09:15,-2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,6,05/01/2011,2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17850,Atlantis",
        "600001,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,99999,United Kingdom",
        "600001,,WHITE HEART,6,2011-01-05 09:15,2.55,17850,United Kingdom",
        ",85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17850,United Kingdom",
        "600001,85123A,WHITE HEART,6",
        "",
        "600002,85123A,damaged,-6,2011-01-05 09:15,0,,United Kingdom",
        "600003,85123A,found,6,2011-01-05 09:15,0,,United Kingdom",
        "A600004,B,Adjust bad debt,1,2011-01-05 09:15,11062.06,,United Kingdom",
        "C600005,85123A,WHITE HEART,2,2011-01-05 09:15,2.55,17850,United Kingdom",
        "600006,85123A,WHITE HEART,999999999,2011-01-05 09:15,999999999,17850,United Kingdom",
    ))  # fmt: skip
    assert list(done.refused.values()) == [
        "bad_quantity", "bad_quantity", "bad_quantity", "bad_price", "negative_price", "bad_date", "unknown_country",
        "other_customer", "bad_code", "bad_document", "bad_row", "stock_correction", "stock_remark",
        "accounting_adjustment", "charge_without_return", "too_large",
    ]  # fmt: skip
    assert done.result == {"lines": 17, "taken": 1, "refused": 16, "orders": 1, "credit_notes": 0, "customers": 1,
                           "products": 1}  # fmt: skip


def test_unspecified_countries_and_free_goods_are_taken(bring, book, open_work):
    done = bring(book(
        SALE,
        "600001,85123A,WHITE HEART,1,2011-01-05 09:15,0,17850,United Kingdom",
        "600002,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17851,Unspecified",
        "600003,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17852,RSA",
        "600004,85123A,WHITE HEART,6,2011-01-05 09:15,2.55,17853,European Community",
    ))  # fmt: skip
    assert done.result["refused"] == 0
    with open_work() as work:
        found = {one.number: one for one in work.session.scalars(select(Customer))}
        assert [found[number].country_code for number in ("17851", "17852", "17853")] == ["GB", "ZA", "GB"]
        assert "Unspecified" in found["17851"].note.text
        free = work.session.scalars(select(OrderLine).where(OrderLine.unit_price == 0)).one()
        assert free.sale_type == "gift"


def test_a_longer_file_adds_the_lines_that_were_missing(bring, book, open_work):
    bring(book(SALE), open_days=0)
    done = bring(book(SALE, SALE.replace("85123A", "71053"), SALE.replace("600001", "600002")), open_days=0)
    assert done.result["taken"] == 3 and done.result["orders"] == 2
    with open_work() as work:
        order = work.session.scalars(select(Order).where(Order.number == "600001")).one()
        assert [line.sku for line in order.lines] == ["85123A", "71053"]
        assert order.total_gross == Decimal("30.60")


def test_an_order_somebody_has_worked_on_is_left_alone(bring, book, open_work):
    bring(book(SALE))
    with open_work() as work:
        order = work.session.scalars(select(Order)).one()
        orders.FLOW.run_one("reject", order, reason="Not now")
    done = bring(book(SALE, SALE.replace("85123A", "71053")))
    assert list(done.refused.values()) == ["document_closed"]
    assert done.result["taken"] == 1


def test_a_number_of_another_origin_is_refused(bring, book, open_work):
    bring(book(SALE))
    with open_work() as work:
        order = work.session.scalars(select(Order)).one()
        order.number = "600009"
    done = bring(book(SALE.replace("600001", "600009")))
    assert list(done.refused.values()) == ["number_taken"]


def test_gzip_is_known_by_its_content(bring, book, tmp_path):
    packed = tmp_path / "book.csv.gz"
    packed.write_bytes(gzip.compress(book(SALE).read_bytes()))
    assert bring(packed).result["taken"] == 1


def test_an_unreadable_file_changes_nothing_and_says_why(bring, book, tmp_path, open_work):
    files = {
        "has no column": b"Invoice,Stock\n1,2\n",
        "not encoded in UTF-8": book(SALE).read_bytes() + "600002,A,£".encode("latin-1"),
        "has no column InvoiceNo": b"",
        "damaged": gzip.compress(book(SALE).read_bytes() * 50)[:-20],
        "no gzip file": b"plain",
    }
    for words, content in files.items():
        path = tmp_path / ("bad.csv.gz" if "gzip" in words else "bad.csv")
        path.write_bytes(content)
        done = bring(path)
        assert done.code == 1 and words in done.err, (words, done.err)
        assert done.rows is None
    with open_work() as work:
        assert not work.session.scalar(select(func.count()).select_from(Order))


def test_a_report_that_cannot_be_written_stops_the_import(site, book, capsys, tmp_path, open_work):
    from app.imports import online_retail

    with site.app_context():
        code = online_retail.command(str(book(SALE)), str(tmp_path / "nowhere" / "r.csv"), 3, "shell:test")
    assert code == 1 and "cannot be written" in capsys.readouterr().err
    with open_work() as work:
        assert not work.session.scalar(select(func.count()).select_from(Order))
