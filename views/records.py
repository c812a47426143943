"""The page of one record: facts, lines, documents, messages, history, and what can be done with it now."""

from types import SimpleNamespace

from flask import Response, abort, g, jsonify, request
from flask_babel import gettext as _
from sqlalchemy import false

import config
from app.core.errors import BusinessError
from app.core.localized import match_locale
from app.core.searchtext import query as tsquery_text
from app.extensions import db
from app.reading import reader
from reports.core import REPORTS
from reports.issue import serve
from views import timeline, wire
from views.bulk import form_fields, override_form
from views.cells import kind_of, said, show
from views.filters import like, searched
from views.labels import label

PRINTED = {}  # report -> (record): what it prints of a record, where that depends on what is asked for
SPARSE = frozenset(
    {"discount_percent", "reason", "tax_rate", "months", "starts_on", "ends_on", "remark", "requested_on"}
)  # shown where filled in
HINTS = {"unit_price": "price_source"}  # column of a line -> what is said beside it, where the reader may know


def house(view, row):
    """Everything `house/show.html` draws (docs/theme.md)."""
    states = view.flow.states if view.flow else {}
    page = SimpleNamespace(
        number=str(row),
        crumbs=[(str(view.list_title), view.url("list"))],
        state=SimpleNamespace(code=row.state, label=states.get(row.state, row.state)) if view.flow else None,
        badges=[],
        next_step=view.next_step(row),
        edit_url=view.url("edit", pk=row.id) if can_edit(view, row) else None,
        delete_url=None,
        links=[],
        actions=actions(view, row),
        facts=facts(view, row),
        lines=[lines(view, row)] if view.lines else [],
        sections=[],
        documents=documents(view, row),
        history=timeline.history(view, row),
        messages=None,
    )
    view.more(row, page)
    page.actions = [one for one in page.actions if not getattr(one, "own_page", False)]
    return page


def can_edit(view, row):
    """Whether the form of a record opens; refused forms are not offered."""
    if not (view.may("write") and view.has("edit")):
        return False
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
                primary=step.style == "primary", danger=step.style == "danger", own_page=step.own_page,
                version=getattr(row, "version", None),
            )
        )  # fmt: skip
    if view.flow.settable and view.may("override") and "override" in (view.include_route_methods or {"override"}):
        found.append(
            SimpleNamespace(
                name="override", label=_("Set status by hand"), ask=None, icon="fa-hand", reason=None, enabled=True,
                form_fields=list(override_form(view.flow)()), url=view.url("override", pk=row.id), primary=False,
                danger=True, own_page=False, version=getattr(row, "version", None),
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
    rows = [[cell(view, line, name, currency) for name in names] for line in parts]
    return SimpleNamespace(title=None, columns=columns, rows=rows, totals=totals, more_url=None)


class Hinted(str):
    """A value with something said beside it."""

    hint = ""


def cell(view, line, name, currency):
    """One value of a line, with its hint where there is one for this reader."""
    value, hint = show(line, name, reader(), None, currency), HINTS.get(name)
    if value is None or not hasattr(line, hint or "") or (view.outside and hint in view.internal):
        return value
    value = Hinted(value)
    value.hint = show(line, hint, reader()) or ""
    return value


def documents(view, row):
    """Links to the documents that can be made of the record."""
    found = []
    for name in view.reports:
        formats = [
            (kind.upper(), view.url("document", pk=row.id, name=name, kind=kind)) for kind in ("html", "xlsx", "csv")
        ]
        url = view.url("document", pk=row.id, name=name, kind="pdf")
        spoken = [(code, one["name"], f"{url}?lang={code}") for code, one in config.LANGUAGES.items()]
        found.append(
            SimpleNamespace(name=view.report_title(row, name), url=url, meta="PDF", icon="fa-file-pdf",
                            formats=formats, languages=spoken)
        )  # fmt: skip
    return found


def document(view, row, name, kind):
    """One document of a record, in the language asked for, else the record's own."""
    if name not in view.reports or name not in REPORTS or kind not in ("pdf", "html", "xlsx", "csv"):
        abort(404)
    printed = PRINTED[name](row) if name in PRINTED else row
    wanted = match_locale(request.args["lang"]) if request.args.get("lang") else REPORTS[name].locale_of(printed)
    filename, media, body = serve(name, printed, kind, wanted, g.work)
    db.session.commit()  # an issued document is frozen the first time it is asked for
    return Response(body, content_type=media, headers={"Content-Disposition": f'inline; filename="{filename}"'})


def choices(view, term, identity):
    """Rows for a select box as JSON: by id for a stored value, else by the beginning of words."""
    model, query = view.model, view.query()
    if identity:
        wanted = wire.key(identity)
        row = query.filter(model.id == wanted).one_or_none() if wanted is not None else None
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
    text, note = said(row, reader()), str(row) if getattr(row, "names", None) else ""
    return {"id": str(getattr(row, "id", None) or row.code), "text": text, "note": note if note != text else ""}
