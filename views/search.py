"""One search field for everything: orders, customers, products, invoices, contracts and tickets the reader may see."""

from types import SimpleNamespace

from flask import g, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from app.core import searchtext
from app.core.flow import FLOWS
from app.core.readable import ascii_digits
from app.extensions import db
from app.reading import reader
from models.contracts import Contract
from models.customers import Customer
from models.invoices import Invoice
from models.orders import Order
from models.products import Product
from models.quotes import Quote
from models.tickets import Ticket
from views.cells import said, show
from views.filters import Words, like

MOST = 8  # of each kind
LONGEST = 200  # letters of what is searched for
DOCUMENTS = (("order", Order), ("invoice", Invoice), ("contract", Contract), ("quote", Quote),
             ("ticket", Ticket))


class SearchView(BaseView):
    """Search everywhere (the field in the top bar)."""

    route_base = "/search"
    class_permission_name = "Search"
    method_permission_name = {"find": "read"}
    default_view = "find"

    @expose("/")
    @has_access
    def find(self):
        text = request.args.get("q", "").replace("\0", "").strip()[:LONGEST]
        groups = [one for one in _groups(text) if one.rows] if text else []
        house = SimpleNamespace(text=text, groups=groups)
        return self.render_template("house/search.html", title=_("Search"), house=house)


def _groups(text):
    """What is found, by noun; each is one bounded statement served by an index."""
    titles = {"order": _("Orders"), "invoice": _("Invoices"), "contract": _("Contracts"), "quote": _("Quotes"),
              "ticket": _("Tickets")}
    number = ascii_digits(text).upper()
    for noun, model in DOCUMENTS:
        if any(one.isdigit() for one in number) and g.work.actor.may(f"{noun}.read"):
            yield _documents(noun, model, number, titles[noun])
    if not searchtext.query(text):
        return
    if g.work.actor.inside and g.work.actor.may("customer.read"):
        yield _words(Customer, text, _("Customers"), "/customers", lambda row: row.number)
    if g.work.actor.may("product.read"):
        yield _words(Product, text, _("Products"), "/products", lambda row: row.sku)


def _documents(noun, model, number, title):
    """Records whose number begins as typed."""
    base, states = f"/{noun}s", FLOWS[noun].states if noun in FLOWS else {}
    query = db.session.query(model).filter(model.number.like(like(number)))
    if g.work.actor.inside:
        query = query.options(joinedload(model.customer).load_only(Customer.name))
    rows = [
        SimpleNamespace(
            label=row.number, url=f"{base}/show/{row.id}", state=show(row, "state", reader(), states),
            note=row.customer.name if g.work.actor.inside and row.customer else "",
        )
        for row in query.order_by(model.id.desc()).limit(MOST)
    ]  # fmt: skip
    return _group(title, rows, f"{base}/list/?q=", number)


def _words(model, text, title, base, code):
    """Masters one of whose words begins as typed."""
    query = db.session.query(model).filter(model.archived_at.is_(None))
    found = Words("q").apply(query, model, text, db.session).order_by(model.id.desc()).limit(MOST)
    rows = [SimpleNamespace(label=said(row, reader()), note=code(row), url=f"{base}/show/{row.id}", state=None)
            for row in found]  # fmt: skip
    return _group(title, rows, f"{base}/list/?q=", text)


def _group(title, rows, more, text):
    return SimpleNamespace(title=title, rows=rows, more=more, text=text, full=len(rows) == MOST)


def register(appbuilder):
    appbuilder.add_view_no_menu(SearchView)
