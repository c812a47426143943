"""What the page of a quote shows beside its facts: the offer, what is being worked out, every revision, the answer."""

from decimal import Decimal
from types import SimpleNamespace

from babel.lists import format_list
from flask import g, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p
from sqlalchemy import select

from app.core.errors import BusinessError
from app.core.localized import format_date, format_datetime, format_money, format_number, format_percent
from app.core.money import Money
from app.core.readable import parse_date, parse_decimal
from app.extensions import db
from app.reading import reader
from app.rules import quote_discounts, quote_flow
from app.rules import quote_revisions as revisions
from models.documents import IssuedDocument
from models.quotes import QuoteLine
from views.cells import kind_of, show, unit
from views.labels import label
from views.sections import button, line, table

COLUMNS = ("position", "sku", "name", "note", "quantity", "requested_on", "internal_cost", "unit_price",
           "discount_percent", "net", "gross")  # fmt: skip
ASKED = ("position", "sku", "name", "quantity", "requested_on")  # of a request: nothing has a price yet
FILLED = ("sku", "note", "requested_on", "internal_cost", "discount_percent")  # shown where filled in
TITLES = {"requested_on": _l("Delivery date"), "note": _l("Note")}


def money(value, quote):
    """An amount in the quote's currency."""
    return format_money(Money(value, quote.currency_code), reader())


def title(number):
    """What a revision is called."""
    return _("Request") if number == 0 else _("Offer, revision %(number)s", number=number)


def offer(quote, revision, heading=None, inside=False):
    """The lines of one revision as a table with its totals."""
    found = revisions.lines(quote, revision.revision)
    names = [name for name in (COLUMNS if revision.revision else ASKED) if inside or name != "internal_cost"]
    rows = [{name: _cell(row, name, quote, revision) for name in names} for row in found]
    names = [name for name in names if name not in FILLED or any(row[name] for row in rows)]
    return SimpleNamespace(
        title=heading or title(revision.revision), columns=[_column(name) for name in names], more_url=None,
        rows=[[row[name] for name in names] for row in rows], totals=_totals(quote, revision, found, inside),
    )  # fmt: skip


def _column(name):
    kind = kind_of(QuoteLine, name)
    title_ = str(TITLES.get(name) or label(name))
    return SimpleNamespace(name=name, label=title_, kind="text" if kind == "wide" else kind)


def _cell(row, name, quote, revision=None):
    """One value of a line; quantities with their unit, what it costs us as an amount."""
    if name == "note":
        return " · ".join(_notes(row, quote, revision)) if revision is not None else None
    if name == "quantity":
        return f"{show(row, name, reader())} {unit(row.unit_code, reader())}"
    if name == "internal_cost":
        return None if row.internal_cost is None else money(row.internal_cost, quote)
    if name == "discount_percent" and not row.discount_percent:
        return None
    return show(row, name, reader(), None, quote.currency_code)


def _notes(row, quote, revision):
    """What a line is beside the others, and what the customer proposed for it instead."""
    if quote.state == "accepted" and revision.revision == quote.revision:
        yield _p("quote line", "Accepted") if row.counts else _p("quote line", "Not accepted")
    elif row.alternative:
        yield _("Alternative")
    proposed = []
    if row.counter_quantity is not None:
        proposed.append(f"{format_number(row.counter_quantity, reader())} {unit(row.unit_code, reader())}")
    if row.counter_price is not None:
        proposed.append(money(row.counter_price, quote))
    if row.counter_on is not None:
        proposed.append(format_date(row.counter_on, "short", reader()))
    if proposed:
        yield _("Proposed: %(values)s", values=format_list(proposed, locale=reader().locale))


def _totals(quote, revision, found, inside):
    if revision.revision == 0:
        return []
    whole = quote if revision.revision == quote.revision else revision
    pairs = totals(quote, revision, found, whole)
    cost = revisions.costs(found, quote.currency_code) if inside else None
    if cost is not None:
        earned = Money(whole.total_net, quote.currency_code) - cost
        pairs.insert(0, (_("Our cost"), format_money(cost, reader())))
        share = format_percent(_share(earned.amount, whole.total_net), reader()) if whole.total_net else ""
        pairs.insert(1, (_("Margin"), f"{format_money(earned, reader())} {share}".strip()))
    return pairs


def totals(quote, revision, found, whole):
    """What the lines come to, what is taken off the whole, and what is left: [(label, amount)].

    :param whole: whose totals they are, the revision's or those of what was accepted
    """
    parts = ("total_net", "total_tax", "total_gross")
    pairs = [(label(part), money(getattr(whole, part), quote)) for part in parts]
    if not whole.total_discount:
        return pairs
    before = quote_discounts.spread(quote, revision, found).before
    off = -Money(whole.total_discount, quote.currency_code)
    return [(_("Sum of the lines"), format_money(before, reader())), (_off(revision), format_money(off, reader())),
            *pairs]  # fmt: skip


def _off(revision):
    if revision.discount_percent:
        return _("Discount on the whole, %(percent)s", percent=format_percent(revision.discount_percent, reader()))
    return _("Discount on the whole")


def _share(part, whole):
    """How many per cent of the whole, to a tenth."""
    return (part * 100 / whole).quantize(Decimal("0.1"))


def tables(quote, outside):
    """The tables at the head of a quote's page: what is offered, and for us what is being worked out."""
    found = []
    working = None if outside else revisions.working(quote)
    if working is not None:
        heading = _("Being worked out: revision %(number)s", number=working.revision)
        found.append(offer(quote, working, heading, inside=True))
    current = revisions.find(quote, quote.revision)
    if current is not None:
        found.append(offer(quote, current, inside=not outside))
    return found


def history(quote, view):
    """Every revision that was put before the customer: what was offered when, and what he answered it with."""
    known = [one for one in quote.revisions if one.published]
    if len(known) < 2:
        return None
    papers, rows = _papers(quote), []
    for one in reversed(known):
        at = one.published_at or quote.submitted_at
        rows.append(
            line(
                title(one.revision), format_datetime(at, reader()) if at else "",
                format_date(one.valid_until, "short", reader()) if one.valid_until else "",
                money(one.total_gross, quote) if one.revision else "",
                _("Counter-offer") if one.countered_at else "",
                url=view.url("revision", pk=quote.id, number=one.revision),
                buttons=(papers.get(str(one.revision)),),
            )
        )  # fmt: skip
    heads = [_("Revision"), (_("Date"), "date"), (label("valid_until"), "date"), (label("total_gross"), "num"),
             _("Answer")]  # fmt: skip
    return table("revisions", _("Revisions"), heads, rows)


def _papers(quote):
    """{edition: button} of the papers that were kept of a quote in its own language."""
    if not g.work.actor.may("document.read"):
        return {}
    wanted = select(IssuedDocument.edition, IssuedDocument.id).filter_by(
        noun="quote", record_id=quote.id, report="quote", format="pdf", locale=quote.locale
    )
    found = db.session.execute(wanted).all()
    return {edition: button(_("PDF as it was sent"), f"/documents/fetch/{pk}", "fa-file-pdf") for edition, pk in found}


def facts_of(quote, revision):
    """What is to be known about one revision."""
    named = {"published_at": label("published_at"), "valid_until": label("valid_until"),
             "remark": _("Remark on the offer"), "countered_at": _("Counter-offer made at"),
             "counter_comment": _("What the customer says")}  # fmt: skip
    pairs = [(title_, show(revision, name, reader())) for name, title_ in named.items()]
    items = [(name, value, "text") for name, value in pairs if value]
    return [{"title": None, "items": items}] if items else []


# --- the answer, line by line ------------------------------------------------------------------


def answer_page(view, quote, given=None, errors=()):
    """The published offer with what the customer may answer to each line."""
    given = given or {}
    taken = given.getlist("take") if hasattr(given, "getlist") else None
    rows = []
    for one in quote.lines:
        cells = {name: _cell(one, name, quote) for name in COLUMNS}
        rows.append(SimpleNamespace(
            id=one.id, cells=SimpleNamespace(**cells), alternative=one.alternative,
            taken=str(one.id) in taken if taken is not None else not one.alternative,
            quantity=given.get(f"quantity-{one.id}", ""), price=given.get(f"price-{one.id}", ""),
            day=given.get(f"day-{one.id}", ""),
        ))  # fmt: skip
    house = SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list")), (str(quote), view.url("show", pk=quote.id))],
        lead=_valid(quote), rows=rows, errors=errors, comment=given.get("comment", ""), version=quote.version,
        action=view.url("answer", pk=quote.id), cancel_url=view.url("show", pk=quote.id),
        may_accept=view.may("accept"), may_counter=view.may("counter"), total=money(quote.total_gross, quote),
    )  # fmt: skip
    page = render_template("house/quote_answer.html", title=_("Answer the offer"), house=house,
                           appbuilder=view.appbuilder, base_template=view.appbuilder.base_template)  # fmt: skip
    return page, 422 if errors else 200


def _valid(quote):
    if quote.valid_until is None:
        return None
    return _("This offer is valid until %(day)s.", day=format_date(quote.valid_until, "long", reader()))


def answered(given, quote):
    """The step and its data that somebody has chosen on the page of the answer.

    :raises BusinessError: a figure or day that cannot be read, naming its line
    """
    if given.get("do") == "accept":
        return "accept", {"lines": [int(one) for one in given.getlist("take") if one.isdecimal() and len(one) < 19]}
    proposals = []
    for one in quote.lines:
        read = {"quantity": _read(given, "quantity", one, parse_decimal),
                "unit_price": _read(given, "price", one, parse_decimal),
                "requested_on": _read(given, "day", one, parse_date)}  # fmt: skip
        if any(value is not None for value in read.values()):
            proposals.append({"id": one.id, **{name: value for name, value in read.items() if value is not None}})
    return "counter", {"comment": given.get("comment", "")[:2000], "lines": proposals}


def _read(given, name, one, parse):
    text = given.get(f"{name}-{one.id}", "").strip()
    if not text:
        return None
    try:
        return parse(text, reader())
    except ValueError as error:
        said = _("Line %(line)s: %(reason)s", line=one.position, reason=str(error))
        raise BusinessError("bad_data", said) from None


def answer_link(view, quote):
    """The way to the answer, while the offer can be answered."""
    if quote.state != "offered" or not (view.may("accept") or view.may("counter")):
        return None
    try:
        quote_flow.still_valid(quote, g.work)
    except BusinessError:
        return None
    return button(_("Answer line by line"), view.url("answer", pk=quote.id), "fa-list-check")
