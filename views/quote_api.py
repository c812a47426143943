"""Quotes over REST: what was offered for everybody, what is being worked out for us only."""

from flask import g

from app.rules import documents, quotes
from app.rules import quote_revisions as revisions
from models.customers import Customer
from models.quotes import Quote
from views import quote_live as live
from views import wire
from views.api import HouseApi
from views.filters import OwnerWords

OFFERED = ("revision", "published_at", "valid_until", "remark", "discount_percent", "discount_amount",
           "total_discount", "total_net", "total_tax", "total_gross", "countered_at", "counter_comment")  # fmt: skip
WORKED_OUT = frozenset({"total_discount", "total_net", "total_tax", "total_gross", "valid_until"})


class QuoteApi(HouseApi):
    noun = "quote"
    model = Quote
    flow = quotes.FLOW
    resource_name = "quotes"
    reports = ("quote",)
    list_fields = ("id", "version", "number", "reference", "customer", "currency", "state", "revision", "valid_until",
                   "total_net", "total_gross", "submitted_at")  # fmt: skip
    show_fields = ("total_discount", "total_tax", "origin", "requested_on", "delivery_method", "delivery_address",
                   "remark", "published_at", "countered_at", "answered_at", "converted_at", "handler",
                   "internal_remark")  # fmt: skip
    portal_hidden = frozenset({"handler", "internal_remark", "internal_cost", "origin", "handler_id", "branch_id",
                               "submitted_by", "warned_on"})  # fmt: skip
    inside_parts = ("lines", "revisions", "all_lines")
    inside_steps = frozenset({"take", "price", "review", "rework", "revise"})
    line_fields = ("id", "position", "sku", "name", "quantity", "unit_code", "requested_on", "unit_price",
                   "discount_percent", "tax_rate", "net", "tax", "gross", "alternative", "accepted",
                   "counter_quantity", "counter_price", "counter_on", "internal_cost")  # fmt: skip
    order_columns = ("id", "number", "state", "submitted_at", "created_at")
    filter_columns = ("id", "number", "customer", "state", "reference", "revision", "valid_until", "total_gross",
                      "total_net", "submitted_at", "created_at", "currency_code", "handler",
                      "customer_name")  # fmt: skip
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    create_fields = write_fields = ("customer", "currency", "reference", "requested_on", "delivery_method",
                                    "delivery_address", "new_address", "remark", "valid_until", "offer_remark",
                                    "discount_percent", "discount_amount", "internal_remark", "lines",
                                    "submit")  # fmt: skip
    on_delete = staticmethod(documents.discard)

    def loaded(self):
        return [name for name in self.fields(self.list_fields) if name != "currency"]

    def prepare(self, rows):
        g.quotes_worked_out = live.working(rows) if g.work.actor.inside else {}

    def value(self, row, name):
        if name == "currency":
            return row.currency_code
        own = g.quotes_worked_out.get(row.id) if name in WORKED_OUT else None
        return wire.out(own, name, row.currency_code) if own is not None else super().value(row, name)

    def line_value(self, line, name, currency):
        if name == "accepted":
            return line.counts if line.quote.state == "accepted" else None
        if name in ("counter_price", "internal_cost"):
            value = getattr(line, name)
            return None if value is None else wire.amount(value, currency)
        return super().line_value(line, name, currency)

    def shown(self, row):
        """The offer with its lines; every revision that was published; for us also what is being worked out."""
        answer = super().shown(row)
        working = revisions.working(row) if g.work.actor.inside else None
        if working is not None and not row.revision:
            answer["result"]["lines"] = self._lines(row, working)
        published = [one for one in row.revisions if one.published]
        answer["result"]["revisions"] = [self._revision(row, one) for one in published]
        if g.work.actor.inside:
            answer["result"]["working"] = self._revision(row, working) if working is not None else None
        return answer

    def _lines(self, row, revision):
        found = revisions.lines(row, revision.revision)
        names = self.fields(self.line_fields)
        return [{name: self.line_value(line, name, row.currency_code) for name in names} for line in found]

    def _revision(self, row, revision):
        found = {name: wire.out(revision, name, row.currency_code) for name in OFFERED}
        return found | {"lines": self._lines(row, revision)}

    def create(self, given, work):
        return live.create(given, work)

    def update(self, row, given, work):
        live.update(row, given, work)
