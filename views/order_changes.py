"""What changed of an order and what comes of it, on its page; and the screen of the field matrix (X-12)."""

from types import SimpleNamespace

from flask import flash, g, jsonify, redirect, render_template, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.sqla.models import Role
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from app.core.errors import BusinessError
from app.core.localized import format_money
from app.extensions import db
from app.reading import reader
from app.rules import order_changes, order_deletion, order_fields, order_lines, order_terms, orders
from models.customers import Address
from models.order_changes import FieldRule
from models.orders import Order, OrderLine, OrderType
from models.organisation import DeliveryMethod, PaymentTerms
from views import order_amend, threads, timeline
from views import sections as section
from views.base import Interface
from views.bulk import form_fields
from views.cells import said, show
from views.fields import HouseForm, ReferenceField, options
from views.labels import VALUES, label
from views.order_amend import OURS
from views.orders import OrderView
from views.organisation import KEPT, OfficeView

SIDES = {"customer": _l("The customer"), "staff": _l("Our team"), "system": _l("The system")}
STEPS = {"amend": _l("Amended"), "correct": _l("Corrected"), "adjust": _l("Changed to what is in stock"),
         "answer": _l("Agreed on a proposal")}  # fmt: skip
TARGETS = {"delivery_address_id": Address, "billing_address_id": Address, "delivery_method_id": DeliveryMethod,
           "payment_terms_id": PaymentTerms}  # fmt: skip
HANDLING = {False: ("pending", _l("Waiting for somebody to handle it")), True: ("handled", _l("Being handled"))}


# --- the page of an order ----------------------------------------------------------------------


def on_page(view, row, house):
    """Everything about changing, keeping and deleting that the page of an order shows."""
    house.edit_label = _("Edit") if row.state == "draft" else _("Change")
    house.actions = [one for one in house.actions if one.name != "amend"]
    _say_what_it_means(view, row, house)
    _deleting(view, row, house)
    _badges(row, house)
    terms = order_amend.terms_section(row)
    if terms is not None:
        house.sections.insert(0, terms)
    if not view.outside and row.deletions:
        house.sections.append(_requests(row))
    if any(line.state != "open" and line.quantity_approved < line.quantity_ordered for line in row.lines):
        whole = format_money(order_lines.ordered_total(row), reader())
        house.lines[0].totals.insert(0, (_("Total as ordered"), whole))
    found = _sets(view, row)
    if found:
        body = render_template("house/_changes.html", sets=found)
        house.sections.insert(0, SimpleNamespace(id="changes", title=_("Changes"), body=body))


def _say_what_it_means(view, row, house):
    """The words of a button say what it does for whoever presses it (X-21)."""
    theirs = row.changed_side in ("staff", "system") if view.outside else row.changed_side == "customer"
    for one in house.actions:
        if one.name == "release" and view.outside and not row.by_work:
            one.label = _("Send for shipment")
            one.ask = _("Send the order for shipment? From then on it can no longer be changed.")
        if one.name == "reconfirm":
            one.label = _("Accept the changes") if theirs else _("Send for confirmation")
    _say_why_not(view, row, house)


def _say_why_not(view, row, house):
    """What people look for next in the life of an order, and why it is not possible yet or any more."""
    unconfirmed = {"submitted": _("The order has to be confirmed first."),
                   "changed": _("The order was changed: it has to be confirmed first.")}  # fmt: skip
    if row.state in unconfirmed and view.may("release"):
        step = orders.FLOW.transitions["release"].on(row)
        word = _("Send for shipment") if view.outside and not row.by_work else step.label
        house.actions.append(_disabled("release", word, unconfirmed[row.state], step.icon))
    if row.state == "released" and view.may("write") and house.edit_url is None:
        try:
            view.editable(row)
        except BusinessError as error:
            house.actions.append(_disabled("amend", _("Change"), error.message, "fa-pen"))


def _disabled(name, word, why, icon):
    return SimpleNamespace(name=name, label=word, enabled=False, reason=why, icon=icon, danger=False, primary=False)


def _deleting(view, row, house):
    """One way to delete is enough: at once, by asking, or by answering what somebody asks."""
    asked = order_deletion.open_request(row) is not None
    alone = view.may("delete") and _may_delete(row)
    idle = {"request_deletion": alone, "approve_deletion": not asked, "refuse_deletion": not asked}
    house.actions = [one for one in house.actions if not idle.get(one.name)]
    if not alone:
        return
    if row.state == "draft":
        house.delete_url = view.url("delete", pk=row.id)
        return
    form = SimpleNamespace(form=orders.OptionalReasonForm)
    house.actions.append(
        SimpleNamespace(
            name="delete", label=_("Delete"), icon="fa-trash", enabled=True, reason=None, danger=True, primary=False,
            ask=_("Delete this order? When, by whom and why stays in its history."), form_fields=form_fields(form),
            url=view.url("delete", pk=row.id), version=row.version,
        )
    )  # fmt: skip


def _may_delete(row):
    try:
        order_deletion.check(row, g.work)
    except BusinessError:
        return False
    return True


def _requests(row):
    """Whose deletion of the order was asked for, why, and what a second person said."""
    names = threads.authors([one.created_by for one in row.deletions])
    rows = [section.line(names.get(one.created_by, "–"), show(one, "created_at", reader()), one.asked_reason,
                         VALUES["state"][one.answer or "waiting"], one.decided_name, one.reason)
            for one in row.deletions]  # fmt: skip
    heads = [_("Asked for by"), _("When"), _("Reason"), _("Answer"), _("Who"), _("Note")]
    return section.table("deletions", _("Deletion asked for"), heads, rows)


def _badges(row, house):
    """Whether a submitted order has somebody who works on it (ORD-13, X-39)."""
    if row.state == "submitted" and order_terms.term("HANDLING_WORDS", row, g.work):
        code, word = HANDLING[row.handler_id is not None]
        house.badges.append(SimpleNamespace(code=code, label=word))


def _sets(view, row):
    """The change sets of an order in the reader's words."""
    sets = order_changes.change_sets(row, g.work)
    names = _names(sets)
    found = []
    for one in sets:
        values = [value for value in sorted(one.values, key=lambda value: value.line)
                  if not (view.outside and order_changes.field_of(value.field) in OURS)]  # fmt: skip
        who = SIDES[one.side] if view.outside or one.side == "system" else one.actor
        changes = [(_what(value), *(_told(view, row, value, one, names) for one in (value.before, value.after)))
                   for value in values]  # fmt: skip
        if changes:
            at, step = show(one, "at", reader()), STEPS[one.step]
            found.append(SimpleNamespace(at=at, action=step, actor=who, changes=changes, note=None))
    return found


def _what(value):
    title = label(order_changes.field_of(value.field))
    return f"{value.line} · {title}" if value.line else title


def _told(view, row, value, kept, names):
    if value.field in TARGETS:
        return names.get((value.field, kept))
    model = OrderLine if value.line else Order
    path = f"lines.0.{value.field}" if value.line else value.field
    return timeline.told(view, model, value.field, kept, row, {}, path)


def _names(sets):
    """What records are called whose ids the history keeps: {(column, id): text}."""
    ids = {}
    for one in sets:
        for value in one.values:
            if value.field in TARGETS:
                ids.setdefault(value.field, set()).update({value.before, value.after} - {None})
    found = {}
    for field, wanted in ids.items():
        model = TARGETS[field]
        rows = db.session.scalars(select(model).where(model.id.in_(wanted)))
        found |= {(field, row.id): said(row, reader()) for row in rows}
    return found


# --- the field matrix --------------------------------------------------------------------------


class FieldsField(SelectMultipleField):
    """Fields of an order, ticked; kept in the order in which they are listed."""


class FieldRuleForm(HouseForm):
    """One row of the field matrix."""

    side = SelectField(_l("Who"), choices=options(order_fields.SIDES))
    role = ReferenceField(_l("Only holders of the role"), target=Role, endpoint="/field_rules/roles")
    order_type = ReferenceField(_l("Order type"), target=OrderType, endpoint="/order_types/choices")
    order_state = SelectField(
        _l("Status"), choices=options({one: orders.FLOW.states[one] for one in order_fields.STATES})
    )
    fields = FieldsField(_l("May change"), choices=options(order_fields.FIELDS))
    review = SelectField(
        _l("Afterwards"), coerce=lambda value: value in (True, "True", "1"),
        choices=[SelectChoice("True", _l("The order must be confirmed again")),
                 SelectChoice("", _l("The order keeps its state"))],
    )  # fmt: skip


class PresetForm(HouseForm):
    """Which preset to apply, and to which orders."""

    preset = SelectField(_l("Preset"))
    order_type = ReferenceField(_l("Order type"), target=OrderType, endpoint="/order_types/choices")


class FieldRuleView(OfficeView):
    datamodel = Interface(FieldRule)
    noun = "field_rule"
    route_base = "/field_rules"
    list_title, add_title, edit_title = _l("Who may change orders"), _l("New row"), _l("Edit the row")
    list_columns = ["side", "order_type", "order_state", "fields", "review", "preset"]
    add_columns = edit_columns = ["side", "role", "order_type", "order_state", "fields", "review"]
    add_form = edit_form = FieldRuleForm
    facts = ((None, ["side", "role", "order_type", "order_state", "fields", "review", "preset"]),)
    label_columns = {"side": _l("Who"), "fields": _l("May change"), "review": _l("Must be confirmed again"),
                     "preset": _l("Preset"), "order_state": _l("Status"), "role": _l("Role")}  # fmt: skip
    include_route_methods = KEPT | {"apply_preset", "roles"}
    method_permission_name = OfficeView.method_permission_name | {"apply_preset": "write", "roles": "read"}
    on_save = staticmethod(order_fields.check_rule)
    on_delete = staticmethod(lambda row, work: work.session.delete(row))

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.lead = _("What no row names stays as it is. Rows of an order type hold instead of the general ones.")
        if self.may("write"):
            house.links = [
                SimpleNamespace(label=_("Apply a preset"), url=self.url("apply_preset"), icon="fa-table-list")
            ]
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    @expose("/preset", methods=["GET", "POST"])
    @has_access
    def apply_preset(self):
        """Put the rows of a preset in the place of the present ones."""
        form = PresetForm(request.form if request.method == "POST" else None)
        form.preset.choices = options({code: f"{_preset(code)} – {text}" for code, (text, _rows)
                                       in order_fields.PRESETS.items()})  # fmt: skip
        if request.method == "POST" and form.validate():
            kind = form.order_type.data
            with g.work.doing("field_rule.preset"):
                made = order_fields.apply_preset(form.preset.data, kind.id if kind is not None else None, g.work)
                db.session.commit()
            flash(_("Applied: %(preset)s", preset=_preset(made[0].preset if made else "")), "success")
            return redirect(self.url("list"))
        house = SimpleNamespace(
            cancel_url=self.url("list"), save_label=_("Apply"), crumbs=[(str(self.list_title), self.url("list"))],
            lead=_("The rows of the order type chosen, or the general ones, are replaced by those of the preset."),
        )  # fmt: skip
        status = 422 if form.errors else 200
        return self.render_template("house/form.html", title=_("Apply a preset"), form=form, house=house), status

    @expose("/roles")
    @has_access
    def roles(self):
        """Roles for the select box."""
        term = request.args.get("term", "").strip()
        rows = db.session.scalars(select(Role).where(Role.name.istartswith(term)).order_by(Role.name).limit(20))
        return jsonify([{"id": str(row.id), "text": row.name, "note": ""} for row in rows])


def _preset(code):
    return _("Default") if code == "default" else code


def register(appbuilder):
    if on_page not in OrderView.additions:  # a second application in the process shares the screen
        OrderView.additions.append(on_page)
    appbuilder.add_view(FieldRuleView, "field_rules", label=FieldRuleView.list_title, icon="fa-table-cells",
                        category="Administration", category_label=_l("Administration"))  # fmt: skip
