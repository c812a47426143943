"""Changing an order after it was submitted: what it carries, who may change what, and what both sides see of it."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.errors import BusinessError
from app.core.work import Actor
from app.rules import approvals, order_changes, order_fields, order_lines, order_next, orders
from models.approvals import ApprovalRule
from models.customers import Customer
from models.order_changes import FieldRule
from models.orders import Order, Reservation
from models.organisation import TaxRate
from models.products import Price, Product
from tests import makers
from tests.orders.dealing import Deal, cut

FLOW = orders.FLOW
STAFF = Actor("Rita", kind="staff", user_id=None, may=lambda permission: True)
BRANCH = Actor("Bob", kind="staff", user_id=None, branches=frozenset({1}), may=lambda permission: True)


def buyer(customer_id):
    return Actor("Bea", kind="external", customers=frozenset({customer_id}), may=lambda permission: True)


@pytest.fixture
def made(open_work):
    """A submitted order of two products: ids of the order and of its customer."""
    with open_work() as work:
        customer = makers.make_customer(work)
        makers.make_address(work, customer)
        makers.make_product(work, "A-1", price="2.50", stock_of=100)
        makers.make_product(work, "B-2", price="10", stock_of=100)
        makers.make_product(work, "C-3", price="4", stock_of=100)
        order = orders.create(work, customer=customer.id, submit=True, lines=[
            {"sku": "A-1", "quantity": Decimal(6)}, {"sku": "B-2", "quantity": Decimal(3)}])  # fmt: skip
        return order.id, customer.id


def lines_of(order, **quantities):
    return [{"id": one.id, "sku": one.sku, "quantity": Decimal(quantities.get(one.sku.replace("-", ""), 0))
             or one.quantity_ordered} for one in order.lines]  # fmt: skip


def change(open_work, pk, actor, **more):
    with open_work(actor) as work:
        FLOW.run_one("amend", pk, **more)
        order = work.session.get(Order, pk)
        return order.remark, order.lines[0].data, order.lines[0].months


def refused(open_work, pk, actor, step="amend", **more):
    with pytest.raises(BusinessError) as error, open_work(actor):
        FLOW.run_one(step, pk, **more)
    return error.value


def test_customer_changes_quantities_removes_and_adds_lines_in_one_step(open_work, made):
    pk, customer = made
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        first, _second = order.lines
        wanted = [{"id": first.id, "sku": "A-1", "quantity": Decimal(8)}, {"sku": "C-3", "quantity": Decimal(2)}]
        FLOW.run_one("amend", pk, lines=wanted, reference="PO-2")
        assert (order.state, order.changed_side, order.reference) == ("changed", "customer", "PO-2")
        assert [(one.sku, one.quantity_ordered, one.id == first.id) for one in order.lines] == [
            ("A-1", 8, True), ("C-3", 2, False)]  # fmt: skip
        assert order.total_net == Decimal(28) == sum(one.net for one in order.lines)


def test_lines_that_stay_keep_the_price_they_were_sold_at(open_work, made):
    pk, customer = made
    with open_work() as work:
        for product in ("A-1", "B-2"):
            price = work.session.scalars(select(Price).join(Product).where(Product.sku == product))
            price.one().unit_price = Decimal(99)
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        FLOW.run_one("amend", pk, lines=lines_of(order, B2=4))
        assert [one.unit_price for one in order.lines] == [Decimal("2.50"), Decimal(99)]


def test_a_confirmed_order_gives_its_goods_back_when_it_is_changed(open_work, made):
    pk, customer = made
    with open_work() as work:
        FLOW.run_one("approve", pk)
        assert work.session.scalars(select(Reservation)).all()
    with open_work(buyer(customer)):
        FLOW.run_one("amend", pk, remark="Ring first")
    with open_work() as work:
        assert not work.session.scalars(select(Reservation)).all()
        assert {one.state for one in work.session.get(Order, pk).lines} == {"open"}


def test_an_empty_change_opens_the_order_and_the_same_values_are_no_change(open_work, made):
    pk, customer = made
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        with pytest.raises(BusinessError, match=r"Nothing has been changed"):
            FLOW.run_one("amend", pk, lines=lines_of(order))
        FLOW.run_one("amend", pk)
        assert order.state == "changed"


def test_an_external_user_cannot_give_a_price_or_what_is_ours(open_work, made):
    pk, customer = made
    error = refused(open_work, pk, buyer(customer), payment_terms_id=1, channel="email")
    assert (error.code, set(error.details["fields"])) == ("not_changeable", {"payment_terms", "channel"})
    with open_work(buyer(customer)) as work:
        rows = lines_of(work.session.get(Order, pk))
    rows[1]["unit_price"] = Decimal(1)
    error = refused(open_work, pk, buyer(customer), lines=rows)
    assert [(one["index"], one["error"]) for one in error.details["lines"]] == [(1, "not_changeable")]


def test_an_address_of_somebody_else_is_refused(open_work, made):
    pk, customer = made
    with open_work() as work:
        foreign = makers.make_address(work, makers.make_customer(work)).id
    assert refused(open_work, pk, buyer(customer), delivery_address_id=foreign).code == "bad_address"
    assert refused(open_work, pk, STAFF, delivery_address_id=foreign).code == "bad_address"


def test_a_contract_of_somebody_else_is_refused(open_work, made):
    pk, _customer = made
    with open_work() as work:
        order_fields.apply_preset("S2k", None, work)
        foreign = makers.make_contract(work, makers.make_customer(work)).id
    assert refused(open_work, pk, STAFF, contract_id=foreign).code == "bad_contract"


def test_locked_after_release(open_work, made):
    pk, customer = made
    with open_work():
        FLOW.run_one("approve", pk)
        FLOW.run_one("release", pk)
    assert refused(open_work, pk, buyer(customer), remark="x").code == "wrong_state"
    assert refused(open_work, pk, STAFF, "correct", remark="x").code == "not_changeable"


def test_the_preset_of_the_branches_locks_what_was_sold_until_the_review(open_work, made):
    pk, customer = made
    with open_work() as work:
        order_fields.apply_preset("S2s", None, work)
    error = refused(open_work, pk, BRANCH, contract_id=5)
    assert set(error.details["fields"]) == {"contract"}
    with open_work(BRANCH) as work:
        rows = lines_of(work.session.get(Order, pk))
    rows[0]["sale_type"] = "gift"
    assert refused(open_work, pk, BRANCH, lines=rows).code == "not_changeable"
    assert refused(open_work, pk, BRANCH, lines=rows[:1]).code == "not_changeable"
    rows[0].pop("sale_type")
    rows[0] |= {"keyword": "tea", "months": 6}
    assert change(open_work, pk, BRANCH, lines=rows)[1:] == ({"keyword": "tea"}, 6)
    assert refused(open_work, pk, buyer(customer), remark="x").code == "not_changeable"


def test_link_and_picture_of_an_approved_order_change_without_a_review(open_work, made):
    pk, _customer = made
    with open_work() as work:
        order_fields.apply_preset("S2s", None, work)
        FLOW.run_one("approve", pk)
    with open_work(BRANCH) as work:
        order = work.session.get(Order, pk)
        rows = lines_of(order)
        rows[0]["link"] = "https://example.com/tea"
        assert order_changes.step_for(order, rows, {}, work) == "correct"
        FLOW.run_one("correct", pk, lines=rows)
        assert (order.state, order.lines[0].data["link"]) == ("confirmed", "https://example.com/tea")
        assert order.lines[0].quantity_approved == 6
    rows[0]["keyword"] = "coffee"
    assert refused(open_work, pk, BRANCH, "correct", lines=rows).code == "not_changeable"
    with open_work(STAFF) as work:  # the head office corrects, and it stands in the history
        FLOW.run_one("correct", pk, lines=rows)
        assert work.session.get(Order, pk).lines[0].data["keyword"] == "coffee"
    with open_work() as work:
        sets = order_changes.change_sets(work.session.get(Order, pk), work)
        assert [(one.step, one.side, [value.field for value in one.values]) for one in sets] == [
            ("correct", "staff", ["keyword"]), ("correct", "staff", ["link"])]  # fmt: skip


def test_rows_of_an_order_type_hold_instead_of_the_general_ones(open_work, made):
    pk, customer = made
    with open_work() as work:
        order_fields.apply_preset("S2a", 1, work)
    assert refused(open_work, pk, buyer(customer), remark="x").code == "not_changeable"
    assert change(open_work, pk, STAFF, remark="x")[0] == "x"


@pytest.mark.parametrize("code", order_fields.PRESETS)
def test_every_preset_can_be_applied_and_names_known_fields(work, code):
    made = order_fields.apply_preset(code, None, work)
    assert made
    assert all(set(row.fields) <= order_fields.FIELDS.keys() for row in made)
    assert {row.preset for row in made} == {code}


def test_the_default_matrix_is_the_preset_of_that_name(work):
    def rows():
        found = work.session.scalars(select(FieldRule)).all()
        return sorted((row.side, row.order_state, sorted(row.fields), row.review) for row in found)

    seeded = rows()
    order_fields.apply_preset("default", None, work)
    assert rows() == seeded


def test_roles_narrow_a_row(open_work, people, made):
    pk, _customer = made
    with open_work() as work:
        order_fields.apply_preset("S2f", None, work)
    admin = Actor("Ada", kind="staff", user_id=people.ids["admin"], may=lambda permission: True)
    reviewer = Actor("Rita", kind="staff", user_id=people.ids["reviewer"], may=lambda permission: True)
    assert refused(open_work, pk, reviewer, remark="x").code == "not_changeable"
    assert change(open_work, pk, admin, remark="x")[0] == "x"


def test_staff_wait_for_the_customer_where_he_has_to_accept(open_work, made):
    pk, customer = made
    with open_work() as work:
        makers.make_account(work, work.session.get(Customer, customer))
    change(open_work, pk, STAFF, remark="By lorry")
    assert refused(open_work, pk, STAFF, "reconfirm").code == "customer_accepts"
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        assert "accept our changes" in str(order_next.next_step(order, work))
        FLOW.run_one("reconfirm", pk)
        assert order.state == "submitted"


def test_what_changed_is_one_set_with_before_and_after(open_work, made):
    pk, customer = made
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        wanted = lines_of(order, A1=9)[:1]
        FLOW.run_one("amend", pk, lines=wanted, reference="PO-9")
    with open_work(buyer(customer)) as work:
        (found,) = order_changes.change_sets(work.session.get(Order, pk), work)
        said = {(one.line, one.field): (one.before, one.after) for one in found.values}
        assert (found.side, found.step) == ("customer", "amend")
        assert said["A-1", "quantity_ordered"] == ("6", "9")
        assert said["B-2", "quantity_ordered"] == ("3", None)
        assert said["", "reference"] == ("", "PO-9")


def test_what_follows_from_opening_a_confirmed_order_is_no_change_of_anybody(open_work, made):
    pk, customer = made
    with open_work(STAFF) as work:
        FLOW.run_one("approve", pk)
        FLOW.run_one("amend", pk, lines=lines_of(work.session.get(Order, pk), B2=4))
    with open_work(buyer(customer)) as work:
        (found,) = order_changes.change_sets(work.session.get(Order, pk), work)
        assert {(one.line, one.field, one.before, one.after) for one in found.values} == {
            ("B-2", "quantity_ordered", "3", "4"), ("", "total_gross", "45", "55")}  # fmt: skip


def test_an_order_that_was_cut_and_is_only_opened_again_was_not_changed(open_work):
    deal = cut(Deal(open_work), "changed")
    deal.take("staff", "reconfirm")
    deal.take("staff", "approve")
    deal.take("staff", "amend")
    with open_work() as work:
        (found,) = order_changes.change_sets(work.session.get(Order, deal.pk), work)
        assert found.step == "adjust"
        assert ("A-1", "quantity_approved", "0", "4") in {
            (one.line, one.field, one.before, one.after) for one in found.values}  # fmt: skip


def test_further_rows_add_up_with_those_that_are_there(open_work, made):
    pk, customer = made
    with open_work(buyer(customer)) as work:
        order = work.session.get(Order, pk)
        more = [{"sku": "a-1", "quantity": Decimal(4)}, {"sku": "C-3", "quantity": Decimal(1)}]
        FLOW.run_one("amend", pk, lines=order_lines.more(order, more))
        assert [(one.sku, one.quantity_ordered) for one in order.lines] == [("A-1", 10), ("B-2", 3), ("C-3", 1)]


def test_goods_that_go_to_another_country_carry_its_taxes(open_work, made):
    pk, customer = made
    with open_work() as work:
        rate = TaxRate(category=makers.tax_category(work), country_code="TR", rate=Decimal(18),
                              valid_on=date(2020, 1, 1))  # fmt: skip
        work.session.add(rate)
        address = makers.make_address(work, makers.customer_of(work, customer), country_code="TR").id
    change(open_work, pk, buyer(customer), delivery_address_id=address)
    with open_work() as work:
        order = work.session.get(Order, pk)
        assert {one.tax_rate for one in order.lines} == {Decimal(18)}
        assert order.total_gross == order.total_net * Decimal("1.18")


@pytest.mark.parametrize("state", ["confirmed", "released"])
def test_what_was_agreed_on_is_not_taxed_anew_without_a_review(open_work, made, state):
    pk, customer = made
    with open_work() as work:
        order_fields.apply_preset("S2s", None, work)
        work.session.add(TaxRate(category=makers.tax_category(work), country_code="TR", rate=Decimal(18),
                                 valid_on=date(2020, 1, 1)))  # fmt: skip
        home, abroad = (makers.make_address(work, makers.customer_of(work, customer), country_code=one, city="X").id
                        for one in ("GB", "TR"))  # fmt: skip
        for verb in ("approve", "release") if state == "released" else ("approve",):
            FLOW.run_one(verb, pk)
    error = refused(open_work, pk, STAFF, "correct", delivery_address_id=abroad)
    assert (error.code, set(error.details["fields"])) == ("not_changeable", {"delivery_address"})
    with open_work(STAFF) as work:
        FLOW.run_one("correct", pk, delivery_address_id=home)
        order = work.session.get(Order, pk)
        assert (order.state, order.delivery_address_id, order.total_tax) == (state, home, 0)


def test_a_correction_before_the_review_asks_anew_who_has_to_agree(open_work, made):
    pk, customer = made
    with open_work() as work:
        work.session.add(ApprovalRule(name="Large", over_amount=100, currency_code="GBP"))
        work.session.add(FieldRule(side="customer", order_state="submitted", fields=["line_quantity"], review=False))
    for quantity, level in ((90, "supervisor"), (7, "reviewer")):
        with open_work(buyer(customer)) as work:
            order = work.session.get(Order, pk)
            rows = lines_of(order, A1=quantity)
            assert order_changes.step_for(order, rows, {}, work) == "correct"
            FLOW.run_one("correct", pk, lines=rows)
        with open_work() as work:
            order = work.session.get(Order, pk)
            assert (order.state, order.lines[0].quantity_available) == ("submitted", quantity)
            assert [one.level for one in approvals.pending(order)] == [level]
