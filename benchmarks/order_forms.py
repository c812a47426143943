"""Order forms: 1,000 lines sent, previewed and submitted; 10,000 rows previewed. Times and statements.

`python -m benchmarks.order_forms` measures in the database of DATABASE_URL (a benchmark's own: it adds products).
"""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import xlsxwriter

import app
from app.core import work as work_
from app.core.localized import Reader
from app.extensions import db
from app.rules import order_forms
from benchmarks.statements import counted
from models.customers import Customer

GOODS = 10_000
AIMS = {"both together": 3, "preview of 10,000 rows": 5}  # seconds
_PREFIX = "BENCH-"
_PRODUCTS = """insert into products (sku, names, descriptions, family, characteristic, brand, model, specification,
    service, unit_code, tax_category_id, backorder, barcode, data, everyone, version, created_at, updated_at)
    select %(prefix)s || n, jsonb_build_object('en', 'Benchmark article ' || n), '{}', '', '', '', '', '', false, 'C62',
    (select min(id) from tax_categories), true, '', '{}', true, 1, now(), now() from generate_series(1, %(count)s) n
    where not exists (select 1 from products p where upper(p.sku) = %(prefix)s || n)"""
_LIST = """insert into price_lists (name, currency_code, includes_tax, valid_from, everyone, version, created_at,
    updated_at) select 'Benchmark ' || %(currency)s, %(currency)s, false, '2020-01-01', true, 1, now(), now()
    where not exists (select 1 from price_lists where name = 'Benchmark ' || %(currency)s)"""
_PRICES = """insert into prices (price_list_id, product_id, from_quantity, unit_price, version, created_at, updated_at)
    select l.id, p.id, 1, 2.50, 1, now(), now() from products p, price_lists l
    where l.name = 'Benchmark ' || %(currency)s and p.sku like %(prefix)s || '%%'
    and not exists (select 1 from prices r where r.product_id = p.id and r.price_list_id = l.id)"""


def make_goods(connection: Any, currency: str, count: int = GOODS) -> list[str]:
    """Products with a price in a currency; `connection` is the owner's. Gives their item codes."""
    values = {"prefix": _PREFIX, "count": count, "currency": currency}
    for statement in (_PRODUCTS, _LIST, _PRICES):
        connection.execute(statement, values)
    connection.execute("analyze products")
    connection.execute("analyze prices")
    return [f"{_PREFIX}{number}" for number in range(1, count + 1)]


def workbook(skus: list[str]) -> bytes:
    """An order form as a customer fills it in: some of each product."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ("SKU", "Product", "Unit", "Unit price", "Quantity"))
    for row, sku in enumerate(skus, 1):
        sheet.write_row(row, 0, (sku, f"Benchmark article {row}", "pcs", 2.5, row % 12 + 1))
    book.close()
    return out.getvalue()


def measure(doing: Callable[[], Any], customer: int, skus: list[str]) -> dict[str, tuple[float, int]]:
    """{action: (seconds, statements)}, each after a smaller one that fills the caches of a running house.

    :param doing: opens a unit of work, commits at its end
    """
    found: dict[str, tuple[float, int]] = {}
    for rows, told in ((100, False), (1_000, True)):
        times = [_preview(doing, customer, skus[:rows])]
        times.append(_taken(lambda form=times[0][2]: _order(doing, form)))
        if told:
            found["preview of 1,000 rows"], found["order and submit 1,000 lines"] = times[0][:2], times[1]
            found["both together"] = (times[0][0] + times[1][0], times[0][1] + times[1][1])
    found["preview of 10,000 rows"] = _preview(doing, customer, skus[:GOODS])[:2]
    return found


def _preview(doing, customer, skus):
    data, made = workbook(skus), []

    def sent():
        with doing() as work:
            form = order_forms.upload(work, "benchmark.xlsx", io.BytesIO(data), Reader("en"), customer=customer)
            made.append(form.id)
            if form.taken_count != len(skus):
                raise RuntimeError(f"{form.refused_count} rows refused, {form.changed_count} changed")

    return *_taken(sent), made[0]


def _order(doing, form):
    with doing():
        order_forms.FLOW.run_one("order", form, submit=True)


def _taken(call):
    begun = time.perf_counter()
    with counted() as sent:
        call()
    return round(time.perf_counter() - begun, 3), len(sent)


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as connection:
        currency = connection.execute("select currency_code from customers order by id limit 1").fetchone()[0]
        skus = make_goods(connection, currency)
    site = app.create_app()
    with site.app_context():
        with work_.work(work_.Actor.system("benchmark"), db.session) as work:
            customer = work.session.query(Customer.id).order_by(Customer.id).first()[0]
        found = measure(lambda: work_.work(work_.Actor.system("benchmark"), db.session), customer, skus)
    for name, (seconds, statements) in found.items():
        aim = f", aim {AIMS[name]} s" if name in AIMS else ""
        print(f"{name}: {Decimal(str(seconds))} s, {statements} statements{aim}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
