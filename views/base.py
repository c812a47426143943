"""What every generated screen of ours adds to Flask-AppBuilder: flat lists, filters, flow buttons, one door.

A screen is a list of names (docs/howto/add-a-capability.md). External people get the names that begin
with `portal_`; columns in `internal` are never shown to them, on screen or over REST.
"""

from types import SimpleNamespace

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_appbuilder import ModelView, expose, has_access
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from app.answers import refusal_of
from app.core.errors import BusinessError
from app.core.flow import stale
from app.extensions import db
from reports.core import REPORTS
from views import bulk, exports, records, wire
from views.fields import ENDPOINTS, form_for
from views.labels import LABELS
from views.listing import Listing

VERBS = {  # roles speak of read, write, delete and of steps, not of the framework's method names
    "list": "read", "show": "read", "choices": "read", "export": "read", "document": "read", "step": "read",
    "action_post": "read", "history": "read", "add": "write", "edit": "write", "delete": "delete",
    "download": "read", "action": "read", "override": "read", "price": "read", "find_products": "read",
    "totals": "read", "addresses": "read", "merge": "merge", "split": "split", "propose": "read", "answer": "read",
    "save": "write", "save_new": "write", "keep": "write", "forget": "write",
}  # fmt: skip

HOMES = {}  # noun -> the address below which its screens stand: filled by them


class Interface(SQLAInterface):
    """The framework's datamodel; our lists, forms and records go their own, flat way."""

    def get_search_columns_list(self):
        return []  # we have filters of our own; the framework stumbles over synonyms


class HouseView(ModelView):
    """A generated screen. Set `datamodel`, `noun`, the columns and, where there are, `flow` and `reports`."""

    noun = None  # singular: 'order'
    flow = None
    on_save = None  # rule(record, work): run before the row of a form is written
    on_delete = None  # rule(record, work): removes or archives
    reports = ()
    filters = ()
    quick = None  # the filter behind the search field of the list
    portal_columns = None
    internal = frozenset()
    inside_parts = ()  # parts of a record whose changes are not told outside: what is still being worked out
    inside_steps = frozenset()  # steps nobody outside is told of
    lines = None  # (relationship, columns)
    facts = ()  # ((title, columns), ...)
    portal_facts = None
    base_order = ("id", "desc")
    order_columns = ("id",)
    required_columns = ()
    page_size = 25
    add_label = None
    method_permission_name = VERBS
    download = None  # the framework's folder of uploads; ours are kept by content
    label_columns = {}
    more_permissions = ()  # what rules ask for beside the steps
    groups = ()  # ((title, field names), ...): how a long form is parted
    marked_by = ()  # columns that `marks` looks at
    single_steps = frozenset()  # steps of one record, which the list does not offer
    thanks = frozenset()  # steps that end with an order, for which a customer is thanked by its number
    step_pages = {}  # steps on the ticked rows that are taken on a page of their own: {step: endpoint}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.noun:
            cls.class_permission_name = cls.class_permission_name or "".join(
                p.capitalize() for p in cls.noun.split("_")
            )

    def __init__(self, **kwargs):
        self.label_columns = {**LABELS, **self.label_columns}
        self.search_columns = ["id"]
        super().__init__(**kwargs)
        if self.flow:
            self.base_permissions += [f"can_{name}" for name in self.flow.transitions]
            by_hand = ("can_override",) if self.flow.settable else ()
            for name in (*by_hand, *(f"can_{one}" for one in self.more_permissions)):
                if name not in self.base_permissions:
                    self.base_permissions.append(name)
        ENDPOINTS.setdefault(self.datamodel.obj, f"{self.route_base}/choices")
        HOMES.setdefault(self.noun, self.route_base)

    def _init_forms(self):
        """Forms come from the model's columns: references ask the server, dates and amounts are localized."""
        model = self.datamodel.obj
        self.search_form = form_for(model, [])
        self.add_form = self.add_form or form_for(model, self.add_columns, required=self.required_columns)
        self.edit_form = self.edit_form or form_for(model, self.edit_columns, required=self.required_columns)

    # --- helpers -------------------------------------------------------------------------------

    @property
    def model(self):
        return self.datamodel.obj

    @property
    def outside(self):
        """Whether a customer is looking; the framework reads this attribute before anybody does."""
        work = g.get("work")
        return work is None or not work.actor.inside

    def may(self, verb):
        return g.work.actor.may(f"{self.noun}.{verb}")

    def columns(self):
        names = self.portal_columns if self.outside and self.portal_columns else self.list_columns
        return [name for name in names if not (self.outside and name.partition(".")[0] in self.internal)]

    def row(self, pk):
        """One record the actor may see, or 404."""
        found = db.session.get(self.model, pk) if pk < 2**63 else None
        return found if found is not None else abort(404)

    def url(self, page, **more):
        return url_for(f"{self.endpoint}.{page}", **more)

    def report_title(self, row, name):
        """What a document of a record is called."""
        return REPORTS[name].title

    def has(self, page):
        """Whether the screen has such a page; some leave out what does not fit their noun."""
        return f"{self.endpoint}.{page}" in current_app.view_functions

    def query(self):
        """What the list begins with; screens narrow it (archived rows, one type of invoice)."""
        return db.session.query(self.model)

    # --- list ----------------------------------------------------------------------------------

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def listing(self, args):
        """The list under the parameters of an address."""
        return Listing(self, args)

    @expose("/choices")
    @has_access
    def choices(self):
        """Rows for a select box: at most 20, by the beginning of words, within the actor's rows."""
        return records.choices(self, request.args.get("term", ""), request.args.get("id"))

    @expose("/export/<kind>")
    @has_access
    def export(self, kind):
        return exports.answer(self, self.listing(request.args), kind)

    # --- one record ----------------------------------------------------------------------------

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        row = self.row(pk)
        return self.render_template("house/show.html", title=str(row), house=records.house(self, row))

    def more(self, row, house):
        """Whatever a screen adds to its record's page."""

    def prepare(self, rows):
        """What a screen looks up once for all rows of a page of its list."""

    def marks(self, row):
        """What is special about a row of the list, as [(code, word)]: badges beside its number."""
        return ()

    def next_step(self, row):
        """What comes next, in words; None where nothing does."""

    @expose("/document/<int:pk>/<name>.<kind>")
    @has_access
    def document(self, pk, name, kind):
        """Any declared report of one record."""
        return records.document(self, self.row(pk), name, kind)

    # --- forms ---------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        form = self.add_form(request.form if request.method == "POST" else None, **self.prefill())
        if request.method == "POST":
            saved = self._save(form, self.model(), "create")
            if saved is not None:
                flash(_("Saved: %(record)s", record=saved), "success")
                return redirect(self.url("show", pk=saved.id))
        return self._form(self.add_title, form, self.add_columns, self.url("list"))

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        self.editable(row)
        form = self.edit_form(request.form if request.method == "POST" else None, obj=row)
        if request.method == "POST":
            saved = self._save(form, row, "edit")
            if saved is not None:
                flash(_("Saved: %(record)s", record=saved), "success")
                return redirect(self.url("show", pk=pk))
        return self._form(self.edit_title, form, self.edit_columns, self.url("show", pk=pk), row)

    @expose("/delete/<int:pk>", methods=["POST"])
    @has_access
    def delete(self, pk):
        row = self.row(pk)
        label = str(row)
        try:
            with g.work.doing(f"{self.noun}.delete", request.form.get("reason")):
                done = self.remove(row, g.work)
                db.session.commit()
        except (BusinessError, DBAPIError) as error:
            return self._refused(error, self.url("show", pk=pk))
        archived = _("Archived, because other records refer to it: %(record)s", record=label)
        flash(archived if done == "archived" else _("Deleted: %(record)s", record=label), "success")
        return redirect(self.url("list"))

    def remove(self, row, work):
        """Delete, archive or leave a tombstone: the noun's rule decides, and says 'archived' where it did."""
        if self.on_delete:
            return self.on_delete(row, work)
        if hasattr(row, "deleted_at"):
            row.deleted_at, row.deleted_by = work.now, work.actor.user_id
            row.deleted_reason = (request.form.get("reason") or "")[:500]
        else:
            db.session.delete(row)
        return None

    def prefill(self):
        """Values a new form begins with, taken from the address: `?customer=7`."""
        wanted = {}
        for name in self.add_columns:
            relation = self.model.__mapper__.relationships.get(name)
            named = wire.key(request.args.get(name, "")) if relation is not None else None
            if named is not None:
                wanted[name] = db.session.get(relation.mapper.class_, named)
        return {"data": wanted} if wanted else {}

    def editable(self, row):
        """Refuse to open the form of a record that can no longer be changed."""

    def _save(self, form, row, action):
        if not form.validate():
            return None
        try:
            self._check_version(row)
            with g.work.doing(f"{self.noun}.{action}"):
                with db.session.no_autoflush:
                    form.populate_obj(row)
                    self.before_save(row, form)
                if action == "create":
                    db.session.add(row)
                if self.on_save:
                    self.on_save(row, g.work)
                db.session.commit()
            return row
        except (BusinessError, DBAPIError, StaleDataError) as error:
            db.session.rollback()
            refusal = self.refusal(error)
            field = form._fields.get(refusal.details.get("field", ""))
            (field.errors if field is not None else form.form_errors).append(str(refusal.message))
            return None

    def before_save(self, row, form):
        """Whatever a screen fills in beside the form."""

    def _check_version(self, row):
        seen = request.form.get("version", "")
        version = getattr(row, "version", None)
        if seen.isdecimal() and version and int(seen[:19]) != version:
            raise stale(row)

    def refusal(self, error):
        """Any refusal as a BusinessError; what is none goes on as a failure of ours."""
        if isinstance(error, StaleDataError):
            return BusinessError("stale", _("Somebody else changed this record meanwhile. Reload it, then try again."))
        found = error if isinstance(error, BusinessError) else refusal_of(error)
        if found is None:
            raise error
        return found

    def _refused(self, error, back):
        db.session.rollback()
        flash(str(self.refusal(error).message), "warning")
        return redirect(back)

    def _form(self, title, form, names, back, row=None):
        crumbs = [(str(self.list_title), self.url("list"))]
        house = SimpleNamespace(cancel_url=back, save_label=_("Save"), crumbs=crumbs,
                                fieldsets=[SimpleNamespace(title=head, fields=[one for one in fields if one in form])
                                           for head, fields in self.groups])  # fmt: skip
        status = 422 if form.errors or form.form_errors else 200
        page = render_template("house/form.html", title=title, form=form, house=house, appbuilder=self.appbuilder,
                               base_template=self.appbuilder.base_template,
                               version=getattr(row, "version", None))  # fmt: skip
        return page, status

    # --- steps ---------------------------------------------------------------------------------

    @expose("/step/<name>/<int:pk>", methods=["POST"])
    @has_access
    def step(self, name, pk):
        """Take one step on one record."""
        return bulk.step(self, name, pk)

    @expose("/override/<int:pk>", methods=["POST"])
    @has_access
    def override(self, pk):
        """Set the status by hand, with a reason."""
        row = self.row(pk)
        try:
            bulk.override(self.flow, row, request.form, bulk.seen()) if self.flow else abort(404)
            db.session.commit()
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        return redirect(self.url("show", pk=pk))

    @expose("/action_post", methods=["POST"])
    @has_access
    def action_post(self):
        """Take one step on the ticked rows, or on all that match, in the background when they are many."""
        return bulk.start(self)

    @expose("/action/<string:name>/<int:pk>", methods=["POST"])
    @has_access
    def action(self, name, pk):
        """The framework's address of a step."""
        return bulk.step(self, name.rpartition(".")[2], pk)
