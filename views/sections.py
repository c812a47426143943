"""Sections of a record's page: lists of what belongs to it, with their buttons and a short form."""

from types import SimpleNamespace

from flask import render_template

from app.reading import reader
from views import lists
from views.cells import kind_of, show
from views.labels import label

SHOWN = 5


def button(title, url, icon, post=False, ask=None, danger=False):
    """A small button at a row or under a section; `post` changes something and asks first."""
    return SimpleNamespace(label=title, url=url, icon=icon, post=post, ask=ask, danger=danger)


def line(*cells, url=None, buttons=()):
    """A row of a section."""
    return SimpleNamespace(cells=cells, url=url, buttons=[one for one in buttons if one is not None])


def table(name, title, columns, rows, *, buttons=(), form=None, empty=None, lead=None):
    """A section with a table.

    :param columns: [(label, kind)], or [label] for texts
    :param form: (action, WTForms form, label of its button), shown under the table
    """
    heads = [SimpleNamespace(label=one, kind="text") if not isinstance(one, tuple)
             else SimpleNamespace(label=one[0], kind=one[1]) for one in columns]  # fmt: skip
    body = render_template(
        "house/_related.html", title=title, columns=heads, rows=rows, empty=empty, lead=lead,
        buttons=[one for one in buttons if one is not None], tools=any(one.buttons for one in rows),
        form=SimpleNamespace(action=form[0], fields=list(form[1]), label=form[2]) if form else None,
    )  # fmt: skip
    return SimpleNamespace(id=name, title=title, body=body)


def records(name, title, query, model, names, base, *, flow=None, more=None, empty=None):
    """A section with the newest records of another noun and the way to all of them.

    :param more: (label, address) of the whole list
    """
    rows = lists.page(lists.narrow_columns(query, model, names), model, size=SHOWN).rows
    states = flow.states if flow else None
    columns = [(label(one), kind_of(model, one)) for one in names]
    found = []
    for row in rows:
        cells = [show(row, one, reader(), states) for one in names]
        found.append(line(*[cells[0] or str(row), *cells[1:]], url=f"{base}/show/{row.id}"))
    buttons = (button(more[0], more[1], "fa-list"),) if more else ()
    return table(name, title, columns, found, buttons=buttons if found else (), empty=empty)
