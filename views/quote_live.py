"""Quotes as they are typed and sent: what a line costs now, what all would come to, and the JSON that makes one."""

from types import SimpleNamespace

from sqlalchemy import select

from app.core.errors import BusinessError
from app.core.localized import pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import pricing, products, quote_discounts, quote_entry
from app.rules import quote_revisions as revisions
from models.quotes import Quote, QuoteLine, QuoteRevision
from views import quote_forms as forms
from views import quote_pages as pages
from views import wire
from views.cells import price as price_text


def working(rows):
    """{quote id: revision being worked out} of the quotes that were never published: one statement."""
    ids = [row.id for row in rows if not row.revision]
    if not ids:
        return {}
    asked = select(QuoteRevision).where(QuoteRevision.quote_id.in_(ids), QuoteRevision.revision == 1)
    return {one.quote_id: one for one in db.session.scalars(asked)}


def about(args, work):
    """The customer and currency a line is typed for."""
    wanted = args.get("quote", "")
    row = db.session.get(Quote, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
    if row is not None:
        return row.customer, row.currency_code
    customer = forms.customer({"customer": args.get("customer") or None})
    return customer, (args.get("currency") or customer.currency_code)[:3].upper()


def line(args, work):
    """What a line is and, for us, what it costs."""
    customer, currency = about(args, work)
    inside = work.actor.inside
    names = forms.OUR_LINE if inside else forms.LINE
    row = forms.line({name: args[name] for name in names if args.get(name) and name != "id"}, not inside)
    found = {"sku": row["sku"], "name": "", "unit": "", "unit_price": None, "amount": None, "available": None,
             "refused": None, "source": None, "given": {}}  # fmt: skip
    product = products.sellable(row["sku"], work) if row["sku"] else None
    if product is not None:
        found |= {"sku": product.sku, "name": pick(product.names, locale()),
                  "unit": pick(product.unit.symbols, locale())}  # fmt: skip
    return found | _costs(row, product, customer, currency, work) if inside else found


def _costs(row, product, customer, currency, work):
    """The price of the price list as a proposal, and what the line comes to."""
    price, found = row.get("unit_price"), {}
    if product is not None:
        listed = pricing.quote([product.id], customer, currency, None, {product.id: row["quantity"]}, work)[product.id]
        if not isinstance(listed, BusinessError):
            found["given"] = {"unit_price": wire.amount(listed.unit_price, currency)}
            price = listed.unit_price if price is None else price
    if price is None:
        return found
    head = SimpleNamespace(currency_code=currency)
    made = QuoteLine(unit_price=price, quantity=row["quantity"], tax_rate=0,
                     discount_percent=row.get("discount_percent") or 0)  # fmt: skip
    revisions.count(made, head, False)
    return found | {"unit_price": wire.amount(price, currency), "amount_text": pages.money(made.net, head),
                    "unit_price_text": price_text(price, currency, reader())}  # fmt: skip


def sketch(given, args, work):
    """A quote as it would be; it is never kept."""
    customer, currency = about({**args.to_dict(), **{k: v for k, v in given.items() if k in ("customer", "currency")}},
                                work)  # fmt: skip
    quote = Quote(customer_id=customer.id, branch_id=customer.branch_id, locale=customer.language, revision=0,
                  currency_code=currency)  # fmt: skip
    quote.customer = customer
    revision = revisions.begin(quote, 1, False, work)
    rows = [{name: value for name, value in row.items() if name != "id"} for row in forms.lines(given, False) or ()]
    quote_entry.set_lines(quote, revision, rows, work)
    for name, value in forms.discount(given).items():
        setattr(revision, name, value)
    found = revisions.lines(quote, 1)
    quote_discounts.check(quote, revision, found)
    quote_discounts.sum_up(revision, found, quote, revision)
    return quote, revision


def create(given, work):
    """A quote from JSON: a request of the customer himself, an offer of ours."""
    outside = not work.actor.inside
    head = forms.head(given, outside)
    customer = forms.customer(given)
    return quote_entry.create(work, customer, lines=forms.lines(given, outside) or (),
                              submit=forms.flag(given, "submit"), **head)  # fmt: skip


def update(row, given, work):
    """The same for one that exists: its customer stays."""
    outside = not work.actor.inside
    quote_entry.change(row, work, lines=forms.lines(given, outside), **forms.head(given, outside))
