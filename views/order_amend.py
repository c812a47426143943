"""The doors of a change after submit: the lines form of a submitted order, and amend and correct over REST (X-12)."""

from types import SimpleNamespace

from flask import g, jsonify
from flask_appbuilder.api import expose
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.core import settings
from app.core.localized import format_date, format_number
from app.extensions import db
from app.reading import reader
from app.rules import order_changes, order_fields, order_lines, orders
from models.customers import Address
from models.organisation import DeliveryMethod, PaymentTerms
from views import order_wire, wire
from views import sections as section
from views.cells import said, show
from views.doors import body, done, door
from views.fields import DateText, HouseForm, ReferenceField, options
from views.labels import VALUES, label

HEAD = ("reference", "requested_on", "delivery_method", "delivery_address", "billing_address", "payment_terms",
        "channel", "remark")  # fmt: skip
FIELDS = {
    "reference": lambda order: StringField(label("reference")),
    "requested_on": lambda order: DateText(label("requested_on")),
    "delivery_method": lambda order: ReferenceField(
        label("delivery_method"), target=DeliveryMethod, endpoint="/delivery_methods/choices"
    ),
    "delivery_address": lambda order: _address(order, "delivery"),
    "billing_address": lambda order: _address(order, "billing"),
    "payment_terms": lambda order: ReferenceField(
        label("payment_terms"), target=PaymentTerms, endpoint="/payment_terms/choices"
    ),
    "channel": lambda order: SelectField(label("channel"), choices=options(VALUES["channel"])),
    "remark": lambda order: TextAreaField(label("remark"), render_kw={"rows": 2}),
}
ON_FORM = ("starts_on", "months", "sale_type", "keyword", "ranking", "link", "picture")  # of a line
KINDS = {"starts_on": "date", "months": "num"}
OURS = ("payment_terms", "channel")  # not shown outside
ADDRESSES = ("delivery_address", "billing_address")


# --- the form ----------------------------------------------------------------------------------


def form(order, work):
    """The head of a submitted order as a form; what the reader cannot change is shown and says why."""
    may = frozenset().union(*order_changes.may_change(order, work))
    names = [name for name in HEAD if work.actor.inside or name not in OURS]
    fields = {name: FIELDS[name](order) if name in may else _fixed(order, name) for name in names}
    given = {name: _given(order, name, name in may) for name in names}
    return type("ChangeForm", (HouseForm,), fields)(data=given)


def _given(order, name, open_):
    if not open_:
        return show(order, name, reader(), None) or "–"
    return str(getattr(order, f"{name}_id") or "") if name in ADDRESSES else getattr(order, name)


def _fixed(order, name):
    state = orders.FLOW.states[order.state]
    why = _("You cannot change this in the state “%(state)s”.", state=state)
    return StringField(label(name), description=why, render_kw={"disabled": True})


def _address(order, use):
    rows = db.session.scalars(
        select(Address)
        .where(Address.customer_id == order.customer_id, Address.retired_at.is_(None), getattr(Address, use))
        .order_by(Address.id)
    )
    current = getattr(order, f"{use}_address")
    known = {row.id: said(row, reader()) for row in ([current] if current is not None else []) + list(rows)}
    choices = [SelectChoice("", "–"), *(SelectChoice(str(key), text) for key, text in known.items())]
    return SelectField(label(f"{use}_address"), choices=choices)


def locked(order, work):
    """What of the lines the reader cannot change: words for the lines form."""
    may = frozenset().union(*order_changes.may_change(order, work))
    needed = {"add": "line_add", "remove": "line_remove", "quantity": "line_quantity"}
    return " ".join(word for word, field in needed.items() if field not in may)


def lead(order, work):
    """What changing a submitted order means, said above its form."""
    reviewed, free = order_changes.may_change(order, work)
    if free and not reviewed:
        return _("What you change here holds at once; the order keeps its state.")
    return _("The order has to be sent for confirmation again after a change. Until then no goods are kept for it.")


def line_fields(order_type_id, work):
    """What a line asks for besides, where its order type has lines with a term; none elsewhere (ORD-44, ORD-47)."""
    if not settings.get("LINE_TERMS", work, order_type=order_type_id):
        return None
    sales = [(code, str(word)) for code, word in VALUES["sale_type"].items()]
    return [SimpleNamespace(name=name, label=label(name), kind=KINDS.get(name, "text"),
                            choices=sales if name == "sale_type" else None) for name in ON_FORM]  # fmt: skip


def line_given(line):
    """A line of an order for its form."""
    found = {"id": line.id, "sku": line.sku, "quantity": wire.number(line.quantity_ordered)}
    said = {name: order_lines.term(line, name) for name in ON_FORM}
    return found | {name: str(value) for name, value in said.items() if value}  # days as the calendar field takes them


def terms_section(row):
    """What the lines of an order say of their term, sale type and advertisement; none where they say nothing."""
    said = [name for name in ON_FORM if any(order_lines.term(line, name) not in (None, "", "purchase")
                                            for line in row.lines)]  # fmt: skip
    if not said:
        return None
    rows = [section.line(line.sku, *(_word(name, order_lines.term(line, name)) for name in said)) for line in row.lines]
    return section.table("terms", _("Terms of the lines"), [label("sku"), *(label(name) for name in said)], rows)


def _word(name, value):
    if not value:
        return ""
    if name == "starts_on":
        return format_date(value, "short", reader())
    if name == "months":
        return format_number(value, reader())
    return str(VALUES["sale_type"][value] if name == "sale_type" else value)


# --- saving ------------------------------------------------------------------------------------


def given_of(order, content, outside, typed=False):
    """Lines and head of a change of an order from JSON.

    :param typed: a person wrote it on a form
    """
    head = order_wire.header({key: value for key, value in content.items() if key != "reason"}, outside)
    head.pop("customer", None)
    if content.get("reason"):
        head["reason"] = wire.taken("reason", content["reason"], 2000)
    return {**head, "lines": order_wire.lines(content, typed, order)["lines"] if "lines" in content else None}


def save(order, content, outside):
    """Carry out what a person changed on the form, and send it for confirmation when he asked for that."""
    change = given_of(order, content, outside, typed=True)
    again = bool(content.get("submit"))
    if not (again and order.state == "changed" and not _differs(order, change)):
        take(order_changes.step_for(order, change["lines"], _head(change), g.work), order, content, change)
    if again and order.state == "changed":
        orders.FLOW.run_one("reconfirm", order)


def may_send(order, work):
    """Whether who changes the order may send it for confirmation at once; what we change the customer accepts."""
    ours = work.actor.kind == "staff" and order_changes.customer_decides(order, work)
    return work.actor.may("order.reconfirm") and not ours


def put(order, content, outside):
    """PUT on an order that is open for changes; the same values once more change nothing."""
    change = given_of(order, {key: value for key, value in content.items() if key != "submit"}, outside)
    if _differs(order, change):
        take("amend", order, content, change)


def _head(change):
    return {key: value for key, value in change.items() if key not in ("lines", "reason")}


def _differs(order, change):
    moved = change["lines"] is not None and order_lines.plan(order, change["lines"]).changes
    return moved or any(getattr(order, name) != value for name, value in _head(change).items())


def take(verb, order, content, change):
    """Take a step that carries a change, on the version the caller saw."""
    seen = content.get("version")
    versions = None if seen is None else {order.id: wire.whole("version", seen)}
    outcome = orders.FLOW.run(verb, [order], versions=versions, **change)  # looks at it under the order's lock
    if outcome.refused:
        raise outcome.refused[0].error


def preview(order, content):
    """The order's totals as they would be; the caller rolls back."""
    where, head = "delivery_address", {}
    if where in content:
        head[f"{where}_id"] = order_wire.reference(where, content[where])
    return order_changes.sketch(order, order_wire.lines(content, typed=True)["lines"], head, g.work)


def frozen_line(order, args):
    """The line of an order a form asks the price of, where it costs what it cost: it stays, or its price was agreed."""
    wanted = args.get("line", "")
    found = next((line for line in order.lines if str(line.id) == wanted), None)
    same = found is not None and found.sku.upper() == args.get("sku", "").strip().upper()
    stays = same and wire.decimal("quantity", args.get("quantity") or "1") == found.quantity_ordered
    return found if stays or (same and (found.data or {}).get("agreed")) else None


# --- REST --------------------------------------------------------------------------------------


class AmendApi:
    """amend and correct with what they change, and what was changed so far."""

    def _carry(self, verb, pk):
        row, content = self.find(pk), body(required=False)
        change = given_of(row, content, not g.work.actor.inside)
        if change["lines"] is None:
            change.pop("lines")
        take(verb, row, content, change)
        return done({"id": row.id, "state": row.state, "version": row.version})

    @expose("/<int:pk>/amend", methods=["POST"])
    @door("amend")
    def step_amend(self, pk):
        """Change a submitted order: fields and lines as for PUT; without any it is opened for changes."""
        return self._carry("amend", pk)

    @expose("/<int:pk>/correct", methods=["POST"])
    @door("correct")
    def step_correct(self, pk):
        """Change what needs no new review; the order keeps its state."""
        return self._carry("correct", pk)

    @expose("/<int:pk>/changes", methods=["GET"])
    @door("read")
    def changes(self, pk):
        """What was changed after the order was submitted, newest first: before and after."""
        return jsonify([self._set(one) for one in order_changes.change_sets(self.find(pk), g.work)])

    def _set(self, one):
        hidden = set() if g.work.actor.inside else {*OURS, *(f"{name}_id" for name in OURS)}
        values = [{"line": value.line or None, "field": order_changes.field_of(value.field), "before": value.before,
                   "after": value.after} for value in one.values if value.field not in hidden]  # fmt: skip
        return {"at": wire.out(one, "at"), "side": one.side, "step": one.step, "changes": values}

    @expose("/<int:pk>/changeable", methods=["GET"])
    @door("read")
    def changeable(self, pk):
        """The fields the caller may change now: those to be confirmed again, and those that hold at once."""
        reviewed, free = order_changes.may_change(self.find(pk), g.work)
        return jsonify({"amend": _in_order(reviewed), "correct": _in_order(free)})


def _in_order(names):
    return [name for name in order_fields.FIELDS if name in names]
