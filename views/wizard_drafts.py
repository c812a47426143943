"""The order wizard: choose a service, fill it in step by step, look at everything, confirm (CRT-08, CRT-09, HLP-01)."""

from types import SimpleNamespace

from flask import abort, flash, g, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from app.answers import answer
from app.core.errors import BusinessError, NotFound
from app.core.localized import format_time, pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import files, service_answers, services, wizard_drafts
from models.customers import Customer
from models.services import Service
from models.wizard_drafts import WizardDraft
from views import downloads, formwork, wire, wizard_pages
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.bulk import form_fields
from views.doors import done, door
from views.fields import HouseForm, ReferenceField
from views.filters import Refers
from views.services import offered
from views.wizard_pages import PREFIX


class BeginForm(HouseForm):
    """For whom an order is begun."""

    customer = ReferenceField(_l("Customer"), target=Customer, endpoint="/customers/choices")


class WizardDraftView(HouseView):
    datamodel = Interface(WizardDraft)
    noun = "wizard_draft"
    flow = wizard_drafts.FLOW
    route_base = "/wizard_drafts"
    thanks = frozenset({"confirm"})
    list_title, add_title, edit_title = _l("Unfinished orders"), _l("Order a service"), _l("Order a service")
    add_label = _l("Order a service")
    list_columns = ["edition", "customer", "state", "updated_at"]
    portal_columns = ["edition", "state", "updated_at"]
    internal = frozenset({"customer"})
    add_columns = edit_columns = ["step"]
    filters = (Refers("customer", Customer, "/customers/choices"),)
    label_columns = {"edition": _l("Service")}
    include_route_methods = {"list", "show", "add", "delete", "choices", "export", "step", "action_post", "fill",
                             "keep", "review"}  # fmt: skip
    method_permission_name = {**VERBS, "fill": "write", "keep": "write", "review": "read"}

    def remove(self, row, work):
        wizard_drafts.cancel(row, work)

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        """Where it goes on: the next step, the review, or the order that was made."""
        row = self.row(pk)
        if row.order_id is not None:
            return redirect(f"/orders/show/{row.order_id}")
        if row.step > len(row.edition.definition["steps"]):
            return redirect(self.url("review", pk=pk))
        return redirect(self.url("fill", pk=pk, number=row.step))

    # --- beginning -------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        """Choose a service; what was begun before can be continued."""
        form = BeginForm(request.form if request.method == "POST" else None)
        if request.method == "POST":
            made = formwork.attempt(self, form, "create", lambda: self._begin(form))
            if made is not None:
                return redirect(self.url("fill", pk=made.id, number=1))
        asked = not self.outside or len(g.work.actor.customers) > 1
        house = SimpleNamespace(
            services=_offered(), asked=asked,
            lead=_("Choose what you want to order. We ask for everything step by step."),
            crumbs=[(str(self.list_title), self.url("list"))], chosen=request.args.get("service", ""),
            unfinished=_unfinished(self),
        )  # fmt: skip
        page = self.render_template("house/wizard_choose.html", title=self.add_title, house=house, form=form)
        return page, 422 if form.errors or form.form_errors else 200

    def _begin(self, form):
        wanted = request.form.get("service", "")
        customer = form.customer.data
        return wizard_drafts.begin(int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0, g.work,
                                   customer=customer.id if customer is not None else None)  # fmt: skip

    # --- filling in ------------------------------------------------------------------------------

    def _step(self, pk, number):
        """The draft and one of its steps, or 404."""
        row = self.row(pk)
        steps = row.edition.definition["steps"]
        return row, steps[number - 1] if 1 <= number <= len(steps) else abort(404)

    @expose("/fill/<int:pk>/<int:number>", methods=["GET", "POST"])
    @has_access
    def fill(self, pk, number):
        """One step. Whatever is possible of it is kept at once, also when something else is refused."""
        row, step = self._step(pk, number)
        if row.state != "open":
            return redirect(self.url("show", pk=pk))
        attached = {one.part for one in wizard_drafts.attached(row, g.work)}
        form = wizard_pages.step_form(row.edition, step, row, attached)(
            formwork.sent(), data=wizard_pages.data_of(step, row.answers)
        )
        if request.method == "POST":
            target = self._save(row, step, number, form)
            if target is not None:
                return redirect(target)
        house = wizard_pages.page(self, row, number, form)
        page = self.render_template("house/wizard.html", title=house.title, house=house, form=form)
        return page, 422 if form.errors or form.form_errors else 200

    def _save(self, row, step, number, form):
        """Keep what was sent; gives the page that comes next, None to stay."""
        go = request.form.get("go", "next")
        try:
            self._check_version(row)
            form.validate()
            with g.work.doing("wizard_draft.edit"):
                self._files(row, step, form)
                ahead = number + 1 if go == "next" and not form.errors else number
                wizard_drafts.keep(row, wizard_pages.answered(step, form), g.work, step=max(row.step, ahead))
                db.session.commit()
        except (BusinessError, StaleDataError) as error:
            db.session.rollback()
            form.form_errors.append(str(self.refusal(error).message))
            return None
        if go == "later":
            flash(_("Everything is kept. You can go on at any time, on any device."), "success")
            return self.url("list")
        if go == "back":
            return self.url("fill", pk=row.id, number=max(number - 1, 1))
        if form.errors:
            return None
        last = number == len(row.edition.definition["steps"])
        return self.url("review", pk=row.id) if last else self.url("fill", pk=row.id, number=number + 1)

    def _files(self, row, step, form):
        """Files that are sent along, and those that are taken away."""
        gone = {wire.key(one) for one in request.form.getlist("remove")}
        for one in wizard_drafts.attached(row, g.work):
            if one.id in gone:
                db.session.delete(one)
        db.session.flush()
        for field in step["fields"]:
            given = form[PREFIX + field["key"]]
            if field["kind"] != "file" or given.errors:
                continue
            for one in given.data or ():
                try:
                    kept = files.store(one.stream, one.filename, one.mimetype, g.work, row.customer.branch_id)
                    wizard_drafts.attach(row, field["key"], kept, g.work)
                except BusinessError as error:
                    given.errors = [*given.errors, str(error.message)]

    @expose("/keep/<int:pk>/<int:number>", methods=["POST"])
    @has_access
    def keep(self, pk, number):
        """Keep what has been typed so far and say what it costs; the page asks while somebody writes."""
        row, step = self._step(pk, number)
        try:
            self._check_version(row)
            form = wizard_pages.step_form(row.edition, step, row)(request.form)
            form.validate()
            with g.work.doing("wizard_draft.edit"):
                wizard_drafts.keep(row, wizard_pages.answered(step, form), g.work)
                db.session.commit()
        except (BusinessError, StaleDataError) as error:
            db.session.rollback()
            found = self.refusal(error)
            return answer(found.status, found.code, found.message)
        price = wizard_pages.price_of(row.edition, row.answers, row.customer, row.currency_code, g.work)
        said = _("Kept at %(time)s", time=format_time(g.work.now, reader()))
        return jsonify({"version": row.version, "kept": said, **price})

    # --- the end ---------------------------------------------------------------------------------

    @expose("/review/<int:pk>")
    @has_access
    def review(self, pk):
        """Everything that was answered, what it costs, and the button that orders it."""
        row = self.row(pk)
        if row.state != "open":
            return redirect(self.url("show", pk=pk))
        edition, steps = row.edition, row.edition.definition["steps"]
        found = service_answers.told(edition.definition, row.answers, wizard_drafts.attached(row, g.work), locale(),
                                     g.work)  # fmt: skip
        missing = wizard_drafts.missing(row, g.work)
        step = self.flow.transitions["confirm"]
        house = SimpleNamespace(
            title=pick(edition.names, locale()), crumbs=[(str(self.list_title), self.url("list"))],
            groups=wizard_pages.told(found, self, row), lead=None if self.outside else str(row.customer),
            missing=[(pick(field["names"], locale()), self.url("fill", pk=pk, number=number))
                     for number, field in missing],
            price=wizard_pages.price_of(edition, row.answers, row.customer, row.currency_code, g.work),
            fields=form_fields(step), confirm_url=self.url("step", name="confirm", pk=pk), confirm_label=step.label,
            may=g.work.actor.may(step.key), version=row.version, back_url=self.url("fill", pk=pk, number=len(steps)),
            cancel_url=self.url("delete", pk=pk),
            steps=[wizard_pages.mark(one, at, self.url("fill", pk=pk, number=at), False,
                                     at not in {number for number, _field in missing})
                   for at, one in enumerate(steps, 1)],
        )  # fmt: skip
        return self.render_template("house/wizard_review.html", title=house.title, house=house)


def _offered():
    """The services on offer, by name."""
    rows = offered(db.session.query(Service).filter(Service.state == "published")).all()
    found = [
        SimpleNamespace(id=row.id, name=pick(row.names, locale()), text=pick(row.descriptions, locale()))
        for row in rows
    ]
    return sorted(found, key=lambda one: one.name.casefold())


def _unfinished(view, size=10):
    query = db.session.query(WizardDraft).filter(WizardDraft.state == "open")
    rows = query.options(joinedload(WizardDraft.edition), joinedload(WizardDraft.customer))
    found = [(row, told(row)) for row in rows.order_by(WizardDraft.id.desc()).limit(size)]
    for row, line in found if not view.outside else ():
        line.note = f"{row.customer} · {line.note}"
    return [line for _row, line in found]


def told(row):
    """A draft as a line of what waits for somebody."""
    return SimpleNamespace(title=pick(row.edition.names, locale()), note=note(row), icon="fa-wand-magic-sparkles",
                           url=f"/wizard_drafts/show/{row.id}")  # fmt: skip


def note(row):
    """How far a draft is, in words."""
    count = len(row.edition.definition["steps"])
    if row.step > count:
        return _("Waiting for you: confirm the order.")
    return _("Waiting for you: go on with step %(number)s of %(count)s.", number=row.step, count=count)


# --- REST --------------------------------------------------------------------------------------


class WizardDraftApi(HouseApi):
    """Filling in a service over REST: create with `service`, PUT `answers`, send files, then `confirm`."""

    noun = "wizard_draft"
    model = WizardDraft
    flow = wizard_drafts.FLOW
    resource_name = "wizard_drafts"
    list_fields = ("id", "version", "state", "service", "customer", "currency", "step", "order", "created_at",
                   "updated_at")  # fmt: skip
    show_fields = ("answers", "files", "missing", "price", "definition")
    portal_hidden = frozenset({"created_by", "updated_by"})
    filter_columns = ("id", "state", "customer", "created_at")
    create_fields = ("service", "customer", "currency", "answers")
    write_fields = ("answers", "step")
    parts = {"add_file": ("field", "file")}
    parts_only = frozenset(parts)

    def loaded(self):
        return ["id", "version", "state", "edition", "customer", "currency_code", "step", "order_id", "created_at",
                "updated_at"]  # fmt: skip

    def value(self, row, name):
        if name == "service":
            return {"id": row.service_id, "name": services.name(row.edition, locale()), "version": row.edition.number}
        if name in ("currency", "order"):
            return row.currency_code if name == "currency" else row.order_id
        if name == "files":
            return [{"id": one.id, "field": one.part, "name": one.name, "size": one.size}
                    for one in wizard_drafts.attached(row, g.work)]  # fmt: skip
        if name == "missing":
            return [field["key"] for _step, field in wizard_drafts.missing(row, g.work)]
        if name == "definition":
            return row.edition.definition
        return _price(row) if name == "price" else super().value(row, name)

    def create(self, given, work):
        self.known(given, self.create_fields)
        customer = given.get("customer")
        code = wire.currency(given["currency"], db.session) if given.get("currency") else None
        row = wizard_drafts.begin(
            wire.whole("service", given.get("service")), work, currency=code,
            customer=None if customer is None else wire.whole("customer", customer),
        )  # fmt: skip
        self._answers(row, given, work)
        return row

    def update(self, row, given, work):
        self.known(given, self.write_fields)
        self._answers(row, given, work)

    def known(self, given, allowed):
        """Refuse fields that are none of ours."""
        self.fill(WizardDraft(), dict.fromkeys(given.keys() - set(allowed) - {"version"}), ())

    def _answers(self, row, given, work):
        answers = given.get("answers", {})
        if not isinstance(answers, dict):
            raise wire.bad("answers", _("Send an object: %(field)s.", field="answers"))
        step = wire.whole("step", given["step"]) if given.get("step") is not None else None
        refused = wizard_drafts.keep(row, answers, work, step=step)
        if refused:
            fields = {key: str(error.message) for key, error in refused.items()}
            raise BusinessError("bad_answers", next(iter(fields.values())), fields=fields)

    def check_version(self, row, given):
        if row.state == "open":
            super().check_version(row, given)

    @api_expose("/<int:pk>", methods=["DELETE"])
    @door("delete")
    def delete(self, pk):
        """Cancel: what was filled in and its files are gone."""
        row = self.find(pk)
        with g.work.doing("wizard_draft.delete"):
            wizard_drafts.cancel(row, g.work)
            return done({"id": pk})

    @api_expose("/<int:pk>/files", methods=["POST"])
    @door("write")
    def add_file(self, pk):
        """Send a file for a field: multipart with `field` and the part `file`."""
        row, sent = self.find(pk), downloads.upload()
        with g.work.doing("wizard_draft.edit"):
            kept = files.store(sent.stream, sent.filename, sent.mimetype, g.work, row.customer.branch_id)
            made = wizard_drafts.attach(row, request.form.get("field", "")[:40], kept, g.work)
            return done({"id": made.id, "result": {"id": made.id, "field": made.part, "name": made.name}}, 201)

    @api_expose("/<int:pk>/files/<int:number>", methods=["DELETE"])
    @door("write")
    def drop_file(self, pk, number):
        """Take a file away again."""
        row = self.find(pk)
        wizard_drafts.check_open(row)
        found = next((one for one in wizard_drafts.attached(row, g.work) if one.id == number), None)
        if found is None:
            raise NotFound("not_found", _("There is no such record."))
        db.session.delete(found)
        return done({"id": number})


def _price(row):
    try:
        order = wizard_drafts.sketch(row.edition, row.answers, row.customer, row.currency_code, g.work)
    except BusinessError:
        return None
    if order is None:
        return None
    currency = row.currency_code
    lines = [{"sku": line.sku, "name": line.name, "quantity": wire.number(line.quantity_ordered),
              "unit_price": wire.amount(line.unit_price, currency), "net": wire.amount(line.net, currency)}
             for line in order.lines]  # fmt: skip
    totals = {name: wire.amount(getattr(order, name), currency) for name in ("total_net", "total_tax", "total_gross")}
    return {"currency": currency, "lines": lines, **totals}


def register(appbuilder):
    appbuilder.add_view(WizardDraftView, "wizard_drafts", label=_l("Order a service"), icon="fa-wand-magic-sparkles",
                        category="Sales", category_label=_l("Sales"), href="WizardDraftView.add",
                        menu_cond=lambda: g.work.actor.may("wizard_draft.write"))  # fmt: skip
    appbuilder.add_api(WizardDraftApi)
