"""Screens and API of quotes: requests of customers, our offers, their answers (QUO-01 to QUO-09)."""

from types import SimpleNamespace

from flask import abort, flash, g, jsonify, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.extensions import db
from app.rules import documents, quote_entry, quote_flow, quotes
from app.rules import quote_revisions as revisions
from models.customers import Customer
from models.quotes import Quote, QuoteLine
from views import quote_forms as forms
from views import quote_live as live
from views import quote_pages as pages
from views import threads, wire
from views.base import HouseView, Interface
from views.cells import show
from views.doors import body, done
from views.filters import Choice, Flag, Least, NumberOrOwner, OwnerWords, Refers, Since, Starts, Within
from views.lines_doors import LinesDoors
from views.listing import Listing
from views.orders import OrderView
from views.quote_api import QuoteApi
from views.related import links

ORIGINS = {"customer": _l("Request of the customer"), "staff": _l("Offer of ours")}
AMOUNTS = ("total_net", "total_tax", "total_gross")
WORKED_OUT = (*AMOUNTS, "valid_until")  # of what nobody outside has seen yet
INSIDE = frozenset({"take", "price", "review", "rework", "revise"})  # steps a customer need not know of


class Countered(Flag):
    """Quotes whose customer waits for our answer to his counter-offer."""

    def apply(self, query, model, value, session):
        waiting = quote_flow.counter_offers()
        return query.filter(waiting if value else ~waiting)


class Mine(Flag):
    """Quotes that the reader himself works out."""

    def apply(self, query, model, value, session):
        mine = model.handler_id == g.work.actor.user_id
        return query.filter(mine if value else ~mine | model.handler_id.is_(None))


class QuoteListing(Listing):
    """Until the first offer is published, what is being worked out shows its own figures, to us only."""

    def page(self):
        found = super().page()
        self.working = {} if self.view.outside else live.working(found.rows)
        return found

    def _row(self, row, names):
        line = super()._row(row, names)
        if not row.revision:  # a customer's own request has no figures yet
            own = self.working.get(row.id)
            line.cells = [
                (own and show(own, name, self.reader, currency=row.currency_code)) if name in WORKED_OUT else cell
                for name, cell in zip(names, line.cells, strict=True)
            ]
        return line


class QuoteView(LinesDoors, HouseView):
    datamodel = Interface(Quote)
    noun = "quote"
    flow = quotes.FLOW
    route_base = "/quotes"
    reports = ("quote",)
    list_title = _l("Quotes")
    edit_title = _l("Change the quote")
    order_columns = ("id", "number", "state", "submitted_at", "created_at")
    list_columns = ["number", "customer", "state", "submitted_at", "valid_until", "handler", "total_gross"]
    marked_by = ("revision",)
    portal_columns = ["number", "state", "reference", "submitted_at", "valid_until", "total_gross"]
    internal = frozenset({"customer", "customer_name", "branch", "handler", "internal_remark", "submitted_by", "origin",
                          "countered", "mine", "internal_cost", "priced_by", "reviewed_by", "reviewed_at",
                          "warned_on"})  # fmt: skip
    inside_parts = ("lines", "revisions", "all_lines")  # what is worked out is read from the revisions
    inside_steps = INSIDE
    add_columns = edit_columns = ["reference", "remark"]
    method_permission_name = HouseView.method_permission_name | {
        "revision": "read", "answer": "read", "totals": "write", "price": "write", "find_products": "write",
    }  # fmt: skip
    label_columns = {"revision": _l("Revision"), "origin": _l("Begun by"), "remark": _l("Remarks"),
                     "published_at": _l("Published at"), "submitted_at": _l("Requested at")}  # fmt: skip
    facts = (
        (None, ["customer", "reference", "origin", "submitted_at", "published_at", "valid_until", "countered_at",
                "answered_at", "converted_at", "handler", "branch"]),
        (_l("Delivery"), ["requested_on", "delivery_method", "delivery_address", "remark"]),
        (_l("For us only"), ["internal_remark"]),
    )  # fmt: skip
    portal_facts = (
        (None, ["reference", "submitted_at", "published_at", "valid_until", "countered_at", "answered_at",
                "converted_at"]),
        (_l("Delivery"), ["requested_on", "delivery_method", "delivery_address", "remark"]),
    )  # fmt: skip
    quick = NumberOrOwner(Customer, title=_l("Quote number or customer"), alone=_l("Quote number"))
    filters = (
        Starts("number"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"),
        Within("product", _l("Product"), QuoteLine, "quote_id", "product_id"),
        Choice("origin", ORIGINS, _l("Begun by")),
        Countered("countered", _l("Counter-offer to answer")), Mine("mine", _l("Handled by me")),
        Since("from", "submitted_at", _l("Requested from")),
        Since("until", "submitted_at", _l("Requested until"), until=True),
        Since("valid_from", "valid_until", _l("Valid at least until")),
        Since("valid_to", "valid_until", _l("Valid at most until"), until=True),
        Least("least", "total_gross", _l("Total from")), Least("most", "total_gross", _l("Total up to"), most=True),
        Starts("reference", column="reference"),
    )  # fmt: skip
    on_delete = staticmethod(documents.discard)

    @property
    def add_title(self):
        return _l("Request a quote") if self.outside else _l("New quote")

    add_label = add_title

    def listing(self, args):
        return QuoteListing(self, args)

    def next_step(self, row):
        return quotes.next_step(row, g.work)

    def editable(self, row):
        quote_entry.check_open(row, g.work)

    def more(self, row, house):
        house.subtitle = None if self.outside else str(row.customer)
        house.lines = pages.tables(row, self.outside)
        current = revisions.find(row, row.revision)
        if row.revision and current is not None and current.remark:
            house.facts[0]["items"].append((_("Remark on the offer"), current.remark, "wide"))
        if row.state == "draft" and self.may("delete") and (not self.outside or row.origin == "customer"):
            house.delete_url = self.url("delete", pk=row.id)
        if row.revision == 0 and self.outside:
            house.documents = []
        found = pages.answer_link(self, row)
        house.links += [found] if found is not None else []
        house.sections += [one for one in (pages.history(row, self),) if one is not None]
        threads.attached(row, "quote", house)
        threads.converse(row, "quote", house)
        links(row, house)

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        if request.args.get("attached") == "no":
            flash(_("Some files could not be attached. Attach them here."), "warning")
        return super().show(pk)

    @expose("/revision/<int:pk>/<int:number>")
    @has_access
    def revision(self, pk, number):
        """One revision as it was put before the customer."""
        row = self.row(pk)
        found = revisions.find(row, number)
        if found is None or not found.published:
            abort(404)
        house = SimpleNamespace(
            crumbs=[(str(self.list_title), self.url("list")), (str(row), self.url("show", pk=pk))],
            number=pages.title(number), subtitle=str(row), facts=pages.facts_of(row, found),
            lines=[pages.offer(row, found, inside=not self.outside)],
        )  # fmt: skip
        return self.render_template("house/show.html", title=pages.title(number), house=house)

    @expose("/answer/<int:pk>", methods=["GET", "POST"])
    @has_access
    def answer(self, pk):
        """Accept single lines of the offer, or propose something else for them."""
        row = self.row(pk)
        if row.state != "offered" or not (self.may("accept") or self.may("counter")):
            flash(_("This quote cannot be answered now."), "warning")
            return redirect(self.url("show", pk=pk))
        if request.method == "GET":
            return pages.answer_page(self, row)
        given = request.form
        try:
            verb, data = pages.answered(given, row)
            if not self.may(verb):
                abort(403)
            seen = wire.key(given.get("version", ""))
            versions = {pk: seen} if seen is not None else None
            outcome = self.flow.run(verb, [pk], versions=versions, **data)
            if outcome.refused:
                raise outcome.refused[0].error
            db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            return pages.answer_page(self, self.row(pk), given, [str(error.message)])
        flash(_("%(step)s: %(record)s", step=self.flow.transitions[verb].told, record=outcome.done[0]), "success")
        for made in outcome.made:
            flash(_("Made: %(record)s", record=made), "success")
        return redirect(self.url("show", pk=pk))

    # --- head and lines on one screen ----------------------------------------------------------

    @expose("/add", methods=["GET"])
    @has_access
    def add(self):
        wanted = request.args.get("customer", "")
        customer = db.session.get(Customer, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        if self.outside:
            customer = db.session.get(Customer, min(g.work.actor.customers, default=0))
        begun = {"customer": customer, "currency": customer.currency if customer else None}
        return forms.page(self, None, forms.form_of(None, self.outside, begun))

    @expose("/edit/<int:pk>", methods=["GET"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        try:
            self.editable(row)
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        found = revisions.working(row)
        begun = {"valid_until": found.valid_until if found is not None else revisions.last_day(row, g.work),
                 "offer_remark": found.remark if found is not None else "", **forms.off(found)}  # fmt: skip
        return forms.page(self, row, forms.form_of(row, self.outside, begun))

    @expose("/save", methods=["POST"])
    @has_access
    def save_new(self):
        given = body()
        with g.work.doing("quote.create"):
            made = live.create(given, g.work)
            return done({"id": made.id, "url": self.url("show", pk=made.id)}, 201)

    @expose("/save/<int:pk>", methods=["POST"])
    @has_access
    def save(self, pk):
        row, given = self.row(pk), body()
        QuoteApi.check_version(self, row, given)
        with g.work.doing("quote.edit"):
            live.update(row, given, g.work)
            if forms.flag(given, "submit"):
                quotes.FLOW.run_one("submit" if self.outside else "price", row)
            return done({"id": row.id, "url": self.url("show", pk=row.id)})

    def line(self, args):
        return live.line(args, g.work)

    @expose("/totals", methods=["POST"])
    @has_access
    def totals(self):
        """Totals of what is typed so far; nothing is kept."""
        try:
            with db.session.no_autoflush:
                quote, revision = live.sketch(body(), request.args, g.work)
                lines = revisions.lines(quote, revision.revision)
                rows = [[str(name), value] for name, value in pages.totals(quote, revision, lines, revision)]
        except BusinessError:
            rows = []
        db.session.rollback()
        return jsonify({"rows": rows})


def on_order(view, row, house):
    """What an order was made of, and what was made of it."""
    if not any(one.id == "related" for one in house.sections):
        links(row, house)


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(QuoteView, "quotes", label=_l("Quotes"), icon="fa-file-invoice", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.menu.add_link("request_quote", href="/quotes/add", icon="fa-comment-dollar", category="Sales",
                             label=_l("Request a quote"), baseview=appbuilder.baseviews[-1], cond=_may_ask)  # fmt: skip
    appbuilder.add_api(QuoteApi)


def _may_ask():
    return not g.work.actor.inside and g.work.actor.may("quote.write")
