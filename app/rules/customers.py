"""Customers: who buys from us, what we must know of them, how much they may owe."""

import re
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm.attributes import set_committed_value

from app.core import numbering, scope, searchtext
from app.core.errors import BusinessError
from app.core.localized import LOCALES
from app.core.money import check_size
from app.rules import credit, customer_branches, masters, tags
from models.base import HOUSE_BRANCH
from models.customers import Address, Contact, Customer, CustomerNote
from models.organisation import Branch, Country
from models.people import Person

EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
ADDRESS = ("label", "recipient", "street", "city", "region", "postcode", "country_code", "phone", "delivery",
           "billing")  # fmt: skip
PARTS = (Address.__tablename__, Contact.__tablename__, CustomerNote.__tablename__)
WALK_IN = "WALK-IN"

credit_used = credit.credit_used
tag, tags_of = tags.tag, tags.tags_of


@dataclass(frozen=True)
class Hint:
    """Something to look at that does not stop anybody from saving."""

    code: str
    text: Any
    details: dict[str, Any] = field(default_factory=dict)


# --- what is right -----------------------------------------------------------------------------


def check(customer, work):
    """What a customer must be before it is saved; a new one gets its number.

    :returns: hints: what is still missing (CUS-05, CUS-09), and who else looks like this customer
    :raises BusinessError: naming the field: 'name_missing', 'kind_unknown', 'country_unknown',
        'currency_unknown', 'language_unknown', 'email_shape', 'credit_negative', 'circular_parent',
        'manager_unknown', 'number_taken'
    """
    with work.session.no_autoflush:
        _check_fields(customer)
        _check_codes(customer, work)
        masters.check_parent(customer, work)
        _check_manager(customer, work)
        _give_number(customer, work)
        customer_branches.keep(customer, work)
        hints = [Hint("incomplete", text) for text in missing(customer)]
        return hints + [_hint(customer, other) for other in duplicates(customer, work)]


def _check_fields(customer):
    customer.name = " ".join((customer.name or "").split())
    if not customer.name:
        raise BusinessError("name_missing", _l("Give a name."), field="name")
    customer.kind = customer.kind or "company"
    if customer.kind not in ("company", "person"):
        raise BusinessError("kind_unknown", _l("A customer is a company or a person."), field="kind")
    check_email(customer, "email")
    limit = customer.credit_limit
    if limit is not None and check_size(limit) < 0:
        raise BusinessError("credit_negative", _l("A credit limit cannot be negative."), field="credit_limit")


def check_email(row, name):
    """An e-mail address has the shape of one, or is left out.

    :raises BusinessError: 'email_shape'
    """
    value = (getattr(row, name) or "").strip()
    if value and not EMAIL.fullmatch(value):
        raise BusinessError("email_shape", _l("This is not an e-mail address."), field=name)
    setattr(row, name, value)


def _check_codes(customer, work):
    check_country(customer, work)
    currency = masters.related(customer, "currency", work)
    if currency is None or not currency.active:
        raise BusinessError("currency_unknown", _l("Choose a currency that is in use."), field="currency")
    customer.language = customer.language or LOCALES[0]
    check_language(customer)


def check_language(row):
    """People are written to in a language of ours.

    :raises BusinessError: 'language_unknown'
    """
    if row.language and row.language not in LOCALES:
        raise BusinessError("language_unknown", _l("Choose one of our languages."), field="language")


def check_country(row, work):
    """A country is one of ISO 3166.

    :raises BusinessError: 'country_unknown'
    """
    code = (row.country_code or "").strip().upper()
    if not code or work.session.get(Country, code) is None:
        raise BusinessError("country_unknown", _l("Choose a country."), field="country_code")
    row.country_code = code


def _check_manager(customer, work):
    manager = masters.related(customer, "manager", work)
    person = None if manager is None else work.session.get(Person, manager.id)
    if manager is not None and (person is None or person.kind != "staff"):
        raise BusinessError("manager_unknown", _l("Choose somebody of our staff."), field="manager")


def _give_number(customer, work):
    customer.number = (customer.number or "").strip()
    if not customer.number:
        branch = masters.related(customer, "branch", work)
        customer.number = numbering.take("customer", branch.id, work, branch.timezone)
        return
    taken = work.session.scalar(select(Customer.id).where(Customer.number == customer.number))
    if taken is not None and taken != customer.id:
        text = _l("The customer number %(number)s is taken already.", number=customer.number)
        raise BusinessError("number_taken", text, field="number")


def missing(customer):
    """What the basic information of a customer still lacks, a sentence each (CUS-05, CUS-09)."""
    if customer.walk_in:
        return []
    checks = (
        (customer.email or customer.phone, _l("There is neither an e-mail address nor a phone number.")),
        (any(one.retired_at is None for one in customer.addresses), _l("There is no address.")),
    )
    return [text for there, text in checks if not there]


def complete(customer, work):
    """Guard: the basic information of the customer is complete (CUS-06, CUS-09).

    :raises BusinessError: 'customer_incomplete' with what is missing
    """
    lacking = missing(customer)
    if lacking:
        text = _l("The information about the customer is not complete: %(reason)s", reason=lacking[0])
        raise BusinessError("customer_incomplete", text, missing=lacking)


# --- looking alike -----------------------------------------------------------------------------


def _letters(column):
    return func.upper(func.regexp_replace(column, "[^[:alnum:]]", "", "g"))


def _plain(text):
    return "".join(letter for letter in text or "" if letter.isalnum()).upper()


def duplicates(customer, work, limit=5):
    """Other customers with the same name, phone number, e-mail address or VAT number (ACC-10)."""
    phone, tax_id, email = _plain(customer.phone), _plain(customer.tax_id), (customer.email or "").lower()
    alike = [
        _letters(Customer.phone) == phone if len(phone) > 5 else None,
        _letters(Customer.tax_id) == tax_id if tax_id else None,
        func.lower(Customer.email) == email if email else None,
        matching(customer.name),
    ]
    wanted = [one for one in alike if one is not None]
    if not wanted:
        return []
    others = Customer.id != customer.id if customer.id is not None else Customer.id.is_not(None)
    statement = select(Customer).where(others, ~Customer.walk_in, or_(*wanted)).order_by(Customer.id)
    rows = work.session.scalars(statement.limit(limit * 10))
    return [row for row in rows if _alike(customer, row)][:limit]


def _alike(one, other):
    """Which fields the two have in common."""
    pairs = {
        "name": (sorted(searchtext.words(one.name)), sorted(searchtext.words(other.name))),
        "phone": (_plain(one.phone), _plain(other.phone)),
        "email": ((one.email or "").lower(), (other.email or "").lower()),
        "tax_id": (_plain(one.tax_id), _plain(other.tax_id)),
    }
    return [name for name, (left, right) in pairs.items() if left and left == right]


def _hint(customer, other):
    text = _l("There is already a similar customer: %(name)s (%(number)s).", name=other.name, number=other.number)
    return Hint("duplicate", text, {"id": other.id, "fields": _alike(customer, other)})


# --- finding -----------------------------------------------------------------------------------


def matching(text):
    """The criterion of a keyword search over name, number, e-mail and VAT number; None for no word (CUS-07)."""
    query = searchtext.query(text or "")
    return Customer.search.op("@@")(cast(query, TSQUERY)) if query else None


def search(text, work, limit=50):
    """Active customers that a keyword finds; all of them where the text has no word."""
    statement = select(Customer).where(Customer.archived_at.is_(None)).order_by(Customer.name, Customer.id)
    found = matching(text)
    return list(work.session.scalars((statement if found is None else statement.where(found)).limit(limit)))


def walk_in(work, currency=None):
    """The customer that anonymous sales are booked on; made when it is asked for the first time.

    :param currency: of these sales, which the customer made for them gets; default: the head office's
    """
    with scope.lifted(work, "it belongs to the head office, whatever the branch that sells"):
        found = _walk_in(work)
        if found is None:
            # two imports at once: the second waits for the first one's commit
            work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(WALK_IN))))
            found = _walk_in(work) or _make_walk_in(work, currency)
    return found


def _walk_in(work):
    return work.session.scalars(select(Customer).where(Customer.walk_in).order_by(Customer.id).limit(1)).first()


def _make_walk_in(work, currency):
    house = work.session.get(Branch, HOUSE_BRANCH)
    made = Customer(name="Walk-in customer", number=WALK_IN, kind="person", walk_in=True,
                    country_code=house.country_code, currency_code=currency or house.currency_code)  # fmt: skip
    work.session.add(made)
    work.session.flush()
    return made


def is_new(customer):
    """Whether the customer has never had an order confirmed (CUS-17)."""
    return customer.first_order_at is None


# --- addresses ---------------------------------------------------------------------------------


def check_address(address, work):
    """What an address must be before it is saved.

    :raises BusinessError: naming the field: 'address_incomplete', 'country_unknown'
    """
    for name in ("recipient", "street", "city"):
        value = (getattr(address, name) or "").strip()
        if not value:
            raise BusinessError("address_incomplete", _l("Fill in this field."), field=name)
        setattr(address, name, value)
    with work.session.no_autoflush:
        check_country(address, work)


def replace_address(address, values, work):
    """Change an address: a new row takes its place, documents keep the old one.

    :param values: {field: new value}; what is not named stays
    :returns: the new row, or the old one where nothing changes
    :raises BusinessError: 'address_retired', 'address_incomplete', 'country_unknown'
    """
    if address.retired_at is not None:
        raise BusinessError("address_retired", _l("This address has been replaced already."))
    before = {name: getattr(address, name) for name in ADDRESS}
    after = {**before, **{name: value for name, value in values.items() if name in ADDRESS}}
    if after == before:
        return address
    made = Address(customer_id=address.customer_id, replaces_id=address.id, **after)
    set_committed_value(made, "customer", address.customer)  # for the history; the customer itself stays as it is
    check_address(made, work)
    address.retired_at = work.now
    work.session.add(made)
    work.session.flush()
    work.session.expire(address.customer, ["addresses"])
    return made


def retire_address(address, work):
    """Offer an address no longer; documents keep it. Safe to run twice."""
    address.retired_at = address.retired_at or work.now
    work.session.flush()


# --- going away --------------------------------------------------------------------------------


def remove(customer, work, reason=""):
    """Delete a customer that no document ever named; archive any other (X-44).

    :returns: 'deleted' or 'archived'
    """
    return masters.remove(customer, work, PARTS, reason)
