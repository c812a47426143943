"""Screen and API of display statuses, and what orders show of them on list, record, filter and over REST."""

from flask import abort, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField

from app.core.localized import pick
from app.reading import locale
from app.rules import display_statuses as rules
from app.rules import orders
from models.display_statuses import DisplayStatus
from views import wire
from views.api import HouseApi
from views.base import Interface
from views.fields import WholeText, options
from views.filters import Flag, Refers
from views.labels import VALUES
from views.masters import MasterView
from views.orders import OrderApi, OrderView
from views.organisation import form, one_of

VALUES["tone"] = rules.TONES
COLUMNS = ["code", "names", "position", "tone", "visible_outside", "states"]


def states():
    """The states of an order a status may hold in, for boxes to tick."""
    return [(code, str(word)) for code, word in orders.FLOW.states.items() if code != "draft"]


class DisplayStatusView(MasterView):
    datamodel = Interface(DisplayStatus)
    noun = "display_status"
    route_base = "/display_statuses"
    list_title, add_title, edit_title = _l("Display statuses"), _l("New display status"), _l("Edit the display status")
    add_label = _l("New display status")
    list_columns = ["position", "code", "names", "tone", "visible_outside"]
    order_columns = ("id", "position")
    base_order = ("position", "asc")
    add_columns = edit_columns = COLUMNS
    add_form = edit_form = form(
        DisplayStatus, COLUMNS, position=lambda: WholeText(_l("Sequence"), default=10),
        tone=one_of(_l("Colour"), rules.TONES, "info"),
        states=lambda: SelectMultipleField(
            _l("Only while the order is"), choices=states, description=_l("Tick none for every state.")),
    )  # fmt: skip
    label_columns = {"tone": _l("Colour"), "visible_outside": _l("Customers see it"),
                     "position": _l("Sequence"), "states": _l("Only while the order is")}  # fmt: skip
    facts = ((None, COLUMNS[:-1]),)
    filters = (Flag("visible_outside", _l("Customers see it")), Flag("archived", _l("Archived"), "archived_at"))
    on_save = staticmethod(rules.check)
    on_delete = staticmethod(rules.remove)

    def row(self, pk):
        return abort(404) if self.outside else super().row(pk)

    def more(self, row, house):
        super().more(row, house)
        held = [str(orders.FLOW.states[code]) for code in row.states]
        house.facts[0]["items"].append((_("Only while the order is"), ", ".join(held) or _("In every state"), "text"))


class DisplayStatusApi(HouseApi):
    noun = "display_status"
    model = DisplayStatus
    resource_name = "display_statuses"
    list_fields = ("id", "version", "code", "names", "position", "tone", "visible_outside", "states")
    filter_columns = ("id", "code", "tone", "visible_outside")
    order_columns = ("id", "position")
    write_fields = ("code", "names", "position", "tone", "visible_outside", "states")
    on_save = staticmethod(rules.check)
    on_delete = staticmethod(rules.remove)

    def fill(self, row, given, allowed):
        given = dict(given)
        held = given.pop("states", None)
        if "tone" in given:
            wire.one_of("tone", given["tone"], rules.TONES)
        super().fill(row, given, allowed)
        if held is not None:
            known = held if isinstance(held, list) else [held]
            row.states = [wire.one_of("states", one, orders.FLOW.states) for one in known]


# --- on orders ---------------------------------------------------------------------------------


class Showing(Refers):
    """Orders that show a display status now."""

    def apply(self, query, model, value, session):
        return query.filter(rules.showing(value, g.work))

    def field(self):
        offered = rules.offered(g.work)
        words = {str(one): pick(names, locale()) for one, names, outside in offered if outside or g.work.actor.inside}
        return SelectField(self.title, choices=options(words, blank=True))

    def said(self, value, session, reader):
        row = session.get(DisplayStatus, value)
        seen = row is not None and (g.work.actor.inside or row.visible_outside)
        return pick(row.names, reader.locale) if seen else str(value)


def over_rest(row):
    """What an order says of its display status over REST."""
    found = rules.shown(row, g.work)
    return None if found is None else {"code": found.code, "name": pick(found.names, locale()), "tone": found.tone}


OrderView.filters = (*OrderView.filters, Showing("status", DisplayStatus, None, _l("Display status")))
OrderApi.also["display_status"] = over_rest


def register(appbuilder):
    appbuilder.add_view(DisplayStatusView, "display_statuses", label=_l("Display statuses"), icon="fa-tag",
                        category="Administration", category_label=_l("Administration"))  # fmt: skip
    appbuilder.add_api(DisplayStatusApi)
