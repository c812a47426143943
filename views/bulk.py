"""The door of steps: one record, the ticked rows, or all that match.

"All that match", and more ticked rows than a page has, freezes the ids and runs as a background job in chunks;
it can be stopped, shows how far it is, and reports each refusal with its reason (app.rules.runs).
"""

from urllib.parse import parse_qsl

from flask import abort, current_app, flash, g, redirect, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, MultipleFileField, SelectField, TextAreaField
from wtforms.validators import Length

from app.core.errors import BusinessError, Malformed
from app.core.needed import Needed
from app.extensions import db
from app.rules import runs
from views import formwork, step_data
from views.fields import options

AT_ONCE = 25  # ticked rows a request takes itself; more go to the background
PAGED = 200  # ticked rows that a step with a page of its own shows there
UNFOLDED = 5  # refusals told one by one; more are told as one list that opens
TOLD = 25  # refusals told at all; the report has every one
MOST = 100_000  # rows one step may take
# fields of steps that name a record -> where a select box asks
CHOSEN = {"handler": "/customers/managers", "status": "/display_statuses/choices"}


def form_fields(step, data=None):
    """Its fields, bound, for a dialog."""
    form = step.form(data) if step.form else None
    found = [one for one in form or () if not hasattr(one, "asked") or one.asked(g.work)]
    for field in found:
        drawn = _drawn(field)
        if drawn:
            field.render_kw = {**(field.render_kw or {}), **drawn}
    return found


def asked_of_many(step):
    """{plural form of the reader's language: the question of a step for so many}; the page puts the count in."""
    if step.ask_many is None:
        return None
    form = get_locale().plural_form
    samples = {form(many): many for many in range(100, 0, -1)}
    return {name: step.ask_many(many, "{count}") for name, many in samples.items()}


def _drawn(field):
    """How a field of a rule's form is drawn: rules know neither select boxes nor calendars."""
    if field.name in CHOSEN:
        return {"data-combo": CHOSEN[field.name]}
    return {"data-date": "1", "type": "text"} if isinstance(field, DateField) else {}


def read(step, given):
    """The data of a step from a form or JSON.

    :raises BusinessError: 'bad_data' naming each field; Malformed: JSON that the step does not take
    """
    sent = given if isinstance(given, MultiDict) else step_data.taken(given, step.form)
    if step.form is None:
        return {}
    form = step.form(sent)
    if not form.validate():
        fields = {name: "; ".join(str(one) for one in errors) for name, errors in form.errors.items()}
        first = next(iter(fields.values()))
        raise BusinessError("bad_data", first, fields=fields)
    stored = {field.name: formwork.kept(field, g.work) for field in form if isinstance(field, MultipleFileField)}
    return {name: value for name, value in form.data.items() if name != "csrf_token"} | stored


def transition(view, name):
    """The step of that name the actor may take, or 404 (unknown) and 403 (not permitted)."""
    step = view.flow.transitions.get(name) if view.flow else None
    if step is None or step.hidden:
        abort(404)
    if not g.work.actor.may(step.key):
        abort(403)
    return step


def step(view, name, pk):
    """Take one step on one record from its page."""
    one = transition(view, name)
    back = view.url("show", pk=pk)
    try:
        data = read(one, formwork.sent())
        version = seen()
        versions = None if version is None else {pk: version}
        outcome = view.flow.run(name, [pk], versions=versions, **data)
    except BusinessError as error:
        db.session.rollback()
        flash(str(error.message), "warning")
        return redirect(back)
    if outcome.refused:
        error = outcome.refused[0].error
        db.session.rollback()
        if error.code == "not_found":
            abort(404)
        flash(str(error.message), "warning")
        return redirect(back)
    db.session.commit()
    for text in _told(view, one, outcome):
        flash(text, "success")
    gone = getattr(outcome.done[0], "deleted_at", None) is not None
    return redirect(view.url("list") if gone else back)


def seen():
    """The version of the record on the page that was sent; None where it does not say."""
    given = request.form.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def override_form(flow):
    """The form that sets a state by hand: which state, and why (X-40)."""
    fields = {
        "state": SelectField(_l("Status"), [Needed(_l("Fill in this field."))], choices=options(flow.states)),
        "reason": TextAreaField(_l("Reason"), [Needed(_l("Give a reason.")), Length(max=2000)]),
    }
    return type("OverrideForm", (Form,), fields)


def override(flow, row, given, version=None):
    """Set a state by hand, behind its own permission; history, but no facts and no notices.

    :raises BusinessError: 'bad_data', 'reason_missing'; Forbidden without the permission
    """
    asked = override_form(flow)
    form = asked(given if isinstance(given, MultiDict) else step_data.taken(given, asked))
    if not form.validate():
        fields = {name: "; ".join(str(one) for one in errors) for name, errors in form.errors.items()}
        raise BusinessError("bad_data", next(iter(fields.values())), fields=fields)
    flow.override(row, form.state.data, form.reason.data, version)


def _ticked(view, most):
    """The ids of the selection: the ticked rows, or all that match."""
    if request.form.get("all_matching"):
        args = dict(parse_qsl(request.form.get("query", "").lstrip("?")))
        return view.listing(args).ids(most)
    return [int(one) for one in request.form.getlist("rowid") if one.isdecimal() and len(one) < 19]


def start(view):
    """Take one step on a selection of the list; a step with a page of its own is taken there."""
    one = transition(view, request.form.get("action", "").rpartition(".")[2])
    back = view.url("list") + (request.form.get("query", "") if request.form.get("query", "").startswith("?") else "")
    if one.name in view.step_pages:
        return redirect(view.url(view.step_pages[one.name], id=_ticked(view, PAGED)[:PAGED]))
    try:
        data = read(one, formwork.sent())
        ids = _ticked(view, MOST + 1)
        if not ids:
            raise Malformed("nothing_selected", _("Select at least one row."))
        if len(ids) > MOST:
            text = _("One step takes at most %(count)s records. Narrow the list with a filter.", count=MOST)
            raise BusinessError("too_many", text)
        kind = "trial" if request.form.get("trial") else "bulk"
        if (len(ids) > AT_ONCE or request.form.get("all_matching")) and not one.set_wise:
            run = runs.begin(g.work, view.noun, one.name, ids, data, kind)
            db.session.commit()
            return redirect(url_for("RunView.show", pk=run.id))
        ids = list(dict.fromkeys(ids))
        if kind == "trial":
            run = tried(view, one, ids, data)
            db.session.commit()
            return redirect(url_for("RunView.show", pk=run.id))
        outcome = view.flow.run(one.name, ids, **data)
        run = runs.keep(g.work, view.noun, one.name, ids, data, outcome.refused) if len(ids) > 1 else None
        db.session.commit()
    except BusinessError as error:
        db.session.rollback()
        flash(str(error.message), "warning")
        return redirect(back)
    tell(one, outcome)
    if run is not None:
        link = Markup('<a href="{}">{}</a>').format(url_for("RunView.show", pk=run.id), _("Open the report"))
        flash(link, "info")
    return redirect(back)


def tried(view, one, ids, data):
    """What a step would do to a selection, kept as a run; nothing else is changed."""
    with runs.trial(g.work):
        outcome = view.flow.run(one.name, ids, **data)
    return runs.keep(g.work, view.noun, one.name, ids, data, outcome.refused, kind="trial")


def _told(view, one, outcome):
    """What became of a record, and what was made of it; a customer who ordered is told the number of his order."""
    row, made = outcome.done[0], outcome.made
    if view.outside and one.name in view.thanks and made and made[0].number:
        return [_("Thank you. Your order is %(record)s.", record=made[0])]
    return [_("%(step)s: %(record)s", step=one.on(row).told, record=row), *map(told_made, made)]


def told_made(row):
    """What a step made, with the way to its page."""
    for view in current_app.appbuilder.baseviews:
        if getattr(getattr(view, "datamodel", None), "obj", None) is type(row) and hasattr(view, "listing"):
            link = Markup('<a href="{}/show/{}"><bdi>{}</bdi></a>').format(view.route_base, row.id, row)
            return Markup(_("Made: %(record)s")) % {"record": link}
    return _("Made: %(record)s", record=row)


def tell(one, outcome):
    """What a step on several records did, each refusal with its reason."""
    if outcome.done:
        many = len(outcome.done)
        flash(ngettext("%(step)s: %(num)d record", "%(step)s: %(num)d records", many, step=one.told), "success")
    for made in outcome.made:
        flash(told_made(made), "success")
    said = [_("%(record)s: %(reason)s", record=one.label, reason=one.error.message) for one in outcome.refused[:TOLD]]
    left = len(outcome.refused) - len(said)
    if left > 0:
        said.append(ngettext("%(num)d more was refused.", "%(num)d more were refused.", left))
    if len(said) > UNFOLDED:
        flash(_folded(said, len(outcome.refused)), "warning")
        return
    for text in said:
        flash(text, "warning")


def _folded(said, many):
    """Many refusals as one message that opens."""
    head = ngettext("%(num)d record was refused.", "%(num)d records were refused.", many)
    rows = Markup("").join(Markup("<li>{}</li>").format(text) for text in said)
    return Markup("<details><summary>{}</summary><ul>{}</ul></details>").format(head, rows)
