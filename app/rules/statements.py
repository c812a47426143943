"""Statement of account: what a customer was billed and paid in a period, and what is left (RPT-10)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from sqlalchemy import select

from app.core.money import Money, total
from app.rules import invoices
from models.customers import Customer
from models.invoices import Invoice
from models.payments import Payment

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Entry:
    """One document on an account: `amount` is positive where the customer owes more afterwards.

    :param kind: type of the invoice, or 'payment'
    """

    on: date
    kind: str
    number: str
    amount: Decimal


@dataclass(frozen=True)
class Account:
    """The entries of a period in one currency, between two balances; a positive balance is owed to us."""

    currency: str
    opening: Money
    entries: tuple[Entry, ...]

    @property
    def debit(self) -> Money:
        """What was added to the debt in the period."""
        return self._sum(one.amount for one in self.entries if one.amount > 0)

    @property
    def credit(self) -> Money:
        """What was taken from the debt in the period."""
        return self._sum(-one.amount for one in self.entries if one.amount < 0)

    @property
    def closing(self) -> Money:
        return self.opening + self.debit - self.credit

    def _sum(self, amounts) -> Money:
        return total((Money(one, self.currency) for one in amounts), self.currency)


@dataclass(frozen=True)
class Statement:
    """The accounts of a customer from one day to another, both included; one account per currency."""

    customer: Customer
    since: date
    until: date
    accounts: tuple[Account, ...]

    __history__ = "statement"  # the noun under which generic tables would know it

    @property
    def number(self) -> str:
        return self.customer.number


def statement(customer, work, since=None, until=None):
    """The statement of account of a customer; by default of the year up to today at his branch."""
    until = until or invoices.today(customer.branch, work)
    since = since or until - YEAR
    entries = sorted(_billed(customer, until, work) + _paid(customer, until, work), key=_order)
    accounts = [
        _account(currency, [one for _currency, one in found], since)
        for currency, found in groupby(entries, key=lambda pair: pair[0])
    ]
    return Statement(customer, since, until, tuple(accounts))


def _order(pair):
    currency, entry = pair
    return currency, entry.on, entry.amount < 0, entry.number


def _account(currency, entries, since):
    before = total((Money(one.amount, currency) for one in entries if one.on < since), currency)
    return Account(currency, before, tuple(one for one in entries if one.on >= since))


def _billed(customer, until, work):
    """Issued invoices and credit notes; a proforma invoice or payment request is no debt."""
    counted = (*invoices.RECEIVABLE, "credit_note")
    rows = work.session.scalars(
        select(Invoice)
        .filter_by(customer_id=customer.id, state="issued")
        .where(Invoice.type.in_(counted), Invoice.issued_on <= until)
    )
    return [
        (row.currency_code, Entry(row.issued_on, row.type, row.number or "", _signed(row))) for row in rows
    ]


def _signed(invoice):
    return -invoice.total_gross if invoice.type == "credit_note" else invoice.total_gross


def _paid(customer, until, work):
    rows = work.session.scalars(
        select(Payment).filter_by(customer_id=customer.id, state="confirmed").where(Payment.paid_on <= until)
    )
    return [
        (row.currency_code, Entry(row.paid_on, "payment", row.number or row.reference, -row.amount))
        for row in rows
    ]
