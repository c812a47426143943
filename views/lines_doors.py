"""What a form with lines asks while it is typed, the same for every noun that has one: products, and a line's price."""

from flask import g, jsonify, request
from flask_appbuilder import expose, has_access

from app.answers import answer
from app.core.errors import BusinessError
from app.core.localized import pick
from app.reading import locale
from app.rules import products


class LinesDoors:
    """A screen whose form has lines; the noun says in `line(args)` what one costs, as JSON, or refuses it."""

    @expose("/price")
    @has_access
    def price(self):
        """What a line is and costs, as it is typed."""
        try:
            return jsonify(self.line(request.args))
        except BusinessError as error:
            return answer(error.status, error.code, error.message)

    @expose("/products")
    @has_access
    def find_products(self):
        """Products for the item code field, best first."""
        term = request.args.get("term", "").strip()
        rows = products.search(term, g.work, limit=20) if term else []
        return jsonify([{"id": row.sku, "text": row.sku, "note": pick(row.names, locale())} for row in rows])
