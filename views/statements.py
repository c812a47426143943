"""Statement of account: choose the period, look at it, take it along as PDF, XLSX or CSV (RPT-10)."""

from types import SimpleNamespace
from urllib.parse import urlencode

from flask import abort, g, redirect, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms.validators import Optional

from app.core.errors import Malformed
from app.core.readable import parse_date
from app.extensions import db
from app.reading import is_api, reader
from app.rules import statements
from models.customers import Customer
from views import records, wire
from views.fields import DateText, HouseForm


class PeriodForm(HouseForm):
    """From which day to which, both included."""

    since = DateText(_lp("period", "From"), [Optional()])
    until = DateText(_lp("period", "To"), [Optional()])


def permitted():
    """Who may see what was billed and paid may see it as a statement."""
    return all(g.work.actor.may(one) for one in ("customer.read", "invoice.read", "payment.read"))


def of_period(customer):
    """The statement of a customer over the period the request asks for (?from=&to=).

    :raises Malformed: a day that is none, or a period that ends before it begins
    """
    if not permitted():
        abort(403)
    since, until = _day("from"), _day("to")
    if since and until and until < since:
        raise Malformed("bad_period", _("The period ends before it begins."), field="to")
    return statements.statement(customer, g.work, since, until)


def _day(name):
    text = request.args.get(name)
    if not text:
        return None
    if is_api():
        return wire.day(name, text)
    try:
        return parse_date(text, reader())
    except ValueError as error:
        raise Malformed("bad_value", str(error), field=name) from None


records.PRINTED["statement"] = of_period


class StatementView(BaseView):
    """The statement of account on screen."""

    route_base = "/statements"
    class_permission_name = "Customer"
    method_permission_name = {"mine": "read", "show": "read"}
    default_view = "mine"

    @expose("/")
    @has_access
    def mine(self):
        """The reader's own account; staff choose a customer first."""
        own = sorted(g.work.actor.customers)
        if not own:
            return redirect(url_for("CustomerView.list"))
        return redirect(url_for("StatementView.show", pk=own[0]))

    @expose("/<int:pk>")
    @has_access
    def show(self, pk):
        customer = db.session.get(Customer, pk) if pk < 2**63 else None
        if customer is None:
            abort(404)
        found = of_period(customer)
        asked = {"from": found.since.isoformat(), "to": found.until.isoformat(), "lang": reader().locale}

        def document(kind):
            address = url_for("CustomerView.document", pk=pk, name="statement", kind=kind)
            return f"{address}?{urlencode(asked)}"

        form = PeriodForm(data={"since": found.since, "until": found.until})
        form.since.name, form.until.name = "from", "to"
        house = SimpleNamespace(
            crumbs=[
                (_("Customers"), url_for("CustomerView.list")),
                (str(customer), url_for("CustomerView.show", pk=pk)),
            ]
            if g.work.actor.inside
            else [(str(customer), url_for("CustomerView.show", pk=pk))],
            lead=str(customer),
            document_url=document("html"),
            back_url=None,
            period=form,
            formats=[(kind.upper(), document(kind)) for kind in ("pdf", "xlsx", "csv")],
            others=[(str(one), url_for("StatementView.show", pk=one.id)) for one in _others(pk)],
        )
        return self.render_template("house/statement.html", title=_("Statement of account"), house=house)


def _others(pk):
    """Further customers the reader acts for."""
    ids = [one for one in g.work.actor.customers if one != pk]
    return db.session.query(Customer).filter(Customer.id.in_(ids)).order_by(Customer.name).all() if ids else []


def register(appbuilder):
    appbuilder.add_view(
        StatementView,
        "statement",
        href="/statements/",
        label=_l("Statement of account"),
        icon="fa-scale-balanced",
        category="Billing",
        category_label=_lp("menu", "Billing"),
        menu_cond=lambda: not g.work.actor.inside and permitted(),
    )
