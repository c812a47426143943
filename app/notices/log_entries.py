"""Who hears of entries of the communication log: the customer, once they are published to him."""

from app.core import facts
from app.notices.core import link, notice
from app.notices.readers import buyer
from app.rules.log_entries import CHANNELS


@notice("log_entry.publish", name="log_published", to=buyer("log_entry.read"))
def log_published(entry, work):
    """What was said with him has been written down for him (TKT-03)."""
    thread = entry.conversation
    about = facts.record_of(work, thread.noun, thread.record_id)
    return {"about": str(about), "channel": CHANNELS[entry.channel], "at": entry.held_at, "text": entry.text,
            "link": link(f"{thread.noun}s", thread.record_id)}  # fmt: skip
