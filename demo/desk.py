"""How the demo house works: a portal with the wording of a manual, display statuses, who gets new orders."""

from sqlalchemy import select

from app.rules import assignment, display_statuses, orders, wording
from app.rules.organisation import texts
from models.assignment import AssignmentRule
from models.customers import Customer
from models.display_statuses import DisplayStatus
from models.list_choices import ListChoice
from models.orders import Order
from models.organisation import Portal

STATUSES = {  # ORD-34, in the order a shipment goes through them
    "warehouse": ("info", texts("In the warehouse", "در انبار", "La depozit", "На складе", "Depoda", "在仓库")),
    "packed": ("info", texts("Packed", "بسته‌بندی شد", "Ambalată", "Собран", "Paketlendi", "已打包")),
    "handed_over": ("good", texts("Handed to the carrier", "تحویل حمل‌کننده", "Predată curierului",
                                  "Передан перевозчику", "Kargoya verildi", "已交承运人")),
}  # fmt: skip


def make(stage):
    """The Russian customer's portal speaks as the manual S3; two released orders tell how far they are."""
    with stage.scene(days=1) as work:
        portal = Portal(code="shop", name="Торговый портал", preset="S3")
        portal.words.extend(wording.preset("S3"))
        work.session.add(portal)
        work.session.flush()
        for customer in work.session.scalars(select(Customer).where(Customer.language == "ru")):
            customer.portal_id = portal.id
        for position, (code, (tone, names)) in enumerate(STATUSES.items(), 1):
            row = DisplayStatus(code=code, names=names, tone=tone, position=position, states=["released"])
            display_statuses.check(row, work)
            work.session.add(row)
        _rules(stage, work)
    _progress(stage)


def _rules(stage, work):
    people = [stage.users[name] for name in ("reviewer", "support")]
    for position, (name, mode, ids) in enumerate(
        (("The customer's manager first", "manager", []), ("All others in turn", "in_turn", people)), 1
    ):
        row = AssignmentRule(name=name, position=position, mode=mode, user_ids=ids)
        assignment.check_rule(row, work)
        work.session.add(row)
    work.session.add(ListChoice(user_id=people[0], screen="orders", name="Waiting for review, over 500",
                                query="state=submitted&least=500", shared=True))  # fmt: skip


def _progress(stage):
    """What is released is on its way through the warehouse."""
    with stage.scene("warehouse", 0, "09:00") as work:
        released = select(Order).where(Order.state == "released").order_by(Order.id).limit(2)
        for order, code in zip(work.session.scalars(released).all(), ("packed", "warehouse"), strict=False):
            orders.FLOW.run_one("set_status", order, status=code)
