"""Settings of the business, made from their declarations (app.core.settings): a list, a page each, a form per scope."""

from decimal import Decimal
from types import SimpleNamespace

from flask import abort, flash, g, redirect, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length

from app.core.errors import BusinessError, NotFound
from app.core.history import History
from app.core.localized import format_number
from app.core.needed import Needed
from app.core.settings import SETTINGS, SettingValue
from app.extensions import db
from app.reading import reader
from app.rules import settings_pages as rules
from app.rules.people import PROFILE_FIELDS
from models.customers import Customer
from models.orders import OrderType
from models.organisation import Branch, Portal
from models.people import AccessGroup
from views import timeline
from views.cells import said
from views.fields import DecimalText, HouseForm, ReferenceField, WholeText, options
from views.labels import LABELS
from views.roles import NEEDED
from views.ruled import section

OF = {"customer": Customer, "access_group": AccessGroup, "order_type": OrderType, "portal": Portal, "branch": Branch}
CHOICES = {
    "customer": "/customers/choices",
    "access_group": "/access_groups/choices",
    "order_type": "/order_types/choices",
    "portal": "/portals/choices",
    "branch": "/branches/choices",
}
PICKED = {"PROFILE_EDITABLE_FIELDS": PROFILE_FIELDS}  # names kept with spaces between them -> what there is to pick


class SettingView(BaseView):
    """What an administrator decides (ACC-17 and section 4 of the catalogue)."""

    route_base = "/settings"
    class_permission_name = "Setting"
    method_permission_name = {
        "list": "read",
        "show": "read",
        "edit": "write",
        "drop": "write",
    }
    list_title = _l("Settings")
    noun = "setting"
    model, flow, internal, outside, label_columns = SettingValue, None, frozenset(), False, {}  # for the timeline

    @expose("/list/")
    @has_access
    def list(self):
        columns = [
            ("text", _("Setting")),
            ("value", _("Value")),
            ("default", _("Default")),
            ("scopes", _("May differ by")),
        ]
        kept = rules.everywhere(g.work)
        rows = []
        for number, (name, one) in enumerate(sorted(SETTINGS.items(), key=lambda pair: str(pair[1].text))):
            now = kept.get(name, one.default)
            cells = [str(one.text), in_words(one, now), in_words(one, one.default), _scopes(one)]
            rows.append(SimpleNamespace(id=number, url=url_for("SettingView.show", name=name), cells=cells))
        house = SimpleNamespace(
            columns=[SimpleNamespace(name=name, label=title, kind="text") for name, title in columns],
            rows=rows,
            main="text",
            lead=_("What holds for the whole house, and where it may differ."),
        )
        return self.render_template("house/list.html", title=_("Settings"), house=house, widgets={})

    @expose("/show/<name>")
    @has_access
    def show(self, name):
        one = rules.declared(name)
        may = g.work.actor.may("setting.write")
        kept = rules.values(name, g.work)
        facts = [
            (_("Setting"), str(one.text), "wide"),
            (_("Code"), name, "code"),
            (_("Default"), in_words(one, one.default), "text"),
        ]
        rows = [
            (
                [str(rules.WORDS[row.scope]), _whose(row.scope, row.scope_id), in_words(one, row.value)],
                url_for("SettingView.drop", name=name, scope=row.scope, record=row.scope_id),
            )
            for row in kept
        ]
        links = (
            [
                SimpleNamespace(
                    label=_("Set: %(scope)s", scope=rules.WORDS[scope]),
                    icon="fa-pen",
                    url=url_for("SettingView.edit", name=name, scope=scope),
                )
                for scope in reversed(one.scopes)
            ]
            if may
            else []
        )
        house = SimpleNamespace(
            number=str(one.text),
            crumbs=[(_("Settings"), url_for("SettingView.list"))],
            links=links,
            facts=[{"title": None, "items": facts}],
            history=_history(self, kept),
            sections=[_values(rows, may)],
        )
        return self.render_template("house/show.html", title=str(one.text), house=house)

    @expose("/edit/<name>/<scope>", methods=["GET", "POST"])
    @has_access
    def edit(self, name, scope):
        one = rules.declared(name)
        if scope not in one.scopes:
            abort(404)
        kept = rules.value(name, scope, 0, g.work) if scope == "system" else None
        current = kept.value if kept is not None else one.default
        form = _form(one, scope)(
            request.form if request.method == "POST" else None, data={"value": _typed(one, current)}
        )
        if request.method == "POST" and form.validate() and self._save(one, scope, form):
            flash(_("Saved."), "success")
            return redirect(url_for("SettingView.show", name=name))
        back = url_for("SettingView.show", name=name)
        house = {
            "cancel_url": back,
            "crumbs": [(_("Settings"), url_for("SettingView.list")), (str(one.text), back)],
            "lead": _("Default: %(value)s", value=in_words(one, one.default)),
        }
        status = 422 if form.errors or form.form_errors else 200
        return self.render_template("house/form.html", title=str(rules.WORDS[scope]), form=form, house=house), status

    def _save(self, one, scope, form):
        record = form.record.data.id if "record" in form else 0
        try:
            with g.work.doing("setting.edit"):
                picked = one.name in PICKED
                rules.put(one.name, scope, record, " ".join(form.value.data) if picked else form.value.data, g.work)
                db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            form.value.errors = [*form.value.errors, str(error.message)]
            return False
        return True

    @expose("/drop/<name>/<scope>/<int:record>", methods=["POST"])
    @has_access
    def drop(self, name, scope, record):
        """Forget a value: the default, or the wider scope, holds again."""
        rules.declared(name)
        try:
            with g.work.doing("setting.delete"):
                rules.drop(name, scope, record, g.work)
                db.session.commit()
        except NotFound:
            abort(404)
        return redirect(url_for("SettingView.show", name=name))


def _values(rows, may):
    """The values of a setting, each with a button that forgets it."""
    columns = [_("May differ by"), _("Record"), _("Value")]
    return section("values", _("Values"), "access/_rows.html", columns=columns, rows=rows, form=None, removable=may)


def in_words(one, value):
    """A value of a setting as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(one.kind, tuple):
        return str(LABELS.get(value, value))
    if one.name in PICKED:
        return ", ".join(str(LABELS[name]) for name in PICKED[one.name] if name in value.split())
    if one.kind is int or one.kind is Decimal:
        return format_number(Decimal(str(value)), reader())
    return str(value)


def _scopes(one):
    return ", ".join(str(rules.WORDS[scope]) for scope in one.scopes if scope != "system") or "–"


def _whose(scope, record):
    if scope == "system":
        return "–"
    found = db.session.get(OF[scope], record)
    return said(found, reader()) if found is not None else "–"


def _typed(one, value):
    if one.name in PICKED:
        return value.split()
    return Decimal(str(value)) if one.kind is Decimal and value is not None else value


def _form(one, scope):
    """The form of a setting in a scope: whose value, and the value in its own type."""
    fields = {}
    if scope != "system":
        fields["record"] = ReferenceField(
            rules.WORDS[scope], [Needed(NEEDED)], target=OF[scope], endpoint=CHOICES[scope]
        )
    if one.kind is bool:
        fields["value"] = BooleanField(one.text)
    elif one.kind is int:
        fields["value"] = WholeText(one.text, [Needed(NEEDED)])
    elif one.kind is Decimal:
        fields["value"] = DecimalText(one.text, [Needed(NEEDED)])
    elif one.name in PICKED:
        words = {name: LABELS[name] for name in PICKED[one.name]}
        fields["value"] = SelectMultipleField(one.text, choices=options(words))
    elif isinstance(one.kind, tuple):
        fields["value"] = SelectField(one.text, choices=options({code: LABELS.get(code, code) for code in one.kind}))
    else:
        fields["value"] = StringField(one.text, [Length(max=2000)])
    return type("SettingForm", (HouseForm,), fields)


def _history(view, kept):
    ids = [row.id for row in kept]
    if not ids:
        return []
    found = db.session.scalars(
        select(History)
        .where(History.noun == "setting", History.record_id.in_(ids))
        .order_by(History.id.desc())
        .limit(30)
    )
    return [timeline.entry(view, one) for one in found]


def register(appbuilder):
    appbuilder.add_view(
        SettingView,
        "settings",
        label=_l("Settings"),
        icon="fa-sliders",
        category="Administration",
        category_label=_l("Administration"),
    )
