"""Generated orders for load tests: valid, in every state, with customers, numbers, sums and stock that agree.

Written as the owner of the database, some ten thousand orders per statement: customers by COPY, orders and lines
computed by PostgreSQL from the number of the order alone, so that every run of a size makes the same book.
"""

import json
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import psycopg

import config
from app.core import history, numbering, searchtext
from demo import load_sql
from models.approvals import Approval
from models.customers import Address, Customer
from models.orders import Order, OrderLine, Reservation
from models.products import Price, PriceList, Product
from models.stock import StockMovement

AT_ONCE = 50_000  # orders per transaction
PER_CUSTOMER = 10
GOODS = 97  # products of an empty database
ANALYSED = ("customers", "addresses", "products", "prices", "orders", "order_lines", "reservations", "stock_levels",
            "stock_movements", "approvals", "history")  # fmt: skip
FIRST = ("Amber", "Birch", "Castle", "Dawn", "Elm", "Falcon", "Garden", "Harbour", "Ivory", "Juniper", "Kestrel",
         "Linden", "Meadow", "North", "Olive", "Pearl", "Quarry", "River", "Silver", "Tower", "Upland", "Valley",
         "Willow", "York", "Zephyr")  # fmt: skip
SECOND = ("Bakery", "Catering", "Coffee", "Deli", "Events", "Foods", "Guesthouse", "Hotel", "Inns", "Kitchen",
          "Larder", "Market", "Restaurants", "Stores", "Tearooms", "Trading")  # fmt: skip
TOWNS = ("Aberdeen", "Bath", "Cardiff", "Derby", "Exeter", "Falmouth", "Glasgow", "Hull", "Ipswich", "Jarrow", "Kendal",
         "Leeds", "Margate", "Norwich", "Oxford", "Perth", "Reading", "Stirling", "Truro", "Whitby")  # fmt: skip


def command(orders, source):
    """Fill the demo or an empty database with so many orders; prints what it made.

    :param source: who sits at the shell, for the history
    """
    begun = time.monotonic()
    with psycopg.connect(_libpq(config.DATABASE_OWNER_URL)) as connection:
        connection.execute("set timezone = 'UTC'")
        made = Load(connection, orders, source).run()
        connection.commit()
        connection.autocommit = True
        connection.execute(f"vacuum (analyze) {', '.join(ANALYSED)}")
    seconds = time.monotonic() - begun
    told = "{orders} orders with {lines} lines of {customers} customers".format(**made)
    click.echo(f"{told} in {seconds:.0f} s")
    return 0


def _libpq(url):
    return config.sqlalchemy_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


class Load:
    """One run: first the masters, then the orders in slices, each slice a transaction of its own."""

    def __init__(self, connection, orders, source):
        self.connection, self.orders, self.source = connection, orders, source
        self.now = datetime.now(UTC)
        self.house = self._one(
            "select id, currency_code, country_code, timezone from branches where id = 1", load_sql.Row)
        self.made = {"orders": 0, "lines": 0, "customers": 0}

    def run(self):
        self._goods()
        self._customers()
        self.connection.commit()
        for first in range(1, self.orders + 1, AT_ONCE):
            self._slice(first, min(first + AT_ONCE - 1, self.orders))
            self.connection.commit()
            if sys.stderr.isatty():
                click.echo(f"\r{self.made['orders']} of {self.orders} orders", err=True, nl=False)
        return self.made

    def _one(self, statement, kind=tuple, **values):
        row = self.connection.execute(statement, values).fetchone()
        return None if row is None else kind(*row) if kind is not tuple else row

    # --- masters -------------------------------------------------------------------------------

    def _goods(self):
        """What is ordered: the goods of the general list, or products of our own where there are none."""
        self.connection.execute(load_sql.GOODS_TABLE)
        self._collect()
        if self._one("select count(*) from load_goods")[0] < PER_CUSTOMER:
            self._make_goods()
            self.connection.execute("truncate load_goods")
            self._collect()
        self.count = self._one("select count(*) from load_goods")[0]
        digits = "select digits from currencies where code = %(code)s"
        self.digits = self._one(digits, code=self.house.currency_code)[0]

    def _collect(self):
        where = {"currency": self.house.currency_code, "country": self.house.country_code}
        self.connection.execute(load_sql.COLLECT, where)

    def _make_goods(self):
        rows = []
        for at in range(1, GOODS + 1):
            name = f"{FIRST[at % len(FIRST)]} {SECOND[at % len(SECOND)]} set"
            vector = searchtext.vector(f"LOAD-{at:04}", name)
            rows.append({"sku": f"LOAD-{at:04}", "names": {"en": name}, "search": vector, "price": str(2 + at)})
        values = {"rows": json.dumps(rows), "currency": self.house.currency_code, "now": self.now}
        made = ((PriceList, load_sql.PRICE_LIST), (Product, load_sql.PRODUCT), (Price, load_sql.PRICE))
        for model, given in made:
            self.connection.execute(load_sql.insert(model, given), values)

    def _customers(self):
        """One customer per ten orders, each with an address; their numbers come from the series."""
        count = max(self.orders // PER_CUSTOMER, 1)
        series, last = self._numbers("customer", count)
        year = self._year() if series.yearly else 0
        columns = load_sql.customer_columns(Customer)
        with self.connection.cursor().copy(f"copy customers ({', '.join(columns)}) from stdin") as copy:
            for at in range(count):
                copy.write_row(self._customer(at, numbering.shape(series, year, last + at + 1), columns))
        self.first_customer = self._one("select max(id) - %(count)s + 1 from customers", count=count)[0]
        self.customers = self.made["customers"] = count
        values = {"first": self.first_customer, "now": self.now}
        self.connection.execute(load_sql.insert(Address, load_sql.ADDRESS), values)
        self.connection.execute("analyze customers, addresses")

    def _customer(self, at, number, columns):
        name = f"{FIRST[at % 25]} {SECOND[at // 25 % 16]} {TOWNS[at // 400 % 20]}"
        email = f"office@{FIRST[at % 25].lower()}-{at + 1}.example"
        values = columns | {
            "number": number, "name": name, "country_code": self.house.country_code, "email": email,
            "currency_code": self.house.currency_code, "search": searchtext.vector(name, number, email, ""),
            "first_order_at": self.now, "created_at": self.now, "updated_at": self.now,
        }  # fmt: skip
        return [values[column] for column in columns]

    def _year(self):
        return self.now.astimezone(ZoneInfo(self.house.timezone)).year

    def _numbers(self, code, count, year=None):
        """Take `count` numbers of a series in a row: the series, and the last number taken before."""
        row = self._one("select id, prefix, yearly, width from number_series where code = %(code)s and branch_id = 1",
                        load_sql.Series, code=code)  # fmt: skip
        year = (year or self._year()) if row.yearly else 0
        last = self._one(load_sql.TAKE, series=row.id, year=year, count=count)[0]
        return row, last - count

    # --- orders --------------------------------------------------------------------------------

    def _slice(self, first, last):
        """Orders `first` to `last`: lines are worked out first, then the orders as their sums."""
        run = self.connection.execute
        values = {
            "first": first, "last": last, "orders": self.orders, "now": self.now, "goods": self.count,
            "customer": self.first_customer, "customers": self.customers, "digits": self.digits,
            "currency": self.house.currency_code, "zone": self.house.timezone, "source": self.source,
        }  # fmt: skip
        run(load_sql.HEADS, values)
        run(load_sql.LINES, values)
        run("analyze load_heads, load_lines")
        for year, count in run(load_sql.YEARS, values).fetchall():
            series, before = self._numbers("order", count, year)
            run(load_sql.NUMBER, values | {
                "year": year, "before": before, "prefix": numbering.shape(series, year, 0)[: -series.width],
                "width": series.width,
            })  # fmt: skip
        for model, given in ((Order, load_sql.ORDER), (OrderLine, load_sql.LINE), (Reservation, load_sql.RESERVATION),
                             (StockMovement, load_sql.MOVEMENT), (Approval, load_sql.APPROVAL),
                             (history.History, load_sql.HISTORY)):  # fmt: skip
            done = run(load_sql.insert(model, given), values)
            if model in (Order, OrderLine):
                self.made["orders" if model is Order else "lines"] += done.rowcount
        run(load_sql.LEVELS, values)
        run("drop table load_heads, load_lines")
