"""Screens and API of payments: recorded or reported, confirmed by finance, spread over invoices (X-46)."""

from types import SimpleNamespace

from flask import flash, g, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.core.errors import BusinessError, Malformed
from app.core.needed import Needed
from app.extensions import db
from app.reading import reader, today
from app.rules import documents, payments
from app.rules.invoices import ADVANCE, RECEIVABLE
from models.customers import Customer
from models.invoices import Invoice
from models.organisation import Currency
from models.payments import Allocation, Payment
from views import formwork, threads, wire
from views.api import HouseApi
from views.base import HouseView, Interface
from views.cells import show
from views.fields import DateText, DecimalText, HouseForm, ReferenceField, options
from views.filters import Choice, Least, NumberOrOwner, OwnerWords, Refers, Since, Starts
from views.labels import label
from views.sections import line, table

MUST = [Needed(_l("Fill in this field."))]
PAYABLE = (*RECEIVABLE, *ADVANCE)


class ReportForm(HouseForm):
    """What a customer says he has paid."""

    invoice = formwork.KeyField(label("invoice"), MUST, target=Invoice, endpoint="/payments/invoices")
    amount = DecimalText(label("amount"), MUST)
    method = SelectField(label("method"), choices=options(payments.METHODS), default="bank")
    paid_on = DateText(label("paid_on"))
    reference = StringField(
        label("reference"), [Length(max=120)], description=_l("As it stands on your bank statement.")
    )


class RecordForm(HouseForm):
    """Money as finance enters it."""

    customer = ReferenceField(label("customer"), target=Customer, endpoint="/customers/choices")
    invoice = formwork.KeyField(label("invoice"), target=Invoice, endpoint="/payments/invoices",
                                description=_l("Leave it empty for a payment on account."))  # fmt: skip
    amount = DecimalText(label("amount"), MUST)
    currency = ReferenceField(label("currency"), target=Currency, endpoint="/currencies/choices")
    method = SelectField(label("method"), choices=options(payments.METHODS), default="bank")
    paid_on = DateText(label("paid_on"))
    reference = StringField(
        label("reference"), [Length(max=120)], description=_l("As it stands on the bank statement.")
    )


class ChangeForm(HouseForm):
    """What may be corrected until the payment is decided on."""

    invoice = formwork.KeyField(label("invoice"), target=Invoice, endpoint="/payments/invoices")
    amount = DecimalText(label("amount"), MUST)
    method = SelectField(label("method"), choices=options(payments.METHODS))
    paid_on = DateText(label("paid_on"), MUST)
    reference = StringField(label("reference"), [Length(max=120)])


class PaymentView(HouseView):
    datamodel = Interface(Payment)
    noun = "payment"
    flow = payments.FLOW
    route_base = "/payments"
    list_title, add_title, edit_title = _l("Payments"), _l("New payment"), _l("Change the payment")
    add_label = _l("New payment")
    order_columns = ("id", "number", "state", "paid_on")
    list_columns = ["number", "customer", "state", "paid_on", "amount", "unallocated", "method", "invoice", "reference"]
    portal_columns = ["number", "state", "paid_on", "amount", "method", "invoice", "reference"]
    internal = frozenset({"customer", "customer_name", "branch", "confirmed_by", "unallocated"})
    add_columns = edit_columns = ["amount", "method", "paid_on", "reference"]
    facts = ((None, ["customer", "amount", "method", "paid_on", "reference", "confirmed_at", "unallocated"]),)
    portal_facts = ((None, ["amount", "method", "paid_on", "reference", "confirmed_at"]),)
    method_permission_name = HouseView.method_permission_name | {"invoices": "read"}
    quick = NumberOrOwner(Customer, title=_l("Payment number or customer"), alone=_l("Payment number"))
    filters = (
        Starts("number"), OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"), Refers("invoice", Invoice, "/invoices/choices"),
        Choice("method", payments.METHODS),
        Since("from", "paid_on", _l("Paid from")), Since("until", "paid_on", _l("Paid until"), until=True),
        Least("least", "amount", _l("Amount from")), Least("most", "amount", _l("Amount up to"), most=True),
        Least("unallocated", "unallocated", _l("Not allocated from")), Starts("reference"),
    )  # fmt: skip
    on_save = staticmethod(payments.change)
    on_delete = staticmethod(documents.discard)
    additions = []  # (view, row, house): what screens of later nouns put on a payment's page

    def _init_forms(self):
        self.add_form, self.edit_form = RecordForm, ChangeForm
        super()._init_forms()

    def editable(self, row):
        payments.still_open(row, g.work)

    def next_step(self, row):
        steps = {"draft": _("Report the payment, or confirm it when the money has arrived."),
                 "reported": _("Finance confirms the payment when the money has arrived.")}  # fmt: skip
        return steps.get(row.state)

    def more(self, row, house):
        if row.state == "draft" and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        if row.invoice is not None and g.work.actor.may("invoice.read"):
            house.facts[0]["items"].append(
                (_("Invoice"), (str(row.invoice), f"/invoices/show/{row.invoice_id}"), "link")
            )
        _settled(row, house)
        for add in self.additions:
            add(self, row, house)
        threads.attached(row, "payment", house)
        threads.notes(row, "payment", house)

    @expose("/invoices")
    @has_access
    def invoices(self):
        """Open invoices for the select box of a payment; all that were issued by their number."""
        if not g.work.actor.may("invoice.read"):
            return jsonify([])
        identity, term = request.args.get("id", ""), request.args.get("term", "").strip()
        query = db.session.query(Invoice).filter(Invoice.state == "issued", Invoice.type.in_(PAYABLE))
        if identity:
            query = query.filter(Invoice.id == (int(identity) if identity.isdecimal() and len(identity) < 19 else 0))
        else:
            query = query.filter(Invoice.open_amount > 0)
        if request.args.get("customer", "").isdecimal():
            query = query.filter(Invoice.customer_id == int(request.args["customer"][:18]))
        if term:
            query = Starts("number").apply(query, Invoice, term, db.session)
        return jsonify([_choice(row) for row in query.order_by(Invoice.id.desc()).limit(20)])

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self):
        form = (ReportForm if self.outside else RecordForm)(formwork.sent(), data=self.prefill()["data"])
        if request.method == "POST":
            made = formwork.attempt(self, form, "create", lambda: self._record(form))
            if made is not None:
                flash(_("Saved: %(record)s", record=made), "success")
                return redirect(self.url("show", pk=made.id))
        title = _("Report payment") if self.outside else _("Record payment")
        lead = _("Tell us what you have paid. We confirm it when the money has arrived.") if self.outside else None
        house = SimpleNamespace(cancel_url=self.url("list"), save_label=title if self.outside else _("Save"), lead=lead,
                                crumbs=[(str(self.list_title), self.url("list"))], fieldsets=None)  # fmt: skip
        return formwork.page(self, title, form, house)

    def _record(self, form):
        asked = {name: form.data[name] for name in ("amount", "method", "paid_on", "reference")}
        if not self.outside and form.currency.data is not None:
            asked["currency_code"] = form.currency.data.code
        customer = None if self.outside else form.customer.data
        made = payments.begin(g.work, customer=customer, invoice=form.invoice.data, **asked)
        if self.outside:
            payments.FLOW.run_one("report", made)
        return made

    def prefill(self):
        wanted = request.args.get("invoice", "")
        invoice = db.session.get(Invoice, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        found = {"paid_on": today()}
        if invoice is not None:
            found |= {"invoice": invoice, "amount": invoice.open_amount or None, "customer": invoice.customer}
            found["currency"] = db.session.get(Currency, invoice.currency_code)
        return {"data": found}


def _choice(row):
    said = show(row, "open_amount", reader())
    return {"id": str(row.id), "text": str(row), "note": str(said)}


def _settled(row, house):
    """The invoices a payment settles."""
    if row.state != "confirmed" or not g.work.actor.may("invoice.read"):
        return
    found = db.session.execute(
        select(Allocation, Invoice).join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payment_id == row.id).order_by(Allocation.id)
    ).all()  # fmt: skip
    heads = [
        (label("invoice"), "code"),
        (label("due_on"), "date"),
        (label("total_gross"), "num"),
        (_("Settled"), "num"),
        (label("open_amount"), "num"),
    ]
    rows = []
    for share, invoice in found:
        settled = SimpleNamespace(amount=share.amount, currency_code=invoice.currency_code)
        cells = [show(invoice, name, reader()) for name in ("number", "due_on", "total_gross", "open_amount")]
        rows.append(line(*cells[:3], show(settled, "amount", reader()), cells[3], url=f"/invoices/show/{invoice.id}"))
    empty = _("It settles no invoice yet.")
    house.sections.append(table("allocations", _("Settled invoices"), heads, rows, empty=empty))


class PaymentApi(HouseApi):
    noun = "payment"
    model = Payment
    flow = payments.FLOW
    resource_name = "payments"
    list_fields = ("id", "version", "number", "state", "customer", "invoice", "amount", "currency", "method", "paid_on",
                   "reference", "unallocated")  # fmt: skip
    show_fields = ("confirmed_at", "created_at", "allocations")
    portal_hidden = frozenset({"branch_id", "confirmed_by", "created_by", "updated_by", "unallocated",
                               "deleted_reason"})  # fmt: skip
    order_columns = PaymentView.order_columns
    filter_columns = ("id", "number", "state", "customer", "invoice", "amount", "method", "paid_on", "reference",
                      "currency_code", "created_at", "customer_name")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    write_fields = ("invoice", "amount", "method", "paid_on", "reference")
    create_fields = ("customer", "currency", "report", *write_fields)
    on_delete = staticmethod(documents.discard)

    def value(self, row, name):
        if name == "currency":
            return row.currency_code
        if name == "allocations":
            shares = db.session.scalars(
                select(Allocation).where(Allocation.payment_id == row.id).order_by(Allocation.id)
            )
            return [{"invoice": wire.reference(one.invoice), "amount": wire.amount(one.amount, row.currency_code)}
                    for one in shares if one.invoice is not None]  # fmt: skip
        return super().value(row, name)

    def create(self, given, work):
        self.known(given, self.create_fields)
        asked, report = _asked(given), given.get("report", False)
        if not isinstance(report, bool):
            raise wire.bad("report", _("Send true or false: %(field)s.", field="report"))
        if given.get("currency") is not None:
            asked["currency_code"] = wire.currency(given["currency"], db.session)
        if "amount" not in asked:
            raise BusinessError("bad_amount", _("An amount is greater than zero."), field="amount")
        customer = _found(Customer, "customer", given.get("customer"))
        if customer is None and not work.actor.inside and len(work.actor.customers) == 1:
            customer = db.session.get(Customer, next(iter(work.actor.customers)))
        made = payments.begin(
            work, customer=customer, invoice=_found(Invoice, "invoice", given.get("invoice")), **asked
        )
        if report:
            payments.FLOW.run_one("report", made)
        return made

    def known(self, given, allowed):
        """Refuse fields that are none of ours."""
        self.fill(Payment(), dict.fromkeys(given.keys() - set(allowed) - {"version"}), ())

    def update(self, row, given, work):
        self.known(given, self.write_fields)
        payments.still_open(row, work)
        for name, value in _asked(given).items():
            setattr(row, name, value)
        if "invoice" in given:
            found = _found(Invoice, "invoice", given["invoice"])
            row.invoice_id = found.id if found is not None else None
        payments.change(row, work)


def _asked(given):
    """The plain fields of a payment from JSON."""
    found = {}
    if given.get("amount") is not None:
        found["amount"] = wire.decimal("amount", given["amount"])
    if given.get("method") is not None:
        found["method"] = wire.one_of("method", given["method"], payments.METHODS)
    if given.get("paid_on") is not None:
        found["paid_on"] = wire.day("paid_on", given["paid_on"])
    if given.get("reference") is not None:
        found["reference"] = wire.taken("reference", given["reference"], 120)
    return found


def _found(model, field, value):
    """A record named by its id, one the actor may see."""
    if value is None:
        return None
    row = db.session.get(model, wire.whole(field, value))
    if row is None:
        raise Malformed("bad_reference", _("There is no such record: %(field)s.", field=field), field=field)
    return row


def register(appbuilder):
    appbuilder.add_view(
        PaymentView,
        "payments",
        label=_l("Payments"),
        icon="fa-money-bill-transfer",
        category="Billing",
        category_label=_lp("menu", "Billing"),
    )
    appbuilder.add_api(PaymentApi)
