"""The door of steps: one record, the ticked rows, or all that match.

"All that match" freezes the ids and runs as a background job in chunks; it can be stopped, shows how
far it is, and reports each refusal with its reason (app.rules.runs).
"""

from urllib.parse import parse_qsl

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.errors import BusinessError, Malformed
from app.extensions import db
from app.rules import runs
from views.fields import options

AT_ONCE = 200  # rows a request takes itself; more go to the background
MOST = 100_000  # rows one step may take


def form_fields(step, data=None):
    """Its fields, bound, for a dialog."""
    form = step.form(data) if step.form else None
    return list(form) if form is not None else []


def read(step, given):
    """The data of a step from a form or JSON.

    :raises BusinessError: 'bad_data' naming each field
    """
    if step.form is None:
        return {}
    form = step.form(given if isinstance(given, MultiDict) else MultiDict(_flat(given)))
    if not form.validate():
        fields = {name: "; ".join(str(one) for one in errors) for name, errors in form.errors.items()}
        first = next(iter(fields.values()))
        raise BusinessError("bad_data", first, fields=fields)
    return {name: value for name, value in form.data.items() if name != "csrf_token"}


def _flat(given):
    return {key: value for key, value in given.items() if isinstance(value, str | int | list) and value is not None}


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
        data = read(one, request.form)
        seen = request.form.get("version", "")
        versions = {pk: int(seen)} if seen.isdigit() else None
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
    flash(_("%(step)s: %(record)s", step=one.label, record=outcome.done[0]), "success")
    for made in outcome.made:
        flash(_("Made: %(record)s", record=made), "success")
    return redirect(back)


def override_form(flow):
    """The form that sets a state by hand: which state, and why (X-40)."""
    fields = {
        "state": SelectField(_l("Status"), [InputRequired(_l("Fill in this field."))], choices=options(flow.states)),
        "reason": TextAreaField(_l("Reason"), [InputRequired(_l("Give a reason.")), Length(max=2000)]),
    }
    return type("OverrideForm", (Form,), fields)


def override(flow, row, given):
    """Set a state by hand, behind its own permission; history, but no facts and no notices.

    :raises BusinessError: 'bad_data', 'reason_missing'; Forbidden without the permission
    """
    form = override_form(flow)(given if isinstance(given, MultiDict) else MultiDict(_flat(given)))
    if not form.validate():
        fields = {name: "; ".join(str(one) for one in errors) for name, errors in form.errors.items()}
        raise BusinessError("bad_data", next(iter(fields.values())), fields=fields)
    flow.override(row, form.state.data, form.reason.data)


def start(view):
    """Take one step on a selection of the list."""
    one = transition(view, request.form.get("action", "").rpartition(".")[2])
    back = view.url("list") + (request.form.get("query", "") if request.form.get("query", "").startswith("?") else "")
    try:
        data = read(one, request.form)
        if request.form.get("all_matching"):
            args = dict(parse_qsl(request.form.get("query", "").lstrip("?")))
            ids = view.listing(args).ids(MOST + 1)
        else:
            ids = [int(one) for one in request.form.getlist("rowid") if one.isdigit()]
        if not ids:
            raise Malformed("nothing_selected", _("Select at least one row."))
        if len(ids) > MOST:
            text = _("One step takes at most %(count)s records. Narrow the list with a filter.", count=MOST)
            raise BusinessError("too_many", text)
        if len(ids) > AT_ONCE and not one.set_wise:
            run = runs.begin(g.work, view.noun, one.name, ids, data)
            db.session.commit()
            return redirect(url_for("RunView.show", pk=run.id))
        outcome = view.flow.run(one.name, ids, **data)
        db.session.commit()
    except BusinessError as error:
        db.session.rollback()
        flash(str(error.message), "warning")
        return redirect(back)
    tell(one, outcome)
    return redirect(back)


def tell(one, outcome):
    """What a step on several records did, each refusal with its reason."""
    if outcome.done:
        many = len(outcome.done)
        flash(ngettext("%(step)s: %(num)d record", "%(step)s: %(num)d records", many, step=one.label), "success")
    for made in outcome.made:
        flash(_("Made: %(record)s", record=made), "success")
    for refusal in outcome.refused[:50]:
        flash(_("%(record)s: %(reason)s", record=refusal.label, reason=refusal.error.message), "warning")
    left = len(outcome.refused) - 50
    if left > 0:
        flash(ngettext("%(num)d more was refused.", "%(num)d more were refused.", left), "warning")
