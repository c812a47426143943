"""Quotes of the demo, each taken as far as it has come: asked for, priced, offered, negotiated, ordered."""

from datetime import timedelta
from decimal import Decimal

from app.rules import conversations, quote_entry, quotes
from app.rules import quote_revisions as revisions
from app.rules.organisation import texts
from demo import folk
from models.customers import Customer
from models.quotes import Quote
from reports import issue

# Who asked, how many days ago, how far it has come, what.
QUOTES = (
    ("buyer1", 70, "expired", (("EQ-203", 2),)),
    ("buyer3", 60, "rejected", (("EQ-201", 3),)),
    ("buyer1", 40, "ordered", (("TX-703", 4), ("TX-704", 4))),
    ("buyer3", 30, "accepted", (("TW-103", 24),)),
    ("buyer1", 9, "countered", (("EQ-205", 6), ("SV-302", 2))),
    ("buyer3", 6, "offered", (("EQ-206", 1), ("SV-302", 1))),
    ("ro", 6, "offered", (("EQ-204", 10), ("TW-101", 60))),
    ("fa", 5, "offered", (("EQ-203", 1), ("TW-104", 20))),
    ("ru", 5, "offered", (("TE-401", 100),)),
    ("tr", 4, "offered", (("TE-404", 120),)),
    ("zh", 4, "offered", (("CO-502", 60),)),
    ("buyer1", 3, "offered", (("TW-106", 120), ("TW-107", 12))),
    ("buyer3", 2, "priced", (("CO-501", 80),)),
    ("buyer1", 2, "requested", (("EQ-201", 2),)),
    ("ro", 1, "requested", (("TX-701", 12),)),
    ("fa", 1, "requested", (("SP-601", 40),)),
    ("buyer3", 1, "cancelled", (("TE-402", 6),)),
    ("buyer1", 0, "draft", (("TE-405", 20),)),
)
WORDS = dict(zip(("en", "fa", "ro", "ru", "tr", "zh_Hans_CN"), (  # what is no product of ours; what is remarked
    ("Engraving of our logo", "Please offer delivery in two parts."),
    ("حکاکی نشان ما", "لطفاً تحویل را در دو مرحله پیشنهاد دهید."),
    ("Gravarea siglei noastre", "Vă rugăm să ofertați livrarea în două tranșe."),
    ("Гравировка нашего логотипа", "Просим предложить поставку двумя партиями."),
    ("Logomuzun kazınması", "Lütfen iki parti teslimat için teklif verin."),
    ("刻上我们的标志", "请按两批交货报价。"),
), strict=True))  # fmt: skip
DEAR = texts("Could you come down a little? We order regularly.", "امکان تخفیف بیشتر هست؟ ما مرتب سفارش می‌دهیم.",
             "Puteți reduce puțin? Comandăm regulat.", "Можно немного дешевле? Мы заказываем регулярно.",
             "Biraz indirim yapabilir misiniz? Düzenli sipariş veriyoruz.",
             "能再便宜一些吗？我们会定期订购。")  # fmt: skip
PRICED = ("priced", "offered", "expired", "rejected", "accepted", "ordered", "countered")


def make(stage):
    """Take every quote as far as it has come; and one that we are still writing, for each of the first customers."""
    for user, days, goal, lines in QUOTES:
        quote_id = _request(stage, user, days, lines, goal)
        if goal in PRICED:
            _price(stage, user, days, goal, quote_id)
        if goal in PRICED and goal != "priced":
            with stage.scene("reviewer", max(days - 1, 0), "11:00", told=days < 4) as work:
                quotes.FLOW.run_one("publish", quote_id)
                quote = work.session.get(Quote, quote_id)
                issue.serve("quote", quote, "pdf", quote.locale, work)
        _answer(stage, user, days, goal, quote_id)
    for customer_id in (1, 2):
        with stage.scene("reviewer", 1, "16:10") as work:
            rows = [{"sku": "EQ-208", "quantity": Decimal(1)},
                    {"sku": "EQ-206", "quantity": Decimal(1), "alternative": True}]  # fmt: skip
            quote_entry.create(work, work.session.get(Customer, customer_id), lines=rows)


def _request(stage, user, days, lines, goal):
    """What the customer asks for in the portal."""
    with stage.scene(user, days, "09:30", told=days == 1) as work:
        customer = work.session.get(Customer, folk.EXTERNAL[user][0] + 1)
        free, remark = WORDS[customer.language]
        rows = [{"sku": sku, "quantity": Decimal(quantity)} for sku, quantity in lines]
        if goal in ("offered", "requested", "countered"):
            rows.append({"name": free, "quantity": Decimal(1)})
        made = quote_entry.create(
            work, customer, lines=rows, submit=goal != "draft", reference=f"RFQ-{2300 - days}", remark=remark,
            requested_on=(stage.now + timedelta(days=30)).date(), delivery_address_id=customer.addresses[0].id,
        )  # fmt: skip
        if user in ("ro", "buyer1") and goal == "requested":
            conversations.post(made, "quote", "order", remark, work)
        return made.id


def _price(stage, user, days, goal, quote_id):
    """Our prices: a discount on products, an amount for what is none; what it costs us stays inside."""
    with stage.scene("reviewer", days, "14:10") as work:
        quotes.FLOW.run_one("take", quote_id)
        quote = work.session.get(Quote, quote_id)
        rows = []
        for line in revisions.lines(quote, 1):
            price = line.unit_price if line.unit_price is not None else rows[0]["unit_price"] * 2
            rows.append({
                "id": line.id, "sku": line.sku, "name": line.name, "quantity": line.quantity, "unit_price": price,
                "discount_percent": Decimal(5 if line.sku else 0),
                "internal_cost": (price * Decimal("0.7")).quantize(Decimal("0.01")),
            })  # fmt: skip
        last = stage.now + timedelta(days=21) if goal != "expired" else work.now + timedelta(days=14)
        quote_entry.change(quote, work, lines=rows, valid_until=last.date(),
                           internal_remark="Margin agreed with the sales manager.")  # fmt: skip
        quotes.FLOW.run_one("price", quote)


def _answer(stage, user, days, goal, quote_id):
    """What the customer answered, or what became of it without him."""
    after = max(days - 3, 0)
    if goal in ("accepted", "ordered"):
        with stage.scene(user, after):
            quotes.FLOW.run_one("accept", quote_id)
            if goal == "ordered":
                quotes.FLOW.run_one("convert", quote_id)
    if goal == "rejected":
        with stage.scene(user, after):
            quotes.FLOW.run_one("reject", quote_id, reason="We found a nearer supplier.")
    if goal == "countered":
        with stage.scene(user, after, "15:20") as work:
            quote = work.session.get(Quote, quote_id)
            first = quote.lines[0]
            proposal = {"id": first.id, "unit_price": (first.unit_price * Decimal("0.85")).quantize(Decimal("0.01"))}
            quotes.FLOW.run_one("counter", quote, comment=DEAR[quote.locale], lines=[proposal])
    if goal == "expired":
        with stage.scene(days=days - 20):
            quotes.FLOW.run("expire", [quote_id])
    if goal == "cancelled":
        with stage.scene(user, 0, "08:30"):
            quotes.FLOW.run_one("cancel", quote_id)
