"""Statement of account, and the list of customers a search has found."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core import work
from app.core.localized import LOCALES
from app.core.money import Money
from app.rules import statements
from models.base import HOUSE_BRANCH
from models.organisation import Branch
from reports import parts
from reports.core import Code, Document, Said, Table, report


def _language(record):
    customer = getattr(record, "customer", record)
    return customer.language if customer.language in LOCALES else "en"


@report("statement", title=_l("Statement of account"), locale_of=_language, noun="customers")
def statement(record):
    """What was billed and paid between two balances; of a customer it is the statement of the last year.

    :param record: a customer, or the `statements.Statement` of another period
    """
    found = (
        record if isinstance(record, statements.Statement) else statements.statement(record, work.current())
    )
    branch = found.customer.branch
    return Document(
        title=_("Statement of account"),
        number=found.customer.number,
        facts=((_p("period", "From"), found.since), (_p("period", "To"), found.until)),
        parties=(parts.customer_party(_("Customer"), found.customer),),
        tables=tuple(_account(one) for one in found.accounts) or (_empty(),),
        notes=() if found.accounts else (_("There are no entries up to this day."),),
        seller=parts.seller(branch),
        logo=branch.logo,
    )


def _heads():
    sides = (_("Debit"), _p("account", "Credit"), _p("account", "Balance"))
    return (_("Date"), _("Document"), _p("identifier", "Number"), *sides)


def _empty():
    return Table(columns=_heads(), rows=())


def _account(account):
    def money(amount):
        return Money(amount, account.currency)

    balance, rows = account.opening, [(None, _("Opening balance"), None, None, None, account.opening)]
    for entry in account.entries:
        balance = balance + money(entry.amount)
        debit = money(entry.amount) if entry.amount > 0 else None
        credit = money(-entry.amount) if entry.amount <= 0 else None
        rows.append((entry.on, Said(_kind(entry.kind)), Code(entry.number), debit, credit, balance))
    return Table(
        title=account.currency,
        columns=_heads(),
        rows=tuple(rows),
        totals=(
            (_("Total debit"), account.debit),
            (_("Total credit"), account.credit),
            (_("Closing balance"), account.closing),
        ),
    )


def _kind(kind):
    return {
        "final": _("Invoice"),
        "tax": _("Tax invoice"),
        "credit_note": _("Credit note"),
        "payment": _("Payment"),
    }[kind]


@report("customer_list", title=_l("Customers"), locale_of=lambda found: found.locale, noun="customers")
def customer_list(found):
    """The customers a search has found (CUS-07).

    :param found: `parts.Found` with customers
    """
    branch = parts.session().get(Branch, HOUSE_BRANCH)
    rows = tuple(
        (
            Code(one.number),
            one.name,
            parts.country(one.country_code),
            Code(one.currency_code),
            Code(one.email),
            Code(one.phone),
            one.manager.get_full_name() if one.manager else None,
        )
        for one in found.rows
    )
    return Document(
        title=_("Customers"),
        number="",
        facts=parts.facts((_("Search"), found.keyword), (_("Records"), len(rows))),
        tables=(
            Table(
                columns=(
                    _p("identifier", "Number"),
                    _("Name"),
                    _("Country"),
                    _("Currency"),
                    _("E-mail"),
                    _("Phone"),
                    _("Account manager"),
                ),
                rows=rows,
            ),
        ),
        seller=parts.seller(branch),
        logo=branch.logo,
    )
