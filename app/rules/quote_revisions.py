"""Revisions of a quote: 0 is what the customer asked for, each later one an offer; published ones never change."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import event, inspect, or_
from sqlalchemy.orm import Session

from app.core import scope, settings
from app.core.errors import BusinessError
from app.core.money import Money, total
from app.rules import documents, pricing, products, quote_discounts, rows, tax
from models.organisation import Branch, Unit
from models.quotes import Quote, QuoteLine, QuoteRevision

ANSWERS = {"counts", "counter_quantity", "counter_price", "counter_on"}  # what a customer writes on an offered line
REMARKS = {"countered_at", "counter_comment"}  # and on the whole of it
KEPT = ("customer_id", "position", "alternative", "product_id", "sku", "name", "unit_code", "tax_rate", "list_price",
        "discount_percent", "unit_price", "quantity", "requested_on", "internal_cost")  # fmt: skip
settings.setting("QUOTE_VALID_DAYS", int, 30, _l("Days for which a quote is valid, unless another day is given"),
                 ("customer", "branch", "system"))  # fmt: skip


@scope.narrow(Quote)
def requests_and_offers(actor):
    """A customer finds his requests and what was offered to him, never a quote that we are still writing."""
    return or_(Quote.origin == "customer", Quote.revision > 0)


@scope.narrow(QuoteRevision)
def published_revisions(actor):
    """A customer finds what was put before him."""
    return QuoteRevision.published


@scope.narrow(QuoteLine)
def published_lines(actor):
    """The same for lines: prices that are still being worked out stay inside."""
    return QuoteLine.published


class AsPublished:
    """A quote as it was when a revision was put before the customer, for the paper of that revision."""

    state = "offered"

    def __init__(self, quote, number):
        self.quote, self.revision = quote, number

    def __getattr__(self, name):
        return getattr(self.quote, name)


# --- finding -----------------------------------------------------------------------------------


def today(quote, work):
    """The day it is at the branch of a quote."""
    return work.now.astimezone(ZoneInfo(work.session.get(Branch, quote.branch_id).timezone)).date()


def find(quote, number):
    """One revision, or None."""
    return next((one for one in quote.revisions if one.revision == number), None)


def working(quote):
    """The revision that is being worked out, or None."""
    return next((one for one in quote.revisions if not one.published), None)


def lines(quote, number):
    """The lines of one revision in order."""
    found = [line for line in quote.all_lines if line.revision == number]
    return sorted(found, key=lambda line: line.position)


def groups(found):
    """Lines with the alternatives below them: [[line, alternative, ...], ...]."""
    result = []
    for line in found:
        if line.alternative and result:
            result[-1].append(line)
        else:
            result.append([line])
    return result


# --- figures -----------------------------------------------------------------------------------


def count(line, quote, includes_tax):
    """Compute a line's stored amounts; one without a price is worth nothing so far."""
    worth = tax.net_tax_gross(
        line.unit_price or Decimal(0), line.quantity, line.discount_percent or 0, line.tax_rate, includes_tax,
        quote.currency_code,
    )  # fmt: skip
    line.net, line.tax, line.gross = worth.net.amount, worth.tax.amount, worth.gross.amount


def costs(found, currency):
    """What the counted lines cost us, or None while a cost is unknown (QUO-07)."""
    counted = [line for line in found if line.counts]
    if not counted or any(line.internal_cost is None for line in counted):
        return None
    return total((Money(line.internal_cost * line.quantity, currency).rounded() for line in counted), currency)


# --- making and publishing ---------------------------------------------------------------------


def begin(quote, number, published, work):
    """A new revision without lines."""
    made = QuoteRevision(
        customer_id=quote.customer_id, revision=number, published=published, remark="", counter_comment="",
        includes_tax=bool(quote.includes_tax), discount_percent=Decimal(0), discount_amount=Decimal(0),
    )  # fmt: skip
    if number:
        made.valid_until = last_day(quote, work)
    quote.revisions.append(made)
    return made


def last_day(quote, work):
    """Until when an offer is valid that is begun today, unless somebody says another day."""
    days = settings.get("QUOTE_VALID_DAYS", work, customer=quote.customer_id, branch=quote.branch_id)
    return today(quote, work) + timedelta(days=days)


def open_next(quote, work):
    """The revision that is being worked out; made from the one before, with what the customer proposes, if need be.

    Products that nobody priced so far begin with the price of the customer's price list.
    """
    found = working(quote)
    if found is not None:
        return found
    before, number = find(quote, quote.revision), quote.revision + 1
    made = begin(quote, number, False, work)
    made.priced_by = work.actor.user_id
    if before is not None:
        made.remark = before.remark if quote.revision else ""
        made.includes_tax = before.includes_tax
    offer = lines(quote, quote.revision)
    copies = [copied(line) for line in offer]
    for line in copies:
        line.revision, line.published, line.counts = number, False, not line.alternative
    _list_prices(quote, made, copies, work)
    for line in copies:
        count(line, quote, made.includes_tax)
    quote.all_lines.extend(copies)
    if before is not None:
        quote_discounts.carry_over(quote, before, offer, made, copies)
    quote_discounts.sum_up(made, copies, quote, made)
    work.session.flush()
    return made


def copied(line):
    """A line as it goes into the next revision: with what the customer proposed instead, where he did."""
    made = QuoteLine(**{name: getattr(line, name) for name in KEPT})
    if line.counter_quantity is not None:
        made.quantity = line.counter_quantity
    if line.counter_price is not None:
        made.unit_price, made.discount_percent = line.counter_price, Decimal(0)
    if line.counter_on is not None:
        made.requested_on = line.counter_on
    return made


def _list_prices(quote, made, found, work):
    wanted = {line.product_id: line.quantity for line in found if line.product_id and line.unit_price is None}
    if not wanted:
        return
    prices = pricing.quote(list(wanted), quote.customer, quote.currency_code, None, wanted, work)
    known = {key: one for key, one in prices.items() if not isinstance(one, BusinessError)}
    includes = {one.includes_tax for one in known.values()}
    if len(includes) == 1:
        made.includes_tax = includes.pop()
    for line in found:
        price = known.get(line.product_id)
        if line.unit_price is None and price is not None and price.includes_tax == made.includes_tax:
            line.unit_price = line.list_price = price.unit_price


def publish(quote, work):
    """Put the revision that was worked out before the customer; from now on it is what we offer.

    :raises BusinessError: of `quote_discounts.check`
    """
    revision = working(quote)
    found = lines(quote, revision.revision)
    quote_discounts.check(quote, revision, found)
    revision.published, revision.published_at = True, work.now
    for line in found:
        line.published = True
    quote.revision, quote.published_at = revision.revision, work.now
    quote.valid_until, quote.includes_tax = revision.valid_until, revision.includes_tax
    quote.countered_at = quote.answered_at = None
    quote_discounts.sum_up(quote, found, quote, revision)
    work.session.flush()
    work.session.expire(quote, ["lines"])


def withdraw(quote, work):
    """Take away the revision that is being worked out: nobody outside has seen it, and it is not needed any more."""
    found = working(quote)
    if found is not None:
        for line in lines(quote, found.revision):
            quote.all_lines.remove(line)
        quote.revisions.remove(found)
        work.session.flush()


def propose(quote, proposals, comment, work):
    """Write what the customer proposes instead beside the lines of the published offer.

    :param proposals: [{"id", "quantity"?, "unit_price"?, "requested_on"?}], figures and days also as text
    :raises BusinessError: 'nothing_proposed', 'unknown_line', 'bad_quantity', 'bad_price'
    """
    found = {line.id: line for line in lines(quote, quote.revision)}
    if not proposals and not (comment or "").strip():
        raise BusinessError("nothing_proposed", _l("Say what you propose instead."), field="comment")
    for line in found.values():
        line.counter_quantity = line.counter_price = line.counter_on = None
    for one in map(rows.typed, proposals):
        line = found.get(one["id"])
        if line is None:
            raise unknown_line()
        quantity, price = one.get("quantity"), one.get("unit_price")
        if quantity is not None and quantity <= 0:
            raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."), field="lines")
        if quantity is not None:
            products.check_digits(quantity, work.session.get(Unit, line.unit_code), "lines")
        if price is not None and price < 0:
            raise BusinessError("bad_price", _l("A price is not negative."), field="lines")
        line.counter_quantity, line.counter_price, line.counter_on = quantity, price, one.get("requested_on")
    revision = find(quote, quote.revision)
    revision.countered_at = quote.countered_at = work.now
    revision.counter_comment = (comment or "").strip()


def unknown_line():
    """The refusal of a line that is not in the published offer."""
    return BusinessError("unknown_line", _l("This line is not part of the offer."), field="lines")


def choose(quote, ids, work):
    """Mark which lines of the published offer the customer takes: all, or those named (at most one of alternatives).

    :param ids: ids of lines; None for the whole offer without its alternatives
    :raises BusinessError: 'unknown_line', 'two_alternatives', 'nothing_chosen'
    """
    found = lines(quote, quote.revision)
    wanted = {line.id for line in found if not line.alternative} if ids is None else set(ids)
    if wanted - {line.id for line in found}:
        raise unknown_line()
    if not wanted:
        raise BusinessError("nothing_chosen", _l("Choose at least one line."), field="lines")
    for group in groups(found):
        if len([line for line in group if line.id in wanted]) > 1:
            text = _l("Choose one of the alternatives of line %(line)s, not several.", line=group[0].position)
            raise BusinessError("two_alternatives", text, field="lines")
    for line in found:
        line.counts = line.id in wanted
    quote_discounts.sum_up(quote, found, quote, find(quote, quote.revision))


# --- what was published stays ------------------------------------------------------------------


@event.listens_for(Session, "before_flush")
def _refuse_sealed(session, *_args):
    for row in (*session.dirty, *session.deleted):
        if isinstance(row, QuoteLine | QuoteRevision) and _was_published(row) and _touched(session, row):
            documents.refuse_closed()


def _was_published(row):
    past = inspect(row).attrs.published.history
    return row.revision > 0 and (past.deleted[0] if past.deleted else row.published)


def _touched(session, row):
    if row in session.deleted:
        return True
    state = inspect(row)
    still = (ANSWERS if isinstance(row, QuoteLine) else REMARKS) | documents.ALWAYS
    changed = {one.key for one in state.mapper.column_attrs if state.attrs[one.key].history.has_changes()}
    return bool(changed - still)
