"""The page of one record: facts, lines, documents, messages, history, and what can be done with it now."""

from datetime import date, datetime
from types import SimpleNamespace

from flask import Response, abort, g, jsonify, request
from flask_babel import gettext as _
from flask_babel import pgettext as _p
from sqlalchemy import false, select

from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.history import History
from app.core.localized import format_date, format_datetime, match_locale
from app.core.searchtext import query as tsquery_text
from app.extensions import db
from app.reading import reader
from reports.core import REPORTS
from reports.issue import serve
from views.bulk import form_fields, override_form
from views.cells import kind_of, said, show
from views.filters import like, searched
from views.labels import label, value_label

HISTORY_SHOWN = 30
PRINTED = {}  # report -> (record): what it prints of a record, where that depends on what is asked for
SPARSE = frozenset(
    {"discount_percent", "reason", "tax_rate", "months", "starts_on", "ends_on"}
)  # shown where filled in


def house(view, row):
    """Everything `house/show.html` draws (docs/theme.md)."""
    states = view.flow.states if view.flow else {}
    page = SimpleNamespace(
        number=str(row),
        crumbs=[(str(view.list_title), view.url("list"))],
        state=SimpleNamespace(code=row.state, label=states.get(row.state, row.state)) if view.flow else None,
        badges=[],
        next_step=view.next_step(row),
        edit_url=view.url("edit", pk=row.id) if view.may("write") and can_edit(view, row) else None,
        delete_url=None,
        links=[],
        actions=actions(view, row),
        facts=facts(view, row),
        lines=[lines(view, row)] if view.lines else [],
        sections=[],
        documents=documents(view, row),
        history=history(view, row),
        messages=None,
    )
    view.more(row, page)
    return page


def can_edit(view, row):
    """Whether the form of a record opens; refused forms are not offered."""
    try:
        view.editable(row)
    except BusinessError:
        return False
    return bool(view.edit_columns)


def actions(view, row):
    """The steps of the record's flow, the possible ones first; a disabled one says why."""
    if not view.flow:
        return []
    found = []
    for offer in view.flow.offers(row, g.work):
        if not offer.fits:
            continue  # steps of other states would only be noise here; REST tells them all
        step = offer.step
        found.append(
            SimpleNamespace(
                name=step.name, label=step.label, ask=step.ask, icon=step.icon, form_fields=form_fields(step),
                url=view.url("step", name=step.name, pk=row.id), enabled=offer.enabled, reason=offer.reason,
                primary=step.style == "primary", danger=step.style == "danger",
                version=getattr(row, "version", None),
            )
        )  # fmt: skip
    if view.may("override") and "override" in (view.include_route_methods or {"override"}):
        found.append(
            SimpleNamespace(
                name="override", label=_("Set status by hand"), ask=None, icon="fa-hand", reason=None, enabled=True,
                form_fields=list(override_form(view.flow)()), url=view.url("override", pk=row.id), primary=False,
                danger=True, version=None,
            )
        )  # fmt: skip
    return found


def facts(view, row):
    """The record's own values in groups."""
    given = view.portal_facts if view.outside and view.portal_facts else view.facts
    groups = []
    for title, names in given or ((None, view.show_columns),):
        items = []
        for name in names:
            if view.outside and name in view.internal:
                continue
            kind = kind_of(view.model, name)
            value = show(row, name, reader(), view.flow.states if view.flow else None)
            if isinstance(value, bool):
                value, kind = (_("Yes") if value else _("No")), "text"
            if value is not None:
                items.append((view.label_columns.get(name) or label(name), value, kind))
        if items:
            groups.append({"title": title, "items": items})
    return groups


def lines(view, row):
    """The record's lines as a table with its totals."""
    relation, names = view.lines
    model = view.model.__mapper__.relationships[relation].mapper.class_
    parts = getattr(row, relation)
    names = [name for name in names if not (view.outside and name in view.internal)]
    names = [name for name in names if name not in SPARSE or any(getattr(part, name) for part in parts)]
    columns = []
    for name in names:
        kind = kind_of(model, name)
        columns.append(SimpleNamespace(name=name, label=label(name), kind="text" if kind == "wide" else kind))
    totals = [(label(name), show(row, name, reader())) for name in ("total_net", "total_tax", "total_gross")
              if getattr(row, name, None) is not None]  # fmt: skip
    currency = getattr(row, "currency_code", None)
    rows = [[show(line, name, reader(), None, currency) for name in names] for line in parts]
    return SimpleNamespace(title=None, columns=columns, rows=rows, totals=totals, more_url=None)


def documents(view, row):
    """Links to the documents that can be made of the record."""
    found = []
    for name in view.reports:
        formats = [
            (kind.upper(), view.url("document", pk=row.id, name=name, kind=kind)) for kind in ("html", "xlsx", "csv")
        ]
        url = view.url("document", pk=row.id, name=name, kind="pdf")
        found.append(
            SimpleNamespace(name=REPORTS[name].title, url=url, meta="PDF", icon="fa-file-pdf", formats=formats)
        )
    return found


def document(view, row, name, kind):
    """One document of a record, in the language asked for, else the record's own."""
    if name not in view.reports or name not in REPORTS or kind not in ("pdf", "html", "xlsx", "csv"):
        abort(404)
    printed = PRINTED[name](row) if name in PRINTED else row
    wanted = match_locale(request.args["lang"]) if request.args.get("lang") else REPORTS[name].locale_of(printed)
    filename, media, body = serve(name, printed, kind, wanted, g.work)
    db.session.commit()  # an issued document is frozen the first time it is asked for
    return Response(body, mimetype=media, headers={"Content-Disposition": f'inline; filename="{filename}"'})


def history(view, row, limit=HISTORY_SHOWN):
    """What happened to the record, newest first, in words."""
    mark = getattr(view.model, "__history__", None)
    if not isinstance(mark, str):
        return None
    rows = db.session.scalars(
        select(History)
        .where(History.noun == mark, History.record_id == row.id)
        .order_by(History.id.desc())
        .limit(limit)
    )
    return [entry(view, one) for one in rows]


def actor_name(one):
    """Who acted, as the reader may know it: names of staff stay inside."""
    if g.work.actor.inside or one.inside == "external":
        return one.actor
    return _("Our team")


def entry(view, one):
    """One change set for the timeline."""
    changes = []
    for name, (before, after) in list(one.changes.items())[:40]:
        plain = name.rpartition(".")[2]
        if view.outside and (plain in view.internal or plain.endswith("_id") or plain.endswith("_by")):
            continue
        states = view.flow.states if view.flow and "." not in name else None
        title = label(plain.removesuffix("_id"))
        changes.append((title, told(plain, before, states), told(plain, after, states)))
    return SimpleNamespace(
        at=format_datetime(one.at, reader()), actor=actor_name(one), action=action_label(one), changes=changes
    )


def told(name, value, states):
    """One value of the history as people read it; it is kept as JSON."""
    try:
        if isinstance(value, str) and name.endswith("_at"):
            return format_datetime(datetime.fromisoformat(value), reader())
        if isinstance(value, str) and name.endswith("_on"):
            return format_date(date.fromisoformat(value), "short", reader())
    except ValueError:
        return value
    return value_label(name, value, states)


def action_label(one):
    """What was done, in words."""
    noun, _dot, verb = one.action.partition(".")
    if noun != one.noun and noun not in FLOWS:
        verb = "edit"  # something that belongs to the record was made or went away
    flow = FLOWS.get(noun)
    if flow and verb in flow.transitions:
        return flow.transitions[verb].label
    words = {"create": _p("history", "Created"), "edit": _p("history", "Changed"), "delete": _p("history", "Deleted"),
             "record": _("Taken over"), "override": _("Status set by hand"), "tag": _("Tags changed"),
             "offer": _("Audience changed"), "attach": _("File attached"), "archive": _p("history", "Archived"),
             "restore": _p("history", "Restored")}  # fmt: skip
    return words.get(verb or noun, one.action)


def choices(view, term, identity):
    """Rows for a select box as JSON: by id for a stored value, else by the beginning of words."""
    model, query = view.model, view.query()
    if identity:
        row = query.filter(model.id == int(identity)).one_or_none() if identity.isdigit() else None
        return jsonify([choice(row)] if row is not None else [])
    if hasattr(model, "archived_at"):
        query = query.filter(model.archived_at.is_(None))
    if term.strip():
        query = narrow(query, model, term.strip())
    return jsonify([choice(row) for row in query.order_by(model.id.desc()).limit(20)])


def narrow(query, model, term):
    """Rows a person means by what he types: words of the search text, else the beginning of the label."""
    if hasattr(model, "search") and tsquery_text(term):
        return query.filter(searched(model, term))
    named = (*getattr(model, "__label__", ()), "name", "title", "recipient", "subject")
    known = [one for one in named if one in model.__mapper__.columns]
    return query.filter(getattr(model, known[0]).ilike(like(term))) if known else query.filter(false())


def choice(row):
    """One row of a select box."""
    note = str(row) if getattr(row, "names", None) else ""
    return {"id": str(getattr(row, "id", None) or row.code), "text": said(row, reader()), "note": note}
