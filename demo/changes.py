"""Orders that were changed, cut to what is in stock, or are to be deleted: what the review of orders is about."""

from decimal import Decimal

from app.rules import order_checks, order_lines, orders, settings_pages
from app.rules.organisation import texts
from models.orders import Order, OrderType

EXPRESS = texts("Express order, confirmed from stock", "سفارش فوری، تأیید از روی موجودی",
                "Comandă expres, confirmată din stoc", "Срочный заказ, подтверждение по складу",
                "Ekspres sipariş, stoktan onaylanır", "快速订单，按库存确认")  # fmt: skip
FRAMEWORK = texts("Framework order", "سفارش چارچوبی", "Comandă-cadru", "Рамочный заказ", "Çerçeve sipariş", "框架订单")


def make(stage, made):
    """Two more order types, and an order for each thing that can happen to one after it was submitted."""
    with stage.scene(days=119) as work:
        express = OrderType(code="express", names=EXPRESS, confirmation="auto_stock_check")
        framework = OrderType(code="framework", names=FRAMEWORK, delete_policy="special_approval")
        work.session.add_all([express, framework])
        work.session.flush()
        settings_pages.put("PARTIAL_QTY", "order_type", express.id, "approve_available", work)
        kinds = {"express": express.id, "framework": framework.id}
    _changed(stage, made)
    for customer in (1, 2):
        _cut(stage, customer, kinds["express"])
    _unwanted(stage, kinds["framework"])


def _changed(stage, made):
    """Ours have changed what buyer2 ordered, buyer3 is changing an order himself: the other side is waited for."""
    for who, key, more in (("reviewer", ("buyer2", 5), "TX-704"), ("buyer3", ("buyer3", 2), "TE-403")):
        with stage.scene(who, key[1], "15:20") as work:
            order = work.session.get(Order, made[key])
            lines = order_lines.more(order, [{"sku": more, "quantity": Decimal(4)}])
            lines[0]["quantity"] -= 2
            orders.FLOW.run_one("amend", order, lines=lines, reference=order.reference + "/2")


def _cut(stage, customer, kind):
    """An order the system has looked through: one line is cut, another is not in stock at all."""
    wanted = [{"sku": sku, "quantity": Decimal(number)} for sku, number in (("CO-501", 6), ("SP-606", 5))]
    with stage.scene("support", 1, "09:40") as work:
        order = orders.create(work, customer=customer, order_type_id=kind, lines=wanted, submit=True,
                              reference="PO-4800").id  # fmt: skip
    with stage.scene(days=1, clock="09:41") as work:
        order_checks.check(None, work.session.get(Order, order), work)


def _unwanted(stage, kind):
    """An order that was entered twice: one of ours asks for its deletion, a second person decides."""
    for customer in (1, 2):
        wanted = [{"sku": "TX-702", "quantity": Decimal(3)}]
        with stage.scene("support", 1, "10:05") as work:
            order = orders.create(work, customer=customer, order_type_id=kind, lines=wanted, submit=True,
                                  reference="PO-4801").id  # fmt: skip
        with stage.scene("reviewer", 1, "10:20") as work:
            reason = "Entered twice: the customer had sent it by e-mail before."
            orders.FLOW.run_one("request_deletion", work.session.get(Order, order), reason=reason)
