"""The pages of the order wizard: a step as a form built from the definition, what it costs so far, the answers told."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from flask import g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from app.core.errors import BusinessError
from app.core.localized import format_date, format_money, format_number, format_quantity, pick
from app.core.money import Money
from app.core.needed import Needed
from app.core.quantity import Quantity
from app.extensions import db
from app.reading import locale, reader
from app.rules import products, service_answers, service_price, wizard_drafts
from app.rules import service_design as design
from models.customers import Customer
from models.products import Product
from views import threads
from views.cells import unit
from views.fields import DateText, DecimalText, HouseForm, ReferenceField, options
from views.formwork import FilesField
from views.labels import label

PREFIX = "a-"  # of the names of fields, so that none of them is taken for one of ours
NEEDED = _l("Fill in this field.")


class Judged:
    """What the rules say to an answer, said at its field."""

    def __init__(self, field):
        self.field = field

    def __call__(self, form, field):
        try:
            service_answers.judge(self.field, field.data, g.work)
        except BusinessError as error:
            raise ValidationError(str(error.message)) from None


def step_form(edition, step, draft=None, attached=()):
    """The form of one step in the reader's language.

    :param draft: whose currency surcharges are told in; None: the service's own
    :param attached: keys of the fields that have a file already
    """
    made = {PREFIX + field["key"]: _field(field, edition, draft, attached) for field in step["fields"]}
    return type("StepForm", (HouseForm,), made)


def _field(field, edition, draft, attached):
    must = field["required"] and field["key"] not in attached
    checks = [Needed(NEEDED) if must else Optional()]
    kind, more = field["kind"], {"description": pick(field["help"], locale())}
    title = pick(field["names"], locale()) or field["key"]
    if kind == "file":
        return FilesField(title, checks, **more)
    checks.append(Judged(field))
    if kind == "number":
        return DecimalText(title, checks, render_kw={"inputmode": "decimal"}, **more)
    if kind == "date":
        return DateText(title, checks, **more)
    if kind == "choice":
        return SelectField(title, checks, choices=options(_choices(field, edition, draft), blank=True), **more)
    if kind == "product":
        return ReferenceField(title, checks, target=Product, endpoint="/products/choices", **more)
    if kind == "long_text":
        return TextAreaField(title, checks, render_kw={"rows": 5}, **more)
    return StringField(title, checks, **more)


def _choices(field, edition, draft):
    found = {}
    for one in field["choices"]:
        word = pick(one["names"], locale()) or one["key"]
        more = _surcharge(one, edition, draft)
        if more is not None:
            word = _("%(choice)s (+%(amount)s)", choice=word, amount=format_money(more, reader()))
        found[one["key"]] = word
    return found


def _surcharge(choice, edition, draft):
    """What a choice costs more; None where that is nothing, or cannot be said in the draft's currency."""
    if not service_price.costs_more(choice):
        return None
    if draft is None:
        return Money(Decimal(choice["price"]), edition.currency_code)
    try:
        return service_price.worth_in(draft.currency_code, choice["price"], edition, draft.customer.branch, g.work)
    except BusinessError:
        return None


def data_of(step, answers):
    """Answers as the data of a step's form."""
    found = {}
    for field in step["fields"]:
        value = answers.get(field["key"])
        if value is None:
            continue
        if field["kind"] == "number":
            value = Decimal(value)
        elif field["kind"] == "date":
            value = date.fromisoformat(value)
        elif field["kind"] == "product":
            value = products.find(value, g.work)
        found[PREFIX + field["key"]] = value
    return found


def answered(step, form):
    """What a form says, as the rules take it; fields with an error and files are left out."""
    return {
        field["key"]: form[PREFIX + field["key"]].data
        for field in step["fields"]
        if field["kind"] != "file" and not form[PREFIX + field["key"]].errors
    }


# --- the price so far --------------------------------------------------------------------------


def price_of(edition, answers, customer, currency, work):
    """What it costs so far: rows (name, figure, amount), totals, or why it cannot be said yet."""
    try:
        order = wizard_drafts.sketch(edition, answers, customer, currency, work)
    except BusinessError as error:
        rows = error.details.get("lines")
        return {"rows": [], "totals": [], "said": str(rows[0]["message"] if rows else error.message)}
    if order is None:
        return {"rows": [], "totals": [], "said": _("The price appears as soon as your answers allow it.")}
    rows = [[line.name, _counted(line), _amount(line.net, currency)] for line in order.lines]
    totals = [[str(label(name)), _amount(getattr(order, name), currency)]
              for name in ("total_net", "total_tax", "total_gross")
              if order.total_tax or name == "total_gross"]  # fmt: skip
    return {"rows": rows, "totals": totals, "said": None}


def _counted(line):
    if line.quantity_ordered == 1:
        return ""
    return format_quantity(Quantity(line.quantity_ordered, line.unit_code), reader(), unit(line.unit_code, reader()))


def _amount(amount, currency):
    return format_money(Money(amount, currency), reader())


# --- one step ----------------------------------------------------------------------------------


def page(view, draft, number, form):
    """A step of a draft as `house/wizard.html` draws it."""
    edition, steps = draft.edition, draft.edition.definition["steps"]
    missing = {step for step, _field in wizard_drafts.missing(draft, g.work)}
    found = wizard_drafts.attached(draft, g.work)
    house = _page(edition, steps, number, form)
    house.steps = [
        mark(one, at, view.url("fill", pk=draft.id, number=at), at == number, at not in missing and at < draft.step)
        for at, one in enumerate(steps, 1)
    ]
    house.review_url = view.url("review", pk=draft.id)
    house.back_url = view.url("fill", pk=draft.id, number=number - 1) if number > 1 else None
    house.keep_url = view.url("keep", pk=draft.id, number=number)
    house.cancel_url = view.url("delete", pk=draft.id)
    house.crumbs = [(str(view.list_title), view.url("list"))]
    house.lead = None if view.outside else str(draft.customer)
    house.version, house.preview = draft.version, False
    house.files = {}
    for one in found:
        house.files.setdefault(PREFIX + one.part, []).append(
            SimpleNamespace(id=one.id, name=one.name, url=threads.address(one))
        )
    house.price = price_of(edition, draft.answers, draft.customer, draft.currency_code, g.work)
    return house


def mark(step, at, url, current, done):
    """A step in the row of steps."""
    return SimpleNamespace(name=pick(step["names"], locale()), number=format_number(at, reader()), url=url,
                           current=current, done=done)  # fmt: skip


def _page(edition, steps, number, form):
    step = steps[number - 1]
    return SimpleNamespace(
        title=pick(edition.names, locale()), step=pick(step["names"], locale()), help=pick(step["help"], locale()),
        number=number, form=form, last=number == len(steps),
        place=_("Step %(number)s of %(count)s", number=format_number(number, reader()),
                count=format_number(len(steps), reader())),
    )  # fmt: skip


def told(groups, view=None, draft=None):
    """Answers for people: [(step, address of the step or None, [(question, text or files)])]."""
    steps = draft.edition.definition["steps"] if draft is not None else ()
    numbers = {field["key"]: at for at, one in enumerate(steps, 1) for field in one["fields"]}  # steps may share a name
    return [
        SimpleNamespace(
            name=title, rows=[_row(one) for one in rows],
            url=view.url("fill", pk=draft.id, number=numbers[rows[0].key]) if numbers else None,
        )
        for title, rows in groups
    ]  # fmt: skip


def _row(one):
    files = [(file.name, threads.address(file)) for file in one.answer] if isinstance(one.answer, list) else []
    return SimpleNamespace(question=one.question, text=None if files else said(one.answer), files=files)


def said(answer):
    """One answer as the reader writes it."""
    if isinstance(answer, Decimal):
        return format_number(answer, reader())
    return format_date(answer, "long", reader()) if isinstance(answer, date) else answer


def answers_section(groups):
    """The answers on a record's page."""
    body = render_template("house/_answers.html", groups=told(groups))
    return SimpleNamespace(id="answers", title=_("Answers") if g.work.actor.inside else _("Your answers"), body=body)


# --- before it is published --------------------------------------------------------------------


def proof(service):
    """What is being designed, in the shape of a version."""
    return SimpleNamespace(
        names=service.names, definition=service.draft or design.empty(), product=service.product,
        product_id=service.product_id, order_type_id=service.order_type_id, currency_code=service.currency_code,
    )  # fmt: skip


def preview(view, service, edition, number):
    """A step as customers will see it."""
    steps = edition.definition["steps"]
    house = _page(edition, steps, number, step_form(edition, steps[number - 1])())
    house.steps = [
        mark(one, at, view.url("preview", pk=service.id, number=at), at == number, at < number)
        for at, one in enumerate(steps, 1)
    ]
    house.back_url = view.url("preview", pk=service.id, number=number - 1) if number > 1 else None
    house.next_url = view.url("preview", pk=service.id, number=number + 1) if number < len(steps) else None
    house.keep_url = view.url("sketch", pk=service.id, number=number)
    house.design_url = view.url("design", pk=service.id)
    house.crumbs = [(str(view.list_title), view.url("list")), (house.title, view.url("design", pk=service.id))]
    house.lead, house.version, house.preview, house.files, house.review_url = None, None, True, {}, None
    house.price = proof_price(edition, {}, g.work)
    return house


def typed(edition, number):
    """The valid answers of the step that was sent."""
    steps = edition.definition["steps"]
    if not 1 <= number <= len(steps):
        return {}
    step = steps[number - 1]
    form = step_form(edition, step)(request.form)
    form.validate()
    kept = {}
    for key, value in answered(step, form).items():
        try:
            kept[key] = service_answers.judge(design.field(edition.definition, key), value, g.work)
        except BusinessError:
            continue
    return {key: value for key, value in kept.items() if value is not None}


def proof_price(edition, answers, work):
    """The price of a preview, for a customer nobody in particular."""
    somebody = db.session.query(Customer).filter(Customer.archived_at.is_(None)).order_by(Customer.id).first()
    if somebody is None:
        return {"rows": [], "totals": [], "said": _("There is no customer yet whose price could be shown.")}
    return price_of(edition, answers, somebody, edition.currency_code, work)
