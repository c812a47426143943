"""The form of a contract: its head, what a line asks for, and both from JSON."""

from types import SimpleNamespace

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from app.core.errors import BusinessError, Malformed
from app.core.localized import format_money, pick
from app.core.money import Money
from app.core.needed import Needed
from app.core.readable import ascii_digits
from app.extensions import db
from app.reading import locale, reader
from app.rules import contract_entry, contracts, entry, pricing, products
from models.contracts import Contract, ContractLine
from models.customers import Customer
from models.organisation import Currency
from views import wire
from views.cells import price as price_text
from views.fields import DateText, HouseForm, ReferenceField, WholeText
from views.labels import label

MUST = [Needed(_l("Fill in this field."))]
HEAD = ("title", "currency", "starts_on", "months", "terms")
LINE = ("id", "sku", "quantity", "unit_price", "months", "sale_type", "starts_on")


class AddForm(HouseForm):
    """The head of a new contract."""

    customer = ReferenceField(label("customer"), MUST, target=Customer, endpoint="/customers/choices")
    title = StringField(label("title"), [*MUST, Length(max=200)])
    currency = ReferenceField(label("currency"), target=Currency, endpoint="/currencies/choices")
    starts_on = DateText(label("starts_on"))
    months = WholeText(_l("Term in months"))
    terms = TextAreaField(label("terms"), render_kw={"rows": 2})


class EditForm(HouseForm):
    """The head of a draft; its customer stays."""

    title = StringField(label("title"), [*MUST, Length(max=200)])
    starts_on = DateText(label("starts_on"))
    months = WholeText(_l("Term in months"))
    terms = TextAreaField(label("terms"), render_kw={"rows": 2})


class RenewalForm(HouseForm):
    """The head of a renewal: when it starts follows from the contract before (CON-18)."""

    title = EditForm.title
    months = EditForm.months
    terms = EditForm.terms


def head_of(row):
    """The form of an existing contract."""
    return (RenewalForm if row.predecessor_id else EditForm)(obj=row)


def page(view, row, form):
    """The form with its lines."""
    editing = row is not None
    about = {"customer": row.customer_id, "currency": row.currency_code} if editing else {}
    house = SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list"))],
        lead=None if not editing else str(row.customer),
        price_url=view.url("price", **about),
        products_url=view.url("find_products"),
        total_url=view.url("totals", **about),
        save_url=view.url("save", pk=row.id) if editing else view.url("save_new"),
        method="POST",
        version=row.version if editing else None,
        record_id=row.id if editing else None,
        can_submit=view.may("submit"),
        save_label=None,
        submit_label=_("Submit"),
        line_fields=line_fields(),
        cancel_url=view.url("show", pk=row.id) if editing else view.url("list"),
        lines=[_given(line) for line in row.lines] if editing else [],
    )
    title = view.edit_title if editing else view.add_title
    return render_template("house/lines_form.html", title=title, form=form, house=house, appbuilder=view.appbuilder,
                           base_template=view.appbuilder.base_template)  # fmt: skip


def line_fields():
    """What a line of a contract asks for beside product and quantity."""
    sales = [(code, str(word)) for code, word in contracts.SALE_TYPES.items()]
    return [
        SimpleNamespace(name="unit_price", label=_("Price per month"), kind="num", choices=None),
        SimpleNamespace(name="months", label=label("months"), kind="num", choices=None),
        SimpleNamespace(name="sale_type", label=label("sale_type"), kind="text", choices=sales),
    ]


def _given(line):
    return {
        "id": line.id,
        "sku": line.sku,
        "quantity": wire.number(line.quantity),
        "unit_price": wire.number(line.unit_price),
        "months": str(line.months),
        "sale_type": line.sale_type,
    }


# --- from JSON ---------------------------------------------------------------------------------


def customer_id(given):
    """The customer of a new contract."""
    value = given.get("customer")
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < 19 else None
    return None if value is None else wire.whole("customer", value)


def flag(given, name):
    """A yes or no."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise wire.bad(name, _("Send true or false: %(field)s.", field=name))
    return value


def head(given, more=()):
    """The head of a contract as keyword arguments of the rules.

    :param more: further fields that are known, and read elsewhere
    """
    _known(given, {*HEAD, *more, "lines", "version"})
    found = {}
    for name, most in (("title", 200), ("terms", 20_000)):
        if given.get(name) is not None:
            found[name] = wire.taken(name, given[name], most)
    if given.get("starts_on"):
        found["starts_on"] = wire.day("starts_on", given["starts_on"])
    if given.get("months") not in (None, ""):
        found["months"] = _months(given["months"])
    if given.get("currency"):
        found["currency_code"] = wire.currency(given["currency"], db.session)
    return found


def lines(given):
    """The lines of a contract from JSON; None where none are named."""
    rows = given.get("lines")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("bad_lines", _("lines is a list of {sku, quantity, unit_price, months}."), field="lines")
    return [_line(row) for row in rows]


def _line(row):
    _known(row, LINE)
    found = {"sku": wire.taken("sku", row.get("sku"), 40), "quantity": _number("quantity", row.get("quantity"))}
    if row.get("id") is not None:
        value = row["id"]
        found["id"] = (
            int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else wire.whole("id", value)
        )
    if row.get("unit_price") not in (None, ""):
        found["unit_price"] = _number("unit_price", row["unit_price"])
    if row.get("months") not in (None, ""):
        found["months"] = _months(row["months"])
    if row.get("starts_on"):
        found["starts_on"] = wire.day("starts_on", row["starts_on"])
    if row.get("sale_type") not in (None, ""):
        found["sale_type"] = wire.one_of("sale_type", row["sale_type"], contracts.SALE_TYPES)
    return found


def _known(given, names):
    wire.known(given, names)


def _number(name, value):
    if isinstance(value, str):
        value = ascii_digits(value).replace("٫", ".")
    return wire.decimal(name, value)


def _months(value):
    if isinstance(value, str):
        text = ascii_digits(value).strip()
        value = int(text) if text.isdecimal() and len(text) < 6 else value
    return wire.whole("months", value)


# --- as it is typed ----------------------------------------------------------------------------


def live(args, work):
    """What one line costs over its term."""
    wanted = args.get("customer", "")
    customer = entry.customer_of(int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None, work)
    row = _line(
        {name: args[name] for name in ("sku", "quantity", "unit_price", "months", "sale_type") if args.get(name)}
    )
    product = products.sellable(row["sku"], work)
    currency = (args.get("currency") or customer.currency_code)[:3].upper()
    price, source = row.get("unit_price"), None
    if price is None:
        found = pricing.price_of(product, customer, currency, None, row["quantity"], work)
        price, source = found.unit_price, str(found.source)
    line = ContractLine(unit_price=price, quantity=row["quantity"], months=row.get("months") or 12,
                        sale_type=row.get("sale_type", "purchase"))  # fmt: skip
    amount = format_money(Money(contracts.price(line, currency), currency), reader())
    return {"sku": product.sku, "name": pick(product.names, locale()), "unit": pick(product.unit.symbols, locale()),
            "unit_price": wire.amount(price, currency), "unit_price_text": price_text(price, currency, reader()),
            "amount_text": amount, "source": source, "available": None, "refused": None,
            "given": {"unit_price": wire.amount(price, currency), "months": "12"}}  # fmt: skip


def sketch(given, work):
    """A contract as it would be; it is never kept."""
    if given.get("customer"):
        customer = entry.customer_of(customer_id(given), work)
        made = Contract(customer_id=customer.id, branch_id=customer.branch_id, locale=customer.language, terms="",
                        currency_code=customer.currency_code)  # fmt: skip
    else:
        raise BusinessError("customer_missing", _("Choose a customer."), field="customer")
    rows = [{name: value for name, value in row.items() if name != "id"} for row in lines(given) or ()]
    contract_entry.write(made, customer, work, rows, **{"title": "–", **head(given, ("customer", "submit"))})
    return made
