"""Who hears about invoices."""

from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import buyer

READ = buyer("invoice.read")


def _values(invoice, work):
    return {
        "number": invoice.number,
        "type": invoice.type,
        "order": invoice.order_number,
        "total": Money(invoice.total_gross, invoice.currency_code),
        "due": invoice.due_on,
        "link": link("invoices", invoice.id),
    }


@notice("invoice.issue", name="invoice_issued", to=READ, attach=("invoice",))
def invoice_issued(invoice, work):
    """What is to be paid until when; a credit note: what we give back."""
    return _values(invoice, work)


@notice("invoice.issue", name="invoice_issued", to=READ, channel="sms")
def proforma_issued(invoice, work):
    """A proforma invoice waits for payment (NTF-02)."""
    return _values(invoice, work) if invoice.type == "proforma" else {}
