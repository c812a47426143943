"""Carts of the demo: buyer1 fills one and has saved another, colleagues and other customers have their own."""

from decimal import Decimal

from app.rules import cart_terms, carts

FILLED = (  # who, what it is called, its rows; the last one of a person is the active one
    ("buyer1", "Autumn window 2026", (("TW-101", "24", ""), ("TE-401", "6", "Gift wrapped, please")), True),
    ("buyer1", "Tea corner restock", (("CO-501", "12", ""), ("TW-103", "36", "")), False),
    ("buyer3", "Leeds shop refill", (("CO-502", "6", ""), ("TE-403", "12", "")), False),
    ("fa", "", (("TE-401", "10", ""), ("TW-104", "12", "")), False),
)


def make(stage):
    """Fill them this morning."""
    for user, name, rows, put_aside in FILLED:
        with stage.scene(user, 0, "09:10") as work:
            wanted = [{"sku": sku, "quantity": Decimal(quantity), "remark": remark} for sku, quantity, remark in rows]
            cart = carts.begin(work, name=name)
            carts.add(cart, wanted, work)
            if put_aside:
                cart_terms.keep(cart, work, reference="WINDOW-2026-10", delivery_method_id=1, payment_method_id=1)
