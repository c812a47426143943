"""Who hears about quotes; and the paper of each revision, kept as soon as it is published."""

from sqlalchemy import select

from app.core import facts
from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import buyer, handlers
from app.notices.reasons import reason
from app.rules import quote_revisions as revisions
from models.orders import DocumentLink, Order
from reports import issue

READ, TEAM = buyer("quote.read"), handlers("quote.publish")


def _values(quote):
    return {
        "number": quote.number or f"#{quote.id}",
        "reference": quote.reference,
        "customer": quote.customer.name,
        "total": Money(quote.total_gross, quote.currency_code) if quote.revision else None,
        "valid_until": quote.valid_until,
        "link": link("quotes", quote.id),
    }


@facts.on("quote.publish", "quote.agree")
def keep_paper(fact, quote, work):
    """Keep each offer as it was put before the customer, in his language (QUO-05), also one that was soon replaced."""
    for one in quote.revisions:
        if one.published and one.revision:
            issue.keep("quote", quote, revisions.AsPublished(quote, one.revision), work)


@notice("quote.submit", name="quote_received", to=READ, changes=True)
def quote_received(quote, work):
    """The request has arrived (QUO-02)."""
    return _values(quote) | {"lines": len(revisions.lines(quote, 0))}


@notice("quote.submit", name="quote_requested", to=handlers("quote.price"))
def quote_requested(quote, work):
    """A request waits for its prices (QUO-06)."""
    return _values(quote) | {"lines": len(revisions.lines(quote, 0)), "wished": quote.requested_on}


@notice("quote.price", name="quote_to_review", to=handlers("quote.review"))
def quote_to_review(quote, work):
    """Prices wait for a second pair of eyes, or for being published (QUO-08)."""
    found = revisions.working(quote)
    if found is None:
        return {}
    return _values(quote) | {"total": Money(found.total_gross, quote.currency_code), "valid_until": found.valid_until}


@notice("quote.publish", name="quote_published", to=READ, attach=("quote",))
def quote_published(quote, work):
    """What we offer until when; a revision replaces the offer before."""
    if quote.state != "offered":
        return {}
    found = revisions.find(quote, quote.revision)
    return _values(quote) | {"revision": quote.revision, "remark": found.remark}


@notice("quote.expiring", name="quote_expiring", to=READ)
def quote_expiring(quote, work):
    """The offer ends soon and has not been answered."""
    return _values(quote) if quote.state == "offered" else {}


@notice("quote.expire", name="quote_expired", to=READ, changes=True)
def quote_expired(quote, work):
    """The offer does not hold any more."""
    return _values(quote)


@notice("quote.cancel", name="quote_cancelled", to=READ, changes=True)
def quote_cancelled(quote, work):
    """There will be no offer, or it does not hold any more."""
    return _values(quote) | {"reason": reason("quote", quote, "cancel", work)}


@notice(("quote.accept", "quote.reject", "quote.counter"), name="quote_answered", to=TEAM)
def quote_answered(quote, work):
    """What the customer answered: yes, in part, no, or a counter-offer."""
    found = revisions.find(quote, quote.revision)
    part = [line for line in revisions.lines(quote, quote.revision) if not line.counts and not line.alternative]
    answer = "countered" if quote.countered_at is not None else quote.state
    said = found.counter_comment if answer == "countered" else ""
    if answer == "rejected":  # an offer before may have been declined, too
        said = reason("quote", quote, "reject", work)
    return _values(quote) | {"answer": answer, "part": bool(part), "said": said}


@notice("quote.agree", name="quote_agreed", to=READ, attach=("quote",))
def quote_agreed(quote, work):
    """We take what the customer proposed."""
    return _values(quote)


@notice("quote.convert", name="quote_ordered", to=READ, changes=True)
def quote_ordered(quote, work):
    """An order was made of the quote, and where it is."""
    made = work.session.scalars(
        select(Order)
        .join(DocumentLink, (DocumentLink.to_noun == "order") & (DocumentLink.to_id == Order.id))
        .where(DocumentLink.from_noun == "quote", DocumentLink.from_id == quote.id, DocumentLink.kind == "quoted")
        .order_by(Order.id.desc())
        .limit(1)
    ).first()
    if made is None:
        return {}
    return _values(quote) | {"order": made.number, "link": link("orders", made.id)}
