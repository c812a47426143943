"""How customers narrow and order the catalogue: by stock, price, service, words and category."""

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.errors import BusinessError, Malformed
from app.extensions import db
from app.rules import catalogue_filters, catalogue_prices, entry
from views import lists, wire
from views.filters import Flag, Least
from views.masters import MasterListing

NEITHER = ("backorder", "family", "archived")  # what customers do not narrow by
SORTS = {"": ("id", "desc"), "old": ("id", "asc"), "sku": ("sku", "asc"), "sku-down": ("sku", "desc")}
PRICED = {"price": False, "price-down": True}  # by what the reader pays; whether the dearest comes first


def buyer():
    """The customer whose prices are shown: the one asked for, else the first the reader acts for; None for nobody."""
    if "buyer" not in g:
        mine = sorted(g.work.actor.customers)
        wanted = wire.key(request.args.get("customer", ""))
        chosen = wanted if wanted in mine else next(iter(mine), None)
        try:
            g.buyer = entry.customer_of(chosen, g.work) if chosen else None
        except BusinessError:
            g.buyer = None
    return g.buyer


class Stocked(Flag):
    """Only what is in stock."""

    def apply(self, query, model, value, session):
        customer = buyer()
        if customer is None:
            return query
        wanted = catalogue_filters.stocked(customer)
        return query.filter(wanted if value else ~wanted)


class Costs(Least):
    """Only what costs the customer at least, or at most, so much."""

    def apply(self, query, model, value, session):
        customer = buyer()
        if customer is None:
            return query
        return query.filter(catalogue_filters.priced(customer, **{"most" if self.most else "least": value}))


OURS = (
    Stocked("in_stock", _l("In stock")), Costs("price_from", "unit_price", _l("Price from")),
    Costs("price_to", "unit_price", _l("Price up to"), most=True),
)  # fmt: skip


class CatalogueListing(MasterListing):
    """The catalogue under the parameters of an address."""

    def __init__(self, view, args):
        super().__init__(view, args)
        self.column, self.direction = SORTS.get(args.get("sort", ""), SORTS[""])
        self.dearest_first = PRICED.get(args.get("sort", "")) if buyer() is not None else None

    @property
    def filters(self):
        return tuple(one for one in self.view.filters if one.name not in NEITHER) + OURS

    def page(self, options, size):
        """One page of products."""
        if self.dearest_first is not None:
            return self._by_price(options, size)
        return lists.page(self.query().options(*options), self.model, column=self.column, direction=self.direction,
                          size=size, after=self.args.get("after"), before=self.args.get("before"))  # fmt: skip

    def query(self, with_state=True):
        """In the order of prices there is no place for what has none."""
        query = super().query(with_state)
        return query if self.dearest_first is None else query.filter(catalogue_filters.priced(buyer()))

    def _by_price(self, options, size):
        """One page in the order of the reader's prices; the products are read when it is known which."""
        before, cursor = self.args.get("before"), self.args.get("before") or self.args.get("after")
        try:
            edge = catalogue_prices.unmark(cursor) if cursor else None
        except ValueError:
            raise Malformed("bad_page", _("This page address is not valid.")) from None
        found = catalogue_prices.page(super().query(), buyer(), g.work, down=self.dearest_first != bool(before),
                                      edge=edge, limit=size + 1)  # fmt: skip
        more, found = len(found) > size, found[:size]
        if before:
            found.reverse()
        rows = {row.id: row for row in self.view.query().filter(self.model.id.in_([pk for pk, _price in found]))
                .options(*options)}  # fmt: skip
        page = lists.Page([rows[pk] for pk, _price in found if pk in rows])
        if found:
            beyond, behind = (True, more) if before else (more, bool(cursor))
            page.next = catalogue_prices.mark(found[-1]) if beyond else None
            page.prev = catalogue_prices.mark(found[0]) if behind else None
        return page

    def price_range(self):
        """(least, most) of the prices asked for."""
        asked = {one.name: value for one, value in self.active}
        return asked.get("price_from"), asked.get("price_to")

    def sorts(self):
        """[(code, label, address, chosen)] of the orders the cards can stand in."""
        words = {"": _("Newest first"), "old": _("Oldest first"), "sku": _("Item code, ascending"),
                 "sku-down": _("Item code, descending")}  # fmt: skip
        if buyer() is not None:
            words |= {"price": _("Price, ascending"), "price-down": _("Price, descending")}
        chosen = self.args.get("sort", "") if self.args.get("sort", "") in words else ""
        return [(code, word, self.address(drop=("sort",), sort=code), code == chosen) for code, word in words.items()]

    def counts(self):
        """{category: products in it that match everything else}; none where the catalogue is too large to count."""
        query = self.view.query()
        for one, value in self.active:
            if one.name != "category":
                query = one.apply(query, self.model, value, db.session)
        some = query.with_entities(self.model.category_id).limit(lists.COUNT_CAP + 1).subquery()
        rows = db.session.execute(select(some.c.category_id, func.count()).group_by(some.c.category_id)).all()
        found = dict(rows)
        return found if sum(found.values()) <= lists.COUNT_CAP else None

