"""The communication log: kept on the order's page and over REST, found by words, published to customers (TKT-03)."""

from datetime import datetime, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy.orm import joinedload
from wtforms import SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import Length

from app.core.errors import BusinessError
from app.core.localized import format_datetime
from app.core.needed import Needed
from app.reading import reader
from app.rules import conversations
from app.rules import log_entries as rules
from models.customers import Customer
from models.log_entries import LogEntry
from views import formwork, threads, wire
from views.about import About, AboutListing
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.fields import DateText, HouseForm, options
from views.filters import Choice, OwnerWords, Refers, Since, Words
from views.messages import record_of
from views.orders import OrderView

MUST = [Needed(_l("Fill in this field."))]
WROTE = frozenset({"create", "edit"})  # what stood there before it was published is ours
ASKED = ("channel", "direction", "contact", "text")


class Time(TimeField):
    """A time of day; what is wrong with it is said in the reader's language."""

    def process_formdata(self, valuelist):
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a time, such as 14:30.")) from None


class EntryForm(HouseForm):
    """What was said, when, by which channel, with whom."""

    channel = SelectField(_l("Channel"), choices=options(rules.CHANNELS))
    direction = SelectField(_l("Direction"), choices=options(rules.DIRECTIONS))
    held_on = DateText(_l("Date"), MUST)
    held_time = Time(_l("Time"), MUST)
    contact = StringField(_l("With whom"), [Length(max=rules.LONGEST)])
    text = TextAreaField(_l("What was said"), render_kw={"rows": 6, "maxlength": conversations.LONGEST})


def _given(form):
    """The values of a form as the rule takes them; the moment is one in the reader's time zone."""
    there = datetime.combine(form.held_on.data, form.held_time.data, ZoneInfo(reader().tz))
    return {name: form.data[name] for name in ASKED} | {"held_at": there}


def _filled(moment):
    there = moment.astimezone(ZoneInfo(reader().tz))
    return {"held_on": there.date(), "held_time": time(there.hour, there.minute)}


class LogEntryView(HouseView):
    datamodel = Interface(LogEntry)
    noun = "log_entry"
    flow = rules.FLOW
    route_base = "/log_entries"
    list_title, edit_title = _l("Communication log"), _l("Change the entry")
    list_columns = ["about", "held_at", "customer", "channel", "direction", "contact", "text", "state"]
    portal_columns = ["about", "held_at", "channel", "direction", "contact", "text"]
    internal = frozenset({"customer", "customer_name", "branch", "state", "published_at"})
    inside_steps = WROTE
    label_columns = {"text": _l("What was said")}
    add_columns = edit_columns = ["text"]
    facts = ((None, ["customer", "held_at", "channel", "direction", "contact", "text", "published_at"]),)
    portal_facts = ((None, ["held_at", "channel", "direction", "contact", "text"]),)
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "delete"}
    method_permission_name = VERBS | {"enter": "write"}
    quick = Words("q", _l("Words of an entry"))
    filters = (
        OwnerWords("customer_name", Customer, _l("Customer name")), Refers("customer", Customer, "/customers/choices"),
        Choice("channel", rules.CHANNELS, _l("Channel")), Choice("direction", rules.DIRECTIONS),
        Since("from", "held_at", _l("Said from")), Since("until", "held_at", _l("Said until"), until=True),
    )  # fmt: skip

    def listing(self, args):
        return AboutListing(self, args)

    def editable(self, row):
        rules.check_open(row, g.work)

    def more(self, row, house):
        about = row.conversation
        if g.work.actor.may(f"{about.noun}.read"):
            url, number = threads.address_of(about), threads.numbers([about]).get((about.noun, about.record_id))
            house.number, house.subtitle = number or f"#{about.record_id}", self.list_title
            house.links.append(SimpleNamespace(label=_("Open the order"), url=f"{url}#log", icon="fa-file-lines"))

    @expose("/enter/<noun>/<int:pk>", methods=["GET", "POST"])
    @has_access
    def enter(self, noun, pk):
        """Keep what was said about a record."""
        record = record_of(noun if noun in rules.NOUNS else "", pk)
        form = EntryForm(formwork.sent(), data=_filled(g.work.now))
        return self._entry_page(_("Record a contact"), form, threads.page_of(noun, pk), "create",
                                lambda: rules.enter(record, noun, g.work, **_given(form)))  # fmt: skip

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        back = self.url("show", pk=pk)
        try:
            self.editable(row)
        except BusinessError as error:
            return self._refused(error, back)
        known = {name: getattr(row, name) for name in ASKED} | _filled(row.held_at)
        form = EntryForm(formwork.sent(), data=known)
        return self._entry_page(self.edit_title, form, threads.address_of(row.conversation), "edit",
                                lambda: rules.change(row, g.work, **_given(form)) or row)  # fmt: skip

    def _entry_page(self, title, form, back, action, rule):
        if request.method == "POST" and formwork.attempt(self, form, action, rule) is not None:
            flash(_("Saved"), "success")
            return redirect(f"{back}#log")
        house = SimpleNamespace(cancel_url=f"{back}#log", save_label=_("Save"), fieldsets=None,
                                lead=_("Only we see it, until it is published to the customer."),
                                crumbs=[(str(self.list_title), self.url("list"))])  # fmt: skip
        return formwork.page(self, title, form, house)


def on_order(view, row, house):
    """What was said about the order, beside the messages."""
    may = g.work.actor.may
    if not may("log_entry.read"):
        return
    found = rules.about(row, "order", g.work)
    add = url_for("LogEntryView.enter", noun="order", pk=row.id) if may("log_entry.write") else None
    if not found and add is None:
        return
    names = threads.authors([one.created_by for one in found]) if g.work.actor.inside else {}
    entries = [_shown(one, names) for one in found]
    body = render_template("house/_log.html", entries=entries, add=add)
    house.sections.append(SimpleNamespace(id="log", title=_("Communication log"), body=body))


def _shown(one, names):
    may, mine = g.work.actor.may, one.state == "internal"
    return SimpleNamespace(
        channel=rules.CHANNELS[one.channel], direction=rules.DIRECTIONS[one.direction], contact=one.contact,
        incoming=one.direction == "in", at=format_datetime(one.held_at, reader()), text=one.text,
        author=names.get(one.created_by), internal=mine,
        state=rules.FLOW.states[one.state] if g.work.actor.inside else None, code=one.state,
        edit=url_for("LogEntryView.edit", pk=one.id) if mine and may("log_entry.write") else None,
        publish=url_for("LogEntryView.step", name="publish", pk=one.id) if mine and may("log_entry.publish") else None,
        ask=rules.FLOW.transitions["publish"].ask, publish_label=rules.FLOW.transitions["publish"].label,
    )  # fmt: skip


# --- REST --------------------------------------------------------------------------------------


class LogEntryApi(HouseApi):
    """The communication log over REST; customers find what was published to them."""

    noun = "log_entry"
    model = LogEntry
    flow = rules.FLOW
    resource_name = "log_entries"
    inside_steps = WROTE
    list_fields = ("id", "version", "state", "noun", "record_id", "customer", "channel", "direction", "held_at",
                   "contact", "text", "author", "published_at")  # fmt: skip
    portal_hidden = frozenset({"author", "state", "created_by", "updated_by", "branch_id"})
    filter_columns = ("id", "state", "noun", "record_id", "customer", "channel", "direction", "held_at", "contact",
                      "q")  # fmt: skip
    word_filters = {"q": Words("q"), "noun": About("noun", ""), "record_id": About("record_id", "")}
    write_fields = ("channel", "direction", "held_at", "contact", "text")
    create_fields = ("noun", "record_id", "publish", *write_fields)

    def query(self):
        return super().query().options(joinedload(LogEntry.conversation))

    def loaded(self):
        return [*(name for name in self.list_fields if name not in ("noun", "record_id", "author")),
                "conversation_id", "created_by"]  # fmt: skip

    def prepare(self, rows):
        g.entry_names = threads.authors([row.created_by for row in rows]) if g.work.actor.inside else {}

    def value(self, row, name):
        if name in ("noun", "record_id"):
            return getattr(row.conversation, name)
        return g.entry_names.get(row.created_by) if name == "author" else super().value(row, name)

    def create(self, given, work):
        self._known(given, self.create_fields)
        publish = given.get("publish", False)
        if not isinstance(publish, bool):
            raise wire.bad("publish", _("Send true or false: %(field)s.", field="publish"))
        noun = wire.one_of("noun", given.get("noun"), rules.NOUNS)
        record = record_of(noun, wire.whole("record_id", given.get("record_id")))
        made = rules.enter(record, noun, work, **_asked(given))
        if publish:
            rules.FLOW.run_one("publish", made)
        return made

    def update(self, row, given, work):
        self._known(given, self.write_fields)
        rules.change(row, work, **_asked(given))

    def _known(self, given, allowed):
        self.fill(LogEntry(), dict.fromkeys(given.keys() - set(allowed) - {"version"}), ())


def _asked(given):
    """The fields of an entry from JSON."""
    found = {}
    for name, known in (("channel", rules.CHANNELS), ("direction", rules.DIRECTIONS)):
        if given.get(name) is not None:
            found[name] = wire.one_of(name, given[name], known)
    for name, most in (("contact", 400), ("text", conversations.LONGEST + 1)):
        if given.get(name) is not None:
            found[name] = wire.taken(name, given[name], most)
    if given.get("held_at") is not None:
        found["held_at"] = wire.moment("held_at", given["held_at"])
    return found


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(LogEntryView, "log_entries", label=_l("Communication log"), icon="fa-phone", category="Service",
                        category_label=_lp("menu", "Service"), menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(LogEntryApi)


