"""Quotes: asked for, priced, reviewed and offered until they are answered or over (QUO-01 to QUO-09, X-34)."""

from datetime import timedelta
from itertools import islice

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import select

from app.core import facts, numbering, settings
from app.core.errors import BusinessError
from app.rules import (
    documents,
    quote_answers,  # noqa: F401  its steps belong to the same flow
    quote_discounts,
    quote_words,
)
from app.rules import quote_revisions as revisions
from app.rules.quote_flow import (
    FLOW,
    OPEN,
    DeclineForm,
    ReasonForm,
    customers_before_offer,
    has_lines,
    is_over,
    must_review,
    not_own,
    not_reviewed,
    not_revised,
    ours,
    ready,
    reviewed,
    sent,
)
from models.organisation import Branch
from models.quotes import Quote, QuoteLine

CHUNK = 200  # offers of one transaction
NEXT_STEPS = {  # (state, who looks): what comes next, in words
    ("draft", "inside"): _l("Give the prices, then publish the offer."),
    ("draft", "outside"): _l("Waiting for you: send the request."),
    ("requested", "inside"): _l("Give the prices and say how long they hold."),
    ("requested", "outside"): _l("We are working out your offer."),
    ("priced", "inside"): _l("Publish the offer."),
    ("priced", "outside"): _l("We are working out your offer."),
    ("offered", "inside"): _l("Waiting for the customer's answer."),
    ("offered", "outside"): _l("Waiting for you: accept the offer, decline it or make a counter-offer."),
    ("accepted", "inside"): _l("Convert the quote to an order."),
    ("accepted", "outside"): _l("Waiting for you: convert the quote to an order."),
    ("rejected", "inside"): _l("Open the quote again to make a better offer."),
    ("expired", "inside"): _l("Open the quote again to make a new offer."),
    ("expired", "outside"): _l("This offer is no longer valid. Copy it to ask again."),
}
settings.setting(
    "QUOTE_WARN_DAYS", int, 0, _l("Days before its end at which a customer is reminded of a quote; 0: never"),
    ("customer", "portal", "branch", "system"),
)  # fmt: skip


# --- asking and pricing ------------------------------------------------------------------------


@FLOW.transition(
    "submit", source={"draft"}, target="requested", icon="fa-paper-plane", style="primary",
    label=_l("Send the request"), told=_lp("history", "Requested"), ask=_l("Send the request to our team?"),
    ask_many=lambda many, count: ngettext(
        "Send %(count)s request to our team?",
        "Send %(count)s requests to our team?", many, count=count,
    ),
    guards=(has_lines,),
)  # fmt: skip
def submit(quote, work):
    """The customer asks for an offer: the request is numbered and stays as it is (QUO-02)."""
    if quote.origin != "customer":
        raise BusinessError("staff_quote", _l("This quote was begun by our team: give the prices instead."))
    number(quote, work)
    quote.submitted_at, quote.submitted_by = work.now, work.actor.user_id


def number(quote, work):
    """Take the quote's number, once."""
    zone = work.session.get(Branch, quote.branch_id).timezone
    quote.number = quote.number or numbering.take("quote", quote.branch_id, work, zone)
    work.session.flush()
    documents.number_links(quote, work)


@FLOW.transition(
    "take", source={"requested"}, target=None, icon="fa-hand-paper", label=_lp("quote", "Take over"),
    told=_lp("history", "Taken over"), guards=(ours,),
)  # fmt: skip
def take(quote, work):
    """Accept an incoming request: from now on one of us works it out (QUO-06)."""
    quote.handler_id = work.actor.user_id or quote.handler_id
    revisions.open_next(quote, work)


@FLOW.transition(
    "price", source={"draft", "requested"}, target="priced", icon="fa-tags", style="primary",
    label=_l("Finish pricing"), told=_lp("history", "Priced"), guards=(ours, sent, ready),
)  # fmt: skip
def price(quote, work):
    """The prices are complete: the offer may be reviewed and published."""
    number(quote, work)
    quote.handler_id = quote.handler_id or work.actor.user_id


@FLOW.transition(
    "review", source={"priced", "offered"}, target=None, icon="fa-check-double", style="primary",
    label=_l("Approve the prices"), told=_lp("history", "Reviewed"), guards=(ours, ready, not_own, not_reviewed),
)  # fmt: skip
def review(quote, work):
    """A second pair of eyes has seen the prices (QUO-08)."""
    found = revisions.working(quote)
    found.reviewed_at, found.reviewed_by = work.now, work.actor.user_id


@FLOW.transition(
    "rework", source={"priced"}, target="requested", icon="fa-rotate-left", label=_l("Send back"),
    told=_lp("history", "Sent back"), form=ReasonForm, guards=(ours,),
)  # fmt: skip
def rework(quote, work, reason):
    """The prices are not right yet; the reason is for us only."""
    found = revisions.working(quote)
    if found is not None:
        found.reviewed_at = found.reviewed_by = None


@FLOW.transition(
    "publish", source={"draft", "requested", "priced", "offered"}, target="offered", icon="fa-paper-plane",
    style="primary", label=_lp("quote", "Publish"), told=_lp("history", "Published"),
    ask=_l("Send the offer to the customer? It can no longer be changed then, only revised."),
    ask_many=lambda many, count: ngettext(
        "Send %(count)s offer to the customer? It can no longer be changed then, only revised.",
        "Send %(count)s offers to their customers? They can no longer be changed then, only revised.",
        many, count=count,
    ),
    guards=(ours, sent, ready, reviewed, quote_words.offerable),
)  # fmt: skip
def publish(quote, work):
    """Put the offer before the customer; it replaces the one before (QUO-05)."""
    number(quote, work)
    quote.handler_id = quote.handler_id or work.actor.user_id
    revisions.publish(quote, work)


# --- another try, and the end ------------------------------------------------------------------


@FLOW.transition(
    "revise", source={"offered"}, target=None, icon="fa-pen", label=_lp("quote", "Revise"),
    told=_lp("history", "Revision begun"), ask=_l("Work out another revision? The last offer stays valid meanwhile."),
    ask_many=lambda many, count: ngettext(
        "Work out another revision of %(count)s quote? The last offer stays valid meanwhile.",
        "Work out another revision of %(count)s quotes? The last offers stay valid meanwhile.", many, count=count,
    ),
    guards=(ours, not_revised),
)  # fmt: skip
def revise(quote, work):
    """Begin revision n+1 from the last one and what the customer proposes; the last one stays readable."""
    revisions.open_next(quote, work)


@FLOW.transition(
    "reopen", source={"rejected", "expired"}, target="requested", icon="fa-rotate", label=_lp("quote", "Open again"),
    told=_lp("history", "Opened again"), guards=(ours,),
)  # fmt: skip
def reopen(quote, work):
    """Work out another offer after the last one was declined or has expired."""
    revisions.open_next(quote, work)


@FLOW.transition(
    "expire", source={"offered"}, target="expired", icon="fa-clock", label=_lp("quote", "Expire"),
    told=_lp("history", "Expired"), guards=(ours, is_over),
)  # fmt: skip
def expire(quote, work):
    """The last day of its validity is over at the branch."""
    revisions.withdraw(quote, work)


@FLOW.transition(
    "cancel", source=set(OPEN), target="cancelled", icon="fa-ban", style="danger", label=_l("Cancel quote"),
    told=_lp("history", "Cancelled"), ask=_l("Cancel the quote?"), form=DeclineForm, as_house=True,
    ask_many=lambda many, count: ngettext(
        "Cancel %(count)s quote?",
        "Cancel %(count)s quotes?", many, count=count,
    ),
    guards=(customers_before_offer,),
)  # fmt: skip
def cancel(quote, work, reason=None):
    """The customer takes his request back, or we our offer; we say why."""
    if work.actor.kind == "staff" and not (reason or "").strip():
        raise BusinessError("reason_missing", _l("Give a reason."), field="reason")
    revisions.withdraw(quote, work)


@FLOW.transition(
    "copy", source=set(FLOW.states), target=None, icon="fa-copy", label=_l("Copy as new quote"),
    told=_lp("history", "Copied"), ask=_l("Begin a new quote with the same lines?"),
    ask_many=lambda many, count: ngettext(
        "Copy %(count)s quote as a new one with the same lines?",
        "Copy %(count)s quotes as new ones with the same lines?", many, count=count,
    ),
)  # fmt: skip
def copy(quote, work):
    """A new draft with the same lines: a customer's is a request without prices, ours an offer with them."""
    names = ("customer_id", "branch_id", "locale", "currency_code", "includes_tax", "reference", "delivery_method_id",
             "delivery_address_id", "remark")  # fmt: skip
    inside = work.actor.inside
    made = Quote(origin="staff" if inside else "customer", **{name: getattr(quote, name) for name in names})
    made.customer = quote.customer
    revision = revisions.begin(made, 1 if inside else 0, not inside, work)
    taken = quote.revision
    if inside:
        taken = max((one.revision for one in quote.revisions), default=taken)
        revision.priced_by = work.actor.user_id
        for name in ("includes_tax", *quote_discounts.GIVEN):
            setattr(revision, name, getattr(revisions.find(quote, taken), name))
    for line in revisions.lines(quote, taken):
        if not inside and line.alternative:
            continue
        made.all_lines.append(_again(line, made, revision, inside))
    quote_discounts.sum_up(revision, made.all_lines, made, revision)
    work.session.add(made)
    documents.link(quote, made, "copied", work)
    return made


def _again(line, made, revision, inside):
    values = {name: getattr(line, name) for name in revisions.KEPT}
    if not inside:
        values |= {"unit_price": None, "list_price": None, "discount_percent": 0, "internal_cost": None}
    again = QuoteLine(**values, revision=revision.revision, published=revision.published,
                      counts=not line.alternative)  # fmt: skip
    revisions.count(again, made, revision.includes_tax)
    return again


# --- jobs --------------------------------------------------------------------------------------


def overdue(work, limit=CHUNK):
    """Ids of offers whose last day is over at their branch, the oldest first."""
    return [row.id for row in _first(lambda row: row.valid_until < revisions.today(row, work), 0, limit, work)]


def run_out(work, limit=CHUNK):
    """Let one portion of the offers expire whose last day is over.

    :returns: how many expired
    """
    return len(FLOW.run("expire", overdue(work, limit)).done)


def warn(work, limit=CHUNK):
    """Remind customers of offers that end soon, once for each last day; off unless a setting says how early.

    :returns: ids of one portion of these offers
    """
    horizon = settings.most("QUOTE_WARN_DAYS", work)
    told = _first(lambda row: _near(row, work), horizon, limit, work) if horizon > 0 else []
    for row in told:
        row.warned_on = row.valid_until
        facts.publish(work, "quote.expiring", "quote", row)
    return [row.id for row in told]


def _near(quote, work):
    if quote.warned_on == quote.valid_until:
        return False
    ids = {"customer": quote.customer_id, "portal": quote.customer.portal_id, "branch": quote.branch_id}
    days = settings.get("QUOTE_WARN_DAYS", work, **ids)
    return days > 0 and 0 <= (quote.valid_until - revisions.today(quote, work)).days <= days


def _first(wanted, days, limit, work):
    """The first offers for which `wanted` holds, of those that end within some days; nobody else has them in hand."""
    last = (work.now + timedelta(days=days + 1)).date()  # a day more, for branches ahead of UTC
    asked = select(Quote).where(Quote.state == "offered", Quote.valid_until <= last)
    asked = asked.order_by(Quote.valid_until, Quote.id).with_for_update(of=Quote, skip_locked=True)
    found = work.session.scalars(asked, execution_options={"yield_per": limit})  # no more are read than are wanted
    rows = list(islice(filter(wanted, found), limit))
    found.close()
    return rows


def next_step(quote, work):
    """What comes next, in words, for whoever looks."""
    inside = work.actor.inside
    if quote.state == "offered" and quote.countered_at is not None:
        if inside:
            return _l("Waiting for us: answer the counter-offer.")
        return _l("We are looking at your counter-offer. Our last offer stays valid meanwhile.")
    if inside and quote.state in ("priced", "offered"):
        found = revisions.working(quote)
        if found is not None and found.reviewed_at is None and must_review(quote, work):
            return _l("Somebody else reviews the prices.")
        if found is not None:
            return NEXT_STEPS["priced", "inside"]
    if quote.state == "accepted" and quote.converted_at is not None:
        return None
    return NEXT_STEPS.get((quote.state, "inside" if inside else "outside"))
