"""Ratings: given on the order's page or over REST, listed for staff, averaged on the customer's page (X-37)."""

from types import SimpleNamespace

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from wtforms import SelectField, TextAreaField
from wtforms.validators import Length

from app.core.localized import format_datetime, format_number
from app.core.needed import Needed
from app.extensions import db
from app.reading import reader
from app.rules import ratings
from models.customers import Customer
from models.orders import Order
from models.ratings import Rating
from views import formwork, threads, wire
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.customers import CustomerView
from views.fields import HouseForm
from views.filters import Choice, OwnerWords, Rated, Refers, Since
from views.orders import OrderApi, OrderView

RATED = "order.rate"  # to the history, by every door: of us nobody outside is told of it (`OrderView.inside_steps`)


class RateForm(HouseForm):
    """How satisfied one is."""

    stars = SelectField(_l("Rating"), [Needed(_l("Choose one to five stars."))], choices=ratings.choices)
    comment = TextAreaField(_l("Comment"), [Length(max=ratings.LONGEST)], render_kw={"rows": 4})


class RatingView(HouseView):
    datamodel = Interface(Rating)
    noun = "rating"
    route_base = "/ratings"
    list_title = _l("Ratings")
    list_columns = ["order", "customer", "source", "stars", "comment", "created_at"]
    portal_columns = ["order", "stars", "comment", "created_at"]
    internal = frozenset({"customer", "customer_name", "source"})
    label_columns = {"created_at": _l("Rated at"), "source": _l("Rated by")}
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "edit", "delete"}
    add_columns = edit_columns = ["comment"]
    method_permission_name = VERBS | {"rate": "write", "change": "write"}
    filters = (
        OwnerWords("customer_name", Customer, _l("Customer name")), Refers("customer", Customer, "/customers/choices"),
        Rated("stars"), Choice("source", ratings.SOURCES, _l("Rated by")),
        Since("from", "created_at", _l("Rated from")), Since("until", "created_at", _l("Rated until"), until=True),
    )  # fmt: skip

    @expose("/show/<int:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        """A rating is read on the page of its order."""
        return redirect(_order_url(self.row(pk).order_id))

    @expose("/rate/<int:pk>", methods=["GET", "POST"])
    @has_access
    def rate(self, pk):
        """Rate an order."""
        order = _order(pk) or abort(404)
        form = RateForm(formwork.sent())
        return self._form_page(_("Rate the order"), order, form, lambda: ratings.rate(
            order, form.stars.data, form.comment.data, g.work))  # fmt: skip

    @expose("/change/<int:pk>", methods=["GET", "POST"])
    @has_access
    def change(self, pk):
        """Change a rating while that is open."""
        row = self.row(pk)
        order = _order(row.order_id) or abort(404)
        form = RateForm(formwork.sent(), data={"stars": str(row.stars), "comment": row.comment})
        return self._form_page(_("Change the rating"), order, form, lambda: ratings.change(
            row, form.stars.data, form.comment.data, g.work))  # fmt: skip

    def _form_page(self, title, order, form, rule):
        back = _order_url(order.id)
        if request.method == "POST" and formwork.attempt(SimpleNamespace(noun="order", refusal=self.refusal), form,
                                                         "rate", rule) is not None:  # fmt: skip
            flash(_("Thank you for your rating.") if self.outside else _("Saved"), "success")
            return redirect(back)
        house = SimpleNamespace(cancel_url=back, save_label=_("Save"), lead=None, fieldsets=None,
                                crumbs=[(str(OrderView.list_title), "/orders/list/"), (str(order), back)])  # fmt: skip
        return formwork.page(self, title, form, house)


def _order(pk):
    """An order the actor may see, else None."""
    return db.session.get(Order, pk) if g.work.actor.may("order.read") and 0 < pk < 2**63 else None


def _order_url(pk):
    return f"/orders/show/{pk}#ratings"


# --- on other pages ----------------------------------------------------------------------------


def on_order(view, row, house):
    """What was said of an order, and the way to say it oneself, offered after receipt (TKT-05)."""
    if not g.work.actor.may("rating.read"):
        return
    found = ratings.of_order(row, g.work)
    ask = ratings.can_rate(row, found, g.work)
    if ask:
        label = _("Rate the order") if view.outside else _("Note satisfaction")
        house.links.insert(0, SimpleNamespace(label=label, url=url_for("RatingView.rate", pk=row.id), icon="fa-star"))
        if view.outside and row.state == "completed":
            house.next_step = _("Tell us how satisfied you are: rate the order.")
    if found:
        body = render_template("house/_ratings.html", ratings=_shown(found.values()))
        house.sections.insert(0, SimpleNamespace(id="ratings", title=_("Rating"), body=body))


def _shown(found):
    names = threads.authors([one.created_by for one in found]) if g.work.actor.inside else {}
    return [
        SimpleNamespace(
            stars=ratings.drawn(one.stars), word=ratings.WORDS[one.stars], comment=one.comment,
            by=ratings.SOURCES[one.source] if g.work.actor.inside else None, name=names.get(one.created_by),
            at=format_datetime(one.created_at, reader()),
            change=url_for("RatingView.change", pk=one.id) if ratings.can_change(one, g.work) else None,
        )
        for one in sorted(found, key=lambda one: one.source)
    ]  # fmt: skip


def on_customer(view, row, house):
    """How satisfied a customer is with his orders."""
    if view.outside or not g.work.actor.may("rating.read"):
        return
    average, many = ratings.average(row.id, g.work)
    if many:
        told = ngettext("%(average)s of 5, one order", "%(average)s of 5, %(count)s orders", many,
                        average=format_number(average.quantize(ratings.TENTH), reader()),
                        count=format_number(many, reader()))  # fmt: skip
        url = f"/ratings/list/?customer={row.id}"
        house.facts[0]["items"].append((_("Average rating"), (told, url), "link"))


# --- REST --------------------------------------------------------------------------------------


class RatingApi(HouseApi):
    """Ratings over REST: one of each side for an order; whose it is says who sends it."""

    noun = "rating"
    model = Rating
    resource_name = "ratings"
    list_fields = ("id", "version", "order", "customer", "source", "stars", "comment", "created_at", "updated_at")
    show_fields = ("open_until",)
    filter_columns = ("id", "order", "customer", "source", "stars", "created_at", "customer_name")
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    write_fields = ("stars", "comment")
    create_fields = ("order", "stars", "comment")
    portal_hidden = frozenset({"branch_id", "created_by", "updated_by"})

    def value(self, row, name):
        if name == "open_until":
            return wire.instant(ratings.open_until(row, g.work))
        return super().value(row, name)

    def create(self, given, work):
        self._known(given, self.create_fields)
        order = _order(wire.whole("order", given.get("order")))
        if order is None:
            raise wire.bad("order", _("There is no such record: %(field)s.", field="order"))
        with work.doing(RATED):
            return ratings.rate(order, wire.whole("stars", given.get("stars")), _comment(given), work)

    def update(self, row, given, work):
        self._known(given, self.write_fields)
        stars = wire.whole("stars", given["stars"]) if "stars" in given else row.stars
        with work.doing(RATED):
            ratings.change(row, stars, _comment(given, row.comment), work)

    def _known(self, given, allowed):
        self.fill(Rating(), dict.fromkeys(given.keys() - set(allowed) - {"version"}), ())


def _comment(given, before=""):
    """A comment of a request; too long a one is the rule's to refuse."""
    return wire.taken("comment", given["comment"]) if given.get("comment") is not None else before


def order_ratings(row):
    """What an order says over REST of its ratings."""
    if not g.work.actor.may("rating.read"):
        return None
    if row is g.get("just_made"):  # nobody can have rated it
        return []
    return [
        {"id": one.id, "source": one.source, "stars": one.stars, "comment": one.comment,
         "at": wire.out(one, "created_at")}
        for _source, one in sorted(ratings.of_order(row, g.work).items())
    ]  # fmt: skip


OrderView.additions.append(on_order)
OrderApi.also["ratings"] = order_ratings
CustomerView.additions.append(on_customer)


def register(appbuilder):
    appbuilder.add_view(RatingView, "ratings", label=_l("Ratings"), icon="fa-star", category="Service",
                        category_label=_lp("menu", "Service"), menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(RatingApi)
