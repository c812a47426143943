"""What many papers have in common: the seller, the parties, units in the reader's words, taxes by rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import pgettext as _p
from sqlalchemy import select

from app.core import work as _work
from app.core.localized import pick
from app.core.money import Money, total
from app.core.quantity import Quantity
from models.base import HOUSE_BRANCH
from models.organisation import Branch, Country, Unit
from reports.tree import Code, Many, Party, Percent, Seller, Table


@dataclass(frozen=True)
class Found:
    """What a search has found, to be printed as a list.

    :param rows: the records, in the order of the screen
    :param keyword: what was searched for
    :param locale: language of whoever searched
    """

    rows: Iterable[Any]
    keyword: str = ""
    locale: str = "en"


def locale() -> str:
    """The language the document is being written in."""
    return str(get_locale() or "en")


def session() -> Any:
    """The session of whoever asks for the document."""
    return _work.current().session


def branch_of(record: Any) -> Branch:
    """The branch that issues the document of a record."""
    found: Branch = session().get(Branch, getattr(record, "branch_id", None) or HOUSE_BRANCH)
    return found


def day(instant: datetime | None, branch: Branch) -> date | None:
    """The day an instant falls on at the branch."""
    return instant.astimezone(ZoneInfo(branch.timezone)).date() if instant else None


def seller(branch: Branch) -> Seller:
    """Name, address and legal data of the branch, as they stand at the head and foot of its papers."""
    contact = (branch.phone, branch.email)
    lines = [
        *branch.address.splitlines(),
        country(branch.country_code),
        *(Code(one) for one in contact if one),
    ]
    legal = [branch.legal_name]
    if branch.tax_id:
        legal.append(_("Tax number: %(number)s", number=branch.tax_id))
    if branch.registration:
        legal.append(_("Company registration: %(number)s", number=branch.registration))
    return Seller(branch.legal_name, tuple(one for one in lines if one), " · ".join(legal))


def bank(branch: Branch) -> tuple[Party, ...]:
    """Where to pay."""
    lines = tuple(Code(one) for one in branch.bank.splitlines() if one.strip())
    return (Party(_("Bank details"), lines),) if lines else ()


def country(code: str) -> str:
    """A country in the reader's language."""
    found = session().get(Country, code)
    return pick(found.names, locale()) if found else code


def address(title: str, found: Any) -> tuple[Party, ...]:
    """An address as a party, its country in words."""
    if found is None:
        return ()
    return (Party(title, (*found.lines()[:-1], country(found.country_code))),)


def customer_party(title: str, customer: Any) -> Party:
    """A customer on a paper that has no address of its own: the one he is billed at, as long as it is offered."""
    usual = next((one for one in customer.addresses if one.billing and one.retired_at is None), None)
    lines = (
        customer.name,
        *(line for line in (usual.lines()[:-1] if usual else ()) if line != customer.name),
        country(usual.country_code if usual else customer.country_code),
        Code(customer.tax_id) if customer.tax_id else None,
    )
    return Party(title, tuple(one for one in lines if one))


def named(thing: Any) -> str:
    """The name of a master record in the reader's language, or nothing."""
    return pick(thing.names, locale()) if thing is not None else ""


def facts(*pairs: tuple[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The facts that are known."""
    return tuple(pair for pair in pairs if pair[1] not in (None, ""))


def code(text: str | None) -> Code | None:
    """A number or reference, left to right in every language."""
    return Code(text) if text else None


class Units:
    """Quantities with their units in the reader's words, read once per document."""

    def __init__(self, codes: Iterable[str]) -> None:
        rows = session().scalars(select(Unit).where(Unit.code.in_(set(codes))))
        self._names = {row.code: pick(row.symbols, locale()) for row in rows}

    def __call__(self, number: Decimal, unit: str) -> Many:
        return Many(Quantity(number, unit), self._names.get(unit, unit))


def taxes(lines: Iterable[Any], currency: str) -> Table:
    """Net, tax and gross for each rate."""
    by_rate: dict[Decimal, list[Any]] = {}
    for line in lines:
        by_rate.setdefault(line.tax_rate, []).append(line)

    def summed(name: str, found: list[Any]) -> Money:
        return total((Money(getattr(line, name), currency) for line in found), currency)

    return Table(
        title=_("Tax by rate"),
        columns=(_("Tax rate"), _("Net"), _("Tax"), _("Gross")),
        rows=tuple(
            (Percent(rate), *(summed(name, found) for name in ("net", "tax", "gross")))
            for rate, found in sorted(by_rate.items())
        ),
    )


def totals(record: Any) -> tuple[tuple[str, Money], ...]:
    """Net, tax and total of a record with stored totals."""
    values = (
        Money(getattr(record, f"total_{name}"), record.currency_code) for name in ("net", "tax", "gross")
    )
    return tuple(zip((_("Net"), _("Tax"), _("Total")), values, strict=True))


def draft() -> tuple[str, ...]:
    """The mark of a paper that is not valid yet."""
    return (_p("document", "Draft"),)
