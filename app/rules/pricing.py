"""Which price applies: one statement finds what is offered to a customer, pure functions choose and explain.

The customer's own price list comes first, then that of its access groups, then the one for everyone; among
these the largest quantity that is reached, then the list that began last. A price from one or less is the base price:
it holds for every quantity, half a kilogram too.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import case, literal, or_, select, true

from app.core.errors import BusinessError
from app.core.quantity import plain
from app.rules import masters
from models.people import Membership
from models.products import Price, PriceList, PriceListAudience

BASE = Decimal(1)  # a price from here or less on is no price for a larger quantity
AGREED, TAKEN_OVER = "agreed", "import"  # marks of prices that come from no list


class Offer(IntEnum):
    """To whom a price list is offered, the narrowest first."""

    CUSTOMER = 0
    GROUP = 1
    EVERYONE = 2


@dataclass(frozen=True)
class Candidate:
    """A price that could apply to a product, as it stands in a price list."""

    product_id: int
    price_list_id: int
    price_list: str
    includes_tax: bool
    valid_from: date
    from_quantity: Decimal
    unit_price: Decimal
    offer: Offer

    def holds(self, quantity: Decimal) -> bool:
        """Whether the price is one for this quantity."""
        return self.from_quantity <= max(quantity, BASE)

    def order(self, quantity: Decimal) -> tuple[int, Decimal, int, int]:
        """Smaller comes first: the largest quantity that is reached, else the smallest base price."""
        reached = self.from_quantity <= quantity
        step = -self.from_quantity if reached else self.from_quantity
        return self.offer, step, -self.valid_from.toordinal(), -self.price_list_id


@dataclass(frozen=True)
class Priced:
    """What a unit of a product costs a customer.

    :param unit_price: per unit of the product, gross where `includes_tax`
    :param list_price: the price before any discount
    :param source: which price applied, in the reader's language
    :param mark: the same as it is kept beside the price, in no language
    """

    unit_price: Decimal
    list_price: Decimal
    includes_tax: bool
    price_list_id: int
    price_list: str
    source: Any
    mark: str


@dataclass(frozen=True)
class Weighed:
    """One candidate and what speaks for or against it."""

    candidate: Candidate
    applies: bool
    reason: Any


@dataclass(frozen=True)
class Explanation:
    """Which price applies and why; all candidates, the one that applies first; what more of it costs."""

    priced: Priced | None
    candidates: tuple[Weighed, ...]
    steps: tuple[tuple[Decimal, Candidate], ...] = ()
    cheaper: tuple[Decimal, Candidate] | None = None


# --- pure --------------------------------------------------------------------------------------


def choose(candidates, quantity):
    """The candidate that applies to this quantity, or None."""
    held = [one for one in candidates if one.holds(quantity)]
    return min(held, key=lambda one: one.order(quantity), default=None)


def steps(candidates):
    """What more of a product costs: the candidate of each quantity from which on the price is another one.

    The first, where it is a base price, holds for less as well.
    """
    found = []
    for quantity in sorted({one.from_quantity for one in candidates}):
        best = choose(candidates, quantity)
        if not found or best.unit_price != found[-1][1].unit_price:  # a closer list may hold for any quantity
            found.append((quantity, best))
    return tuple(found)


def next_step(candidates, quantity):
    """The next larger quantity at which a unit is cheaper, with its candidate; None where there is none."""
    best = choose(candidates, quantity)
    ahead = ((from_, one) for from_, one in steps(candidates) if from_ > quantity)
    return next((pair for pair in ahead if best is None or pair[1].unit_price < best.unit_price), None)


def priced(candidate):
    """A candidate as the price that applies."""
    return Priced(candidate.unit_price, candidate.unit_price, candidate.includes_tax, candidate.price_list_id,
                  candidate.price_list, _told(candidate.price_list, candidate.from_quantity, plain),
                  mark(candidate))  # fmt: skip


def fixed(unit_price, includes_tax=False):
    """A price that a rule agreed beside the price lists, net unless said."""
    return Priced(unit_price, unit_price, includes_tax, 0, "", _l("Agreed price"), AGREED)


def mark(candidate):
    """Where a price comes from as a line keeps it, the same in every language: "list:10:General GBP"."""
    return f"list:{plain(candidate.from_quantity)}:{candidate.price_list}"[:200]


def told(kept, number=plain):
    """What a line keeps about its price, as people read it; what is no mark is told as it stands.

    :param number: writes a quantity for the reader
    """
    kind, *more = kept.split(":", 2)
    if kind == "list" and len(more) == 2:
        return _told(more[1], Decimal(more[0]), number)
    return {AGREED: _l("Agreed price"), TAKEN_OVER: _l("Taken over")}.get(kept, kept)


def _told(name, from_quantity, number):
    if from_quantity <= BASE:
        return _l("Price list “%(name)s”", name=name)
    return _l("Price list “%(name)s”, from %(quantity)s", name=name, quantity=number(from_quantity))


def weigh(candidates, quantity):
    """Every candidate in order, each with the reason why it applies or does not."""
    best = choose(candidates, quantity)
    ranked = sorted(candidates, key=lambda one: (one is not best, not one.holds(quantity), one.order(quantity)))
    return tuple(Weighed(one, one is best, _reason(one, best, quantity)) for one in ranked)


def _reason(one, best, quantity):
    if not one.holds(quantity) or (one.offer == best.offer and one.from_quantity > max(quantity, best.from_quantity)):
        return _l("Holds from %(quantity)s on.", quantity=plain(one.from_quantity))
    if one is best:
        return {
            Offer.CUSTOMER: _l("Applies: this price list is offered to the customer."),
            Offer.GROUP: _l("Applies: this price list is offered to an access group of the customer."),
            Offer.EVERYONE: _l("Applies: this price list is for everyone."),
        }[one.offer]
    if one.offer > best.offer:
        return _l("A price list offered more closely to the customer comes first.")
    if one.from_quantity < best.from_quantity:
        return _l("A price for a larger quantity comes first.")
    return _l("A newer price list comes first.")


# --- asking ------------------------------------------------------------------------------------


def local_day(work, branch):
    """Today in the branch's time zone: on this day prices hold, documents are dated."""
    return work.now.astimezone(ZoneInfo(branch.timezone)).date()


def quote(product_ids, customer, currency, on, quantities, work):
    """What products cost a customer on a day, in one statement for any number of products.

    Staff who order for a customer get that customer's price; a customer's own user is shown no list beyond
    those offered to him.

    :param on: the day in the branch's time zone; None for today in the customer's branch
    :param quantities: {product id: quantity in the product's unit}; of a product on several lines their sum
    :returns: {product id: Priced, or the BusinessError 'no_price' that says there is none}
    """
    found: dict[int, list[Candidate]] = {one: [] for one in product_ids}
    for candidate in _candidates(found, customer, currency, on, work):
        found[candidate.product_id].append(candidate)
    best = {one: choose(rows, quantities.get(one, Decimal(1))) for one, rows in found.items()}
    return {one: no_price(currency) if row is None else priced(row) for one, row in best.items()}


def general(product_ids, currency, on, work, preferred=""):
    """What products cost everybody on a day: the prices of the lists for everyone, in one statement.

    :param currency: None for any; then the `preferred` one where it has a price, else the first by its code
    :returns: {product id: (currency, Priced)} of the products that have such a price
    """
    statement = _listed(product_ids, currency, on, literal(int(Offer.EVERYONE))).where(PriceList.everyone)
    found: dict[Any, list[Candidate]] = {}
    for *row, code in work.session.execute(statement.add_columns(PriceList.currency_code)):
        found.setdefault((row[0], code), []).append(Candidate(*row[:-1], Offer(row[-1])))
    prices: dict[int, tuple[str, Priced]] = {}
    for product, code in sorted(found, key=lambda key: (key[1] != preferred, key[1])):
        best = choose(found[product, code], Decimal(1))
        if best is not None:
            prices.setdefault(product, (code, priced(best)))
    return prices


def price_of(product, customer, currency, on, quantity, work):
    """What one product costs a customer.

    :raises BusinessError: 'no_price'
    """
    answer = quote([product.id], customer, currency, on, {product.id: quantity}, work)[product.id]
    if isinstance(answer, BusinessError):
        raise answer
    return answer


def explain(product, customer, currency, on, quantity, work):
    """Which price applies to a product, and why no other does (CAT-05)."""
    candidates = _candidates([product.id], customer, currency, on, work)
    best = choose(candidates, quantity)
    more = steps(candidates), next_step(candidates, quantity)
    return Explanation(best and priced(best), weigh(candidates, quantity), *more)


def no_price(currency):
    """The refusal where no price list offers a product to a customer in a currency."""
    text = _l("No price list offers this product to the customer in %(currency)s.", currency=currency)
    return BusinessError("no_price", text, currency=currency)


@dataclass(frozen=True)
class Ranked:
    """A price list that is offered to a customer."""

    id: int
    offer: Offer


def lists_of(customer, currency, work):
    """The price lists in a currency that are offered to a customer today, those that come first before the others."""
    offer, offered = _offered(customer)
    statement = select(PriceList.id, offer.label("offer")).where(
        offered, *_holding(currency, local_day(work, customer.branch))
    )
    return [Ranked(row.id, Offer(row.offer)) for row in work.session.execute(
        statement.order_by("offer", PriceList.valid_from.desc(), PriceList.id.desc()))]  # fmt: skip


def _candidates(product_ids, customer, currency, on, work):
    offer, offered = _offered(customer)
    statement = _listed(product_ids, currency, on or local_day(work, customer.branch), offer).where(offered)
    return [Candidate(*row[:-1], Offer(row[-1])) for row in work.session.execute(statement)]


def _offered(customer):
    """To whom a list is offered as this customer sees it, and the criterion of those offered to him at all."""
    own = _named(PriceListAudience.customer_id == customer.id)
    groups = select(Membership.access_group_id).where(Membership.customer_id == customer.id)
    group = _named(PriceListAudience.access_group_id.in_(groups))
    offer = case((own, int(Offer.CUSTOMER)), (group, int(Offer.GROUP)), else_=int(Offer.EVERYONE))
    return offer, or_(PriceList.everyone, own, group)


def _listed(product_ids, currency, on, offer):
    """The prices of products in the lists of a currency that hold on a day."""
    return (
        select(Price.product_id, PriceList.id, PriceList.name, PriceList.includes_tax, PriceList.valid_from,
               Price.from_quantity, Price.unit_price, offer)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .where(
            masters.among(Price.product_id, product_ids),
            *_holding(currency, on),
        )
    )  # fmt: skip


def _holding(currency, on):
    """The criteria of lists in a currency that hold on a day."""
    return (
        true() if currency is None else PriceList.currency_code == currency,
        PriceList.archived_at.is_(None),
        PriceList.valid_from <= on,
        or_(PriceList.valid_until.is_(None), PriceList.valid_until >= on),
    )


def _named(whom):
    return PriceList.id.in_(select(PriceListAudience.record_id).where(whom))
