"""Payments: a report pays nothing, a confirmation pays the right debts, and never more than there is."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core.errors import BusinessError, Forbidden
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import invoices, paid_orders, payments
from models.customers import Customer
from models.invoices import Invoice
from models.orders import Order
from models.organisation import Branch
from models.payments import Allocation, Payment
from tests import makers

FLOW = payments.FLOW
amounts = st.decimals("0.01", "10000", places=2)


def refused(code, call, *args, **data):
    with pytest.raises(BusinessError) as caught:
        call(*args, **data)
    assert caught.value.code == code


@given(amounts, st.lists(st.decimals("-5", "1000", places=2)))
def test_split_gives_no_debt_more_than_it_is_and_loses_nothing(amount, debts):
    shares = payments.split(amount, debts)
    owed = sum(max(debt, Decimal(0)) for debt in debts)
    assert all(0 <= share <= max(debt, 0) for share, debt in zip(shares, debts, strict=True))
    assert sum(shares) == min(amount, owed)


@given(amounts, st.lists(amounts, min_size=2))
def test_split_serves_an_earlier_debt_fully_before_a_later_one(amount, debts):
    shares = payments.split(amount, debts)
    for at, share in enumerate(shares[1:]):
        assert not share or shares[at] == debts[at]


def test_a_report_pays_nothing(work):
    customer = makers.make_customer(work)
    invoice = makers.make_invoice(work, customer)
    payment = makers.make_payment(work, customer, invoice_id=invoice.id)
    FLOW.run_one("report", payment)
    assert (payment.state, payment.number) == ("reported", "PAY-2026-000001")
    assert (invoice.payment_status, invoice.paid_amount, payment.allocations) == ("unpaid", 0, [])


def test_confirming_settles_the_named_invoice_then_the_oldest(work):
    customer = makers.make_customer(work)
    due = date(2026, 12, 1)
    late, early, named = (makers.make_invoice(work, customer, 100, terms_days=days) for days in (40, 20, 60))
    payment = makers.make_payment(work, customer, 250, invoice_id=named.id)
    FLOW.run_one("report", payment)
    FLOW.run_one("confirm", payment)
    assert early.due_on > due
    assert [(one.payment_status, one.open_amount) for one in (named, early, late)] == [
        ("paid", 0), ("paid", 0), ("part", 50),
    ]  # fmt: skip
    assert payment.unallocated == 0 and payment.confirmed_at == work.now


def test_the_rest_is_the_customers_credit_and_pays_later_on_demand(work):
    customer = makers.make_customer(work)
    payment = makers.make_payment(work, customer, 150)
    first = makers.make_invoice(work, customer, 100)
    FLOW.run_one("confirm", payment)
    assert (first.payment_status, payment.unallocated) == ("paid", 50)
    second = makers.make_invoice(work, customer, 80)
    payments.spread_credit(None, second, work)
    assert second.payment_status == "unpaid"  # finance decides
    payments.use_credit(customer.id, "GBP", work)
    assert (second.payment_status, second.open_amount, payment.unallocated) == ("part", 30, 0)


def test_credit_pays_new_invoices_where_the_setting_says_so(work):
    work.session.add(SettingValue(name="USE_CREDIT", scope="system", scope_id=0, value=True))
    customer = makers.make_customer(work)
    payment = makers.make_payment(work, customer, 150)
    FLOW.run_one("confirm", payment)
    invoice = makers.make_invoice(work, customer, 100)
    payments.spread_credit(None, invoice, work)
    payments.spread_credit(None, invoice, work)
    assert (invoice.payment_status, payment.unallocated) == ("paid", 50)


def test_money_of_another_customer_or_currency_settles_nothing(work):
    customer, other = makers.make_customer(work), makers.make_customer(work)
    invoice = makers.make_invoice(work, customer)
    for payment in (
        makers.make_payment(work, other),
        makers.make_payment(work, customer, currency_code="EUR"),
    ):
        FLOW.run_one("confirm", payment)
        assert payment.unallocated == 100 and invoice.payment_status == "unpaid"
    foreign = makers.make_payment(work, other, invoice_id=None)
    foreign.currency_code = "EUR"
    refused("currency_mismatch", payments.allocate, foreign, [invoice], work)


def test_a_payment_names_an_issued_invoice_of_its_customer(work):
    customer, other = makers.make_customer(work), makers.make_customer(work)
    draft = makers.make_invoice(work, customer, issued=False)
    issued = makers.make_invoice(work, customer)

    def sent(owner=customer, **values):
        given = {"paid_on": work.now.date(), "amount": Decimal(5), "currency_code": "GBP"} | values
        return payments.Payment(customer_id=owner.id, **given)

    refused("not_issued", payments.check, sent(invoice_id=draft.id), work)
    refused("foreign_invoice", payments.check, sent(other, invoice_id=issued.id), work)
    refused("currency_mismatch", payments.check, sent(invoice_id=issued.id, currency_code="EUR"), work)
    refused("bad_amount", payments.check, sent(amount=Decimal(0)), work)
    refused("bad_amount", payments.check, sent(amount=Decimal("1.001")), work)


def test_refusing_wants_a_reported_payment(work):
    customer = makers.make_customer(work)
    payment = makers.make_payment(work, customer)
    refused("wrong_state", FLOW.run_one, "refuse", payment, reason="no money")
    FLOW.run_one("report", payment)
    FLOW.run_one("refuse", payment, reason="no money")
    refused("wrong_state", FLOW.run_one, "confirm", payment)


def test_a_refund_opens_again_what_was_settled(work):
    customer = makers.make_customer(work)
    invoice = makers.make_invoice(work, customer)
    payment = makers.make_payment(work, customer, 130)
    FLOW.run_one("confirm", payment)
    FLOW.run_one("refund", payment, reason="paid twice")
    assert (invoice.payment_status, invoice.open_amount) == ("unpaid", 100)
    assert (payment.state, payment.unallocated, payment.allocations) == ("refunded", 0, [])


def test_a_confirmed_payment_keeps_its_amount(work):
    payment = makers.make_payment(work, makers.make_customer(work))
    FLOW.run_one("confirm", payment)
    payment.amount = Decimal(1)
    refused("frozen", work.session.flush)
    work.session.rollback()


def test_what_was_paid_in_advance_settles_the_invoice_of_its_order(work):
    customer = makers.make_customer(work)
    older = makers.make_invoice(work, customer)
    order = makers.make_confirmed_order(work, customer, (makers.make_product(work), 1, 100))
    pro = invoices.from_order(order, work, "proforma")
    invoices.FLOW.run_one("issue", pro)
    payment = makers.make_payment(work, customer, 60, invoice_id=pro.id)
    FLOW.run_one("confirm", payment)
    assert (pro.payment_status, pro.open_amount, payment.unallocated) == ("part", 40, 60)
    assert (order.billing, order.payment) == ("none", "part")
    final = invoices.from_order(order, work)
    invoices.FLOW.run_one("issue", final)
    payments.spread_credit(None, final, work)
    assert (final.open_amount, payment.unallocated, older.paid_amount) == (40, 0, 0)
    FLOW.run_one("refund", payment)
    assert (pro.paid_amount, final.open_amount) == (0, 100)
    assert order.payment == "unpaid"


def test_a_credit_note_on_a_paid_invoice_becomes_the_customers_credit(work):
    customer = makers.make_customer(work)
    invoice = makers.make_invoice(work, customer, 100)
    payment = makers.make_payment(work, customer, 100)
    FLOW.run_one("confirm", payment)
    note = invoices.credit(invoice, None, work, "damaged")
    invoices.FLOW.run_one("issue", note)
    payments.spread_credit(None, note, work)
    payments.spread_credit(None, note, work)
    assert (payment.unallocated, payment.allocations) == (100, [])
    assert (invoice.paid_amount, invoice.payment_status) == (0, "paid")


def test_an_order_knows_what_of_it_is_invoiced_and_paid(work):
    customer = makers.make_customer(work)
    order = makers.make_confirmed_order(work, customer, (makers.make_product(work), 10, 10))

    def now():
        return order.billing, order.payment  # nothing has run but the steps themselves

    assert now() == ("none", "unpaid")
    first = invoices.from_order(order, work)
    first.lines[0].quantity = Decimal(4)
    invoices.check(first, work)
    invoices.FLOW.run_one("issue", first)
    assert now() == ("part", "unpaid")
    FLOW.run_one("confirm", makers.make_payment(work, customer, 40))
    assert now() == ("part", "part")
    invoices.FLOW.run_one("issue", invoices.from_order(order, work))
    assert now() == ("full", "part")
    FLOW.run_one("confirm", makers.make_payment(work, customer, 60))
    assert now() == ("full", "paid")


def test_finance_confirms_many_at_once_and_the_bad_one_does_not_spoil_the_others(work):
    customer = makers.make_customer(work)
    invoice = makers.make_invoice(work, customer, 30)
    good = [makers.make_payment(work, customer, 10) for _ in range(3)]
    FLOW.run_one("confirm", good[0])
    outcome = FLOW.run("confirm", [*good, 10**9])
    assert len(outcome.done) == 2 and invoice.payment_status == "paid"
    assert [one.error.code for one in outcome.refused] == ["not_found", "wrong_state"]


def test_a_customer_reports_his_own_payments_only(open_work):
    with open_work() as work:
        customer, other = makers.make_customer(work).id, makers.make_customer(work).id
        foreign = makers.make_payment(work, work.session.get(Customer, other)).id
    buyer = Actor(
        "ann", "external", customers=frozenset({customer}), may=lambda step: step == "payment.report"
    )
    with open_work(buyer) as work:
        given = {"currency_code": "GBP", "amount": Decimal(5), "paid_on": work.now.date()}
        mine = Payment(customer_id=customer, **given)
        work.session.add(mine)
        work.session.flush()
        assert FLOW.run("report", [mine]).done == [mine] and mine.number
        assert FLOW.run("report", [foreign]).refused[0].error.code == "not_found"
        with pytest.raises(Forbidden):
            FLOW.run("confirm", [mine])


def test_a_branch_settles_with_money_it_cannot_see(open_work):
    with open_work() as work:
        work.session.add(
            Branch(id=2, name="North", legal_name="North", country_code="GB", currency_code="GBP")
        )
        work.session.flush()
        customer = makers.make_customer(work, branch_id=2)
        invoice = makers.make_invoice(work, customer, 100)
        FLOW.run_one("confirm", makers.make_payment(work, customer, 30))
        sent, invoice = makers.make_payment(work, customer, 90, branch_id=2).id, invoice.id
    clerk = Actor("bob", "staff", branches=frozenset({2}), may=lambda step: True)
    with open_work(clerk) as work:
        FLOW.run_one("confirm", work.session.get(Payment, sent))
    with open_work() as work:
        paid = work.session.get(Invoice, invoice)
        assert (paid.paid_amount, paid.payment_status) == (100, "paid")
        assert work.session.get(Payment, sent).unallocated == 20


def test_two_who_confirm_at_once_never_pay_an_invoice_twice(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        invoice = makers.make_invoice(work, customer, 100).id
        sent = [makers.make_payment(work, customer, 70, invoice_id=invoice).id for _ in range(4)]
    ready, failures = Barrier(4), []

    def confirm(one):
        try:
            with open_work() as work:
                ready.wait()
                FLOW.run_one("confirm", work.session.get(Payment, one))
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=confirm, args=(one,)) for one in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_work() as work:
        paid = work.session.get(Invoice, invoice)
        booked = work.session.scalar(select(func.sum(Allocation.amount)).filter_by(invoice_id=invoice))
        rest = work.session.scalar(select(func.sum(Payment.unallocated)))
        assert not failures
        assert (booked, paid.paid_amount, paid.open_amount, rest) == (100, 100, 0, 180)


def test_money_does_not_wait_for_who_is_at_the_order(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        order = makers.make_confirmed_order(work, customer, (makers.make_product(work), 1, 100))
        invoice = invoices.from_order(order, work)
        invoices.FLOW.run_one("issue", invoice)
        pay, ordered, billed = makers.make_payment(work, customer, 100).id, order.id, invoice.id
    with open_work() as other:
        other.session.scalars(select(Order).filter_by(id=ordered).with_for_update()).one()
        done = Thread(target=_confirmed, args=(open_work, pay))
        done.start()
        done.join(20)
        assert not done.is_alive(), "the confirmation waits for the order"
    with open_work() as work:
        assert work.session.get(Payment, pay).state == "confirmed"
        assert work.session.get(Order, ordered).payment == "unpaid"
        paid_orders.settle_order(None, work.session.get(Invoice, billed), work)
        assert work.session.get(Order, ordered).payment == "paid"


def _confirmed(open_work, pk):
    with open_work() as work:
        FLOW.run_one("confirm", work.session.get(Payment, pk))
