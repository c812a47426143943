"""Carts: filled from the catalogue, kept as long as somebody likes, ordered or put into an order that exists (CRT-01).

`put`, `add` and `change` keep what can be kept and give back what they refused, row by row.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import and_, func, or_, select
from wtforms import BooleanField, Form, IntegerField, StringField
from wtforms.validators import Length, Optional

from app.core import scope, settings
from app.core.errors import BusinessError, Conflict, Forbidden
from app.core.flow import Flow
from app.core.localized import pick
from app.core.money import check_size
from app.core.needed import Needed
from app.rules import cart_orders, cart_terms, customer_branches, entry, pricing, products
from models.carts import Cart, CartLine
from models.organisation import Currency
from models.products import Product

FLOW = Flow(
    Cart, "cart", states={"active": _lp("cart", "Active"), "saved": _lp("cart", "Saved for later")},
    settable=False,
)
BOTH = frozenset(FLOW.states)
settings.setting(
    "CART_DAYS", int, 90, _l("Days after which an active cart that nobody touched is removed; 0: never")
)
settings.setting(
    "SAVED_CART_DAYS", int, 0, _l("Days after which a saved cart that nobody touched is removed; 0: never")
)


class OrderForm(Form):
    """What becomes of the cart's content, and of the cart."""

    into = IntegerField(_l("Put into order"), [Optional()])
    keep = BooleanField(_l("Keep this cart as a template"))
    total = StringField(_l("Total"), [Optional(), Length(max=40)])
    number = StringField(_l("Order number"), [Optional(), Length(max=40)])


class MergeForm(Form):
    """Which cart is taken in."""

    other = IntegerField(_l("Cart"), [Needed(_l("Choose a cart."))])


@scope.narrow(Cart)
def own(actor):
    """A customer's people find their own carts only: what a colleague thinks of buying is his affair."""
    return Cart.owner_id == (actor.user_id or 0)


@scope.narrow(CartLine)
def own_lines(actor):
    """The lines of one's own carts."""
    return CartLine.cart_id.in_(select(Cart.id).where(own(actor)))


# --- which carts there are ---------------------------------------------------------------------


def begin(work, *, customer=None, name="", currency=None, lines=()):
    """Begin a cart for a customer; it becomes the active one and the one before is saved.

    :param customer: id; an external actor of one customer leaves it out
    :param lines: see `add`; nothing is kept when one of them is refused
    :returns: the cart
    :raises BusinessError: 'customer_missing', 'bad_reference', 'lines_refused'
    """
    who = entry.customer_of(customer, work)
    code = (currency or who.currency_code).upper()
    if work.session.get(Currency, code) is None:
        raise BusinessError("bad_reference", _l("There is no such currency."), field="currency")
    if work.actor.user_id is None:
        raise Forbidden("not_permitted", _l("A cart belongs to a person."))
    _put_aside(who.id, work.actor.user_id, work)
    cart = Cart(customer_id=who.id, branch_id=customer_branches.of(who, work), owner_id=work.actor.user_id,
                currency_code=code, name=(name or "").strip()[:80])  # fmt: skip
    cart.customer = who
    work.session.add(cart)
    work.session.flush()
    refused = add(cart, lines, work) if lines else []
    if refused:
        raise _refused(refused)
    return cart


def _put_aside(customer_id, owner_id, work, but=None):
    """Save whichever cart is active, before another one is."""
    wanted = select(Cart).where(Cart.customer_id == customer_id, Cart.owner_id == owner_id, Cart.state == "active",
                                Cart.id != (but or 0)).with_for_update()  # fmt: skip
    for row in work.session.scalars(wanted):
        FLOW.move(row, "saved")
    work.session.flush()


def active(work, customer=None):
    """The actor's active cart for a customer, the newest of any customer where none is named; None where none is."""
    wanted = select(Cart).where(Cart.owner_id == (work.actor.user_id or 0), Cart.state == "active")
    if customer is not None:
        wanted = wanted.where(Cart.customer_id == customer)
    return work.session.scalars(wanted.order_by(Cart.updated_at.desc(), Cart.id.desc()).limit(1)).first()


def counting(actor):
    """The statement that counts the products in the actor's active carts."""
    mine = select(Cart.id).where(Cart.owner_id == actor.user_id, Cart.state == "active")
    return select(func.count(CartLine.id)).where(CartLine.cart_id.in_(mine))


def others(cart, work):
    """Carts of the same person, customer and currency that can be taken in."""
    wanted = select(Cart).where(Cart.customer_id == cart.customer_id, Cart.owner_id == cart.owner_id,
                                Cart.currency_code == cart.currency_code, Cart.id != cart.id)  # fmt: skip
    return list(work.session.scalars(wanted.order_by(Cart.id.desc()).limit(50)))


# --- what is in them ---------------------------------------------------------------------------


def add(cart, rows, work):
    """Add products to a cart; what is in it already adds up (CRT-01).

    :param rows: [{"sku", "quantity", "remark"?}]
    :returns: what was refused: [{"index", "error", "message"}]; all others are in the cart
    """
    return _write(cart, rows, work, adding=True)


def put(cart, rows, work):
    """Make a cart's content be the rows given; a row that is refused stays as it was in the cart.

    :returns: as `add`
    """
    refused = _write(cart, rows, work)
    kept = {row["sku"].strip().upper() for row in rows}
    cart.lines[:] = [line for line in cart.lines if kept & {line.sku.upper(), _sku(line).upper()}]
    work.session.flush()
    return refused


def change(cart, rows, work):
    """Change quantities and remarks of lines; a quantity of zero takes a line out (CRT-02).

    :param rows: [{"sku", "quantity", "remark"?}] or with "id" of the line instead of "sku"
    :returns: as `add`
    """
    known = {line.id: line for line in cart.lines}
    gone, rest, refused = [], [], []
    for index, row in enumerate(rows):
        line = known.get(row.get("id"))
        if "id" in row and line is None:
            text = _l("This product is not in the cart any more.")
            refused.append({"index": index, "error": "unknown_line", "message": str(text)})
            continue
        sku = (_sku(line) if line is not None else row["sku"]).strip().upper()
        if row["quantity"] == 0:
            gone.append(sku)
        else:
            rest.append((index, {**row, "sku": sku}))
    found = _write(cart, [row for _index, row in rest], work) if rest else []
    if gone:
        cart.lines[:] = [line for line in cart.lines if _sku(line).upper() not in gone]
        _touch(cart, work)
    return refused + [{**one, "index": rest[one["index"]][0]} for one in found]


def _sku(line):
    """The item code of a line: today's, where the product can still be found."""
    return line.product.sku if line.product is not None else line.sku


def _write(cart, rows, work, adding=False):
    locked = select(Cart.id).where(Cart.id == cart.id).with_for_update()
    work.session.execute(locked)  # two windows that add the same product at once
    work.session.expire(cart, ["lines"])
    found = products.find_all([row["sku"] for row in rows], work, load=(Product.unit,))
    held = {line.product_id: line for line in cart.lines}
    sums, refused = {}, []
    for index, row in enumerate(rows):
        try:
            product = _sellable(row, found)
            line = held.get(product.id)
            before = sums[product.id][3] if product.id in sums else line.quantity if adding and line is not None else 0
            quantity = row["quantity"] + before
            sums[product.id] = (index, row, product, _checked(quantity, product))
        except BusinessError as error:
            refused.append(_refusal(index, error))
    prices = _prices(cart, sums, work)
    if len(held.keys() | sums.keys()) > entry.LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("An order has at most %(count)s lines.", count=entry.LINES_AT_MOST))
    for index, row, product, quantity in sums.values():
        price = prices[product.id]
        if isinstance(price, BusinessError):
            refused.append(_refusal(index, price))
        else:
            _fill(cart, held.get(product.id), row, product, quantity, price)
    _touch(cart, work)
    return sorted(refused, key=lambda one: one["index"])


def _sellable(row, found):
    product = found.get(row["sku"].strip().upper())
    if product is None:
        raise BusinessError("unknown_product", _l("There is no product %(sku)s.", sku=row["sku"]))
    products.check_sellable(product)
    return product


def _checked(quantity, product):
    if quantity <= 0:
        raise BusinessError("bad_quantity", _l("Enter a quantity greater than zero."))
    products.check_digits(quantity, product.unit, "quantity")
    return check_size(quantity)


def _prices(cart, sums, work):
    if not sums:
        return {}
    quantities = {identity: quantity for identity, (_index, _row, _product, quantity) in sums.items()}
    return pricing.quote(list(sums), cart.customer, cart.currency_code, None, quantities, work)


def _fill(cart, line, row, product, quantity, price):
    if line is None:
        last = max((one.position for one in cart.lines), default=0)
        line = CartLine(customer_id=cart.customer_id, product_id=product.id, position=last + 1, remark="")
        cart.lines.append(line)
    line.sku, line.name = product.sku, pick(product.names, cart.customer.language)[:300]
    line.quantity, line.told_price = quantity, price.unit_price
    if row.get("remark") is not None:
        line.remark = row["remark"].strip()[:500]


def _refusal(index, error):
    return {"index": index, "error": error.code, "message": str(error.message)}


def _refused(refused):
    text = _l("Some lines were refused. Nothing has been saved yet.")
    return BusinessError("lines_refused", text, lines=refused)


def _touch(cart, work):
    """Whoever looked at the cart before, looked at other content."""
    cart.updated_at = work.now
    work.session.flush()


# --- steps -------------------------------------------------------------------------------------


def has_lines(cart, work):
    if not cart.lines:
        raise BusinessError("cart_empty", _l("The cart is empty."))


def may_order(cart, work):
    if not work.actor.may("order.write"):
        raise Forbidden("not_permitted", _l("You are not permitted to do this."))


@FLOW.transition(
    "order", source=BOTH, target=None, icon="fa-paper-plane", style="primary", form=OrderForm,
    label=_l("Order"), told=_lp("history", "Ordered"), guards=(has_lines, may_order, cart_terms.code_known),
)  # fmt: skip
def order(cart, work, into=None, keep=False, total="", number=None):
    """Order what is in the cart, or put it into an order that has not been released yet (CRT-04, CRT-08, X-23).

    :param into: id of that order; None makes a new one
    :param keep: the cart stays as it is, saved; else it is emptied
    :param number: of a new order, where its type is numbered by hand (X-16)
    :param total: the total that was shown before, to be refused where it is another one by now
    :returns: the order
    :raises Conflict: 'cart_changed'; BusinessError: of `orders.create` or of the step "amend"
    """
    made = cart_orders.make(cart, work, number) if into is None else cart_orders.pour(cart, into, work)
    if into is None and total and total != format(made.total_gross.normalize(), "f"):
        raise Conflict("cart_changed", _l("Prices have changed since you looked at the order. Look at it again."))
    cart.order_id = made.id
    if keep:
        FLOW.move(cart, "saved")
    else:
        cart.lines[:] = []
        cart.reference = cart.remark = cart.promotion_code = ""
        cart.requested_on = None
    _touch(cart, work)
    return made


@FLOW.transition(
    "save", source={"active"}, target="saved", icon="fa-bookmark", label=_lp("cart", "Save for later"),
    ask=_l("Put the cart aside? The next product begins a new one."),
    ask_many=lambda many, count: ngettext(
        "Put %(count)s cart aside? The next product begins a new one.",
        "Put %(count)s carts aside? The next product begins a new one.",
        many, count=count,
    ),
)  # fmt: skip
def save(cart, work):
    """Put a cart aside."""


@FLOW.transition(
    "activate", source={"saved"}, target="active", icon="fa-cart-shopping", style="primary",
    label=_lp("cart", "Use this cart"),
)  # fmt: skip
def activate(cart, work):
    """Go on with a saved cart; the one that was active is saved."""
    _put_aside(cart.customer_id, cart.owner_id, work, but=cart.id)


@FLOW.transition(
    "clear", source=BOTH, target=None, icon="fa-trash-can", style="danger", label=_lp("cart", "Empty the cart"),
    told=_lp("history", "Emptied"),
    ask=_l("Take everything out of the cart?"), guards=(has_lines,),
    ask_many=lambda many, count: ngettext(
        "Take everything out of %(count)s cart?",
        "Take everything out of %(count)s carts?",
        many, count=count,
    ),
)  # fmt: skip
def clear(cart, work):
    """Take everything out of a cart (CRT-02)."""
    cart.lines[:] = []
    _touch(cart, work)


@FLOW.transition(
    "merge", source=BOTH, target=None, icon="fa-object-group", label=_lp("cart", "Take in another cart"),
    told=_lp("history", "Took in another cart"),
    form=MergeForm,
)  # fmt: skip
def merge(cart, work, other):
    """Move what is in another cart of the same person, customer and currency into this one; the other is gone.

    :raises BusinessError: 'bad_reference' where there is no such cart, 'lines_refused'
    """
    found = next((one for one in others(cart, work) if one.id == other), None)
    if found is None:
        text = _l("Choose another of your carts for the same customer and currency.")
        raise BusinessError("bad_reference", text, field="other")
    rows = [{"sku": _sku(line), "quantity": line.quantity, "remark": line.remark or None} for line in found.lines]
    refused = add(cart, rows, work)
    if refused:
        raise _refused(refused)
    work.session.delete(found)
    work.session.flush()


# --- around it ---------------------------------------------------------------------------------


def remove(cart, work):
    """Throw a cart away with all that is in it."""
    work.session.delete(cart)
    work.session.flush()
    return "deleted"


def clean_up(work):
    """Remove carts nobody has touched for longer than the settings say, a portion at a time.

    :returns: how many; there may be more
    """
    old = []
    for state, name in (("active", "CART_DAYS"), ("saved", "SAVED_CART_DAYS")):
        days = settings.get(name, work)
        if days > 0:
            old.append(and_(Cart.state == state, Cart.updated_at < work.now - timedelta(days=days)))
    if not old:
        return 0
    rows = list(work.session.scalars(select(Cart).where(or_(*old)).order_by(Cart.updated_at).limit(500)))
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    return len(rows)


