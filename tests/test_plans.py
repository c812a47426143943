"""Searches use their indexes, as staff and as a customer: row security must not keep them from it."""

from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, event, text

from app.core.work import Actor
from app.rules import customers, products
from models.orders import Order
from models.products import Product
from views.filters import Starts, Supervised, Words
from views.lists import page

ROWS = 6_000
CROWD = (
    """insert into customers (number, kind, name, branch_id, country_code, language, currency_code, email, phone,
         tax_id, registration, walk_in, created_at, updated_at, search)
       select 'T-' || i, 'company', 'Name' || i, 1, 'GB', 'en', 'GBP', '', '', '', '', false, now(), now(),
         to_tsvector('simple', 'name' || i || ' t' || i) from generate_series(1, :rows) i""",
    """insert into products (sku, names, descriptions, family, characteristic, brand, model, specification, service,
         unit_code, tax_category_id, backorder, barcode, data, everyone, created_at, updated_at, search)
       select 'SKU-' || i, '{"en": "x"}', '{}', '', '', '', '', '', false, 'C62', (select min(id) from tax_categories),
         false, '', '{}', true, now(), now(), to_tsvector('simple', 'word' || i) from generate_series(1, :rows) i""",
    """insert into orders (number, customer_id, state, branch_id, order_type_id, channel, locale, currency_code,
         ordered_at, created_at, updated_at, reference, remark, includes_tax, billing, shipping, payment, data)
       select 'SO-2026-' || lpad(i::text, 6, '0'), 1 + i % 50, 'submitted', 1, 1, 'portal', 'en', 'GBP', now(), now(),
         now(), '', '', false, 'none', 'none', 'unpaid', '{}' from generate_series(1, :rows) i""",
)
STAFF = Actor("Staff", kind="staff", may=lambda permission: True)
BUYER = Actor("Buyer", kind="external", customers=frozenset({1}), may=lambda permission: True)


@pytest.fixture
def crowd(database):
    """Thousands of customers, products and orders, written as the owner and analysed."""
    owner = create_engine(database)
    with owner.begin() as connection:
        for statement in CROWD:
            connection.execute(text(statement), {"rows": ROWS})
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze customers, products, orders"))
    owner.dispose()


@contextmanager
def planned(work):
    """How PostgreSQL answers the statements that the lines inside send, as the role that sends them."""
    seen, plans = [], []

    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append((statement, parameters))

    engine = work.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", note)
    connection = work.session.connection()
    for statement, parameters in seen:
        if statement.lstrip().upper().startswith("SELECT"):
            plans.append("\n".join(connection.exec_driver_sql("explain " + statement, parameters).scalars()))


SEARCHES = {
    "products": lambda work: products.search("word5999", work),
    "catalogue": lambda work: page(Words("q").apply(work.session.query(Product), Product, "word5999", None), Product),
    "customers": lambda work: customers.search("name5999", work),
    "orders": lambda work: page(
        Starts("number").apply(work.session.query(Order), Order, "so-2026-0059", work.session), Order
    ),
}
INDEXES = {"products": "products", "catalogue": "products", "customers": "customers", "orders": "orders"}
STAFF_USES = {"products": "ix_products_search", "catalogue": "ix_products_search", "customers": "ix_customers_search",
              "orders": "x_orders_number"}  # fmt: skip


@pytest.mark.parametrize("actor", [STAFF, BUYER], ids=lambda actor: actor.kind)
def test_searches_use_their_indexes(crowd, open_work, actor):
    for name, search in SEARCHES.items():
        with open_work(actor) as work, planned(work) as plans:
            search(work)
        assert plans, name
        for one in plans:
            assert f"Seq Scan on {INDEXES[name]}" not in one, f"{name}: {one}"
            walks = "Index Scan Backward" in one and "Index Cond" not in one
            assert not walks, f"{name} walks the whole table: {one}"
        if actor is STAFF:
            assert any(STAFF_USES[name] in one for one in plans), f"{name}: {plans}"


@pytest.mark.parametrize("column", ["number", "submitted_at", "total_net", "state"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_page_in_any_order_is_read_from_its_index(crowd, open_work, column, direction):
    with open_work(STAFF) as work, planned(work) as plans:
        query = work.session.query(Order)
        first = page(query, Order, column=column, direction=direction, size=25)
        page(query, Order, column=column, direction=direction, size=25, after=first.next)
        page(query, Order, column=column, direction=direction, size=25, last=True)
    assert len(plans) >= 3
    for one in plans:
        assert "Seq Scan on orders" not in one and "Sort" not in one.replace("Incremental Sort", ""), one


DECIDED = (
    """insert into approvals (customer_id, noun, record_id, rule_name, level, asked_reason, answer, decided_name,
         reason, created_at, updated_at)
       select customer_id, 'order', id, 'Large', 'supervisor', '', case when id % 500 = 0 then '' else 'approved' end,
         '', '', now(), now() from orders""",
    "analyze approvals",
)


def test_what_waits_for_a_supervisor_is_found_by_its_index(crowd, database, open_work):
    owner = create_engine(database)
    with owner.begin() as connection:
        for statement in DECIDED:
            connection.execute(text(statement))
    owner.dispose()
    with open_work(STAFF) as work, planned(work) as plans:
        query = Supervised("supervisor").apply(work.session.query(Order), Order, True, work.session)
        first = page(query, Order, size=5, scattered=query)
        page(query, Order, size=5, after=first.next, scattered=query)
    assert len(first.rows) == 5
    for one in (one for one in plans if "on orders" in one):
        assert "ix_approvals_supervised" in one and "Seq Scan" not in one, one
