"""Screens and API of invoices: made from orders, issued, paid, corrected by credit notes."""

from types import SimpleNamespace

from flask import flash, g, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from wtforms import SelectField, TextAreaField
from wtforms.validators import Length, NumberRange

from app.core.errors import BusinessError
from app.core.needed import Needed
from app.extensions import db
from app.reading import today
from app.rules import documents, invoices
from models.customers import Customer
from models.invoices import Invoice
from models.orders import Order
from views import credits, formwork, threads, wire
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.fields import HouseForm, ReferenceField, WholeText, options
from views.filters import Choice, Flag, Least, NumberOrOwner, OwnerWords, Refers, Since, Starts
from views.labels import label
from views.listing import Listing
from views.orders import OrderView
from views.related import links

MADE = {name: word for name, word in invoices.TYPES.items() if name != "credit_note"}  # types made from an order
LINE_COLUMNS = ["position", "sku", "name", "quantity", "unit_code", "unit_price", "discount_percent", "tax_rate", "net",
                "gross"]


class FromOrderForm(HouseForm):
    """What an invoice is made from."""

    order = ReferenceField(
        _l("Order"), [Needed(_l("Fill in this field."))], target=Order, endpoint="/orders/choices"
    )
    type = SelectField(label("type"), choices=options(MADE), default="final")


class DraftForm(HouseForm):
    """What may still be said of a draft; its figures come from the order."""

    terms_days = WholeText(
        label("terms_days"), [Needed(_l("Fill in this field.")), NumberRange(min=0, max=3650)]
    )
    remark = TextAreaField(label("remark"), [Length(max=20_000)])


class Overdue(Flag):
    """Issued invoices of which something is open after the due date."""

    def apply(self, query, model, value, session):
        late = (model.state == "issued") & (model.open_amount > 0) & (model.due_on < today())
        return query.filter(late if value else ~late)


def is_overdue(row):
    """Whether something of an invoice is open after its due date."""
    open_ = row.state == "issued" and row.type != "credit_note" and row.open_amount > 0
    return bool(open_ and row.due_on and row.due_on < today())


class InvoiceListing(Listing):
    """Invoices with a mark where the due date has passed; a credit note is not paid."""

    def _row(self, row, names):
        found = super()._row(row, names)
        if "payment_status" in names and (row.state != "issued" or row.type == "credit_note"):
            found.cells[names.index("payment_status")] = None
        elif "payment_status" in names and is_overdue(row):
            found.cells[names.index("payment_status")] = ("overdue", _("Overdue"))
        return found


class InvoiceView(HouseView):
    datamodel = Interface(Invoice)
    noun = "invoice"
    flow = invoices.FLOW
    route_base = "/invoices"
    reports = ("invoice",)
    list_title, add_title, edit_title = _l("Invoices"), _l("New invoice"), _l("Change the invoice")
    add_label = _l("New invoice")
    order_columns = ("id", "number", "state", "issued_on", "due_on", "total_gross")
    list_columns = ["number", "type", "customer", "state", "payment_status", "issued_on", "due_on", "total_gross",
                    "open_amount"]  # fmt: skip
    portal_columns = ["number", "type", "state", "payment_status", "issued_on", "due_on", "total_gross", "open_amount",
                      "order_number"]  # fmt: skip
    internal = frozenset({"customer", "customer_name", "branch", "product"})
    add_columns = edit_columns = ["terms_days", "remark"]
    method_permission_name = VERBS | {"credit": "write"}
    facts = (
        (None, ["type", "customer", "issued_on", "due_on", "terms_days", "tax_id", "billing_address", "remark"]),
        (_l("Payment"), ["payment_status", "total_gross", "paid_amount", "open_amount"]),
    )
    portal_facts = (
        (None, ["type", "issued_on", "due_on", "tax_id", "billing_address", "remark"]),
        (_l("Payment"), ["payment_status", "total_gross", "paid_amount", "open_amount"]),
    )
    lines = ("lines", LINE_COLUMNS)
    quick = NumberOrOwner(Customer, title=_l("Invoice number or customer"), alone=_l("Invoice number"))
    filters = (
        Starts("number"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"),
        Refers("order", Order, "/orders/choices"),
        Choice("type", invoices.TYPES), Choice("payment_status"), Overdue("overdue", _l("Overdue")),
        Since("due_from", "due_on", _l("Due from")), Since("due_until", "due_on", _l("Due until"), until=True),
        Since("issued_from", "issued_on", _l("Issued from")),
        Since("issued_until", "issued_on", _l("Issued until"), until=True),
        Least("open_least", "open_amount", _l("Open amount from")),
        Least("open_most", "open_amount", _l("Open amount up to"), most=True),
    )  # fmt: skip
    on_save = staticmethod(invoices.check)
    on_delete = staticmethod(documents.discard)

    def _init_forms(self):
        self.add_form = self.edit_form = DraftForm
        super()._init_forms()

    def listing(self, args):
        return InvoiceListing(self, args)

    def editable(self, row):
        if row.state != "draft":
            documents.refuse_closed()

    def next_step(self, row):
        if row.state == "draft":
            return _("Issue the invoice. It is sent to the customer then, and can no longer be changed.")
        if row.state != "issued" or row.type == "credit_note" or not row.open_amount:
            return None
        return (
            _("The due date has passed. The open amount is awaited.") if is_overdue(row) else _("Payment is awaited.")
        )

    # --- the record ----------------------------------------------------------------------------

    def report_title(self, row, name):
        return invoices.TYPES[row.type] if name == "invoice" else super().report_title(row, name)

    def more(self, row, house):
        house.lines[0].title = _("Invoice lines")
        if is_overdue(row):
            house.badges.append(SimpleNamespace(code="overdue", label=_("Overdue")))
        if row.state == "draft" and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        items = house.facts[0]["items"]
        if row.order_id and g.work.actor.may("order.read"):
            items.append((_("Order"), (row.order_number or f"#{row.order_id}", f"/orders/show/{row.order_id}"), "link"))
        if row.credits_id:
            items.append((_("Corrects invoice"), (str(row.credits), f"/invoices/show/{row.credits_id}"), "link"))
        if row.type == "credit_note":  # nobody pays it by a day
            waiting = {str(label(name)) for name in ("due_on", "terms_days")}
            house.facts = [{"title": None, "items": [one for one in items if str(one[0]) not in waiting]}]
        credits.offer(self, row, house)
        credits.payments_of(row, house)
        threads.attached(row, "invoice", house)
        links(row, house)
        threads.notes(row, "invoice", house)

    # --- making one ----------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        wanted = request.args.get("order", "")
        order = db.session.get(Order, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        form = FromOrderForm(formwork.sent(), data={"order": order, "type": "final"})
        if request.method == "POST":
            made = formwork.attempt(self, form, "create", lambda: _from_order(form))
            if made is not None:
                flash(_("Made: %(record)s", record=made), "success")
                return redirect(self.url("show", pk=made.id))
        lead = _("The invoice bills what was approved on the order and is not invoiced yet.")
        back = f"/orders/show/{order.id}" if order is not None else self.url("list")
        house = SimpleNamespace(cancel_url=back, save_label=_("Make invoice"), lead=lead,
                                crumbs=[(str(self.list_title), self.url("list"))], fieldsets=None)  # fmt: skip
        return formwork.page(self, self.add_title, form, house)

    @expose("/credit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def credit(self, pk):
        """Choose what of an invoice is given back."""
        row = self.row(pk)
        try:
            form = credits.form_of(row, formwork.sent())
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        if request.method == "POST":
            made = formwork.attempt(self, form, "credit", lambda: credits.credit(row, form, g.work))
            if made is not None:
                flash(_("Made: %(record)s", record=made), "success")
                return redirect(f"/credit_notes/show/{made.id}")
        house = SimpleNamespace(
            cancel_url=self.url("show", pk=pk),
            save_label=_("Make credit note"),
            fieldsets=None,
            lead=_("Enter how much of each line is given back; leave a line empty to keep it."),
            crumbs=[(str(self.list_title), self.url("list")), (str(row), self.url("show", pk=pk))],
        )
        return formwork.page(self, _("New credit note"), form, house)


def _from_order(form):
    made = invoices.from_order(form.order.data, g.work, form.type.data)
    db.session.flush()
    return made


def on_order(view, row, house):
    """What an order's page shows of its invoices, and the button that makes one."""
    may = g.work.actor.may
    if may("invoice.write") and g.work.actor.inside and row.state in invoices.BILLABLE and row.billing != "full":
        house.links.append(
            SimpleNamespace(label=_("Make invoice"), url=f"/invoices/add?order={row.id}", icon="fa-file-invoice")
        )
    if may("invoice.read"):
        found = db.session.scalars(select(Invoice).where(Invoice.order_id == row.id).order_by(Invoice.id)).all()
        if found:
            house.sections.append(credits.listed("invoices", _("Invoices"), found))


class InvoiceApi(HouseApi):
    noun = "invoice"
    model = Invoice
    flow = invoices.FLOW
    resource_name = "invoices"
    reports = ("invoice",)
    list_fields = (
        "id",
        "version",
        "number",
        "type",
        "state",
        "payment_status",
        "customer",
        "order",
        "currency",
        "issued_on",
        "due_on",
        "total_net",
        "total_gross",
        "open_amount",
    )
    show_fields = (
        "total_tax",
        "paid_amount",
        "terms_days",
        "billing_address",
        "tax_id",
        "remark",
        "credits",
        "order_number",
        "created_at",
    )
    portal_hidden = frozenset({"branch_id", "created_by", "updated_by", "deleted_reason"})
    line_fields = ("id", "sku", "name", "quantity", "unit_code", "unit_price", "discount_percent", "tax_rate", "net",
                   "tax", "gross")  # fmt: skip
    order_columns = InvoiceView.order_columns
    filter_columns = ("id", "number", "type", "state", "payment_status", "customer", "order", "due_on", "issued_on",
                      "total_gross", "total_net", "open_amount", "currency_code", "created_at", "credits",
                      "customer_name")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    create_fields = ("order", "type")
    write_fields = ("terms_days", "remark")
    on_save = staticmethod(invoices.check)
    on_delete = staticmethod(documents.discard)

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def create(self, given, work):
        if given.keys() - set(self.create_fields):
            self.fill(Invoice(), dict.fromkeys(given.keys() - set(self.create_fields)), ())
        type_ = wire.one_of("type", given.get("type", "final"), MADE)
        return invoices.create_from_order(wire.whole("order", given.get("order")), work, type_)

    def update(self, row, given, work):
        self.editable(row)
        days = given.get("terms_days")
        if days is not None and not 0 <= wire.whole("terms_days", days) <= 3650:
            raise wire.bad("terms_days", _("This value is not possible: %(field)s.", field="terms_days"))
        super().update(row, given, work)

    def editable(self, row):
        if row.state != "draft":
            documents.refuse_closed()


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(InvoiceView, "invoices", label=_l("Invoices"), icon="fa-file-invoice", category="Billing",
                        category_label=_lp("menu", "Billing"))  # fmt: skip
    appbuilder.add_api(InvoiceApi)
