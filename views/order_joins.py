"""The pages on which orders are merged and split: what would come of it is shown before anything is done."""

from types import SimpleNamespace

from flask import flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from app.core.errors import BusinessError
from app.core.localized import format_money, format_number
from app.core.money import Money
from app.core.readable import parse_decimal
from app.extensions import db
from app.reading import reader
from app.rules import entry, order_merge, order_parts, runs
from models.customers import Address
from models.orders import Order
from views import bulk
from views.cells import price, said, show
from views.fields import HouseForm
from views.labels import label

MOST = order_merge.AT_MOST + 1  # of one page: one more than the rule takes, so that it says so


class JoinDoors:
    """What the screen of orders has beside its list and records: the pages of merging and of splitting."""

    step_pages = {"merge": "merge"}  # steps on the ticked rows that have a page of their own
    single_steps = frozenset({"unmerge", "split"})

    @expose("/merge", methods=["GET", "POST"])
    @has_access
    def merge(self):
        """The orders that were ticked, what would become of them, and the step itself."""
        rows = _chosen(self)
        given = request.form if request.method == "POST" else None
        form, outcome = _merge_form(rows, given), None
        if request.form.get("do") == "merge":
            seen = {one.id: _version(f"version-{one.id}") for one in rows}
            versions = {key: version for key, version in seen.items() if version is not None}
            outcome = self.flow.run("merge", [one.id for one in rows], versions=versions, **_typed(form))
            if outcome.made:
                db.session.commit()
                bulk.tell(self.flow.transitions["merge"], outcome)
                return redirect(self.url("show", pk=outcome.made[0].id))
        house = _result(self, rows, form, outcome)
        page = self.render_template("house/merge.html", title=_("Merge orders"), house=house, form=form)
        return page, 422 if outcome is not None else 200

    @expose("/split/<int:pk>", methods=["GET", "POST"])
    @has_access
    def split(self, pk):
        """The lines of an order, and how much of each goes to a new one."""
        row, errors = self.row(pk), {}
        form = _split_form(row, request.form if request.method == "POST" else None)
        if request.method == "POST":
            try:
                made = _split(self, row)
                db.session.commit()
                flash(_("%(step)s: %(record)s", step=self.flow.transitions["split"].told, record=row), "success")
                flash(bulk.told_made(made), "success")
                return redirect(self.url("show", pk=made.id))
            except _Typed as typed:
                errors = typed.errors
            except BusinessError as error:
                errors = _at_lines(error, row)
            db.session.rollback()
            row = self.row(pk)
        page = self.render_template("house/split.html", title=_("Split the order"), form=form,
                                    house=_parts(self, row, errors))  # fmt: skip
        return page, 422 if errors else 200


# --- merging -----------------------------------------------------------------------------------


def _chosen(view):
    """The reader's orders among those the page is about."""
    ids = [int(one) for one in request.values.getlist("id") if one.isdecimal() and len(one) < 19]
    parts = joinedload(Order.delivery_address), joinedload(Order.billing_address), joinedload(Order.order_type)
    asked = select(Order).where(Order.id.in_(ids[:MOST])).options(*parts, joinedload(Order.customer))
    return list(db.session.scalars(asked.order_by(Order.id)).unique())


def _merge_form(rows, given):
    """What has to be chosen, because the orders do not agree."""
    one_customer = len({one.customer_id for one in rows}) == 1
    fields = {name: _address_field(name, rows) for name in order_merge.differing(rows)} if one_customer else {}
    if any(one.order_type.number_mode != "auto" for one in rows):
        fields["number"] = StringField(label("number"))
    return type("MergePage", (HouseForm,), fields)(given)


def _address_field(name, rows):
    use = name.removesuffix("_address")
    asked = select(Address).where(Address.customer_id == rows[0].customer_id, Address.retired_at.is_(None),
                                  getattr(Address, use))  # fmt: skip
    of_orders = {getattr(one, f"{name}_id"): getattr(one, name) for one in rows if getattr(one, name) is not None}
    known = of_orders | {one.id: one for one in db.session.scalars(asked.order_by(Address.id))}
    choices = [SelectChoice("", "–"), *(SelectChoice(str(key), said(one, reader())) for key, one in known.items())]
    return SelectField(label(name), choices=choices, validate_choice=False)


def _typed(form):
    """What was chosen, as the step takes it."""
    given = {field.name: (field.data or "").strip() for field in form if field.name != "csrf_token"}
    chosen = {name: int(given[name]) for name in order_merge.ADDRESSES
              if given.get(name, "").isdecimal() and len(given[name]) < 19}  # fmt: skip
    return chosen | ({"number": given["number"][:40]} if given.get("number") else {})


def _version(name):
    """The version of a record the reader saw, from a field of his form."""
    seen = request.form.get(name, "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else None


def _assumed(rows, form):
    """What is reckoned with as long as nothing was chosen: the addresses of the first order."""
    first = {name: getattr(rows[0], f"{name}_id") for name in order_merge.differing(rows)}
    return {name: value for name, value in first.items() if value} | _typed(form)


def _result(view, rows, form, outcome):
    """Everything the page shows: the orders, why they cannot be merged, or what becomes of them."""
    lines, totals, refused = None, (), outcome.refused if outcome is not None else []
    if not refused and rows:
        with runs.trial(g.work):
            tried = view.flow.run("merge", [one.id for one in rows], **_assumed(rows, form))
            refused = tried.refused
            if tried.made:
                lines, totals = _lines(tried.made[0]), _totals(tried.made[0])
        rows = _chosen(view)
    reasons = {one.id: one.error for one in refused if one.error.code != "selection_refused"}
    errors = [] if rows else [_("Choose at least two orders to merge.")]
    shared = {str(one.message) for one in reasons.values()}
    if len(reasons) == len(rows) and len(shared) == 1:  # it is not about one of them
        errors, reasons = [*shared], {}
    left = [one.id for one in rows if one.id not in reasons]
    return SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list"))], cancel_url=view.url("list"), action=view.url("merge"),
        orders=[_order(view, one, reasons) for one in rows], errors=errors, lines=lines, totals=totals,
        may=lines is not None or bool(outcome and not reasons),
        others_url=view.url("merge", id=left) if reasons and len(left) > 1 else None,
    )  # fmt: skip


def _order(view, row, reasons):
    error = reasons.get(row.id)
    state = SimpleNamespace(code=row.state, label=view.flow.states[row.state])
    return SimpleNamespace(
        id=row.id, number=str(row), url=view.url("show", pk=row.id), state=state, version=row.version,
        customer=None if view.outside else row.customer.name,
        address=said(row.delivery_address or "–", reader()),
        total=_money(row.total_gross, row), reason=None if error is None else error.message,
    )  # fmt: skip


def _lines(order):
    """The lines of the merged order as they would be, each with where it comes from."""
    found = []
    for line in order.lines:
        origins = [f"{one['number']}: {format_number(order_parts.taken_over(one), reader())}" for one in line.origins]
        found.append(SimpleNamespace(
            sku=line.sku, name=line.name, quantity=format_number(line.quantity_ordered, reader()),
            unit_price=price(line.unit_price, order.currency_code, reader()), gross=_money(line.gross, order),
            origins=origins, added=len(origins) > 1,
            cut=_("Agreed: %(quantity)s", quantity=format_number(entry.agreed(line), reader()))
            if order_parts.cut(line) else None,
        ))  # fmt: skip
    return found


def _totals(order):
    return [(label(name), _money(getattr(order, name), order)) for name in ("total_net", "total_tax", "total_gross")]


def _money(value, order):
    return format_money(Money(value, order.currency_code), reader())


# --- splitting ---------------------------------------------------------------------------------


class _Typed(Exception):
    """Quantities that cannot be read, by line."""

    def __init__(self, errors):
        super().__init__()
        self.errors = errors


def _split_form(row, given):
    numbered = row.order_type.number_mode != "auto"
    fields = {"number": StringField(label("number"))} if numbered else {}
    return type("SplitPage", (HouseForm,), fields)(given)


def _split(view, row):
    """Take the step with what was typed."""
    wanted, errors = [], {}
    for line in row.lines:
        text = request.form.get(f"quantity-{line.id}", "").strip()
        if not text and str(line.id) in request.form.getlist("whole"):
            wanted.append({"id": line.id})
        elif text:
            try:
                wanted.append({"id": line.id, "quantity": parse_decimal(text, reader())})
            except ValueError as error:
                errors[line.id] = str(error)
    if errors:
        raise _Typed(errors)
    seen = _version("version")
    versions = None if seen is None else {row.id: seen}
    number = request.form.get("number", "").strip()[:40] or None
    outcome = view.flow.run("split", [row.id], versions=versions, lines=wanted, number=number)
    if outcome.refused:
        error = outcome.refused[0].error
        error.details["wanted"] = [one["id"] for one in wanted]
        raise error
    return outcome.made[0]


def _at_lines(error, row):
    """Refusals at the lines they are about; what is about none of them under None."""
    ids = error.details.get("wanted", [])
    found = {ids[one["index"]]: one["message"] for one in error.details.get("lines", ()) if one["index"] < len(ids)}
    return found | ({} if found else {None: str(error.message)})


def _parts(view, row, errors):
    """The lines of the order with what was typed and what was wrong with it."""
    whole = request.form.getlist("whole")
    lines = [SimpleNamespace(
        id=line.id, sku=line.sku, name=line.name, quantity=show(line, "quantity_ordered", reader()),
        unit=show(line, "unit_code", reader()), gross=_money(line.gross, row),
        agreed=format_number(entry.agreed(line), reader()) if order_parts.cut(line) else None,
        typed=request.form.get(f"quantity-{line.id}", ""), whole=str(line.id) in whole, error=errors.get(line.id),
    ) for line in row.lines]  # fmt: skip
    return SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list")), (str(row), view.url("show", pk=row.id))],
        action=view.url("split", pk=row.id), cancel_url=view.url("show", pk=row.id), version=row.version, lines=lines,
        error=errors.get(None), total=_money(row.total_gross, row),
    )  # fmt: skip
