"""The customer's home: what waits for him, his latest orders and open invoices."""

from types import SimpleNamespace

from flask import g, redirect, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.extensions import db
from app.reading import reader
from app.rules.orders import FLOW as ORDERS
from models.orders import Order
from views import lists, portal_todo, queues
from views.cells import kind_of, show
from views.labels import label


class PortalView(BaseView):
    """Home of an external user (UI-01, UI-13)."""

    route_base = "/portal"
    class_permission_name = "Portal"
    method_permission_name = {"home": "read"}
    default_view = "home"

    @expose("/")
    @has_access
    def home(self):
        if g.work.actor.inside:
            return redirect(url_for("HomeView.index"))
        todo, waiting = portal_todo.todo()
        house = SimpleNamespace(
            greeting=_("Welcome, %(name)s", name=g.work.actor.name), lead=None, actions=_actions(),
            todo=todo, waiting=waiting,
            orders=small(Order, ORDERS, ("number", "state", "ordered_at", "total_gross"), "/orders"),
            invoices=queues.open_invoices(),
            lists=[one for one in (queues.quotes(), queues.tickets(), queues.contracts()) if one],
            quick=_quick(), balance=queues.balance(), messages=queues.unread(), news=None,
        )  # fmt: skip
        return self.render_template("portal/home.html", title=_("Home"), house=house)


def _actions():
    found = []
    if g.work.actor.may("order.write"):
        found.append(SimpleNamespace(label=_("New order"), url="/orders/add", icon="fa-plus"))
    if g.work.actor.may("product.read"):
        found.append(SimpleNamespace(label=_("Browse the catalogue"), url="/products/list/", icon="fa-store"))
    if g.work.actor.may("wizard_draft.write"):
        found.append(SimpleNamespace(label=_("Order a service"), url="/wizard_drafts/add",
                                     icon="fa-wand-magic-sparkles"))  # fmt: skip
    if g.work.actor.may("quote.write"):
        found.append(SimpleNamespace(label=_("Request a quote"), url="/quotes/add", icon="fa-comment-dollar"))
    if g.work.actor.may("ticket.write"):
        found.append(SimpleNamespace(label=_("Open a ticket"), url="/tickets/add", icon="fa-life-ring"))
    if g.work.actor.may("payment.write"):
        found.append(SimpleNamespace(label=_("Report payment"), url="/payments/add", icon="fa-money-bill-transfer"))
    return found


def _quick():
    """Quick order: an item code and a quantity begin an order."""
    if not g.work.actor.may("order.write"):
        return None
    many = "/order_forms/add" if g.work.actor.may("order_form.write") else None
    return SimpleNamespace(url="/orders/add", products_url="/orders/products", many_url=many)


def small(model, flow, names, base, size=6):
    """The newest rows of a noun as a small list, None where the actor may not read it."""
    if not g.work.actor.may(f"{flow.noun}.read"):
        return None
    rows = lists.page(lists.narrow_columns(db.session.query(model), model, names), model, size=size).rows
    columns = [SimpleNamespace(name=name, label=label(name), kind=kind_of(model, name)) for name in names]
    return SimpleNamespace(
        title=None, columns=columns, more_url=f"{base}/list/", empty=None,
        rows=[SimpleNamespace(id=row.id, url=f"{base}/show/{row.id}",
                              cells=[show(row, name, reader(), flow.states) or str(row) for name in names])
              for row in rows],
    )  # fmt: skip


def register(appbuilder):
    appbuilder.add_view(PortalView, "portal", href="PortalView.home", label=_("Home"), icon="fa-house",
                        menu_cond=lambda: not g.work.actor.inside)  # fmt: skip
