"""Contracts, tickets, files and notes of the demo."""

import io
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from app.core.localized import Reader
from app.rules import audiences, contracts, files, tickets
from demo import folk, texts
from models.contracts import Contract, ContractLine
from models.conversations import InternalNote, Task
from models.customers import Customer
from models.files import File
from models.orders import Order
from models.products import Product
from reports import core, parts

# customer, days ago the term began, how far it has come, price per month in the customer's currency
CONTRACTS = (
    (1, 350, "renewed", "90.00"), (1, 500, "expired", "40.00"), (1, 20, "submitted", "55.00"),
    (2, 200, "active", "60.00"), (2, 400, "terminated", "30.00"), (2, 5, "draft", "45.00"),
    (3, 120, "active", "72000000"), (4, 100, "active", "260.00"), (5, 330, "renewed", "4700"),
    (6, 60, "active", "2500"), (7, 40, "active", "430.00"), (8, 15, "rejected", "52.00"),
)  # fmt: skip
ANSWERED = {"buyer1": "closed", "buyer3": "resolved", "fa": "answered", "ro": "answered", "ru": "open", "tr": "open",
            "zh": "resolved"}  # fmt: skip


def agreements(stage):
    """Contracts in every state; one of customer 1 renewed before its end."""
    for customer_id, days, goal, price in CONTRACTS:
        entered = min(days, 300)
        contract_id = _contract(stage, customer_id, days, entered, price, goal != "draft")
        if goal in ("submitted", "draft"):
            continue
        with stage.scene("supervisor", entered, "12:00"):
            verb, data = ("reject", {"reason": "The term is too long."}) if goal == "rejected" else ("approve", {})
            contracts.FLOW.run_one(verb, contract_id, **data)
        if goal == "terminated":
            with stage.scene("supervisor", 30):
                contracts.FLOW.run_one("terminate", contract_id, reason="The machine was sold.")
        if goal == "expired":
            with stage.scene(days=50):
                contracts.FLOW.run_one("expire", contract_id)
        if goal == "renewed":
            with stage.scene("reviewer", 12) as work:
                renewal = contracts.FLOW.run_one("renew", contract_id).id
            if customer_id == 1:
                with stage.scene("supervisor", 11) as work:
                    contracts.FLOW.run_one("approve", renewal)
                    _keep(work.session.get(Contract, contract_id), "contract", work)


def _contract(stage, customer_id, days, entered, price, submitted):
    with stage.scene("reviewer", entered) as work:
        customer = work.session.get(Customer, customer_id)
        product = work.session.scalars(select(Product).where(Product.sku == "SV-301")).one()
        made = Contract(
            customer_id=customer_id, title=texts.CONTRACTS[customer.language], locale=customer.language,
            currency_code=customer.currency_code, starts_on=(stage.now - timedelta(days=days)).date(), months=12,
            terms=texts.TERMS[customer.language], branch_id=customer.branch_id,
        )  # fmt: skip
        made.lines = [ContractLine(product_id=product.id, sku=product.sku, name=product.names[customer.language],
                                   quantity=Decimal(1), unit_price=Decimal(price))]  # fmt: skip
        contracts.check(made, work)
        work.session.add(made)
        work.session.flush()
        if submitted:
            contracts.FLOW.run_one("submit", made)
        return made.id


def _keep(record, noun, work):
    """The signed copy, as a file at the record."""
    text = f"{record.number}\n{record.title}\nSigned by both parties.\n"
    kept = files.store(io.BytesIO(text.encode()), f"{record.number}.txt", "text/plain", work)
    files.attach(record, noun, kept, work)


def questions(stage, made):
    """A ticket of every customer's user, answered, solved or waiting; and a second one that is open."""
    for user, (subject, text, answer) in texts.TICKETS.items():
        days = {"open": 1, "answered": 3}.get(ANSWERED[user], 20)
        with stage.scene(user, days, "08:40") as work:
            customer = folk.EXTERNAL[user][0] + 1
            order = made.get((user, 96))
            ticket = tickets.open_ticket(customer, subject, text, work, order_id=order).id
        if ANSWERED[user] == "open":
            continue
        with stage.scene("support", days, "11:00"):
            tickets.FLOW.run_one("take", ticket)
            tickets.FLOW.run_one("answer", ticket, text=answer)
        for verb in {"resolved": ("resolve",), "closed": ("resolve", "close")}.get(ANSWERED[user], ()):
            with stage.scene("support", days - 2, "09:00"):
                tickets.FLOW.run_one(verb, ticket)
    with stage.scene("buyer1", 0, "08:20") as work:
        words = "Could you quote forty litres of oat drink per week?"
        tickets.open_ticket(1, "Oat drink", words, work, priority="high")


# --- files -------------------------------------------------------------------------------------


SHOP = "Caravan Trading"


def papers(stage, group_id, made):
    """Files for everybody, for an access group, for one customer; one of them in two versions."""
    with stage.scene("editor", 60) as work:
        # names of our own read the same in every language; everybody finds these files
        name, rows = f"{SHOP} {stage.now.year}", b"sku,quantity\nTW-101,6\nCO-501,12\n"
        catalogue = _file(name, work, _catalogue(work, 8), everyone=True)
        _file(f"{name} (CSV)", work, ("order-form.csv", rows), groups=(group_id,))
        for customer_id in (1, 2):
            text = b"Terms agreed for the current year.\nPayment within 30 days.\n"
            _file("Agreed terms", work, ("agreed-terms.txt", text), customers=(customer_id,))
        for customer_id in range(3, 8):
            language = folk.BUYERS[customer_id - 1].language
            words = f"{texts.CONTRACTS[language]}\n{texts.TERMS[language]}\n".encode()
            _file(texts.CONTRACTS[language], work, ("terms.txt", words), customers=(customer_id,))
        catalogue_id = catalogue.id
    with stage.scene("editor", 6) as work:
        name, data = _catalogue(work, 40)
        kept = files.store(io.BytesIO(data), name, "application/pdf", work)
        files.publish(work.session.get(File, catalogue_id), kept, work)
    with stage.scene("buyer1", 4, "15:20") as work:
        kept = files.store(io.BytesIO(b"sku,quantity\nCO-502,24\nTW-101,12\n"), "purchase-order.csv", "text/csv", work)
        files.attach(work.session.get(Order, made["buyer1", 4]), "order", kept, work)


def _catalogue(work, count):
    rows = work.session.scalars(select(Product).order_by(Product.id).limit(count)).all()
    _name, _type, data = core.render("product_list", parts.Found(rows), "pdf", Reader("en"))
    return "catalogue.pdf", data


def _file(title, work, content, *, everyone=False, groups=(), customers=()):
    name, data = content
    made = File(title=title, everyone=False)
    files.check(made, work)
    work.session.add(made)
    files.publish(made, files.store(io.BytesIO(data), name, "", work), work)
    audiences.offer(made, customers, groups, everyone, work)
    return made


# --- notes, tasks ------------------------------------------------------------------------------


def notes(stage, made):
    """What our people note for themselves."""
    with stage.scene("reviewer", 1) as work:
        for customer_id in (1, 2):
            text = "Call back about the order for the new season."
            work.session.add(InternalNote(noun="customer", record_id=customer_id, text=text))
        work.session.add(InternalNote(noun="order", record_id=made["buyer1", 2], text="Check the delivery address."))
        work.session.add(Task(noun="order", record_id=made["buyer1", 2], title="Check the delivery address",
                              assignee_id=stage.users["reviewer"], due_at=stage.now + timedelta(days=2)))  # fmt: skip
