"""The words of a portal for states, kept on the portal's page: those of a manual's preset, or one's own."""

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from app.core.errors import Malformed
from app.core.flow import FLOWS
from app.core.needed import Needed
from app.rules import wording
from models.organisation import Portal
from models.wording import StateWord
from views import wire
from views.api import HouseApi
from views.base import Interface
from views.fields import HouseForm, LocalizedText
from views.labels import VALUES
from views.organisation import PortalSettingsView
from views.parts import ParentField, PartView, take
from views.sections import button, line, table

TOLD = ("order", "quote", "contract", "invoice", "payment", "ticket", "work")  # nouns whose states customers read
NEEDED = _l("Fill in this field.")


def states():
    """Every state customers read, for a select box: ("order.submitted", "Order: Submitted")."""
    return [(f"{noun}.{code}", f"{VALUES['noun'][noun]}: {own}") for noun in TOLD for code, own in _own(noun)]


def _own(noun):
    return FLOWS[noun].states.items()


class StateField(SelectField):
    """Which state a word is for; kept as noun and state."""

    def populate_obj(self, obj, name):
        obj.noun, _dot, obj.state = self.data.partition(".")


class WordForm(HouseForm):
    """What a portal calls a state."""

    portal = ParentField(_l("Portal"), [Needed(NEEDED)], target=Portal, endpoint="/portals/choices")
    state = StateField(_l("Status"), [Needed(NEEDED)], choices=states)
    texts = LocalizedText(_l("What it is called"))


class ChangedWordForm(HouseForm):
    """Another word for the same state."""

    texts = LocalizedText(_l("What it is called"))


class StateWordView(PartView):
    datamodel = Interface(StateWord)
    noun = "portal_settings"
    class_permission_name = "PortalSettings"
    route_base = "/state_words"
    parent, parent_base, anchor = "portal", "/portals", "words"
    list_title, add_title, edit_title = _l("Words for states"), _l("New word for a state"), _l("Change the word")
    list_columns = ["portal", "noun", "state", "texts"]
    label_columns = {"texts": _l("What it is called")}
    add_columns = edit_columns = ["portal", "state", "texts"]
    add_form, edit_form = WordForm, ChangedWordForm
    on_save = staticmethod(wording.check_word)

    def on_delete(self, row, work):
        work.session.delete(row)
        wording.forget(work)

    def prefill(self):
        found = super().prefill()
        return {"data": {**found.get("data", {}), "texts": {}}}


class StateWordApi(HouseApi):
    noun = "portal_settings"
    class_permission_name = "PortalSettings"
    model = StateWord
    resource_name = "state_words"
    list_fields = ("id", "version", "portal", "noun", "state", "texts")
    filter_columns = ("id", "portal", "noun", "state")
    create_fields = ("portal", "noun", "state", "texts")
    write_fields = ("texts",)
    on_save = staticmethod(wording.check_word)

    def fill(self, row, given, allowed):
        given = dict(given)
        if row.id is None:
            take(row, given, "portal")
            missing = {"noun", "state", "texts"} - given.keys()
            if missing:
                raise Malformed("bad_value", _("Fill in this field: %(field)s.", field=min(missing)))
        super().fill(row, given, tuple(name for name in allowed if name != "portal"))

    def on_delete(self, row, work):
        work.session.delete(row)
        wording.forget(work)

    def value(self, row, name):
        return row.texts if name == "texts" else wire.out(row, name)


def section(row, house):
    """The words of a portal on its page."""
    write = g.work.actor.may("portal_settings.write")
    rows = [
        line(
            f"{VALUES['noun'].get(one.noun, one.noun)}: {_ours(one)}", _said(one.texts),
            buttons=(
                button(_("Edit"), f"/state_words/edit/{one.id}", "fa-pen") if write else None,
                button(_("Delete"), f"/state_words/delete/{one.id}", "fa-trash", post=True, danger=True,
                       ask=_("Use our own word again?")) if write else None,
            ),
        )
        for one in row.words
    ]  # fmt: skip
    add = button(_("New word for a state"), f"/state_words/add?portal={row.id}", "fa-plus") if write else None
    house.sections.append(
        table("words", _("Words for states"), (_("Status"), _("What it is called")), rows, buttons=(add,),
              empty=_("This portal says the states in our own words."))
    )  # fmt: skip


def _ours(one):
    flow = FLOWS.get(one.noun)
    return flow.states.get(one.state, one.state) if flow else one.state


def _said(texts):
    return " · ".join(texts.values())


PortalSettingsView.additions.append(section)


def register(appbuilder):
    appbuilder.add_view_no_menu(StateWordView)
    appbuilder.add_api(StateWordApi)
