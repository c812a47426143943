"""Entering a quote: a customer's request, or our offer; a refused row keeps all others (QUO-01)."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import scope
from app.core.errors import BusinessError
from app.core.localized import pick
from app.rules import customer_branches, customers, documents, pricing, products, quote_discounts, tax
from app.rules import quote_revisions as revisions
from app.rules.quote_flow import FLOW
from models.customers import Address
from models.organisation import TaxCategory
from models.products import Product
from models.quotes import Quote, QuoteLine

LINES_AT_MOST = 500
HEAD = ("reference", "requested_on", "delivery_method_id", "delivery_address_id", "remark", "internal_remark")
OFFER = ("valid_until", *quote_discounts.GIVEN)  # what belongs to the revision that is being worked out
FREE_TAX = "standard"  # tax category of what is no product of ours


def create(work, customer, *, lines=(), submit=False, address=None, offer_remark=None, **head):
    """A draft: of a customer his request, of ours an offer; submitted or priced at once when asked.

    :param lines: see `set_lines`
    :param address: values of a new delivery address of the customer
    :param offer_remark: what we tell the customer with our offer
    :param head: see HEAD and OFFER, and currency_code
    :raises BusinessError: 'lines_refused' with `lines`, 'two_discounts', 'bad_discount', and what submitting refuses
    """
    inside = work.actor.inside
    quote = Quote(
        customer_id=customer.id, branch_id=customer_branches.of(customer, work), locale=customer.language, remark="",
        origin="staff" if inside else "customer", revision=0, reference="", internal_remark="",
        currency_code=head.pop("currency_code", None) or customer.currency_code,
    )  # fmt: skip
    quote.customer = customer
    with work.session.no_autoflush:
        revision = revisions.begin(quote, 1 if inside else 0, not inside, work)
        _write(quote, revision, work, lines, address, offer_remark, head)
    work.session.add(quote)
    work.session.flush()
    if submit:
        FLOW.run_one("price" if inside else "submit", quote)
    return quote


def change(quote, work, *, lines=None, address=None, offer_remark=None, **head):
    """Change what is still open: a customer his draft, we the revision that is being worked out.

    :raises Conflict: 'frozen' once it is sent or answered
    """
    check_open(quote, work)
    head.pop("currency_code", None)
    if work.actor.inside and quote.origin == "customer" and quote.state == "draft":
        documents.refuse_closed()
    revision = revisions.open_next(quote, work) if work.actor.inside else revisions.find(quote, 0)
    with work.session.no_autoflush:
        _write(quote, revision, work, lines, address, offer_remark, head)
    quote.updated_at = work.now  # whoever looked at the quote before, looked at its lines too
    work.session.flush()


def check_open(quote, work):
    """Refuse changes of what has left the house, or the customer's hands.

    :raises Conflict: 'frozen'
    """
    if work.actor.inside:
        mine = quote.state in ("requested", "priced") or (quote.state == "draft" and quote.origin == "staff")
        if not (mine or (quote.state == "offered" and revisions.working(quote) is not None)):
            documents.refuse_closed()
    elif quote.state != "draft" or quote.origin != "customer":
        documents.refuse_closed()


def _write(quote, revision, work, lines, address, offer_remark, head):
    country = _country(quote, work)
    for name, value in head.items():
        if name in HEAD:
            setattr(quote, name, value)
        elif name in OFFER and work.actor.inside and value is not None:  # there is always a last day
            setattr(revision, name, value)
    if offer_remark is not None and work.actor.inside:
        revision.remark = offer_remark
    _deliver_to(quote, address, work)
    if lines is not None:
        set_lines(quote, revision, list(lines), work)
    elif _country(quote, work) != country:
        _tax_anew(quote, revision, work)
    if revision.revision:
        found = revisions.lines(quote, revision.revision)
        quote_discounts.check(quote, revision, found)
        quote_discounts.sum_up(revision, found, quote, revision)
        revision.priced_by, revision.reviewed_at, revision.reviewed_by = work.actor.user_id, None, None


def _deliver_to(quote, address, work):
    """Where the goods shall go: an address of the customer's book, or a new one that is entered there."""
    if address is not None:
        made = Address(customer_id=quote.customer_id, billing=False, **address)
        customers.check_address(made, work)
        work.session.add(made)
        work.session.flush()
        quote.delivery_address_id = made.id
    elif quote.delivery_address_id is not None:
        found = work.session.get(Address, quote.delivery_address_id)
        if found is None or found.customer_id != quote.customer_id:
            raise BusinessError("bad_reference", _l("There is no such address."), field="delivery_address")


def _country(quote, work):
    """The country an offer is delivered to, which decides its tax."""
    address = work.session.get(Address, quote.delivery_address_id) if quote.delivery_address_id else None
    return address.country_code if address is not None else quote.customer.country_code


def _rates(quote, categories, work):
    day = pricing.local_day(work, quote.customer.branch)
    return tax.rate_for(categories, _country(quote, work), day, work, quote.branch_id)


def _free(work):
    return work.session.scalars(select(TaxCategory.id).where(TaxCategory.code == FREE_TAX)).one()


def _tax_anew(quote, revision, work):
    """What goes to another country than before carries its taxes; the prices stay."""
    found = revisions.lines(quote, revision.revision)
    wanted = select(Product.id, Product.tax_category_id).where(Product.id.in_([line.product_id for line in found]))
    with scope.lifted(work, "what stands in the quote may be offered to nobody by now"):
        categories = dict(work.session.execute(wanted).all()) | {None: _free(work)}
    rates = _rates(quote, set(categories.values()), work)
    for line in found:
        line.tax_rate = rates[categories[line.product_id]]
        revisions.count(line, quote, revision.includes_tax)


# --- lines -------------------------------------------------------------------------------------


def set_lines(quote, revision, wanted, work):
    """Make the lines of a revision be those wanted.

    :param wanted: [{"sku"? or "name", "quantity", "requested_on"?, "id"?}], of ours also unit_price,
        discount_percent, alternative (to the line above), internal_cost; without a price the price list's holds
    :raises BusinessError: 'lines_refused' with `lines`: [{"index", "error", "message"}]
    """
    if len(wanted) > LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("A quote has at most %(count)s lines.", count=LINES_AT_MOST))
    goods = _Goods(quote, revision, wanted, work)
    known = {line.id: line for line in revisions.lines(quote, revision.revision) if line.id is not None}
    refused, rows = [], []
    for index, row in enumerate(wanted):
        try:
            rows.append(_checked(row, goods, known, index))
        except BusinessError as error:
            refused.append({"index": index, "error": error.code, "message": str(error.message)})
    if refused:
        text = _l("Some lines were refused. Nothing has been saved yet.")
        raise BusinessError("lines_refused", text, lines=refused)
    revision.includes_tax = goods.includes_tax()
    kept = [_filled(quote, revision, at, goods, *row) for at, row in enumerate(rows, 1)]
    others = [line for line in quote.all_lines if line.revision != revision.revision]
    quote.all_lines[:] = [*others, *kept]
    quote_discounts.sum_up(revision, kept, quote, revision)


class _Goods:
    """What is known about the products of all lines: asked for once."""

    def __init__(self, quote, revision, wanted, work):
        self.inside, self.revision = work.actor.inside, revision
        skus = [row["sku"] for row in wanted if row.get("sku")]
        self.found = products.find_all(skus, work, load=(Product.unit, Product.tax_category)) if skus else {}
        self.prices = self._prices(quote, wanted, work)
        self.free = _free(work)
        self.rates = _rates(quote, {one.tax_category_id for one in self.found.values()} | {self.free}, work)

    def _prices(self, quote, wanted, work):
        if not self.inside or not self.found:
            return {}
        sums = {}
        for row in wanted:
            product = self.product(row)
            if product is not None:
                sums[product.id] = sums.get(product.id, Decimal(0)) + row["quantity"]
        found = pricing.quote(list(sums), quote.customer, quote.currency_code, None, sums, work)
        return {key: price for key, price in found.items() if not isinstance(price, BusinessError)}

    def product(self, row):
        return self.found.get((row.get("sku") or "").strip().upper())

    def rate(self, product):
        return self.rates[product.tax_category_id if product is not None else self.free]

    def includes_tax(self):
        """Whether prices are gross: as the price lists say that were used, all in one way.

        :raises BusinessError: 'mixed_tax'
        """
        found = {price.includes_tax for price in self.prices.values()}
        if len(found) > 1:
            text = _l("Prices with tax and prices without tax cannot stand in one quote.")
            raise BusinessError("mixed_tax", text)
        return found.pop() if found else bool(self.revision.includes_tax)


def _checked(row, goods, known, index):
    product = goods.product(row)
    sku, name = (row.get("sku") or "").strip(), (row.get("name") or "").strip()
    if sku and product is None:
        raise BusinessError("unknown_product", _l("There is no product %(sku)s.", sku=sku))
    if product is None and not name:
        raise BusinessError("nothing_named", _l("Enter an SKU, or say in words what you need."))
    line = known.get(row.get("id"))
    if row.get("id") and line is None:
        raise BusinessError("unknown_line", _l("This line is not part of the quote any more."))
    if product is not None and (line is None or line.product_id != product.id):
        products.check_sellable(product)
    if row["quantity"] <= 0:
        raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."))
    if product is not None:
        products.check_digits(row["quantity"], product.unit, "quantity")
    if goods.inside:
        _check_offer(row, index)
    return line, product, row


def _check_offer(row, index):
    for name in ("unit_price", "internal_cost"):
        if row.get(name) is not None and row[name] < 0:
            raise BusinessError("bad_price", _l("A price is not negative."))
    discount = row.get("discount_percent")
    if discount is not None and not 0 <= discount <= 100:
        raise BusinessError("bad_discount", _l("A discount is between 0 and 100 per cent."))
    if row.get("alternative") and index == 0:
        raise BusinessError("no_main_line", _l("The first line cannot be an alternative: nothing stands above it."))


def _filled(quote, revision, position, goods, line, product, row):
    line = line or QuoteLine(customer_id=quote.customer_id, revision=revision.revision, published=revision.published)
    listed = goods.prices.get(product.id) if product is not None else None
    line.position = position
    line.product_id, line.sku = (product.id, product.sku) if product is not None else (None, "")
    line.name = ((row.get("name") or "").strip() or pick(product.names, quote.locale))[:300]
    line.unit_code = product.unit_code if product is not None else "C62"
    line.tax_rate = goods.rate(product)
    line.quantity, line.requested_on = row["quantity"], row.get("requested_on")
    line.alternative = bool(goods.inside and row.get("alternative"))
    line.counts = not line.alternative
    line.list_price = line.unit_price = line.internal_cost = None
    line.discount_percent = Decimal(0)
    if goods.inside:
        line.list_price = listed.list_price if listed is not None else None
        own = row.get("unit_price")
        line.unit_price = own if own is not None else (listed.unit_price if listed is not None else None)
        line.discount_percent = row.get("discount_percent") or Decimal(0)
        line.internal_cost = row.get("internal_cost")
    revisions.count(line, quote, revision.includes_tax)
    return line


def seed(quote):
    """The lines with which the form of a quote begins: what is being worked out, else what it follows from."""
    found = revisions.working(quote)
    number = found.revision if found is not None else quote.revision
    return revisions.lines(quote, number), found is not None or quote.state == "draft"
