"""The filtered list as CSV or XLSX: streamed when it is small, made in the background when it is large."""

import tempfile
from urllib.parse import parse_qsl

from flask import Response, abort, g, redirect, stream_with_context, url_for
from flask_babel import force_locale

from app import access
from app.core.scope import adopt
from app.core.work import begin, end
from app.extensions import db
from app.notices.documents import tell_ready
from app.reading import read_for
from app.rules import files, runs
from reports import sheet
from views import list_choices, lists
from views.cells import plain
from views.labels import label

SMALL = 5_000  # rows a request streams itself
BATCH = 500
MOST_BYTES = 512 * 1024 * 1024
KINDS = {
    "csv": ("text/csv; charset=utf-8", sheet.stream_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet.stream_xlsx),
}


def answer(view, listing, kind):
    """The answer to an export link: the file, or the page of the run that makes it."""
    if kind not in KINDS:
        abort(404)
    total = db.session.query(
        listing.query().order_by(None).with_entities(view.model.id).limit(SMALL + 1).subquery()
    ).count()
    screen = list_choices.screen_of(view)
    if total > SMALL:
        data = {"kind": kind, "query": listing.query_string(), "screen": screen}
        run = runs.begin(g.work, view.noun, "export", [], data, kind="export")
        db.session.commit()
        return redirect(url_for("RunView.show", pk=run.id))
    media, body = _made(listing, kind)
    return Response(
        stream_with_context(acting(g.work, body)),
        content_type=media,
        headers={"Content-Disposition": f'attachment; filename="{screen}.{kind}"'},
    )


def _made(listing, kind):
    """The media type of a file and its pieces."""
    media, stream = KINDS[kind]
    more = {"title": str(listing.view.list_title)} if kind == "xlsx" else {}
    return media, stream(columns(listing), rows(listing), listing.reader, **more)


def acting(work, pieces):
    """Pieces that are made while the answer is on its way: the request is over by then, its actor still acts."""
    token = begin(work)
    try:
        adopt(work)
        yield from pieces
    finally:
        db.session.rollback()
        work.session.rollback()  # what reads through the request's own session gives its connection back too
        end(token)


def run(work, run_id):
    """Make the file of an export in the background, as its requester, and tell him (job `export.run`).

    It fails where he may no longer open the list.
    """
    found = runs.mine(run_id, work, lock=True)
    if found.state in ("done", "failed"):
        return
    g.work, asked = work, found.parameters
    read_for(access.of_user(work.actor.user_id, work.session), found.locale)
    view = list_choices.view_of(asked["screen"])
    if view is None:
        found.state, found.finished_at = "failed", work.now
        return
    with force_locale(found.locale), tempfile.TemporaryFile() as out:
        media, body = _made(view.listing(dict(parse_qsl(asked["query"].lstrip("?")))), asked["kind"])
        for piece in body:
            out.write(piece)
        out.seek(0)
        kept = files.storage().put(out, limit=MOST_BYTES)
    db.session.rollback()
    found.result_sha256, found.result_media_type = kept.sha256, media
    found.result_name = f"{asked['screen']}.{asked['kind']}"
    found.state, found.finished_at = "done", work.now
    tell_ready(found, work)


def columns(listing):
    """The heads of the exported columns, as the reader chose them."""
    return [str(listing.view.label_columns.get(name) or label(name)) for name in listing.columns()]


def rows(listing):
    """The rows of a list in its order, a batch at a time: nothing loads the whole table."""
    view, names, after = listing.view, listing.columns(), None
    states = view.flow.states if view.flow else None
    while True:
        query = lists.narrow_columns(listing.query(), view.model, names)
        with force_locale(listing.reader.locale):
            page = lists.page(
                query, view.model, column=listing.column, direction=listing.direction, size=BATCH, after=after
            )
            yield from [[plain(row, name, listing.reader, states) for name in names] for row in page.rows]
        for row in page.rows:
            db.session.expunge(row)
        if page.next is None:
            return
        after = page.next
