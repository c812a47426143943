"""The communication log: calls, e-mails and meetings about an order, ours until they are published (TKT-03, X-38)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext

from app.core.errors import BusinessError, Conflict
from app.core.flow import Flow
from app.core.scope import narrow
from app.rules import conversations
from models.base import HOUSE_BRANCH
from models.conversations import Conversation
from models.log_entries import LogEntry

NOUNS = ("order",)  # what entries are about
LONGEST = 200  # letters of a person's name
CHANNELS = {
    "phone": _lp("contact", "Phone call"),
    "email": _lp("contact", "E-mail"),
    "meeting": _lp("contact", "Meeting"),
    "chat": _lp("contact", "Chat"),
    "letter": _lp("contact", "Letter"),
}
DIRECTIONS = {"in": _lp("contact", "From the customer"), "out": _lp("contact", "To the customer")}

FLOW = Flow(
    LogEntry,
    "log_entry",
    states={"internal": _lp("log entry", "Internal"), "published": _lp("log entry", "Published")},
    final=("published",), settable=False,  # what customers may read hangs on it
)


@narrow(LogEntry)
def visible_to(actor):
    """A customer finds what was published to him."""
    return LogEntry.state == "published"


def enter(record, noun, work, **values):
    """Keep what was said about a record.

    :param noun: singular noun of the record
    :param values: channel, direction, held_at (UTC; now by default), contact (with whom), text
    :raises BusinessError: what `check` refuses
    """
    thread = conversations.conversation(record, noun, "log", work)
    given = {name: value for name, value in values.items() if value is not None}
    made = LogEntry(
        customer_id=thread.customer_id, conversation_id=thread.id, branch_id=getattr(record, "branch_id", HOUSE_BRANCH),
        **{"channel": "phone", "direction": "in", "held_at": work.now, "contact": "", "text": "", **given},
    )  # fmt: skip
    check(made, work)
    thread.last_message_at = work.now
    work.session.add(made)
    work.session.flush()
    return made


def change(entry, work, **values):
    """Correct an entry that is still ours alone.

    :raises Conflict: 'frozen' once it is published; BusinessError: what `check` refuses
    """
    check_open(entry, work)
    for name, value in values.items():
        setattr(entry, name, value)
    check(entry, work)


def check_open(entry, work):
    """What a customer has read stays as it is.

    :raises Conflict: 'frozen'
    """
    if FLOW.state(entry) != "internal":
        raise Conflict("frozen", _l("This entry has been published. It can no longer be changed."))


def check(entry, work):
    """What must hold before an entry is written.

    :raises BusinessError: 'bad_value', 'in_future', 'too_long', 'empty_message', 'message_too_long'
    """
    for name, known in (("channel", CHANNELS), ("direction", DIRECTIONS)):
        if getattr(entry, name) not in known:
            raise BusinessError("bad_value", _l("This value is not possible."), field=name)
    if entry.held_at > work.now:
        raise BusinessError("in_future", _l("This moment is still to come."), field="held_at")
    entry.contact = " ".join((entry.contact or "").split())
    if len(entry.contact) > LONGEST:
        raise BusinessError("too_long", _l("A name has at most %(most)s characters.", most=LONGEST), field="contact")
    entry.text = conversations.checked(entry.text, what=_l("Write what was said."))


@FLOW.transition(
    "publish", source={"internal"}, target="published", icon="fa-bullhorn",
    label=_lp("log entry", "Publish to the customer"), told=_lp("history", "Published"),
    ask=_l("Publish this entry? The customer is told, and it can no longer be changed."),
    ask_many=lambda many, count: ngettext(
        "Publish %(count)s entry? The customer is told, and it can no longer be changed.",
        "Publish %(count)s entries? The customers are told, and they can no longer be changed.",
        many, count=count,
    ),
)  # fmt: skip
def publish(entry, work):
    """Let the customer read it; names of our people stay inside."""
    entry.published_at = work.now


def about(record, noun, work):
    """The entries about a record, newest first, those only that the actor may read."""
    return list(
        work.session.query(LogEntry)
        .join(Conversation, Conversation.id == LogEntry.conversation_id)
        .filter(Conversation.noun == noun, Conversation.record_id == record.id)
        .order_by(LogEntry.held_at.desc(), LogEntry.id.desc())
    )
