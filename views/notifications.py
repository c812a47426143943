"""What people were told by mail and SMS, what became of it, and the button that sends it again."""

from types import SimpleNamespace

from flask import abort, g, render_template, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from app.core.errors import Conflict
from app.notices.fate import in_words
from app.notices.people import without_links
from app.rules import notifications
from models.customers import Customer
from models.notifications import Notification
from views import unread
from views.api import HouseApi
from views.base import HOMES, HouseView, Interface
from views.filters import Choice, Filter, Flag, OwnerWords, Refers, Since
from views.labels import label
from views.listing import Listing

CHANNELS = {"email": _l("E-mail"), "sms": _l("SMS")}


def readable(query):
    """Notifications about records the reader may read, and his own."""
    known = notifications.readable(g.work.actor)
    return query if known is None else query.filter(known)


class Address(Filter):
    """An address by its beginning."""

    def apply(self, query, model, value, session):
        return query.filter(model.to.istartswith(value, autoescape=True))


class Mine(Flag):
    """What the reader himself was told."""

    def apply(self, query, model, value, session):
        me = g.work.actor.user_id
        return query.filter(model.user_id == me if value else model.user_id.is_distinct_from(me))


class NotificationListing(Listing):
    """Notifications with the reason of a failure in words."""

    def _row(self, row, names):
        found = super()._row(row, names)
        if "error" in names and row.error:
            found.cells[names.index("error")] = str(in_words(row.error)[0])
        if "channel" in names:
            found.cells[names.index("channel")] = str(CHANNELS.get(row.channel, row.channel))
        return found


class NotificationView(HouseView):
    datamodel = Interface(Notification)
    noun = "notification"
    flow = notifications.FLOW
    route_base = "/notifications"
    list_title = _l("Notifications")
    list_columns = ["subject", "to", "channel", "state", "attempts", "created_at", "sent_at", "error"]
    portal_columns = ["subject", "to", "channel", "created_at", "sent_at"]
    internal = frozenset({"attempts", "error", "state", "customer", "customer_name", "user_id", "attach", "noun"})
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "edit", "delete"}
    add_columns = edit_columns = ["subject"]
    label_columns = {"created_at": _l("Written at"), "channel": _l("Channel")}
    facts = ((None, ["to", "locale", "created_at", "sent_at", "attempts"]),)
    portal_facts = ((None, ["to", "locale", "created_at", "sent_at"]),)
    filters = (
        Address("to"), Mine("mine", _l("To me")),
        Choice("channel", CHANNELS),
        Refers("customer", Customer, "/customers/choices", column="customer_id"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Since("from", "created_at", _l("Written from")),
        Since("until", "created_at", _l("Written until"), until=True),
    )

    def query(self):
        return readable(super().query())

    def row(self, pk):
        found = self.query().filter(Notification.id == pk).one_or_none() if pk < 2**63 else None
        return found if found is not None else abort(404)

    def listing(self, args):
        return NotificationListing(self, args)

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.empty_text = _("What people are told by e-mail and SMS is kept here.")
        if self.outside:
            house.states = None
        page = self.render_template("house/list.html", title=self.list_title, house=house, widgets={})
        unread.look_at_notifications()
        return page

    def editable(self, row):
        raise Conflict("written", _("What was sent stays as it was written."))

    def more(self, row, house):
        house.subtitle = str(CHANNELS.get(row.channel, row.channel))
        items = house.facts[0]["items"]
        if self.outside:
            house.state, house.history = None, None
        elif row.error:
            reason, detail = in_words(row.error)
            items.append((label("error"), reason if row.state != "sent" else None, "text"))
            items.append((_("Their words"), detail, "wide"))
        home = HOMES.get(row.noun)
        if home and g.work.actor.may(f"{row.noun}.read"):
            url = f"{home}/show/{row.record_id}"
            house.links.append(
                SimpleNamespace(label=_("What it is about"), url=url, icon="fa-arrow-up-right-from-square")
            )
        body = render_template("house/_letter.html", text=without_links(row))
        house.sections.insert(0, SimpleNamespace(id="text", title=_("Text"), body=body))


class NotificationApi(HouseApi):
    noun = "notification"
    model = Notification
    flow = notifications.FLOW
    resource_name = "notifications"
    list_fields = (
        "id",
        "version",
        "state",
        "name",
        "channel",
        "to",
        "subject",
        "locale",
        "noun",
        "record_id",
        "attempts",
        "error",
        "sent_at",
        "created_at",
    )
    show_fields = ("body",)
    portal_hidden = frozenset({"attempts", "error", "state"})
    filter_columns = ("id", "state", "name", "channel", "to", "noun", "record_id", "created_at", "sent_at")

    def query(self):
        return readable(super().query())

    def value(self, row, name):
        if name == "body":
            return without_links(row)
        if name == "error" and row.error:
            return row.error.partition(": ")[0]
        return super().value(row, name)


def register(appbuilder):
    appbuilder.add_view(
        NotificationView,
        "notifications",
        label=_l("Notifications"),
        icon="fa-bell",
        category="Service",
        category_label=_lp("menu", "Service"),
    )
    appbuilder.add_api(NotificationApi)
