"""Credit notes: the invoices that give back, as a list and resource of their own."""

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select

from app.core import work as work_
from app.core.errors import Malformed
from app.rules import invoices
from models.customers import Customer
from models.invoices import Invoice
from views import wire
from views.base import Interface
from views.filters import NumberOrOwner
from views.invoices import InvoiceApi, InvoiceView


class Part:
    """A flow that takes its steps on some of its records only; all others are not there."""

    def __init__(self, flow, only):
        self.flow, self.only = flow, only

    def __getattr__(self, name):
        return getattr(self.flow, name)

    def run(self, name, records, **more):
        """As `Flow.run`, with ids of other records refused as `not_found`."""
        ids = [int(getattr(one, "id", one)) for one in records]
        known = set(
            work_.current().session.scalars(select(self.flow.model.id).where(self.flow.model.id.in_(ids), self.only))
        )
        outcome = self.flow.run(name, [one for one in ids if one in known], **more)
        outcome.refused += [self.flow._missing(one) for one in dict.fromkeys(ids) if one not in known]
        return outcome


ONLY = Invoice.type == "credit_note"
FLOW = Part(invoices.FLOW, ONLY)


class CreditNoteView(InvoiceView):
    datamodel = Interface(Invoice)
    noun = "invoice"
    flow = FLOW
    route_base = "/credit_notes"
    list_title, add_title, edit_title = _l("Credit notes"), _l("New credit note"), _l("Change the credit note")
    exclude_route_methods = InvoiceView.exclude_route_methods | {"add", "credit"}  # they begin on an invoice's page
    list_columns = ["number", "customer", "state", "issued_on", "total_gross", "order_number"]
    portal_columns = ["number", "state", "issued_on", "total_gross", "order_number"]
    quick = NumberOrOwner(Customer, title=_l("Credit note number or customer"), alone=_l("Credit note number"))
    filters = tuple(
        one
        for one in InvoiceView.filters
        if one.name in ("number", "customer_name", "customer", "order", "issued_from", "issued_until")
    )

    def query(self):
        return super().query().filter(ONLY)

    def row(self, pk):
        found = super().row(pk)
        return found if found.type == "credit_note" else abort(404)

    def next_step(self, row):
        if row.state == "draft":
            return _("Issue the credit note. It is sent to the customer then, and can no longer be changed.")
        return None


class CreditNoteApi(InvoiceApi):
    noun = "invoice"
    flow = FLOW
    resource_name = "credit_notes"
    create_fields = ("invoice", "lines", "reason")
    list_fields = ("id", "version", "number", "type", "state", "invoice", *InvoiceApi.list_fields[6:])

    def query(self):
        return super().query().filter(ONLY)

    def value(self, row, name):
        return super().value(row, "credits" if name == "invoice" else name)

    def loaded(self):
        return ["credits" if name == "invoice" else name for name in super().loaded()]

    def create(self, given, work):
        unknown = given.keys() - set(self.create_fields)
        if unknown:
            self.fill(Invoice(), dict.fromkeys(unknown), ())
        reason = wire.taken("reason", given.get("reason") or "", 500)
        return invoices.create_credit(
            wire.whole("invoice", given.get("invoice")), work, _lines(given.get("lines")), reason
        )


def _lines(rows):
    """{id of the invoice line: quantity given back}; None gives back all that is left."""
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and row.keys() == {"line", "quantity"} for row in rows
    ):
        raise Malformed("bad_lines", _("lines is a list of {line, quantity}."), field="lines")
    found = {}
    for row in rows:
        line = wire.whole("line", row["line"])
        if line in found:
            raise Malformed("bad_lines", _("Name each line once."), field="lines")
        found[line] = wire.decimal("quantity", row["quantity"])
    return found


def register(appbuilder):
    appbuilder.add_view(
        CreditNoteView,
        "credit_notes",
        label=_l("Credit notes"),
        icon="fa-rotate-left",
        category="Billing",
        category_label=_lp("menu", "Billing"),
    )
    appbuilder.add_api(CreditNoteApi)
