"""What a service costs: its price rule and the surcharges of what was chosen, as lines of an order."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import pick
from app.core.money import Money
from app.rules import credit, products
from app.rules import service_design as design

ONE = Decimal(1)
COUNTED = ("list", "per_unit", "by_choice")  # kinds of price that a number field may multiply


def problems(definition, product):
    """What is wrong with the price rule: [(place in words, sentence)].

    :param product: what an order of the service sells; None where it is not chosen yet
    """
    rule = definition["price"]
    found = []
    if rule["kind"] in ("fixed", "per_unit") and rule["amount"] is None:
        found.append(_l("Enter the price."))
    if rule["kind"] == "per_unit" or rule.get("field"):
        found += _unready(definition, rule.get("field"), "number", _l("Choose the number that the price is for."))
    if rule["kind"] == "by_choice":
        found += _unready(definition, rule.get("choice"), "choice", _l("Choose what the price table is by."))
        found += [] if found else _gaps(definition, rule)
    return [(_l("Price"), text) for text in found] + _too_fine(definition, product)


def _too_fine(definition, product):
    """A number that counts the product has no more decimals than its unit: else nobody could order what he entered."""
    key = definition["price"].get("field")
    field = design.field(definition, key) if key and definition["price"]["kind"] in COUNTED else None
    if product is None or field is None or field["kind"] != "number" or field["digits"] <= product.unit.digits:
        return []
    return [(design.title(field), products.uneven(product.unit))]


def _unready(definition, key, kind, absent):
    field = design.field(definition, key) if key else None
    if field is None or field["kind"] != kind:
        return [absent]
    if not field["required"]:
        text = _l("The price depends on “%(field)s”, so it must be a required field.", field=design.title(field))
        return [text]
    return []


def _gaps(definition, rule):
    choices = design.field(definition, rule["choice"])["choices"]
    bare = [design.title(one) for one in choices if one["key"] not in rule["table"]]
    return [_l("The price table has no price for “%(choice)s”.", choice=one) for one in bare]


def rows(edition, answers, customer, currency, work):
    """The lines of an order with these answers, as `entry.set_lines` takes them, and whether the price is known.

    :param edition: a service's version (or what is being designed): definition, names, product, currency_code
    :param answers: {key of the field: answer}, checked
    :param currency: of the order; prices of the service are converted at the day's rate
    :returns: ([row], complete); not complete while an answer is missing that the price depends on
    :raises BusinessError: 'no_exchange_rate'
    """
    pricing = _Pricing(edition, answers, customer, currency, work)
    base = pricing.base()
    found = [base] if base is not None else []
    for field in design.fields_of(edition.definition):
        if field["kind"] == "choice" and answers.get(field["key"]) is not None:
            found += pricing.surcharge(field)
        if field["kind"] == "product" and field["order"] and answers.get(field["key"]):
            found.append({"sku": answers[field["key"]], "quantity": ONE})
    return found, base is not None


def costs_more(choice):
    """Whether a choice has a surcharge."""
    return bool(choice["price"]) and Decimal(choice["price"]) != 0


def worth_in(currency, amount, edition, branch, work):
    """An amount of a service in the currency of an order, at the day's rate, rounded.

    :raises BusinessError: 'no_exchange_rate'
    """
    worth = Decimal(amount)
    if currency != edition.currency_code:
        worth = credit.converted(worth, edition.currency_code, currency, branch, work)
    return Money(worth, currency).rounded()


class _Pricing:
    """One service priced for one customer."""

    def __init__(self, edition, answers, customer, currency, work):
        self.edition, self.answers, self.currency, self.work = edition, answers, currency, work
        self.branch, self.locale, self.rule = customer.branch, customer.language, edition.definition["price"]

    def base(self):
        """The service itself; None while it cannot be priced yet."""
        quantity = self._quantity()
        if quantity is None:
            return None
        row = {"sku": self._sku(), "quantity": quantity}
        if self.rule["kind"] == "list":
            return row
        amount = self.rule["amount"]
        if self.rule["kind"] == "by_choice":
            amount = self.rule["table"].get(self.answers.get(self.rule["choice"]))
        return None if amount is None else row | {"agreed": self._agreed(amount, self._name())}

    def _quantity(self):
        key = self.rule.get("field")
        if not key or self.rule["kind"] not in COUNTED:
            return ONE
        value = self.answers.get(key)
        return Decimal(value) if value is not None and Decimal(value) > 0 else None

    def surcharge(self, field):
        """What a choice costs more, if it does."""
        chosen = next((one for one in field["choices"] if one["key"] == self.answers[field["key"]]), None)
        if chosen is None or not costs_more(chosen):
            return []
        name = f"{self._name()}: {pick(field['names'], self.locale)} – {pick(chosen['names'], self.locale)}"
        return [{"sku": self._sku(), "quantity": ONE, "agreed": self._agreed(chosen["price"], name)}]

    def _sku(self):
        if self.edition.product is None:  # it is offered to others only
            raise BusinessError("service_not_offered", _l("This service is not offered to you."))
        return self.edition.product.sku

    def _name(self):
        return pick(self.edition.names, self.locale)

    def _agreed(self, amount, name):
        worth = worth_in(self.currency, amount, self.edition, self.branch, self.work)
        return {"name": name[:300], "unit_price": format(worth.amount, "f")}
