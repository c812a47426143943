"""What is said with a cart beside its products: where to, how, when, how it is paid (CRT-05 to CRT-07)."""

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.rules import customers
from models.customers import Address
from models.organisation import DeliveryMethod, PaymentMethod

PROMOTION_CODES = []  # functions (code, cart, work) of later nouns: whether they know a promotion code
REFERENCES = {"delivery_method_id": DeliveryMethod, "payment_method_id": PaymentMethod}
TERMS = ("name", "reference", "remark", "requested_on", "promotion_code", "delivery_address_id", *REFERENCES)


def keep(cart, work, *, address=None, to_book=False, **terms):
    """Write down what is said with a cart.

    :param address: values of a new delivery address of the customer
    :param to_book: offer that address again the next time
    :param terms: see TERMS
    :raises BusinessError: 'bad_reference', 'address_incomplete', 'country_unknown' naming the field
    """
    if terms.get("delivery_address_id") not in (None, cart.delivery_address_id):
        _check_address(cart, terms["delivery_address_id"], work)
    for name, value in terms.items():
        if name in REFERENCES:
            _check_offered(REFERENCES[name], value, name, work)
        setattr(cart, name, value.strip() if isinstance(value, str) else value)
    if address is not None:
        cart.delivery_address_id = _new_address(cart, address, to_book, work).id
    cart.updated_at = work.now
    work.session.flush()
    work.session.expire(cart, ["delivery_address"])


def _check_offered(target, identity, name, work):
    row = work.session.get(target, identity) if identity is not None else None
    if identity is not None and (row is None or not row.active):
        raise BusinessError("bad_reference", _l("This is no longer offered."), field=name.removesuffix("_id"))


def _new_address(cart, values, to_book, work):
    made = Address(customer_id=cart.customer_id, billing=False, **values)
    if not to_book:
        made.retired_at = work.now  # documents keep it, nobody is offered it again
    customers.check_address(made, work)
    work.session.add(made)
    work.session.flush()
    return made


def _check_address(cart, identity, work):
    found = work.session.get(Address, identity)
    if found is None or found.customer_id != cart.customer_id or found.retired_at is not None:
        text = _l("Choose an address of the customer.")
        raise BusinessError("bad_reference", text, field="delivery_address")


def known(cart, work):
    """Whether somebody knows the cart's promotion code; True where there is none, and where nobody could know it yet.

    Then it is kept on the order for whoever reviews it.
    """
    code = cart.promotion_code
    return not code or not PROMOTION_CODES or any(knows(code, cart, work) for knows in PROMOTION_CODES)


def code_known(cart, work):
    """Guard: a promotion code that means nothing is told before the order is made, not after."""
    if not known(cart, work):
        text = _l("We do not know the promotion code %(code)s. Correct it or leave it out.", code=cart.promotion_code)
        raise BusinessError("unknown_promotion_code", text, field="promotion_code")
