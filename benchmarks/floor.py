"""The floor: the least a page with the same 25 rows can cost here. One Flask route, one indexed statement, one table.

`python -m benchmarks.floor PORT DATABASE_URL` serves it through the same gunicorn set-up as the product.
"""

import sys

from flask import Flask, render_template_string
from psycopg_pool import ConnectionPool

from app import web

STATEMENT = """select o.id, o.number, c.name, o.state, o.ordered_at, o.reference, o.total_gross, o.currency_code,
    o.payment
from orders o join customers c on c.id = o.customer_id order by o.id desc limit 25"""
PAGE = """<!doctype html><html lang="en"><title>Orders</title><table>
{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}</table></html>"""


def make(url: str) -> Flask:
    """The smallest application that shows the rows."""
    app = Flask("floor")
    pool = ConnectionPool(url, min_size=1, max_size=web.THREADS, open=True)

    @app.route("/")
    def page():
        with pool.connection() as connection:
            rows = connection.execute(STATEMENT).fetchall()
        return render_template_string(PAGE, rows=rows)

    return app


class Server(web.Server):
    """The product's server with another application in it."""

    def __init__(self, port: int, url: str) -> None:
        self.url = url
        super().__init__({
            "bind": f"127.0.0.1:{port}", "workers": 1, "worker_class": "gthread", "threads": web.THREADS,
            "timeout": 60, "keepalive": 5, "loglevel": "warning", "control_socket_disable": True,
        })  # fmt: skip

    def load(self) -> Flask:
        return make(self.url)


if __name__ == "__main__":
    Server(int(sys.argv[1]), sys.argv[2]).run()
