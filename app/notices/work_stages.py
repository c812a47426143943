"""Who hears about the work on service orders: the customer what is shown, the experts what was answered."""

from app.core import facts
from app.core.localized import pick
from app.core.money import Money
from app.notices.core import link, notice
from app.notices.readers import holders, of_customer, staff
from app.rules import wizard_drafts
from reports.parts import locale


def customer(stage, work):
    """The customer's people who may see the work."""
    return of_customer(stage.customer_id, "work.read", work)


def experts(stage, work):
    """The expert who does it, else everybody who could."""
    return staff([stage.handler_id], work, stage.branch_id) or staff(holders("work.take", work), work, stage.branch_id)


def billing(order, work):
    """Those of us who issue invoices."""
    return staff(holders("invoice.issue", work), work, order.branch_id)


def _values(stage, work):
    last = stage.rounds[-1] if stage.rounds else None
    return {
        "number": str(facts.record_of(work, "order", stage.order_id)),
        "stage": pick(stage.names, locale()),
        "service": pick(stage.edition.names, locale()),
        "customer": stage.customer.name,
        "note": last.note if last is not None else "",
        "comment": last.comment if last is not None else "",
        "link": link("work_stages", stage.id),
    }


@notice("work.show", name="work_shown", to=customer)
def work_shown(stage, work):
    """A stage waits for the customer's approval (NTF-03)."""
    return _values(stage, work)


@notice("work.show", name="work_shown", to=customer, channel="sms")
def work_shown_sms(stage, work):
    """The same on his mobile phone."""
    return _values(stage, work)


@notice("work.finish", name="work_finished", to=customer)
def work_finished(stage, work):
    """A stage that needs no approval is done: delivery (NTF-03)."""
    return _values(stage, work)


@notice("work.finish", name="work_finished", to=customer, channel="sms")
def work_finished_sms(stage, work):
    """The same on his mobile phone."""
    return _values(stage, work)


@notice("work.approve", name="work_approved", to=experts)
def work_approved(stage, work):
    """The customer is content, or has not answered in time."""
    last = stage.rounds[-1] if stage.rounds else None
    return _values(stage, work) | {"by_time": last is not None and last.answer == "time"}


@notice("work.request_changes", name="work_changes_requested", to=experts)
def work_changes_requested(stage, work):
    """The customer wants something changed, and says what."""
    return _values(stage, work)


@notice("work.accept", name="work_accepted", to=billing)
def work_accepted(order, work):
    """The work is approved and checked: the final invoice can be issued (ORD-52)."""
    edition = wizard_drafts.edition_of(order, work)
    return {
        "number": order.number,
        "customer": order.customer.name,
        "service": pick(edition.names, locale()) if edition is not None else "",
        "total": Money(order.total_gross, order.currency_code),
        "link": link("orders", order.id),
    }
