"""Lines of a quote in words: the product that what is no product of ours is ordered under (QUO-01, X-33)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core import scope, settings
from app.core.errors import BusinessError
from app.rules import products
from app.rules import quote_revisions as revisions
from app.rules.organisation import texts
from app.rules.quote_entry import FREE_TAX
from models.organisation import TaxCategory
from models.products import Product

OWN = "CUSTOM"  # SKU of the service that is made for it where the setting names none
NAMES = texts("Custom item", "قلم سفارشی", "Articol la cerere", "Позиция по запросу", "Özel kalem", "定制项目")
settings.setting(
    "QUOTE_FREE_TEXT_SKU", str, "",
    _l("SKU under which lines of a quote without a product are ordered; empty: CUSTOM, a service made for it"),
    ("portal", "branch", "system"),
)  # fmt: skip


def offerable(quote, work):
    """What is offered in words can be ordered once it is accepted; our team hears of it before the customer does."""
    found = revisions.working(quote)
    if not _in_words(revisions.lines(quote, found.revision)):
        return
    wanted, product = _wanted(quote, work) or OWN, _product(quote, work)
    archived = product is not None and not product.active
    if archived or (product.sku if product is not None else OWN).upper() != wanted.upper():
        raise _unusable(wanted)


def orderable(quote, work):
    """What was accepted in words has a product to be ordered under, or one is made."""
    if _in_words(_accepted(quote)):
        _product(quote, work)


def product_for(quote, work):
    """The product that what was accepted in words is ordered under; the house's own is made at first need.

    :returns: None where every accepted line names a product
    :raises BusinessError: 'no_product'
    """
    if not _in_words(_accepted(quote)):
        return None
    return _product(quote, work) or _own(work)


def _accepted(quote):
    return [line for line in quote.lines if line.counts]


def _in_words(lines):
    return any(line.product_id is None for line in lines)


def _wanted(quote, work):
    ids = {"portal": quote.customer.portal_id, "branch": quote.branch_id}
    return settings.get("QUOTE_FREE_TEXT_SKU", work, **ids).strip()


def _product(quote, work):
    """The setting's while it is on offer, else the house's own; None where that is still to be made.

    Only what is promised anew looks whether ours is archived: what was accepted already is ordered all the same.
    """
    wanted = _wanted(quote, work)
    named = products.find(wanted, work) if wanted else None
    if named is not None and named.active:
        return named
    own = products.find(OWN, work)
    if own is not None and not own.service:  # somebody's article: words would be sold from its stock
        raise _unusable(own.sku)
    return own


def _unusable(sku):
    text = _l("Lines in words cannot be ordered under %(sku)s. Name a service on offer for them in the settings.",
              sku=sku)  # fmt: skip
    return BusinessError("no_product", text, sku=sku)


def _own(work):
    with scope.lifted(work, "a customer who accepts may be the first who needs it"):
        # two conversions at once: the second waits for the first one's commit
        work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(OWN))))
        return products.find(OWN, work) or _make_own(work)


def _make_own(work):
    category = work.session.scalars(select(TaxCategory).where(TaxCategory.code == FREE_TAX)).one()
    made = Product(sku=OWN, names=dict(NAMES), service=True, everyone=False, tax_category=category)
    products.check(made, work)
    work.session.add(made)
    work.session.flush()
    return made
