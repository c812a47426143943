"""Whose rows: the same statement serves every actor his own rows, whatever was compiled before."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from app.core import scope
from app.core.errors import NoWork, OutsideScope
from app.core.scope import lifted
from app.core.work import Actor
from models.approvals import ApprovalRule
from models.customers import Contact, Customer, CustomerNote
from models.orders import Order, OrderLine
from models.organisation import Branch
from tests import makers


def external(*customers):
    return Actor("somebody", kind="external", customers=frozenset(customers), may=lambda permission: True)


@pytest.fixture
def two(open_work):
    """Two customers with an order each: (customer id, order id) twice."""
    with open_work() as work:
        product = makers.make_product(work, sku="A-1", price="2")
        found = []
        for name in ("Acme Ltd", "Rival Ltd"):
            customer = makers.make_customer(work, name)
            order = makers.make_order(work, customer, (product, 2, 5))
            found.append((customer.id, order.id))
    return found


def test_a_cached_statement_never_serves_another_actor(two, open_work):
    statement = select(Order.id).order_by(Order.id)
    for customer, order in (*two, *two):
        with open_work(external(customer)) as work:
            assert list(work.session.scalars(statement)) == [order]


def test_joined_rows_counts_and_subqueries_are_narrowed_too(two, open_work):
    (one, order), (_other, foreign) = two
    with open_work(external(one)) as work:
        lines = work.session.scalars(select(OrderLine).options(joinedload(OrderLine.order))).all()
        assert {line.order_id for line in lines} == {order}
        assert work.session.scalar(select(func.count()).select_from(Order)) == 1
        inner = select(Order.id).where(Order.id == foreign).subquery()
        assert work.session.scalar(select(func.count()).select_from(inner)) == 0
        assert work.session.query(Order).filter(Order.id == foreign).update({"reference": "x"}) == 0


def test_get_answers_nothing_foreign_even_after_the_house_has_looked(two, open_work):
    (one, _order), (_other, foreign) = two
    with open_work(external(one)) as work:
        with lifted(work, "a rule looks at a foreign row"):
            assert work.session.get(Order, foreign) is not None
        assert work.session.get(Order, foreign) is None


def test_an_error_while_the_house_looks_gives_the_actor_his_own_eyes_back(two, open_work):
    (one, order), _foreign = two
    with open_work(external(one)) as work:
        with pytest.raises(ZeroDivisionError), lifted(work, "fails"):
            _ = 1 / 0
        assert [row.id for row in work.session.query(Order)] == [order]
        role = work.session.connection().execute(text("select current_user")).scalar()
        assert role == "serai_external"


def test_core_statements_are_refused_while_rows_are_narrowed(two, open_work):
    with open_work(external(two[0][0])) as work, pytest.raises(OutsideScope):
        work.session.execute(text("select * from orders"))


def test_writing_for_another_customer_is_refused(two, open_work):
    (one, _order), (other, _foreign) = two
    with pytest.raises(OutsideScope), open_work(external(one)) as work:
        work.session.add(Contact(customer_id=other, name="Mallory"))


def test_moving_a_row_to_another_customer_is_refused(two, open_work):
    (one, _order), (other, _foreign) = two
    with open_work() as work:
        work.session.add(Contact(customer_id=one, name="Ann"))
    with pytest.raises(OutsideScope), open_work(external(one)) as work:
        work.session.scalars(select(Contact)).one().customer_id = other


def test_staff_tables_are_empty_for_customers(two, open_work):
    with open_work() as work:
        work.session.add(ApprovalRule(name="Large orders", over_amount=1000))
        work.session.add(CustomerNote(customer_id=two[0][0], text="pays late"))
    with open_work(external(two[0][0])) as work:
        assert work.session.scalars(select(ApprovalRule)).all() == []
        assert work.session.get(Customer, two[0][0]).note is None


def test_whoever_is_neither_staff_nor_external_sees_nothing(two, open_work):
    with open_work(Actor("stray", kind="nobody")) as work:
        assert work.session.scalars(select(Order)).all() == []


def test_branch_limited_staff_see_their_branch(two, open_work):
    with open_work() as work:
        branch = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP")
        work.session.add(branch)
        work.session.flush()
        work.session.get(Customer, two[1][0]).branch_id = branch.id
        work.session.get(Order, two[1][1]).branch_id = branch.id
        north = branch.id
    actor = Actor("north", kind="staff", branches=frozenset({north}), may=lambda permission: True)
    with open_work(actor) as work:
        assert [row.id for row in work.session.query(Order)] == [two[1][1]]
        assert {line.order_id for line in work.session.query(OrderLine)} == {two[1][1]}
        assert [row.id for row in work.session.query(Customer)] == [two[1][0]]


def test_deleted_rows_are_gone_unless_asked_for(two, open_work):
    with open_work() as work:
        order = work.session.get(Order, two[0][1])
        order.deleted_at = work.now
    with open_work() as work:
        assert work.session.get(Order, two[0][1]) is None
        asked = work.session.get(Order, two[0][1], execution_options={"with_deleted": True})
        assert asked is not None


def test_rows_cannot_be_read_when_nobody_acts(engine, two):
    with Session(engine) as session:
        with pytest.raises(NoWork):
            session.query(Order).all()
        assert session.scalar(select(func.count()).select_from(select(Order.id).subquery())) == 0


def test_the_orm_narrows_even_where_the_database_would_not(two, open_work, monkeypatch):
    monkeypatch.setitem(scope._ROLES, "external", "serai_staff")
    (one, order), (_other, foreign) = two
    with open_work(external(one)) as work:
        assert work.session.connection().execute(text("select count(*) from orders")).scalar() == 2
        assert [row.id for row in work.session.query(Order)] == [order]
        assert work.session.get(Order, foreign) is None
        lines = work.session.scalars(select(OrderLine).options(joinedload(OrderLine.order))).all()
        assert {line.order_id for line in lines} == {order}
        assert work.session.scalars(select(ApprovalRule)).all() == []
        inner = select(Order.id).where(Order.id == foreign).subquery()
        assert work.session.scalar(select(func.count()).select_from(inner)) == 0
