"""What was paid on an invoice and what was given back, and the form that gives back."""

from types import SimpleNamespace

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, or_, select
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.core.errors import BusinessError
from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from app.rules import invoices
from app.rules.invoice_amounts import left
from app.rules.payments import FLOW as PAYMENTS
from models.invoices import Invoice
from models.payments import Allocation, Payment
from views.cells import kind_of, show
from views.fields import DecimalText, HouseForm
from views.labels import label
from views.sections import line, table

COLUMNS = ("number", "type", "state", "issued_on", "total_gross")


def form_of(invoice, given):
    """A form with a quantity for each line of which something is left.

    :raises BusinessError: 'not_issued', 'not_creditable', 'nothing_to_credit'
    """
    if invoice.state != "issued":
        raise BusinessError("not_issued", _("Only an issued invoice can be credited."))
    if invoice.type not in invoices.RECEIVABLE:
        raise BusinessError("not_creditable", _("This type of document cannot be credited."))
    rests = {one: rest.quantity for one, rest in left(invoice, g.work).items() if rest.quantity > 0}
    if not rests:
        raise BusinessError("nothing_to_credit", _("There is nothing left to credit on this invoice."))
    fields = {}
    for row in invoice.lines:
        if row.id in rests:
            said = _("Not yet credited: %(quantity)s", quantity=format_number(rests[row.id], reader()))
            fields[f"line{row.id}"] = DecimalText(f"{row.sku} {row.name}".strip(), [Optional()], description=said)
    fields["reason"] = StringField(_l("Reason"), [Optional(), Length(max=500)])
    begun = {f"line{one}": rest for one, rest in rests.items()}
    return type("CreditForm", (HouseForm,), fields)(given, data=begun)


def credit(invoice, form, work):
    """The draft credit note a form asks for."""
    names = [name for name in form.data if name.startswith("line")]
    wanted = {int(name.removeprefix("line")): form.data[name] for name in names if form.data[name]}
    made = invoices.credit(invoice, wanted, work, form.reason.data or "")
    work.session.flush()
    return made


def offer(view, row, house):
    """The buttons that record a payment or give something back."""
    may, open_ = g.work.actor.may, row.state == "issued" and row.type != "credit_note"
    if open_ and row.open_amount and may("payment.write"):
        title = _("Report payment") if view.outside else _("Record payment")
        house.links.append(
            SimpleNamespace(label=title, url=f"/payments/add?invoice={row.id}", icon="fa-money-bill-transfer")
        )
    if open_ and row.type in invoices.RECEIVABLE and may("invoice.write") and not view.outside:
        house.links.append(
            SimpleNamespace(label=_("Make credit note"), url=f"/invoices/credit/{row.id}", icon="fa-rotate-left")
        )


def payments_of(row, house):
    """Payments that settle or name an invoice, and the credit notes that correct it."""
    if g.work.actor.may("payment.read") and row.type != "credit_note" and row.state != "draft":
        share = and_(Allocation.payment_id == Payment.id, Allocation.invoice_id == row.id)
        found = db.session.execute(
            select(Payment, Allocation.amount).outerjoin(Allocation, share)
            .where(or_(Allocation.id.is_not(None), and_(Payment.invoice_id == row.id, Payment.state != "refunded")))
            .order_by(Payment.id)
        ).all()  # fmt: skip
        if found:
            house.sections.append(_payments(found, row.currency_code))
    if row.type != "credit_note" and row.state == "issued":
        notes = db.session.scalars(select(Invoice).where(Invoice.credits_id == row.id).order_by(Invoice.id)).all()
        if notes:
            house.sections.append(listed("credits", _("Credit notes"), notes, "/credit_notes"))


def _payments(found, currency):
    heads = [
        (label("number"), "code"),
        (label("state"), "state"),
        (label("paid_on"), "date"),
        (label("amount"), "num"),
        (_("Settled"), "num"),
    ]
    rows = []
    for payment, share in found:
        cells = [show(payment, name, reader(), PAYMENTS.states) for name in ("number", "state", "paid_on", "amount")]
        settles = SimpleNamespace(amount=share, currency_code=currency)
        rows.append(line(cells[0] or str(payment), *cells[1:], show(settles, "amount", reader()),
                         url=f"/payments/show/{payment.id}"))  # fmt: skip
    return table("payments", _("Payments"), heads, rows)


def listed(name, title, found, base="/invoices"):
    """Invoices as a section of another record's page."""
    heads = [(label(one), kind_of(Invoice, one)) for one in COLUMNS]
    rows = []
    for row in found:
        cells = [show(row, one, reader(), invoices.FLOW.states) for one in COLUMNS]
        rows.append(line(cells[0] or str(row), *cells[1:], url=f"{base}/show/{row.id}"))
    return table(name, title, heads, rows)
