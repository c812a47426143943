"""Transcript of a ticket: what was asked and answered, as a letter the customer can keep."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core.work import current
from app.rules import conversations
from app.rules.tickets import FLOW
from reports import parts
from reports.core import Document, Table, report


@report(
    "transcript",
    title=_l("Transcript"),
    locale_of=lambda ticket: ticket.customer.language,
    noun="tickets",
    letter=True,
)
def transcript(ticket):
    """The whole conversation of a ticket, oldest first; names of staff stay inside."""
    branch = parts.branch_of(ticket)
    rows = [(ticket.created_at, ticket.customer.name, ticket.text)]
    for message in conversations.messages(ticket, "ticket", "ticket", current()):
        who = ticket.customer.name if message.inside == "external" else branch.legal_name
        rows.append((message.created_at, who, message.text))
    return Document(
        title=_("Transcript"),
        number=ticket.number or "",
        facts=parts.facts(
            (_("Subject"), ticket.subject),
            (_("Status"), str(FLOW.states[ticket.state])),
            (_("Customer"), ticket.customer.name),
        ),
        tables=(Table(columns=(_("Date"), _p("message", "From"), _("Text")), rows=tuple(rows)),),
        seller=parts.seller(branch),
        logo=branch.logo,
    )
