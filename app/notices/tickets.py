"""Who hears about tickets."""

from sqlalchemy import select

from app.notices.core import link, notice
from app.notices.readers import buyer, handlers
from models.conversations import Conversation, Message


def _values(ticket):
    return {
        "number": ticket.number or f"#{ticket.id}",
        "subject": ticket.subject,
        "customer": ticket.customer.name,
        "link": link("tickets", ticket.id),
    }


@notice("ticket.open", name="ticket_opened", to=handlers("ticket.answer"))
def ticket_opened(ticket, work):
    """A customer asks or complains."""
    return _values(ticket) | {"text": ticket.text, "priority": ticket.priority}


@notice("ticket.answer", name="ticket_answered", to=buyer("ticket.read"))
def ticket_answered(ticket, work):
    """We have answered."""
    answer = work.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.noun == "ticket", Conversation.record_id == ticket.id, Message.inside != "external")
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    return _values(ticket) | {"text": answer.text if answer else ""}
