"""Order forms of the demo: sent, looked at, not ordered yet; one of customer 1, one of customer 2, one in Persian."""

import io

from app.core.localized import Reader
from app.rules import order_forms
from demo import folk

SENT = (  # who, file name, its rows: some are taken, some changed, some refused
    ("buyer1", "summer-season.csv",
     "SKU,Quantity\nTW-101,24\nTW-103,36\nCO-501,12.5\nTW-101,12\nTW-990,6\nTE-401,2+2\n"),
    ("buyer3", "restock-leeds.csv", "SKU;Quantity\nCO-502;18\nTE-403;6\nXX-1;1\n"),
    ("fa", "سفارش-پاییز.csv", "کد کالا;تعداد\nTE-401;۳۰\nTW-104;۱۲٫۵\nTW-990;۵\n"),
)


def make(stage):
    """Send them, as their customers did this morning."""
    for user, name, text in SENT:
        with stage.scene(user, 0, "08:40") as work:
            reader = Reader(folk.BUYERS[folk.EXTERNAL[user][0]].language)
            order_forms.upload(work, name, io.BytesIO(text.encode()), reader)
