"""What was ordered, decided, shipped, billed and paid in the last months: real users, real rules."""

from decimal import Decimal

from sqlalchemy import select

from app.notices import core as notices
from app.rules import conversations, invoices, orders, paid_orders, payments
from demo import folk, texts
from models.customers import Customer
from models.invoices import Invoice
from models.orders import Order
from models.payments import Payment
from reports import issue

# Who ordered, how many days ago, how far it has come, what: in time, so that numbers run as in life.
ORDERS = (
    ("buyer1", 96, "paid", (("TW-101", 24), ("CO-501", 30))),
    ("buyer3", 90, "paid", (("CO-501", 40), ("CO-502", 20), ("TX-702", 12))),
    ("fa", 80, "paid", (("TW-101", 60), ("TW-104", 10))),
    ("ro", 78, "paid", (("CO-501", 25), ("EQ-204", 6))),
    ("ru", 75, "paid", (("TE-401", 60), ("TE-403", 20))),
    ("tr", 74, "paid", (("TE-404", 80), ("TW-101", 40))),
    ("zh", 70, "paid", (("CO-502", 30), ("TW-105", 24))),
    ("buyer1", 64, "paid", (("TX-703", 10), ("TX-704", 12))),
    ("buyer1", 52, "invoiced", (("EQ-202", 1), ("EQ-205", 4))),
    ("buyer3", 44, "invoiced", (("TE-402", 24), ("TW-103", 48))),
    ("customer 8", 40, "completed", (("CO-501", 20), ("SP-602", 10))),
    ("buyer1", 33, "part", (("TW-106", 60), ("TW-107", 6))),
    ("fa", 30, "invoiced", (("EQ-203", 2), ("SV-302", 4))),
    ("ro", 28, "completed", (("TE-406", 20), ("SP-603", 5))),
    ("customer 9", 25, "paid", (("CO-504", 10),)),
    ("ru", 21, "invoiced", (("SP-604", "12.5"), ("SP-605", 20))),
    ("buyer1", 18, "reported", (("CO-501", 36), ("CO-503", 12))),
    ("tr", 16, "invoiced", (("TW-102", 12),)),
    ("zh", 15, "completed", (("TE-403", 15), ("SV-304", 1))),
    ("buyer1", 11, "completed", (("TE-401", 20), ("TE-405", 10))),
    ("buyer3", 10, "completed", (("TW-105", 36), ("EQ-206", 1))),
    ("buyer2", 9, "cancelled", (("TX-701", 8),)),
    ("buyer1", 8, "rejected", (("SP-606", 40),)),
    ("buyer3", 8, "rejected", (("EQ-208", 1),)),
    ("buyer1", 6, "released", (("TW-108", 24), ("TW-103", 48))),
    ("buyer3", 6, "cancelled", (("TE-402", 6),)),
    ("buyer3", 5, "released", (("CO-503", 18),)),
    ("buyer2", 5, "changed", (("TX-702", 20),)),
    ("buyer1", 4, "confirmed", (("CO-502", 24), ("TW-101", 12))),
    ("buyer3", 4, "confirmed", (("TW-106", 30),)),
    ("fa", 3, "confirmed", (("TE-401", 30),)),
    ("ro", 3, "confirmed", (("CO-504", 30),)),
    ("zh", 3, "confirmed", (("TX-704", 10),)),
    ("buyer1", 2, "submitted", (("TW-102", 10), ("EQ-204", 4))),
    ("ru", 2, "submitted", (("CO-501", 15), ("CO-502", 15))),
    ("buyer3", 2, "changed", (("SP-601", 10),)),
    ("tr", 1, "submitted", (("TE-404", 40),)),
    ("fa", 1, "submitted", (("SP-601", 20), ("SP-604", "5.5"))),
    ("buyer3", 1, "submitted", (("TW-103", 24), ("SP-606", 10))),
    ("customer 8", 1, "submitted", (("EQ-201", 1),)),
    ("customer 9", 1, "submitted", (("CO-501", 40),)),
    ("buyer2", 0, "submitted", (("EQ-201", 2), ("SV-302", 6))),
    ("zh", 0, "submitted", (("TW-104", 6),)),
    ("ro", 0, "draft", (("TX-701", 10),)),
    ("buyer1", 0, "draft", (("CO-501", 12),)),
    ("buyer3", 0, "draft", (("TE-403", 6),)),
)
WAY = {  # what has happened to an order on its way there
    "draft": (), "submitted": (), "changed": ("amend",), "rejected": ("reject",), "cancelled": ("cancel",),
    "confirmed": ("approve",), "released": ("approve", "release"), "completed": ("approve", "release", "complete"),
}  # fmt: skip
BILLED = ("paid", "invoiced", "part", "reported")
WHO = {"approve": "supervisor", "amend": "reviewer", "reject": "reviewer", "release": "warehouse",
       "complete": "warehouse"}  # fmt: skip
REASON = {
    "reject": {"reason": "Sorry, this product cannot be delivered at the moment."},
    "cancel": {"reason": "Ordered twice by mistake."},
}


def make(stage):
    """Take every order as far as it has come; returns {(user, days): order id}."""
    made = {}
    for user, days, goal, lines in ORDERS:
        order_id = _order(stage, user, days, lines, goal != "draft")
        for verb in WAY["completed" if goal in BILLED else goal]:
            _step(stage, user, days, verb, order_id)
        if goal in BILLED:
            _bill(stage, user, days, goal, order_id)
        made[user, days] = order_id
    _messages(stage, made)
    return made


def _order(stage, user, days, lines, submit):
    """The customer orders in the portal, or one of ours for him on the telephone."""
    own = user in folk.EXTERNAL
    with stage.scene(user if own else "support", days, "09:10", told=submit and days <= 1) as work:
        customer = None if own else int(user.rpartition(" ")[2])
        locale = work.session.get(Customer, customer).language if customer else work.actor.locale
        wanted = [{"sku": sku, "quantity": Decimal(quantity)} for sku, quantity in lines]
        order = orders.create(work, customer=customer, lines=wanted, submit=submit, reference=f"PO-{4711 - days}",
                              remark=texts.REMARKS[locale] if days % 2 else "")  # fmt: skip
        return order.id


def _step(stage, user, days, verb, order_id):
    clock = {"approve": "11:30", "release": "14:00", "complete": "16:30"}.get(verb, "12:15")
    later = {"release": 1, "complete": 2}.get(verb, 0)
    who = user if verb == "cancel" else WHO[verb]
    if verb == "approve" and user == "buyer1" and days < 90:
        who = "reviewer"
    with stage.scene(who, max(days - later, 0), clock):
        orders.FLOW.run_one(verb, order_id, **REASON.get(verb, {}))


def _bill(stage, user, days, goal, order_id):
    """Invoice of a completed order, and what was paid on it."""
    with stage.scene("finance", days - 3, "10:20") as work:
        invoice = invoices.from_order(work.session.get(Order, order_id), work)
        work.session.flush()
        invoices.FLOW.run_one("issue", invoice)
        invoice_id, total = invoice.id, invoice.total_gross
    if goal != "invoiced":
        amount = (total / 2).quantize(Decimal("0.01")) if goal == "part" else total
        _pay(stage, user, max(days - 12, 1), invoice_id, amount, confirmed=goal != "reported")
    with stage.scene(days=max(days - 12, 1)) as work:
        paid_orders.payment_of_order(order_id, work)


def _pay(stage, user, days, invoice_id, amount, confirmed):
    own = user in folk.EXTERNAL and not confirmed
    with stage.scene(user if own else "finance", days, "13:00") as work:
        invoice = work.session.get(Invoice, invoice_id)
        payment = Payment(
            customer_id=invoice.customer_id, invoice_id=invoice.id, amount=amount, currency_code=invoice.currency_code,
            paid_on=work.now.date(), method="bank", reference=f"{invoice.number}",
        )  # fmt: skip
        payments.check(payment, work)
        work.session.add(payment)
        work.session.flush()
        payments.FLOW.run_one("confirm" if confirmed else "report", payment)


def credits(stage, made):
    """A part of a bill given back, for each of the first two customers."""
    for key in (("buyer1", 52), ("buyer3", 44)):
        with stage.scene("finance", key[1] - 10, "15:00") as work:
            invoice = work.session.scalars(select(Invoice).where(Invoice.order_id == made[key])).one()
            note = invoices.credit(invoice, {invoice.lines[-1].id: Decimal(1)}, work, "Damaged in transit")
            work.session.flush()
            invoices.FLOW.run_one("issue", note)
        with stage.scene(days=key[1] - 10) as work:
            paid_orders.payment_of_order(made[key], work)


def papers(stage, made):
    """What has been issued and told already, for the first two customers."""
    for user in ("buyer1", "buyer3"):
        with stage.scene(days=4, clock="11:31", told=True) as work:
            order = work.session.get(Order, made[user, 4])
            issue.serve("order_confirmation", order, "pdf", order.locale, work)
            notices.tell("order_confirmed", order, work, noun="order")
        with stage.scene(days=3, told=True) as work:
            days = 52 if user == "buyer1" else 44
            wanted = select(Invoice).where(Invoice.order_id == made[user, days], Invoice.type == "final")
            invoice = work.session.scalars(wanted).one()
            issue.serve("invoice", invoice, "pdf", invoice.locale, work)


def _messages(stage, made):
    """A word about an order of each customer that has a user, in his language, and our answer."""
    for user, days in (("buyer1", 4), ("buyer3", 4), ("fa", 3), ("ro", 3), ("ru", 21), ("tr", 16), ("zh", 3)):
        question, answer = texts.MESSAGES[folk.BUYERS[folk.EXTERNAL[user][0]].language]
        for who, clock, text in ((user, "15:10", question), ("reviewer", "15:40", answer)):
            with stage.scene(who, days, clock) as work:
                order = work.session.get(Order, made[user, days])
                conversations.post(order, "order", "order", text, work)
