"""The work list: stages of service orders for experts, what was shown and answered, and both on the order's page."""

from types import SimpleNamespace

from flask import g, render_template, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext

from app.core.localized import format_datetime, format_number, pick
from app.reading import locale, reader
from app.rules import files, wizard_drafts, work_plan
from app.rules import work_stages as rules
from models.customers import Customer
from models.orders import Order
from models.work_stages import WorkStage
from views import queues, threads, wire, wizard_pages
from views.api import HouseApi
from views.attachments import attachments_section
from views.base import HouseView, Interface
from views.filters import Flag, Mine, NumberOrOwner, OwnerWords, Refers, Since, Starts
from views.orders import OrderApi, OrderView

OPEN = ("waiting", "doing", "changes_requested")  # states in which we are the ones to act
ANSWERS = {
    "": _lp("work round", "Waiting for an answer"),
    "approved": _lp("work round", "Approved"),
    "changes": _lp("work round", "Changes requested"),
    "time": _lp("work round", "Approved, because nobody answered in time"),
}


class Overdue(Flag):
    """Stages that should be finished by now."""

    def apply(self, query, model, value, session):
        late = queues.in_turn() & (model.due_at < g.work.now)
        return query.filter(late if value else ~late)


class ToDo(Flag):
    """Stages whose turn has come and that wait for one of us."""

    def apply(self, query, model, value, session):
        return query.filter(queues.in_turn() if value else ~queues.in_turn())


class WorkView(HouseView):
    datamodel = Interface(WorkStage)
    noun = "work"
    flow = rules.FLOW
    route_base = "/work_stages"
    list_title = _l("Work list")
    list_columns = ["number", "names", "customer", "state", "handler", "due_at", "revisions"]
    portal_columns = ["number", "names", "state", "shown_at", "approved_at"]
    internal = frozenset({"customer", "customer_name", "handler", "branch", "mine", "todo", "overdue", "days",
                          "due_at", "due_until"})  # fmt: skip
    add_columns = edit_columns = ["days"]
    facts = ((None, ["names", "customer", "handler", "due_at", "revisions", "shown_at", "approved_at", "done_at"]),)
    portal_facts = ((None, ["names", "shown_at", "approved_at", "done_at"]),)
    label_columns = {"names": _l("Work stage")}
    quick = NumberOrOwner(Customer, title=_l("Order number or customer"), alone=_l("Order number"))
    filters = (
        Starts("number"), OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"), Refers("order", Order, "/orders/choices"),
        Mine("mine", _l("My work")), ToDo("todo", _l("Work to do")), Overdue("overdue", _l("Overdue")),
        Since("due_until", "due_at", _l("Due until"), until=True),
    )  # fmt: skip
    include_route_methods = {"list", "show", "choices", "export", "step", "action_post"}
    exclude_route_methods = {"add"}

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        if not self.outside:
            house.links += [
                SimpleNamespace(label=_("All work"), url=self.url("list"), icon="fa-list"),
                SimpleNamespace(label=_("Work to do"), url=self.url("list", todo="yes"), icon="fa-list-check"),
                SimpleNamespace(label=_("My work"), url=self.url("list", mine="yes"), icon="fa-user-check"),
                SimpleNamespace(label=_("Overdue"), url=self.url("list", overdue="yes"), icon="fa-clock"),
            ]
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def next_step(self, row):
        if self.outside:
            return _("Waiting for you: approve the work or ask for changes.") if row.state == "shown" else None
        return {
            "waiting": _("Take the stage when its turn has come."),
            "doing": _("Prepare the files and show them to the customer.") if row.approval else _("Finish the stage."),
            "shown": _("The customer's answer is awaited."),
            "changes_requested": _("Take the stage again: the customer wants changes."),
            "approved": _("Check the work once the customer has approved every stage."),
        }.get(row.state)

    def more(self, row, house):
        unfit = {"no_approval": "show", "needs_approval": "finish"}["needs_approval" if row.approval else "no_approval"]
        house.actions = [one for one in house.actions if one.name != unfit]
        house.subtitle = f"{pick(row.edition.names, locale())} · {pick(row.names, locale())}"
        if g.work.actor.may("order.read"):
            house.links.append(SimpleNamespace(label=_("Open the order"), url=f"/orders/show/{row.order_id}",
                                               icon="fa-file-lines"))  # fmt: skip
        house.sections.append(rounds_section(row))
        if not self.outside:
            if row.state in (*OPEN, "shown"):
                title = _("Files prepared for the customer")
                house.sections.append(attachments_section(row, "work", rules.PREPARED, title))
            groups = wizard_drafts.answers_of(row.order, locale(), g.work)
            house.sections.append(wizard_pages.answers_section(groups))


def rounds(row):
    """What was shown of a stage and what was answered, the newest first."""
    found = {}
    for one in files.attachments("work", row.id, g.work):
        found.setdefault(one.part, []).append((one.name, threads.address(one)))
    return [
        SimpleNamespace(
            title=_("Showing %(number)s", number=format_number(one.number, reader())), note=one.note,
            at=format_datetime(one.shown_at, reader()), files=found.get(f"shown-{one.number}", ()),
            answer=None if not row.approval else ANSWERS[one.answer], state=_mark(one), comment=one.comment,
            answered=format_datetime(one.answered_at, reader()) if one.answered_at else None,
            sent=found.get(f"answer-{one.number}", ()),
        )
        for one in reversed(row.rounds)
    ]  # fmt: skip


def _mark(one):
    return {"": "shown", "changes": "changes_requested"}.get(one.answer, "approved")


def rounds_section(row):
    """What was shown and answered, on the stage's page."""
    body = render_template("house/_rounds.html", rounds=rounds(row))
    return SimpleNamespace(id="rounds", title=_("Shown work"), body=body)


# --- on the order's page -----------------------------------------------------------------------


def on_order(view, row, house):
    """The answers of a service order and how far its work is, for both sides."""
    if not row.by_work:
        return
    house.sections.insert(0, wizard_pages.answers_section(wizard_drafts.answers_of(row, locale(), g.work)))
    if not g.work.actor.may("work.read"):
        return
    stages = work_plan.of_order(row, g.work)
    if stages:
        house.sections.insert(0, _section(stages))
    shown = next((one for one in stages if one.state == "shown"), None)
    if shown is not None and view.outside:
        house.next_step = _("Waiting for you: approve the work “%(stage)s” or ask for changes.",
                            stage=pick(shown.names, locale()))  # fmt: skip
        look = SimpleNamespace(label=_("Look at the work"), url=f"/work_stages/show/{shown.id}", icon="fa-eye")
        house.links.insert(0, look)


def _section(stages):
    rows = [
        SimpleNamespace(
            name=pick(one.names, locale()), url=f"/work_stages/show/{one.id}", state=one.state,
            word=rules.FLOW.states[one.state], number=format_number(one.position, reader()), at=_moment(one),
            latest=rounds(one)[:1], changes=_changes(one),
        )
        for one in stages
    ]  # fmt: skip
    body = render_template("house/_work.html", stages=rows)
    return SimpleNamespace(id="work", title=_("Work stages"), body=body)


def _moment(one):
    at = one.done_at or one.approved_at if one.state in ("approved", "done") else one.shown_at
    return format_datetime(at, reader()) if at else None


def _changes(one):
    many = one.revisions
    return ngettext("Changes requested once", "Changes requested %(num)d times", many) if many else None


def told(row):
    """A stage that waits for its customer's approval, as a line of his home page."""
    return SimpleNamespace(title=f"{row.number} · {pick(row.names, locale())}", icon="fa-eye",
                           url=f"/work_stages/show/{row.id}",
                           note=_("Waiting for you: approve the work or ask for changes."))  # fmt: skip


# --- REST --------------------------------------------------------------------------------------


class WorkApi(HouseApi):
    """Work stages over REST; files are attachments with `noun=work`, sent before `show` or `request_changes`."""

    noun = "work"
    model = WorkStage
    flow = rules.FLOW
    resource_name = "work_stages"
    list_fields = ("id", "version", "number", "state", "names", "customer", "order_id", "position", "approval",
                   "handler", "due_at", "revisions", "shown_at", "approved_at", "done_at")  # fmt: skip
    show_fields = ("rounds",)
    portal_hidden = frozenset({"handler", "handler_id", "due_at", "days", "branch_id", "created_by", "updated_by"})
    filter_columns = ("id", "number", "state", "customer", "order", "handler", "due_at", "shown_at", "customer_name")
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}

    def value(self, row, name):
        return _rounds(row) if name == "rounds" else super().value(row, name)


def _rounds(row):
    found = {}
    for one in files.attachments("work", row.id, g.work):
        found.setdefault(one.part, []).append({"id": one.id, "name": one.name, "url": threads.address(one)})
    return [
        {
            "number": one.number, "note": one.note, "shown_at": wire.out(one, "shown_at"), "answer": one.answer or None,
            "comment": one.comment, "answered_at": wire.out(one, "answered_at"),
            "files": found.get(f"shown-{one.number}", []), "answer_files": found.get(f"answer-{one.number}", []),
        }
        for one in row.rounds
    ]  # fmt: skip


def order_service(row):
    """What an order says over REST about its service: version, answers in words, stages of the work."""
    if not row.by_work:
        return None
    edition = wizard_drafts.edition_of(row, g.work)
    told = [
        {"step": title, "answers": [
            {"key": one.key, "question": one.question,
             "answer": [file.name for file in one.answer] if isinstance(one.answer, list) else str(one.answer)}
            for one in rows
        ]}
        for title, rows in wizard_drafts.answers_of(row, locale(), g.work)
    ]  # fmt: skip
    stages = work_plan.of_order(row, g.work) if g.work.actor.may("work.read") else []
    return {
        "name": pick(edition.names, locale()), "number": edition.number, "answers": row.data.get("answers", {}),
        "told": told, "work_accepted": work_plan.work_accepted(row, g.work),
        "stages": [{"id": one.id, "number": one.number, "name": pick(one.names, locale()), "state": one.state}
                   for one in stages],
    }  # fmt: skip


OrderView.additions.append(on_order)
OrderApi.also["service"] = order_service


def register(appbuilder):
    appbuilder.add_view(WorkView, "work", label=_l("Work list"), icon="fa-list-check", category="Sales",
                        category_label=_l("Sales"), menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(WorkApi)
