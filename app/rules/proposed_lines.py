"""One line of a proposal: whether it can be what somebody proposes, and what it means beside what is agreed."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import pick
from app.rules import catalogue, entry, order_fields, order_lines, pricing, products, tax
from models.order_proposals import OrderProposalLine
from models.organisation import Unit

VALUES = ("quantity", "unit_price", "requested_on")
SUBSTITUTE = ("product_id", "new_sku", "new_name", "new_unit")
FIELDS = {"quantity": "line_quantity", "unit_price": "line_price", "requested_on": "requested_on",
          "product_id": "line_add", "refuse": "line_remove"}  # fmt: skip


def made(order, given, work, bases=None):
    """Lines of a new proposal from what somebody wrote; all of them, or none with the reason at each wrong one.

    :param given: [{"id": line of the order, ...}], see `order_proposals.propose`
    :param bases: {id of a line of the order: line of the other side's proposal that is countered}
    :raises BusinessError: 'lines_refused' with `lines`: [{"index", "line", "error", "message"}], the line by its id
    """
    known = {line.id: line for line in order.lines}
    goods = _Goods(order, [row["substitute"] for row in given if row.get("substitute")], work)
    found, refused, seen = [], [], set()
    for index, row in enumerate(given):
        try:
            if row["id"] not in known or row["id"] in seen:
                raise BusinessError("unknown_line", _l("This line is not part of the order any more."))
            seen.add(row["id"])
            found.append(_line(order, known[row["id"]], row, (bases or {}).get(row["id"]), goods, work))
        except BusinessError as error:
            refused.append({"index": index, "line": row["id"], "error": error.code, "message": str(error.message)})
    if refused:
        text = _l("Some lines were refused. Nothing has been saved yet.")
        raise BusinessError("lines_refused", text, lines=refused)
    check_allowed(order, found, work)
    return found


def countered(order, lines, said, work):
    """Lines of the counter-proposal: what is not said anew stays as the other side proposes it.

    :param said: {id of a line of the proposal: what somebody answers}
    """
    given = [{**said[line.id], "id": line.order_line_id} for line in lines]
    return made(order, given, work, {line.order_line_id: line for line in lines})


class _Goods:
    """The substitutes that are named, with what they cost; looked up once for all lines."""

    def __init__(self, order, skus, work):
        self.order, self.work = order, work
        self.known = products.find_all(skus, work) if skus else {}
        ids = [product.id for product in self.known.values()]
        self.offered = catalogue.offered_to(order.customer_id, ids, work) if ids else frozenset()

    def find(self, sku):
        """A product that the customer is offered.

        :raises BusinessError: 'unknown_product', 'not_offered', 'product_archived'
        """
        product, inside = self.known.get(sku.strip().upper()), self.work.actor.inside
        if product is None or (product.id not in self.offered and not inside):
            raise BusinessError("unknown_product", _l("There is no product %(sku)s.", sku=sku))
        if product.id not in self.offered:
            raise BusinessError("not_offered", _l("%(sku)s is not offered to this customer.", sku=product.sku))
        products.check_sellable(product)
        return product

    def price(self, product, quantity):
        """What it costs the customer by his price lists.

        :raises BusinessError: 'no_price', 'mixed_tax'
        """
        order = self.order
        asked = {product.id: quantity}
        found = pricing.quote([product.id], order.customer, order.currency_code, None, asked, self.work)[product.id]
        if isinstance(found, BusinessError):
            raise found
        if found.includes_tax != order.includes_tax:
            raise BusinessError("mixed_tax", _l("Prices with tax and prices without tax cannot stand in one order."))
        return found.unit_price


def _line(order, line, row, base, goods, work):
    found = OrderProposalLine(
        customer_id=order.customer_id, order_line_id=line.id, position=line.position, sku=line.sku, name=line.name,
        unit_code=line.unit_code, was_quantity=entry.agreed(line), was_price=line.unit_price,
        was_discount=line.discount_percent, was_on=line.requested_on, remark=row.get("remark") or "",
        new_sku="", new_name="", new_unit="", answer="", answer_remark="", refuse=bool(row.get("refuse")),
    )  # fmt: skip
    if not found.refuse:
        _terms(order, found, row, base)
        _substitute(order, line, found, row, base, goods)
        _check_figures(found, work)
        _drop_same(line, found)
    if not says_something(found):
        raise BusinessError("nothing_proposed", _l("This is what is agreed already. Propose something else."))
    if base is not None and _same(found, base):
        raise BusinessError("same_proposal", _l("This is what the other side proposes. Accept it instead."))
    return found


def _terms(order, found, row, base):
    for name in VALUES:
        value = row.get(name)
        setattr(found, name, getattr(base, name) if value is None and base is not None else value)


def _substitute(order, line, found, row, base, goods):
    """Another product for the line, at the price given with it or else that of the price lists."""
    if row.get("substitute"):
        product = goods.find(row["substitute"])
        if product.id == line.product_id:  # back to what is agreed, at its price
            found.unit_price = row.get("unit_price")
            return
        found.quantity = found.quantity or found.was_quantity or line.quantity_ordered
        if row.get("unit_price") is None:
            found.unit_price = goods.price(product, found.quantity)
        found.product_id, found.new_sku, found.new_unit = product.id, product.sku, product.unit_code
        found.new_name = pick(product.names, order.locale)[:300]
    elif base is not None and base.product_id is not None:
        for name in SUBSTITUTE:
            setattr(found, name, getattr(base, name))


def _check_figures(found, work):
    if found.quantity is not None:
        if found.quantity <= 0:
            raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."))
        products.check_digits(found.quantity, work.session.get(Unit, unit_of(found)), "quantity")
        if abs(found.quantity) >= Decimal(10) ** 12:
            raise BusinessError("bad_quantity", _l("This quantity is too large."))
    if found.unit_price is not None and found.unit_price < 0:
        raise BusinessError("bad_price", _l("A price is not negative."))
    if found.unit_price is not None and found.unit_price >= Decimal(10) ** 12:
        raise BusinessError("bad_price", _l("This price is too large."))


def unit_of(found):
    """The unit a proposed line is counted in: the substitute's, else the line's own."""
    return found.new_unit or found.unit_code


def _drop_same(line, found):
    """What equals the agreed is no proposal; a substitute says all of its terms."""
    if found.product_id is not None:
        return
    if found.quantity == found.was_quantity:
        found.quantity = None
    if found.unit_price == found.was_price and not found.was_discount:
        found.unit_price = None
    if found.requested_on == found.was_on:
        found.requested_on = None


def says_something(found):
    """Whether a line proposes anything at all."""
    return found.refuse or any(getattr(found, name) is not None for name in (*VALUES, "product_id"))


def _same(found, base):
    return all(getattr(found, name) == getattr(base, name) for name in (*VALUES, "product_id", "refuse"))


def check_allowed(order, lines, work):
    """Who of us agrees may change what is agreed on; a customer may propose anything and change nothing by himself.

    :raises BusinessError: 'not_changeable' with `lines`, as `made`
    """
    if not work.actor.inside:
        return
    allowed = order_fields.allowed(order, work) | order_fields.allowed(order, work, review=False)
    refused = []
    for index, line in enumerate(lines):
        lacking = sorted(_needs(line) - allowed)
        if lacking:
            message = order_lines.NO.get(lacking[0]) or _l("You cannot change this of the line any more.")
            refused.append({"index": index, "line": line.order_line_id, "error": "not_changeable",
                            "message": str(message)})  # fmt: skip
    if refused:
        text = _l("Some lines cannot be changed this way. Nothing has been saved yet.")
        raise BusinessError("not_changeable", text, lines=refused)


def _needs(line):
    """The fields of the matrix a proposed line changes; a price of nothing is a price."""
    said = {need for name, need in FIELDS.items() if name != "refuse" and getattr(line, name) is not None}
    return said | ({FIELDS["refuse"]} if line.refuse else set())


# --- before and after --------------------------------------------------------------------------


def terms(line, proposed):
    """What is agreed on a line, or what is proposed for it: quantity, price, discount, day; None for a line that goes.

    :param line: line of a proposal
    """
    if proposed and line.refuse:
        return None
    before = {"sku": line.sku, "name": line.name, "quantity": line.was_quantity, "unit_price": line.was_price,
              "discount_percent": line.was_discount, "requested_on": line.was_on}  # fmt: skip
    if not proposed:
        return before
    said = {name: getattr(line, name) for name in VALUES if getattr(line, name) is not None}
    if line.unit_price is not None:
        said["discount_percent"] = Decimal(0)
    if line.product_id is not None:
        said |= {"sku": line.new_sku, "name": line.new_name}
    return before | said


def worth(found, order):
    """What a line comes to by its terms, without further tax: net, or gross where the order's prices include tax."""
    return tax.net_tax_gross(
        found["unit_price"], found["quantity"], found["discount_percent"], Decimal(0), order.includes_tax,
        order.currency_code,
    ).net  # fmt: skip
