"""The designer of a service: steps, fields, choices, price and work stages on one page, each part a plain form.

A part is addressed by its path in the definition (`?at=steps.0.fields.2`); see app.rules.service_design.
"""

from decimal import Decimal
from types import SimpleNamespace

from flask import flash, g, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.core.errors import BusinessError
from app.core.localized import format_money, format_number, pick
from app.core.money import Money
from app.extensions import db
from app.reading import locale, reader
from app.rules import service_design as design
from app.rules import services
from views import formwork, wizard_pages
from views import service_forms as forms


class Designer:
    """What the screen of services needs to change a definition."""

    @expose("/design/<int:pk>")
    @has_access
    def design(self, pk):
        """Everything of the definition, with what is still missing."""
        row = self.row(pk)
        definition = row.draft or design.empty()
        current = services.current_version(row, g.work)
        house = SimpleNamespace(
            number=pick(row.names, locale()), state=SimpleNamespace(code=row.state, label=self.flow.states[row.state]),
            crumbs=[(str(self.list_title), self.url("list")), (pick(row.names, locale()), self.url("show", pk=pk))],
            problems=[(place, text) for place, text in services.problems(row)],
            changed=current is None or current.definition != definition,
            version=None if current is None else format_number(current.number, reader()),
            steps=[self._step(row, one, at) for at, one in enumerate(definition["steps"])],
            stages=[self._stage(row, one, f"stages.{at}") for at, one in enumerate(definition["stages"])],
            price=_price_facts(row, definition), price_url=self.url("price", pk=pk),
            add_step=self._add(row, "steps"), add_stage=self._add(row, "stages"),
            preview_url=self.url("preview", pk=pk, number=1) if definition["steps"] else None,
            actions=[one for one in _actions(self, row) if one.name == "publish"],
        )  # fmt: skip
        return self.render_template("house/designer.html", title=_("Design: %(service)s", service=house.number),
                                    house=house)  # fmt: skip

    def _add(self, row, path):
        return self.url("node", pk=row.id, at=path)

    def _tools(self, row, path, node):
        name = design.title(node, locale())
        return SimpleNamespace(
            edit=self.url("node", pk=row.id, at=path), up=self.url("move", pk=row.id, at=path, by="up"),
            down=self.url("move", pk=row.id, at=path, by="down"), drop=self.url("drop", pk=row.id, at=path), name=name,
        )  # fmt: skip

    def _step(self, row, node, at):
        path = f"steps.{at}"
        fields = [self._field(row, one, f"{path}.fields.{at}") for at, one in enumerate(node["fields"])]
        return SimpleNamespace(
            name=design.title(node, locale()), help=pick(node["help"], locale()), fields=fields,
            number=format_number(at + 1, reader()), tools=self._tools(row, path, node),
            add=self._add(row, f"{path}.fields"),
        )  # fmt: skip

    def _field(self, row, node, path):
        choices = [
            SimpleNamespace(name=design.title(one, locale()), tools=self._tools(row, f"{path}.choices.{at}", one),
                            price=_money(one["price"], row))
            for at, one in enumerate(node.get("choices", ()))
        ]  # fmt: skip
        return SimpleNamespace(
            name=design.title(node, locale()), key=node["key"], kind=design.KINDS[node["kind"]],
            required=node["required"], help=pick(node["help"], locale()), choices=choices,
            limits=_limits(node), tools=self._tools(row, path, node),
            add=self._add(row, f"{path}.choices") if node["kind"] == "choice" else None,
        )  # fmt: skip

    def _stage(self, row, node, path):
        days = None if node["days"] is None else format_number(node["days"], reader())
        return SimpleNamespace(name=design.title(node, locale()), approval=node["approval"], days=days,
                               tools=self._tools(row, path, node))  # fmt: skip

    # --- one part --------------------------------------------------------------------------------

    @expose("/node/<int:pk>", methods=["GET", "POST"])
    @has_access
    def node(self, pk):
        """A step, field, choice or stage: a new one at the end of a list, or one that is there."""
        row, path = self.row(pk), request.args.get("at", "")
        try:
            found, kind = design.at(row.draft or design.empty(), path), design.kind_of(path)
        except BusinessError as error:
            return self._refused(error, self.url("design", pk=pk))
        form = forms.FORMS[kind](formwork.sent(), data=None if isinstance(found, list) else forms.data_of(found))
        if request.method == "POST" and self._written(row, form, lambda: forms.written(row, path, form, kind), kind):
            return redirect(self.url("design", pk=pk, _anchor=path.partition(".fields")[0].replace(".", "-")))
        title = forms.TITLES[kind][isinstance(found, list)]
        return self._designed(row, str(title), form)

    @expose("/price/<int:pk>", methods=["GET", "POST"])
    @has_access
    def price(self, pk):
        """How the price is worked out."""
        row = self.row(pk)
        definition = row.draft or design.empty()
        form = forms.price_form(definition)(formwork.sent(), data=forms.price_data(definition))
        if request.method == "POST" and self._written(
            row, form, lambda: {**definition, "price": forms.price_of(form, definition)}, "price"
        ):
            return redirect(self.url("design", pk=pk, _anchor="price"))
        return self._designed(row, _("Price"), form, forms.price_groups(form))

    def _written(self, row, form, change, part):
        def rule():
            services.redesign(row, change(), g.work, part=part)
            return row

        return formwork.attempt(self, form, "edit", rule)

    def _designed(self, row, title, form, groups=None):
        house = SimpleNamespace(
            cancel_url=self.url("design", pk=row.id), save_label=None, fieldsets=groups, lead=None,
            crumbs=[(str(self.list_title), self.url("list")),
                    (pick(row.names, locale()), self.url("design", pk=row.id))],
        )  # fmt: skip
        return formwork.page(self, title, form, house)

    @expose("/move/<int:pk>", methods=["POST"])
    @has_access
    def move(self, pk):
        """Put one part before or after its neighbour."""
        by = 1 if request.args.get("by") == "down" else -1
        return self._changed(pk, lambda definition, path: design.moved(definition, path, by))

    @expose("/drop/<int:pk>", methods=["POST"])
    @has_access
    def drop(self, pk):
        """Take one part out; orders made before keep their version."""
        return self._changed(pk, design.dropped)

    def _changed(self, pk, change):
        row, path = self.row(pk), request.args.get("at", "")
        back = self.url("design", pk=pk)
        try:
            with g.work.doing("service.edit"):
                services.redesign(row, change(row.draft or design.empty(), path), g.work, part=design.kind_of(path))
                db.session.commit()
        except BusinessError as error:
            return self._refused(error, back)
        return redirect(back)

    # --- as the customer sees it -----------------------------------------------------------------

    @expose("/preview/<int:pk>/<int:number>")
    @has_access
    def preview(self, pk, number):
        """One step as customers will see it; nothing that is typed is kept."""
        row = self.row(pk)
        edition = wizard_pages.proof(row)
        steps = edition.definition["steps"]
        if not steps:
            flash(_("The service needs at least one step."), "warning")
            return redirect(self.url("design", pk=pk))
        page = wizard_pages.preview(self, row, edition, min(max(number, 1), len(steps)))
        return self.render_template("house/wizard.html", title=page.title, house=page, form=page.form)

    @expose("/sketch/<int:pk>/<int:number>", methods=["POST"])
    @has_access
    def sketch(self, pk, number):
        """The price of what is typed into the preview."""
        row = self.row(pk)
        edition = wizard_pages.proof(row)
        answers = wizard_pages.typed(edition, number)
        found = wizard_pages.proof_price(edition, answers, g.work)
        db.session.rollback()
        return jsonify(found)


def _actions(view, row):
    return [
        SimpleNamespace(
            name=offer.step.name, label=offer.step.label, ask=offer.step.ask, icon=offer.step.icon, form_fields=(),
            url=view.url("step", name=offer.step.name, pk=row.id), enabled=offer.enabled, reason=offer.reason,
            primary=True, danger=False, version=row.version,
        )
        for offer in view.flow.offers(row, g.work)
        if offer.fits
    ]  # fmt: skip


def _money(amount, row):
    return format_money(Money(Decimal(amount), row.currency_code), reader()) if amount else None


def _limits(node):
    if node["kind"] != "number":
        return None
    least, most = (format_number(Decimal(node[one]), reader()) if node[one] else None for one in ("least", "most"))
    if least and most:
        return _("%(least)s to %(most)s", least=least, most=most)
    return _("At least %(number)s", number=least) if least else _("At most %(number)s", number=most) if most else None


def _price_facts(row, definition):
    rule = definition["price"]
    items = [(_("Kind"), design.PRICES[rule["kind"]], "text")]
    if rule.get("amount") and rule["kind"] in ("fixed", "per_unit"):
        items.append((_("Amount"), _money(rule["amount"], row), "money"))
    for name, title in (("field", _("Number")), ("choice", _("Choice"))):
        found = design.field(definition, rule.get(name)) if rule.get(name) else None
        if found is not None and (name == "field" or rule["kind"] == "by_choice"):
            items.append((title, design.title(found, locale()), "text"))
            if name == "choice":
                items += [(design.title(one, locale()), _money(rule["table"].get(one["key"]), row) or "–", "money")
                          for one in found["choices"]]  # fmt: skip
    return items


