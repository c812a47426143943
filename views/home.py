"""The first page after signing in: work queues and quick actions for staff; customers go to their portal."""

from types import SimpleNamespace

from flask import g, redirect, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from app.rules.orders import FLOW
from models.orders import Order
from views import lists, queues
from views.cells import show
from views.labels import label

RECENT = 8


class HomeView(IndexView):
    """Home page (UI-04, X-08)."""

    route_base = ""
    class_permission_name = "Home"
    base_permissions = ["can_read"]

    @expose("/")
    def index(self):
        if g.access.user_id is None:
            return redirect(url_for("AuthDBView.login"))
        if g.work.actor.kind == "external" and g.work.actor.may("portal.read"):
            return redirect(url_for("PortalView.home"))
        if g.work.actor.kind != "staff" or not g.access.roles:
            return self.render_template("access/nothing.html")
        self.update_redirect()
        return self.render_template("house/home.html", title=_("Home"), house=self._house())

    def _house(self):
        house = SimpleNamespace(
            greeting=_("Welcome, %(name)s", name=g.work.actor.name), lead=None, actions=[], find=None, queues=[],
            lists=[], news=[], history=None, recent=None,
        )  # fmt: skip
        if g.work.actor.may("order.read"):
            self._orders(house)
        house.queues += queues.staff()
        return house

    def _orders(self, house):
        may = g.work.actor.may
        if may("order.write"):
            house.actions.append(SimpleNamespace(label=_("New order"), url="/orders/add", icon="fa-plus", primary=True))
        house.find = SimpleNamespace(url="/orders/list/", name="q", keep=[])
        wanted = ("submitted", "changed", "confirmed", "released")
        counts = lists.state_counts(db.session, db.session.query(Order), Order, wanted)
        for code in wanted:
            many = counts[code] >= lists.STATE_CAP
            house.queues.append(
                SimpleNamespace(
                    label=FLOW.states[code], count=format_number(counts[code], reader()) + ("+" if many else ""),
                    url=f"/orders/list/?state={code}", state=code, note=None,
                )
            )  # fmt: skip
        house.recent = recent_orders(FLOW, _("Recent orders"), "/orders/list/")


def recent_orders(flow, title, more_url):
    """The newest orders the actor may see, as a small list."""
    names = (
        ("number", "customer", "state", "total_gross") if g.work.actor.inside else ("number", "state", "total_gross")
    )
    query = lists.narrow_columns(db.session.query(Order), Order, names)
    rows = lists.page(query, Order, size=RECENT).rows
    kinds = {"number": "code", "state": "state", "total_gross": "num"}
    return SimpleNamespace(
        title=title,
        columns=[SimpleNamespace(name=name, label=label(name), kind=kinds.get(name, "text")) for name in names],
        rows=[
            SimpleNamespace(
                id=row.id,
                url=f"/orders/show/{row.id}",
                cells=[show(row, name, reader(), flow.states) or str(row) for name in names],
            )
            for row in rows
        ],
        more_url=more_url,
        empty=_("No orders yet"),
    )


def register(appbuilder):
    """The home page itself is the framework's index; here it gets its place in the menu."""
    appbuilder.menu.add_link("home", href="/", icon="fa-house", label=_l("Home"), baseview=appbuilder._indexview,
                             cond=lambda: g.work.actor.inside)  # fmt: skip
