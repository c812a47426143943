"""The forms of the designer: one for each kind of part, and from their data to the definition and back."""

import json
from decimal import Decimal
from types import SimpleNamespace

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.validators import NumberRange, Optional

from app.core.errors import BusinessError
from app.core.needed import Needed
from app.reading import locale
from app.rules import service_design as design
from views.fields import DecimalText, HouseForm, LocalizedText, WholeText, options

NEEDED = [Needed(_l("Fill in this field."))]
HELP = _l("Shown beside it, so that nobody has to ask.")
COUNTED = ("list", "per_unit", "by_choice")


class StepForm(HouseForm):
    """A step of the wizard: a page of its own."""

    names = LocalizedText(_l("Name"), NEEDED)
    help = LocalizedText(_l("Help text"), area=True, description=HELP)


class FieldForm(HouseForm):
    """One question."""

    kind = SelectField(_l("Kind"), choices=options(design.KINDS), render_kw={
        "data-shows": '{"number": ["least", "most", "digits"], "product": ["order"]}'})  # fmt: skip
    required = BooleanField(_l("Required"))
    names = LocalizedText(_l("Name"), NEEDED)
    help = LocalizedText(_l("Help text"), area=True, description=HELP)
    least = DecimalText(_l("Smallest number"), [Optional()])
    most = DecimalText(_l("Largest number"), [Optional()])
    digits = WholeText(_l("Decimal places"), [Optional(), NumberRange(min=0, max=6)], default=0)
    order = BooleanField(_l("Add the chosen product to the order"))


class ChoiceForm(HouseForm):
    """Something to choose."""

    names = LocalizedText(_l("Name"), NEEDED)
    price = DecimalText(_l("Surcharge"), [Optional()], description=_l("In the currency of the service, net."))


class StageForm(HouseForm):
    """A stage of the work."""

    names = LocalizedText(_l("Name"), NEEDED)
    approval = BooleanField(_l("The customer must approve this stage"), default=True)
    days = WholeText(_l("Days planned"), [Optional(), NumberRange(min=0, max=1000)])


FORMS = {"step": StepForm, "field": FieldForm, "choice": ChoiceForm, "stage": StageForm}
TITLES = {  # what is changed, what is added
    "step": (_l("Change the step"), _l("New step")),
    "field": (_l("Change the field"), _l("New field")),
    "choice": (_l("Change the choice"), _l("New choice")),
    "stage": (_l("Change the work stage"), _l("New work stage")),
}
AMOUNTS = ("least", "most", "price")


def data_of(node):
    """A part of the definition as the data of its form."""
    found = dict(node)
    for name in AMOUNTS:
        if found.get(name) is not None:
            found[name] = Decimal(found[name])
    return found


def written(row, path, form, kind):
    """The definition with a part as its form says; a list at the path gets one more.

    :raises BusinessError: 'bad_definition'
    """
    values = {name: value for name, value in form.data.items() if name != "csrf_token"}
    values["names"], values["help"] = values.get("names") or {}, values.get("help") or {}
    if kind == "field":
        values["digits"] = values["digits"] or 0
        if values["kind"] != "number":
            values |= {"least": None, "most": None, "digits": 0}
        values["order"] = values["order"] and values["kind"] == "product"
    if kind == "choice" and values["price"] is not None and values["price"] < 0:
        raise BusinessError("bad_definition", _l("A price cannot be negative."), field="price")
    definition = row.draft or design.empty()
    if isinstance(design.at(definition, path), list):
        return design.added(definition, path, values)[0]
    return design.replaced(definition, path, values)


# --- price -------------------------------------------------------------------------------------


def price_form(definition):
    """The form of the price rule of a definition: it names the fields there are."""
    numbers = [one for one in design.fields_of(definition) if one["kind"] == "number"]
    choices = [one for one in design.fields_of(definition) if one["kind"] == "choice"]
    tables = {one["key"]: [f"table-{one['key']}-{row['key']}" for row in one["choices"]] for one in choices}
    shows = {"fixed": ["amount"], "per_unit": ["amount", "field"], "list": ["field"],
             "by_choice": ["choice", "field", *(name for names in tables.values() for name in names)]}  # fmt: skip
    fields = {
        "kind": SelectField(_l("Kind"), choices=options(design.PRICES), render_kw={"data-shows": json.dumps(shows)}),
        "amount": DecimalText(_l("Amount"), [Optional()], description=_l("In the currency of the service, net.")),
        "field": SelectField(_l("Number it is multiplied by"), choices=_choices(numbers)),
        "choice": SelectField(_l("Choice the table is by"), choices=_choices(choices),
                              render_kw={"data-shows": json.dumps(tables)}),
    }  # fmt: skip
    for one in choices:
        for row in one["choices"]:
            title = f"{design.title(one, locale())}: {design.title(row, locale())}"
            fields[f"table-{one['key']}-{row['key']}"] = DecimalText(title, [Optional()])
    return type("PriceForm", (HouseForm,), fields)


def _choices(fields):
    return options({one["key"]: design.title(one, locale()) for one in fields}, blank=True)


def price_data(definition):
    """The price rule as the data of its form."""
    rule = definition["price"]
    found = {"kind": rule["kind"], "field": rule.get("field", ""), "choice": rule.get("choice", ""),
             "amount": None if rule.get("amount") is None else Decimal(rule["amount"])}  # fmt: skip
    table = rule.get("table", {})
    return found | {f"table-{rule.get('choice')}-{key}": Decimal(amount) for key, amount in table.items()}


def price_of(form, definition):
    """The price rule as its form says."""
    given = form.data
    if any(isinstance(value, Decimal) and value < 0 for value in given.values()):
        raise BusinessError("bad_definition", _l("A price cannot be negative."), field="amount")
    kind, choice = given["kind"], given["choice"]
    found = {"kind": kind, "amount": given["amount"] if kind in ("fixed", "per_unit") else None}
    found["field"] = given["field"] if kind in COUNTED else ""
    found["choice"] = choice if kind == "by_choice" else ""
    start = f"table-{choice}-"
    rows = {name.removeprefix(start): value for name, value in given.items() if name.startswith(start)}
    return found | {"table": rows if kind == "by_choice" else {}}


def price_groups(form):
    """The rule first, the tables below it."""
    rows = [name for name in form._fields if name.startswith("table-")]
    groups = [SimpleNamespace(title=None, fields=[name for name in form._fields if name not in rows])]
    return [*groups, SimpleNamespace(title=_("Table by choice"), fields=rows)] if rows else groups
