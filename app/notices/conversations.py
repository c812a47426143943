"""Who hears about messages: the other side."""

from app.core import facts
from app.notices.core import link, notice
from app.notices.readers import of_customer, responsible

# who reads for us what nobody handles yet
TEAM = {"ticket": "ticket.answer", "order": "order.approve", "quote": "quote.publish"}


def _about(message, work):
    """The record a message is about."""
    thread = message.conversation
    model = facts.model_of(thread.noun)
    return model and work.session.get(model, thread.record_id)


def _other_side(message, work):
    thread = message.conversation
    if message.inside != "external":
        return of_customer(message.customer_id, f"{thread.noun}.read", work)
    about = _about(message, work)
    return responsible(about, TEAM.get(thread.noun, "message.write"), work) if about is not None else []


@notice("message.post", name="message_posted", to=_other_side)
def message_posted(message, work):
    """Somebody has written; what answers a ticket has a notice of its own."""
    thread = message.conversation
    about = _about(message, work)
    if about is None or thread.kind == "log" or (thread.noun == "ticket" and message.inside != "external"):
        return {}
    return {"about": str(about), "noun": thread.noun, "text": message.text,
            "link": link(f"{thread.noun}s", thread.record_id)}  # fmt: skip
