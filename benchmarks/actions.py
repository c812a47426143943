"""What is measured: each action as a client takes it, with what the issue aims at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

BUYS = 10  # lines of an order that is entered


@dataclass
class Book:
    """What a database has for the actions: ids and words that are there."""

    customer: int
    prefix: str
    word: str
    skus: list[str]
    open: list[int]
    waiting: list[int]
    agreed: list[int]
    name: str = ""

    def take(self, kind: str) -> int:
        """One more record of a kind, never the same twice."""
        found: list[int] = getattr(self, kind)
        if not found:
            raise RuntimeError(f"no more orders to {kind} in this database")
        return found.pop(0)


@dataclass(frozen=True)
class Action:
    """One thing people do. `aim`: at most so many times the floor; `statements`: at most so many."""

    name: str
    take: Callable[[Any, Book], Any]
    repeat: int
    aim: int
    statements: int | None = None


def _list(address: str) -> Callable[[Any, Book], Any]:
    return lambda client, book: client.get(f"/orders/list/{address.format(book=book)}")


def _create(client: Any, book: Book) -> Any:
    lines = [{"sku": sku, "quantity": "2"} for sku in book.skus[:BUYS]]
    order = {"customer": book.customer, "currency": book.name, "lines": lines, "submit": True}
    return client.post("/api/v1/orders/", order)


def _approve(client: Any, book: Book) -> Any:
    return client.post(f"/api/v1/orders/{book.take('waiting')}/approve", {}, who="second")


def _paper(client: Any, book: Book) -> Any:
    return client.get(f"/orders/document/{book.take('agreed')}/order_confirmation.pdf")


ACTIONS = (
    Action("first page", _list(""), 30, 12, 12),
    Action("last page", _list("?last=1"), 30, 12, 12),
    Action("filter by customer", _list("?customer={book.customer}"), 30, 12, 12),
    Action("search by number prefix", _list("?number={book.prefix}"), 30, 12, 12),
    Action("search by word of the customer's name", _list("?customer_name={book.word}"), 30, 12, 12),
    Action("open an order", lambda client, book: client.get(f"/orders/show/{book.take('open')}"), 30, 15),
    Action("create with 10 lines and submit", _create, 20, 12, 40),
    Action("approve", _approve, 20, 10),
    Action("order confirmation as PDF", _paper, 6, 70),
)


_FRESH = """select id from orders o where state = %s and not exists (select 1 from documents d
    where d.noun = 'order' and d.record_id = o.id) order by id desc limit %s"""


def book(connection: Any, rounds: int) -> Book:
    """What there is in a database; `connection` is the owner's.

    :param rounds: how often the actions will be taken
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        one = cursor.execute("""select o.customer_id, o.number, c.name, o.currency_code from orders o
            join customers c on c.id = o.customer_id where o.state = 'completed' and o.reference like 'PO-%'
            and o.number > '' order by o.id limit 1 offset 100""").fetchone()
        ids = {state: [row["id"] for row in cursor.execute(_FRESH, [state, rounds * 40]).fetchall()]
               for state in ("completed", "submitted", "confirmed", "released")}  # fmt: skip
        goods = cursor.execute("""select p.sku from products p join prices r on r.product_id = p.id
            join price_lists l on l.id = r.price_list_id and l.currency_code = %s and l.everyone
            join stock_levels s on s.product_id = p.id where not p.service group by p.sku
            order by max(s.on_hand - s.reserved) desc limit 10""", [one["currency_code"]]).fetchall()  # fmt: skip
    return Book(one["customer_id"], one["number"][:-3], one["name"].split()[0][:4].lower(),
                [row["sku"] for row in goods], ids["completed"], ids["submitted"], ids["confirmed"] + ids["released"],
                one["currency_code"])  # fmt: skip
