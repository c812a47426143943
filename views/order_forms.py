"""Screens and API of order forms: sent as a file or as pasted rows, looked at row by row, ordered."""

from types import SimpleNamespace

from flask import Response, abort, flash, g, jsonify, redirect, render_template, request, stream_with_context
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.core import sheets
from app.core.errors import BusinessError, Malformed, NotFound
from app.core.localized import LOCALES, Reader, format_number
from app.extensions import db
from app.reading import locale, reader
from app.rules import entry, order_forms
from models.order_forms import OrderForm
from models.products import PriceList
from reports import order_forms as tables
from views import exports, formwork, order_form_pages, order_wire, wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.doors import body, done, door
from views.filters import Choice, Since
from views.orders import OrderView


class OrderFormView(HouseView):
    datamodel = Interface(OrderForm)
    noun = "order_form"
    flow = order_forms.FLOW
    route_base = "/order_forms"
    thanks = frozenset({"order"})
    list_title, add_title = _l("Order forms"), _l("Quick order")
    add_label = _l("Quick order")
    list_columns = ["name", "customer", "state", "source", "taken_count", "changed_count", "refused_count",
                    "total_gross", "created_at"]  # fmt: skip
    portal_columns = ["name", "state", "source", "taken_count", "changed_count", "refused_count", "total_gross",
                      "created_at"]  # fmt: skip
    internal = frozenset({"customer"})
    exclude_route_methods = HouseView.exclude_route_methods | {"edit"}
    method_permission_name = HouseView.method_permission_name | {
        "template": "write", "file": "read", "status": "read",
    }  # fmt: skip
    add_columns = edit_columns = ["name"]
    label_columns = {"name": _l("File"), "total_net": _l("Net"), "created_at": _l("Received at")}
    facts = ((None, ["customer", "source", "created_at", "checked_at", "total_net", "total_tax", "total_gross"]),)
    portal_facts = ((None, ["source", "created_at", "checked_at", "total_net", "total_tax", "total_gross"]),)
    filters = (Choice("source", order_forms.SOURCES, _l("Source")),
               Since("from", "created_at", _l("Received from")),
               Since("until", "created_at", _l("Received until"), until=True))  # fmt: skip
    on_delete = staticmethod(order_forms.remove)

    def editable(self, row):
        raise BusinessError("not_editable", _("Correct the file and send it again."))

    def more(self, row, house):
        if row.state != "ordered" and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        order_form_pages.fill(self, row, house)

    def next_step(self, row):
        return order_form_pages.next_step(row)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        """Send a file or pasted rows; the answer is their preview."""
        given = {"customer": self._prefilled()}
        form = order_form_pages.send_form(g.work.actor)(formwork.sent(), data=given)
        if request.method == "POST":
            made = formwork.attempt(self, form, "create", lambda: _taken_in(form))
            if made is not None:
                flash(order_form_pages.told(made), "warning" if made.refused_count else "success")
                return redirect(self.url("show", pk=made.id))
        return order_form_pages.add_page(self, form)

    def _prefilled(self):
        return super().prefill().get("data", {}).get("customer") or order_form_pages.asked_customer()

    @expose("/template/<kind>")
    @has_access
    def template(self, kind):
        """The order form to fill in, with the prices that hold for the customer."""
        return template(kind)

    @expose("/file/<int:pk>.xlsx")
    @has_access
    def file(self, pk):
        """The rows with what became of them."""
        return answered(self.row(pk))

    @expose("/status/<int:pk>")
    @has_access
    def status(self, pk):
        """How far the check of a large form is."""
        return jsonify(vars(order_form_pages.progress(self, self.row(pk))))


def _taken_in(form):
    """The order form of what was sent."""
    customer = form.customer.data.id if "customer" in form and form.customer.data is not None else None
    terms = {"customer": customer, "currency": form.currency.data.code if form.currency.data else None}
    upload = form.file.data
    if getattr(upload, "filename", ""):
        return order_forms.upload(g.work, upload.filename, upload.stream, reader(), **terms)
    if not form.rows.data:
        raise sheets.Unreadable("nothing_sent", _("Choose a file, or paste rows with item codes and quantities."))
    return order_forms.paste(g.work, form.rows.data, reader(), **terms)


# --- tables ------------------------------------------------------------------------------------


def template(kind):
    """The order form to fill in, streamed; `?price_list=&customer=&currency=&lang=`.

    :raises NotFound: there is no such price list, for whoever asks
    """
    if kind not in exports.KINDS:
        abort(404)
    price_list = _price_list(request.args.get("price_list", ""))
    named = request.args.get("customer", "")
    wanted = int(named) if named.isdecimal() and len(named) < 19 else None
    customer = None if price_list is not None and not wanted else entry.customer_of(wanted, g.work)
    written = request.args.get("language", "")
    mine = reader() if written in ("", locale()) or written not in LOCALES else Reader(written)
    currency = request.args.get("currency", "")[:3].upper()
    rows = tables.template_rows(g.work, mine, customer and customer.id, price_list and price_list.id, currency)
    return _streamed(kind, tables.template_columns(mine), rows, mine, _("Order form"), f"order-form.{kind}")


def _price_list(named):
    if not named:
        return None
    found = db.session.get(PriceList, int(named)) if named.isdecimal() and len(named) < 19 else None
    if found is None or found.archived_at is not None:
        raise NotFound("not_found", _("There is no such record."))
    return found


def answered(row):
    """The rows of a form with what became of them, as xlsx; `?mark=refused` for these only."""
    mark = request.args.get("mark", "")
    rows = tables.answer_rows(g.work, row.id, reader(), mark if mark in tables.MARKS else "")
    return _streamed("xlsx", tables.answer_columns(), rows, reader(), _("Order form"), f"order-form-{row.id}.xlsx")


def _streamed(kind, columns, rows, mine, title, name):
    media, stream = exports.KINDS[kind]
    made = stream(columns, rows, mine, **({"title": title} if kind == "xlsx" else {}))
    return Response(stream_with_context(exports.acting(g.work, made)), content_type=media,
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


# --- REST --------------------------------------------------------------------------------------


class OrderFormApi(HouseApi):
    noun = "order_form"
    model = OrderForm
    flow = order_forms.FLOW
    resource_name = "order_forms"
    list_fields = ("id", "version", "name", "source", "state", "customer", "currency", "row_count", "taken_count",
                   "changed_count", "refused_count", "empty_count", "total_net", "total_tax", "total_gross",
                   "order_id", "created_at")  # fmt: skip
    show_fields = ("checked_at",)
    filter_columns = ("id", "name", "source", "state", "customer", "order_id", "created_at")
    create_fields = ("customer", "currency", "rows")
    parts = {"post": ("customer", "currency", "lang", "file")}
    on_delete = staticmethod(order_forms.remove)

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def loaded(self):
        return [name for name in self.fields(self.list_fields) if name != "currency"]

    @api_expose("/", methods=["POST"])
    @door("write")
    def post(self):
        """Send an order form: `file` and `customer` as multipart/form-data, or `rows` as JSON."""
        with g.work.doing("order_form.create"):
            row = _sent_by_program()
            return done(self.shown(row), 201)

    def shown(self, row):
        answer = super().shown(row)
        mark = request.args.get("mark", "")
        answer["result"]["rows"] = [
            order_form_pages.row_for_programs(one, row.currency_code) for one in row.rows
            if "mark" in one and mark in ("", one["mark"])
        ]  # fmt: skip
        return answer

    @api_expose("/<int:pk>/file.xlsx", methods=["GET"])
    @door("read")
    def file(self, pk):
        """The rows with what became of them, as a workbook."""
        return answered(self.find(pk))

    @api_expose("/template.<kind>", methods=["GET"])
    @door("write")
    def template(self, kind):
        """The order form to fill in, as xlsx or csv."""
        return template(kind)


def _sent_by_program():
    upload = request.files.get("file")
    given = request.form.to_dict() if upload is not None or request.form else body()
    wire.known(given, {"customer", "currency", "rows", "lang"})
    currency = wire.taken("currency", given["currency"], 3) if given.get("currency") else None
    terms = {**{"customer": None}, **order_wire.ids(given), "currency": currency}
    if upload is not None and upload.filename:
        return order_forms.upload(g.work, upload.filename, upload.stream, reader(), **terms)
    rows = given.get("rows")
    if isinstance(rows, str) and rows.strip():
        return order_forms.paste(g.work, rows, reader(), **terms)
    if not isinstance(rows, list) or not rows:
        raise Malformed("no_file", _("Send the file as multipart/form-data, in the part “%(name)s”.", name="file"))
    return order_forms.of_rows(g.work, order_wire.lines({"lines": rows})["lines"], locale(), **terms)


# --- on an order's page ------------------------------------------------------------------------


def on_order(view, row, house):
    """What of a file or a copied order did not become part of a draft just as it was asked for."""
    if row.state != "draft" or not g.work.actor.may("order_form.read"):
        return
    form = order_forms.of_order(row, g.work)
    if form is None:
        return
    others = form.changed_count + form.refused_count
    if others:
        text = ngettext("%(count)s row was changed or refused.", "%(count)s rows were changed or refused.", others,
                        count=format_number(others, reader()))  # fmt: skip
        rows = [one for one in form.rows if one["mark"] != "taken"][: order_form_pages.SHOWN]
        body = render_template("house/_order_form_rows.html", lead=text, pages=None, tabs=None,
                               rows=[order_form_pages.row_for_people(one, form.currency_code) for one in rows],
                               more_url=f"/order_forms/show/{form.id}")  # fmt: skip
        house.sections.insert(0, SimpleNamespace(id="order-form", title=_("What is different"), body=body))


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(OrderFormView, "order_forms", label=_l("Order forms"), icon="fa-table-list", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.add_api(OrderFormApi)
