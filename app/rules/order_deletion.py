"""Deleting an order: a tombstone with time, user and reason stays (X-13); who may, its order type says (X-14, X-71).

`confirm`: after a question. `hq_only`: staff of a branch ask, the head office deletes before the review. Whatever
needs a special approval is asked for with a reason and answered by a second person (ORD-45, ORD-46).
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from app.core import facts, scope, settings
from app.core.errors import BusinessError, Conflict, Forbidden
from app.rules import order_terms, orders, stock
from models.approvals import Approval
from models.conversations import Conversation, InternalNote, Message, ReadMark, Task
from models.customers import Tagging
from models.files import Attachment
from models.log_entries import LogEntry
from models.notifications import Notification
from models.orders import DocumentLink, Order
from models.ratings import Rating
from models.wizard_drafts import WizardDraft
from models.work_stages import WorkStage

FLOW = orders.FLOW
NOUN = "order_deletion"  # under which the question stands among the approvals
KEPT = tuple(state for state in FLOW.states if state != "draft")
BURIED = {"with_deleted": True}  # tombstones are there too
PARTS = (Rating, WorkStage, WizardDraft)  # what refers to an order and goes with it for good
SAID = (Message, LogEntry, ReadMark)  # the same of a conversation
KEPT_WITH = (Attachment, InternalNote, Task, Tagging, Notification)  # what hangs on a record of any noun
REVIEWED = ("confirmed", "released", "completed")
OPEN_TO_CUSTOMERS = ("submitted", "changed", "confirmed", "rejected")


def remove(order, work, reason=""):
    """Delete an order where that needs nobody else.

    :raises Conflict: a customer's that is released, over or cancelled
    :raises Forbidden: a customer's, once it is submitted, where CUSTOMER_DELETES_SUBMITTED is off
    :raises BusinessError: 'bound', 'head_office_only', 'needs_approval'
    """
    check(order, work)
    _answer(order, "approved", reason, work)
    _bury(order, reason, work)


def check(order, work):
    """Refuse who may not delete an order by himself, and say what he can do instead."""
    if order.state == "draft":
        return
    if not work.actor.inside:
        _check_customer(order, work)
        return
    policy = order.order_type.delete_policy
    if policy == "hq_only" and order_terms.side(work.actor) == "branch":
        text = _l("Only the head office deletes this order: ask for its deletion.")
        raise BusinessError("head_office_only", text)
    if policy == "special_approval" or (policy == "hq_only" and order.state in REVIEWED):
        raise BusinessError("needs_approval", _l("A second person has to agree: ask for the deletion of this order."))
    if _bound(order, work):
        text = _l("This order is paid, invoiced or shipped. Ask for its deletion: a second person has to agree.")
        raise BusinessError("needs_approval", text)


def _check_customer(order, work):
    policy = order.order_type.delete_policy
    if order.state not in OPEN_TO_CUSTOMERS:
        text = _l("This step is not possible in the state “%(state)s”.", state=FLOW.states[order.state])
        raise Conflict("wrong_state", text, state=order.state)
    if not (order_terms.term("CUSTOMER_DELETES_SUBMITTED", order, work) and policy == "confirm"):
        raise Forbidden("not_permitted", _l("Only a draft can be deleted. Cancel the order instead."))
    if _bound(order, work):
        raise BusinessError("bound", _l("An order that is paid, invoiced or shipped can only be deleted by us."))


def _bound(order, work):
    """Whether money, invoices or goods hang on the order (X-14)."""
    hangs = order.payment != "unpaid" or order.billing != "none" or order.shipping != "none"
    return hangs and not order_terms.term("ALLOW_DELETE_PAID", order, work)


def _bury(order, reason, work):
    with scope.lifted(work, "goods are given back by the house"):
        stock.release([line.id for line in order.lines], work)
    order.expires_at = None
    order.deleted_at, order.deleted_by, order.deleted_reason = work.now, work.actor.user_id, (reason or "")[:500]
    FLOW.follow(order, "delete", work)
    if order.submitted_at is not None:
        facts.publish(work, "order.delete", "order", order)


# --- asking and answering ----------------------------------------------------------------------


def open_request(order):
    """The deletion that waits for an answer, if any."""
    return next((one for one in order.deletions if not one.answer), None)


def waiting():
    """The criterion of the orders whose deletion somebody has asked for and nobody has answered."""
    open_ = select(Approval.record_id).where(Approval.noun == NOUN, Approval.answer == "")
    return Order.state.in_(KEPT) & Order.id.in_(open_)


def waiting_for(user_id):
    """The same of those somebody else has asked for: nobody answers what he has asked for himself."""
    own = Approval.noun == NOUN, Approval.answer == "", Approval.created_by == user_id
    return waiting() & Order.id.not_in(select(Approval.record_id).where(*own))


def must_ask(order, work):
    """Guard: who can delete an order himself has nothing to ask for; nobody asks twice."""
    if open_request(order) is not None:
        raise BusinessError("asked_already", _l("The deletion of this order has been asked for already."))
    try:
        check(order, work)
    except BusinessError:
        return
    raise BusinessError("not_needed", _l("You can delete this order yourself."))


def second_person(order, work):
    """Guard: a deletion that was asked for is answered by somebody else, and by the head office where it says so."""
    asked = open_request(order)
    if asked is None:
        raise BusinessError("not_asked", _l("Nobody has asked for the deletion of this order."))
    if asked.created_by is not None and asked.created_by == work.actor.user_id:
        raise BusinessError("own_request", _l("Nobody answers what he has asked for himself."))
    policy = order.order_type.delete_policy
    if policy == "hq_only" and order_terms.side(work.actor) == "branch":
        raise BusinessError("head_office_only", _l("Only the head office decides about this."))


@FLOW.transition(
    "request_deletion", source=KEPT, target=None, icon="fa-trash-arrow-up", as_house=True, style="danger",
    label=_l("Ask for deletion"), told=_lp("history", "Deletion asked for"), form=orders.ReasonForm,
    ask=_l("Ask for the deletion of this order? A second person decides."), guards=(must_ask,),
    ask_many=lambda many, count: ngettext(
        "Ask for the deletion of %(count)s order? A second person decides.",
        "Ask for the deletion of %(count)s orders? A second person decides.", many, count=count,
    ),
)  # fmt: skip
def request_deletion(order, work, reason):
    """Ask those who may decide about it to delete the order (ORD-45, ORD-46)."""
    work.session.add(
        Approval(customer_id=order.customer_id, noun=NOUN, record_id=order.id, level="supervisor", asked_reason=reason)
    )
    work.session.flush()
    work.session.expire(order, ["asked"])


@FLOW.transition(
    "approve_deletion", source=KEPT, target=None, icon="fa-trash", as_house=True, style="danger",
    label=_l("Approve the deletion"), told=_lp("history", "Deleted"), form=orders.OptionalReasonForm,
    ask=_l("Delete this order?"), guards=(second_person,),
    ask_many=lambda many, count: ngettext(
        "Delete %(count)s order?",
        "Delete %(count)s orders?", many, count=count,
    ),
)  # fmt: skip
def approve_deletion(order, work, reason=None):
    """Delete the order as somebody else has asked (ORD-46)."""
    asked = open_request(order)
    _answer(order, "approved", reason, work)
    _bury(order, asked.asked_reason, work)


@FLOW.transition(
    "refuse_deletion", source=KEPT, target=None, icon="fa-shield", as_house=True,
    label=_l("Refuse the deletion"), told=_lp("history", "Deletion refused"), form=orders.ReasonForm,
    ask=_l("Keep this order? Who asked for its deletion is told the reason."), guards=(second_person,),
    ask_many=lambda many, count: ngettext(
        "Keep %(count)s order? Who asked for its deletion is told the reason.",
        "Keep %(count)s orders? Who asked for their deletion is told the reason.", many, count=count,
    ),
)  # fmt: skip
def refuse_deletion(order, work, reason):
    """Keep the order; who asked reads why."""
    _answer(order, "rejected", reason, work)


def _answer(order, answer, reason, work):
    asked = open_request(order)
    if asked is not None:
        asked.answer, asked.reason = answer, reason or ""
        asked.decided_by, asked.decided_name, asked.decided_at = work.actor.user_id, work.actor.name, work.now


# --- for good ----------------------------------------------------------------------------------


def purge(work, after=0, limit=200):
    """Remove orders for good that were deleted long ago; what something else refers to stays (X-13).

    With an order goes what was said about it and kept with it: conversations and their files, its log, ratings, work
    and answers of a service, notes, tasks, tags, mails, links to what it came from and what was made of it. On purpose
    stay its history, which says who deleted it, when and why, and the papers that were issued, which commercial law
    wants kept.

    :param after: id of the last order looked at
    :returns: id of the last order of this portion; None when there is nothing left
    """
    days = settings.get("PURGE_DELETED_AFTER_DAYS", work)
    if days <= 0:
        return None
    asked = select(Order.id).where(Order.deleted_at < work.now - timedelta(days=days), Order.id > after)
    ids = list(work.session.scalars(asked.order_by(Order.id).limit(limit), execution_options={"with_deleted": True}))
    for identity in ids:
        _purge_one(identity, work)
    return ids[-1] if ids else None


def _purge_one(identity, work):
    try:
        with work.session.begin_nested():
            about = Approval.noun.in_(("order", NOUN)), Approval.record_id == identity
            work.session.execute(delete(Approval).where(*about))
            threads = Conversation.noun == "order", Conversation.record_id == identity
            for part in SAID:
                _remove(part, work, part.conversation_id.in_(select(Conversation.id).where(*threads)))
            _remove(Conversation, work, *threads)
            for part in PARTS:
                _remove(part, work, part.order_id == identity)
            either = [(noun == "order") & (key == identity) for noun, key in
                      ((DocumentLink.from_noun, DocumentLink.from_id), (DocumentLink.to_noun, DocumentLink.to_id))]
            work.session.execute(delete(DocumentLink).where(or_(*either)))
            _remove(Order, work, Order.id == identity)
    except IntegrityError:
        work.session.expire_all()  # an invoice or a payment refers to it


def _remove(model, work, *which):
    """Remove rows for good, and what is kept with them."""
    ids = list(work.session.scalars(select(model.id).where(*which), execution_options=BURIED))
    if not ids:
        return
    noun = getattr(model, "__history__", None)
    gone = [delete(one).where(one.noun == noun, one.record_id.in_(ids)) for one in KEPT_WITH if noun]
    for statement in (*gone, delete(model).where(model.id.in_(ids))):
        work.session.execute(statement, execution_options=BURIED | {"synchronize_session": False})
